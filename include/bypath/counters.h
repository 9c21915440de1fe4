/* Counters of a queue: one writer each, read by snapshot, never reset. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COUNTERS_H
#define BYPATH_COUNTERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Which way the packets went: into this program, out of it, or either. */
enum bp_side {
	BP_SIDE_RX = 1,
	BP_SIDE_TX = 2,
	BP_SIDE_BOTH = BP_SIDE_RX | BP_SIDE_TX,
};

/* How an account treats a counter. */
enum bp_counter_kind {
	BP_KIND_PACKET, /* packets that went on */
	BP_KIND_BYTE, /* their bytes */
	BP_KIND_COST, /* what moving them took */
	BP_KIND_EVENT, /* what was done to packets, or met by them, and is no loss */
	BP_KIND_DROP, /* packets lost: added up */
	/* A device's own count of packets that the queues count as well: under a drop reason, or as
	 * sent because the lost link was not known yet. It may count a packet twice, or packets
	 * of other programs. It is printed beside the drops and never added to anything. */
	BP_KIND_EXPLAINS,
};

/* All there is to know of a counter; whoever prints it, adds it or leaves it out looks here. Static. */
struct bp_counter_row {
	const char *name; /* the word in every output, e.g. "tx_full", "tp_drops" */
	const char *unit;
	enum bp_side side;
	enum bp_counter_kind kind;
	const char *meaning; /* half a sentence */
	bool is_interface; /* the interface's own counter, which others read as well */
};

/*
 * What a queue counts: the row of each. Everything here is provenance `counted`: this program did it. The drops
 * come last, packets that this program consumed and did not send, so that one loop adds them. *Full*: nothing
 * was tried; *gone*: the kernel took the packet.
 */
// clang-format off
#define BP_QUEUE_COUNTERS(ROW) \
	ROW(BP_CNT_PKTS, "packets", "packets", BP_SIDE_BOTH, BP_KIND_PACKET, \
	    "handed to the caller (rx), or consumed towards the wire (tx)") \
	ROW(BP_CNT_BYTES, "bytes", "bytes", BP_SIDE_BOTH, BP_KIND_BYTE, "of these packets, layer 2 without FCS") \
	ROW(BP_CNT_BURSTS, "bursts", "calls", BP_SIDE_BOTH, BP_KIND_COST, "calls that moved at least one packet") \
	ROW(BP_CNT_EMPTY, "empty_polls", "calls", BP_SIDE_RX, BP_KIND_COST, "calls that found nothing") \
	ROW(BP_CNT_COPIES, "user_copies", "copies", BP_SIDE_BOTH, BP_KIND_COST, \
	    "of whole packets, by user code") \
	ROW(BP_CNT_COPY_BYTES, "user_copy_bytes", "bytes", BP_SIDE_BOTH, BP_KIND_COST, "moved by user copies") \
	ROW(BP_CNT_CALLS, "crossings", "calls", BP_SIDE_BOTH, BP_KIND_COST, "system calls on the packet path") \
	ROW(BP_CNT_CALL_CYCLES, "call_cycles", "cycles", BP_SIDE_BOTH, BP_KIND_COST, \
	    "time inside them, in bp_clock cycles") \
	ROW(BP_CNT_CSUM, "csum_completed", "packets", BP_SIDE_BOTH, BP_KIND_EVENT, \
	    "partial checksums completed here") \
	ROW(BP_CNT_VLAN, "vlan_inserted", "packets", BP_SIDE_BOTH, BP_KIND_EVENT, "stripped VLAN tags put back") \
	ROW(BP_CNT_PADDED, "padded", "packets", BP_SIDE_RX, BP_KIND_EVENT, \
	    "cut when they were captured, filled up with zeros") \
	ROW(BP_CNT_NOT_REWRITTEN, "not_rewritten", "packets", BP_SIDE_RX, BP_KIND_EVENT, \
	    "to be rewritten, but went out as recorded (no IP, headers cut)") \
	ROW(BP_CNT_GSO_PKTS, "gso_packets", "packets", BP_SIDE_BOTH, BP_KIND_EVENT, "super-frames cut here") \
	ROW(BP_CNT_GSO_SEGS, "gso_segments", "packets", BP_SIDE_BOTH, BP_KIND_EVENT, "packets made of them") \
	ROW(BP_CNT_REPLICAS, "replicas", "packets", BP_SIDE_TX, BP_KIND_EVENT, \
	    "copies made for this port of packets that went elsewhere too") \
	ROW(BP_CNT_LOST_AFTER, "lost_after_sent", "packets", BP_SIDE_TX, BP_KIND_EVENT, \
	    "of packets: lost after they were counted, among the drops") \
	ROW(BP_DROP_TX_FULL, "tx_full", "packets", BP_SIDE_TX, BP_KIND_DROP, \
	    "dropped: the port did not take it within the burst's retries") \
	ROW(BP_DROP_TX_KERNEL, "tx_kernel_drop", "packets", BP_SIDE_TX, BP_KIND_DROP, \
	    "dropped: the kernel took it and dropped it (policy, full queue, peer)") \
	ROW(BP_DROP_TX_TOO_LONG, "tx_too_long", "packets", BP_SIDE_TX, BP_KIND_DROP, \
	    "dropped: longer than the port carries") \
	ROW(BP_DROP_TX_NO_MEM, "tx_no_mem", "packets", BP_SIDE_TX, BP_KIND_DROP, \
	    "dropped: no free frame to copy or cut into") \
	ROW(BP_DROP_TX_ERROR, "tx_error", "packets", BP_SIDE_TX, BP_KIND_DROP, \
	    "dropped: refused by kernel or device") \
	ROW(BP_DROP_TX_ABANDONED, "tx_abandoned", "packets", BP_SIDE_TX, BP_KIND_DROP, \
	    "dropped: never completed before the port closed") \
	ROW(BP_DROP_PORT_DOWN, "port_down", "packets", BP_SIDE_BOTH, BP_KIND_DROP, \
	    "dropped: the device was away, had no link, or the port was set down; rx: a reload ended it") \
	ROW(BP_DROP_SET_DOWN, "set_down", "packets", BP_SIDE_RX, BP_KIND_DROP, \
	    "dropped, of packets: received while the port was set down") \
	ROW(BP_DROP_RUNT, "runt", "packets", BP_SIDE_BOTH, BP_KIND_DROP, \
	    "dropped: shorter than an Ethernet header") \
	ROW(BP_DROP_RX_TRUNCATED, "rx_truncated", "packets", BP_SIDE_RX, BP_KIND_DROP, \
	    "dropped: not whole: longer than the receive buffer, or cut when captured") \
	ROW(BP_DROP_RX_BAD_META, "rx_bad_meta", "packets", BP_SIDE_BOTH, BP_KIND_DROP, \
	    "dropped: its metadata contradicts the frame") \
	ROW(BP_DROP_GSO_UNSUPPORTED, "gso_unsupported", "packets", BP_SIDE_BOTH, BP_KIND_DROP, \
	    "dropped: a super-frame of a kind that software cannot cut here")
// clang-format on

#define BP_COUNTER_ID(id, ...) id,
enum bp_cnt { BP_QUEUE_COUNTERS(BP_COUNTER_ID) BP_CNT_N };
#undef BP_COUNTER_ID
#define BP_DROP_FIRST BP_DROP_TX_FULL

extern const struct bp_counter_row bp_counter_rows[BP_CNT_N];

/* Written by the queue's worker only, read by anyone: relaxed atomics on both sides. */
struct bp_counters {
	_Atomic uint64_t v[BP_CNT_N];
	/* Of each drop reason those that were counted as sent before; the writer's alone. */
	uint64_t late[BP_CNT_N - BP_DROP_FIRST];
	/* Drops but those, as they come; the writer's alone, who looks at differences. */
	uint64_t n_dropped;
};

/* Add n to one counter. The queue's worker only (or the control thread while it is parked). */
static inline void bp_count(struct bp_counters *c, enum bp_cnt id, uint64_t n)
{
	/* One writer: a plain load and store, which relaxed atomics compile to. */
	uint64_t v = atomic_load_explicit(&c->v[id], memory_order_relaxed);

	atomic_store_explicit(&c->v[id], v + n, memory_order_relaxed);
	if (id >= BP_DROP_FIRST)
		c->n_dropped += n;
}

/* Account for n packets of BP_CNT_PKTS that were not sent after all. As bp_count(). */
static inline void bp_count_lost_after(struct bp_counters *c, enum bp_cnt reason, uint64_t n)
{
	bp_count(c, BP_CNT_LOST_AFTER, n);
	bp_count(c, reason, n);
	c->late[reason - BP_DROP_FIRST] += n;
	c->n_dropped -= n;
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

/* The same of one drop reason. The queue's worker only. */
static inline uint64_t bp_counter_dropped(const struct bp_counters *c, enum bp_cnt reason)
{
	return bp_counter(c, reason) - c->late[reason - BP_DROP_FIRST];
}

/* The word for a side, "rx" or "tx"; static storage. Any thread. */
static inline const char *bp_side_name(enum bp_side side)
{
	return side == BP_SIDE_BOTH ? "rx, tx" : side == BP_SIDE_RX ? "rx" : "tx";
}

#endif
