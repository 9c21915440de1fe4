/* What a list of trials says about loads: lower bound, upper bound, undecided. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_SEARCH_POINTS_H
#define BYPATH_GEN_SEARCH_POINTS_H

#include "gen/search.h"

enum bp_point_class { BP_POINT_UNDECIDED, BP_POINT_LOWER, BP_POINT_UPPER };

/* What decides a load. */
struct bp_point_rule {
	double loss_ratio; /* tolerated in a trial */
	double exceed_ratio; /* share of the time that may be above it */
	double trial_s; /* shorter trials are only a hint of loss */
	double sum_s; /* time of full trials that a decision rests on */
};

/* Relevant bounds; a load of 0 means that there is none. */
struct bp_point_bounds {
	double lower_pps; /* highest lower bound below upper_pps */
	double upper_pps; /* lowest upper bound */
	/* Lowest undecided load between the two that full trials have begun to decide; 0: none. */
	double begun_pps;
};

/*
 * Are the trial's figures the generator's own? It sent less than 95 % of what was asked, whether it was
 * late or its own port dropped the rest, or its own receiver dropped frames. A smaller shortfall leaves the trial its meaning: what was sent was
 * carried, or not even that much was carried. As fast as it goes without loss: the generator's own.
 */
bool bp_trial_falls_short(const struct bp_search_trial *trial);

/* May the trial decide anything? */
bool bp_trial_votes(const struct bp_search_trial *trial);

/* Class of a load by the trials there. Pure. Source: draft-ietf-bmwg-mlrsearch, appendix A. */
enum bp_point_class bp_point_classify(const struct bp_search_trial *trials, size_t n_trials,
				      const struct bp_point_rule *rule, double load_pps);

/* Pure. */
struct bp_point_bounds bp_load_find(const struct bp_search_trial *trials, size_t n_trials,
				    const struct bp_point_rule *rule);

#endif
