/* Headers of tunnels: IP in IP, GRE, MPLS, and those over UDP. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/frame_tunnel.h"

#define PROTO_V4   4u
#define PROTO_V6   41u
#define PROTO_MPLS 137u

#define GRE_CSUM    0x8000u
#define GRE_KEY     0x2000u
#define GRE_SEQ     0x1000u
#define GRE_REFUSED 0x4fffu /* routing (RFC 1701), reserved bits, versions but 0 */

#define VXLAN_VNI    0x08u
#define VXLAN_NEXT   0x04u /* GPE: byte 3 says what follows */
#define VXLAN_POLICY 0x80u /* GBP: bytes 1 to 3 are a policy */

#define GTP_OPTIONS   0x07u /* any of these: 4 bytes more */
#define GTP_EXTENSION 0x04u
#define GTP_PDU       0xffu

/* IP, told by its version, as where no type stands before it. */
static bool enter_ip(struct bp_cursor *c, struct bp_frame_layer *l)
{
	(void)l;
	if (!bp_cursor_has(c, 1))
		return false;
	c->type = c->data[c->off] >> 4 == 4 ? BP_TYPE_V4 : BP_TYPE_V6; /* checked there */
	return true;
}

bool bp_cursor_skip_labels(struct bp_cursor *c)
{
	bool is_bottom;

	do {
		if (!bp_cursor_has(c, 4))
			return false;
		is_bottom = c->data[c->off + 2] & 1;
		c->off += 4;
	} while (!is_bottom);
	if (!bp_cursor_has(c, 4))
		return false;
	if (c->data[c->off] >> 4)
		return enter_ip(c, NULL);
	c->off += 4; /* a pseudowire's control word */
	c->type = BP_TYPE_ETHERNET;
	return true;
}

static bool enter_mpls(struct bp_cursor *c, struct bp_frame_layer *l)
{
	(void)l;
	c->type = BP_TYPE_MPLS;
	return true;
}

static bool enter_gre(struct bp_cursor *c, struct bp_frame_layer *l)
{
	const uint8_t *gre = c->data + c->off;
	uint16_t flags;

	if (!bp_cursor_has(c, 4))
		return false;
	flags = bp_get_be16(gre);
	if (flags & GRE_REFUSED)
		return false;
	c->type = bp_get_be16(gre + 2);
	if (c->type == BP_TYPE_MPLS_MULTICAST)
		c->type = BP_TYPE_MPLS;
	l->csum_off = flags & GRE_CSUM ? c->off + 4 : 0;
	l->is_numbered = flags & GRE_SEQ;
	c->off += 4;
	c->off += flags & GRE_CSUM ? 4 : 0;
	c->off += flags & GRE_KEY ? 4 : 0;
	c->off += flags & GRE_SEQ ? 4 : 0;
	l->payload_off = c->off;
	return c->off <= c->first_bytes;
}

static bool enter_vxlan(struct bp_cursor *c, struct bp_frame_layer *l)
{
	static const uint16_t NEXT[] = { 0, BP_TYPE_V4, BP_TYPE_V6, BP_TYPE_ETHERNET };
	const uint8_t *vxlan = c->data + c->off;

	(void)l;
	if (!bp_cursor_has(c, 8))
		return false;
	if ((vxlan[0] & ~(VXLAN_NEXT | VXLAN_POLICY)) != VXLAN_VNI)
		return false;
	if (!(vxlan[0] & VXLAN_POLICY) && (vxlan[1] || vxlan[2]))
		return false;
	c->type = BP_TYPE_ETHERNET;
	if (vxlan[0] & VXLAN_NEXT)
		c->type = vxlan[3] < sizeof(NEXT) / sizeof(NEXT[0]) ? NEXT[vxlan[3]] : 0;
	c->off += 8;
	return true;
}

static bool enter_geneve(struct bp_cursor *c, struct bp_frame_layer *l)
{
	const uint8_t *geneve = c->data + c->off;

	(void)l;
	if (!bp_cursor_has(c, 8) || geneve[0] >> 6)
		return false;
	c->type = bp_get_be16(geneve + 2);
	c->off += 8 + (geneve[0] & 0x3fu) * 4u;
	return c->type == BP_TYPE_ETHERNET || c->type == BP_TYPE_V4 || c->type == BP_TYPE_V6;
}

/* Each extension: its length in words, its content, the next one's type (TS 29.281, 5.2). */
static bool skip_extensions(struct bp_cursor *c)
{
	while (c->data[c->off - 1]) {
		uint32_t n_bytes = bp_cursor_has(c, 1) ? c->data[c->off] * 4u : 0;

		if (!n_bytes || !bp_cursor_has(c, n_bytes))
			return false;
		c->off += n_bytes;
	}
	return true;
}

static bool enter_gtp(struct bp_cursor *c, struct bp_frame_layer *l)
{
	const uint8_t *gtp = c->data + c->off;
	uint32_t end;

	if (!bp_cursor_has(c, 8) || gtp[0] >> 4 != 3 || gtp[1] != GTP_PDU)
		return false;
	end = c->off + 8 + bp_get_be16(gtp + 2);
	if (end > c->end)
		return false;
	c->end = end;
	l->length_off = c->off + 2;
	c->off += 8;
	if (gtp[0] & GTP_OPTIONS) {
		if (!bp_cursor_has(c, 4))
			return false;
		c->off += 4;
	}
	if ((gtp[0] & GTP_EXTENSION) && !skip_extensions(c))
		return false;
	return enter_ip(c, l);
}

typedef bool (*enter_fn)(struct bp_cursor *c, struct bp_frame_layer *l);

/* The registered port; Linux's own older one for VXLAN. No header can be read as another kind's. */
static enter_fn choose_by_port(uint16_t port)
{
	switch (port) {
	case 4789:
	case 4790:
	case 8472:
		return enter_vxlan;
	case 6081:
		return enter_geneve;
	case 2152:
		return enter_gtp;
	case 6635:
		return enter_mpls;
	default:
		return NULL;
	}
}

static bool enter_udp(struct bp_cursor *c, struct bp_frame_layer *l, bool by_looks)
{
	static const enter_fn LOOKS[] = { enter_vxlan, enter_geneve, enter_gtp, enter_ip };
	enter_fn enter = choose_by_port(bp_get_be16(c->data + l->l4_off + 2));
	const struct bp_cursor before = *c;

	if (enter && enter(c, l))
		return true;
	for (unsigned i = 0; by_looks && i < sizeof(LOOKS) / sizeof(LOOKS[0]); i++) {
		*c = before;
		if (LOOKS[i](c, l))
			return true;
	}
	return false;
}

bool bp_tunnel_enter(struct bp_cursor *c, struct bp_frame_layer *l, bool by_looks)
{
	c->off = l->payload_off;
	c->end = l->l4_off + l->l4_bytes;
	switch (l->proto) {
	case BP_PROTO_UDP:
		return enter_udp(c, l, by_looks);
	case BP_PROTO_GRE:
		return enter_gre(c, l);
	case PROTO_V4:
		c->type = BP_TYPE_V4;
		return true;
	case PROTO_V6:
		c->type = BP_TYPE_V6;
		return true;
	case PROTO_MPLS:
		c->type = BP_TYPE_MPLS;
		return true;
	default:
		return false;
	}
}
