/* What functions do to a packet's first view: where it begins, how long it is on the wire. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PKT_EDIT_H
#define BYPATH_PKT_EDIT_H

#include "bypath/pkt.h"

#include <string.h>

/* Offsets of the metadata count from the packet's begin: move them with it, and the header to its new place. */
static inline void bp_pkt_move_vnet(struct bp_pkt *pkt, int n_bytes)
{
	struct bp_vnet_hdr meta;

	memcpy(&meta, pkt->data - BP_VNET_BYTES, sizeof(meta)); /* header */
	if (meta.flags & BP_VNET_F_NEEDS_CSUM)
		meta.csum_start = (uint16_t)(meta.csum_start + n_bytes);
	if (meta.gso_type != BP_VNET_GSO_NONE)
		meta.hdr_len = (uint16_t)(meta.hdr_len + n_bytes);
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
 * Let the packet begin n_bytes later. False, and nothing changed: the first view has not so many, or a checksum
 * that is left over starts within them. As bp_pkt_push().
 */
static inline bool bp_pkt_pull(struct bp_pkt *pkt, unsigned n_bytes)
{
	if (pkt->len < n_bytes)
		return false;
	if (pkt->flags & BP_PKT_VNET) {
		struct bp_vnet_hdr meta;

		memcpy(&meta, pkt->data - BP_VNET_BYTES, sizeof(meta)); /* header */
		if ((meta.flags & BP_VNET_F_NEEDS_CSUM) && meta.csum_start < n_bytes)
			return false;
		if (meta.gso_type != BP_VNET_GSO_NONE && meta.hdr_len < n_bytes)
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

/* What the packet of n_views views at pkts[0] is on the wire. Pure. */
static inline struct bp_pkt_wire bp_pkt_wire(const struct bp_pkt *pkts, unsigned n_views)
{
	uint64_t n_bytes = bp_pkt_bytes(pkts, n_views), n_payload;
	struct bp_pkt_wire wire = { 1, n_bytes, (uint32_t)n_bytes };
	struct bp_vnet_hdr meta;

	if (!(pkts[0].flags & BP_PKT_VNET))
		return wire;
	memcpy(&meta, pkts[0].data - BP_VNET_BYTES, sizeof(meta)); /* header */
	if (meta.gso_type == BP_VNET_GSO_NONE || !meta.gso_size || meta.hdr_len >= n_bytes)
		return wire;
	n_payload = n_bytes - meta.hdr_len;
	if (n_payload <= meta.gso_size)
		return wire;
	wire.n_frames = (uint32_t)((n_payload + meta.gso_size - 1) / meta.gso_size);
	wire.n_bytes = n_payload + (uint64_t)wire.n_frames * meta.hdr_len;
	wire.max_bytes = (uint32_t)meta.hdr_len + meta.gso_size;
	return wire;
}

#endif
