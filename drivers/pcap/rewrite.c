/* The Ethernet header that a record of a capture gets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "rewrite.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

#define MAC_BYTES 6u
#define ETH_BYTES 14u

#define TYPE_V4     0x0800u
#define TYPE_8021Q  0x8100u
#define TYPE_V6     0x86ddu
#define TYPE_8021AD 0x88a8u
#define TYPE_MIN    0x0600u /* below, it is a length or a number of Linux's own (IEEE 802.3) */

#define VLAN_ID_MASK 0x0fffu

#define SLL_BYTES   16u
#define SLL_TYPE    14u /* offset of the protocol */
#define SLL_ARPHRD  2u
#define SLL2_BYTES  20u
#define SLL2_TYPE   0u
#define SLL2_ARPHRD 8u

/* Devices whose protocol field is no EtherType. Source: Linux, include/uapi/linux/if_arp.h. */
#define ARPHRD_FRAD     770u
#define ARPHRD_IPGRE    778u
#define ARPHRD_RADIOTAP 803u
#define ARPHRD_NETLINK  824u

static uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void store_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* ---- set-up ---------------------------------------------------------------------------------- */

/* Length of the link header; -1: of no link type that becomes Ethernet. */
static int link_bytes_of(int link_type)
{
	switch (link_type) {
	case DLT_EN10MB:
		return ETH_BYTES;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return 0;
	case DLT_LINUX_SLL:
		return SLL_BYTES;
	case DLT_LINUX_SLL2:
		return SLL2_BYTES;
	default:
		return -1;
	}
}

int bp_pcap_rewrite_init(struct bp_pcap_rewrite *rw, int link_type, const struct bp_pcap_conf *conf)
{
	int link_bytes = link_bytes_of(link_type);

	if (link_bytes < 0)
		return -ENOTSUP;
	if (link_type != DLT_EN10MB && !(conf->dst_mac.is_given && conf->src_mac.is_given))
		return -EINVAL;
	*rw = (struct bp_pcap_rewrite){
		.link_type = link_type,
		.link_bytes = (uint32_t)link_bytes,
		.needs_bytes = link_bytes ? (uint32_t)link_bytes : 1, /* IP's version */
		.dst = conf->dst_mac,
		.src = conf->src_mac,
		.vlan = conf->vlan,
		.strips_vlan = conf->strips_vlan,
		.is_needed = link_type != DLT_EN10MB || conf->dst_mac.is_given ||
			     conf->src_mac.is_given || conf->vlan || conf->strips_vlan,
	};
	return 0;
}

/* ---- per record ------------------------------------------------------------------------------ */

/* The EtherType of a packet without a link header, 0: it is no IP, or not of that version. */
static uint16_t type_of_ip(int link_type, const uint8_t *ip)
{
	unsigned version = ip[0] >> 4;

	if (version == 4 && link_type != DLT_IPV6)
		return TYPE_V4;
	return version == 6 && link_type != DLT_IPV4 ? TYPE_V6 : 0;
}

/* The EtherType of a cooked packet, 0: its protocol is none. */
static uint16_t type_of_cooked(const uint8_t *protocol, const uint8_t *arphrd)
{
	uint16_t type = load_be16(protocol);

	switch (load_be16(arphrd)) {
	case ARPHRD_FRAD:
	case ARPHRD_IPGRE:
	case ARPHRD_RADIOTAP:
	case ARPHRD_NETLINK:
		return 0;
	default:
		return type >= TYPE_MIN ? type : 0;
	}
}

static uint16_t type_of(const struct bp_pcap_rewrite *rw, const uint8_t *record)
{
	switch (rw->link_type) {
	case DLT_LINUX_SLL:
		return type_of_cooked(record + SLL_TYPE, record + SLL_ARPHRD);
	case DLT_LINUX_SLL2:
		return type_of_cooked(record + SLL2_TYPE, record + SLL2_ARPHRD);
	default:
		return type_of_ip(rw->link_type, record);
	}
}

static bool is_tag(uint16_t type)
{
	return type == TYPE_8021Q || type == TYPE_8021AD;
}

/* Leave the tags out behind which the record goes on with another type. Returns the type that stays. */
static uint16_t strip_tags(const uint8_t *record, uint32_t len, uint16_t type,
			   struct bp_pcap_rewrite_head *head)
{
	while (is_tag(type) && len - head->skip >= 4) {
		type = load_be16(record + head->skip + 2);
		head->skip += 4;
	}
	head->is_left = is_tag(type);
	return type;
}

static void put_be16(struct bp_pcap_rewrite_head *head, uint16_t v)
{
	store_be16(head->bytes + head->len, v);
	head->len += 2;
}

/* Give the outermost tag the id, or put one before the type. */
static void set_vlan(const uint8_t *record, uint32_t len, uint16_t type, uint16_t vlan,
		     struct bp_pcap_rewrite_head *head)
{
	if (!is_tag(type)) {
		put_be16(head, TYPE_8021Q);
		put_be16(head, vlan);
		put_be16(head, type);
		return;
	}
	put_be16(head, type);
	head->is_left = len - head->skip < 2;
	if (head->is_left)
		return;
	put_be16(head, (uint16_t)((load_be16(record + head->skip) & ~VLAN_ID_MASK) | vlan));
	head->skip += 2;
}

enum bp_cnt bp_pcap_rewrite_head(const struct bp_pcap_rewrite *rw, const uint8_t *record,
				 uint32_t len, struct bp_pcap_rewrite_head *head)
{
	bool is_ethernet = rw->link_type == DLT_EN10MB;
	uint16_t type;

	if (len < rw->needs_bytes)
		return BP_DROP_RUNT;
	type = is_ethernet ? load_be16(record + 2 * MAC_BYTES) : type_of(rw, record);
	if (!type && !is_ethernet)
		return BP_DROP_RX_BAD_META;
	if (is_ethernet)
		memcpy(head->bytes, record, 2 * MAC_BYTES); /* header */
	if (rw->dst.is_given)
		memcpy(head->bytes, rw->dst.bytes, MAC_BYTES); /* header */
	if (rw->src.is_given)
		memcpy(head->bytes + MAC_BYTES, rw->src.bytes, MAC_BYTES); /* header */
	head->len = 2 * MAC_BYTES;
	head->skip = rw->link_bytes;
	head->is_left = false;
	if (rw->strips_vlan)
		type = strip_tags(record, len, type, head);
	if (rw->vlan)
		set_vlan(record, len, type, rw->vlan, head);
	else
		put_be16(head, type);
	return BP_CNT_N;
}
