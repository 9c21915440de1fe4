/* Puts the VLAN tag back that the kernel took out of a received frame. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_packet.h"

#include "bypath/pkt_edit.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>

#define TAG_BYTES  4u
#define MACS_BYTES (2u * ETH_ALEN)

void af_packet_tag_insert(struct bp_pkt *pkt, uint16_t tpid, uint16_t tci, struct bp_counters *c)
{
	uint16_t tag[2] = { htons(tpid), htons(tci) };
	uint8_t macs[MACS_BYTES];

	if (pkt->len < MACS_BYTES)
		return;
	memcpy(macs, pkt->data, MACS_BYTES); /* header */
	if (!bp_pkt_push(pkt, TAG_BYTES))
		return;
	memcpy(pkt->data, macs, MACS_BYTES); /* header */
	memcpy(pkt->data + MACS_BYTES, tag, TAG_BYTES); /* header */
	bp_count(c, BP_CNT_VLAN, 1);
}
