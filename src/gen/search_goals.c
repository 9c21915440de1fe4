/* Finds the bounds of each loss ratio: explores with short trials, decides with full ones. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_goal.h"

#include <math.h>

#define BOUND_TRIES        3u /* a hiccup of the generator is no limit of it */
#define LOWERED_MAX        16u
#define LOWERED_SHARE      0.9 /* at most so far at once, where the generator has done better */
#define CONTRADICTIONS_MAX 4u
#define FLOOR_SHARE        0.001 /* lowest load, where none is configured */
#define STEPS_GUESS        7.0 /* of exploration, while no bound is known */

static double floor_pps(const struct bp_search_goal *g)
{
	const struct bp_search_state *s = g->state;

	if (s->conf->min_pps > 0)
		return fmin(s->conf->min_pps, s->ceiling_pps);
	return fmax(1, floor(s->result->max_pps * FLOOR_SHARE));
}

/* May a load be tried between the bounds found? */
static bool is_open(const struct bp_search_goal *g, double load)
{
	return load > g->found.lower_pps && load <= g->state->ceiling_pps &&
	       (g->found.upper_pps <= 0 || load < g->found.upper_pps);
}

/* What the device forwarded when it was overloaded is often near what it can do. */
static double forwarded_at(const struct bp_search_goal *g, double load)
{
	const struct bp_search_result *r = g->state->result;
	double pps = load;

	for (size_t i = 0; i < r->n_trials; i++)
		if (!(r->trials[i].load_pps < load || r->trials[i].load_pps > load))
			pps = fmin(pps, r->trials[i].received_pps);
	return pps;
}

static enum bp_search_turn step_down(struct bp_search_goal *g, double *load)
{
	double upper = g->found.upper_pps, lowest = floor_pps(g), width = g->state->conf->width;
	double next = upper * (1 - fmin(ldexp(width, (int)g->n_downs), 0.75));

	if (upper <= lowest)
		return BP_TURN_FLOOR;
	if (!g->n_downs)
		next = fmin(next, forwarded_at(g, upper));
	g->n_downs++;
	*load = fmin(fmax(floor(next), lowest), g->state->ceiling_pps);
	return BP_TURN_TRIAL;
}

static enum bp_search_turn step_up(struct bp_search_goal *g, double *load)
{
	double lower = g->found.lower_pps, width = g->state->conf->width;
	double next = lower * (1 + fmin(ldexp(width, (int)g->n_ups), 1));

	if (lower >= g->state->ceiling_pps)
		return BP_TURN_CEILING;
	g->n_ups++;
	*load = fmin(fmax(floor(next), lower + 1), g->state->ceiling_pps);
	return BP_TURN_TRIAL;
}

/* The middle, unless the lower bound is worth a few small steps first: it is often a good guess. */
static enum bp_search_turn halve(struct bp_search_goal *g, double *load)
{
	double lower = g->found.lower_pps, upper = g->found.upper_pps;
	double middle = floor(sqrt(lower) * sqrt(upper));

	if (lower >= g->state->ceiling_pps)
		return BP_TURN_CEILING;
	step_up(g, load);
	*load = fmin(*load, fmax(middle, lower + 1));
	return BP_TURN_TRIAL;
}

static bool is_close(const struct bp_search_goal *g)
{
	double lower = g->found.lower_pps, upper = g->found.upper_pps;

	return lower > 0 && upper > 0 &&
	       ((upper - lower) / upper <= g->state->conf->width || upper - lower < 2);
}

/* Full trials go where the short ones saw the bounds. */
static bool follow_hint(const struct bp_search_goal *g, double *load)
{
	struct bp_point_bounds hint = bp_search_find(g, &g->explore);

	if (is_open(g, hint.lower_pps))
		*load = hint.lower_pps;
	else if ((g->found.lower_pps > 0 || hint.lower_pps <= 0) && is_open(g, hint.upper_pps))
		*load = hint.upper_pps;
	else
		return false;
	return true;
}

static enum bp_search_turn choose(struct bp_search_goal *g, double *load)
{
	g->found = bp_search_find(g, g->rule);
	g->state->lower_pps = g->found.lower_pps;
	g->state->upper_pps = g->found.upper_pps;
	if (g->state->n_lowered > LOWERED_MAX)
		return BP_TURN_CEILING;
	if (is_close(g))
		return BP_TURN_CLOSE;
	if (is_open(g, g->found.begun_pps)) {
		*load = g->found.begun_pps;
		return BP_TURN_TRIAL;
	}
	if (g->rule == &g->full && follow_hint(g, load))
		return BP_TURN_TRIAL;
	if (g->found.lower_pps > 0 && g->found.upper_pps > 0)
		return halve(g, load);
	if (g->found.upper_pps > 0)
		return step_down(g, load);
	if (g->found.lower_pps > 0)
		return step_up(g, load);
	*load = g->state->ceiling_pps;
	return BP_TURN_TRIAL;
}

/* Fewest full trials that decide a load. */
static double trials_per_load(const struct bp_search_conf *conf)
{
	return fmax(1, ceil(conf->sum_s * (1 - conf->exceed_ratio) / conf->trial_s - 1e-9));
}

static double halvings(const struct bp_search_goal *g)
{
	double lower = g->found.lower_pps, upper = g->found.upper_pps;

	if (lower <= 0 || upper <= 0)
		return STEPS_GUESS;
	return fmax(0, ceil(log2((upper - lower) / upper / g->state->conf->width)));
}

/* Seconds to the end of all goals, if what is known now holds. */
static double estimate_s(const struct bp_search_goal *g)
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
static bool try_load(struct bp_search_goal *g, double load, bool is_check)
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

static enum bp_search_turn narrow(struct bp_search_goal *g, const struct bp_point_rule *rule,
				  const char *phase)
{
	enum bp_search_turn turn;
	double load = 0;

	g->rule = rule;
	g->n_ups = g->n_downs = 0;
	g->state->phase = phase;
	while ((turn = choose(g, &load)) == BP_TURN_TRIAL) {
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
static bool check_bound(struct bp_search_goal *g, double load, bool is_lower, double *checked_pps)
{
	struct bp_search_result *r = g->state->result;

	if (load <= 0 || !(load < *checked_pps || load > *checked_pps))
		return true;
	g->state->phase = "checking";
	*checked_pps = load;
	if (!try_load(g, load, true))
		return true;
	g->n_checks++;
	if ((r->trials[r->n_trials - 1].loss_ratio <= g->full.loss_ratio) == is_lower)
		return true;
	g->out->n_contradictions++;
	supersede(r, load);
	return false;
}

static enum bp_search_turn search_levels(struct bp_search_goal *g)
{
	const struct bp_search_state *s = g->state;
	enum bp_search_turn turn = BP_TURN_TRIAL;

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
			return BP_TURN_NOISE;
	}
	return turn;
}

static void search_goal(struct bp_search_state *state, unsigned id)
{
	const struct bp_search_conf *conf = state->conf;
	struct bp_search_goal g = {
		.state = state,
		.out = &state->result->goals[id],
		.explore = { conf->loss_ratios[id], conf->exceed_ratio, conf->explore_s,
			     conf->explore_s },
		.full = { conf->loss_ratios[id], conf->exceed_ratio, conf->trial_s, conf->sum_s },
		.n_later = conf->n_goals - id - 1,
	};
	enum bp_search_turn turn = BP_TURN_TRIAL;

	g.rule = &g.explore;
	g.out->loss_ratio = state->loss_ratio = conf->loss_ratios[id];
	state->remaining_s = estimate_s(&g);
	if (bp_search_find_ceiling(state))
		turn = search_levels(&g);
	bp_search_settle(&g, turn);
}

void bp_search_goals(struct bp_search_state *state)
{
	state->result->n_goals = state->conf->n_goals;
	for (unsigned id = 0; id < state->conf->n_goals; id++)
		search_goal(state, id);
}
