/* Searches the bounds of each goal: runs the trials that the controller asks for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_goal.h"

#include <math.h>

#define BOUND_TRIES   3u /* a hiccup of the generator is no limit of it */
#define LOWERED_MAX   16u
#define LOWERED_SHARE 0.9 /* at most so far at once, where the generator has done better */
#define FLOOR_SHARE   0.001 /* lowest load, where none is configured */
#define SAMPLE_SHARE  0.25 /* of the budget, after which sampling ends */
#define STEPS_GUESS   7.0 /* of exploration, while no bound is known */

static double floor_pps(const struct bp_search_state *s)
{
	if (s->conf->min_pps > 0)
		return fmin(s->conf->min_pps, s->ceiling_pps);
	return fmax(1, floor(s->result->max_pps * FLOOR_SHARE));
}

/* ---- how long it takes ----------------------------------------------------------------------- */

/* Fewest full trials that decide a load. */
static double trials_per_load(const struct bp_search_conf *conf)
{
	return fmax(1, ceil(conf->sum_s * (1 - conf->exceed_ratio) / conf->trial_s - 1e-9));
}

static double halvings(const struct bp_control *c)
{
	double lower = c->found.lower_pps, upper = c->found.upper_pps;

	if (lower <= 0 || upper <= 0)
		return STEPS_GUESS;
	return fmax(0, ceil(log2((upper - lower) / upper / c->goal.width)));
}

/* Seconds to the end of all goals, if what is known now holds. */
static double estimate_s(const struct bp_search_goal *g)
{
	const struct bp_search_conf *conf = g->state->conf;
	const struct bp_control *c = g->control;
	double settle_s = fmax(g->state->overhead_s, 0.01);
	double short_s = conf->explore_s + settle_s, full_s = conf->trial_s + settle_s;
	double load_s = trials_per_load(conf) * full_s;
	bool explores = conf->explore_s < conf->trial_s;
	double left_s;

	if (!explores)
		left_s = halvings(c) * load_s;
	else if (c->phase == BP_CONTROL_EXPLORE)
		left_s = halvings(c) * short_s + 2 * load_s;
	else if (c->phase == BP_CONTROL_SAMPLE)
		left_s = conf->n_samples * short_s + 2 * load_s;
	else if (c->found.lower_pps > 0 && c->found.upper_pps > 0)
		left_s = halvings(c) * load_s;
	else
		left_s = (c->found.lower_pps > 0 || c->found.upper_pps > 0 ? 1 : 2) * load_s;
	return left_s + g->n_later * (explores ? short_s + 2 * load_s : STEPS_GUESS * load_s);
}

/* ---- trials ---------------------------------------------------------------------------------- */

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

/* Try until a trial can vote, a few times. */
static void try_input(struct bp_search_goal *g, const struct bp_trial_input *input)
{
	struct bp_search_ask ask = { .rate_pps = input->load_pps, .duration_s = input->duration_s };
	double sent_pps = 0;

	g->state->remaining_s = estimate_s(g);
	for (unsigned i = 0; i < BOUND_TRIES; i++) {
		const struct bp_search_trial *trial = bp_search_try(g->state, &ask);

		if (!trial || bp_trial_votes(trial))
			return;
		sent_pps = fmax(sent_pps, trial->n_sent ? trial->sent_pps : 0);
	}
	lower_ceiling(g->state, input->load_pps, sent_pps);
}

/* ---- goals ----------------------------------------------------------------------------------- */

static const char *phase_name(enum bp_control_phase phase)
{
	return phase == BP_CONTROL_SAMPLE    ? "sampling"
	       : phase == BP_CONTROL_EXPLORE ? "exploring"
					     : "final trials";
}

/* A host that disturbs every trial must not spend the budget on samples. */
static unsigned samples_left(const struct bp_search_state *s)
{
	bool is_late = s->limit_s > 0 && bp_search_elapsed_s(s) > SAMPLE_SHARE * s->limit_s;

	return is_late ? 0 : s->conf->n_samples;
}

static enum bp_control_turn run_goal(struct bp_search_goal *g)
{
	struct bp_search_state *s = g->state;
	const struct bp_search_result *r = s->result;
	enum bp_control_turn turn = BP_TURN_TRIAL;
	struct bp_trial_input input = { 0 };

	/* Once at least: what earlier goals measured may be enough, whatever ended the search. */
	do {
		if (s->n_lowered > LOWERED_MAX)
			return BP_TURN_CEILING;
		g->control->max_pps = s->ceiling_pps;
		g->control->min_pps = floor_pps(s);
		g->control->goal.n_samples = samples_left(s);
		turn = bp_control_next(g->control, r->trials, r->n_trials, &input);
		s->phase = phase_name(g->control->phase);
		s->lower_pps = g->control->found.lower_pps;
		s->upper_pps = g->control->found.upper_pps;
		if (turn == BP_TURN_TRIAL)
			try_input(g, &input);
	} while (!s->cause && turn == BP_TURN_TRIAL);
	return turn;
}

static struct bp_control_goal goal_of(const struct bp_search_conf *conf, unsigned id)
{
	struct bp_control_goal goal = {
		.rule = bp_search_rule(conf, id),
		.initial_s = conf->explore_s,
		.width = conf->width,
		.n_samples = conf->n_samples,
	};

	while (++id < conf->n_goals)
		goal.later_ratios[goal.n_later++] = conf->loss_ratios[id];
	return goal;
}

static void search_goal(struct bp_search_state *state, struct bp_control *control, unsigned id)
{
	const struct bp_control_goal goal = goal_of(state->conf, id);
	struct bp_search_goal g = {
		.state = state,
		.out = &state->result->goals[id],
		.control = control,
		.n_later = state->conf->n_goals - id - 1,
	};
	size_t n_before = state->result->n_trials;
	double begin_s = bp_search_elapsed_s(state);
	enum bp_control_turn turn = BP_TURN_TRIAL;

	bp_control_focus(control, &goal);
	g.out->loss_ratio = state->loss_ratio = goal.rule.loss_ratio;
	state->remaining_s = estimate_s(&g);
	if (bp_search_find_ceiling(state))
		turn = run_goal(&g);
	g.out->n_trials = (unsigned)(state->result->n_trials - n_before);
	g.out->spent_s = bp_search_elapsed_s(state) - begin_s;
	bp_search_settle(&g, turn);
}

void bp_search_goals(struct bp_search_state *state)
{
	struct bp_control control = { 0 };

	state->result->n_goals = state->conf->n_goals;
	for (unsigned id = 0; id < state->conf->n_goals; id++)
		search_goal(state, &control, id);
	bp_search_review(state);
}
