/* What functions do to a packet's first view: where it begins, how long it is on the wire. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PKT_EDIT_H
#define BYPATH_PKT_EDIT_H

#include "bypath/pkt.h"

#include <string.h>

/* An offset n_bytes further on. One that says nonsense stays nonsense: it comes round to no other place. */
static inline uint16_t bp_pkt_moved(uint16_t offset, int n_bytes)
{
	int moved = offset + n_bytes;

	return moved < 0 ? 0 : moved > UINT16_MAX ? UINT16_MAX : (uint16_t)moved;
}

/* Offsets of the metadata count from the packet's begin: move them with it, and the header to its new place. hdr_len is a
 * hint that need not be right; 0: not given. */
static inline void bp_pkt_move_vnet(struct bp_pkt *pkt, int n_bytes)
{
	struct bp_vnet_hdr meta;

	memcpy(&meta, pkt->data - BP_VNET_BYTES, sizeof(meta)); /* header */
	if (meta.flags & BP_VNET_F_NEEDS_CSUM)
		meta.csum_start = bp_pkt_moved(meta.csum_start, n_bytes);
	if (meta.hdr_len)
		meta.hdr_len = bp_pkt_moved(meta.hdr_len, n_bytes);
	memcpy(pkt->data - n_bytes - BP_VNET_BYTES, &meta, sizeof(meta)); /* header */
}

/*
 * Let the packet begin n_bytes (≤ BP_HEADROOM) earlier: these are undefined, its metadata moves along. False, and
 * nothing changed: there is no room before it. pkt is the first view of its packet. The worker that owns it.
 */
static inline bool bp_pkt_push(struct bp_pkt *pkt, unsigned n_bytes)
{
	if (pkt->headroom < n_bytes)
		return false;
	if (pkt->flags & BP_PKT_VNET)
		bp_pkt_move_vnet(pkt, (int)n_bytes);
	pkt->data -= n_bytes;
	pkt->len += n_bytes;
	pkt->headroom = (uint16_t)(pkt->headroom - n_bytes);
	return true;
}

/*
 * Let the packet begin n_bytes (≤ BP_FN_HEADER_BYTES) later; metadata moves along, over the bytes before. False, and
 * nothing changed: the first view has no more than so many, or a checksum that is left over starts within them. As
 * bp_pkt_push().
 */
static inline bool bp_pkt_pull(struct bp_pkt *pkt, unsigned n_bytes)
{
	if (pkt->len <= n_bytes || pkt->headroom > UINT16_MAX - n_bytes)
		return false;
	if (pkt->flags & BP_PKT_VNET) {
		struct bp_vnet_hdr meta;

		memcpy(&meta, pkt->data - BP_VNET_BYTES, sizeof(meta)); /* header */
		if ((meta.flags & BP_VNET_F_NEEDS_CSUM) && meta.csum_start < n_bytes)
			return false;
		bp_pkt_move_vnet(pkt, -(int)n_bytes);
	}
	pkt->data += n_bytes;
	pkt->len -= n_bytes;
	pkt->headroom = (uint16_t)(pkt->headroom + n_bytes);
	return true;
}

struct bp_pkt_wire {
	uint32_t n_frames; /* 1, or the segments of a super-frame */
	uint64_t n_bytes; /* of all of them, layer 2 without FCS */
	uint32_t max_bytes; /* of the longest */
};

/* bp_pkt_wire() of a packet of n_bytes whose metadata asks for segments of gso_size > 0: by its headers, as they are
 * cut; hdr_len is looked at only where they are of no known kind. Pure. */
struct bp_pkt_wire bp_pkt_wire_super(const struct bp_pkt *pkts, uint64_t n_bytes,
				     const struct bp_vnet_hdr *meta);

/* What the packet of n_views views at pkts[0] is on the wire. Pure. */
static inline struct bp_pkt_wire bp_pkt_wire(const struct bp_pkt *pkts, unsigned n_views)
{
	uint64_t n_bytes = bp_pkt_bytes(pkts, n_views);
	struct bp_vnet_hdr meta;

	if (pkts[0].flags & BP_PKT_VNET) {
		memcpy(&meta, pkts[0].data - BP_VNET_BYTES, sizeof(meta)); /* header */
		if (meta.gso_type != BP_VNET_GSO_NONE && meta.gso_size)
			return bp_pkt_wire_super(pkts, n_bytes, &meta);
	}
	return (struct bp_pkt_wire){ 1, n_bytes, (uint32_t)n_bytes };
}

#endif
