/* Moves the IP addresses of a frame, so that a capture's next round has other flows. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "readdress.h"

#include <string.h>

#define TYPE_OFF    12u /* of the EtherType in a frame */
#define ETH_BYTES   14u
#define TYPE_V4     0x0800u
#define TYPE_8021Q  0x8100u
#define TYPE_V6     0x86ddu
#define TYPE_8021AD 0x88a8u

#define V4_BYTES       20u
#define V4_CSUM        10u
#define V4_ADDRS       12u /* both, 4 bytes each */
#define V4_OFFSET_MASK 0x1fffu
#define V6_BYTES       40u
#define V6_ADDRS       8u /* both, 16 bytes each */

#define PROTO_TCP      6u
#define PROTO_UDP      17u
#define PROTO_DCCP     33u
#define PROTO_AH       51u
#define PROTO_ICMPV6   58u
#define PROTO_UDP_LITE 136u

#define NEXT_HOP_BY_HOP 0u
#define NEXT_ROUTING    43u
#define NEXT_FRAGMENT   44u
#define NEXT_DEST_OPTS  60u
#define EXT_HEADERS_MAX 8u

/* An IP packet within its frame; offsets count from the frame's first byte. */
struct packet {
	uint32_t off; /* of the IP header */
	uint32_t end; /* of the bytes that are there, the link's padding left out */
	uint32_t l4_off;
	uint8_t proto;
	bool has_l4; /* false: a further fragment */
};

static uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void store_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static bool is_tag(uint16_t type)
{
	return type == TYPE_8021Q || type == TYPE_8021AD;
}

/* Past the Ethernet header with its tags. The EtherType, 0: it is cut. */
static uint16_t skip_link(const uint8_t *frame, uint32_t n_bytes, uint32_t *off)
{
	uint16_t type;

	if (n_bytes < ETH_BYTES)
		return 0;
	type = load_be16(frame + TYPE_OFF);
	*off = ETH_BYTES;
	while (is_tag(type)) {
		if (n_bytes - *off < 4)
			return 0;
		type = load_be16(frame + *off + 2);
		*off += 4;
	}
	return type;
}

/* ---- finding the headers --------------------------------------------------------------------- */

/* A length of 0 belongs to a super-frame: the packet is as long as the captured bytes. */
static bool set_end(struct packet *p, uint32_t n_bytes, uint32_t header_bytes, uint32_t total)
{
	if (total && total < header_bytes)
		return false;
	p->end = total && total < n_bytes - p->off ? p->off + total : n_bytes;
	return p->end - p->off >= header_bytes;
}

static bool find_v4(const uint8_t *frame, uint32_t n_bytes, struct packet *p)
{
	const uint8_t *ip = frame + p->off;
	uint32_t header_bytes;

	if (n_bytes - p->off < V4_BYTES || ip[0] >> 4 != 4)
		return false;
	header_bytes = (ip[0] & 15u) * 4u;
	if (header_bytes < V4_BYTES || !set_end(p, n_bytes, header_bytes, load_be16(ip + 2)))
		return false;
	p->l4_off = p->off + header_bytes;
	p->proto = ip[9];
	p->has_l4 = !(load_be16(ip + 6) & V4_OFFSET_MASK);
	return true;
}

/* Past one extension header of 8 bytes or more. False: it is cut, or forbids the change. */
static bool skip_extension(const uint8_t *frame, struct packet *p)
{
	const uint8_t *header = frame + p->l4_off;
	uint32_t header_bytes;

	if (p->end - p->l4_off < 8)
		return false;
	if (p->proto == NEXT_ROUTING && header[3])
		return false;
	if (p->proto == NEXT_FRAGMENT)
		p->has_l4 = !(load_be16(header + 2) >> 3);
	header_bytes = p->proto == NEXT_FRAGMENT ? 8 : (header[1] + 1u) * 8u;
	if (p->end - p->l4_off < header_bytes)
		return false;
	p->proto = header[0];
	p->l4_off += header_bytes;
	return true;
}

static bool is_extension(uint8_t next)
{
	return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_FRAGMENT ||
	       next == NEXT_DEST_OPTS;
}

static bool find_v6(const uint8_t *frame, uint32_t n_bytes, struct packet *p)
{
	const uint8_t *ip = frame + p->off;
	uint32_t payload;

	if (n_bytes - p->off < V6_BYTES || ip[0] >> 4 != 6)
		return false;
	payload = load_be16(ip + 4);
	if (!set_end(p, n_bytes, V6_BYTES, payload ? V6_BYTES + payload : 0))
		return false;
	p->l4_off = p->off + V6_BYTES;
	p->proto = ip[6];
	p->has_l4 = true;
	for (unsigned i = 0; p->has_l4 && is_extension(p->proto); i++)
		if (i == EXT_HEADERS_MAX || !skip_extension(frame, p))
			return false;
	return true;
}

/* Where the checksum stands in a header of this protocol; 0: it holds no addresses. */
static uint32_t csum_place(uint8_t proto)
{
	switch (proto) {
	case PROTO_TCP:
		return 16;
	case PROTO_UDP:
	case PROTO_UDP_LITE:
	case PROTO_DCCP:
		return 6;
	case PROTO_ICMPV6:
		return 2;
	default:
		return 0;
	}
}

/* ---- changing them --------------------------------------------------------------------------- */

static void move_v4(uint8_t addr[4], uint64_t shift)
{
	uint32_t low = (uint32_t)addr[1] << 16 | load_be16(addr + 2);

	if (addr[0] == 0 || addr[0] >= 224)
		return;
	low += (uint32_t)shift;
	addr[1] = (uint8_t)(low >> 16);
	store_be16(addr + 2, (uint16_t)low);
}

static void move_v6(uint8_t addr[16], uint64_t shift)
{
	static const uint8_t unspecified[16];
	uint64_t low = 0;

	if (addr[0] == 0xff || !memcmp(addr, unspecified, sizeof(unspecified)))
		return;
	for (unsigned i = 8; i < 16; i++)
		low = low << 8 | addr[i];
	low += shift;
	for (unsigned i = 16; i-- > 8; low >>= 8)
		addr[i] = (uint8_t)low;
}

/* What a sum over these bytes changes by: RFC 1624, equation 3. n_bytes is even. */
static uint32_t difference(const uint8_t *before, const uint8_t *after, unsigned n_bytes)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < n_bytes; i += 2)
		sum += (uint16_t)~load_be16(before + i) + (uint32_t)load_be16(after + i);
	return sum;
}

static void update_csum(uint8_t *field, uint32_t by)
{
	uint32_t sum = (uint16_t)~load_be16(field) + by;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	store_be16(field, (uint16_t)~sum);
}

/* UDP's 0 says that there is none (also RFC 6935), so a sum of 0 is written as its other form. */
static void update_l4(uint8_t *field, uint8_t proto, uint32_t by)
{
	if (proto == PROTO_UDP && !load_be16(field))
		return;
	update_csum(field, by);
	if (proto == PROTO_UDP && !load_be16(field))
		store_be16(field, 0xffff);
}

static bool find_packet(const uint8_t *frame, uint32_t n_bytes, uint16_t type, struct packet *p)
{
	switch (type) {
	case TYPE_V4:
		return find_v4(frame, n_bytes, p);
	case TYPE_V6:
		return find_v6(frame, n_bytes, p);
	default:
		return false;
	}
}

/* Both addresses, which lie one behind the other. */
static void move(uint8_t *addrs, bool is_v6, uint64_t shift)
{
	if (is_v6) {
		move_v6(addrs, shift);
		move_v6(addrs + 16, shift);
	} else {
		move_v4(addrs, shift);
		move_v4(addrs + 4, shift);
	}
}

bool bp_pcap_readdress(uint8_t *frame, uint32_t n_bytes, uint64_t shift)
{
	struct packet p = { 0 };
	uint16_t type = skip_link(frame, n_bytes, &p.off);
	unsigned addrs_bytes = type == TYPE_V6 ? 32 : 8;
	uint8_t *addrs, before[32];
	uint32_t place, by;

	if (!find_packet(frame, n_bytes, type, &p) || p.proto == PROTO_AH)
		return false;
	place = p.has_l4 ? csum_place(p.proto) : 0;
	if (place && p.end - p.l4_off < place + 2)
		return false;
	addrs = frame + p.off + (type == TYPE_V6 ? V6_ADDRS : V4_ADDRS);
	memcpy(before, addrs, addrs_bytes); /* header */
	move(addrs, type == TYPE_V6, shift);
	if (!memcmp(before, addrs, addrs_bytes))
		return false;
	by = difference(before, addrs, addrs_bytes);
	if (type == TYPE_V4)
		update_csum(frame + p.off + V4_CSUM, by);
	if (place)
		update_l4(frame + p.l4_off + place, p.proto, by);
	return true;
}
