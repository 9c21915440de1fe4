/* Chooses the next trial of a search. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_control.h"

#include "gen/search_steps.h"

#include <math.h>

#define ASIDE_SHARE 0.25 /* of a load's full trials that may speak against what it is to become */
#define ASIDES_MAX  12u /* loads left undecided, after which the device moves too much */
#define MISLED_MAX  2u /* of them, after which what is forwarded says nothing of the limit */
#define AIMS_MAX    100u
#define SAMPLES_MIN 5u
#define SAMPLE_OVER 1.08 /* where samples are taken, by what the device forwards */
#define PROBES      2u /* short trials that decide it, as the exceed ratio says */
#define SHARP_SHARE 0.97 /* of that load, which a device that is full stays below */
#define QUIET_SHARE 0.125 /* of the width: as good as no movement */
#define SAMPLED     0.5 /* of how far samples lie apart: their speed need not be known better */

struct bp_point_rule bp_control_rule(const struct bp_control *c)
{
	struct bp_point_rule rule = c->goal.rule;

	if (c->phase != BP_CONTROL_FINAL)
		rule.trial_s = rule.sum_s = c->goal.initial_s;
	return rule;
}

static bool has_short_trials(const struct bp_control *c)
{
	return c->goal.initial_s < c->goal.rule.trial_s;
}

void bp_control_focus(struct bp_control *c, const struct bp_control_goal *goal)
{
	*c = (struct bp_control){ .max_pps = c->max_pps,
				  .min_pps = c->min_pps,
				  .sample_pps = c->sample_pps,
				  .is_sharp = c->is_sharp,
				  .is_misled = c->is_misled,
				  .goal = *goal };
	c->phase = !has_short_trials(c) ? BP_CONTROL_FINAL
		   : goal->n_samples    ? BP_CONTROL_SAMPLE
					: BP_CONTROL_EXPLORE;
}

static enum bp_control_turn ask(struct bp_trial_input *next, double load_pps, double duration_s)
{
	*next = (struct bp_trial_input){ load_pps, duration_s };
	return BP_TURN_TRIAL;
}

/* ---- sampling -------------------------------------------------------------------------------- */

/* Take samples above what the device forwards of a load. */
static double sample_above(const struct bp_control *c, double forwarded_pps)
{
	double pps = ceil(forwarded_pps * SAMPLE_OVER / (1 - c->goal.rule.loss_ratio));

	return forwarded_pps > 0 ? fmin(fmax(pps, c->min_pps), c->max_pps) : 0;
}

static enum bp_control_turn end_sampling(struct bp_control *c, bool is_sharp)
{
	c->is_sharp = is_sharp && !c->is_misled;
	c->phase = c->is_sharp || c->is_explored ? BP_CONTROL_FINAL : BP_CONTROL_EXPLORE;
	return BP_TURN_CLOSE;
}

/* Does every sample stay below the load, and none below what was carried? */
static bool is_sharp(const struct bp_control *c, const struct bp_control_spread *s,
		     double carried_pps)
{
	double most = s->max_pps * (1 - c->goal.rule.loss_ratio);

	return most <= SHARP_SHARE * c->sample_pps &&
	       s->max_pps >= carried_pps * (1 - c->goal.width / 2);
}

/* Is the limit known well enough: where it moves, as well as it can be for its jumps? */
static bool is_sampled(const struct bp_control *c, const struct bp_control_spread *s)
{
	double quiet = QUIET_SHARE * c->goal.width;

	return s->n >= SAMPLES_MIN && bp_step_knows_drift(c, s, fmax(SAMPLED * s->share, quiet));
}

/* One short trial where the samples see a lower bound: a device that loses frames there, and does again, has no sharp knee. */
static enum bp_control_turn probe(struct bp_control *c, const struct bp_search_trial *trials,
				  size_t n_trials, struct bp_trial_input *next)
{
	struct bp_point_rule rule = bp_control_rule(c);

	rule.sum_s = PROBES * rule.trial_s;
	if (c->probe_pps <= 0 || c->probe_pps > c->max_pps)
		c->probe_pps = bp_step_lower(c, trials, n_trials);
	switch (bp_point_classify(trials, n_trials, &rule, c->probe_pps)) {
	case BP_POINT_LOWER:
		return end_sampling(c, true);
	case BP_POINT_UPPER:
		c->is_misled = true;
		return end_sampling(c, false);
	default:
		return ask(next, c->probe_pps, c->goal.initial_s);
	}
}

/* Another sample, or the next phase. */
static enum bp_control_turn sample(struct bp_control *c, const struct bp_search_trial *trials,
				   size_t n_trials, struct bp_trial_input *next)
{
	struct bp_point_rule rule = bp_control_rule(c);
	struct bp_point_bounds b = bp_load_find(trials, n_trials, &rule);
	struct bp_control_spread s;

	if (c->is_sharp && bp_control_spread(c, trials, n_trials).n >= SAMPLES_MIN)
		return end_sampling(c, true); /* the goal before has sampled */
	c->is_sharp = false;
	if (!c->goal.n_samples && c->sample_pps <= 0)
		return end_sampling(c, false);
	if (b.lower_pps <= 0 && b.upper_pps <= 0)
		return ask(next, c->max_pps, c->goal.initial_s);
	if (b.lower_pps < c->max_pps && c->sample_pps <= 0)
		c->sample_pps = sample_above(c, bp_step_forwarded(trials, n_trials, c->max_pps));
	if (c->sample_pps <= b.lower_pps || c->sample_pps <= 0) {
		c->sample_pps = 0; /* carried: not above what the device can do */
		return end_sampling(c, false);
	}
	s = bp_control_spread(c, trials, n_trials);
	if (s.n < c->goal.n_samples && !is_sampled(c, &s))
		return ask(next, c->sample_pps, c->goal.initial_s);
	if (!s.n || c->is_misled || !is_sharp(c, &s, b.lower_pps))
		return end_sampling(c, false);
	return probe(c, trials, n_trials, next);
}

/* ---- exploring ------------------------------------------------------------------------------- */

static enum bp_control_turn explore(struct bp_control *c, const struct bp_search_trial *trials,
				    size_t n_trials, struct bp_trial_input *next)
{
	struct bp_point_rule rule = bp_control_rule(c);
	enum bp_control_turn turn;

	c->found = bp_load_find(trials, n_trials, &rule);
	turn = bp_step(c, trials, n_trials, &next->load_pps);
	next->duration_s = c->goal.initial_s;
	if (turn == BP_TURN_TRIAL)
		return turn;
	c->is_explored = true;
	c->phase = BP_CONTROL_FINAL;
	c->n_ups = c->n_downs = 0;
	if (turn == BP_TURN_CLOSE && c->goal.n_samples) {
		c->phase = BP_CONTROL_SAMPLE;
		c->sample_pps = sample_above(c, c->found.upper_pps);
	}
	return turn;
}

/* ---- final trials ---------------------------------------------------------------------------- */

/*
 * More of its trials than a quarter speak against what the load is to become. That nothing was lost of
 * less than the load, as the generator was late, is no word against an upper bound.
 */
static bool is_contradicted(const struct bp_control *c, const struct bp_search_trial *trials,
			    size_t n_trials)
{
	const struct bp_point_rule *rule = &c->goal.rule;
	bool is_upper = c->aim_role == BP_CONTROL_UPPER;
	double against_s = 0, all_s = 0;

	if (c->aim_role == BP_CONTROL_EITHER || c->aim_pps <= c->min_pps ||
	    c->aim_pps >= c->max_pps)
		return false;
	for (size_t i = 0; i < n_trials; i++) {
		const struct bp_search_trial *t = &trials[i];
		bool is_low = t->loss_ratio <= rule->loss_ratio;

		if (!bp_trial_votes_at(t, c->aim_pps) || !bp_trial_is_full(t, rule) ||
		    (is_upper && is_low && t->is_generator_bound))
			continue;
		all_s += t->duration_s;
		if (is_low == is_upper)
			against_s += t->duration_s;
	}
	return against_s > ASIDE_SHARE * all_s;
}

static void set_aside(struct bp_control *c)
{
	bool is_lower = c->aim_role == BP_CONTROL_LOWER;
	struct bp_control_aside *aside = is_lower ? &c->below : &c->above;

	aside->pps = !aside->n  ? c->aim_pps
		     : is_lower ? fmin(aside->pps, c->aim_pps)
				: fmax(aside->pps, c->aim_pps);
	aside->n++;
	if (!c->is_sharp || (is_lower && aside->n <= MISLED_MAX))
		return;
	/* Carried above, or lost below, all that samples showed: they are no guide here. */
	c->is_sharp = false;
	c->is_misled = true;
	c->phase = BP_CONTROL_EXPLORE;
	c->n_ups = c->n_downs = 0;
}

/* Does the load in work need another trial? */
static bool is_in_work(struct bp_control *c, const struct bp_search_trial *trials, size_t n_trials)
{
	if (c->aim_pps <= 0 || c->aim_pps > c->max_pps || c->aim_pps <= c->found.lower_pps ||
	    (c->found.upper_pps > 0 && c->aim_pps >= c->found.upper_pps))
		return false;
	if (bp_point_classify(trials, n_trials, &c->goal.rule, c->aim_pps) != BP_POINT_UNDECIDED)
		return false;
	if (!is_contradicted(c, trials, n_trials))
		return true;
	set_aside(c);
	return false;
}

/* The last trial that counts says nothing new of the limit: look again before a load is chosen by it. */
static bool is_stale(const struct bp_control *c, const struct bp_search_trial *trials,
		     size_t n_trials)
{
	size_t i = n_trials;

	while (i && !bp_trial_votes(&trials[i - 1]))
		i--;
	return c->is_sharp && i && !bp_control_spread(c, &trials[i - 1], 1).n;
}

/* A sample in between. The last trial at the samples' load said nothing of the limit: then they are taken higher. */
static enum bp_control_turn sample_again(struct bp_control *c, const struct bp_search_trial *trials,
					 size_t n_trials, struct bp_trial_input *next)
{
	const struct bp_search_trial *last = &trials[n_trials - 1];

	if (bp_trial_votes_at(last, c->sample_pps)) {
		if (c->sample_pps >= c->max_pps) {
			c->is_sharp = false;
			return BP_TURN_CLOSE;
		}
		c->sample_pps = fmin(c->max_pps, ceil(c->sample_pps * SAMPLE_OVER));
	}
	return ask(next, c->sample_pps, c->goal.initial_s);
}

static enum bp_control_turn aim(struct bp_control *c, const struct bp_search_trial *trials,
				size_t n_trials, struct bp_trial_input *next)
{
	enum bp_control_turn turn;

	if (c->below.n + c->above.n > ASIDES_MAX)
		return BP_TURN_NOISE;
	if (c->n_aims > AIMS_MAX)
		return BP_TURN_EXHAUSTED;
	turn = bp_step_aim(c, trials, n_trials);
	if (turn != BP_TURN_TRIAL)
		return turn;
	c->n_aims++;
	return ask(next, c->aim_pps, c->goal.rule.trial_s);
}

static enum bp_control_turn decide(struct bp_control *c, const struct bp_search_trial *trials,
				   size_t n_trials, struct bp_trial_input *next)
{
	c->found = bp_load_find(trials, n_trials, &c->goal.rule);
	if (is_in_work(c, trials, n_trials))
		return ask(next, c->aim_pps, c->goal.rule.trial_s);
	c->aim_pps = 0;
	if (c->phase != BP_CONTROL_FINAL)
		return BP_TURN_CLOSE;
	if (bp_step_is_close(c))
		return BP_TURN_CLOSE;
	if (c->found.lower_pps >= c->max_pps)
		return BP_TURN_CEILING;
	if (c->found.upper_pps > 0 && c->found.upper_pps <= c->min_pps)
		return BP_TURN_FLOOR;
	if (is_stale(c, trials, n_trials) &&
	    sample_again(c, trials, n_trials, next) == BP_TURN_TRIAL)
		return BP_TURN_TRIAL;
	return aim(c, trials, n_trials, next);
}

enum bp_control_turn bp_control_next(struct bp_control *c, const struct bp_search_trial *trials,
				     size_t n_trials, struct bp_trial_input *next)
{
	if (c->sample_pps > c->max_pps) {
		c->sample_pps = 0;
		c->is_sharp = false;
	}
	for (;;) {
		enum bp_control_phase phase = c->phase;
		enum bp_control_turn turn;

		if (phase == BP_CONTROL_SAMPLE)
			turn = sample(c, trials, n_trials, next);
		else if (phase == BP_CONTROL_EXPLORE)
			turn = explore(c, trials, n_trials, next);
		else
			turn = decide(c, trials, n_trials, next);
		if (turn == BP_TURN_TRIAL || (phase == BP_CONTROL_FINAL && c->phase == phase))
			return turn;
	}
}
