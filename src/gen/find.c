/* Finds what stands behind the headers of a received frame, through whatever carries it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/frame.h"

#define ETH_BYTES        14u
#define TAG_BYTES        4u
#define MPLS_BYTES       4u
#define GRE_BYTES        4u
#define VXLAN_BYTES      8u
#define IPV4_BYTES       20u
#define IPV6_BYTES       40u
#define EXT_BYTES        8u
#define UDP_BYTES        8u
#define TCP_BYTES        20u
#define ETHERTYPE_4      0x0800u
#define ETHERTYPE_6      0x86ddu
#define ETHERTYPE_TAG    0x8100u
#define ETHERTYPE_AD     0x88a8u
#define ETHERTYPE_MPLS   0x8847u
#define ETHERTYPE_BRIDGE 0x6558u
#define PORT_VXLAN       4789u
#define STEPS_MAX        32u /* headers; what has more is not ours */

enum { IP_HOP = 0, IP_TCP = 6, IP_UDP = 17, IP_FRAG = 44, IP_GRE = 47, IP_DSTOPT = 60 };

/* Where in the frame; everything before `at` has been looked at. */
struct cursor {
	const uint8_t *data;
	uint32_t n_bytes, at;
	uint32_t end; /* of the innermost IP packet so far */
	unsigned type; /* EtherType of what stands at `at` */
};

static unsigned get16(const uint8_t *from)
{
	return (unsigned)from[0] << 8 | from[1];
}

static bool has(const struct cursor *c, uint32_t n_bytes)
{
	return c->at + n_bytes <= c->n_bytes;
}

static bool skip_eth(struct cursor *c)
{
	if (!has(c, ETH_BYTES))
		return false;
	c->type = get16(c->data + c->at + 12);
	c->at += ETH_BYTES;
	return true;
}

static bool skip_tag(struct cursor *c)
{
	if (!has(c, TAG_BYTES))
		return false;
	c->type = get16(c->data + c->at + 2);
	c->at += TAG_BYTES;
	return true;
}

/* One entry; behind the last one the packet says by itself what it is. */
static bool skip_mpls(struct cursor *c)
{
	bool is_bottom;

	if (!has(c, MPLS_BYTES + 1))
		return false;
	is_bottom = c->data[c->at + 2] & 1;
	c->at += MPLS_BYTES;
	if (is_bottom)
		c->type = c->data[c->at] >> 4 == 6 ? ETHERTYPE_6 : ETHERTYPE_4;
	return true;
}

static bool skip_gre(struct cursor *c)
{
	unsigned flags;

	if (!has(c, GRE_BYTES))
		return false;
	flags = c->data[c->at];
	c->type = get16(c->data + c->at + 2);
	/* Checksum, key, sequence: four bytes each (RFC 2784, 2890). */
	c->at += GRE_BYTES + (flags & 0x80 ? 4u : 0) + (flags & 0x20 ? 4u : 0) +
		 (flags & 0x10 ? 4u : 0);
	return c->type != ETHERTYPE_BRIDGE || skip_eth(c);
}

/* Another protocol, or -1. */
static int skip_ip4(struct cursor *c)
{
	const uint8_t *ip = c->data + c->at;
	uint32_t header;

	if (!has(c, IPV4_BYTES))
		return -1;
	header = (ip[0] & 15u) * 4u;
	if (ip[0] >> 4 != 4 || header < IPV4_BYTES || (get16(ip + 6) & 0x3fff))
		return -1;
	c->end = c->at + get16(ip + 2);
	c->at += header;
	return ip[9];
}

static int skip_ip6(struct cursor *c)
{
	const uint8_t *ip = c->data + c->at;
	int next;

	if (!has(c, IPV6_BYTES))
		return -1;
	next = ip[6];
	c->at += IPV6_BYTES;
	c->end = c->at + get16(ip + 4);
	for (unsigned i = 0; i < STEPS_MAX && has(c, EXT_BYTES); i++) {
		const uint8_t *ext = c->data + c->at;

		if (next == IP_FRAG && (get16(ext + 2) & 0xfff9))
			return -1;
		if (next != IP_HOP && next != IP_DSTOPT && next != IP_FRAG)
			return next;
		c->at += next == IP_FRAG ? EXT_BYTES : EXT_BYTES * (1u + ext[1]);
		next = ext[0];
	}
	return -1;
}

/* A tunnel's flags, where our payload has its magic number. */
static bool is_vxlan(const struct cursor *c)
{
	return has(c, UDP_BYTES + VXLAN_BYTES) && get16(c->data + c->at + 2) == PORT_VXLAN &&
	       c->data[c->at + UDP_BYTES] == 0x08;
}

/* Behind an IP header: *place is the payload, where it is of a kind that we make. Is there more to skip? */
static inline __attribute__((always_inline)) bool skip_l4(struct cursor *c, int protocol,
							  struct bp_frame_place *place)
{
	if (protocol == IP_UDP) {
		if (__builtin_expect(is_vxlan(c), 0)) {
			c->at += UDP_BYTES + VXLAN_BYTES;
			return skip_eth(c);
		}
		*place = (struct bp_frame_place){ c->at + UDP_BYTES, c->end };
	} else if (protocol == IP_TCP && has(c, TCP_BYTES)) {
		*place = (struct bp_frame_place){ c->at + (c->data[c->at + 12] >> 4) * 4u, c->end };
	} else if (protocol == IP_GRE) {
		return skip_gre(c);
	}
	return false;
}

/* One header, or what belongs together. Is there more to skip? */
static inline __attribute__((always_inline)) bool skip_one(struct cursor *c,
							   struct bp_frame_place *place)
{
	switch (c->type) {
	case ETHERTYPE_4:
		return skip_l4(c, skip_ip4(c), place);
	case ETHERTYPE_6:
		return skip_l4(c, skip_ip6(c), place);
	case ETHERTYPE_TAG:
	case ETHERTYPE_AD:
		return skip_tag(c);
	case ETHERTYPE_MPLS:
		return skip_mpls(c);
	case BP_ETHERTYPE_GEN:
		*place = (struct bp_frame_place){ c->at, c->end };
		return false;
	default:
		return false;
	}
}

struct bp_frame_place bp_frame_find(const uint8_t *data, uint32_t n_bytes, uint32_t frame_bytes)
{
	struct cursor c = { .data = data, .n_bytes = n_bytes, .end = frame_bytes };
	struct bp_frame_place place = { 0 };

	if (skip_eth(&c))
		for (unsigned i = 0; i < STEPS_MAX && skip_one(&c, &place); i++)
			;
	return place;
}
