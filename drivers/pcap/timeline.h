/* When the records of a capture are due that is played at its recorded pace. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_PCAP_TIMELINE_H
#define BYPATH_DRIVER_PCAP_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Time runs from record to record by the difference of their stamps, never backwards: a record that is older
 * than one before it is due with that one. It is kept in recorded nanoseconds, which add up without a
 * remainder; sums saturate, so that no stamp of a damaged file wraps. Owned by one thread.
 */
struct bp_pcap_timeline {
	uint64_t
		cycles_per_ns_x32; /* of the clock, by recorded nanosecond; shifted left by 32 bits */
	uint64_t gap_max_ns; /* the longest from one record to the next; UINT64_MAX: no bound */
	uint64_t delay_cycles; /* from the last record of a round to the first of the next */
	bool has_begun; /* the first round */
	/* The round. */
	uint64_t begin_cycles; /* its first record is due then */
	uint64_t stamp_ns; /* the latest stamp so far */
	uint64_t passed_ns; /* recorded time since the first record, gaps cut */
	bool has_stamp; /* a record has been seen */
};

/*
 * speed        replayed time runs so many times faster than recorded time: > 0
 * max_gap_s    the longest wait from one record to the next, in replayed seconds; 0: no bound
 * delay_s      seconds between two rounds; 0: none
 * hz           of the cycle counter
 *
 * Values are finite. Divides: not for the packet path.
 */
void bp_pcap_timeline_init(struct bp_pcap_timeline *t, double speed, double max_gap_s,
			   double delay_s, uint64_t hz);

/* A round begins: its first record is due at cycle `now`, or, but in the first round, the delay later. */
void bp_pcap_timeline_begin_round(struct bp_pcap_timeline *t, uint64_t now);

/* The cycle at which the next record of the round is due, by its time stamp. */
uint64_t bp_pcap_timeline_next(struct bp_pcap_timeline *t, uint64_t stamp_ns);

/* A capture's seconds and nanoseconds as one number. Saturates: 0 before 1970. */
uint64_t bp_pcap_timeline_stamp(int64_t seconds, int64_t ns);

/* Has time passed since the round's first record? Else all of them were due at once. */
static inline bool bp_pcap_timeline_has_passed(const struct bp_pcap_timeline *t)
{
	return t->passed_ns != 0;
}

#endif
