/* Measures latency at shares of NDR, loss at falling rates, and the longest burst without loss. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/rfc2544.h"

#include "gen/search_points.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double latency_shares[] = { 0.1, 0.5, 0.9 };

#define N_SHARES     ((unsigned)(sizeof(latency_shares) / sizeof(latency_shares[0])))
#define LOSS_STEPS   10u /* 100 %, 90 %, … 10 % */
#define LOSSLESS_END 2u /* RFC 2544 §26.3: two successive trials without loss end it */
#define BURST_TRIES  3u /* a hiccup of the generator is no limit of it */
/* Bursts: the bounds need not be closer than this share of the burst. */
#define BURST_WIDTH 0.005

static void settle(struct bp_search_result *r, enum bp_search_outcome outcome,
		   enum bp_search_cause cause)
{
	r->outcome = outcome;
	r->cause = cause;
	snprintf(r->why, sizeof(r->why), "%s", bp_search_cause_text(cause));
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), compare_doubles);
	return n ? (values[(n - 1) / 2] + values[n / 2]) / 2 : 0;
}

/* Sum up the last trials of the list into a row. */
static void fill_row(struct bp_search_row *row, const struct bp_search_trial *trials, unsigned n)
{
	double sent[BP_SEARCH_BURSTS_MAX], received[BP_SEARCH_BURSTS_MAX];
	uint64_t n_sent = 0, n_lost = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct bp_search_trial *trial = &trials[i];

		sent[i] = trial->sent_pps;
		received[i] = trial->received_pps;
		n_sent += trial->n_sent;
		n_lost += trial->n_lost;
		row->is_generator_bound |= bp_trial_falls_short(trial) || !trial->n_sent;
		row->p50_min_ns = i ? fmin(row->p50_min_ns, trial->p50_ns) : trial->p50_ns;
		row->p50_max_ns = fmax(row->p50_max_ns, trial->p50_ns);
	}
	row->n_trials = n;
	row->sent_pps = median(sent, n);
	row->received_pps = median(received, n);
	row->loss_ratio = n_sent ? (double)n_lost / (double)n_sent : 0;
}

/* ---- latency ---- */

static double rows_cost_s(const struct bp_search_state *s)
{
	return N_SHARES * s->conf->n_repeats * (s->conf->trial_s + fmax(s->overhead_s, 0.01));
}

/* Measure one row. False where it was cut off before its first trial ended. */
static bool latency_row(struct bp_search_state *s, double ndr_pps, double share,
			struct bp_latency *latency)
{
	struct bp_search_result *r = s->result;
	struct bp_search_ask ask = { .rate_pps = fmax(1, floor(ndr_pps * share)),
				     .duration_s = s->conf->trial_s,
				     .latency = latency };
	struct bp_search_row *row = &r->rows[r->n_rows];
	unsigned n = 0;

	for (; n < s->conf->n_repeats; n++) {
		s->remaining_s =
			rows_cost_s(s) / N_SHARES * (s->conf->n_repeats - n) / s->conf->n_repeats;
		if (!bp_search_try(s, &ask))
			break;
	}
	if (!n)
		return false;
	row->share = share;
	row->load_pps = ask.rate_pps;
	/* A trial that the stop flag cut off stands behind those that ended. */
	fill_row(row,
		 &r->trials[r->n_trials - n -
			    (s->cause == BP_SEARCH_CAUSE_INTERRUPTED &&
			     r->trials[r->n_trials - 1].is_interrupted)],
		 n);
	bp_latency_summarise(latency, &row->latency);
	r->n_rows++;
	return true;
}

/* NDR, or the rate that the generator could show to be carried. 0: none. */
static double find_ndr(struct bp_search_state *s)
{
	struct bp_search_result *r = s->result;
	double budget_s = s->conf->budget_s;

	if (s->conf->ndr_pps > 0)
		return s->conf->ndr_pps;
	s->reserved_s = rows_cost_s(s);
	if (budget_s > 0)
		s->limit_s = fmax(budget_s - s->reserved_s, budget_s / 2);
	bp_search_goals(s);
	s->limit_s = budget_s;
	s->reserved_s = 0;
	/* Out of time for the search is not out of time for the rows. */
	if (s->cause == BP_SEARCH_CAUSE_TIME)
		s->cause = BP_SEARCH_CAUSE_NONE;
	return r->goals[0].lower_pps;
}

static void settle_latency(struct bp_search_result *r, enum bp_search_cause cause)
{
	bool is_bound = false;

	for (unsigned i = 0; i < r->n_rows; i++)
		is_bound |= r->rows[i].is_generator_bound;
	if (r->n_rows == N_SHARES && !cause && !is_bound)
		settle(r, BP_SEARCH_MEASURED, BP_SEARCH_CAUSE_NONE);
	else
		settle(r, r->n_rows ? BP_SEARCH_BOUNDED : BP_SEARCH_NOT_MEASURABLE,
		       cause ? cause : BP_SEARCH_CAUSE_GENERATOR);
	if (r->n_goals && r->n_rows && r->goals[0].outcome != BP_SEARCH_MEASURED) {
		r->outcome = BP_SEARCH_BOUNDED;
		r->cause = r->goals[0].cause;
		snprintf(
			r->why, sizeof(r->why),
			"shares of %.0f frames/s, a rate that was carried: NDR itself was not found",
			r->goals[0].lower_pps);
	}
}

int bp_rfc2544_latency(struct bp_search_state *s)
{
	struct bp_latency *latency;
	double ndr_pps = find_ndr(s);

	if (ndr_pps <= 0) {
		const struct bp_search_bounds *ndr = &s->result->goals[0];

		settle(s->result, BP_SEARCH_NOT_MEASURABLE, ndr->cause);
		return 0;
	}
	s->phase = "latency";
	for (unsigned i = 0; i < N_SHARES && !s->cause; i++) {
		latency = calloc(1, sizeof(*latency));
		if (!latency)
			return -ENOMEM;
		s->reserved_s = rows_cost_s(s) * (N_SHARES - i - 1) / N_SHARES;
		latency_row(s, ndr_pps, latency_shares[i], latency);
		free(latency);
	}
	settle_latency(s->result, s->cause);
	return 0;
}

/* ---- frame loss rate ---- */

/* The trial of a row; a generator that was late gets a second try. NULL where none ended. */
static const struct bp_search_trial *loss_trial(struct bp_search_state *s, double load)
{
	struct bp_search_ask ask = { .rate_pps = load, .duration_s = s->conf->trial_s };
	const struct bp_search_trial *trial = bp_search_try(s, &ask);

	if (trial && bp_trial_falls_short(trial) && !s->cause)
		trial = bp_search_try(s, &ask);
	return trial;
}

static void settle_loss(struct bp_search_result *r, enum bp_search_cause cause, unsigned n_lossless)
{
	unsigned n_bound = 0;

	for (unsigned i = 0; i < r->n_rows; i++)
		n_bound += r->rows[i].is_generator_bound;
	if (cause)
		settle(r, r->n_rows > n_bound ? BP_SEARCH_BOUNDED : BP_SEARCH_NOT_MEASURABLE,
		       cause);
	else if (n_bound)
		settle(r, r->n_rows > n_bound ? BP_SEARCH_BOUNDED : BP_SEARCH_NOT_MEASURABLE,
		       BP_SEARCH_CAUSE_GENERATOR);
	else
		settle(r, BP_SEARCH_MEASURED, BP_SEARCH_CAUSE_NONE);
	if (!cause && n_lossless < LOSSLESS_END && r->outcome == BP_SEARCH_MEASURED)
		snprintf(r->why, sizeof(r->why),
			 "no two successive rates were free of loss, down to the lowest");
}

int bp_rfc2544_loss(struct bp_search_state *s)
{
	struct bp_search_result *r = s->result;
	unsigned n_lossless = 0;
	double max_pps;

	s->remaining_s = LOSS_STEPS * (s->conf->trial_s + 0.01);
	if (!bp_search_find_ceiling(s)) {
		settle(r, BP_SEARCH_NOT_MEASURABLE, s->cause);
		return 0;
	}
	max_pps = s->ceiling_pps;
	s->phase = "frame loss rate";
	for (unsigned i = 0; i < LOSS_STEPS && n_lossless < LOSSLESS_END; i++) {
		double share = (double)(LOSS_STEPS - i) / LOSS_STEPS;
		double load = fmax(1, floor(max_pps * share));
		struct bp_search_row *row = &r->rows[r->n_rows];
		const struct bp_search_trial *trial;

		s->remaining_s = (LOSS_STEPS - i) * (s->conf->trial_s + fmax(s->overhead_s, 0.01));
		trial = loss_trial(s, load);
		if (!trial)
			break;
		*row = (struct bp_search_row){ .share = share, .load_pps = load };
		fill_row(row, trial, 1);
		r->n_rows++;
		/* A rate that was not offered does not count as carried without loss. */
		n_lossless = trial->n_lost || row->is_generator_bound ? 0 : n_lossless + 1;
	}
	settle_loss(r, s->cause, n_lossless);
	return 0;
}

/* ---- back-to-back ---- */

struct burst_search {
	struct bp_search_state *state;
	double rate_pps; /* asked; 0: as fast as it goes */
	double expected_pps; /* for the time that a burst takes */
	double sum_pps; /* of the rates within bursts */
	unsigned n_sums;
	bool is_slow; /* a burst was not sent at the rate asked for */
};

enum burst_end { BURST_LOSSLESS, BURST_LOSSY, BURST_NONE };

/* At full speed the mark 'generator-bound' only says that nothing was lost, which is the question
 * here. */
static bool is_no_burst(const struct burst_search *b, const struct bp_search_trial *trial)
{
	return !trial->n_sent || trial->n_unsent || trial->n_rx_dropped ||
	       (b->rate_pps > 0 && trial->is_generator_bound);
}

static enum burst_end try_burst(struct burst_search *b, uint64_t n_pkts)
{
	struct bp_search_ask ask = { .rate_pps = b->rate_pps,
				     .duration_s = (double)n_pkts / b->expected_pps,
				     .n_pkts = n_pkts };
	const struct bp_search_trial *trial;
	unsigned n_tries = 0;

	do {
		trial = bp_search_try(b->state, &ask);
		if (!trial)
			return BURST_NONE;
	} while (is_no_burst(b, trial) && ++n_tries < BURST_TRIES);
	if (is_no_burst(b, trial)) {
		b->is_slow = true;
		return BURST_NONE;
	}
	b->sum_pps += trial->sent_pps;
	b->n_sums++;
	return trial->n_lost ? BURST_LOSSY : BURST_LOSSLESS;
}

/* A run's bursts shrink towards its result; each later run begins near that. */
static void estimate_bursts(struct burst_search *b, uint64_t lower, uint64_t next,
			    unsigned runs_left)
{
	double overhead_s = fmax(b->state->overhead_s, 0.01);
	double next_s = (double)next / b->expected_pps, lower_s = (double)lower / b->expected_pps;
	double later_s = lower ? lower_s : next_s / 16;

	b->state->remaining_s = (lower ? 3 * next_s : 2 * next_s) + 5 * overhead_s +
				(runs_left - 1) * 6 * (later_s + overhead_s);
}

/* Longest burst without loss, up to limit; UINT64_MAX: cut off. Brackets a guess, then halves. */
static uint64_t search_burst(struct burst_search *b, uint64_t guess, uint64_t limit,
			     unsigned runs_left)
{
	uint64_t lower = 0, upper = limit + 1, next = guess;

	while (upper - lower > 1 && (double)(upper - lower) > BURST_WIDTH * (double)upper) {
		enum burst_end end;

		estimate_bursts(b, lower, next, runs_left);
		end = try_burst(b, next);
		if (end == BURST_NONE)
			return UINT64_MAX;
		if (end == BURST_LOSSLESS)
			lower = next;
		else
			upper = next;
		if (upper > limit)
			next = lower + lower / 16 + 1 < limit ? lower + lower / 16 + 1 : limit;
		else if (!lower && next == guess && guess > 16)
			next = guess - guess / 16;
		else
			next = lower + (upper - lower) / 2;
	}
	return lower;
}

static void fill_burst(struct bp_search_burst *out, const struct burst_search *b)
{
	double sum = 0, squares = 0;

	out->min_pkts = out->n_runs ? UINT64_MAX : 0;
	for (unsigned i = 0; i < out->n_runs; i++) {
		sum += (double)out->n_pkts[i];
		out->min_pkts = out->n_pkts[i] < out->min_pkts ? out->n_pkts[i] : out->min_pkts;
		out->max_pkts = out->n_pkts[i] > out->max_pkts ? out->n_pkts[i] : out->max_pkts;
	}
	out->mean_pkts = out->n_runs ? sum / out->n_runs : 0;
	for (unsigned i = 0; i < out->n_runs; i++)
		squares += pow((double)out->n_pkts[i] - out->mean_pkts, 2);
	out->stddev_pkts = out->n_runs > 1 ? sqrt(squares / (out->n_runs - 1)) : 0;
	out->rate_pps = b->n_sums ? b->sum_pps / b->n_sums : 0;
}

/*
 * RFC 9004: while a burst comes in, the device already forwards: only the rest has to be
 * buffered.
 */
static void fill_buffer(struct bp_search_burst *out, double ndr_pps)
{
	if (ndr_pps > 0 && ndr_pps < out->rate_pps)
		out->buffer_s = out->mean_pkts / out->rate_pps * (1 - ndr_pps / out->rate_pps);
}

static void settle_bursts(struct bp_search_state *s, const struct burst_search *b, bool is_endless)
{
	struct bp_search_result *r = s->result;

	if (is_endless) {
		settle(r, BP_SEARCH_NOT_MEASURABLE, BP_SEARCH_CAUSE_GENERATOR);
		snprintf(
			r->why, sizeof(r->why),
			"the device carried the longest burst, %llu frames, without loss: at this rate "
			"it does not need its buffers",
			(unsigned long long)r->burst.limit_pkts);
	} else if (b->is_slow) {
		settle(r, r->burst.n_runs ? BP_SEARCH_BOUNDED : BP_SEARCH_NOT_MEASURABLE,
		       BP_SEARCH_CAUSE_GENERATOR);
		snprintf(r->why, sizeof(r->why),
			 "the generator cannot send bursts at the highest rate");
	} else if (s->cause) {
		settle(r, r->burst.n_runs ? BP_SEARCH_BOUNDED : BP_SEARCH_NOT_MEASURABLE, s->cause);
	} else if (!r->burst.max_pkts) {
		settle(r, BP_SEARCH_NOT_MEASURABLE, BP_SEARCH_CAUSE_LOSSY);
		snprintf(r->why, sizeof(r->why), "bursts of a single frame are lost as well");
	} else {
		settle(r, BP_SEARCH_MEASURED, BP_SEARCH_CAUSE_NONE);
	}
}

int bp_rfc2544_back_to_back(struct bp_search_state *s)
{
	struct bp_search_burst *out = &s->result->burst;
	struct burst_search b = { .state = s, .rate_pps = floor(s->conf->max_pps) };
	bool is_endless;
	uint64_t guess;

	s->remaining_s = 3 * s->conf->burst_s;
	if (!bp_search_find_ceiling(s)) {
		settle(s->result, BP_SEARCH_NOT_MEASURABLE, s->cause);
		return 0;
	}
	s->phase = "bursts";
	b.expected_pps = s->result->max_pps;
	out->limit_pkts = (uint64_t)fmax(1, b.expected_pps * s->conf->burst_s);
	estimate_bursts(&b, 0, out->limit_pkts, s->conf->n_repeats);
	is_endless = try_burst(&b, out->limit_pkts) == BURST_LOSSLESS;
	guess = out->limit_pkts / 2;
	for (unsigned i = 0; i < s->conf->n_repeats && !is_endless && !s->cause && !b.is_slow;
	     i++) {
		uint64_t n = search_burst(&b, guess ? guess : 1, out->limit_pkts,
					  s->conf->n_repeats - i);

		if (n == UINT64_MAX)
			break;
		out->n_pkts[out->n_runs++] = n;
		guess = n;
	}
	fill_burst(out, &b);
	fill_buffer(out, s->conf->ndr_pps);
	settle_bursts(s, &b, is_endless);
	return 0;
}
