/* The recorded pace: speed, bounded gaps, rounds, and stamps that no clock has made. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/pcap/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HZ    2000000000u /* two cycles a nanosecond */
#define BEGIN 5000u
#define S     1000000000ull

static void begin(struct bp_pcap_timeline *t, double speed, double max_gap_s, double delay_s)
{
	bp_pcap_timeline_init(t, speed, max_gap_s, delay_s, HZ);
	bp_pcap_timeline_begin_round(t, BEGIN);
}

/* Cycles after the begin. */
static uint64_t next(struct bp_pcap_timeline *t, uint64_t stamp_ns)
{
	return bp_pcap_timeline_next(t, stamp_ns) - BEGIN;
}

static void as_recorded(void **state)
{
	struct bp_pcap_timeline t;

	(void)state;
	begin(&t, 1, 0, 0);
	assert_int_equal(next(&t, 1700 * S), 0);
	assert_false(bp_pcap_timeline_has_passed(&t));
	assert_int_equal(next(&t, 1700 * S + 1), 2);
	assert_int_equal(next(&t, 1700 * S + 1), 2);
	assert_int_equal(next(&t, 9999 * S), 2 * 8299 * S);
	assert_true(bp_pcap_timeline_has_passed(&t));
}

static void faster_and_slower(void **state)
{
	struct bp_pcap_timeline t;

	(void)state;
	begin(&t, 10, 0, 0);
	next(&t, 0);
	assert_in_range(next(&t, 10 * S), 2 * S - 1, 2 * S);
	begin(&t, 0.5, 0, 0);
	next(&t, 0);
	assert_int_equal(next(&t, 10 * S), 40 * S);
}

/* A remainder of each gap that got lost would let a long capture run ahead. */
static void a_million_odd_gaps_add_up(void **state)
{
	struct bp_pcap_timeline t;
	uint64_t due = 0;

	(void)state;
	begin(&t, 3, 0, 0);
	for (uint64_t i = 0; i <= 1000000; i++)
		due = next(&t, i * 7);
	assert_in_range(due, 7000000 * 2 / 3 - 1, 7000000 * 2 / 3 + 1);
}

static void time_never_goes_back(void **state)
{
	struct bp_pcap_timeline t;

	(void)state;
	begin(&t, 1, 0, 0);
	next(&t, 100 * S);
	assert_int_equal(next(&t, 105 * S), 10 * S);
	assert_int_equal(next(&t, 50 * S), 10 * S); /* with the one before */
	assert_int_equal(next(&t, 104 * S), 10 * S);
	assert_int_equal(next(&t, 106 * S),
			 12 * S); /* after the latest, not after the one before */
}

static void long_gaps_are_cut(void **state)
{
	struct bp_pcap_timeline t;

	(void)state;
	begin(&t, 1, 0.5, 0);
	next(&t, 0);
	assert_int_equal(next(&t, S / 4), S / 2);
	assert_int_equal(next(&t, 3600 * S), S / 2 + S);
	assert_int_equal(next(&t, 3600 * S + 1), S / 2 + S + 2);
	/* The bound is of the time that is waited, whatever the speed. */
	begin(&t, 4, 0.5, 0);
	next(&t, 0);
	assert_int_equal(next(&t, 3600 * S), S);
	/* A bound below a nanosecond is none at all, but no capture without a pace. */
	begin(&t, 1, 1e-15, 0);
	next(&t, 0);
	next(&t, S);
	assert_true(bp_pcap_timeline_has_passed(&t));
}

static void rounds_begin_after_the_delay(void **state)
{
	struct bp_pcap_timeline t;

	(void)state;
	begin(&t, 1, 0, 1.5);
	assert_int_equal(next(&t, 7 * S), 0); /* not before the first */
	next(&t, 8 * S);
	bp_pcap_timeline_begin_round(&t, BEGIN + 100);
	assert_false(bp_pcap_timeline_has_passed(&t));
	assert_int_equal(next(&t, 7 * S), 100 + 3 * S);
	assert_int_equal(next(&t, 8 * S), 100 + 5 * S);
}

/* Damaged files hold any numbers. */
static void nothing_wraps(void **state)
{
	struct bp_pcap_timeline t;

	(void)state;
	begin(&t, 1e-6, 0, 1e9);
	bp_pcap_timeline_begin_round(&t, UINT64_MAX - 5);
	assert_true(bp_pcap_timeline_next(&t, 0) == UINT64_MAX);
	assert_true(bp_pcap_timeline_next(&t, UINT64_MAX) == UINT64_MAX);
	assert_true(bp_pcap_timeline_next(&t, 1) == UINT64_MAX);
	begin(&t, 1e6, 1e9, 0);
	assert_int_equal(next(&t, UINT64_MAX), 0);
	assert_int_equal(next(&t, 0), 0);
	assert_int_equal(bp_pcap_timeline_stamp(1, 5), S + 5);
	assert_int_equal(bp_pcap_timeline_stamp(-1, 5), 0);
	assert_int_equal(bp_pcap_timeline_stamp(1, -5), 0);
	assert_true(bp_pcap_timeline_stamp(INT64_MAX, INT64_MAX) == UINT64_MAX);
	assert_true(bp_pcap_timeline_stamp(18446744073, 709551615) == UINT64_MAX);
	assert_true(bp_pcap_timeline_stamp(18446744073, 709551616) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_recorded),
		cmocka_unit_test(faster_and_slower),
		cmocka_unit_test(a_million_odd_gaps_add_up),
		cmocka_unit_test(time_never_goes_back),
		cmocka_unit_test(long_gaps_are_cut),
		cmocka_unit_test(rounds_begin_after_the_delay),
		cmocka_unit_test(nothing_wraps),
	};

	return cmocka_run_group_tests_name("pcap-timeline", tests, NULL, NULL);
}
