/* Searches the highest rate that the far interface's counter confirms; measures latency at half of one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/lossless.h"

#include "compare/meter.h"
#include "compare/run.h"
#include "compare/workload.h"
#include "core/clock.h"
#include "gen/search.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOSS_RATIO 0.001
#define WIDTH      0.05
#define TRIAL_S    0.4
#define EXPLORE_S  0.15
#define SETTLE_S   0.05
#define TRIALS     24 /* full ones, settling included, that the search has time for */
#define SETTLE_MAX 2.0
#define STEP_US    10000u
/* Share of frames lost; above it, the latency of those that came is not the path's. */
#define LATENCY_LOSS 0.05
/* Share of the load asked for; below it, the generator was the limit. */
#define SENT_SHARE 0.9

/* Wait until the far interface counts no more. 0: *n is what it counts; or it cannot be read: -errno. */
static int settle(const struct bp_cmp_run *run, uint64_t *n)
{
	uint64_t still_ns = bp_clock_ns(), end_ns = still_ns + (uint64_t)(SETTLE_MAX * 1e9);
	uint64_t last = 0, now;

	for (;;) {
		int rc = bp_cmp_meter_far(run, &now);

		if (rc)
			return rc;
		if (now != last)
			still_ns = bp_clock_ns();
		last = *n = now;
		if (bp_clock_ns() - still_ns > (uint64_t)(SETTLE_S * 1e9) || bp_clock_ns() > end_ns)
			return 0;
		usleep(STEP_US);
	}
}

int bp_cmp_far_count(uint64_t before, uint64_t after, struct bp_trial_result *result)
{
	if (after < before)
		return -ERANGE;
	result->n_received = after - before;
	result->n_lost =
		result->n_sent > result->n_received ? result->n_sent - result->n_received : 0;
	result->loss_ratio = result->n_sent ? (double)result->n_lost / (double)result->n_sent : 0;
	result->received_pps = result->sent_pps * (1 - result->loss_ratio);
	return 0;
}

/* What cannot be counted is no trial: nothing of the row may rest on it. */
static int end_uncounted(struct bp_cmp_run *run, int rc)
{
	bp_cmp_row_end(run->row, BP_CMP_FAILED, "compare again; see the logs with --keep",
		       rc == -ERANGE ? "the far interface counts backwards: was it made anew? (%s)"
				     : "the far interface cannot be asked: %s",
		       strerror(-rc));
	return rc;
}

/* One trial: the generator counts what it sent, the far interface counts what arrived. */
static int far_trial(void *ctx, const struct bp_trial_request *request,
		     struct bp_trial_result *result)
{
	struct bp_cmp_run *run = ctx;
	struct bp_trial_result counted;
	uint64_t before, after;
	int rc = bp_cmp_meter_far(run, &before);

	if (rc)
		return end_uncounted(run, rc);
	rc = bp_cmp_run_trial(run, request);
	if (rc && rc != -EINTR)
		return rc;
	counted = run->answer.result;
	rc = settle(run, &after);
	if (!rc)
		rc = bp_cmp_far_count(before, after, &counted);
	if (rc)
		return end_uncounted(run, rc);
	run->n_searched++;
	run->n_disturbed += run->off.share > BP_OFF_LIMIT;
	*result = counted;
	result->is_generator_bound = request->rate_pps > 0
					     ? result->offered_pps < 0.995 * request->rate_pps
					     : !result->n_lost;
	return 0;
}

static int take_bounds(struct bp_cmp_run *run, const struct bp_search_result *result,
		       double *figure)
{
	const struct bp_search_bounds *b = &result->goals[0];
	const char *why = *b->why ? b->why : result->why;
	struct bp_cmp_row *row = run->row;

	/* What short trials saw is no lower bound. */
	*figure = result->n_goals && !b->is_lower_exploratory ? b->lower_pps : 0;
	bp_cmp_search_off(row, b);
	if (!(*figure > 0)) {
		bp_cmp_row_end(
			row, BP_CMP_CANNOT_RUN,
			"end other work on these cores, or give the search more time: --duration",
			"no rate with at most %g %% loss was confirmed, %u of %u trials were disturbed: %s",
			100 * LOSS_RATIO, run->n_disturbed, run->n_searched, why);
		return -ENODATA;
	}
	/* Both bounds, as far apart as the path moves: a figure as well. */
	if (b->outcome == BP_SEARCH_MEASURED ||
	    (b->cause == BP_SEARCH_CAUSE_NOISE && b->upper_pps > 0))
		return 0;
	row->is_gen_bound = true;
	snprintf(row->gen_why, sizeof(row->gen_why), "%s", why);
	return 0;
}

static int begin(struct bp_cmp_run *run)
{
	int rc = bp_cmp_forwarder_start(run);

	return rc ? rc : bp_cmp_run_start_generator(run);
}

void bp_cmp_lossless_conf(double trial_s, double search_s, struct bp_search_conf *conf)
{
	bp_search_defaults(BP_SEARCH_PDR, conf);
	conf->loss_ratios[0] = LOSS_RATIO;
	conf->settle_s = SETTLE_S;
	conf->width = WIDTH;
	conf->trial_s = fmin(TRIAL_S, trial_s);
	/* The generator settles after a trial, then the far interface. */
	conf->budget_s = fmax(TRIALS * (conf->trial_s + 2 * SETTLE_S), search_s);
	conf->explore_s = fmin(EXPLORE_S, trial_s);
	conf->sum_s = 3 * conf->trial_s; /* two that agree */
}

int bp_cmp_measure_lossless(struct bp_cmp_run *run, double *figure)
{
	struct bp_search_result result = { 0 };
	struct bp_search_conf conf;
	int rc = begin(run);

	if (!rc)
		rc = bp_cmp_await_packets(run, far_trial);
	if (rc)
		return rc;
	run->n_searched = run->n_disturbed = 0;
	bp_cmp_lossless_conf(run->cmp->options.trial_s, run->cmp->options.search_s, &conf);
	conf.trial = far_trial;
	conf.trial_ctx = run;
	conf.stop = run->cmp->stop;
	conf.frame_size = run->row->size->bytes;
	if (bp_search_run(&conf, &result))
		rc = -EIO;
	if (!rc && bp_cmp_is_stopped(run))
		rc = -EINTR;
	if (!rc && !bp_cmp_has_ended(run->row))
		rc = take_bounds(run, &result, figure);
	bp_search_result_free(&result);
	return rc;
}

/* The last lossless rate of the path that sets the load; 0: there is none. */
static double load_of(const struct bp_cmp_run *run)
{
	const struct bp_cmp_row *own = run->row;

	for (unsigned i = 0; i < run->cmp->n_figures; i++) {
		const struct bp_cmp_row *r = &run->cmp->figures[i];

		if (r->workload->measure == bp_cmp_measure_lossless && r->path == own->load_of &&
		    strcmp(r->size->name, own->size->name) == 0 && r->figure.n)
			return r->figure.v[r->figure.n - 1];
	}
	return 0;
}

int bp_cmp_measure_p99(struct bp_cmp_run *run, double *figure)
{
	const struct bp_trial_request request = { .rate_pps = load_of(run) / 2,
						  .duration_s = run->cmp->options.trial_s,
						  .settle_s = SETTLE_S,
						  .frame_size = run->row->size->bytes };
	const struct bp_trial_result *r = &run->answer.result;
	int rc;

	if (!(request.rate_pps > 0)) {
		bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN,
			       "measure 'lossless' of that path as well",
			       "half of which load? %s has no lossless rate here",
			       run->row->load_of->name);
		return -ENODATA;
	}
	run->is_for_latency = true; /* one thread that sends, receives and polls */
	rc = bp_cmp_write_inis(run);
	if (!rc)
		rc = begin(run);
	if (!rc)
		rc = bp_cmp_run_quiet_trial(run, &request);
	if (rc || r->is_interrupted)
		return rc ? rc : -EINTR;
	if (!r->n_received) {
		bp_cmp_row_end(run->row, BP_CMP_FAILED, "see the logs with --keep",
			       "nothing came back");
		return -ENODATA;
	}
	*figure = bp_latency_percentile(&run->answer.latency, 0.99) * 1e-9;
	if (r->sent_pps >= SENT_SHARE * request.rate_pps && r->loss_ratio <= LATENCY_LOSS)
		return 0;
	run->row->is_gen_bound = true;
	snprintf(
		run->row->gen_why, sizeof(run->row->gen_why),
		"the generator sends %.0f of %.0f kpps when it receives as well, %.0f %% of the frames "
		"are lost and have no latency",
		r->sent_pps * 1e-3, request.rate_pps * 1e-3, 100 * r->loss_ratio);
	return 0;
}
