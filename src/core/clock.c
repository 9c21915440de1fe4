/* The cycle counter's rate, measured once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/clock.h"

#include <pthread.h>

#define CALIBRATE_NS 10000000u

static uint64_t measured_hz; /* written once under pthread_once, read after it */
static pthread_once_t measure_once = PTHREAD_ONCE_INIT;

static void measure_hz(void)
{
	uint64_t ns0 = bp_clock_ns(), cycles0 = bp_clock_cycles(), ns1;

	do {
		ns1 = bp_clock_ns();
	} while (ns1 - ns0 < CALIBRATE_NS);
	measured_hz = (uint64_t)((double)(bp_clock_cycles() - cycles0) * 1e9 / (double)(ns1 - ns0));
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
