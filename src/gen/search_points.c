/* Classifies loads by the trials made there. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_points.h"

#include <math.h>
#include <stdlib.h>

/* Durations are sums of the same few numbers; half a microsecond absorbs their rounding. */
#define ROUNDING_S 5e-7
/* A machine that takes the generator's core away for a millisecond now and then costs 1 to 3 %. */
#define SHORT_SHARE 0.95

struct tally {
	struct bp_point_time full, brief;
};

bool bp_trial_falls_short(const struct bp_search_trial *trial)
{
	bool is_less = trial->asked_pps > 0 && trial->sent_pps < SHORT_SHARE * trial->asked_pps;

	if (!trial->is_generator_bound)
		return trial->n_unsent && is_less;
	return trial->asked_pps <= 0 || is_less || trial->n_rx_dropped;
}

bool bp_trial_votes(const struct bp_search_trial *trial)
{
	return !bp_trial_falls_short(trial) && !trial->is_interrupted && !trial->asked_pkts &&
	       trial->n_sent;
}

bool bp_trial_votes_at(const struct bp_search_trial *trial, double load_pps)
{
	return !(trial->load_pps < load_pps || trial->load_pps > load_pps) && bp_trial_votes(trial);
}

bool bp_trial_is_full(const struct bp_search_trial *trial, const struct bp_point_rule *rule)
{
	return trial->duration_s >= rule->trial_s - ROUNDING_S;
}

static struct tally tally_load(const struct bp_search_trial *trials, size_t n_trials,
			       const struct bp_point_rule *rule, double load_pps)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < n_trials; i++) {
		const struct bp_search_trial *trial = &trials[i];
		struct bp_point_time *time = bp_trial_is_full(trial, rule) ? &t.full : &t.brief;

		if (!bp_trial_votes_at(trial, load_pps))
			continue;
		*(trial->loss_ratio > rule->loss_ratio ? &time->high_s : &time->low_s) +=
			trial->duration_s;
	}
	return t;
}

/*
 * Would the load be a lower bound if everything still to measure went well, and if it all went
 * badly? Where both answers agree, that is its class. Short trials cannot make a lower bound; their
 * losses count as far as short trials without loss do not balance them.
 */
static enum bp_point_class classify(const struct tally *t, const struct bp_point_rule *rule)
{
	double balance_s = t->brief.low_s * rule->exceed_ratio / (1 - rule->exceed_ratio);
	double high_s = t->full.high_s + fmax(0, t->brief.high_s - balance_s);
	double whole_s = fmax(high_s + t->full.low_s, rule->sum_s);
	double allowed_s = whole_s * rule->exceed_ratio + ROUNDING_S;

	if (high_s > allowed_s)
		return BP_POINT_UPPER;
	return whole_s - t->full.low_s <= allowed_s ? BP_POINT_LOWER : BP_POINT_UNDECIDED;
}

enum bp_point_class bp_point_classify(const struct bp_search_trial *trials, size_t n_trials,
				      const struct bp_point_rule *rule, double load_pps)
{
	struct tally t = tally_load(trials, n_trials, rule, load_pps);

	return classify(&t, rule);
}

struct bp_point_time bp_point_time(const struct bp_search_trial *trials, size_t n_trials,
				   const struct bp_point_rule *rule, double load_pps)
{
	return tally_load(trials, n_trials, rule, load_pps).full;
}

struct bp_point_bounds bp_load_find(const struct bp_search_trial *trials, size_t n_trials,
				    const struct bp_point_rule *rule)
{
	struct bp_point_bounds b = { 0 };

	for (size_t i = 0; i < n_trials; i++) {
		double load = trials[i].load_pps;

		if ((b.upper_pps <= 0 || load < b.upper_pps) &&
		    bp_point_classify(trials, n_trials, rule, load) == BP_POINT_UPPER)
			b.upper_pps = load;
	}
	for (size_t i = 0; i < n_trials; i++) {
		double load = trials[i].load_pps;

		if (load > b.lower_pps && (b.upper_pps <= 0 || load < b.upper_pps) &&
		    bp_point_classify(trials, n_trials, rule, load) == BP_POINT_LOWER)
			b.lower_pps = load;
	}
	return b;
}

static int by_loss(const void *a, const void *b)
{
	double x = (*(const struct bp_search_trial *const *)a)->loss_ratio;
	double y = (*(const struct bp_search_trial *const *)b)->loss_ratio;

	return (x > y) - (x < y);
}

double bp_point_conditional_pps(const struct bp_search_trial *trials, size_t n_trials,
				const struct bp_point_rule *rule, double load_pps)
{
	const struct bp_search_trial *full[BP_SEARCH_TRIALS_MAX];
	double full_s = 0, left_s, pps = 0;
	size_t n = 0;

	for (size_t i = 0; i < n_trials && n < BP_SEARCH_TRIALS_MAX; i++)
		if (bp_trial_votes_at(&trials[i], load_pps) && bp_trial_is_full(&trials[i], rule)) {
			full[n++] = &trials[i];
			full_s += trials[i].duration_s;
		}
	if (n)
		qsort(full, n, sizeof(full[0]), by_loss);
	left_s = fmax(rule->sum_s, full_s) * (1 - rule->exceed_ratio);
	for (size_t i = 0; i < n && left_s > ROUNDING_S; i++) {
		pps = fmin(load_pps, full[i]->sent_pps) * (1 - full[i]->loss_ratio);
		left_s -= full[i]->duration_s;
	}
	return left_s > ROUNDING_S ? 0 : pps;
}
