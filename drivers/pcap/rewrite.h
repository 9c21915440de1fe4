/* The Ethernet header that a record of a capture gets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_PCAP_REWRITE_H
#define BYPATH_DRIVER_PCAP_REWRITE_H

#include "describe.h"
#include "bypath/counters.h"

#include <stdbool.h>
#include <stdint.h>

#define BP_PCAP_REWRITE_HEAD_MAX 18u /* two MAC addresses, a tag, the type */

/* What is to be done with each record. Fixed after bp_pcap_rewrite_init(). */
struct bp_pcap_rewrite {
	int link_type; /* DLT_…, of libpcap */
	uint32_t link_bytes; /* of the recorded link header */
	uint32_t needs_bytes; /* of a record: a shorter one is a runt */
	struct bp_mac dst, src; /* in place of the recorded ones */
	uint16_t vlan; /* id of the outermost tag, 0: as recorded */
	bool strips_vlan; /* takes all tags off */
	bool is_needed; /* false: records are frames as they are */
};

/* The first bytes of a frame, and how much of the record they stand for. */
struct bp_pcap_rewrite_head {
	uint8_t bytes[BP_PCAP_REWRITE_HEAD_MAX];
	uint32_t len; /* of bytes */
	uint32_t skip; /* bytes of the record that are not in the frame, ≤ its length */
	bool is_left; /* a tag that was to be changed is cut: it is as recorded */
};

/* 0; -ENOTSUP: records of this link type are no frames, nor can they be made frames; -EINVAL: they can, with
 * both MAC addresses. */
int bp_pcap_rewrite_init(struct bp_pcap_rewrite *rw, int link_type,
			 const struct bp_pcap_conf *conf);

/*
 * The header of one record, len captured bytes of it; head is undefined unless BP_CNT_N is returned. Else the
 * reason why no frame can be made: BP_DROP_RUNT, what tells its type is cut; BP_DROP_RX_BAD_META, what it holds is
 * not what the link type says, or has no EtherType. Reads no byte past len.
 * Source: https://www.tcpdump.org/linktypes.html, LINKTYPE_RAW, _IPV4, _IPV6, _LINUX_SLL, _LINUX_SLL2.
 */
enum bp_cnt bp_pcap_rewrite_head(const struct bp_pcap_rewrite *rw, const uint8_t *record,
				 uint32_t len, struct bp_pcap_rewrite_head *head);

#endif
