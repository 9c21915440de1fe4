/* Cycle counter for the packet path, with its rate. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_CLOCK_H
#define BYPATH_CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of CLOCK_MONOTONIC. Any thread. */
static inline uint64_t bp_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Cycles of a constant-rate counter; not serialising. Any thread. */
static inline uint64_t bp_clock_cycles(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t v;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
	return v;
#else
	return bp_clock_ns();
#endif
}

/* Both clocks at one moment. */
struct bp_clock_pair {
	uint64_t ns, cycles;
};

/*
 * Read both, several times, and keep the closest pair: a thread that loses its core between the two reads
 * would be milliseconds wrong, for good. The clocks are given so that a test can stop in between.
 */
struct bp_clock_pair bp_clock_read_pair(uint64_t (*read_cycles)(void *),
					uint64_t (*read_ns)(void *), void *ctx);

/* bp_clock_read_pair() of this machine's clocks. Any thread. */
struct bp_clock_pair bp_clock_now(void);

/* Cycles per second, measured once against CLOCK_MONOTONIC (takes 10 ms the first time). */
uint64_t bp_clock_hz(void);

/* Cycles to nanoseconds. Not for the packet path (divides). */
double bp_clock_cycles_to_ns(uint64_t cycles);

#endif
