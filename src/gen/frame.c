/* Builds frames from templates, finds their payload again. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/frame.h"

#include "gen/pattern.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ETH_BYTES     14u
#define TAG_BYTES     4u
#define IPV4_BYTES    20u
#define IPV6_BYTES    40u
#define UDP_BYTES     8u
#define TCP_BYTES     20u
#define ETHERTYPE_4   0x0800u
#define ETHERTYPE_6   0x86ddu
#define ETHERTYPE_TAG 0x8100u
#define ETHERTYPE_AD  0x88a8u
#define IP_TCP        6u
#define IP_UDP        17u

static void put16(uint8_t *to, unsigned v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static unsigned get16(const uint8_t *from)
{
	return (unsigned)from[0] << 8 | from[1];
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

/* ---- cycles ---------------------------------------------------------------------------------- */

static unsigned gcd(unsigned a, unsigned b)
{
	while (b) {
		unsigned rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

unsigned bp_frame_cycle(const uint16_t *weights, unsigned n_weights, uint8_t *cycle, unsigned max)
{
	int credit[BP_STREAMS_MAX] = { 0 };
	unsigned divisor = 0, sum = 0;

	for (unsigned i = 0; i < n_weights; i++)
		divisor = gcd(divisor, weights[i]);
	for (unsigned i = 0; i < n_weights; i++)
		sum += weights[i] / divisor;
	if (sum > max)
		sum = max;
	for (unsigned at = 0; at < sum; at++) {
		unsigned best = 0;

		for (unsigned i = 0; i < n_weights; i++) {
			credit[i] += (int)(weights[i] / divisor);
			if (credit[i] > credit[best])
				best = i;
		}
		credit[best] -= (int)sum;
		cycle[at] = (uint8_t)best;
	}
	return sum;
}

/* ---- templates ------------------------------------------------------------------------------- */

static bool is_v6(enum bp_protocol p)
{
	return p == BP_PROTO_UDP6 || p == BP_PROTO_TCP6;
}

static bool is_udp(enum bp_protocol p)
{
	return p == BP_PROTO_UDP4 || p == BP_PROTO_UDP6;
}

/* A field of the header: its first value, or 0 in every template and a place among the fields. */
static void put_range(struct bp_stream *s, uint8_t *header, unsigned offset,
		      const struct bp_range *range, bool is_ip, bool is_l4, bool is_first_template)
{
	unsigned n_bytes = range->n_bytes > 8 ? 8 : range->n_bytes, skip = range->n_bytes - n_bytes;
	struct bp_frame_field field = { .offset = (uint16_t)(offset + skip),
					.n_bytes = (uint8_t)n_bytes,
					.is_ip = is_ip,
					.is_l4 = is_l4,
					.n = range->n };

	memcpy(header + offset, range->first, range->n_bytes);
	if (range->n == 1)
		return;
	memset(header + field.offset, 0, n_bytes);
	for (unsigned i = 0; i < n_bytes; i++)
		field.first = field.first << 8 | range->first[skip + i];
	if (is_first_template)
		s->fields[s->n_fields++] = field;
}

static unsigned put_link(struct bp_stream *s, uint8_t *header, unsigned ethertype, bool is_first)
{
	unsigned at = ETH_BYTES;

	put_range(s, header, 0, &s->conf->dst_mac, false, false, is_first);
	put_range(s, header, 6, &s->conf->src_mac, false, false, is_first);
	if (s->conf->vlan) {
		put16(header + 12, ETHERTYPE_TAG);
		put16(header + 14, s->conf->vlan);
		at += TAG_BYTES;
	}
	put16(header + at - 2, ethertype);
	return at;
}

static unsigned put_ipv4(struct bp_stream *s, struct bp_frame_template *t, bool is_first)
{
	unsigned at = put_link(s, t->header, ETHERTYPE_4, is_first);
	uint8_t *ip = t->header + at;

	ip[0] = 0x45;
	ip[1] = (uint8_t)(s->conf->dscp << 2);
	put16(ip + 2, t->frame_bytes - at);
	put16(ip + 6, 0x4000); /* don't fragment: an identification of 0 is allowed (RFC 6864) */
	ip[8] = s->conf->ttl;
	ip[9] = is_udp(s->conf->protocol) ? IP_UDP : IP_TCP;
	put_range(s, t->header, at + 12, &s->conf->src, true, true, is_first);
	put_range(s, t->header, at + 16, &s->conf->dst, true, true, is_first);
	s->ip_csum_at = (uint16_t)(at + 10);
	t->ip_sum = sum_bytes(ip, IPV4_BYTES);
	t->l4_sum =
		sum_bytes(ip + 12, 8) + swap16(ip[9]) + swap16(t->frame_bytes - at - IPV4_BYTES);
	return at + IPV4_BYTES;
}

static unsigned put_ipv6(struct bp_stream *s, struct bp_frame_template *t, bool is_first)
{
	unsigned at = put_link(s, t->header, ETHERTYPE_6, is_first);
	uint8_t *ip = t->header + at;

	ip[0] = (uint8_t)(0x60 | s->conf->dscp >> 2);
	ip[1] = (uint8_t)(s->conf->dscp << 6);
	put16(ip + 4, t->frame_bytes - at - IPV6_BYTES);
	ip[6] = is_udp(s->conf->protocol) ? IP_UDP : IP_TCP;
	ip[7] = s->conf->ttl;
	put_range(s, t->header, at + 8, &s->conf->src, false, true, is_first);
	put_range(s, t->header, at + 24, &s->conf->dst, false, true, is_first);
	t->l4_sum =
		sum_bytes(ip + 8, 32) + swap16(ip[6]) + swap16(t->frame_bytes - at - IPV6_BYTES);
	return at + IPV6_BYTES;
}

static unsigned put_l4(struct bp_stream *s, struct bp_frame_template *t, unsigned at, bool is_first)
{
	uint8_t *l4 = t->header + at;
	unsigned n_bytes = s->is_udp ? UDP_BYTES : TCP_BYTES;

	put_range(s, t->header, at, &s->conf->sport, false, true, is_first);
	put_range(s, t->header, at + 2, &s->conf->dport, false, true, is_first);
	if (s->is_udp) {
		put16(l4 + 4, t->frame_bytes - at);
		s->l4_csum_at = (uint16_t)(at + 6);
	} else {
		put16(l4 + 6, 1); /* sequence 1, acknowledgement 1: one segment, over and over */
		put16(l4 + 10, 1);
		l4[12] = (TCP_BYTES / 4) << 4;
		l4[13] = 0x10; /* ACK */
		put16(l4 + 14, 65535);
		s->l4_csum_at = (uint16_t)(at + 16);
	}
	/* The payload adds nothing: see bypath/signature.h. */
	t->l4_sum += sum_bytes(l4, n_bytes);
	return at + n_bytes;
}

static void put16_raw(uint8_t *to, uint16_t v)
{
	memcpy(to, &v, sizeof(v));
}

/* Checksums from the sums over everything that they cover. */
static inline void put_checksums(const struct bp_stream *s, uint8_t *frame, uint64_t ip_sum,
				 uint64_t l4_sum)
{
	uint16_t csum;

	if (s->ip_csum_at)
		put16_raw(frame + s->ip_csum_at, (uint16_t)~bp_sig_fold(ip_sum));
	if (!s->l4_csum_at)
		return;
	csum = (uint16_t)~bp_sig_fold(l4_sum);
	if (!csum && s->is_udp)
		csum = 0xffff; /* 0 says that there is none */
	put16_raw(frame + s->l4_csum_at, csum);
}

static void make_template(struct bp_stream *s, struct bp_frame_template *t, unsigned size,
			  bool is_first)
{
	unsigned at;

	*t = (struct bp_frame_template){ .frame_bytes = size - BP_FCS_BYTES };
	if (s->conf->protocol == BP_PROTO_ETH)
		at = put_link(s, t->header, BP_ETHERTYPE_GEN, is_first);
	else
		at = put_l4(s, t,
			    is_v6(s->conf->protocol) ? put_ipv6(s, t, is_first)
						     : put_ipv4(s, t, is_first),
			    is_first);
	s->header_bytes = (uint16_t)at;
	put_checksums(s, t->header, t->ip_sum, t->l4_sum);
}

int bp_stream_init(struct bp_stream *s, const struct bp_stream_conf *conf, uint8_t stream_id,
		   uint8_t run, uint32_t frame_size, uint64_t first_seq, char *why,
		   size_t why_bytes)
{
	uint16_t weights[BP_SIZES_MAX] = { 1 };

	*s = (struct bp_stream){ .conf = conf,
				 .stream_id = stream_id,
				 .run = run,
				 .is_udp = is_udp(conf->protocol),
				 .seq = first_seq & BP_SIG_SEQ_MASK };
	s->n_templates = frame_size ? 1 : conf->sizes.n;
	for (unsigned i = 0; i < s->n_templates; i++) {
		unsigned size = frame_size ? frame_size : conf->sizes.v[i].bytes;

		if (size < ETH_BYTES + BP_FCS_BYTES)
			size = ETH_BYTES + BP_FCS_BYTES; /* refused below */
		make_template(s, &s->templates[i], size, i == 0);
		if (!frame_size)
			weights[i] = conf->sizes.v[i].weight;
		if (s->templates[i].frame_bytes >= s->header_bytes + BP_SIG_BYTES)
			continue;
		snprintf(why, why_bytes,
			 "stream %s: frames of %u bytes have no room for headers and signature: %u "
			 "is the least",
			 conf->name, size, s->header_bytes + BP_SIG_BYTES + BP_FCS_BYTES);
		return -EINVAL;
	}
	s->n_cycle = bp_frame_cycle(weights, s->n_templates, s->cycle, BP_SIZE_CYCLE_MAX);
	return 0;
}

double bp_stream_mean_bytes(const struct bp_stream *s)
{
	double sum = 0;

	for (unsigned i = 0; i < s->n_cycle; i++)
		sum += s->templates[s->cycle[i]].frame_bytes;
	return sum / s->n_cycle;
}

uint32_t bp_stream_max_bytes(const struct bp_stream *s)
{
	uint32_t max = 0;

	for (unsigned i = 0; i < s->n_templates; i++)
		if (s->templates[i].frame_bytes > max)
			max = s->templates[i].frame_bytes;
	return max;
}

/* ---- packets --------------------------------------------------------------------------------- */

/* The next value of each varying field, then the checksums that it counts in. */
static void put_fields(struct bp_stream *s, const struct bp_frame_template *t, uint8_t *frame)
{
	uint64_t ip_sum = t->ip_sum, l4_sum = t->l4_sum;

	for (unsigned i = 0; i < s->n_fields; i++) {
		struct bp_frame_field *f = &s->fields[i];
		uint64_t v = __builtin_bswap64(f->first + f->at) >> (64 - 8 * f->n_bytes);
		uint16_t folded = bp_sig_fold(v);

		memcpy(frame + f->offset, &v, f->n_bytes);
		ip_sum += f->is_ip ? folded : 0;
		l4_sum += f->is_l4 ? folded : 0;
		if (++f->at == f->n)
			f->at = 0;
	}
	put_checksums(s, frame, ip_sum, l4_sum);
}

void bp_frame_renumber(const struct bp_stream *s, uint64_t seq, struct bp_pkt *views,
		       unsigned n_views)
{
	uint64_t word = bp_sig_pattern(s->stream_id, seq);
	uint32_t payload = s->header_bytes + BP_SIG_BYTES, done = views[0].len;
	uint32_t payload_bytes = (uint32_t)bp_pkt_bytes(views, n_views) - payload;

	bp_pattern_fill(views[0].data + payload, done - payload, 0, payload_bytes, word);
	for (unsigned i = 1; i < n_views; i++) {
		bp_pattern_fill(views[i].data, views[i].len, done - payload, payload_bytes, word);
		done += views[i].len;
	}
}

void bp_frame_build(struct bp_stream *s, const struct bp_frame_template *t, uint64_t seq,
		    struct bp_pkt *views, unsigned n_views, uint32_t room)
{
	uint32_t left = t->frame_bytes;

	memcpy(views[0].data, t->header, BP_HEADER_ROOM);
	if (s->n_fields)
		put_fields(s, t, views[0].data);
	for (unsigned i = 0; i < n_views; i++) {
		views[i].len = left < room ? left : room;
		left -= views[i].len;
		if (i + 1 < n_views)
			views[i].flags |= BP_PKT_MORE;
	}
	bp_frame_renumber(s, seq, views, n_views);
}

/* ---- reception ------------------------------------------------------------------------------- */

static struct bp_frame_place find_l4(const uint8_t *data, uint32_t n_bytes, uint32_t at,
				     unsigned protocol, uint32_t end)
{
	struct bp_frame_place place = { .end = end };
	uint32_t header = UDP_BYTES;

	if (protocol == IP_TCP) {
		if (at + TCP_BYTES > n_bytes)
			return place;
		header = (data[at + 12] >> 4) * 4u;
	} else if (protocol != IP_UDP) {
		return place;
	}
	place.payload = at + header;
	return place;
}

struct bp_frame_place bp_frame_find(const uint8_t *data, uint32_t n_bytes, uint32_t frame_bytes)
{
	struct bp_frame_place none = { 0 };
	uint32_t at = ETH_BYTES;
	unsigned type;

	if (n_bytes < ETH_BYTES + 2 * TAG_BYTES + IPV4_BYTES)
		return none;
	type = get16(data + 12);
	for (unsigned i = 0; i < 2 && (type == ETHERTYPE_TAG || type == ETHERTYPE_AD); i++) {
		at += TAG_BYTES;
		type = get16(data + at - 2);
	}
	if (type == BP_ETHERTYPE_GEN)
		return (struct bp_frame_place){ at, frame_bytes };
	if (type == ETHERTYPE_4) {
		uint32_t header = (data[at] & 15u) * 4u;

		if (data[at] >> 4 != 4 || header < IPV4_BYTES || (get16(data + at + 6) & 0x3fff))
			return none;
		return find_l4(data, n_bytes, at + header, data[at + 9], at + get16(data + at + 2));
	}
	if (type == ETHERTYPE_6 && n_bytes >= at + IPV6_BYTES)
		return find_l4(data, n_bytes, at + IPV6_BYTES, data[at + 6],
			       at + IPV6_BYTES + get16(data + at + 4));
	return none;
}
