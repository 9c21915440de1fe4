/* Checks latency, frame loss rate and back-to-back on simulated devices. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim_device.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define KNEE_PPS 1e6

static struct sim_device device_of(uint64_t seed)
{
	return (struct sim_device){ .knee_pps = KNEE_PPS,
				    .generator_pps = 3 * KNEE_PPS,
				    .settle_s = 0.05,
				    .latency_ns = 10000,
				    .buffer_pkts = 2000,
				    .seed = seed };
}

static void run(struct sim_device *d, enum bp_search_kind kind, double max_pps, double ndr_pps,
		struct bp_search_result *r)
{
	struct bp_search_conf conf;

	sim_device_conf(d, kind, &conf);
	conf.max_pps = max_pps;
	conf.ndr_pps = ndr_pps;
	assert_int_equal(bp_search_run(&conf, r), 0);
}

static void latency_is_measured_at_three_shares_of_ndr(void **state)
{
	static const double shares[] = { 0.1, 0.5, 0.9 };
	struct sim_device d = device_of(1);
	struct bp_search_result r;

	(void)state;
	run(&d, BP_SEARCH_LATENCY, 0, 0, &r);
	assert_int_equal(r.outcome, BP_SEARCH_MEASURED);
	assert_int_equal(r.n_goals, 1);
	assert_true(fabs(r.goals[0].lower_pps / KNEE_PPS - 1) < 0.0101);
	assert_int_equal(r.n_rows, 3);
	for (unsigned i = 0; i < 3; i++) {
		double expected_ns = 10000 * (1 + r.rows[i].load_pps / KNEE_PPS);

		assert_true(fabs(r.rows[i].load_pps - shares[i] * r.goals[0].lower_pps) <= 1);
		assert_true(fabs(r.rows[i].latency.p50_ns / expected_ns - 1) < 0.01);
		assert_true(fabs(r.rows[i].latency.p99_ns / expected_ns / 2 - 1) < 0.01);
		assert_int_equal(r.rows[i].latency.n, 300); /* three trials in one histogram */
		assert_int_equal(r.rows[i].n_trials, 3);
		assert_true(r.rows[i].loss_ratio <= 0);
	}
	bp_search_result_free(&r);
}

static void a_known_ndr_is_not_searched_again(void **state)
{
	struct sim_device d = device_of(2);
	struct bp_search_result r;

	(void)state;
	run(&d, BP_SEARCH_LATENCY, 0, 500000, &r);
	assert_int_equal(r.outcome, BP_SEARCH_MEASURED);
	assert_int_equal(r.n_trials, 9);
	assert_true(fabs(r.rows[1].load_pps - 250000) < 1);
	bp_search_result_free(&r);
}

static void latency_of_an_unknown_ndr_says_what_it_rests_on(void **state)
{
	struct sim_device d = device_of(3);
	struct bp_search_result r;

	(void)state;
	d.generator_pps = KNEE_PPS / 2;
	run(&d, BP_SEARCH_LATENCY, 0, 0, &r);
	assert_int_equal(r.outcome, BP_SEARCH_BOUNDED);
	assert_int_equal(r.cause, BP_SEARCH_CAUSE_GENERATOR);
	assert_int_equal(r.n_rows, 3);
	assert_non_null(strstr(r.why, "NDR"));
	bp_search_result_free(&r);
	d = device_of(3);
	d.base_loss = 0.1;
	run(&d, BP_SEARCH_LATENCY, 0, 0, &r);
	assert_int_equal(r.outcome, BP_SEARCH_NOT_MEASURABLE);
	assert_int_equal(r.cause, BP_SEARCH_CAUSE_LOSSY);
	assert_int_equal(r.n_rows, 0);
	bp_search_result_free(&r);
}

static void an_interrupt_keeps_the_rows_measured(void **state)
{
	struct sim_device d = device_of(4);
	struct bp_search_result r;

	(void)state;
	d.stops_after = 4; /* in the second row's second trial */
	run(&d, BP_SEARCH_LATENCY, 0, 500000, &r);
	assert_int_equal(r.outcome, BP_SEARCH_BOUNDED);
	assert_int_equal(r.cause, BP_SEARCH_CAUSE_INTERRUPTED);
	assert_int_equal(r.n_rows, 2);
	assert_int_equal(r.rows[0].n_trials, 3);
	assert_int_equal(r.rows[1].n_trials, 1);
	assert_true(fabs(r.rows[1].sent_pps - 250000) < 1);
	bp_search_result_free(&r);
}

static void loss_falls_in_tenths_until_two_rates_lose_nothing(void **state)
{
	struct sim_device d = device_of(5);
	struct bp_search_result r;

	(void)state;
	run(&d, BP_SEARCH_LOSS, 2 * KNEE_PPS, 0, &r);
	assert_int_equal(r.outcome, BP_SEARCH_MEASURED);
	/* 2.0, 1.8, 1.6, 1.4, 1.2 Mpps lose; 1.0, 0.8 do not. */
	assert_int_equal(r.n_rows, 7);
	for (unsigned i = 0; i < r.n_rows; i++) {
		double rate = KNEE_PPS * (2 - 0.2 * i);
		double loss = rate > KNEE_PPS ? 1 - KNEE_PPS / rate : 0;

		assert_true(fabs(r.rows[i].load_pps - rate) < 2);
		assert_true(fabs(r.rows[i].loss_ratio - loss) < 1e-5);
	}
	bp_search_result_free(&r);
}

static void a_rate_that_was_not_offered_is_not_free_of_loss(void **state)
{
	struct sim_device d = device_of(6);
	struct bp_search_result r;

	(void)state;
	d.knee_pps = 10 * KNEE_PPS; /* loses nothing at all */
	d.generator_pps = 1.5 * KNEE_PPS;
	run(&d, BP_SEARCH_LOSS, 2 * KNEE_PPS, 0, &r);
	assert_int_equal(r.outcome, BP_SEARCH_BOUNDED);
	assert_int_equal(r.cause, BP_SEARCH_CAUSE_GENERATOR);
	/* 2.0, 1.8, 1.6 were out of reach; 1.4 and 1.2 were offered, and count. */
	assert_int_equal(r.n_rows, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(r.rows[i].is_generator_bound, i < 3);
	bp_search_result_free(&r);
}

/* A burst at rate f fills buffer B with the share 1 − knee / f of its frames. */
static void the_longest_burst_is_what_the_buffer_holds(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++) {
		struct sim_device d = device_of(seed);
		struct bp_search_result r;
		double longest;

		d.buffer_pkts = 10 + 97 * (double)seed;
		d.generator_pps = KNEE_PPS * (1.5 + (double)(seed % 7));
		longest = d.buffer_pkts / (1 - KNEE_PPS / d.generator_pps);
		run(&d, BP_SEARCH_BACK_TO_BACK, seed % 2 ? d.generator_pps : 0, KNEE_PPS, &r);
		assert_int_equal(r.outcome, BP_SEARCH_MEASURED);
		assert_int_equal(r.burst.n_runs, 10);
		/* Half a per cent wide; less than a whole lost frame is none, which is up to 3 sent. */
		assert_true(r.burst.mean_pkts <= longest + 4);
		assert_true(r.burst.mean_pkts >= longest * 0.994 - 2);
		assert_true(r.burst.stddev_pkts <= 0.005 * longest + 1);
		/* The corrected time is that of the buffer at the rate of the bursts. */
		assert_true(fabs(r.burst.buffer_s * d.generator_pps / d.buffer_pkts - 1) <
			    0.006 + 3 / d.buffer_pkts);
		bp_search_result_free(&r);
	}
}

static void a_device_as_fast_as_the_bursts_has_no_longest_one(void **state)
{
	struct sim_device d = device_of(7);
	struct bp_search_result r;

	(void)state;
	d.generator_pps = 0.9 * KNEE_PPS;
	run(&d, BP_SEARCH_BACK_TO_BACK, 0, 0, &r);
	assert_int_equal(r.outcome, BP_SEARCH_NOT_MEASURABLE);
	assert_int_equal(r.cause, BP_SEARCH_CAUSE_GENERATOR);
	assert_int_equal(r.burst.n_runs, 0);
	bp_search_result_free(&r);
}

static void bursts_below_the_line_rate_are_no_bursts(void **state)
{
	struct sim_device d = device_of(8);
	struct bp_search_result r;

	(void)state;
	run(&d, BP_SEARCH_BACK_TO_BACK, 5 * KNEE_PPS, 0, &r);
	assert_int_equal(r.outcome, BP_SEARCH_NOT_MEASURABLE);
	assert_int_equal(r.cause, BP_SEARCH_CAUSE_GENERATOR);
	assert_true(r.burst.mean_pkts <= 0);
	bp_search_result_free(&r);
}

static void a_device_without_any_buffer_or_path_is_lossy(void **state)
{
	struct sim_device d = device_of(9);
	struct bp_search_result r;

	(void)state;
	d.base_loss = 1;
	d.buffer_pkts = 0;
	run(&d, BP_SEARCH_BACK_TO_BACK, 0, 0, &r);
	assert_int_equal(r.outcome, BP_SEARCH_NOT_MEASURABLE);
	assert_int_equal(r.cause, BP_SEARCH_CAUSE_LOSSY);
	bp_search_result_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(latency_is_measured_at_three_shares_of_ndr),
		cmocka_unit_test(a_known_ndr_is_not_searched_again),
		cmocka_unit_test(latency_of_an_unknown_ndr_says_what_it_rests_on),
		cmocka_unit_test(an_interrupt_keeps_the_rows_measured),
		cmocka_unit_test(loss_falls_in_tenths_until_two_rates_lose_nothing),
		cmocka_unit_test(a_rate_that_was_not_offered_is_not_free_of_loss),
		cmocka_unit_test(the_longest_burst_is_what_the_buffer_holds),
		cmocka_unit_test(a_device_as_fast_as_the_bursts_has_no_longest_one),
		cmocka_unit_test(bursts_below_the_line_rate_are_no_bursts),
		cmocka_unit_test(a_device_without_any_buffer_or_path_is_lossy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
