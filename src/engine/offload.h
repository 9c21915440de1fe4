/* The stage between rx and tx that makes up for offloads the TX port lacks. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_OFFLOAD_H
#define BYPATH_ENGINE_OFFLOAD_H

#include "bypath/port.h"
#include "engine/segment.h"

enum bp_offload_flag {
	/* TX does not take metadata: do what it asks for, then drop it. */
	BP_OFFLOAD_RESOLVE = 1u << 0,
	/* Frames without metadata: look for partial checksums. */
	BP_OFFLOAD_INFER_CSUM = 1u << 1,
	/* With INFER_CSUM: those longer than the link carries are super-frames. */
	BP_OFFLOAD_INFER_GSO = 1u << 2,
	/* TX takes metadata: write down what was inferred instead of computing it. */
	BP_OFFLOAD_ANNOTATE = 1u << 3,
	/* TX takes metadata, but no super-frames of this protocol: cut those. */
	BP_OFFLOAD_CUT_TCP = 1u << 4,
	BP_OFFLOAD_CUT_UDP = 1u << 5,
	/* TX takes metadata, but there is none for super-frames of tunnels, nor for SCTP. */
	BP_OFFLOAD_GUARD = 1u << 6,
};

/* One path's stage: state of one worker. Members are offload.c's business. */
struct bp_offload {
	uint32_t flags; /* enum bp_offload_flag */
	uint32_t tx_frame_bytes; /* longest frame of the TX port, 0 no bound */
	uint32_t l3_bytes; /* INFER_GSO: longest IP packet of the link (its MTU) */
	unsigned n_in, next; /* of in[]: length, first packet not yet looked at */
	bool is_plain; /* nothing in in[] needs a look */
	struct bp_pkt *in;
	struct bp_txq *txq; /* whose counters it has, for those who look at drops; NULL: nobody's */
	struct bp_segmenter segmenter;
	struct bp_pkt out[BP_BURST_MAX];
};

/*
 * Make the stage that a path needs, from facts that start() learns: make another when one of its
 * ports has started again.
 *
 * pool      of the frames that segments are made in: one that tx sends in place; has `get`
 * counters  gets csum, gso_pkts, gso_segs, copies, drops (rx_bad_meta, gso_unsupported, tx_no_mem):
 *           those of the path's TX queue, since what is dropped here has been counted as received
 * rx_conf   checksum = off: nothing is inferred from frame bytes (metadata is still resolved)
 * o         the stage, the caller's (bp_offload_destroy), or NULL: packets pass as they are
 *
 * Control thread; never blocks. 0 or -ENOMEM.
 */
int bp_offload_create(struct bp_pool *pool, struct bp_counters *counters, unsigned worker_id,
		      const struct bp_port_conf *rx_conf, const struct bp_port_info *rx,
		      const struct bp_port_info *tx, struct bp_offload **o);

/* Say which queue packets go to behind the stage, NULL or not: what it drops is shown as dropped there. Control thread, before
 * its worker uses it. */
void bp_offload_set_queue(struct bp_offload *o, struct bp_txq *txq);

/* Does it concern no packets but those that a direct burst leaves to the way by views? Any thread. */
bool bp_offload_is_guard(const struct bp_offload *o);

/* o may be NULL; no worker may be using it. Control thread. */
void bp_offload_destroy(struct bp_offload *o);

/*
 * Hand a received burst to the stage: pkts[n], whole packets, n ≤ BP_BURST_MAX. Both the views and
 * the array belong to the stage until bp_offload_next() has returned 0. The previous burst must be
 * used up.
 */
void bp_offload_begin(struct bp_offload *o, struct bp_pkt *pkts, unsigned n);

/*
 * Take the next output burst: whole packets in the order received, ready for the TX port. One
 * super-frame becomes many packets, so that a burst in can be several bursts out:
 *
 *	bp_offload_begin(o, pkts, n);
 *	while ((n_out = bp_offload_next(o, &out)))
 *		send(out, n_out);
 *
 * *out points into the caller's array (views that pass, in place) or into the stage; the views are
 * the caller's, the array is valid until the next call. Packets the stage consumed are back in
 * their pools and counted. gso_segs - gso_pkts is what it added to the number of packets received,
 * also when frames run out midway. Bounded: every call uses up input or makes segments.
 * The path's worker only. Never blocks. Returns 1 … BP_BURST_MAX views, or 0 at the end.
 */
unsigned bp_offload_next(struct bp_offload *o, struct bp_pkt **out);

#endif
