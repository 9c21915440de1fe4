/* What a search for one loss ratio has found: bounds, outcome, cause, words. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_goal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define BOUND_SLACK 0.0051 /* sent less than asked: more is worth a word */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double sort_median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), compare_doubles);
	return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/* Count the voting trials at a load and, for the lower bound, their spread. */
static void fill_lower(struct bp_search_goal *g, double load)
{
	const struct bp_search_result *r = g->state->result;
	struct bp_search_bounds *out = g->out;
	double received[BP_SEARCH_TRIALS_MAX], sent[BP_SEARCH_TRIALS_MAX];
	unsigned n = 0, n_clean = 0;

	out->lower_pps = out->lower_asked_pps = load;
	for (size_t i = 0; i < r->n_trials; i++) {
		const struct bp_search_trial *trial = &r->trials[i];

		if (!bp_trial_votes_at(trial, load))
			continue;
		if (trial->loss_ratio <= out->loss_ratio)
			sent[n_clean++] = trial->sent_pps;
		out->loss_min_ratio =
			n ? fmin(out->loss_min_ratio, trial->loss_ratio) : trial->loss_ratio;
		out->loss_max_ratio = fmax(out->loss_max_ratio, trial->loss_ratio);
		received[n++] = trial->received_pps;
	}
	out->n_lower_trials = n;
	out->n_lower_lossy = n - n_clean;
	if (!n)
		return;
	/* What was sent is what was carried: at times a little less than asked. */
	if (n_clean)
		out->lower_pps = fmin(load, sort_median(sent, n_clean));
	out->received_median_pps = sort_median(received, n);
	out->received_min_pps = received[0];
	out->received_max_pps = received[n - 1];
}

static void fill_upper(struct bp_search_goal *g, double load)
{
	const struct bp_search_result *r = g->state->result;

	g->out->upper_pps = load;
	for (size_t i = 0; i < r->n_trials; i++) {
		const struct bp_search_trial *trial = &r->trials[i];

		if (!bp_trial_votes_at(trial, load))
			continue;
		g->out->n_upper_trials++;
		g->out->n_upper_clean += trial->loss_ratio <= g->out->loss_ratio;
		if (trial->loss_ratio > g->out->loss_ratio &&
		    trial->off_share > g->out->off_share) {
			g->out->off_share = trial->off_share;
			g->out->off_cause = trial->off_cause;
		}
	}
}

/* What RFC 9971 calls the results of the goal, by full trials alone. */
static void fill_result(struct bp_search_goal *g, const struct bp_point_bounds *full)
{
	const struct bp_search_result *r = g->state->result;
	const struct bp_control_goal *goal = &g->control->goal;
	struct bp_control_spread spread = bp_control_spread(g->control, r->trials, r->n_trials);

	g->out->n_contradictions = g->control->below.n + g->control->above.n;
	if (g->control->is_sharp) {
		g->out->limit_min_pps = spread.min_pps;
		g->out->limit_max_pps = spread.max_pps;
	}
	if (full->lower_pps > 0)
		g->out->conditional_pps = bp_point_conditional_pps(r->trials, r->n_trials,
								   &goal->rule, full->lower_pps);
	g->out->is_regular = full->lower_pps > 0 && full->upper_pps > 0 &&
			     (full->upper_pps - full->lower_pps) / full->upper_pps <= goal->width;
}

/* The bounds of full trials; where they lack one, what the short trials saw. */
static void fill_bounds(struct bp_search_goal *g)
{
	const struct bp_search_result *r = g->state->result;
	struct bp_point_rule full_rule = g->control->goal.rule, hint_rule = full_rule;
	struct bp_point_bounds full, hint;
	double lower, upper;

	hint_rule.trial_s = hint_rule.sum_s = g->control->goal.initial_s;
	full = bp_load_find(r->trials, r->n_trials, &full_rule);
	hint = bp_load_find(r->trials, r->n_trials, &hint_rule);
	lower = full.lower_pps;
	upper = full.upper_pps;
	if (lower <= 0 && hint.lower_pps > 0 && (upper <= 0 || hint.lower_pps < upper)) {
		lower = hint.lower_pps;
		g->out->is_exploratory = g->out->is_lower_exploratory = true;
	}
	if (upper <= 0 && hint.upper_pps > lower) {
		upper = hint.upper_pps;
		g->out->is_exploratory = true;
	}
	if (lower > 0)
		fill_lower(g, lower);
	if (upper > 0)
		fill_upper(g, upper);
	if (lower > 0 && upper > 0)
		g->out->width = (upper - g->out->lower_pps) / upper;
	fill_result(g, &full);
}

static void settle(struct bp_search_bounds *out, enum bp_search_outcome outcome,
		   enum bp_search_cause cause)
{
	out->outcome = outcome;
	out->cause = cause;
}

/* How far what was sent at the lower bound is below what was asked there. */
static double sent_gap(const struct bp_search_bounds *out)
{
	return out->lower_asked_pps > 0
		       ? (out->lower_asked_pps - out->lower_pps) / out->lower_asked_pps
		       : 0;
}

static void settle_late(struct bp_search_bounds *out)
{
	settle(out, BP_SEARCH_BOUNDED, BP_SEARCH_CAUSE_GENERATOR);
	snprintf(
		out->why, sizeof(out->why),
		"the generator was late: at the lower bound it sent %.1f %% less than asked (other "
		"work on its core, or a host that takes the core away)",
		100 * sent_gap(out));
}

static void settle_ceiling(const struct bp_search_goal *g)
{
	struct bp_search_bounds *out = g->out;

	if (!g->state->result->is_generator_max && out->lower_pps > 0 &&
	    sent_gap(out) <= BOUND_SLACK) {
		out->is_at_max = out->upper_pps <= 0;
		settle(out, BP_SEARCH_MEASURED, BP_SEARCH_CAUSE_NONE);
		snprintf(out->why, sizeof(out->why),
			 "the highest rate allowed was carried: the device may do more");
		return;
	}
	if (!g->state->result->is_generator_max && out->lower_pps > 0) {
		settle_late(out);
		return;
	}
	settle(out,
	       out->upper_pps > 0 && out->lower_pps > 0 ? BP_SEARCH_BOUNDED
							: BP_SEARCH_NOT_MEASURABLE,
	       BP_SEARCH_CAUSE_GENERATOR);
	snprintf(out->why, sizeof(out->why), "the generator holds %.0f frames/s%s: %s",
		 g->state->result->max_pps,
		 g->state->n_lowered > 2 ? ", not steadily (shared core?)" : "",
		 out->upper_pps > 0 && out->lower_pps > 0
			 ? "nothing between the bounds can be offered"
		 : out->lower_pps > 0 ? "the device carries at least the lower bound"
				      : "no lower load was offered as asked");
}

static void settle_floor(const struct bp_search_goal *g)
{
	settle(g->out, BP_SEARCH_NOT_MEASURABLE, BP_SEARCH_CAUSE_LOSSY);
	snprintf(g->out->why, sizeof(g->out->why),
		 "more than %g %% of the frames are lost at %.0f frames/s, the lowest rate tried",
		 100 * g->out->loss_ratio, g->out->upper_pps);
}

static void settle_cut(const struct bp_search_goal *g)
{
	struct bp_search_bounds *out = g->out;
	enum bp_search_cause cause = g->state->cause;

	settle(out,
	       out->lower_pps > 0 && out->upper_pps > 0 ? BP_SEARCH_BOUNDED
							: BP_SEARCH_NOT_MEASURABLE,
	       cause);
	snprintf(out->why, sizeof(out->why), "%s", bp_search_cause_text(cause));
}

static double moved_share(const struct bp_search_bounds *out)
{
	return out->limit_max_pps > 0
		       ? (out->limit_max_pps - out->limit_min_pps) / out->limit_max_pps
		       : 0;
}

/* Did the limit move further than the bounds are apart, or than they were to be? */
static bool has_moved(const struct bp_search_goal *g)
{
	double width = g->control->goal.width;

	if (g->out->width > 0)
		width = fmin(width, g->out->width);
	return moved_share(g->out) > width;
}

/* What the device forwards of one load, where that is all that is seen of its movement. */
static double forwarded_share(const struct bp_search_goal *g)
{
	const struct bp_search_result *r = g->state->result;
	struct bp_control_spread s = bp_control_spread(g->control, r->trials, r->n_trials);

	return s.max_pps > 0 ? (s.max_pps - s.min_pps) / s.max_pps : 0;
}

/* Bounds that are true, and no closer than the device moves, or than its trials allow. */
static void settle_noise(const struct bp_search_goal *g, enum bp_control_turn turn)
{
	struct bp_search_bounds *out = g->out;

	settle(out,
	       out->lower_pps > 0 && out->upper_pps > 0 ? BP_SEARCH_BOUNDED
							: BP_SEARCH_NOT_MEASURABLE,
	       BP_SEARCH_CAUSE_NOISE);
	if (has_moved(g) ||
	    (moved_share(out) > 0 && !out->n_contradictions && turn != BP_TURN_EXHAUSTED))
		snprintf(
			out->why, sizeof(out->why),
			"the device's limit moved by %.2g %% while it was measured, from %.0f to %.0f "
			"frames/s: bounds that are closer would not hold",
			100 * moved_share(out), out->limit_min_pps, out->limit_max_pps);
	else if (turn == BP_TURN_EXHAUSTED)
		snprintf(
			out->why, sizeof(out->why),
			"too many loads were tried (%u, %u of them left undecided), and the bounds came no "
			"closer",
			g->control->n_aims, out->n_contradictions);
	else if (out->n_contradictions)
		snprintf(
			out->why, sizeof(out->why),
			"trials at the same load contradict each other (%u loads were left undecided): "
			"bounds that are closer would not hold",
			out->n_contradictions);
	else
		snprintf(
			out->why, sizeof(out->why),
			"what the device forwards of one load differs by %.2g %% from trial to trial: bounds "
			"that are closer would not hold",
			100 * forwarded_share(g));
}

/* Both bounds were decided; the lower one's rate as sent may still be too far below the upper one. */
static void settle_close(const struct bp_search_goal *g)
{
	if (sent_gap(g->out) > BOUND_SLACK)
		settle_late(g->out);
	else if (has_moved(g))
		settle_noise(g, BP_TURN_CLOSE);
	else
		settle(g->out, BP_SEARCH_MEASURED, BP_SEARCH_CAUSE_NONE);
}

/* The lower bound stands: nothing was lost there. The upper one may be the machine's. */
static void settle_disturbed(const struct bp_search_goal *g)
{
	settle(g->out, BP_SEARCH_BOUNDED, BP_SEARCH_CAUSE_DISTURBED);
	snprintf(g->out->why, sizeof(g->out->why), "%s",
		 bp_search_cause_text(BP_SEARCH_CAUSE_DISTURBED));
}

void bp_search_settle(struct bp_search_goal *g, enum bp_control_turn turn)
{
	fill_bounds(g);
	if (turn == BP_TURN_NOISE || turn == BP_TURN_EXHAUSTED)
		settle_noise(g, turn);
	else if (turn == BP_TURN_CLOSE)
		settle_close(g);
	else if (g->state->cause)
		settle_cut(g);
	else if (turn == BP_TURN_CEILING)
		settle_ceiling(g);
	else
		settle_floor(g);
	if (g->out->off_share > BP_OFF_LIMIT && g->out->outcome == BP_SEARCH_MEASURED)
		settle_disturbed(g);
}

/* Loads are whole. */
static bool is_bounded_by(const struct bp_search_bounds *out, const struct bp_point_bounds *b)
{
	return fabs(out->lower_asked_pps - b->lower_pps) < 0.5 &&
	       fabs(out->upper_pps - b->upper_pps) < 0.5;
}

void bp_search_review(struct bp_search_state *state)
{
	const struct bp_search_conf *conf = state->conf;
	const struct bp_search_result *r = state->result;

	for (unsigned id = 0; id < conf->n_goals; id++) {
		struct bp_search_bounds *out = &state->result->goals[id];
		const struct bp_point_rule rule = bp_search_rule(conf, id);
		struct bp_point_bounds b = bp_load_find(r->trials, r->n_trials, &rule);

		if (!out->is_regular || is_bounded_by(out, &b))
			continue;
		out->is_regular = false;
		if (!out->why[0])
			snprintf(
				out->why, sizeof(out->why),
				"trials that were made later, for other loss ratios, decided further loads: by "
				"all trials the bounds are %.0f and %.0f frames/s",
				b.lower_pps, b.upper_pps);
	}
}
