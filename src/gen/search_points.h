/* What a list of trials says about loads: lower bound, upper bound, undecided. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_SEARCH_POINTS_H
#define BYPATH_GEN_SEARCH_POINTS_H

#include "gen/search.h"

enum bp_point_class { BP_POINT_UNDECIDED, BP_POINT_LOWER, BP_POINT_UPPER };

/* What decides a load: the four attributes that RFC 9971 requires of a Search Goal. */
struct bp_point_rule {
	double loss_ratio; /* Goal Loss Ratio: tolerated in a trial, 0 … below 1 */
	double exceed_ratio; /* Goal Exceed Ratio: share of the time above it, 0 … below 1 */
	double trial_s; /* Goal Final Trial Duration: shorter trials are only a hint of loss */
	double sum_s; /* Goal Duration Sum: time of full trials that a decision rests on */
};

/* Relevant bounds; a load of 0 means that there is none. */
struct bp_point_bounds {
	double lower_pps; /* highest lower bound below upper_pps */
	double upper_pps; /* lowest upper bound */
};

/* Time of the full-length trials at a load. */
struct bp_point_time {
	double low_s, high_s; /* within the loss ratio, above it */
};

/*
 * Are the trial's figures the generator's own? It sent less than 95 % of what was asked, whether it was
 * late or its own port dropped the rest, or its own receiver dropped frames. A smaller shortfall leaves the trial its
 * meaning: what was sent was carried, or not even that much was carried. As fast as it goes without loss: the
 * generator's own.
 */
bool bp_trial_falls_short(const struct bp_search_trial *trial);

/* May the trial decide anything? Where not, it counts as not measured: it is no Trial Result. */
bool bp_trial_votes(const struct bp_search_trial *trial);

/* Does the trial vote, and for that load? */
bool bp_trial_votes_at(const struct bp_search_trial *trial, double load_pps);

/* Is the trial's duration a full one by that rule? */
bool bp_trial_is_full(const struct bp_search_trial *trial, const struct bp_point_rule *rule);

/* Class of a load by the trials there. Pure. Source: RFC 9971, appendix A. */
enum bp_point_class bp_point_classify(const struct bp_search_trial *trials, size_t n_trials,
				      const struct bp_point_rule *rule, double load_pps);

/* Pure. */
struct bp_point_time bp_point_time(const struct bp_search_trial *trials, size_t n_trials,
				   const struct bp_point_rule *rule, double load_pps);

/* The relevant bounds: RFC 9971's "Relevant Upper Bound" and "Relevant Lower Bound". Pure. */
struct bp_point_bounds bp_load_find(const struct bp_search_trial *trials, size_t n_trials,
				    const struct bp_point_rule *rule);

/*
 * Conditional throughput of a load: the forwarding rate of the trial at the exceed ratio's quantile.
 * A trial that sent a little less than the load counts with what it sent. 0 where no full-length
 * trial was made there, or too few for the duration sum. Pure. Source: RFC 9971, appendix B.
 */
double bp_point_conditional_pps(const struct bp_search_trial *trials, size_t n_trials,
				const struct bp_point_rule *rule, double load_pps);

#endif
