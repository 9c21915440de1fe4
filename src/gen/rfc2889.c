/* Searches a switch's address caching capacity, then its learning rate, by trials that others run. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/rfc2889.h"

#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#define TRIES 3u /* of a trial that says nothing about the device */
#define SLACK 16u /* one address in so many is left out of a table whose rate is searched */

struct state {
	const struct bp_rfc2889_conf *conf;
	struct bp_rfc2889_result *result;
	struct bp_rfc2889_bounds *bounds; /* of the test in work */
	uint64_t begin_ns;
	/* The device's table holds at most addresses of the next trial, which it knows since its last rest. */
	bool is_clean;
	bool has_rested; /* since the search began: before that it may hold addresses of others */
};

/* What a trial says. */
enum verdict {
	ALL_LEARNT,
	NOT_ALL,
	NO_TRIAL, /* the test ends here: its bounds say why */
};

void bp_rfc2889_defaults(struct bp_rfc2889_conf *conf)
{
	*conf = (struct bp_rfc2889_conf){
		.n_initial = 1000,
		.ageing_s = 300,
		.calm_pps = 10000,
		.width = 0.05,
		.budget_s = 3600,
	};
}

/* A tenth more, as clocks and sweeps through a table take their time; and a sweep through all of it. */
double bp_rfc2889_rest_s(double ageing_s)
{
	return 1.1 * ageing_s + 2;
}

static double elapsed_s(const struct state *s)
{
	uint64_t now_ns = s->conf->now_ns ? s->conf->now_ns(s->conf->ctx) : bp_clock_ns();

	return (double)(now_ns - s->begin_ns) * 1e-9;
}

static bool is_stopped(const struct state *s)
{
	return s->conf->stop && atomic_load_explicit(s->conf->stop, memory_order_relaxed);
}

/* End the test in work: with bounds it is bounded. */
static enum verdict end(struct state *s, enum bp_search_cause cause, const char *why)
{
	struct bp_rfc2889_bounds *b = s->bounds;

	b->outcome = b->lower > 0 ? BP_SEARCH_BOUNDED : BP_SEARCH_NOT_MEASURABLE;
	b->cause = cause;
	snprintf(b->why, sizeof(b->why), "%s", why);
	return NO_TRIAL;
}

/* Wait until the device has forgotten what it learnt, unless it need not. 0, or NO_TRIAL. */
static enum verdict forget(struct state *s, struct bp_rfc2889_trial *t)
{
	double rest_s = s->is_clean ? 0 : bp_rfc2889_rest_s(s->conf->ageing_s);
	double pps = t->request.learn_pps > 0 ? t->request.learn_pps : s->conf->calm_pps;
	double frames_s = t->request.n_addresses * (1 / pps + 1 / t->request.test_pps);
	double budget_s = s->conf->budget_s;
	char why[240];

	if (s->result->n_trials == BP_RFC2889_TRIALS_MAX)
		return end(s, BP_SEARCH_CAUSE_TIME, "128 trials were made");
	if (frames_s >= s->conf->ageing_s) {
		snprintf(
			why, sizeof(why),
			"the frames for %u addresses take %.1f s, the device forgets after %g s: a "
			"higher --rate, or a longer ageing time of the device",
			t->request.n_addresses, frames_s, s->conf->ageing_s);
		return end(s, BP_SEARCH_CAUSE_TIME, why);
	}
	if (budget_s > 0 && elapsed_s(s) + rest_s + frames_s > budget_s) {
		snprintf(why, sizeof(why),
			 "the next trial takes %.0f s with the wait for the device to forget, and "
			 "would not end within the budget",
			 rest_s + frames_s);
		return end(s, BP_SEARCH_CAUSE_TIME, why);
	}
	if (s->conf->progress)
		s->conf->progress(s->conf->ctx, t, rest_s);
	if (rest_s > 0 && (!s->conf->rest(s->conf->ctx, rest_s) || is_stopped(s)))
		return end(s, BP_SEARCH_CAUSE_INTERRUPTED, "interrupted");
	s->has_rested |= rest_s > 0;
	t->waited_s = rest_s;
	return ALL_LEARNT;
}

/* What was flooded after so long may have been known, and forgotten. */
static void note_ageing(const struct state *s, struct bp_rfc2889_trial *t)
{
	double took_s = elapsed_s(s) - t->begin_s;

	if (!t->result.n_flooded || took_s < s->conf->ageing_s || t->result.is_void)
		return;
	t->result.is_void = true;
	snprintf(
		t->result.why, sizeof(t->result.why),
		"the trial took %.1f s, the device forgets after %g s: a higher --rate, or a longer ageing time of the "
		"device",
		took_s, s->conf->ageing_s);
}

/* One trial, into the list. */
static enum verdict run_once(struct state *s, struct bp_rfc2889_trial *t)
{
	bool has_all;

	if (is_stopped(s))
		return end(s, BP_SEARCH_CAUSE_INTERRUPTED, "interrupted");
	if (forget(s, t) == NO_TRIAL)
		return NO_TRIAL;
	t->begin_s = elapsed_s(s);
	if (s->conf->trial(s->conf->ctx, &t->request, &t->result))
		return end(s, BP_SEARCH_CAUSE_FAILED, "a trial could not run: the log says why");
	note_ageing(s, t);
	s->result->trials[s->result->n_trials++] = *t;
	s->bounds->n_trials++;
	/* A larger set of addresses holds all of this one. A failed trial may have left others behind. */
	has_all = t->result.n_received == t->request.n_addresses && !t->result.n_flooded;
	s->is_clean = has_all && t->test == BP_RFC2889_CAPACITY;
	if (t->result.is_interrupted || is_stopped(s))
		return end(s, BP_SEARCH_CAUSE_INTERRUPTED, "interrupted");
	return has_all ? ALL_LEARNT : NOT_ALL;
}

/* A trial that speaks for the device, or the reason why there is none. */
static enum verdict try(struct state *s, struct bp_rfc2889_trial *t)
{
	const struct bp_learning_result *r = &t->result;
	enum verdict verdict = NO_TRIAL;
	bool has_lost_learning = false;
	char why[240];

	for (unsigned i = 0; i < TRIES; i++) {
		verdict = run_once(s, t);
		if (verdict == NO_TRIAL)
			return verdict;
		if (r->is_void)
			continue;
		/* A learning frame that did not come to the test port may never have come to the device. */
		has_lost_learning = verdict == NOT_ALL && t->test == BP_RFC2889_CAPACITY &&
				    r->n_learn_received < r->n_learn_sent;
		if (has_lost_learning)
			continue;
		/* Lost, but not flooded: not known whether it was learnt. */
		if (verdict == ALL_LEARNT || r->n_flooded)
			return verdict;
	}
	if (r->is_void)
		return end(s, BP_SEARCH_CAUSE_GENERATOR, r->why);
	if (has_lost_learning)
		return end(
			s, BP_SEARCH_CAUSE_LOSSY,
			"learning frames were lost at a calm rate: what is flooded may never have been seen; a lower "
			"--rate");
	snprintf(why, sizeof(why),
		 "%llu of %llu test frames were lost, none was flooded: it does not show what the "
		 "device knew; a lower --rate, or no storm limit",
		 (unsigned long long)(r->n_sent - r->n_received), (unsigned long long)r->n_sent);
	return end(s, BP_SEARCH_CAUSE_LOSSY, why);
}

/* ---- 5.7: address caching capacity ------------------------------------------------------------ */

/*
 * The next number of addresses, strictly between the bounds. What a failed trial flooded says how many it knew; whether
 * that is all is seen one above. Each third step is a halving, for devices that say something else each time.
 */
static uint32_t step_capacity(uint32_t lower, uint32_t upper, uint32_t guess, unsigned n_steps)
{
	if (n_steps % 3 == 2)
		return lower + (upper - lower) / 2;
	if (guess > lower && guess < upper)
		return guess;
	return lower + 1;
}

static void search_capacity(struct state *s)
{
	struct bp_rfc2889_bounds *b = s->bounds = &s->result->capacity;
	uint32_t n = s->conf->n_initial, lower = 0, upper = 0, guess = 0;
	bool is_upper_clean = true;

	for (unsigned n_steps = 0; !upper || upper - lower > 1 || !is_upper_clean;) {
		struct bp_rfc2889_trial t = { .test = BP_RFC2889_CAPACITY,
					      .request = { n, s->conf->calm_pps,
							   s->conf->calm_pps } };
		enum verdict verdict = try(s, &t);

		if (verdict == NO_TRIAL)
			return;
		if (verdict == ALL_LEARNT) {
			b->lower = lower = n;
			if (upper && n >= upper)
				b->upper = upper = 0; /* it knew others when that one failed */
		} else {
			b->upper = upper = n;
			guess = (uint32_t)(n - fmin(n, (double)t.result.n_flooded));
			is_upper_clean = s->has_rested;
		}
		if (!upper && lower == BP_RFC2889_ADDRESSES_MAX) {
			end(s, BP_SEARCH_CAUSE_NONE,
			    "it may hold more: no more than that are tried");
			return;
		}
		if (!upper)
			n = lower > BP_RFC2889_ADDRESSES_MAX / 2 ? BP_RFC2889_ADDRESSES_MAX
								 : 2 * lower;
		else if (upper - lower > 1)
			n = step_capacity(lower, upper, guess, n_steps++);
		else
			n = upper;
	}
	if (lower)
		return;
	end(s, BP_SEARCH_CAUSE_LOSSY,
	    "the device floods frames to a single address that it has just seen: it does not learn, or "
	    "tx, rx and monitor are no ports of one switch");
}

/* ---- 5.8: address learning rate --------------------------------------------------------------- */

static bool is_rate_close(const struct state *s)
{
	const struct bp_rfc2889_bounds *b = s->bounds;

	return b->upper > 0 && b->lower > 0 && (b->upper - b->lower) / b->upper <= s->conf->width;
}

/* Move a bound to the rate that was sent. false: the test ends here. */
static bool take_rate(struct state *s, const struct bp_rfc2889_trial *t, enum verdict verdict)
{
	struct bp_rfc2889_bounds *b = s->bounds;
	const struct bp_learning_result *r = &t->result;
	const double lower = b->lower, upper = b->upper;
	/* A sender with pauses sends at the rate asked between them: its mean bounds nothing from above. */
	const double failed = fmax(r->learn_pps, t->request.learn_pps);

	if (verdict == ALL_LEARNT)
		b->lower = fmax(lower, r->learn_pps);
	else
		b->upper = upper > 0 ? fmin(upper, failed) : failed;
	if (b->upper <= 0 && (r->is_late || s->conf->max_pps <= 0)) {
		end(s, BP_SEARCH_CAUSE_GENERATOR,
		    "the device learns as fast as the generator sends: its own limit is not known");
	} else if (b->upper <= 0) {
		end(s, BP_SEARCH_CAUSE_NONE,
		    "the device learns at the highest rate that was to be asked");
	} else if (b->lower >= b->upper) {
		b->upper = 0;
		end(s, BP_SEARCH_CAUSE_NOISE,
		    "not all were learnt at one rate, but all at a higher one: the trials contradict "
		    "each other");
	} else if (upper > 0 && b->lower <= lower && b->upper >= upper) {
		end(s, BP_SEARCH_CAUSE_GENERATOR,
		    "the generator does not hold rates between the bounds");
	} else {
		return true;
	}
	return false;
}

/* Not the whole table: an address of somebody else would take one's place, and its flood be taken for a rate too high. */
static uint32_t n_of_rate(const struct state *s)
{
	const uint32_t n = (uint32_t)s->result->capacity.lower;

	return n > 1 ? n - (n + SLACK - 1) / SLACK : n;
}

static void search_rate(struct state *s)
{
	struct bp_rfc2889_bounds *b = s->bounds = &s->result->rate;
	const uint32_t n = n_of_rate(s);
	const struct bp_rfc2889_bounds *capacity = &s->result->capacity;
	double ask = s->conf->max_pps;

	if (capacity->cause == BP_SEARCH_CAUSE_FAILED ||
	    capacity->cause == BP_SEARCH_CAUSE_INTERRUPTED) {
		end(s, capacity->cause, capacity->why);
		return;
	}
	if (!n) {
		end(s, BP_SEARCH_CAUSE_LOSSY,
		    "no number of addresses is known that the device holds");
		return;
	}
	s->result->n_rate_addresses = n;
	while (!is_rate_close(s)) {
		struct bp_rfc2889_trial t = { .test = BP_RFC2889_RATE,
					      .request = { n, ask, s->conf->calm_pps } };
		enum verdict verdict;

		s->is_clean = false;
		verdict = try(s, &t);
		if (verdict == NO_TRIAL || !take_rate(s, &t, verdict))
			return;
		ask = floor(b->lower > 0 ? sqrt(b->lower * b->upper) : b->upper / 4);
		if (ask < 1) {
			end(s, BP_SEARCH_CAUSE_LOSSY, "not all are learnt at one frame a second");
			return;
		}
	}
}

/* ---- */

static int check(const struct bp_rfc2889_conf *c)
{
	if (c->trial && c->rest && c->n_initial >= 1 && c->n_initial <= BP_RFC2889_ADDRESSES_MAX &&
	    c->ageing_s >= 0.1 && c->ageing_s <= 1e6 && c->calm_pps >= 1 && c->calm_pps <= 1e12 &&
	    (c->max_pps <= 0 || c->max_pps >= 1) && c->width >= 0.0001 && c->width <= 0.5 &&
	    c->budget_s >= 0)
		return 0;
	bp_log(BP_LOG_ERROR,
	       "search rfc2889: found %u addresses, %g s of ageing, %g frames/s; allowed: 1 … %u, 0.1 … "
	       "1e6 s, at least 1 frame/s",
	       c->n_initial, c->ageing_s, fmin(c->calm_pps, c->max_pps > 0 ? c->max_pps : HUGE_VAL),
	       BP_RFC2889_ADDRESSES_MAX);
	return -EINVAL;
}

int bp_rfc2889_run(const struct bp_rfc2889_conf *conf, struct bp_rfc2889_result *result)
{
	/* Nothing is assumed of what the device knows, but a first trial may find out without a wait. */
	struct state s = { .conf = conf, .result = result, .is_clean = true };
	int err = check(conf);

	if (err)
		return err;
	*result = (struct bp_rfc2889_result){ .ageing_s = conf->ageing_s,
					      .calm_pps = conf->calm_pps,
					      .max_pps = conf->max_pps,
					      .width = conf->width,
					      .budget_s = conf->budget_s };
	s.begin_ns = conf->now_ns ? conf->now_ns(conf->ctx) : bp_clock_ns();
	search_capacity(&s);
	search_rate(&s);
	result->elapsed_s = elapsed_s(&s);
	return 0;
}
