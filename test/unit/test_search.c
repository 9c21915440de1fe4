/* Checks the searches for bounds on simulated devices whose knee is known. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_points.h"
#include "sim_device.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define N_SEEDS 300u

static struct sim_device device_of(uint64_t seed)
{
	/* Knees from 10 kpps to 10 Mpps; a generator twice to twenty times as fast. */
	double knee = pow(10, 4 + (double)(seed % 31) / 10);

	return (struct sim_device){ .knee_pps = knee,
				    .generator_pps = knee * (2 + (double)(seed % 19)),
				    .settle_s = 0.05,
				    .seed = seed * 7919 };
}

static void run(struct sim_device *d, enum bp_search_kind kind, struct bp_search_result *r)
{
	struct bp_search_conf conf;

	sim_device_conf(d, kind, &conf);
	assert_int_equal(bp_search_run(&conf, r), 0);
}

/* Where a loss ratio lets the rate rise above the knee: lost share is 1 − knee / rate. */
static double limit_of(const struct sim_device *d, double loss_ratio)
{
	return d->knee_pps / (1 - loss_ratio);
}

static void assert_bounds(const struct bp_search_bounds *b, double limit, double slack,
			  double width)
{
	assert_int_equal(b->outcome, BP_SEARCH_MEASURED);
	assert_true(b->lower_pps > 0 && b->lower_pps < b->upper_pps);
	assert_true(b->lower_pps <= limit * (1 + slack));
	assert_true(b->upper_pps >= limit * (1 - slack));
	assert_true(b->width <= width);
	assert_false(b->is_exploratory);
}

static void every_search_brackets_a_sharp_knee(void **state)
{
	static const enum bp_search_kind kinds[] = { BP_SEARCH_NDR, BP_SEARCH_PDR,
						     BP_SEARCH_THROUGHPUT, BP_SEARCH_MLR };

	(void)state;
	for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
		struct sim_device d = device_of(seed);
		struct bp_search_result r;

		/* Forwarding less when overloaded misleads the first guess, not the result. */
		d.collapse = seed % 8 == 4 ? 0.5 : 0;
		run(&d, kinds[seed % 4], &r);
		assert_int_equal(r.outcome, BP_SEARCH_MEASURED);
		for (unsigned i = 0; i < r.n_goals; i++)
			/* A frame of the trial is the finest loss there is. */
			assert_bounds(&r.goals[i], limit_of(&d, r.goals[i].loss_ratio), 1e-3,
				      0.0101);
		assert_true(r.n_trials < 80);
		bp_search_result_free(&r);
	}
}

static void a_tolerated_ratio_of_a_tenth_per_cent_is_kept(void **state)
{
	struct sim_device d = device_of(17);
	struct bp_search_conf conf;
	struct bp_search_result r;

	(void)state;
	sim_device_conf(&d, BP_SEARCH_NDR, &conf);
	conf.loss_ratios[0] = 0.001;
	conf.width = 0.0005;
	assert_int_equal(bp_search_run(&conf, &r), 0);
	assert_bounds(&r.goals[0], limit_of(&d, 0.001), 1e-4, 0.0006);
	/* The knee itself lies below both bounds: the ratio did matter. */
	assert_true(r.goals[0].lower_pps > d.knee_pps);
	bp_search_result_free(&r);
}

/* Under noise the knee of a trial lies anywhere in ± noise: the bounds lie outside of that. */
static void bounds_are_no_closer_than_the_noise(void **state)
{
	unsigned n_outside = 0;

	(void)state;
	for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
		struct sim_device d = device_of(seed);
		struct bp_search_result r;
		double limit;

		d.noise = 0.02;
		run(&d, seed % 2 ? BP_SEARCH_NDR : BP_SEARCH_PDR, &r);
		limit = limit_of(&d, r.goals[0].loss_ratio);
		assert_int_equal(r.outcome, BP_SEARCH_BOUNDED);
		assert_int_equal(r.cause, BP_SEARCH_CAUSE_NOISE);
		assert_non_null(strstr(r.why, "moved by"));
		assert_true(r.goals[0].lower_pps < limit && r.goals[0].upper_pps > limit);
		assert_true(r.goals[0].width > 0.04 && r.goals[0].width < 0.2);
		n_outside += r.goals[0].lower_pps <= limit * 0.9801 &&
			     r.goals[0].upper_pps >= limit * 1.0199;
		bp_search_result_free(&r);
	}
	assert_true(n_outside > N_SEEDS * 98 / 100);
}

static void spikes_of_loss_do_not_hide_the_knee(void **state)
{
	unsigned n_measured = 0;

	(void)state;
	for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
		struct sim_device d = device_of(seed);
		struct bp_search_result r;

		d.spike_share = 0.1;
		run(&d, BP_SEARCH_NDR, &r);
		if (r.outcome == BP_SEARCH_MEASURED && r.goals[0].upper_pps >= d.knee_pps * 0.99 &&
		    r.goals[0].lower_pps <= d.knee_pps * 1.01)
			n_measured++;
		/* A spike may cost height, it never makes the device better than it is. */
		assert_true(r.goals[0].lower_pps <= d.knee_pps * 1.001);
		bp_search_result_free(&r);
	}
	assert_true(n_measured > N_SEEDS * 9 / 10);
}

static void a_lossless_share_below_the_exceed_ratio_is_no_throughput(void **state)
{
	struct sim_device d = device_of(3);
	struct bp_search_result r;

	(void)state;
	d.base_loss = 0.02;
	run(&d, BP_SEARCH_NDR, &r);
	assert_int_equal(r.outcome, BP_SEARCH_NOT_MEASURABLE);
	assert_int_equal(r.cause, BP_SEARCH_CAUSE_LOSSY);
	assert_true(r.goals[0].lower_pps <= 0 && r.goals[0].upper_pps > 0);
	assert_true(strlen(r.why) > 0);
	bp_search_result_free(&r);
}

/* The device slows by 0.1 % a second: a search takes about half a minute. */
static void drift_ends_near_the_last_knee_or_as_noise(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
		struct sim_device d = device_of(seed);
		struct bp_search_result r;
		double knee_end;

		d.drift_per_s = seed % 2 ? -0.001 : 0.001;
		run(&d, BP_SEARCH_NDR, &r);
		knee_end = d.knee_pps * (1 + d.drift_per_s * (double)d.now_ns * 1e-9);
		if (r.outcome == BP_SEARCH_MEASURED) {
			/* Each bound was measured last within a few trials of the end. */
			assert_true(r.goals[0].lower_pps <= knee_end * 1.03);
			assert_true(r.goals[0].upper_pps >= knee_end * 0.97);
		} else {
			assert_int_equal(r.cause, BP_SEARCH_CAUSE_NOISE);
		}
		bp_search_result_free(&r);
	}
}

static void a_fast_drift_is_noticed_and_said(void **state)
{
	struct sim_device d = device_of(5);
	struct bp_search_result r;

	(void)state;
	d.drift_per_s = -0.004;
	run(&d, BP_SEARCH_NDR, &r);
	assert_int_equal(r.outcome, BP_SEARCH_BOUNDED);
	assert_int_equal(r.cause, BP_SEARCH_CAUSE_NOISE);
	assert_true(r.goals[0].lower_pps < d.knee_pps * (1 - 0.004 * r.elapsed_s) * 1.01);
	bp_search_result_free(&r);
}

/* Devices beyond all reason: no budget, and it ends all the same, with bounds in order if there are any. */
static void it_ends_whatever_the_device_does(void **state)
{
	unsigned most = 0;

	(void)state;
	for (uint64_t seed = 0; seed < N_SEEDS / 4; seed++) {
		struct sim_device d = device_of(seed);
		struct bp_search_result r;

		d.noise = seed % 2 ? 0.4 : 0.05;
		d.spike_share = seed % 3 ? 0 : 0.5;
		d.drift_per_s = seed % 5 ? 0 : 0.02;
		d.collapse = seed % 7 ? 0 : 0.9;
		d.base_loss = seed % 11 ? 0 : 0.004;
		d.hiccup_share = seed % 13 ? 0 : 0.5;
		run(&d, seed % 2 ? BP_SEARCH_MLR : BP_SEARCH_NDR, &r);
		for (unsigned i = 0; i < r.n_goals; i++)
			assert_true(r.goals[i].upper_pps <= 0 ||
				    r.goals[i].lower_pps < r.goals[i].upper_pps);
		most = r.n_trials > most ? (unsigned)r.n_trials : most;
		bp_search_result_free(&r);
	}
	assert_true(most < BP_SEARCH_TRIALS_MAX / 2);
}

static void a_slow_generator_never_makes_an_upper_bound(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
		struct sim_device d = device_of(seed);
		struct bp_search_conf conf;
		struct bp_search_result r;

		d.generator_pps = d.knee_pps * (0.2 + 0.7 * (double)(seed % 10) / 10);
		/* It also loses now and then, so that loss and slowness meet. */
		d.spike_share = seed % 3 ? 0 : 0.05;
		sim_device_conf(&d, seed % 2 ? BP_SEARCH_NDR : BP_SEARCH_THROUGHPUT, &conf);
		if (seed % 4 > 1)
			conf.max_pps = d.knee_pps * 3; /* a line rate that it cannot reach */
		assert_int_equal(bp_search_run(&conf, &r), 0);
		assert_true(r.outcome != BP_SEARCH_MEASURED || d.spike_share > 0);
		if (!(d.spike_share > 0)) {
			assert_int_equal(r.outcome, BP_SEARCH_NOT_MEASURABLE);
			assert_int_equal(r.cause, BP_SEARCH_CAUSE_GENERATOR);
			assert_true(r.goals[0].upper_pps <= 0);
			assert_true(r.goals[0].lower_pps > d.generator_pps * 0.97);
			assert_true(r.goals[0].lower_pps <= d.generator_pps);
		}
		for (size_t i = 0; i < r.n_trials; i++)
			assert_false(bp_trial_falls_short(&r.trials[i]) &&
				     bp_trial_votes(&r.trials[i]));
		bp_search_result_free(&r);
	}
}

static void hiccups_of_the_generator_are_tried_again(void **state)
{
	unsigned n_measured = 0;

	(void)state;
	for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
		struct sim_device d = device_of(seed);
		struct bp_search_result r;

		d.hiccup_share = 0.15;
		run(&d, BP_SEARCH_NDR, &r);
		n_measured += r.outcome == BP_SEARCH_MEASURED;
		if (r.outcome == BP_SEARCH_MEASURED)
			assert_bounds(&r.goals[0], d.knee_pps, 1e-3, 0.0101);
		else
			assert_int_equal(r.cause, BP_SEARCH_CAUSE_GENERATOR);
		bp_search_result_free(&r);
	}
	assert_true(n_measured > N_SEEDS * 9 / 10);
}

/* A core that is taken away now and then: each trial is 0 to 4 % short, and says something all the same. */
static void bounds_hold_though_the_generator_is_always_late(void **state)
{
	unsigned n_noise = 0;

	(void)state;
	for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
		struct sim_device d = device_of(seed);
		const struct bp_search_bounds *b;
		struct bp_search_result r;

		d.hiccup_share = seed % 3 ? 0.5 : 1;
		d.hiccup_depth = 0.01 * (double)(1 + seed % 4);
		run(&d, seed % 2 ? BP_SEARCH_NDR : BP_SEARCH_PDR, &r);
		b = &r.goals[0];
		assert_true(b->lower_pps > 0 && b->lower_pps <= b->lower_asked_pps);
		assert_true(b->lower_pps <= limit_of(&d, b->loss_ratio) * 1.001);
		assert_true(b->upper_pps >= limit_of(&d, b->loss_ratio) * 0.999);
		if (b->cause != BP_SEARCH_CAUSE_NOISE)
			assert_true(b->width <= 0.0101 + d.hiccup_depth);
		n_noise += b->cause == BP_SEARCH_CAUSE_NOISE;
		if (b->outcome == BP_SEARCH_MEASURED) {
			assert_true(b->lower_pps > b->lower_asked_pps * 0.994);
		} else if (b->cause != BP_SEARCH_CAUSE_NOISE) {
			assert_int_equal(b->outcome, BP_SEARCH_BOUNDED);
			assert_int_equal(b->cause, BP_SEARCH_CAUSE_GENERATOR);
			assert_true(strlen(b->why) > 0);
		}
		bp_search_result_free(&r);
	}
	assert_true(n_noise < N_SEEDS / 10);
}

/* What the generator's own receiver drops is no loss of the device. */
static void trials_whose_own_receiver_drops_have_no_vote(void **state)
{
	struct bp_search_trial trial = { .load_pps = 1e6,
					 .asked_pps = 1e6,
					 .sent_pps = 1e6,
					 .n_sent = 1000000,
					 .n_lost = 5,
					 .loss_ratio = 5e-6,
					 .duration_s = 1 };

	(void)state;
	assert_true(bp_trial_votes(&trial));
	trial.is_generator_bound = true;
	assert_true(bp_trial_votes(&trial));
	trial.n_rx_dropped = 5;
	assert_false(bp_trial_votes(&trial));
	trial.n_rx_dropped = 0;
	trial.sent_pps = 0.94e6;
	assert_false(bp_trial_votes(&trial));
}

static void a_device_faster_than_the_line_is_measured_at_the_line(void **state)
{
	struct sim_device d = device_of(12);
	struct bp_search_conf conf;
	struct bp_search_result r;

	(void)state;
	sim_device_conf(&d, BP_SEARCH_NDR, &conf);
	conf.max_pps = floor(d.knee_pps / 2);
	assert_int_equal(bp_search_run(&conf, &r), 0);
	assert_int_equal(r.outcome, BP_SEARCH_MEASURED);
	assert_true(r.goals[0].is_at_max);
	assert_true(r.goals[0].upper_pps <= 0);
	assert_true(fabs(r.goals[0].lower_pps - conf.max_pps) < 1);
	bp_search_result_free(&r);
}

static void the_budget_is_kept_whatever_it_is(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
		struct sim_device d = device_of(seed);
		enum bp_search_kind kind = (enum bp_search_kind)(seed % BP_SEARCH_KIND_N);
		struct bp_search_conf conf;
		struct bp_search_result r;

		sim_device_conf(&d, kind, &conf);
		d.buffer_pkts = 1000;
		conf.budget_s = 0.5 + (double)(seed % 60);
		assert_int_equal(bp_search_run(&conf, &r), 0);
		/* Only the very first trial's overhead is not known beforehand. */
		assert_true(r.elapsed_s <= conf.budget_s + 1e-6);
		if (r.outcome != BP_SEARCH_MEASURED)
			assert_true(strlen(r.why) > 0);
		bp_search_result_free(&r);
	}
}

static bool has_full_trial(const struct bp_search_result *r, double load_pps)
{
	for (size_t i = 0; i < r->n_trials; i++)
		if (fabs(r->trials[i].load_pps - load_pps) < 0.5 &&
		    r->trials[i].duration_s >= r->trial_s)
			return true;
	return false;
}

static void out_of_time_keeps_the_bounds_found_so_far(void **state)
{
	unsigned n_bounded = 0, n_exploratory = 0, n_lower_exploratory = 0;

	(void)state;
	for (unsigned seed = 0; seed < N_SEEDS; seed++) {
		struct sim_device d = device_of(seed);
		struct bp_search_conf conf;
		struct bp_search_result r;

		sim_device_conf(&d, BP_SEARCH_NDR, &conf);
		conf.budget_s = 1 + seed % 12;
		assert_int_equal(bp_search_run(&conf, &r), 0);
		n_bounded += r.outcome == BP_SEARCH_BOUNDED;
		n_exploratory += r.goals[0].is_exploratory;
		n_lower_exploratory += r.goals[0].is_lower_exploratory;
		if (r.goals[0].lower_pps > 0 && !has_full_trial(&r, r.goals[0].lower_asked_pps))
			assert_true(r.goals[0].is_lower_exploratory);
		if (r.goals[0].is_lower_exploratory)
			assert_false(r.goals[0].conditional_pps > 0);
		if (r.outcome != BP_SEARCH_MEASURED) {
			assert_int_equal(r.cause, BP_SEARCH_CAUSE_TIME);
			assert_true(r.goals[0].lower_pps <= d.knee_pps * 1.001);
			assert_true(r.goals[0].upper_pps >= d.knee_pps * 0.999);
		}
		bp_search_result_free(&r);
	}
	assert_true(n_bounded > N_SEEDS / 2 && n_exploratory > N_SEEDS / 4);
	assert_true(n_lower_exploratory > N_SEEDS / 4 && n_lower_exploratory <= n_exploratory);
}

static void the_stop_flag_ends_it_and_keeps_the_trials(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 20; n++) {
		struct sim_device d = device_of(n);
		struct bp_search_result r;

		d.stops_after = n;
		run(&d, BP_SEARCH_MLR, &r);
		assert_int_equal(r.cause, BP_SEARCH_CAUSE_INTERRUPTED);
		assert_int_equal(r.n_trials, n + 1);
		assert_true(r.trials[n].is_interrupted);
		assert_false(bp_trial_votes(&r.trials[n]));
		assert_true(r.goals[0].lower_pps <= d.knee_pps * 1.001);
		bp_search_result_free(&r);
	}
}

static void a_trial_that_cannot_run_ends_it_as_failed(void **state)
{
	struct sim_device d = device_of(4);
	struct bp_search_result r;

	(void)state;
	d.fails_after = 3;
	run(&d, BP_SEARCH_NDR, &r);
	assert_int_equal(r.cause, BP_SEARCH_CAUSE_FAILED);
	assert_int_equal(r.n_trials, 3);
	assert_true(r.outcome != BP_SEARCH_MEASURED);
	bp_search_result_free(&r);
}

static void every_trial_is_listed_in_order(void **state)
{
	struct sim_device d = device_of(21);
	struct bp_search_result r;
	double end_s = 0, traffic_s = 0;

	(void)state;
	run(&d, BP_SEARCH_MLR, &r);
	assert_int_equal(r.n_trials, d.n_trials);
	for (size_t i = 0; i < r.n_trials; i++) {
		assert_true(r.trials[i].begin_s >= end_s - 1e-6);
		end_s = r.trials[i].begin_s + r.trials[i].duration_s;
		traffic_s += r.trials[i].duration_s;
	}
	assert_true(fabs(traffic_s - d.traffic_s) < 1e-6);
	assert_true(r.n_trials >= 22); /* the draft's sum: 21 s of trials of 1 s, half of it each */
	bp_search_result_free(&r);
}

/* What is listed is enough to find the same bounds again. */
static void the_listed_trials_prove_the_bounds(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
		struct sim_device d = device_of(seed);
		struct bp_point_rule rule = { 0, 0.5, 2, 6 };
		struct bp_search_result r;

		d.noise = 0.01;
		run(&d, BP_SEARCH_NDR, &r);
		if (r.outcome == BP_SEARCH_MEASURED) {
			struct bp_point_bounds b = bp_load_find(r.trials, r.n_trials, &rule);

			assert_true(fabs(b.lower_pps - r.goals[0].lower_pps) <=
				    0.005 * b.lower_pps);
			assert_true(fabs(b.upper_pps - r.goals[0].upper_pps) < 1e-6);
			assert_true(r.goals[0].n_lower_lossy * 2 <= r.goals[0].n_lower_trials);
			assert_true(r.goals[0].n_upper_clean * 2 < r.goals[0].n_upper_trials);
		}
		bp_search_result_free(&r);
	}
}

static void damaged_frames_are_not_carried(void **state)
{
	struct sim_device d = { .knee_pps = 1e6, .seed = 3, .corrupt_share = 1 };
	struct bp_search_result r;

	(void)state;
	run(&d, BP_SEARCH_NDR, &r);
	assert_int_equal(r.outcome, BP_SEARCH_NOT_MEASURABLE);
	assert_int_equal(r.cause, BP_SEARCH_CAUSE_LOSSY);
	assert_true(r.trials[0].n_corrupt > 0 && r.trials[0].n_lost == r.trials[0].n_sent);
	bp_search_result_free(&r);
}

static void a_ceiling_is_measured_only_if_it_was_sent(void **state)
{
	struct sim_device d = {
		.knee_pps = 1e6, .seed = 3, .hiccup_share = 1, .hiccup_depth = 0.045
	};
	struct bp_search_conf conf;
	struct bp_search_result r;

	(void)state;
	for (unsigned is_sent = 0; is_sent < 2; is_sent++) {
		d.hiccup_share = is_sent ? 0 : 1;
		sim_device_conf(&d, BP_SEARCH_NDR, &conf);
		conf.max_pps = 1e5;
		assert_int_equal(bp_search_run(&conf, &r), 0);
		assert_int_equal(r.outcome, is_sent ? BP_SEARCH_MEASURED : BP_SEARCH_BOUNDED);
		assert_true(r.goals[0].lower_pps > 0.95e5 && r.goals[0].lower_pps < 1.001e5);
		assert_true(!is_sent == (strstr(r.goals[0].why, "4.5 % less than asked") != NULL));
		bp_search_result_free(&r);
	}
}

static void bounds_that_no_full_trial_confirmed_are_not_measured(void **state)
{
	struct sim_device quiet = { .knee_pps = 1e6, .seed = 3 }, late = quiet;
	struct bp_search_result r;
	unsigned n_before = 0;

	(void)state;
	run(&quiet, BP_SEARCH_NDR, &r);
	assert_int_equal(r.outcome, BP_SEARCH_MEASURED);
	while (n_before < r.n_trials && r.trials[n_before].duration_s < 2)
		n_before++;
	assert_true(n_before < r.n_trials);
	bp_search_result_free(&r);
	/* From the first full trial on the generator does not reach the rate. */
	late.late_after = n_before;
	run(&late, BP_SEARCH_NDR, &r);
	assert_true(r.outcome != BP_SEARCH_MEASURED);
	assert_int_equal(r.cause, BP_SEARCH_CAUSE_GENERATOR);
	assert_true(strlen(r.why) > 0);
	bp_search_result_free(&r);
}

static void disturbed_trials_are_made_again_and_marked_where_that_does_not_help(void **state)
{
	struct sim_device now_and_then = { .knee_pps = 1e6, .seed = 3, .disturbed_share = 0.3 };
	struct sim_device always = { .knee_pps = 1e6, .seed = 3, .disturbed_share = 1 };
	struct bp_search_result r;
	unsigned n_again = 0;

	(void)state;
	run(&now_and_then, BP_SEARCH_NDR, &r);
	for (size_t i = 0; i < r.n_trials; i++)
		n_again += r.trials[i].n_disturbed;
	assert_true(n_again > 0);
	assert_true(r.goals[0].lower_pps <= 1.001e6);
	bp_search_result_free(&r);
	run(&always, BP_SEARCH_NDR, &r);
	assert_true(r.outcome != BP_SEARCH_MEASURED);
	assert_int_equal(r.trials[0].n_disturbed, 2);
	bp_search_result_free(&r);
}

struct estimates {
	unsigned n;
	double at_s[BP_SEARCH_TRIALS_MAX], remaining_s[BP_SEARCH_TRIALS_MAX];
	double budget_s;
};

static void note_estimate(void *ctx, const struct bp_search_progress *p)
{
	struct estimates *e = ctx;

	assert_true(p->remaining_s > 0);
	assert_true(e->budget_s <= 0 || p->remaining_s <= e->budget_s - p->elapsed_s + 1e-9);
	assert_non_null(p->phase);
	e->at_s[e->n] = p->elapsed_s;
	e->remaining_s[e->n++] = p->remaining_s;
}

static void estimates_are_near_the_truth(void **state)
{
	static struct estimates e;
	unsigned n_all = 0, n_near = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++) {
		struct sim_device d = device_of(seed);
		struct bp_search_conf conf;
		struct bp_search_result r;

		e.n = 0;
		sim_device_conf(&d, (enum bp_search_kind)(seed % BP_SEARCH_KIND_N), &conf);
		d.buffer_pkts = 500;
		conf.progress = note_estimate;
		conf.progress_ctx = &e;
		conf.budget_s = e.budget_s = 600;
		assert_int_equal(bp_search_run(&conf, &r), 0);
		for (unsigned i = 0; i < e.n; i++) {
			double truth_s = r.elapsed_s - e.at_s[i];

			n_all++;
			n_near += e.remaining_s[i] < 3 * truth_s + 3 &&
				  e.remaining_s[i] > truth_s / 3 - 3;
		}
		bp_search_result_free(&r);
	}
	assert_true(n_all > 1000);
	assert_true(n_near > n_all * 9 / 10);
}

static void short_trials_alone_never_make_a_lower_bound(void **state)
{
	struct bp_point_rule rule = { 0, 0.5, 2, 6 };
	struct bp_search_trial trials[8] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		trials[i] = (struct bp_search_trial){ .load_pps = 5, .duration_s = 1, .n_sent = 1 };
	assert_int_equal(bp_point_classify(trials, 8, &rule, 5), BP_POINT_UNDECIDED);
	trials[0].duration_s = trials[1].duration_s = 2;
	assert_int_equal(bp_point_classify(trials, 8, &rule, 5), BP_POINT_LOWER);
	trials[1].is_generator_bound = true;
	assert_int_equal(bp_point_classify(trials, 8, &rule, 5), BP_POINT_UNDECIDED);
}

static void loss_above_the_exceed_ratio_makes_an_upper_bound(void **state)
{
	struct bp_point_rule rule = { 0.01, 0.5, 2, 6 };
	struct bp_search_trial trials[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		trials[i] = (struct bp_search_trial){
			.load_pps = 5, .duration_s = 2, .n_sent = 1, .loss_ratio = 0.02
		};
	assert_int_equal(bp_point_classify(trials, 1, &rule, 5), BP_POINT_UNDECIDED);
	assert_int_equal(bp_point_classify(trials, 2, &rule, 5), BP_POINT_UPPER);
	trials[1].loss_ratio = trials[2].loss_ratio = 0.01;
	assert_int_equal(bp_point_classify(trials, 3, &rule, 5), BP_POINT_LOWER);
	rule.exceed_ratio = 0;
	assert_int_equal(bp_point_classify(trials, 3, &rule, 5), BP_POINT_UPPER);
}

static void nonsense_is_refused(void **state)
{
	static const double bad[] = { -1, NAN, 1.5 };
	struct sim_device d = device_of(1);
	struct bp_search_conf conf;
	struct bp_search_result r;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		sim_device_conf(&d, BP_SEARCH_NDR, &conf);
		conf.loss_ratios[0] = bad[i];
		assert_int_equal(bp_search_run(&conf, &r), -EINVAL);
		sim_device_conf(&d, BP_SEARCH_NDR, &conf);
		conf.width = bad[i];
		assert_int_equal(bp_search_run(&conf, &r), -EINVAL);
		sim_device_conf(&d, BP_SEARCH_NDR, &conf);
		conf.explore_s = 4 * bad[i];
		assert_int_equal(bp_search_run(&conf, &r), -EINVAL);
	}
	assert_int_equal(d.n_trials, 0);
	assert_int_equal(bp_search_by_name("ndr"), BP_SEARCH_NDR);
	assert_int_equal(bp_search_by_name("back-to-back"), BP_SEARCH_BACK_TO_BACK);
	assert_int_equal(bp_search_by_name("nrd"), BP_SEARCH_KIND_N);
}

/* The generator kept up, but its own TX port dropped frames: the load was not what was asked. */
static void a_load_that_the_own_port_dropped_has_no_vote(void **state)
{
	struct bp_search_trial trial = { .asked_pps = 1000, .sent_pps = 900, .n_sent = 900 };

	(void)state;
	assert_true(bp_trial_votes(&trial));
	trial.n_unsent = 100;
	assert_false(bp_trial_votes(&trial));
	trial.sent_pps = 960;
	assert_true(bp_trial_votes(&trial));
	/* As fast as it goes, what was sent is the load. */
	trial.asked_pps = 0;
	assert_true(bp_trial_votes(&trial));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_search_brackets_a_sharp_knee),
		cmocka_unit_test(a_load_that_the_own_port_dropped_has_no_vote),
		cmocka_unit_test(a_tolerated_ratio_of_a_tenth_per_cent_is_kept),
		cmocka_unit_test(bounds_are_no_closer_than_the_noise),
		cmocka_unit_test(spikes_of_loss_do_not_hide_the_knee),
		cmocka_unit_test(a_lossless_share_below_the_exceed_ratio_is_no_throughput),
		cmocka_unit_test(drift_ends_near_the_last_knee_or_as_noise),
		cmocka_unit_test(a_fast_drift_is_noticed_and_said),
		cmocka_unit_test(it_ends_whatever_the_device_does),
		cmocka_unit_test(a_slow_generator_never_makes_an_upper_bound),
		cmocka_unit_test(hiccups_of_the_generator_are_tried_again),
		cmocka_unit_test(bounds_hold_though_the_generator_is_always_late),
		cmocka_unit_test(trials_whose_own_receiver_drops_have_no_vote),
		cmocka_unit_test(a_device_faster_than_the_line_is_measured_at_the_line),
		cmocka_unit_test(the_budget_is_kept_whatever_it_is),
		cmocka_unit_test(out_of_time_keeps_the_bounds_found_so_far),
		cmocka_unit_test(the_stop_flag_ends_it_and_keeps_the_trials),
		cmocka_unit_test(a_trial_that_cannot_run_ends_it_as_failed),
		cmocka_unit_test(every_trial_is_listed_in_order),
		cmocka_unit_test(the_listed_trials_prove_the_bounds),
		cmocka_unit_test(damaged_frames_are_not_carried),
		cmocka_unit_test(a_ceiling_is_measured_only_if_it_was_sent),
		cmocka_unit_test(bounds_that_no_full_trial_confirmed_are_not_measured),
		cmocka_unit_test(
			disturbed_trials_are_made_again_and_marked_where_that_does_not_help),
		cmocka_unit_test(estimates_are_near_the_truth),
		cmocka_unit_test(short_trials_alone_never_make_a_lower_bound),
		cmocka_unit_test(loss_above_the_exceed_ratio_makes_an_upper_bound),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
