/* Chooses the loads of a search. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_steps.h"

#include <math.h>

#define FILL_BELOW    0.62 /* of the width, from a limit that does not move to an aim */
#define FILL_ABOVE    0.33 /* less: what is above may be within the next goal's loss ratio */
#define SURE          1.5 /* standard errors of the slope */
#define MARGIN        0.5 /* of the spread, between the outermost sample and a bound */
#define SETTLED       4.0 /* times the spread: bounds that are no further apart are as close as can be */
#define DRIFTS        2.0 /* times what lies around the line: the limit drifts more than it jumps */
#define LATER         (1.0 / 10) /* of the width, below the limit of a later goal */
#define NEAR_LOW      0.8 /* loads by the sample's, whose trials tell what the limit is there */
#define NEAR_HIGH     1.2
#define EXCESS        (1.0 / 8) /* of the width: loss above the ratio that is more than a few frames */
#define MOVING        (1.0 / 16) /* of the width: a spread that is more */
#define ASIDES_MOVING 3u /* loads left undecided, after which the device moves */
#define SAME          (1.0 / 20) /* of the width: aims that moved by less are the same */

double bp_step_forwarded(const struct bp_search_trial *trials, size_t n_trials, double load_pps)
{
	double pps = load_pps;

	for (size_t i = 0; i < n_trials; i++)
		if (!(trials[i].load_pps < load_pps || trials[i].load_pps > load_pps))
			pps = fmin(pps, trials[i].received_pps);
	return pps;
}

bool bp_step_is_close(const struct bp_control *c)
{
	double lower = c->found.lower_pps, upper = c->found.upper_pps;

	return lower > 0 && upper > 0 &&
	       ((upper - lower) / upper <= c->goal.width || upper - lower < 2);
}

/* ---- steps and halvings ---------------------------------------------------------------------- */

static enum bp_control_turn step_down(struct bp_control *c, const struct bp_search_trial *trials,
				      size_t n_trials, double *load)
{
	double upper = c->found.upper_pps;
	double next = upper * (1 - fmin(ldexp(c->goal.width, (int)c->n_downs), 0.75));

	if (upper <= c->min_pps)
		return BP_TURN_FLOOR;
	if (!c->n_downs)
		next = fmin(next, bp_step_forwarded(trials, n_trials, upper));
	c->n_downs++;
	*load = fmin(fmax(floor(next), c->min_pps), c->max_pps);
	return BP_TURN_TRIAL;
}

static enum bp_control_turn step_up(struct bp_control *c, double *load)
{
	double lower = c->found.lower_pps;
	double next = lower * (1 + fmin(ldexp(c->goal.width, (int)c->n_ups), 1));

	if (lower >= c->max_pps)
		return BP_TURN_CEILING;
	c->n_ups++;
	*load = fmin(fmax(floor(next), lower + 1), c->max_pps);
	return BP_TURN_TRIAL;
}

/* The middle, unless the lower bound is worth a few small steps first: it is often a good guess. */
static enum bp_control_turn halve(struct bp_control *c, double *load)
{
	double lower = c->found.lower_pps, upper = c->found.upper_pps;
	double middle = floor(sqrt(lower) * sqrt(upper));

	if (step_up(c, load) != BP_TURN_TRIAL)
		return BP_TURN_CEILING;
	*load = fmin(*load, fmax(middle, lower + 1));
	return BP_TURN_TRIAL;
}

enum bp_control_turn bp_step(struct bp_control *c, const struct bp_search_trial *trials,
			     size_t n_trials, double *load_pps)
{
	if (bp_step_is_close(c))
		return BP_TURN_CLOSE;
	if (c->found.lower_pps > 0 && c->found.upper_pps > 0)
		return halve(c, load_pps);
	if (c->found.upper_pps > 0)
		return step_down(c, trials, n_trials, load_pps);
	if (c->found.lower_pps > 0)
		return step_up(c, load_pps);
	*load_pps = c->max_pps;
	return BP_TURN_TRIAL;
}

/* ---- aims ------------------------------------------------------------------------------------ */

/* Does the trial show the limit? A few lost frames below it do not. */
static bool is_telling(const struct bp_control *c, const struct bp_search_trial *t)
{
	if (!c->is_sharp)
		return bp_trial_votes_at(t, c->sample_pps);
	return bp_trial_votes(t) && t->load_pps > NEAR_LOW * c->sample_pps &&
	       t->load_pps < NEAR_HIGH * c->sample_pps &&
	       t->loss_ratio > c->goal.rule.loss_ratio + EXCESS * c->goal.width;
}

/* Sums for a straight line through estimates, by time. */
struct line {
	double n, t, t2, y, y2, ty;
	double steps2; /* what is counted goes by whole frames: squares of these steps of y */
};

static double estimate_of(const struct bp_control *c, const struct bp_search_trial *t)
{
	return fmin(t->load_pps, t->sent_pps) * (1 - t->loss_ratio) / (1 - c->goal.rule.loss_ratio);
}

static double slope_of(const struct line *l)
{
	double below = l->n * l->t2 - l->t * l->t;

	return l->n > 2 && below > 0 ? (l->n * l->ty - l->t * l->y) / below : 0;
}

static void add_point(struct line *l, double t, double y, double step)
{
	l->n++;
	l->t += t;
	l->t2 += t * t;
	l->y += y;
	l->y2 += y * y;
	l->ty += t * y;
	l->steps2 += step * step;
}

/* How far off the slope may be: SURE standard errors of it, of what lies around the line, and of rounding. */
static double slope_error(const struct line *l)
{
	double t2 = l->t2 - l->t * l->t / l->n, y2 = l->y2 - l->y * l->y / l->n;
	double off2 = fmax(y2 - slope_of(l) * (l->ty - l->t * l->y / l->n), 0);

	if (l->n <= 2 || t2 <= 0)
		return 0;
	return SURE * sqrt((off2 / (l->n - 2) + l->steps2 / l->n / 12) / t2);
}

/* How far apart the estimates lie, seen along the line. */
static double spread_along(const struct bp_control *c, const struct bp_search_trial *trials,
			   size_t n_trials, double slope)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 0; i < n_trials; i++) {
		double off = estimate_of(c, &trials[i]) - slope * trials[i].begin_s;

		if (!is_telling(c, &trials[i]))
			continue;
		low = fmin(low, off);
		high = fmax(high, off);
	}
	return high - low;
}

struct bp_control_spread bp_control_spread(const struct bp_control *c,
					   const struct bp_search_trial *trials, size_t n_trials)
{
	double along, slope, now_pps, begin_s = 0, last_s = 0;
	struct bp_control_spread s = { 0 };
	struct line l = { 0 };

	for (size_t i = 0; i < n_trials && c->sample_pps > 0; i++) {
		double y = estimate_of(c, &trials[i]), t = trials[i].begin_s;

		if (!is_telling(c, &trials[i]))
			continue;
		add_point(&l, t, y, 1 / trials[i].duration_s);
		begin_s = s.n ? begin_s : t;
		last_s = t;
		s.min_pps = s.n ? fmin(s.min_pps, y) : y;
		s.max_pps = fmax(s.max_pps, y);
		s.n++;
	}
	if (!s.n || s.max_pps <= 0)
		return s;
	slope = slope_of(&l);
	along = spread_along(c, trials, n_trials, slope);
	s.low_pps = s.min_pps;
	s.high_pps = s.max_pps;
	if (fabs(slope) * (last_s - begin_s) > DRIFTS * along) {
		now_pps = l.y / l.n + slope * (last_s - l.t / l.n);
		s.low_pps = fmax(1, now_pps - along / 2);
		s.high_pps = fmax(1, now_pps + along / 2);
	}
	s.share = (s.high_pps - s.low_pps) / s.high_pps;
	s.per_s = slope / s.high_pps;
	s.off_per_s = slope_error(&l) / s.high_pps;
	return s;
}

/* Loads that are to become bounds; 0: no idea. */
struct aims {
	double lower_pps, upper_pps;
	bool is_rising;
};

/* Seconds until this goal has both bounds, where each needs full trials of its own. */
static double rest_s(const struct bp_control *c)
{
	const struct bp_point_rule *rule = &c->goal.rule;

	return 2 * fmax(rule->trial_s, rule->sum_s * (1 - rule->exceed_ratio) + rule->trial_s);
}

/* How far the limit may move until then, either way: a share of it. */
static double drift(const struct bp_control *c, const struct bp_control_spread *s)
{
	return (fabs(s->per_s) + s->off_per_s) * rest_s(c);
}

bool bp_step_knows_drift(const struct bp_control *c, const struct bp_control_spread *s,
			 double share)
{
	return s->off_per_s * rest_s(c) <= share;
}

/* Does the limit move by more than bounds can pass over, as close as was asked? */
static bool is_moving(const struct bp_control *c, const struct bp_control_spread *s)
{
	return s->share > MOVING * c->goal.width || drift(c, s) > MOVING * c->goal.width;
}

/* Loads that a later goal cannot be sure of are no upper bound of this one: it would count there as well. */
static double pass_later(const struct bp_control *c, double low_pps, double upper_pps)
{
	double load = upper_pps;

	for (unsigned i = 0; i < c->goal.n_later; i++) {
		double scale = (1 - c->goal.rule.loss_ratio) / (1 - c->goal.later_ratios[i]);

		if (load > low_pps * scale * (1 - LATER * c->goal.width))
			load = fmax(load, upper_pps * scale);
	}
	return load;
}

/* Outside of where the samples lie, of where the limit will be until the search ends, and no closer than was asked for. */
static struct aims aims_by_samples(const struct bp_control *c, const struct bp_control_spread *s)
{
	double rise = fmax(s->off_per_s + s->per_s, 0) * rest_s(c);
	double fall = fmax(s->off_per_s - s->per_s, 0) * rest_s(c);
	double width = c->goal.width;
	double below = fmax(FILL_BELOW * (width - s->share), MARGIN * s->share + fall);
	double above = fmax(FILL_ABOVE * (width - s->share), MARGIN * s->share + rise);
	double low = s->low_pps * (1 - MARGIN * s->share - (1 + c->goal.n_later) * fall);

	return (struct aims){ floor(s->low_pps * (1 - fmin(below, 0.9))),
			      ceil(pass_later(c, low, s->high_pps * (1 + above))), rise > fall };
}

double bp_step_lower(const struct bp_control *c, const struct bp_search_trial *trials,
		     size_t n_trials)
{
	struct bp_control_spread s = bp_control_spread(c, trials, n_trials);

	return fmin(fmax(aims_by_samples(c, &s).lower_pps, c->min_pps), c->max_pps);
}

/* Where short trials saw the bounds, and further out by as much as they differ. */
static struct aims aims_by_hints(const struct bp_control *c, const struct bp_search_trial *trials,
				 size_t n_trials, double share)
{
	struct bp_point_rule rule = c->goal.rule;
	struct bp_point_bounds hint;

	if (c->goal.initial_s >= rule.trial_s)
		return (struct aims){ 0 };
	rule.trial_s = rule.sum_s = c->goal.initial_s;
	hint = bp_load_find(trials, n_trials, &rule);
	if (share <= MOVING * c->goal.width)
		share = 0;
	return (struct aims){ floor(hint.lower_pps * (1 - fmin(MARGIN * share, 0.9))),
			      ceil(hint.upper_pps * (1 + MARGIN * share)), false };
}

/* How far beyond loads that were left undecided: a few frames may be lost below a limit that shows. */
static double aside_step(const struct bp_control *c, const struct bp_control_aside *aside)
{
	int n = (int)aside->n - 1;

	return fmin(c->goal.width * (c->is_sharp ? ldexp(0.05, 2 * n) : ldexp(0.5, n)), 0.75);
}

static void pass_aside(const struct bp_control *c, struct aims *a)
{
	if (c->below.n && a->lower_pps > 0)
		a->lower_pps =
			fmin(a->lower_pps, floor(c->below.pps * (1 - aside_step(c, &c->below))));
	if (c->above.n && a->upper_pps > 0)
		a->upper_pps =
			fmax(a->upper_pps, ceil(c->above.pps * (1 + aside_step(c, &c->above))));
}

static struct aims find_aims(const struct bp_control *c, const struct bp_search_trial *trials,
			     size_t n_trials, const struct bp_control_spread *s)
{
	struct aims a = c->is_sharp && s->n ? aims_by_samples(c, s)
					    : aims_by_hints(c, trials, n_trials, s->share);

	pass_aside(c, &a);
	if (a.lower_pps > 0)
		a.lower_pps = fmin(fmax(a.lower_pps, c->min_pps), c->max_pps);
	a.upper_pps = fmin(a.upper_pps, c->max_pps);
	return a;
}

static enum bp_control_turn take(struct bp_control *c, double load, enum bp_control_role role)
{
	c->aim_pps = load;
	c->aim_role = role;
	return BP_TURN_TRIAL;
}

/* Is the aim a load that can still become that bound? */
static bool is_open(const struct bp_control *c, double load)
{
	return load > c->found.lower_pps && load > 0 &&
	       (c->found.upper_pps <= 0 || load < c->found.upper_pps);
}

/* Both bounds. An upper one by short trials alone is none where it lies further out than the aim. */
static struct bp_point_bounds full_bounds(const struct bp_control *c,
					  const struct bp_search_trial *trials, size_t n_trials,
					  const struct aims *a)
{
	struct bp_point_bounds b = c->found;
	struct bp_point_time t = bp_point_time(trials, n_trials, &c->goal.rule, b.upper_pps);

	if (t.low_s + t.high_s <= 0 && b.upper_pps > a->upper_pps)
		b.upper_pps = 0;
	return b;
}

/* Bounds about as close as the aims are where the limit moves: they are as close as can be. */
static bool is_settled(const struct bp_control *c, const struct bp_point_bounds *b,
		       const struct bp_control_spread *s)
{
	double enough = 2 * c->goal.width + SETTLED * (s->share + drift(c, s));

	if (!is_moving(c, s) && c->below.n + c->above.n < ASIDES_MOVING)
		return false;
	return b->lower_pps > 0 && b->upper_pps > 0 &&
	       (b->upper_pps - b->lower_pps) / b->upper_pps <= enough;
}

enum bp_control_turn bp_step_aim(struct bp_control *c, const struct bp_search_trial *trials,
				 size_t n_trials)
{
	struct bp_control_spread s = bp_control_spread(c, trials, n_trials);
	struct aims a = find_aims(c, trials, n_trials, &s);
	struct bp_point_bounds b = full_bounds(c, trials, n_trials, &a);
	double same = SAME * c->goal.width, load = 0;
	/* A bound that is known gets a closer one only when the other is known as well. */
	bool needs_lower =
		is_open(c, a.lower_pps) &&
		(b.lower_pps <= 0 || (b.upper_pps > 0 && b.lower_pps < a.lower_pps * (1 - same)));
	bool needs_upper =
		is_open(c, a.upper_pps) &&
		(b.upper_pps <= 0 || (b.lower_pps > 0 && b.upper_pps > a.upper_pps * (1 + same)));
	enum bp_control_turn turn;

	if (is_settled(c, &b, &s))
		return BP_TURN_NOISE;
	/* The side to which the limit moves comes last; without samples, what is carried comes first. */
	if (needs_lower && (a.is_rising || !needs_upper || c->sample_pps <= 0))
		return take(c, a.lower_pps, BP_CONTROL_LOWER);
	if (needs_upper)
		return take(c, a.upper_pps, BP_CONTROL_UPPER);
	turn = bp_step(c, trials, n_trials, &load);
	return turn == BP_TURN_TRIAL ? take(c, load, BP_CONTROL_EITHER) : turn;
}
