/* One goal's search: its controller, its trials, what came of them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_SEARCH_GOAL_H
#define BYPATH_GEN_SEARCH_GOAL_H

#include "gen/search_control.h"
#include "gen/search_run.h"

struct bp_search_goal {
	struct bp_search_state *state;
	struct bp_search_bounds *out;
	struct bp_control *control; /* shared by all goals */
	unsigned n_later; /* goals after this one */
};

/* Fill in the bounds that were found, and say in words why there are none closer. */
void bp_search_settle(struct bp_search_goal *g, enum bp_control_turn turn);

/* The required attributes of a goal, as RFC 9971 has them. */
static inline struct bp_point_rule bp_search_rule(const struct bp_search_conf *conf, unsigned id)
{
	return (struct bp_point_rule){ conf->loss_ratios[id], conf->exceed_ratio, conf->trial_s,
				       conf->sum_s };
}

/*
 * Once all goals are settled. Relevant bounds are those of the end of the search (RFC 9971): where trials for later
 * goals would move a goal's bounds, it keeps those that it had, which held the limit then, but is regular no longer.
 */
void bp_search_review(struct bp_search_state *state);

#endif
