/* Which trial comes next: RFC 9971's Controller. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_SEARCH_CONTROL_H
#define BYPATH_GEN_SEARCH_CONTROL_H

#include "gen/search_points.h"

/*
 * The controller knows no clock, no port and no thread: the trials so far go in, the next trial comes
 * out. What a load is worth is decided by search_points.h alone; the controller only chooses loads, and
 * chooses them so that bounds are no closer than the device moves:
 *
 *   sampling   short trials at one load a little above what the device forwards. A device with a sharp
 *              knee shows it in each of them by what it forwards, and how far the knee moves. One more
 *              below the knee must lose nothing
 *   exploring  where no such knee shows: steps and halvings with short trials
 *   final      full trials, at one load after the other until each is decided: below all that the
 *              samples saw, and above it. A load whose trials contradict each other is left undecided,
 *              and one further out is taken
 */

/* RFC 9971's Trial Input: these two, and never more. */
struct bp_trial_input {
	double load_pps, duration_s;
};

/* RFC 9971's Search Goal. */
struct bp_control_goal {
	struct bp_point_rule rule; /* the required attributes */
	double initial_s; /* Goal Initial Trial Duration, above 0; ≥ rule.trial_s: full trials only */
	double width; /* Goal Width: (upper − lower) / upper, above 0 */
	unsigned n_later; /* goals after this one: */
	double later_ratios[BP_SEARCH_GOALS_MAX]; /* theirs, ascending */
	unsigned n_samples; /* short trials that sampling may take; 0: none, or none any more */
};

/* What a load is to become. */
enum bp_control_role { BP_CONTROL_EITHER, BP_CONTROL_LOWER, BP_CONTROL_UPPER };

enum bp_control_phase { BP_CONTROL_SAMPLE, BP_CONTROL_EXPLORE, BP_CONTROL_FINAL };

/* What to do next. */
enum bp_control_turn {
	BP_TURN_TRIAL,
	BP_TURN_CLOSE, /* the relevant bounds are as close as asked */
	BP_TURN_NOISE, /* they are not, and closer ones would be closer than the device moves */
	BP_TURN_EXHAUSTED, /* they are not after more loads than a search should need */
	BP_TURN_CEILING, /* nothing higher can be asked */
	BP_TURN_FLOOR, /* nothing lower may be asked */
};

/* What the trials near the limit say of it. Zero where n is 0. */
struct bp_control_spread {
	unsigned n;
	double min_pps, max_pps; /* over all the time */
	double low_pps,
		high_pps; /* now: where the limit drifts more than it jumps, not where it was before */
	double share; /* (high − low) / high */
	double per_s; /* of high_pps: how much the limit rises in a second, by a straight line through all */
	double off_per_s; /* how far off that may be */
};

/* Loads left undecided, as their trials contradict each other. */
struct bp_control_aside {
	unsigned n;
	double pps; /* the outermost of them */
};

/* One search. Zeroed, with max_pps and min_pps set, before the first goal. */
struct bp_control {
	double max_pps, min_pps; /* Max Load, Min Load; max_pps may fall while the search goes on */
	double sample_pps; /* where samples are taken; 0: nowhere yet */
	double probe_pps; /* what they make of a lower bound, tried with one short trial; 0: not yet */
	bool is_sharp; /* samples there show the limit by what is forwarded */
	bool is_misled; /* they seemed to, and full trials said otherwise */
	/* The goal in focus. */
	struct bp_control_goal goal;
	enum bp_control_phase phase;
	bool is_explored;
	struct bp_point_bounds found; /* by the rule in force */
	double aim_pps; /* load of the final trials in work; 0: none */
	enum bp_control_role aim_role;
	struct bp_control_aside below, above; /* what was to become a lower bound, an upper one */
	unsigned n_aims, n_ups, n_downs;
};

/* Put the next goal in focus; what samples showed for the one before is kept. */
void bp_control_focus(struct bp_control *c, const struct bp_control_goal *goal);

/* The rule by which bounds are looked for now. */
struct bp_point_rule bp_control_rule(const struct bp_control *c);

/* What the trials so far show of the limit for the goal in focus. Pure. */
struct bp_control_spread bp_control_spread(const struct bp_control *c,
					   const struct bp_search_trial *trials, size_t n_trials);

/* Fill *next where a trial is to come. */
enum bp_control_turn bp_control_next(struct bp_control *c, const struct bp_search_trial *trials,
				     size_t n_trials, struct bp_trial_input *next);

#endif
