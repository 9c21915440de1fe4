/* Writes a stream's headers: one function per kind of header, in the order of core/layers.h. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/template.h"

#include "core/layers.h"

#include <string.h>

#define ETHERTYPE_4      0x0800u
#define ETHERTYPE_6      0x86ddu
#define ETHERTYPE_MPLS   0x8847u
#define ETHERTYPE_BRIDGE 0x6558u /* Ethernet within GRE: RFC 1701 */
#define IP_UDP           17u
#define IP_TCP           6u
#define PORT_VXLAN       4789u

struct build {
	struct bp_stream *s;
	struct bp_frame_template *t;
	bool is_first;
};

typedef void (*write_fn)(struct build *b, const struct bp_layer *l, uint8_t *to);

static void put16(uint8_t *to, unsigned v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static void put32(uint8_t *to, uint32_t v)
{
	put16(to, v >> 16);
	put16(to + 2, v & 0xffffu);
}

/* Ones' complement sum in memory order, not folded; n_bytes even. */
static uint64_t sum_bytes(const uint8_t *from, size_t n_bytes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i + 1 < n_bytes; i += 2) {
		uint16_t v;

		memcpy(&v, from + i, sizeof(v));
		sum += v;
	}
	return sum;
}

static uint16_t swap16(unsigned v)
{
	return __builtin_bswap16((uint16_t)v);
}

/* Bytes of the frame from this header on. */
static unsigned bytes_from(const struct build *b, const struct bp_layer *l)
{
	return b->t->frame_bytes - l->at;
}

/* ---- how one header names the next --------------------------------------------------------------- */

static unsigned ethertype_of(const struct bp_layer *l)
{
	static const uint16_t types[BP_LAYER_N] = { [BP_LAYER_ETH] = ETHERTYPE_BRIDGE,
						    [BP_LAYER_MPLS] = ETHERTYPE_MPLS,
						    [BP_LAYER_IP4] = ETHERTYPE_4,
						    [BP_LAYER_IP6] = ETHERTYPE_6,
						    [BP_LAYER_SIGNED] = BP_ETHERTYPE_GEN };

	return l->kind == BP_LAYER_TAG ? l->type : types[l->kind];
}

static uint8_t protocol_of(const struct bp_layer *l)
{
	static const uint8_t protocols[BP_LAYER_N] = {
		[BP_LAYER_HOP] = 0,  [BP_LAYER_DSTOPT] = 60,  [BP_LAYER_FRAG] = 44,
		[BP_LAYER_GRE] = 47, [BP_LAYER_UDP] = IP_UDP, [BP_LAYER_TCP] = IP_TCP,
	};

	return protocols[l->kind];
}

/* ---- fields that vary ---------------------------------------------------------------------------- */

/* Bit of the checksum that stands at an offset; 0: none does. */
static uint8_t csum_bit(const struct bp_stream *s, unsigned at)
{
	for (unsigned i = 0; i < s->n_csums; i++)
		if (s->csums[i].at == at)
			return (uint8_t)(1u << i);
	return 0;
}

/* The stream's own UDP or TCP checksum is the last one. */
static uint8_t l4_bit(const struct bp_stream *s)
{
	return (uint8_t)(1u << (s->n_csums - 1));
}

/* A field: its first value, or 0 in every template and a place among the fields. */
static void put_range(struct build *b, unsigned offset, const struct bp_range *range, uint8_t csums)
{
	unsigned n_bytes = range->n_bytes > 8 ? 8 : range->n_bytes, skip = range->n_bytes - n_bytes;
	struct bp_stream *s = b->s;
	struct bp_frame_field field = { .offset = (uint16_t)(offset + skip),
					.n_bytes = (uint8_t)n_bytes,
					.csums = csums,
					.is_inner = s->entropy_at && offset > s->entropy_at,
					.n = range->n };

	memcpy(b->t->header + offset, range->first, range->n_bytes);
	if (range->n == 1)
		return;
	memset(b->t->header + field.offset, 0, n_bytes);
	for (unsigned i = 0; i < n_bytes; i++)
		field.first = field.first << 8 | range->first[skip + i];
	if (b->is_first)
		s->fields[s->n_fields++] = field;
}

/* ---- headers ------------------------------------------------------------------------------------- */

static void write_eth(struct build *b, const struct bp_layer *l, uint8_t *to)
{
	const struct bp_stream_conf *c = b->s->conf;

	put_range(b, l->at, l->is_tunnel ? &c->inner_dst_mac : &c->dst_mac, 0);
	put_range(b, l->at + 6u, l->is_tunnel ? &c->inner_src_mac : &c->src_mac, 0);
	put16(to + 12, ethertype_of(l + 1));
}

static void write_tag(struct build *b, const struct bp_layer *l, uint8_t *to)
{
	(void)b;
	put16(to, l->id);
	put16(to + 2, ethertype_of(l + 1));
}

static void write_mpls(struct build *b, const struct bp_layer *l, uint8_t *to)
{
	bool is_bottom = l[1].kind != BP_LAYER_MPLS;

	put32(to, l->id << 12 | (uint32_t)is_bottom << 8 | b->s->conf->ttl);
}

static void write_gre(struct build *b, const struct bp_layer *l, uint8_t *to)
{
	(void)b;
	put16(to, l->has_id ? 0x2000 : 0);
	put16(to + 2, ethertype_of(l + 1));
	if (l->has_id)
		put32(to + 4, l->id);
}

static void write_vxlan(struct build *b, const struct bp_layer *l, uint8_t *to)
{
	(void)b;
	to[0] = 0x08; /* the VNI is valid */
	put32(to + 4, l->id << 8);
}

static void write_ip4(struct build *b, const struct bp_layer *l, uint8_t *to)
{
	const struct bp_stream_conf *c = b->s->conf;
	uint8_t csums = csum_bit(b->s, l->at + 10u);

	if (!l->is_tunnel)
		csums |= l4_bit(b->s);
	to[0] = 0x45;
	to[1] = (uint8_t)(c->dscp << 2);
	put16(to + 2, bytes_from(b, l));
	put16(to + 6, 0x4000); /* don't fragment: an identification of 0 is allowed (RFC 6864) */
	to[8] = c->ttl;
	to[9] = protocol_of(l + 1);
	put_range(b, l->at + 12u, l->is_tunnel ? &c->outer_src : &c->src, csums);
	put_range(b, l->at + 16u, l->is_tunnel ? &c->outer_dst : &c->dst, csums);
}

static void write_ip6(struct build *b, const struct bp_layer *l, uint8_t *to)
{
	const struct bp_stream_conf *c = b->s->conf;
	uint8_t csums = l->is_tunnel ? 0 : l4_bit(b->s);

	to[0] = (uint8_t)(0x60 | c->dscp >> 2);
	to[1] = (uint8_t)(c->dscp << 6);
	put16(to + 4, bytes_from(b, l) - l->n_bytes);
	to[6] = protocol_of(l + 1);
	to[7] = c->ttl;
	put_range(b, l->at + 8u, l->is_tunnel ? &c->outer_src : &c->src, csums);
	put_range(b, l->at + 24u, l->is_tunnel ? &c->outer_dst : &c->dst, csums);
}

/* Hop-by-hop and destination options: one PadN of six bytes. */
static void write_options(struct build *b, const struct bp_layer *l, uint8_t *to)
{
	(void)b;
	to[0] = protocol_of(l + 1);
	to[2] = 1;
	to[3] = 4;
}

/* The packet is whole: offset 0, no more fragments. */
static void write_fragment(struct build *b, const struct bp_layer *l, uint8_t *to)
{
	(void)b;
	to[0] = protocol_of(l + 1);
	put32(to + 4, 1);
}

static void write_udp(struct build *b, const struct bp_layer *l, uint8_t *to)
{
	put16(to + 4, bytes_from(b, l));
	if (l->is_tunnel) {
		b->s->entropy_at = l->at;
		bp_entropy_put(to, BP_ENTROPY_SEED);
		put16(to + 2, PORT_VXLAN);
		return;
	}
	put_range(b, l->at, &b->s->conf->sport, l4_bit(b->s));
	put_range(b, l->at + 2u, &b->s->conf->dport, l4_bit(b->s));
}

static void write_tcp(struct build *b, const struct bp_layer *l, uint8_t *to)
{
	put_range(b, l->at, &b->s->conf->sport, l4_bit(b->s));
	put_range(b, l->at + 2u, &b->s->conf->dport, l4_bit(b->s));
	put16(to + 6, 1); /* sequence 1, acknowledgement 1: one segment, over and over */
	put16(to + 10, 1);
	to[12] = (uint8_t)((l->n_bytes / 4) << 4);
	to[13] = 0x10; /* ACK */
	put16(to + 14, 65535);
}

static const write_fn writers[BP_LAYER_SIGNED] = {
	[BP_LAYER_ETH] = write_eth,        [BP_LAYER_TAG] = write_tag,
	[BP_LAYER_MPLS] = write_mpls,      [BP_LAYER_GRE] = write_gre,
	[BP_LAYER_VXLAN] = write_vxlan,    [BP_LAYER_IP4] = write_ip4,
	[BP_LAYER_IP6] = write_ip6,        [BP_LAYER_HOP] = write_options,
	[BP_LAYER_DSTOPT] = write_options, [BP_LAYER_FRAG] = write_fragment,
	[BP_LAYER_UDP] = write_udp,        [BP_LAYER_TCP] = write_tcp,
};

/* ---- checksums ------------------------------------------------------------------------------------ */

/* A header's own. ip: the IP header before it. */
static void add_l4_csum(struct bp_stream *s, const struct bp_layer *l, const struct bp_layer *ip,
			unsigned end)
{
	bool is_v6 = ip->kind == BP_LAYER_IP6, is_udp = l->kind == BP_LAYER_UDP;

	/* A tunnel over IPv4 has none (RFC 7348, 4.1); over IPv6 there is no zero but by agreement. */
	if (l->is_tunnel && !is_v6)
		return;
	s->csums[s->n_csums++] = (struct bp_frame_csum){
		.at = (uint16_t)(l->at + (is_udp ? 6 : 16)),
		.from = l->at,
		.end = (uint16_t)end,
		.addr_at = (uint16_t)(ip->at + (is_v6 ? 8 : 12)),
		.addr_bytes = is_v6 ? 32 : 8,
		.protocol = is_udp ? IP_UDP : IP_TCP,
		.is_udp = is_udp,
		.is_anew = l->is_tunnel,
	};
}

static void find_csums(struct bp_stream *s, const struct bp_layers *layers)
{
	const struct bp_layer *ip = NULL;

	s->n_csums = 0;
	for (unsigned i = 0; i < layers->n; i++) {
		const struct bp_layer *l = &layers->v[i];

		if (l->kind == BP_LAYER_IP4 || l->kind == BP_LAYER_IP6)
			ip = l;
		if (l->kind == BP_LAYER_IP4)
			s->csums[s->n_csums++] = (struct bp_frame_csum){
				.at = (uint16_t)(l->at + 10),
				.from = l->at,
				.end = (uint16_t)(l->at + l->n_bytes),
			};
		else if (l->kind == BP_LAYER_UDP || l->kind == BP_LAYER_TCP)
			add_l4_csum(s, l, ip, bp_layers_bytes(layers));
	}
}

/* What the payload adds is nothing: see bypath/signature.h. */
static uint64_t sum_covered(const struct bp_frame_csum *c, const uint8_t *frame)
{
	return sum_bytes(frame + c->addr_at, c->addr_bytes) +
	       sum_bytes(frame + c->from, (size_t)(c->end - c->from));
}

static void find_sums(const struct bp_stream *s, struct bp_frame_template *t)
{
	for (unsigned i = 0; i < s->n_csums; i++) {
		const struct bp_frame_csum *c = &s->csums[i];

		t->sums[i] = c->is_anew ? 0 : sum_covered(c, t->header);
		if (c->protocol)
			t->sums[i] +=
				(uint64_t)swap16(c->protocol) + swap16(t->frame_bytes - c->from);
	}
}

/* From the inside out: an outer one covers the inner ones. */
void bp_template_put_csums(const struct bp_stream *s, uint8_t *frame, const uint64_t *sums)
{
	for (unsigned i = s->n_csums; i-- > 0;) {
		const struct bp_frame_csum *c = &s->csums[i];
		uint64_t sum = sums[i];
		uint16_t csum;

		if (c->is_anew) {
			memset(frame + c->at, 0, 2);
			sum += sum_covered(c, frame);
		}
		csum = (uint16_t)~bp_sig_fold(sum);
		if (!csum && c->is_udp)
			csum = 0xffff; /* 0 says that there is none */
		memcpy(frame + c->at, &csum, sizeof(csum));
	}
}

void bp_template_make(struct bp_stream *s, struct bp_frame_template *t, unsigned size,
		      bool is_first)
{
	struct build b = { s, t, is_first };
	struct bp_layers layers;

	*t = (struct bp_frame_template){ .frame_bytes = size - BP_FCS_BYTES };
	bp_layers_of(s->conf, &layers);
	if (is_first) {
		s->header_bytes = (uint16_t)bp_layers_bytes(&layers);
		find_csums(s, &layers);
	}
	for (unsigned i = 0; i + 1 < layers.n; i++)
		writers[layers.v[i].kind](&b, &layers.v[i], t->header + layers.v[i].at);
	find_sums(s, t);
	bp_template_put_csums(s, t->header, t->sums);
}
