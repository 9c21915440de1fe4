/* Where a search looks next, by what it has found: the loads of its controller. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_SEARCH_STEPS_H
#define BYPATH_GEN_SEARCH_STEPS_H

#include "gen/search_control.h"

/* Least that was forwarded of a load that lost frames there; the load itself where none did. Pure. */
double bp_step_forwarded(const struct bp_search_trial *trials, size_t n_trials, double load_pps);

/* Are the bounds in c->found as close as asked? */
bool bp_step_is_close(const struct bp_control *c);

/* What the samples make of a lower bound. */
double bp_step_lower(const struct bp_control *c, const struct bp_search_trial *trials,
		     size_t n_trials);

/* The next load between or beyond the bounds in c->found: outwards by 1, 2, 4, … widths, then halvings. */
enum bp_control_turn bp_step(struct bp_control *c, const struct bp_search_trial *trials,
			     size_t n_trials, double *load_pps);

/*
 * Choose c->aim_pps, c->aim_role: a load that is to become a bound. NOISE: the bounds in c->found are as
 * close as the device allows.
 */
enum bp_control_turn bp_step_aim(struct bp_control *c, const struct bp_search_trial *trials,
				 size_t n_trials);

/* May the limit's way until the goal is reached differ by no more than that share from what its speed so far says? */
bool bp_step_knows_drift(const struct bp_control *c, const struct bp_control_spread *s,
			 double share);

#endif
