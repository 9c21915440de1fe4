/* One loss ratio's search, as its two halves share it: where to look next, what came of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_SEARCH_GOAL_H
#define BYPATH_GEN_SEARCH_GOAL_H

#include "gen/search_points.h"
#include "gen/search_run.h"

/* What to do next. */
enum bp_search_turn {
	BP_TURN_TRIAL,
	BP_TURN_CLOSE, /* the bounds are as close as asked */
	BP_TURN_CEILING, /* nothing higher can be asked */
	BP_TURN_FLOOR, /* nothing lower may be asked */
	BP_TURN_NOISE,
};

struct bp_search_goal {
	struct bp_search_state *state;
	struct bp_search_bounds *out;
	struct bp_point_rule explore, full;
	const struct bp_point_rule *rule; /* the one in force */
	struct bp_point_bounds found; /* by that rule */
	unsigned n_ups, n_downs; /* steps outwards with that rule: each twice the last */
	double checked_lower_pps, checked_upper_pps;
	unsigned n_checks; /* trials that measured a bound once more, and could vote */
	unsigned n_later; /* goals after this one */
};

/* The bounds that the trials so far show by that rule. */
static inline struct bp_point_bounds bp_search_find(const struct bp_search_goal *g,
						    const struct bp_point_rule *rule)
{
	return bp_load_find(g->state->result->trials, g->state->result->n_trials, rule);
}

/* Fill in the bounds that were found, and say in words why there are none closer. */
void bp_search_settle(struct bp_search_goal *g, enum bp_search_turn turn);

#endif
