/* What a super-frame is on the wire: how many segments, how long. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/pkt_edit.h"

#include "engine/frame_parse.h"

#define V6_FRAGMENT_BYTES 8u

/* What each segment repeats, what they share out among them. */
struct parts {
	uint64_t header_bytes, payload_bytes;
};

/* Of headers that cannot be parsed: behind the checksum that metadata places, or as its hint says. */
static uint64_t guess_header(const struct bp_pkt *first, const struct bp_vnet_hdr *meta)
{
	uint32_t start = meta->csum_start;

	if (!(meta->flags & BP_VNET_F_NEEDS_CSUM))
		return meta->hdr_len;
	if (meta->csum_offset == BP_UDP_CSUM)
		return start + BP_UDP_BYTES;
	if (meta->csum_offset == BP_TCP_CSUM && start + BP_TCP_BYTES_MIN <= first->len)
		return start + (first->data[start + 12] >> 4) * 4u;
	return meta->hdr_len;
}

static struct parts find_parts(const struct bp_pkt *first, uint64_t n_bytes,
			       const struct bp_vnet_hdr *meta)
{
	bool is_fragmented = (meta->gso_type & ~BP_VNET_GSO_ECN) == BP_VNET_GSO_UDP;
	uint32_t start = meta->flags & BP_VNET_F_NEEDS_CSUM ? meta->csum_start : 0;
	const struct bp_frame_layer *l;
	struct bp_frame frame;
	uint64_t header_bytes;

	if (!bp_frame_parse(first->data, first->len, (uint32_t)n_bytes, start, &frame)) {
		header_bytes = guess_header(first, meta);
		return (struct parts){ header_bytes,
				       n_bytes > header_bytes ? n_bytes - header_bytes : 0 };
	}
	l = bp_frame_inner(&frame);
	if (is_fragmented) /* IP fragments: only the first one has UDP's header */
		return (struct parts){ l->l4_off + (l->is_v6 ? V6_FRAGMENT_BYTES : 0),
				       l->l4_bytes };
	return (struct parts){ l->payload_off, l->l4_bytes - (l->payload_off - l->l4_off) };
}

struct bp_pkt_wire bp_pkt_wire_super(const struct bp_pkt *pkts, uint64_t n_bytes,
				     const struct bp_vnet_hdr *meta)
{
	struct parts parts = find_parts(&pkts[0], n_bytes, meta);
	uint64_t n_frames;

	if (parts.payload_bytes <= meta->gso_size)
		return (struct bp_pkt_wire){ 1, n_bytes, (uint32_t)n_bytes };
	n_frames = (parts.payload_bytes + meta->gso_size - 1) / meta->gso_size;
	return (struct bp_pkt_wire){
		.n_frames = (uint32_t)n_frames,
		.n_bytes = parts.payload_bytes + n_frames * parts.header_bytes,
		.max_bytes = (uint32_t)(parts.header_bytes + meta->gso_size),
	};
}
