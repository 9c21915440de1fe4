/* AF_XDP zero-copy: which MTU fits which chunk, and what is said of one that does not. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/af_xdp/chunk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static char why[256];

static bool explain(uint32_t mtu, uint32_t chunk_bytes, bool has_sg)
{
	strcpy(why, "untouched");
	return af_xdp_chunk_explain("eth0", mtu, chunk_bytes, has_sg, why, sizeof(why));
}

/* As Linux 7.3 has it, tried in the emulated machine: see test/vm/suites/zero_copy.py. */
static void the_bound_is_the_kernels(void **state)
{
	(void)state;
	assert_int_equal(af_xdp_chunk_mtu(2048), 1766);
	assert_int_equal(af_xdp_chunk_mtu(4096), 3814);
}

static void an_mtu_that_fits_is_not_the_cause(void **state)
{
	(void)state;
	assert_false(explain(1500, 2048, false));
	assert_false(explain(1766, 2048, true));
	assert_false(explain(3814, 4096, false));
	assert_string_equal(why, "untouched");
}

static void larger_chunks_or_a_smaller_mtu_help(void **state)
{
	(void)state;
	assert_true(explain(1767, 2048, false));
	assert_string_equal(
		why, "zero-copy does not carry MTU 1767 in one chunk of 2048 bytes: set [memory] "
		     "frame_bytes = 4096, or run `ip link set dev eth0 mtu 1766`");
	assert_true(explain(9000, 2048, true));
	assert_string_equal(
		why, "zero-copy does not carry MTU 9000 in chunks of 2048 bytes, as many as the "
		     "driver takes for a packet: set [memory] frame_bytes = 4096, or run `ip link "
		     "set dev eth0 mtu 1766`");
}

static void chunks_that_cannot_be_larger_or_would_not_help_are_not_advised(void **state)
{
	(void)state;
	assert_true(explain(9000, 4096, true));
	assert_null(strstr(why, "frame_bytes"));
	assert_non_null(strstr(why, ": run `ip link set dev eth0 mtu 3814`"));
	assert_true(explain(9000, 2048, false));
	assert_null(strstr(why, "frame_bytes"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bound_is_the_kernels),
		cmocka_unit_test(an_mtu_that_fits_is_not_the_cause),
		cmocka_unit_test(larger_chunks_or_a_smaller_mtu_help),
		cmocka_unit_test(chunks_that_cannot_be_larger_or_would_not_help_are_not_advised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
