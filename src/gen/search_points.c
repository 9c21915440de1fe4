/* Classifies loads by the trials made there. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_points.h"

/* Durations are sums of the same few numbers; half a microsecond absorbs their rounding. */
#define ROUNDING_S 5e-7
/* A machine that takes the generator's core away for a millisecond now and then costs 1 to 3 %. */
#define SHORT_SHARE 0.95

struct tally {
	double full_low_s, full_high_s, short_low_s, short_high_s;
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
	return !bp_trial_falls_short(trial) && !trial->is_interrupted && !trial->is_superseded &&
	       !trial->asked_pkts && trial->n_sent;
}

static struct tally tally_load(const struct bp_search_trial *trials, size_t n_trials,
			       const struct bp_point_rule *rule, double load_pps)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < n_trials; i++) {
		const struct bp_search_trial *trial = &trials[i];
		bool is_full = trial->duration_s >= rule->trial_s - ROUNDING_S;
		bool is_high = trial->loss_ratio > rule->loss_ratio;

		if (trial->load_pps < load_pps || trial->load_pps > load_pps ||
		    !bp_trial_votes(trial))
			continue;
		if (is_full)
			*(is_high ? &t.full_high_s : &t.full_low_s) += trial->duration_s;
		else
			*(is_high ? &t.short_high_s : &t.short_low_s) += trial->duration_s;
	}
	return t;
}

static double above(double a, double b)
{
	return a > b ? a : b;
}

/*
 * Would the load be a lower bound if everything still to measure went well, and if it all went
 * badly? Where both answers agree, that is its class. Short trials cannot make a lower bound; their
 * losses count as far as short trials without loss do not balance them.
 */
static enum bp_point_class classify(const struct tally *t, const struct bp_point_rule *rule)
{
	double balance_s = t->short_low_s * rule->exceed_ratio / (1 - rule->exceed_ratio);
	double high_s = t->full_high_s + above(0, t->short_high_s - balance_s);
	double whole_s = above(high_s + t->full_low_s, rule->sum_s);
	double allowed_s = whole_s * rule->exceed_ratio + ROUNDING_S;

	if (high_s > allowed_s)
		return BP_POINT_UPPER;
	return whole_s - t->full_low_s <= allowed_s ? BP_POINT_LOWER : BP_POINT_UNDECIDED;
}

enum bp_point_class bp_point_classify(const struct bp_search_trial *trials, size_t n_trials,
				      const struct bp_point_rule *rule, double load_pps)
{
	struct tally t = tally_load(trials, n_trials, rule, load_pps);

	return classify(&t, rule);
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
	for (size_t i = 0; i < n_trials; i++) {
		double load = trials[i].load_pps;
		struct tally t;

		if (load <= b.lower_pps || (b.upper_pps > 0 && load >= b.upper_pps) ||
		    (b.begun_pps > 0 && load >= b.begun_pps))
			continue;
		t = tally_load(trials, n_trials, rule, load);
		if (t.full_low_s + t.full_high_s > 0)
			b.begun_pps = load;
	}
	return b;
}
