/* Tunnels around frames of frame_build.h, and SCTP: shares no code with the engine. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_TUNNEL_BUILD_H
#define BYPATH_TEST_TUNNEL_BUILD_H

#include "frame_build.h"

enum tb_kind {
	TB_VXLAN,
	TB_VXLAN_GPE, /* says that plain IP follows */
	TB_GENEVE, /* with an option */
	TB_GTP, /* with a sequence number, an extension header */
	TB_MPLS_UDP,
	TB_FOU, /* plain IP in UDP, at a port of nobody's */
	TB_GRE,
	TB_GRETAP, /* with a key */
	TB_IP, /* IP in IP, any versions */
	TB_MPLS, /* two labels, no outer IP */
	TB_KINDS
};

/* csum of UDP; GRE has a checksum unless it is FB_ZERO. */
struct tb_spec {
	enum tb_kind kind;
	bool is_v6; /* outside */
	bool is_numbered; /* GRE */
	enum fb_csum csum;
	uint16_t port; /* instead of the registered one */
	uint16_t ip_id;
};

static inline bool tb_is_udp(enum tb_kind kind)
{
	return kind <= TB_FOU;
}

static inline bool tb_is_gre(enum tb_kind kind)
{
	return kind == TB_GRE || kind == TB_GRETAP;
}

static inline uint32_t tb_put(uint8_t *p, const uint8_t *bytes, uint32_t n)
{
	memcpy(p, bytes, n);
	return n;
}

/* The tunnel's own header at p, for n_bytes of IP behind it. Returns its length. */
static inline uint32_t tb_header(uint8_t *p, const struct tb_spec *t, bool in_v6, uint32_t n_bytes)
{
	static const uint8_t vxlan[] = { 8, 0, 0, 0, 0, 0, 5, 0 },
			     labels[] = { 0, 0, 0x10, 64, 0, 1, 1, 64 };
	static const uint8_t geneve[] = { 2, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 3, 1, 9, 9, 9, 9 };
	uint8_t gpe[] = { 12, 0, 0, in_v6 ? 2 : 1, 0, 0, 5, 0 };
	uint8_t gtp[] = { 0x36, 0xff, 0, 0, 0, 0, 0, 7, 0, 1, 0, 0x85, 1, 0x10, 9, 0 };
	uint8_t gre[16] = { 0 };
	uint32_t n = 4;

	switch (t->kind) {
	case TB_VXLAN:
		return tb_put(p, vxlan, sizeof(vxlan));
	case TB_VXLAN_GPE:
		return tb_put(p, gpe, sizeof(gpe));
	case TB_GENEVE:
		return tb_put(p, geneve, sizeof(geneve));
	case TB_GTP:
		fb_be16(gtp + 2, 8 + n_bytes);
		return tb_put(p, gtp, sizeof(gtp));
	case TB_MPLS_UDP:
	case TB_MPLS:
		return tb_put(p, labels, sizeof(labels));
	case TB_GRE:
	case TB_GRETAP:
		gre[0] = (uint8_t)((t->csum != FB_ZERO ? 0x80 : 0) |
				   (t->kind == TB_GRETAP ? 0x20 : 0) | (t->is_numbered ? 0x10 : 0));
		fb_be16(gre + 2, t->kind == TB_GRETAP ? 0x6558 : in_v6 ? 0x86dd : 0x0800);
		n += t->csum != FB_ZERO ? 4 : 0;
		n += t->kind == TB_GRETAP ? 4 : 0;
		n += t->is_numbered ? 4 : 0;
		return tb_put(p, gre, n);
	default:
		return 0;
	}
}

/* The IP header outside, for n_bytes behind it. Returns its length. */
static inline uint32_t tb_network(uint8_t *ip, const struct tb_spec *t, bool in_v6,
				  uint32_t n_bytes)
{
	uint8_t proto = tb_is_udp(t->kind) ? 17 : tb_is_gre(t->kind) ? 47 : in_v6 ? 41 : 4;

	if (t->is_v6) {
		ip[0] = 0x60;
		fb_be16(ip + 4, n_bytes);
		ip[6] = proto;
		ip[7] = 64;
		for (unsigned i = 0; i < 32; i++)
			ip[8 + i] = (uint8_t)(0xfc + i);
		return 40;
	}
	ip[0] = 0x45;
	fb_be16(ip + 2, 20 + n_bytes);
	fb_be16(ip + 4, t->ip_id);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, (uint8_t[]){ 192, 0, 2, 1, 192, 0, 2, 2 }, 8);
	fb_be16(ip + 10, ~fb_sum(0, ip, 20) & 0xffff);
	return 20;
}

/* The checksum of the UDP or GRE header at l4, l4_bytes with all behind it. */
static inline void tb_checksum(const uint8_t *ip, uint8_t *l4, const struct tb_spec *t,
			       uint32_t l4_bytes)
{
	uint32_t sum = 0;

	if (t->csum == FB_ZERO)
		return;
	if (tb_is_gre(t->kind)) {
		fb_be16(l4 + 4, ~fb_sum(0, l4, l4_bytes) & 0xffff);
		return;
	}
	sum = (t->is_v6 ? fb_sum(0, ip + 8, 32) : fb_sum(0, ip + 12, 8)) + 17 + l4_bytes;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	if (t->csum == FB_FULL)
		sum = ~fb_sum(sum, l4, l4_bytes) & 0xffff;
	fb_be16(l4 + 6, t->csum == FB_FULL && !sum ? 0xffff : sum);
}

/*
 * Put the frame into the tunnel; its offsets follow. Its own Ethernet header goes where none is needed, and
 * with it a tunnel that it is in already.
 */
static inline void tb_wrap(struct fb_frame *f, const struct tb_spec *t)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 3 };
	static const uint16_t ports[] = { 4789, 4790, 6081, 2152, 6635, 5555 };
	bool in_v6 = f->bytes[f->l3] >> 4 == 6, has_ip = t->kind != TB_MPLS;
	bool is_bridged = t->kind == TB_VXLAN || t->kind == TB_GENEVE || t->kind == TB_GRETAP;
	uint32_t from = is_bridged ? 0 : f->l3, n_in = f->len - from, at = 14, l4, n_header,
		 n_ip = 0;
	static uint8_t header[256];

	memset(header, 0, sizeof(header));
	memcpy(header, macs, sizeof(macs));
	fb_be16(header + 12, !has_ip ? 0x8847 : t->is_v6 ? 0x86dd : 0x0800);
	l4 = at + (!has_ip ? 0 : t->is_v6 ? 40 : 20);
	n_header = l4 + (tb_is_udp(t->kind) ? 8 : 0);
	n_header += tb_header(header + n_header, t, in_v6, n_in);
	if (has_ip)
		n_ip = tb_network(header + at, t, in_v6, n_header - l4 + n_in);
	if (tb_is_udp(t->kind)) {
		fb_be16(header + l4, 40001);
		fb_be16(header + l4 + 2, t->port ? t->port : ports[t->kind]);
		fb_be16(header + l4 + 4, n_header - l4 + n_in);
	}
	memmove(f->bytes + n_header, f->bytes + from, n_in);
	memcpy(f->bytes, header, n_header);
	if (n_ip && (tb_is_udp(t->kind) || tb_is_gre(t->kind)))
		tb_checksum(f->bytes + at, f->bytes + l4, t, n_header - l4 + n_in);
	f->len += n_header - from;
	f->l3 += n_header - from;
	f->l4 += n_header - from;
	f->payload += n_header - from;
	f->csum += n_header - from;
}

/* Of RFC 9260's appendix: the polynomial, bit by bit. */
static inline uint32_t tb_crc32c(const uint8_t *p, uint32_t n_bytes)
{
	uint32_t crc = 0xffffffffu;

	for (uint32_t i = 0; i < n_bytes; i++) {
		crc ^= p[i];
		for (unsigned b = 0; b < 8; b++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
	}
	return ~crc;
}

/* SCTP of what was built as UDP with at least 4 bytes of payload; csum: FB_FULL, or 0 in the field. */
static inline void tb_make_sctp(struct fb_frame *f, enum fb_csum csum)
{
	uint8_t *ip = f->bytes + f->l3, *sctp = f->bytes + f->l4;
	uint32_t crc, n_bytes = (ip[0] >> 4 == 4 ? (uint32_t)(ip[2] << 8 | ip[3]) - (f->l4 - f->l3)
						 : (uint32_t)(ip[4] << 8 | ip[5]));

	if (ip[0] >> 4 == 4) {
		ip[9] = 132;
		fb_be16(ip + 10, 0);
		fb_be16(ip + 10, ~fb_sum(0, ip, f->l4 - f->l3) & 0xffff);
	} else {
		ip[6] = 132;
	}
	memset(sctp + 8, 0, 4);
	f->csum = f->l4 + 8;
	f->payload = f->l4 + 12;
	if (csum != FB_FULL)
		return;
	crc = tb_crc32c(sctp, n_bytes);
	for (unsigned i = 0; i < 4; i++)
		sctp[8 + i] = (uint8_t)(crc >> (8 * i));
}

#endif
