/* When packets are due that shall come at a given rate. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_PACE_H
#define BYPATH_CORE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A schedule in cycles. hz / rate has a remainder, and cycles alone would send 1 % too fast at
 * 30 Mpps: the remainder of each turn is kept, in parts of 1/rate cycle, so that turn n is due at
 * begin + n × hz / rate, rounded down, however large n is. Owned by one thread.
 */
struct bp_pace {
	uint64_t rate_pps; /* 0: no schedule, all is due at once */
	uint64_t due_cycles; /* when the next packet is due */
	uint64_t parts; /* of a cycle that due_cycles leaves out, < rate_pps */
	uint64_t step_cycles, step_parts; /* between two packets */
	uint64_t catch_up_cycles; /* the longest that the schedule may lag */
};

/*
 * Begin at cycle `now` of a counter with hz per second. Up to `burst` packets (at least 1, or each
 * little delay would lower the rate) are made up for beside the one that is due; older turns pass.
 * Divides: not for the packet path.
 */
void bp_pace_begin(struct bp_pace *pace, uint64_t rate_pps, unsigned burst, uint64_t hz,
		   uint64_t now);

/* Once before a burst: let turns pass that are too late for bp_pace_begin()'s burst. */
static inline void bp_pace_skip_late(struct bp_pace *pace, uint64_t now)
{
	if (pace->rate_pps && now > pace->due_cycles + pace->catch_up_cycles)
		pace->due_cycles = now - pace->catch_up_cycles;
}

/* Let none be due before cycle `until`. */
static inline void bp_pace_defer(struct bp_pace *pace, uint64_t until)
{
	if (pace->rate_pps && pace->due_cycles < until)
		pace->due_cycles = until;
}

/* Is the next packet due? */
static inline bool bp_pace_is_due(const struct bp_pace *pace, uint64_t now)
{
	return !pace->rate_pps || pace->due_cycles <= now;
}

/* It has been sent, or let pass. */
static inline void bp_pace_next(struct bp_pace *pace)
{
	pace->due_cycles += pace->step_cycles;
	pace->parts += pace->step_parts;
	if (pace->parts >= pace->rate_pps) {
		pace->parts -= pace->rate_pps;
		pace->due_cycles++;
	}
}

/* So many at once, however many: what a sender says must not decide how long this takes. Divides for more than one. */
static inline void bp_pace_pass(struct bp_pace *pace, uint32_t n)
{
	uint64_t parts = pace->parts + n * pace->step_parts;

	if (n == 1 || !pace->rate_pps) {
		bp_pace_next(pace);
		return;
	}
	pace->due_cycles += n * pace->step_cycles + parts / pace->rate_pps;
	pace->parts = parts % pace->rate_pps;
}

#endif
