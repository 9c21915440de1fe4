/* Generated frames in tags, labels, tunnels, with extension headers: every checksum, found again. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/layers.h"
#include "frame_build.h"
#include "gen/frame.h"
#include "gen/pattern.h"
#include "gen_streams.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ROOM 1792u

static struct bp_stream stream; /* too large for a stack */

/* A stack of headers, with the places that its checksums have by the RFCs: 0 for none. */
struct stack {
	const char *name;
	enum bp_protocol protocol;
	uint8_t extensions;
	bool is_outer_v6;
	struct bp_encaps encap;
	uint16_t header_bytes;
	uint16_t outer_ip, outer_udp, ip, l4; /* offsets */
	uint16_t ethertype; /* of the first header */
};

#define ID(kind_, id_)                                                \
	{                                                             \
		.kind = BP_ENCAP_##kind_, .has_id = true, .id = (id_) \
	}

static const struct stack stacks[] = {
	{ .name = "two tags",
	  .protocol = BP_PROTO_UDP4,
	  .encap = { 2, { ID(QINQ, 100), ID(VLAN, 200) } },
	  .header_bytes = 50,
	  .ip = 22,
	  .l4 = 42,
	  .ethertype = 0x88a8 },
	{ .name = "eight tags",
	  .protocol = BP_PROTO_TCP6,
	  .encap = { 8,
		     { ID(QINQ, 1), ID(QINQ, 2), ID(QINQ, 3), ID(QINQ, 4), ID(VLAN, 5), ID(VLAN, 6),
		       ID(VLAN, 7), ID(VLAN, 4094) } },
	  .header_bytes = 106,
	  .ip = 46,
	  .l4 = 86,
	  .ethertype = 0x88a8 },
	{ .name = "labels",
	  .protocol = BP_PROTO_TCP4,
	  .encap = { 2, { ID(MPLS, 16), ID(MPLS, 1048575) } },
	  .header_bytes = 62,
	  .ip = 22,
	  .l4 = 42,
	  .ethertype = 0x8847 },
	{ .name = "vxlan over IPv4",
	  .protocol = BP_PROTO_UDP4,
	  .encap = { 1, { ID(VXLAN, 5000) } },
	  .header_bytes = 92,
	  .outer_ip = 14,
	  .ip = 64,
	  .l4 = 84,
	  .ethertype = 0x0800 },
	{ .name = "vxlan over IPv6",
	  .protocol = BP_PROTO_TCP6,
	  .is_outer_v6 = true,
	  .extensions = BP_EXT_HOP_BY_HOP | BP_EXT_DEST_OPTIONS | BP_EXT_FRAGMENT,
	  .encap = { 3, { ID(VLAN, 9), ID(VXLAN, 16777215), ID(VLAN, 11) } },
	  .header_bytes = 176,
	  .outer_ip = 18,
	  .outer_udp = 58,
	  .ip = 92,
	  .l4 = 156,
	  .ethertype = 0x8100 },
	{ .name = "gre",
	  .protocol = BP_PROTO_UDP6,
	  .encap = { 1, { { .kind = BP_ENCAP_GRE } } },
	  .header_bytes = 86,
	  .outer_ip = 14,
	  .ip = 38,
	  .l4 = 78,
	  .ethertype = 0x0800 },
	{ .name = "gre with a key",
	  .protocol = BP_PROTO_TCP4,
	  .is_outer_v6 = true,
	  .encap = { 1, { ID(GRE, 0xdeadbeef) } },
	  .header_bytes = 102,
	  .outer_ip = 14,
	  .ip = 62,
	  .l4 = 82,
	  .ethertype = 0x86dd },
	{ .name = "gretap",
	  .protocol = BP_PROTO_ETH,
	  .encap = { 2, { ID(MPLS, 20), ID(GRETAP, 7) } },
	  .header_bytes = 60,
	  .outer_ip = 18,
	  .ethertype = 0x8847 },
	{ .name = "extensions",
	  .protocol = BP_PROTO_UDP6,
	  .extensions = BP_EXT_HOP_BY_HOP | BP_EXT_FRAGMENT,
	  .header_bytes = 78,
	  .ip = 14,
	  .l4 = 70,
	  .ethertype = 0x86dd },
};
#define N_STACKS (sizeof(stacks) / sizeof(stacks[0]))

static struct bp_stream_conf conf_of(const struct stack *s, uint16_t size)
{
	struct bp_stream_conf c = stream_of(s->protocol, size);

	c.encap = s->encap;
	c.extensions = s->extensions;
	c.inner_src_mac = range_of("\x02\0\0\0\x03\x01", 6, 3);
	c.inner_dst_mac = range_of("\x02\0\0\0\x04\x01", 6, 1);
	c.outer_src = s->is_outer_v6 ? range_of("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16, 4)
				     : range_of("\xc6\x12\x01\x01", 4, 4);
	c.outer_dst = s->is_outer_v6 ? range_of("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16, 1)
				     : range_of("\xc6\x13\x01\x01", 4, 1);
	if (s->protocol == BP_PROTO_ETH)
		return c;
	c.src.n = 7;
	c.dport.n = 5;
	return c;
}

static uint32_t build(uint8_t *frame)
{
	const struct bp_frame_template *t = bp_stream_next(&stream);
	struct bp_signature sig = { stream.seq, 77, 5 | BP_SIG_PATTERN, 9 };
	unsigned n_views = bp_frame_n_views(t, ROOM);
	struct bp_pkt views[16] = { { 0 } };
	uint32_t len = 0;

	for (unsigned i = 0; i < n_views; i++)
		views[i].data = memset(malloc(ROOM), 0x5a, ROOM);
	bp_frame_build(&stream, t, stream.seq++, views, n_views, ROOM);
	bp_sig_write(views[0].data + stream.header_bytes, &sig);
	for (unsigned i = 0; i < n_views; i++) {
		memcpy(frame + len, views[i].data, views[i].len);
		len += views[i].len;
		free(views[i].data);
	}
	return len;
}

static uint32_t get16(const uint8_t *f, uint32_t at)
{
	return (uint32_t)f[at] << 8 | f[at + 1];
}

/* Length and own checksum of an IP header at an offset; 0: there is none. */
static void check_ip(const uint8_t *f, uint32_t at, uint32_t len)
{
	if (!at)
		return;
	if (f[at] >> 4 == 6) {
		assert_int_equal(at + 40 + get16(f, at + 4), len);
		return;
	}
	assert_int_equal(f[at], 0x45);
	assert_int_equal(at + get16(f, at + 2), len);
	assert_int_equal(fb_sum(0, f + at, 20), 0xffff);
}

/* The checksum of UDP or TCP from an offset to the frame's end, over the addresses of its IP header. */
static void check_l4(const uint8_t *f, uint32_t ip, uint32_t at, uint32_t len, unsigned protocol)
{
	bool is_v6 = f[ip] >> 4 == 6;
	uint32_t sum = fb_sum(0, f + ip + (is_v6 ? 8 : 12), is_v6 ? 32 : 8) + (len - at) + protocol;

	assert_int_equal(fb_sum((sum & 0xffff) + (sum >> 16), f + at, len - at), 0xffff);
	if (protocol == 17) {
		assert_int_equal(get16(f, at + 4), len - at);
		assert_int_not_equal(get16(f, at + 6), 0);
	}
}

static void check_stack(const struct stack *s, uint16_t size)
{
	bool is_tcp = s->protocol == BP_PROTO_TCP4 || s->protocol == BP_PROTO_TCP6;
	struct bp_stream_conf c = conf_of(s, size);
	static uint8_t f[10000];
	char why[256];

	if (bp_stream_init(&stream, &c, &(struct bp_stream_start){ 5, 9, 0, 0 }, why, sizeof(why)))
		fail_msg("%s: %s", s->name, why);
	assert_int_equal(stream.header_bytes, s->header_bytes);
	for (unsigned i = 0; i < 120; i++) {
		uint32_t len = build(f);
		struct bp_frame_place place = bp_frame_find(f, len, len);
		uint64_t word = bp_sig_pattern(5, i);

		assert_int_equal(len, size - 4u);
		assert_int_equal(get16(f, 12), s->ethertype);
		check_ip(f, s->outer_ip, len);
		check_ip(f, s->ip, len);
		if (s->outer_udp)
			check_l4(f, s->outer_ip, s->outer_udp, len, 17);
		if (s->l4)
			check_l4(f, s->ip, s->l4, len, is_tcp ? 6 : 17);
		assert_int_equal(place.payload, s->header_bytes);
		assert_int_equal(place.end, len);
		assert_true(bp_pattern_holds(f + place.payload + 18, len - place.payload - 18, 0,
					     len - place.payload - 18, word));
	}
}

static void every_stack_is_right_and_found_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_STACKS; i++) {
		uint16_t least = (uint16_t)(stacks[i].header_bytes + BP_SIG_BYTES + BP_FCS_BYTES);

		print_message("%s\n", stacks[i].name);
		check_stack(&stacks[i], least);
		check_stack(&stacks[i], (uint16_t)(least + 1));
		check_stack(&stacks[i], 1518);
		check_stack(&stacks[i], 9000);
	}
}

static void a_frame_too_short_for_its_stack_is_refused(void **state)
{
	char why[256], least[32];

	(void)state;
	for (size_t i = 0; i < N_STACKS; i++) {
		unsigned size = stacks[i].header_bytes + BP_SIG_BYTES + BP_FCS_BYTES;
		struct bp_stream_conf c = conf_of(&stacks[i], (uint16_t)size);

		assert_int_equal(bp_stream_init(&stream, &c,
						&(struct bp_stream_start){ 0, 1, size - 1, 0 }, why,
						sizeof(why)),
				 -EINVAL);
		snprintf(least, sizeof(least), " %u is the least", size);
		assert_non_null(strstr(why, least));
	}
}

/* RFC 7348, 5: one source port for each inner flow, whatever the tunnel's own addresses do. */
static void a_tunnels_source_port_follows_the_inner_flow(void **state)
{
	const struct stack *s = &stacks[3];
	struct bp_stream_conf c = conf_of(s, 128);
	unsigned ports[105] = { 0 }, n_changed = 0;
	static uint8_t f[200];
	char why[256];

	(void)state;
	assert_int_equal(bp_stream_init(&stream, &c, &(struct bp_stream_start){ 5, 9, 0, 0 }, why,
					sizeof(why)),
			 0);
	/* 7 addresses, 5 ports, 3 MACs: 105 inner flows; 4 outer addresses. */
	for (unsigned i = 0; i < 4 * 105; i++) {
		unsigned port;

		build(f);
		port = get16(f, 34);
		assert_true(port >= 49152);
		if (!ports[i % 105])
			ports[i % 105] = port;
		assert_int_equal(ports[i % 105], port);
		n_changed += i && port != ports[(i - 1) % 105];
	}
	assert_true(n_changed > 400);
}

/* A packet of ours to VXLAN's port is no tunnel; a cut one is read no further than it goes. */
static void what_is_no_tunnel_is_not_entered(void **state)
{
	struct bp_stream_conf c = stream_of(BP_PROTO_UDP4, 128);
	static uint8_t f[200];
	uint8_t *cut;
	char why[256];
	uint32_t len;

	(void)state;
	c.dport = range_of("\x12\xb5", 2, 1);
	assert_int_equal(bp_stream_init(&stream, &c, &(struct bp_stream_start){ 5, 9, 0, 0 }, why,
					sizeof(why)),
			 0);
	len = build(f);
	assert_int_equal(bp_frame_find(f, len, len).payload, 42);
	c = conf_of(&stacks[4], 300);
	assert_int_equal(bp_stream_init(&stream, &c, &(struct bp_stream_start){ 5, 9, 0, 0 }, why,
					sizeof(why)),
			 0);
	{
		static uint8_t whole[400];

		len = build(whole);
		for (uint32_t n = 0; n < len; n++) {
			cut = malloc(n ? n : 1);
			memcpy(cut, whole, n);
			(void)bp_frame_find(cut, n, len); /* the address sanitizer looks on */
			free(cut);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_stack_is_right_and_found_again),
		cmocka_unit_test(a_frame_too_short_for_its_stack_is_refused),
		cmocka_unit_test(a_tunnels_source_port_follows_the_inner_flow),
		cmocka_unit_test(what_is_no_tunnel_is_not_entered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
