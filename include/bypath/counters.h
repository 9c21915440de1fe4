/* Counters of a queue: one writer each, read by snapshot, never reset. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COUNTERS_H
#define BYPATH_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * What a queue counts. Everything here is provenance `counted`: this program did it. Drop reasons
 * come last, so that one loop adds them. The words of the output stand in counters.c, in the same
 * order.
 */
enum bp_cnt {
	BP_CNT_PKTS, /* packets handed to the caller (RX) or consumed towards the wire (TX) */
	BP_CNT_BYTES, /* their layer 2 bytes, without FCS */
	BP_CNT_BURSTS, /* calls that moved at least one packet */
	BP_CNT_EMPTY, /* RX calls that found nothing */
	BP_CNT_COPIES, /* whole-packet copies by user code */
	BP_CNT_COPY_BYTES, /* payload bytes moved by them */
	BP_CNT_CALLS, /* system calls on the packet path */
	BP_CNT_CALL_CYCLES, /* time inside them, in bp_clock cycles */
	BP_CNT_CSUM, /* partial checksums completed in software */
	BP_CNT_VLAN, /* stripped VLAN tags put back */
	BP_CNT_PADDED, /* cut when they were captured, filled up with zeros */
	BP_CNT_NOT_REWRITTEN, /* to be changed when they were played, and as recorded all the same */
	BP_CNT_GSO_PKTS, /* super-frames segmented in software */
	BP_CNT_GSO_SEGS, /* packets that came out of them */
	/* Of BP_CNT_PKTS: lost after they had been counted there; under a drop reason as well. */
	BP_CNT_LOST_AFTER,
	/* Drops: packets this program consumed and did not send. */
	BP_DROP_FIRST,
	/* Full: the TX queue took it not within the burst's budget, nothing was tried. */
	BP_DROP_TX_FULL = BP_DROP_FIRST,
	/* Gone: the kernel took it to send and dropped it (policy, a full queue, the peer's MTU). */
	BP_DROP_TX_KERNEL,
	BP_DROP_TX_TOO_LONG, /* longer than the port can carry */
	BP_DROP_TX_NO_MEM, /* no free frame to copy or segment into */
	BP_DROP_TX_ERROR, /* the kernel or device refused it */
	BP_DROP_TX_ABANDONED, /* handed over, never completed before the queue was closed */
	BP_DROP_PORT_DOWN, /* the port's device was away, or had no link */
	BP_DROP_RUNT, /* shorter than an Ethernet header */
	BP_DROP_RX_TRUNCATED, /* not whole: longer than the receive buffer, cut when captured */
	BP_DROP_RX_BAD_META, /* metadata that contradicts the frame */
	BP_DROP_GSO_UNSUPPORTED, /* super-frame of a kind that software cannot segment here */
	BP_CNT_N,
};

/* Written by the queue's worker only, read by anyone: relaxed atomics on both sides. */
struct bp_counters {
	_Atomic uint64_t v[BP_CNT_N];
};

/* Add n to one counter. The queue's worker only (or the control thread while it is parked). */
static inline void bp_count(struct bp_counters *c, enum bp_cnt id, uint64_t n)
{
	/* One writer: a plain load and store, which relaxed atomics compile to. */
	uint64_t v = atomic_load_explicit(&c->v[id], memory_order_relaxed);

	atomic_store_explicit(&c->v[id], v + n, memory_order_relaxed);
}

/* Account for n packets of BP_CNT_PKTS that were not sent after all. As bp_count(). */
static inline void bp_count_lost_after(struct bp_counters *c, enum bp_cnt reason, uint64_t n)
{
	bp_count(c, BP_CNT_LOST_AFTER, n);
	bp_count(c, reason, n);
}

/* Read one counter. Any thread. */
static inline uint64_t bp_counter(const struct bp_counters *c, enum bp_cnt id)
{
	return atomic_load_explicit(&((struct bp_counters *)(uintptr_t)c)->v[id],
				    memory_order_relaxed);
}

/* Sum of all drop counters. Any thread. */
static inline uint64_t bp_counters_drops(const struct bp_counters *c)
{
	uint64_t sum = 0;

	for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++)
		sum += bp_counter(c, (enum bp_cnt)id);
	return sum;
}

/* Of those, the ones that were not counted as sent before. Any thread. */
static inline uint64_t bp_counters_dropped(const struct bp_counters *c)
{
	return bp_counters_drops(c) - bp_counter(c, BP_CNT_LOST_AFTER);
}

/* The word used for a counter in every output, e.g. "tx_full"; static storage. Any thread. */
const char *bp_cnt_name(enum bp_cnt id);

#endif
