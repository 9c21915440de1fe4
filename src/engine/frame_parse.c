/* Walks the headers of a frame down to TCP or UDP. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/frame_parse.h"

#define ETHERTYPE_8021Q  0x8100u
#define ETHERTYPE_8021AD 0x88a8u
#define ETHERTYPE_V4     0x0800u
#define ETHERTYPE_V6     0x86ddu
#define VLAN_TAGS_MAX    2u

#define NEXT_HOP_BY_HOP 0u
#define NEXT_ROUTING    43u
#define NEXT_DEST_OPTS  60u
#define EXT_HEADERS_MAX 8u

#define V4_BYTES_MIN     20u
#define V4_FRAGMENT_MASK 0x3fffu /* more-fragments, offset */
#define V6_BYTES         40u
#define TCP_BYTES_MIN    20u
#define TCP_CSUM         16u
#define UDP_BYTES        8u
#define UDP_CSUM         6u

static uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* The EtherType behind the VLAN tags, with where the network header begins; 0 if cut short. */
static uint16_t parse_link(const uint8_t *data, uint32_t first_bytes, uint32_t *l3_off)
{
	uint32_t off = BP_ETH_BYTES;
	uint16_t type;

	if (first_bytes < off)
		return 0;
	type = load_be16(data + off - 2);
	for (unsigned i = 0; i < VLAN_TAGS_MAX; i++) {
		if (type != ETHERTYPE_8021Q && type != ETHERTYPE_8021AD)
			break;
		off += 4;
		if (first_bytes < off)
			return 0;
		type = load_be16(data + off - 2);
	}
	*l3_off = off;
	return type;
}

/* avail: bytes from l3_off to the end of the frame. */
static bool parse_v4(const uint8_t *data, uint32_t first_bytes, uint32_t avail,
		     struct bp_frame_l4 *l4)
{
	const uint8_t *ip = data + l4->l3_off;
	uint32_t header_bytes, total;

	if (first_bytes < l4->l3_off + V4_BYTES_MIN || ip[0] >> 4 != 4)
		return false;
	header_bytes = (ip[0] & 15u) * 4u;
	total = load_be16(ip + 2);
	if (header_bytes < V4_BYTES_MIN || total < header_bytes || total > avail)
		return false;
	if (load_be16(ip + 6) & V4_FRAGMENT_MASK)
		return false;
	l4->l4_off = l4->l3_off + header_bytes;
	l4->l4_bytes = total - header_bytes;
	l4->proto = ip[9];
	return true;
}

static bool parse_v6(const uint8_t *data, uint32_t first_bytes, uint32_t avail,
		     struct bp_frame_l4 *l4)
{
	const uint8_t *ip = data + l4->l3_off;
	uint32_t off = l4->l3_off + V6_BYTES, end;
	uint8_t next;

	if (first_bytes < off || ip[0] >> 4 != 6)
		return false;
	if (V6_BYTES + load_be16(ip + 4) > avail)
		return false;
	end = off + load_be16(ip + 4);
	next = ip[6];
	for (unsigned i = 0; i < EXT_HEADERS_MAX; i++) {
		if (next != NEXT_HOP_BY_HOP && next != NEXT_ROUTING && next != NEXT_DEST_OPTS)
			break;
		if (off + 8 > first_bytes)
			return false;
		if (next == NEXT_ROUTING && data[off + 3])
			return false;
		next = data[off];
		off += (data[off + 1] + 1u) * 8u;
	}
	if (off > end)
		return false;
	l4->l4_off = off;
	l4->l4_bytes = end - off;
	l4->proto = next;
	return true;
}

static bool parse_tcp(const uint8_t *data, uint32_t first_bytes, struct bp_frame_l4 *l4)
{
	uint32_t header_bytes;

	if (l4->l4_bytes < TCP_BYTES_MIN || l4->l4_off + TCP_BYTES_MIN > first_bytes)
		return false;
	header_bytes = (data[l4->l4_off + 12] >> 4) * 4u;
	if (header_bytes < TCP_BYTES_MIN || header_bytes > l4->l4_bytes ||
	    l4->l4_off + header_bytes > first_bytes)
		return false;
	l4->payload_off = l4->l4_off + header_bytes;
	l4->csum_off = l4->l4_off + TCP_CSUM;
	return true;
}

static bool parse_udp(const uint8_t *data, uint32_t first_bytes, struct bp_frame_l4 *l4)
{
	uint32_t udp_bytes;

	if (l4->l4_bytes < UDP_BYTES || l4->l4_off + UDP_BYTES > first_bytes)
		return false;
	udp_bytes = load_be16(data + l4->l4_off + 4);
	if (udp_bytes < UDP_BYTES || udp_bytes > l4->l4_bytes)
		return false;
	l4->l4_bytes = udp_bytes;
	l4->payload_off = l4->l4_off + UDP_BYTES;
	l4->csum_off = l4->l4_off + UDP_CSUM;
	return true;
}

bool bp_frame_parse(const uint8_t *data, uint32_t first_bytes, uint32_t frame_bytes,
		    struct bp_frame_l4 *l4)
{
	uint16_t type = parse_link(data, first_bytes, &l4->l3_off);
	bool found;

	if (type == ETHERTYPE_V4)
		found = parse_v4(data, first_bytes, frame_bytes - l4->l3_off, l4);
	else if (type == ETHERTYPE_V6)
		found = parse_v6(data, first_bytes, frame_bytes - l4->l3_off, l4);
	else
		return false;
	if (!found)
		return false;
	l4->is_v6 = type == ETHERTYPE_V6;
	if (l4->proto == BP_PROTO_TCP)
		return parse_tcp(data, first_bytes, l4);
	if (l4->proto == BP_PROTO_UDP)
		return parse_udp(data, first_bytes, l4);
	return false;
}
