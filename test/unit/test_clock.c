/* The cycle counter's rate: right though the thread loses its core while it reads the clocks. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Three cycles a nanosecond; a read takes 10 ns, and the stop_at-th one 5 ms. */
struct machine {
	uint64_t ns;
	unsigned n_reads, stop_at;
};

static void pass(struct machine *m)
{
	m->ns += ++m->n_reads == m->stop_at ? 5000000 : 10;
}

static uint64_t read_cycles(void *ctx)
{
	struct machine *m = ctx;

	pass(m);
	return 3 * m->ns;
}

static uint64_t read_ns(void *ctx)
{
	struct machine *m = ctx;

	pass(m);
	return m->ns;
}

static void a_pair_is_of_one_moment_wherever_the_thread_is_stopped(void **state)
{
	(void)state;
	for (unsigned stop_at = 0; stop_at < 60; stop_at++) {
		struct machine m = { .ns = 1000, .stop_at = stop_at };
		struct bp_clock_pair pair = bp_clock_read_pair(read_cycles, read_ns, &m);

		assert_in_range(pair.cycles, 3 * pair.ns - 60, 3 * pair.ns + 60);
	}
}

static void the_rate_is_that_of_the_system_clock(void **state)
{
	struct bp_clock_pair begin = bp_clock_now(), end;
	double hz;

	(void)state;
	while (bp_clock_ns() - begin.ns < 30000000)
		;
	end = bp_clock_now();
	hz = (double)(end.cycles - begin.cycles) * 1e9 / (double)(end.ns - begin.ns);
	assert_true((double)bp_clock_hz() > 0.999 * hz && (double)bp_clock_hz() < 1.001 * hz);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_is_of_one_moment_wherever_the_thread_is_stopped),
		cmocka_unit_test(the_rate_is_that_of_the_system_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
