/* The schedule of a rate: no packet too many or too few, and no flood after a pause. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/pace.h"

#define HZ    2995200961u
#define BURST 64u

/* What a source does at each poll. */
static unsigned take(struct bp_pace *pace, uint64_t now, unsigned max)
{
	unsigned n = 0;

	bp_pace_skip_late(pace, now);
	for (; n < max && bp_pace_is_due(pace, now); n++)
		bp_pace_next(pace);
	return n;
}

/* Packets of `seconds` polled every step_cycles, the one at the begin included. */
static uint64_t run(uint64_t rate_pps, uint64_t hz, unsigned seconds, uint64_t step_cycles)
{
	struct bp_pace pace;
	uint64_t begin = UINT64_MAX / 2, n = 0;

	bp_pace_begin(&pace, rate_pps, BURST, hz, begin);
	for (uint64_t now = begin; now < begin + seconds * hz; now += step_cycles)
		n += take(&pace, now, BURST);
	return n;
}

/* The last poll may come up to one step before the end. */
static void expect_rate(uint64_t rate_pps, uint64_t hz, uint64_t step_cycles)
{
	unsigned seconds = 3;
	uint64_t slack = step_cycles * rate_pps / hz + 2,
		 n = run(rate_pps, hz, seconds, step_cycles);

	assert_in_range(n, seconds * rate_pps - slack, seconds * rate_pps);
}

static void odd_rates_are_exact(void **state)
{
	(void)state;
	/* Whole cycles a packet: 201 instead of 201.28, 0.14 % too fast; 30.9 → 3 % too fast. */
	expect_rate(14880953, HZ, 1500);
	expect_rate(97000001, HZ, 1000);
	expect_rate(1000003, HZ, 777);
	expect_rate(7, HZ, 100000);
	expect_rate(1, HZ, 100000);
}

static void a_counter_slower_than_the_rate_is_no_obstacle(void **state)
{
	(void)state;
	expect_rate(99999989, 25000000, 10);
	expect_rate(24999999, 25000000, 7);
}

static void after_a_pause_comes_one_burst_and_then_the_rate(void **state)
{
	struct bp_pace pace;
	uint64_t now = 1000, n = 0;

	(void)state;
	bp_pace_begin(&pace, 1000000, BURST, HZ, now);
	assert_int_equal(take(&pace, now, BURST), 1);
	now += HZ; /* a second without the core: a million packets late */
	for (unsigned got = 1; got; n += got)
		got = take(&pace, now, BURST / 2);
	assert_in_range(n, BURST, BURST + 1);
	n = 0;
	for (uint64_t end = now + HZ; now < end; now += 1000)
		n += take(&pace, now, BURST);
	assert_in_range(n, 1000000 - 1, 1000000 + 1);
}

static void delays_shorter_than_a_turn_cost_nothing(void **state)
{
	struct bp_pace pace;
	uint64_t n = 0;

	(void)state;
	bp_pace_begin(&pace, 1000, 1, HZ, 0);
	/* Polls that come 0.7 turns apart, one packet at a time. */
	for (uint64_t now = 0; now < HZ; now += HZ / 1429)
		n += take(&pace, now, 1);
	assert_in_range(n, 998, 1000);
}

static void no_rate_is_always_due(void **state)
{
	struct bp_pace pace;

	(void)state;
	bp_pace_begin(&pace, 0, BURST, HZ, 5);
	assert_int_equal(take(&pace, 5, BURST), BURST);
	assert_int_equal(take(&pace, 5, BURST), BURST);
}

static void many_at_once_are_as_many_one_by_one(void **state)
{
	static const uint64_t rates[] = { 1, 3, 1000, 999983, 1000000000 };
	static const uint32_t counts[] = { 0, 1, 2, 45, 65535 };

	(void)state;
	for (unsigned r = 0; r < sizeof(rates) / sizeof(rates[0]); r++)
		for (unsigned c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
			struct bp_pace one, all;

			bp_pace_begin(&one, rates[r], BURST, HZ, 12345);
			bp_pace_next(&one); /* from there on parts are left over */
			all = one;
			for (uint32_t i = 0; i < counts[c]; i++)
				bp_pace_next(&one);
			bp_pace_pass(&all, counts[c]);
			assert_int_equal(all.due_cycles, one.due_cycles);
			assert_int_equal(all.parts, one.parts);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_rates_are_exact),
		cmocka_unit_test(a_counter_slower_than_the_rate_is_no_obstacle),
		cmocka_unit_test(after_a_pause_comes_one_burst_and_then_the_rate),
		cmocka_unit_test(delays_shorter_than_a_turn_cost_nothing),
		cmocka_unit_test(no_rate_is_always_due),
		cmocka_unit_test(many_at_once_are_as_many_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
