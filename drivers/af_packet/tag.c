/* Puts the VLAN tag back that the kernel took out of a received frame. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_packet.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>

#define TAG_BYTES  4u
#define MACS_BYTES (2u * ETH_ALEN)

void af_packet_tag_insert(struct bp_pkt *pkt, uint16_t tpid, uint16_t tci, struct bp_counters *c)
{
	uint32_t moved = MACS_BYTES + ((pkt->flags & BP_PKT_VNET) ? BP_VNET_BYTES : 0);
	uint8_t *from = pkt->data + MACS_BYTES - moved;
	uint16_t tag[2] = { htons(tpid), htons(tci) };

	if (pkt->len < MACS_BYTES || pkt->headroom < TAG_BYTES)
		return;
	memmove(from - TAG_BYTES, from, moved); /* header */
	pkt->data -= TAG_BYTES;
	pkt->headroom = (uint16_t)(pkt->headroom - TAG_BYTES);
	pkt->len += TAG_BYTES;
	memcpy(pkt->data + MACS_BYTES, tag, TAG_BYTES); /* header */
	if (pkt->flags & BP_PKT_VNET) {
		struct bp_vnet_hdr *meta = bp_pkt_vnet(pkt);

		if (meta->flags & BP_VNET_F_NEEDS_CSUM)
			meta->csum_start = (uint16_t)(meta->csum_start + TAG_BYTES);
		if (meta->hdr_len)
			meta->hdr_len = (uint16_t)(meta->hdr_len + TAG_BYTES);
	}
	bp_count(c, BP_CNT_VLAN, 1);
}
