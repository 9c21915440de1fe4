/* Software segmentation: one super-frame, also a tunnel's, into frames that the TX port sends in place. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_SEGMENT_H
#define BYPATH_ENGINE_SEGMENT_H

#include "bypath/counters.h"
#include "bypath/pkt.h"
#include "engine/frame_parse.h"

struct bp_txq;

/* Frames that one segment may take: jumbo frames out of 2048-byte ones. */
#define BP_SEGMENT_VIEWS_MAX 8u

/* More segments than that from one packet are refused: 64 KiB at TCP's smallest MSS make 1366. */
#define BP_SEGMENTS_MAX 2048u

/*
 * One worker's segmentation in progress. Members: this file's business. The headers in the
 * super-frame's first view stay as they came: each segment begins with a copy of them.
 */
struct bp_segmenter {
	struct bp_pool *pool; /* of the frames that segments are made in */
	struct bp_counters *counters;
	struct bp_txq *txq; /* as bp_offload's */
	const struct bp_pkt *views; /* the super-frame; owned while n_views is not 0 */
	unsigned n_views;
	unsigned worker_id;
	unsigned max_views; /* of one segment */
	uint32_t room; /* data bytes of one frame */
	struct bp_frame frame;
	uint32_t mss; /* payload bytes per segment */
	uint32_t payload_left;
	uint32_t n_done; /* payload bytes of the segments made */
	unsigned n_segments; /* made */
	unsigned view_id; /* where the next payload byte lies */
	uint32_t view_off;
};

/*
 * pool: has `get`. max_views: 1 … BP_SEGMENT_VIEWS_MAX, what the TX port takes for one packet. Control
 * thread; pool and counters outlive s, whose worker is worker_id.
 */
void bp_segmenter_init(struct bp_segmenter *s, struct bp_pool *pool, struct bp_counters *counters,
		       unsigned worker_id, unsigned max_views);

enum bp_segment_verdict {
	BP_SEGMENT_WHOLE, /* needs no segmentation: fits one segment, and is in no tunnel */
	BP_SEGMENT_BEGUN, /* views now belong to s */
	BP_SEGMENT_REFUSED, /* software cannot segment it */
};

/*
 * Begin to segment a packet.
 *
 * views, n_views  the packet; must stay in place until bp_segment_is_busy() is false
 * frame           its headers, as bp_frame_parse() found them
 * mss             payload bytes per segment, ≥ 1. TCP: an upper bound, lowered to what the frames
 *                 and the TX port carry; UDP: exact (a datagram's bounds mean something)
 * tx_frame_bytes  longest frame of the TX port, 0 no bound
 *
 * Each segment gets the headers of all layers, each of these its own lengths, IPv4 identification and
 * checksum; a UDP checksum of 0 (none) stays so. Refused: SCTP, whose chunks software does not cut
 * here, and GRE that numbers its packets, since the next super-frame has the next number.
 *
 * Ownership: passes to s on BP_SEGMENT_BEGUN only. The worker's thread; never blocks. Counts
 * nothing but gso_pkts.
 */
enum bp_segment_verdict bp_segment_begin(struct bp_segmenter *s, const struct bp_pkt *views,
					 unsigned n_views, const struct bp_frame *frame,
					 uint32_t mss, uint32_t tx_frame_bytes);

static inline bool bp_segment_is_busy(const struct bp_segmenter *s)
{
	return s->n_views != 0;
}

/*
 * Make whole segments into out[], up to max views (1 ≤ max ≤ BP_BURST_MAX); they are the caller's.
 * After the last one the super-frame goes back to its pools. With too few free frames (or too small
 * a max) for one segment: returns 0, and tries again at the next call if may_wait; otherwise what
 * is left is dropped as one packet, tx_no_mem. The worker's thread; never blocks. Returns the
 * number of views.
 */
unsigned bp_segment_make(struct bp_segmenter *s, struct bp_pkt *out, unsigned max, bool may_wait);

#endif
