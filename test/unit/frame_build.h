/* Frames made byte by byte for tests: shares no code with the engine. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_FRAME_BUILD_H
#define BYPATH_TEST_FRAME_BUILD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FRAME_BYTES_MAX 66000u

enum fb_csum { FB_FULL, FB_PARTIAL, FB_ZERO };

/* What to build. All fields 0: an IPv4 TCP segment without options, tags or payload. */
struct fb_spec {
	unsigned n_tags; /* 802.1ad outside when 2 */
	bool is_v6, is_udp;
	unsigned ip_option_bytes; /* IPv4, multiple of 4 */
	unsigned ext_bytes; /* IPv6: one destination options header, multiple of 8 */
	unsigned tcp_option_bytes; /* multiple of 4 */
	uint32_t payload_from; /* place of the first payload byte in an endless stream */
	uint32_t payload_bytes;
	uint32_t seq;
	uint16_t ip_id;
	uint8_t tcp_flags;
	enum fb_csum csum;
	unsigned padding; /* bytes 0xa5 behind the IP packet */
};

struct fb_frame {
	uint8_t bytes[FRAME_BYTES_MAX];
	uint32_t len, l3, l4, payload, csum; /* offsets */
};

static inline void fb_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Sum of big-endian words, the last byte padded with 0. */
static inline uint32_t fb_sum(uint32_t sum, const uint8_t *p, uint32_t n_bytes)
{
	for (uint32_t i = 0; i < n_bytes; i++) {
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static inline uint8_t fb_stream_byte(uint32_t at)
{
	return (uint8_t)(at * 7 + (at >> 8) * 13 + (at >> 16) * 29 + 3);
}

/* The pseudo-header's sum for l4_bytes. */
static inline uint32_t fb_pseudo(const struct fb_frame *f, const struct fb_spec *spec,
				 uint32_t l4_bytes)
{
	const uint8_t *ip = f->bytes + f->l3;
	uint32_t sum = spec->is_v6 ? fb_sum(0, ip + 8, 32) : fb_sum(0, ip + 12, 8);

	sum += (spec->is_udp ? 17u : 6u) + l4_bytes;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline void fb_link(struct fb_frame *f, const struct fb_spec *spec)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
	uint32_t at = 12;

	memcpy(f->bytes, macs, sizeof(macs));
	for (unsigned i = spec->n_tags; i-- > 0; at += 4) {
		fb_be16(f->bytes + at, i ? 0x88a8 : 0x8100);
		fb_be16(f->bytes + at + 2, 100 + i);
	}
	fb_be16(f->bytes + at, spec->is_v6 ? 0x86dd : 0x0800);
	f->l3 = at + 2;
}

static inline void fb_network(struct fb_frame *f, const struct fb_spec *spec, uint32_t l4_bytes)
{
	uint8_t *ip = f->bytes + f->l3, proto = spec->is_udp ? 17 : 6;

	if (spec->is_v6) {
		f->l4 = f->l3 + 40 + spec->ext_bytes;
		ip[0] = 0x60;
		fb_be16(ip + 4, spec->ext_bytes + l4_bytes);
		ip[6] = spec->ext_bytes ? 60 : proto;
		ip[7] = 64;
		for (unsigned i = 0; i < 32; i++)
			ip[8 + i] = (uint8_t)(0xfd - i);
		if (spec->ext_bytes) {
			ip[40] = proto;
			ip[41] = (uint8_t)(spec->ext_bytes / 8 - 1);
			ip[42] = 1; /* PadN over the rest */
			ip[43] = (uint8_t)(spec->ext_bytes - 4);
		}
		return;
	}
	f->l4 = f->l3 + 20 + spec->ip_option_bytes;
	ip[0] = (uint8_t)(0x40 | (20 + spec->ip_option_bytes) / 4);
	fb_be16(ip + 2, 20 + spec->ip_option_bytes + l4_bytes);
	fb_be16(ip + 4, spec->ip_id);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, (uint8_t[]){ 10, 77, 0, 1, 10, 77, 0, 2 }, 8);
	memset(ip + 20, 1, spec->ip_option_bytes); /* no-operation */
	fb_be16(ip + 10, ~fb_sum(0, ip, f->l4 - f->l3) & 0xffff);
}

static inline void fb_transport(struct fb_frame *f, const struct fb_spec *spec)
{
	uint8_t *l4 = f->bytes + f->l4;

	fb_be16(l4, 40000);
	fb_be16(l4 + 2, 5201);
	if (spec->is_udp) {
		fb_be16(l4 + 4, 8 + spec->payload_bytes);
		f->csum = f->l4 + 6;
		return;
	}
	fb_be16(l4 + 4, spec->seq >> 16);
	fb_be16(l4 + 6, spec->seq & 0xffff);
	fb_be16(l4 + 10, 77);
	l4[12] = (uint8_t)((20 + spec->tcp_option_bytes) / 4 << 4);
	l4[13] = spec->tcp_flags;
	fb_be16(l4 + 14, 512);
	memset(l4 + 20, 1, spec->tcp_option_bytes); /* no-operation */
	f->csum = f->l4 + 16;
}

static inline void fb_build(struct fb_frame *f, const struct fb_spec *spec)
{
	uint32_t header_bytes = spec->is_udp ? 8 : 20 + spec->tcp_option_bytes;
	uint32_t l4_bytes = header_bytes + spec->payload_bytes, sum;

	memset(f, 0, sizeof(*f));
	fb_link(f, spec);
	fb_network(f, spec, l4_bytes);
	fb_transport(f, spec);
	f->payload = f->l4 + header_bytes;
	for (uint32_t i = 0; i < spec->payload_bytes; i++)
		f->bytes[f->payload + i] = fb_stream_byte(spec->payload_from + i);
	f->len = f->payload + spec->payload_bytes;
	sum = fb_pseudo(f, spec, l4_bytes);
	if (spec->csum == FB_FULL) {
		sum = ~fb_sum(sum, f->bytes + f->l4, l4_bytes) & 0xffff;
		if (!sum && spec->is_udp)
			sum = 0xffff;
	}
	if (spec->csum != FB_ZERO)
		fb_be16(f->bytes + f->csum, sum);
	memset(f->bytes + f->len, 0xa5, spec->padding);
	f->len += spec->padding;
}

#endif
