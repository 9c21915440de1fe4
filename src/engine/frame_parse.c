/* Walks the headers of a frame: link, network, transport, and again within a tunnel. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/frame_parse.h"

#include "engine/frame_tunnel.h"

#define NEXT_HOP_BY_HOP 0u
#define NEXT_ROUTING    43u
#define NEXT_DEST_OPTS  60u
#define EXT_HEADERS_MAX 8u

#define SCTP_BYTES 12u

static bool is_ip(uint16_t type)
{
	return type == BP_TYPE_V4 || type == BP_TYPE_V6;
}

/* To the IP header that follows at the cursor, if one does: past Ethernet headers, tags, labels. */
static bool skip_link(struct bp_cursor *c, struct bp_frame *f)
{
	while (!is_ip(c->type)) {
		switch (c->type) {
		case BP_TYPE_ETHERNET:
			if (!bp_cursor_has(c, BP_ETH_BYTES))
				return false;
			c->type = bp_get_be16(c->data + c->off + BP_ETH_BYTES - 2);
			c->off += BP_ETH_BYTES;
			break;
		case BP_TYPE_8021Q:
		case BP_TYPE_8021AD:
			if (!bp_cursor_has(c, 4))
				return false;
			c->type = bp_get_be16(c->data + c->off + 2);
			c->off += 4;
			break;
		case BP_TYPE_MPLS:
			if (!f->link_bytes)
				f->link_bytes = c->off;
			f->is_labelled = true;
			if (!bp_cursor_skip_labels(c))
				return false;
			break;
		default:
			return false;
		}
	}
	if (!f->link_bytes)
		f->link_bytes = c->off;
	return true;
}

static bool parse_v4(const struct bp_cursor *c, struct bp_frame_layer *l)
{
	const uint8_t *ip = c->data + c->off;
	uint32_t header_bytes, total;

	if (!bp_cursor_has(c, BP_V4_BYTES_MIN) || ip[0] >> 4 != 4)
		return false;
	header_bytes = (ip[0] & 15u) * 4u;
	total = bp_get_be16(ip + 2);
	if (header_bytes < BP_V4_BYTES_MIN || total < header_bytes || total > c->end - c->off)
		return false;
	if (bp_get_be16(ip + 6) & BP_V4_FRAGMENT_MASK)
		return false;
	l->l4_off = c->off + header_bytes;
	l->l4_bytes = total - header_bytes;
	l->proto = ip[9];
	l->is_v6 = false;
	return true;
}

static bool parse_v6(const struct bp_cursor *c, struct bp_frame_layer *l)
{
	const uint8_t *ip = c->data + c->off;
	uint32_t off = c->off + BP_V6_BYTES, end;
	uint8_t next;

	if (!bp_cursor_has(c, BP_V6_BYTES) || ip[0] >> 4 != 6)
		return false;
	end = off + bp_get_be16(ip + 4);
	if (end > c->end)
		return false;
	next = ip[6];
	for (unsigned i = 0; i < EXT_HEADERS_MAX; i++) {
		if (next != NEXT_HOP_BY_HOP && next != NEXT_ROUTING && next != NEXT_DEST_OPTS)
			break;
		if (off + 8 > c->first_bytes)
			return false;
		if (next == NEXT_ROUTING && c->data[off + 3])
			return false;
		next = c->data[off];
		off += (c->data[off + 1] + 1u) * 8u;
	}
	if (off > end)
		return false;
	l->l4_off = off;
	l->l4_bytes = end - off;
	l->proto = next;
	l->is_v6 = true;
	return true;
}

static bool parse_tcp(const struct bp_cursor *c, struct bp_frame_layer *l)
{
	uint32_t header_bytes;

	if (l->l4_bytes < BP_TCP_BYTES_MIN || l->l4_off + BP_TCP_BYTES_MIN > c->first_bytes)
		return false;
	header_bytes = (c->data[l->l4_off + 12] >> 4) * 4u;
	if (header_bytes < BP_TCP_BYTES_MIN || header_bytes > l->l4_bytes ||
	    l->l4_off + header_bytes > c->first_bytes)
		return false;
	l->payload_off = l->l4_off + header_bytes;
	l->csum_off = l->l4_off + BP_TCP_CSUM;
	return true;
}

static bool parse_udp(const struct bp_cursor *c, struct bp_frame_layer *l)
{
	uint32_t udp_bytes;

	if (l->l4_bytes < BP_UDP_BYTES || l->l4_off + BP_UDP_BYTES > c->first_bytes)
		return false;
	udp_bytes = bp_get_be16(c->data + l->l4_off + 4);
	if (udp_bytes < BP_UDP_BYTES || udp_bytes > l->l4_bytes)
		return false;
	l->l4_bytes = udp_bytes;
	l->payload_off = l->l4_off + BP_UDP_BYTES;
	l->csum_off = l->l4_off + BP_UDP_CSUM;
	return true;
}

static bool parse_sctp(const struct bp_cursor *c, struct bp_frame_layer *l)
{
	if (l->l4_bytes < SCTP_BYTES || l->l4_off + SCTP_BYTES > c->first_bytes)
		return false;
	l->payload_off = l->l4_off + SCTP_BYTES;
	l->csum_off = l->l4_off + BP_SCTP_CSUM;
	return true;
}

/* The IP packet at the cursor. is_end: what it carries has a checksum, and may be what is sought. */
static bool parse_layer(const struct bp_cursor *c, struct bp_frame_layer *l, bool *is_end)
{
	l->l3_off = c->off;
	l->csum_off = l->length_off = 0;
	l->is_numbered = false;
	if (!(c->type == BP_TYPE_V4 ? parse_v4(c, l) : parse_v6(c, l)))
		return false;
	*is_end = true;
	switch (l->proto) {
	case BP_PROTO_TCP:
		return parse_tcp(c, l);
	case BP_PROTO_UDP:
		return parse_udp(c, l);
	case BP_PROTO_SCTP:
		return parse_sctp(c, l);
	default:
		*is_end = false;
		l->payload_off = l->l4_off;
		return true;
	}
}

/* Nothing to enter: what most packets are is told without a call. */
static bool is_last(const struct bp_cursor *c, const struct bp_frame_layer *l, uint32_t csum_start)
{
	if (csum_start)
		return l->l4_off >= csum_start;
	return l->proto == BP_PROTO_TCP ||
	       (l->proto == BP_PROTO_UDP &&
		!bp_tunnel_has_port(bp_get_be16(c->data + l->l4_off + 2)));
}

bool bp_frame_parse(const uint8_t *data, uint32_t first_bytes, uint32_t frame_bytes,
		    uint32_t csum_start, struct bp_frame *f)
{
	struct bp_cursor c = { .data = data,
			       .first_bytes = first_bytes,
			       .end = frame_bytes,
			       .type = BP_TYPE_ETHERNET };
	bool is_end;

	f->n_layers = 0;
	f->link_bytes = 0;
	f->is_labelled = false;
	for (unsigned n = 0; n < BP_FRAME_LAYERS_MAX; n++) {
		struct bp_frame_layer *l = &f->layers[n];

		if (!skip_link(&c, f) || !parse_layer(&c, l, &is_end))
			break;
		if (is_end && (!csum_start || l->l4_off == csum_start))
			f->n_layers = n + 1;
		if (is_last(&c, l, csum_start) || !bp_tunnel_enter(&c, l, csum_start != 0))
			break;
		if (l->proto == BP_PROTO_GRE && l->csum_off && !csum_start)
			f->n_layers = n + 1;
	}
	return f->n_layers;
}
