/* The cycle counter's rate, measured once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/clock.h"

#include <pthread.h>
#include <stddef.h>

#define CALIBRATE_NS 10000000u
#define PAIR_TRIES   16u

static uint64_t measured_hz; /* written once under pthread_once, read after it */
static pthread_once_t measure_once = PTHREAD_ONCE_INIT;

struct bp_clock_pair bp_clock_read_pair(uint64_t (*read_cycles)(void *),
					uint64_t (*read_ns)(void *), void *ctx)
{
	struct bp_clock_pair best = { 0 };
	uint64_t shortest = UINT64_MAX;

	for (unsigned i = 0; i < PAIR_TRIES; i++) {
		uint64_t before = read_cycles(ctx), ns = read_ns(ctx), after = read_cycles(ctx);

		if (after - before >= shortest)
			continue;
		shortest = after - before;
		best = (struct bp_clock_pair){ .ns = ns, .cycles = before + shortest / 2 };
	}
	return best;
}

static uint64_t cycles_now(void *ctx)
{
	(void)ctx;
	return bp_clock_cycles();
}

static uint64_t ns_now(void *ctx)
{
	(void)ctx;
	return bp_clock_ns();
}

struct bp_clock_pair bp_clock_now(void)
{
	return bp_clock_read_pair(cycles_now, ns_now, NULL);
}

static void measure_hz(void)
{
	struct bp_clock_pair begin = bp_clock_now(), end;

	while (bp_clock_ns() - begin.ns < CALIBRATE_NS)
		;
	end = bp_clock_now();
	measured_hz =
		(uint64_t)((double)(end.cycles - begin.cycles) * 1e9 / (double)(end.ns - begin.ns));
}

uint64_t bp_clock_hz(void)
{
	pthread_once(&measure_once, measure_hz);
	return measured_hz;
}

double bp_clock_cycles_to_ns(uint64_t cycles)
{
	return (double)cycles * 1e9 / (double)bp_clock_hz();
}
