/* Finds the bounds of each loss ratio: explores with short trials, decides with full ones. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_points.h"
#include "gen/search_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define BOUND_TRIES        3u /* a hiccup of the generator is no limit of it */
#define BOUND_SLACK        0.0051 /* sent less than asked: more is worth a word */
#define LOWERED_MAX        16u
#define LOWERED_SHARE      0.9 /* at most so far at once, where the generator has done better */
#define CONTRADICTIONS_MAX 4u
#define FLOOR_SHARE        0.001 /* lowest load, where none is configured */
#define STEPS_GUESS        7.0 /* of exploration, while no bound is known */

/* What to do next. */
enum turn {
	TURN_TRIAL,
	TURN_CLOSE, /* the bounds are as close as asked */
	TURN_CEILING, /* nothing higher can be asked */
	TURN_FLOOR, /* nothing lower may be asked */
	TURN_NOISE,
};

struct goal {
	struct bp_search_state *state;
	struct bp_search_bounds *out;
	struct bp_load_rule explore, full;
	const struct bp_load_rule *rule; /* the one in force */
	struct bp_load_bounds found; /* by that rule */
	unsigned n_ups, n_downs; /* steps outwards with that rule: each twice the last */
	double checked_lower_pps, checked_upper_pps;
	unsigned n_later; /* goals after this one */
};

static struct bp_load_bounds find(const struct goal *g, const struct bp_load_rule *rule)
{
	return bp_load_find(g->state->result->trials, g->state->result->n_trials, rule);
}

static double floor_pps(const struct goal *g)
{
	const struct bp_search_state *s = g->state;

	if (s->conf->min_pps > 0)
		return fmin(s->conf->min_pps, s->ceiling_pps);
	return fmax(1, floor(s->result->max_pps * FLOOR_SHARE));
}

/* May a load be tried between the bounds found? */
static bool is_open(const struct goal *g, double load)
{
	return load > g->found.lower_pps && load <= g->state->ceiling_pps &&
	       (g->found.upper_pps <= 0 || load < g->found.upper_pps);
}

/* What the device forwarded when it was overloaded is often near what it can do. */
static double forwarded_at(const struct goal *g, double load)
{
	const struct bp_search_result *r = g->state->result;
	double pps = load;

	for (size_t i = 0; i < r->n_trials; i++)
		if (!(r->trials[i].load_pps < load || r->trials[i].load_pps > load))
			pps = fmin(pps, r->trials[i].received_pps);
	return pps;
}

static enum turn step_down(struct goal *g, double *load)
{
	double upper = g->found.upper_pps, lowest = floor_pps(g), width = g->state->conf->width;
	double next = upper * (1 - fmin(ldexp(width, (int)g->n_downs), 0.75));

	if (upper <= lowest)
		return TURN_FLOOR;
	if (!g->n_downs)
		next = fmin(next, forwarded_at(g, upper));
	g->n_downs++;
	*load = fmin(fmax(floor(next), lowest), g->state->ceiling_pps);
	return TURN_TRIAL;
}

static enum turn step_up(struct goal *g, double *load)
{
	double lower = g->found.lower_pps, width = g->state->conf->width;
	double next = lower * (1 + fmin(ldexp(width, (int)g->n_ups), 1));

	if (lower >= g->state->ceiling_pps)
		return TURN_CEILING;
	g->n_ups++;
	*load = fmin(fmax(floor(next), lower + 1), g->state->ceiling_pps);
	return TURN_TRIAL;
}

/* The middle, unless the lower bound is worth a few small steps first: it is often a good guess. */
static enum turn halve(struct goal *g, double *load)
{
	double lower = g->found.lower_pps, upper = g->found.upper_pps;
	double middle = floor(sqrt(lower) * sqrt(upper));

	if (lower >= g->state->ceiling_pps)
		return TURN_CEILING;
	step_up(g, load);
	*load = fmin(*load, fmax(middle, lower + 1));
	return TURN_TRIAL;
}

static bool is_close(const struct goal *g)
{
	double lower = g->found.lower_pps, upper = g->found.upper_pps;

	return lower > 0 && upper > 0 &&
	       ((upper - lower) / upper <= g->state->conf->width || upper - lower < 2);
}

/* Full trials go where the short ones saw the bounds. */
static bool follow_hint(const struct goal *g, double *load)
{
	struct bp_load_bounds hint = find(g, &g->explore);

	if (is_open(g, hint.lower_pps))
		*load = hint.lower_pps;
	else if ((g->found.lower_pps > 0 || hint.lower_pps <= 0) && is_open(g, hint.upper_pps))
		*load = hint.upper_pps;
	else
		return false;
	return true;
}

static enum turn choose(struct goal *g, double *load)
{
	g->found = find(g, g->rule);
	g->state->lower_pps = g->found.lower_pps;
	g->state->upper_pps = g->found.upper_pps;
	if (g->state->n_lowered > LOWERED_MAX)
		return TURN_CEILING;
	if (is_close(g))
		return TURN_CLOSE;
	if (is_open(g, g->found.begun_pps)) {
		*load = g->found.begun_pps;
		return TURN_TRIAL;
	}
	if (g->rule == &g->full && follow_hint(g, load))
		return TURN_TRIAL;
	if (g->found.lower_pps > 0 && g->found.upper_pps > 0)
		return halve(g, load);
	if (g->found.upper_pps > 0)
		return step_down(g, load);
	if (g->found.lower_pps > 0)
		return step_up(g, load);
	*load = g->state->ceiling_pps;
	return TURN_TRIAL;
}

/* Fewest full trials that decide a load. */
static double trials_per_load(const struct bp_search_conf *conf)
{
	return fmax(1, ceil(conf->sum_s * (1 - conf->exceed_ratio) / conf->trial_s - 1e-9));
}

static double halvings(const struct goal *g)
{
	double lower = g->found.lower_pps, upper = g->found.upper_pps;

	if (lower <= 0 || upper <= 0)
		return STEPS_GUESS;
	return fmax(0, ceil(log2((upper - lower) / upper / g->state->conf->width)));
}

/* Seconds to the end of all goals, if what is known now holds. */
static double estimate_s(const struct goal *g)
{
	const struct bp_search_conf *conf = g->state->conf;
	double settle_s = fmax(g->state->overhead_s, 0.01);
	double short_s = conf->explore_s + settle_s, full_s = conf->trial_s + settle_s;
	double load_s = trials_per_load(conf) * full_s, check_s = conf->is_checked ? 2 * full_s : 0;
	bool explores = conf->explore_s < conf->trial_s;
	double left_s;

	if (g->rule == &g->explore)
		left_s = halvings(g) * short_s + 2 * load_s;
	else if (g->found.lower_pps > 0 && g->found.upper_pps > 0)
		left_s = halvings(g) * load_s;
	else if (!explores)
		left_s = STEPS_GUESS * load_s;
	else
		left_s = (g->found.lower_pps > 0 || g->found.upper_pps > 0 ? 1 : 2) * load_s;
	return left_s + check_s +
	       g->n_later * (explores ? 4 * short_s + 2 * load_s + check_s
				      : STEPS_GUESS * load_s + check_s);
}

/* The most that the generator ever sent at a steady rate. */
static double best_sent(const struct bp_search_result *r)
{
	double best = 0;

	for (size_t i = 0; i < r->n_trials; i++)
		if (!r->trials[i].is_interrupted && !r->trials[i].asked_pkts)
			best = fmax(best, r->trials[i].sent_pps);
	return best;
}

/*
 * The generator did not reach the load, several times: nothing above is worth asking. Where it has
 * sent more than now, something disturbs it: what it sent now is no limit of it, so go down slowly.
 */
static void lower_ceiling(struct bp_search_state *s, double load, double sent_pps)
{
	double pps = sent_pps * 0.99;

	if (best_sent(s->result) > sent_pps * 1.02)
		pps = fmax(pps, load * LOWERED_SHARE);
	s->n_lowered++;
	s->ceiling_pps = fmin(s->ceiling_pps, fmax(1, floor(pps)));
	s->result->max_pps = s->ceiling_pps;
	s->result->is_generator_max = true;
}

/* One trial that can vote. False where there was none. */
static bool try_load(struct goal *g, double load, bool is_check)
{
	struct bp_search_ask ask = { .rate_pps = load,
				     .duration_s = g->rule->trial_s,
				     .is_check = is_check };
	double sent_pps = 0;

	g->state->remaining_s = estimate_s(g);
	for (unsigned i = 0; i < BOUND_TRIES; i++) {
		const struct bp_search_trial *trial = bp_search_try(g->state, &ask);

		if (!trial)
			return false;
		if (bp_trial_votes(trial))
			return true;
		sent_pps = fmax(sent_pps, trial->n_sent ? trial->sent_pps : 0);
	}
	lower_ceiling(g->state, load, sent_pps);
	return false;
}

static enum turn narrow(struct goal *g, const struct bp_load_rule *rule, const char *phase)
{
	enum turn turn;
	double load = 0;

	g->rule = rule;
	g->n_ups = g->n_downs = 0;
	g->state->phase = phase;
	while ((turn = choose(g, &load)) == TURN_TRIAL) {
		try_load(g, load, false);
		if (g->state->cause)
			break;
	}
	return turn;
}

static void supersede(struct bp_search_result *r, double load)
{
	for (size_t i = 0; i + 1 < r->n_trials; i++)
		if (!(r->trials[i].load_pps < load || r->trials[i].load_pps > load))
			r->trials[i].is_superseded = true;
}

/*
 * Measure a bound once more. Where the new trial says otherwise, the ones before lose their votes
 * and the load is decided anew. True where the bound stands, or where no trial was possible.
 */
static bool check_bound(struct goal *g, double load, bool is_lower, double *checked_pps)
{
	struct bp_search_result *r = g->state->result;

	if (load <= 0 || !(load < *checked_pps || load > *checked_pps))
		return true;
	g->state->phase = "checking";
	*checked_pps = load;
	if (!try_load(g, load, true) ||
	    (r->trials[r->n_trials - 1].loss_ratio <= g->full.loss_ratio) == is_lower)
		return true;
	g->out->n_contradictions++;
	supersede(r, load);
	return false;
}

static enum turn search_levels(struct goal *g)
{
	const struct bp_search_state *s = g->state;
	enum turn turn = TURN_TRIAL;

	if (g->explore.trial_s < g->full.trial_s)
		narrow(g, &g->explore, "exploring");
	while (!s->cause) {
		turn = narrow(g, &g->full, "final trials");
		if (s->cause || !s->conf->is_checked)
			break;
		if (check_bound(g, g->found.lower_pps, true, &g->checked_lower_pps) &&
		    check_bound(g, g->found.upper_pps, false, &g->checked_upper_pps))
			break;
		if (g->out->n_contradictions > CONTRADICTIONS_MAX)
			return TURN_NOISE;
	}
	return turn;
}

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
static void fill_lower(struct goal *g, double load)
{
	const struct bp_search_result *r = g->state->result;
	struct bp_search_bounds *out = g->out;
	double received[BP_SEARCH_TRIALS_MAX], sent[BP_SEARCH_TRIALS_MAX];
	unsigned n = 0, n_clean = 0;

	out->lower_pps = out->lower_asked_pps = load;
	for (size_t i = 0; i < r->n_trials; i++) {
		const struct bp_search_trial *trial = &r->trials[i];

		if (trial->load_pps < load || trial->load_pps > load || !bp_trial_votes(trial))
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

static void fill_upper(struct goal *g, double load)
{
	const struct bp_search_result *r = g->state->result;

	g->out->upper_pps = load;
	for (size_t i = 0; i < r->n_trials; i++) {
		const struct bp_search_trial *trial = &r->trials[i];

		if (trial->load_pps < load || trial->load_pps > load || !bp_trial_votes(trial))
			continue;
		g->out->n_upper_trials++;
		g->out->n_upper_clean += trial->loss_ratio <= g->out->loss_ratio;
	}
}

/* The bounds of full trials; where they lack one, what the short trials saw. */
static void fill_bounds(struct goal *g)
{
	struct bp_load_bounds full = find(g, &g->full), hint = find(g, &g->explore);
	double lower = full.lower_pps, upper = full.upper_pps;

	if (lower <= 0 && hint.lower_pps > 0 && (upper <= 0 || hint.lower_pps < upper)) {
		lower = hint.lower_pps;
		g->out->is_exploratory = true;
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
}

static void settle(struct bp_search_bounds *out, enum bp_search_outcome outcome,
		   enum bp_search_cause cause)
{
	out->outcome = outcome;
	out->cause = cause;
}

static void settle_ceiling(const struct goal *g)
{
	struct bp_search_bounds *out = g->out;

	if (!g->state->result->is_generator_max && out->lower_pps > 0) {
		out->is_at_max = out->upper_pps <= 0;
		settle(out, BP_SEARCH_MEASURED, BP_SEARCH_CAUSE_NONE);
		snprintf(out->why, sizeof(out->why),
			 "the highest rate allowed was carried: the device may do more");
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

static void settle_floor(const struct goal *g)
{
	settle(g->out, BP_SEARCH_NOT_MEASURABLE, BP_SEARCH_CAUSE_LOSSY);
	snprintf(g->out->why, sizeof(g->out->why),
		 "more than %g %% of the frames are lost at %.0f frames/s, the lowest rate tried",
		 100 * g->out->loss_ratio, g->out->upper_pps);
}

static void settle_cut(const struct goal *g, enum turn turn)
{
	struct bp_search_bounds *out = g->out;
	enum bp_search_cause cause = g->state->cause;

	if (turn == TURN_CLOSE && !out->is_exploratory) {
		settle(out, BP_SEARCH_MEASURED, BP_SEARCH_CAUSE_NONE);
		snprintf(out->why, sizeof(out->why), "bounds not checked once more: %s",
			 bp_search_cause_text(cause));
		return;
	}
	settle(out,
	       out->lower_pps > 0 && out->upper_pps > 0 ? BP_SEARCH_BOUNDED
							: BP_SEARCH_NOT_MEASURABLE,
	       cause);
	snprintf(out->why, sizeof(out->why), "%s", bp_search_cause_text(cause));
}

static void settle_noise(const struct goal *g)
{
	settle(g->out, BP_SEARCH_NOT_MEASURABLE, BP_SEARCH_CAUSE_NOISE);
	snprintf(
		g->out->why, sizeof(g->out->why),
		"%u times a bound did not hold when it was measured again: the device's rate moves "
		"by more than the width asked for",
		g->out->n_contradictions);
}

/* Both bounds were decided; the lower one's rate as sent may still be too far below the upper one. */
static void settle_close(const struct goal *g)
{
	struct bp_search_bounds *out = g->out;
	double gap = (out->lower_asked_pps - out->lower_pps) / out->lower_asked_pps;

	if (gap <= BOUND_SLACK) {
		settle(out, BP_SEARCH_MEASURED, BP_SEARCH_CAUSE_NONE);
		return;
	}
	settle(out, BP_SEARCH_BOUNDED, BP_SEARCH_CAUSE_GENERATOR);
	snprintf(
		out->why, sizeof(out->why),
		"the generator was late: at the lower bound it sent %.1f %% less than asked (other "
		"work on its core, or a host that takes the core away)",
		100 * gap);
}

static void settle_goal(struct goal *g, enum turn turn)
{
	fill_bounds(g);
	if (turn == TURN_NOISE)
		settle_noise(g);
	else if (g->state->cause)
		settle_cut(g, turn);
	else if (turn == TURN_CEILING)
		settle_ceiling(g);
	else if (turn == TURN_FLOOR)
		settle_floor(g);
	else
		settle_close(g);
}

static void search_goal(struct bp_search_state *state, unsigned id)
{
	const struct bp_search_conf *conf = state->conf;
	struct goal g = {
		.state = state,
		.out = &state->result->goals[id],
		.explore = { conf->loss_ratios[id], conf->exceed_ratio, conf->explore_s,
			     conf->explore_s },
		.full = { conf->loss_ratios[id], conf->exceed_ratio, conf->trial_s, conf->sum_s },
		.n_later = conf->n_goals - id - 1,
	};
	enum turn turn = TURN_TRIAL;

	g.rule = &g.explore;
	g.out->loss_ratio = state->loss_ratio = conf->loss_ratios[id];
	state->remaining_s = estimate_s(&g);
	if (bp_search_find_ceiling(state))
		turn = search_levels(&g);
	settle_goal(&g, turn);
}

void bp_search_goals(struct bp_search_state *state)
{
	state->result->n_goals = state->conf->n_goals;
	for (unsigned id = 0; id < state->conf->n_goals; id++)
		search_goal(state, id);
}
