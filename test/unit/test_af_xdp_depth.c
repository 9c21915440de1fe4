/* The fill level of an AF_XDP receive queue: deep for bursts, shallow under lasting overload. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/af_xdp/depth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define FULL 2048u

static void starts_full(void **state)
{
	struct af_xdp_depth depth = af_xdp_depth_of(FULL, true);

	(void)state;
	assert_int_equal(depth.target, FULL);
}

static void one_ring_of_backlog_changes_nothing(void **state)
{
	struct af_xdp_depth depth = af_xdp_depth_of(FULL, true);

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		af_xdp_depth_saw(&depth, FULL, FULL);
		assert_int_equal(depth.target, FULL);
		af_xdp_depth_saw(&depth, 100, FULL); /* the kernel has free frames again */
	}
	assert_int_equal(depth.target, FULL);
}

static void lasting_starvation_makes_it_shallow(void **state)
{
	struct af_xdp_depth depth = af_xdp_depth_of(FULL, true);

	(void)state;
	for (unsigned i = 0; i + 1 < AF_XDP_STARVED_TIMES; i++) {
		af_xdp_depth_saw(&depth, FULL, FULL);
		assert_int_equal(depth.target, FULL);
	}
	af_xdp_depth_saw(&depth, FULL, FULL);
	assert_int_equal(depth.target, AF_XDP_SHALLOW);
}

static void stays_shallow_until_a_lull(void **state)
{
	struct af_xdp_depth depth = af_xdp_depth_of(FULL, true);

	(void)state;
	for (unsigned i = 0; i < AF_XDP_STARVED_TIMES; i++)
		af_xdp_depth_saw(&depth, FULL, FULL);
	for (unsigned i = 0; i < 10; i++) {
		for (unsigned j = 0; j + 1 < AF_XDP_LULL_POLLS; j++)
			af_xdp_depth_saw_nothing(&depth);
		af_xdp_depth_saw(&depth, 5, AF_XDP_SHALLOW);
	}
	assert_int_equal(depth.target, AF_XDP_SHALLOW);
	for (unsigned j = 0; j < AF_XDP_LULL_POLLS; j++)
		af_xdp_depth_saw_nothing(&depth);
	assert_int_equal(depth.target, FULL);
}

static void small_or_fixed_levels_never_fall(void **state)
{
	struct af_xdp_depth small = af_xdp_depth_of(64, true), fixed = af_xdp_depth_of(FULL, false);

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		af_xdp_depth_saw(&small, 64, 64);
		af_xdp_depth_saw(&fixed, FULL, FULL);
	}
	assert_int_equal(small.target, 64);
	assert_int_equal(fixed.target, FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_full),
		cmocka_unit_test(one_ring_of_backlog_changes_nothing),
		cmocka_unit_test(lasting_starvation_makes_it_shallow),
		cmocka_unit_test(stays_shallow_until_a_lull),
		cmocka_unit_test(small_or_fixed_levels_never_fall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
