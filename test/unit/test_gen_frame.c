/* Generated frames, read by code that shares nothing with their maker. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "frame_build.h"
#include "gen/frame.h"
#include "gen/pattern.h"
#include "gen_streams.h"

#include <errno.h>
#include <stdio.h>

#include <stdlib.h>
#include <string.h>

#define ROOM 1792u

static struct bp_stream stream; /* too large for a stack */

static void init(const struct bp_stream_conf *conf)
{
	char why[256];

	if (bp_stream_init(&stream, conf, &(struct bp_stream_start){ 5, 9, 0, 0 }, why,
			   sizeof(why)))
		fail_msg("%s", why);
}

/* The next packet, in one piece, with its signature. Returns its length. */
static uint32_t build(uint8_t *frame, uint32_t room, uint64_t time_ns)
{
	const struct bp_frame_template *t = bp_stream_next(&stream);
	unsigned n_views = bp_frame_n_views(t, room);
	struct bp_signature sig = { stream.seq, time_ns, 5 | BP_SIG_PATTERN, 9 };
	struct bp_pkt views[16] = { { 0 } };
	uint32_t len = 0;

	assert_true(n_views <= 16);
	for (unsigned i = 0; i < n_views; i++)
		views[i].data = memset(malloc(room), 0x5a, room);
	bp_frame_build(&stream, t, stream.seq++, views, n_views, room);
	bp_sig_write(views[0].data + stream.header_bytes, &sig);
	assert_int_equal(bp_pkt_n_views(views, n_views), n_views);
	for (unsigned i = 0; i < n_views; i++) {
		assert_true(views[i].len && views[i].len <= room);
		memcpy(frame + len, views[i].data, views[i].len);
		len += views[i].len;
		free(views[i].data);
	}
	assert_int_equal(len, t->frame_bytes);
	return len;
}

/* Everything that a receiver's kernel would check. Returns the payload's offset. */
static uint32_t check_frame(const uint8_t *f, uint32_t len, const struct bp_stream_conf *c)
{
	bool is_v6 = c->protocol == BP_PROTO_UDP6 || c->protocol == BP_PROTO_TCP6;
	bool is_tcp = c->protocol == BP_PROTO_TCP4 || c->protocol == BP_PROTO_TCP6;
	uint32_t at = 12, l4_bytes, sum;

	if (c->vlan) {
		assert_int_equal(f[12] << 8 | f[13], 0x8100);
		assert_int_equal(f[14] << 8 | f[15], c->vlan);
		at = 16;
	}
	if (c->protocol == BP_PROTO_ETH) {
		assert_int_equal(f[at] << 8 | f[at + 1], 0x88b5);
		return at + 2;
	}
	assert_int_equal(f[at] << 8 | f[at + 1], is_v6 ? 0x86dd : 0x0800);
	at += 2;
	if (is_v6) {
		assert_int_equal(f[at] >> 4, 6);
		l4_bytes = (uint32_t)(f[at + 4] << 8 | f[at + 5]);
		assert_int_equal(at + 40 + l4_bytes, len);
		assert_int_equal(f[at + 6], is_tcp ? 6 : 17);
		sum = fb_sum(0, f + at + 8, 32);
		at += 40;
	} else {
		assert_int_equal(f[at], 0x45);
		assert_int_equal(at + (uint32_t)(f[at + 2] << 8 | f[at + 3]), len);
		assert_int_equal(fb_sum(0, f + at, 20), 0xffff);
		assert_int_equal(f[at + 9], is_tcp ? 6 : 17);
		sum = fb_sum(0, f + at + 12, 8);
		l4_bytes = len - at - 20;
		at += 20;
	}
	sum += l4_bytes + (is_tcp ? 6 : 17);
	assert_int_equal(fb_sum((sum & 0xffff) + (sum >> 16), f + at, l4_bytes), 0xffff);
	if (is_tcp)
		return at + 20;
	assert_int_equal(f[at + 4] << 8 | f[at + 5], l4_bytes);
	assert_true(f[at + 6] || f[at + 7]);
	return at + 8;
}

static void check_signature(const uint8_t *at, uint64_t seq, uint64_t time_ns)
{
	struct bp_signature sig;

	assert_int_equal(bp_sig_read(at, &sig), BP_SIG_OK);
	assert_int_equal(sig.seq, seq & BP_SIG_SEQ_MASK);
	assert_int_equal(sig.time_ns, time_ns & BP_SIG_TIME_MASK);
	assert_int_equal(sig.stream, 5 | BP_SIG_PATTERN);
	assert_int_equal(sig.run, 9);
}

static void check_kind(enum bp_protocol protocol, uint16_t vlan, uint16_t size, uint32_t room)
{
	struct bp_stream_conf c = stream_of(protocol, size);
	static uint8_t frame[10000];

	c.vlan = vlan;
	c.dscp = 46;
	c.src_mac.n = 3;
	c.src.n = 300;
	c.dst.n = 5;
	c.sport.n = 1000;
	if (protocol == BP_PROTO_ETH)
		c.src.n = c.dst.n = c.sport.n = c.dport.n = 0;
	init(&c);
	for (uint64_t i = 0; i < 700; i++) {
		uint64_t time_ns = i * 0x123456789abu;
		uint32_t len = build(frame, room, time_ns), payload = check_frame(frame, len, &c);
		struct bp_frame_place place = bp_frame_find(frame, len, len);
		uint64_t word = bp_sig_pattern(5, i);

		assert_int_equal(len, size - 4u);
		assert_int_equal(place.payload, payload);
		assert_int_equal(place.end, len);
		check_signature(frame + payload, i, time_ns);
		assert_true(bp_pattern_holds(frame + payload + 18, len - payload - 18, 0,
					     len - payload - 18, word));
		assert_int_equal(frame[11], 1 + i % 3);
	}
}

static void every_kind_of_frame_is_right(void **state)
{
	static const uint16_t sizes[] = { 64, 65, 71, 128, 594, 1518, 1796, 9000, 9021 };

	(void)state;
	for (int p = BP_PROTO_UDP4; p <= BP_PROTO_ETH; p++)
		for (uint16_t vlan = 0; vlan <= 4094; vlan += 4094)
			for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
				char why[256];
				struct bp_stream_conf c = stream_of((enum bp_protocol)p, sizes[i]);

				c.vlan = vlan;
				if (bp_stream_init(&stream, &c,
						   &(struct bp_stream_start){ 0, 1, 0, 0 }, why,
						   sizeof(why)))
					continue; /* tested below */
				check_kind((enum bp_protocol)p, vlan, sizes[i], ROOM);
				check_kind((enum bp_protocol)p, vlan, sizes[i], 601);
			}
}

static void least_sizes_are_as_documented(void **state)
{
	static const struct {
		enum bp_protocol protocol;
		uint16_t vlan, least;
	} rows[] = { { BP_PROTO_UDP4, 0, 64 }, { BP_PROTO_UDP4, 1, 68 }, { BP_PROTO_TCP4, 0, 76 },
		     { BP_PROTO_TCP4, 1, 80 }, { BP_PROTO_UDP6, 0, 84 }, { BP_PROTO_UDP6, 1, 88 },
		     { BP_PROTO_TCP6, 0, 96 }, { BP_PROTO_TCP6, 1, 100 } };
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bp_stream_conf c = stream_of(rows[i].protocol, rows[i].least);
		char least[32];

		c.vlan = rows[i].vlan;
		check_kind(rows[i].protocol, rows[i].vlan, rows[i].least, ROOM);
		assert_int_equal(
			bp_stream_init(&stream, &c,
				       &(struct bp_stream_start){ 0, 1, rows[i].least - 1u, 0 },
				       why, sizeof(why)),
			-EINVAL);
		snprintf(least, sizeof(least), " %u is the least", rows[i].least);
		assert_non_null(strstr(why, least));
	}
}

static void ranges_go_through_all_values_in_turn(void **state)
{
	struct bp_stream_conf c = stream_of(BP_PROTO_UDP4, 64);
	uint8_t frame[64];

	(void)state;
	c.src = range_of("\x0a\0\0\xfe", 4, 4); /* 10.0.0.254 … 10.0.1.1 */
	c.dport = range_of("\x03\xe8", 2, 3);
	init(&c);
	for (uint32_t i = 0; i < 100; i++) {
		build(frame, ROOM, 0);
		assert_int_equal(frame[26] << 24 | frame[27] << 16 | frame[28] << 8 | frame[29],
				 0x0a0000fe + i % 4);
		assert_int_equal(frame[36] << 8 | frame[37], 1000 + i % 3);
	}
}

/* RFC 768, RFC 8200: a computed 0 is sent as 0xffff. One of all source ports computes to it. */
static void a_udp_checksum_of_zero_is_sent_as_ones(void **state)
{
	static const enum bp_protocol protocols[] = { BP_PROTO_UDP4, BP_PROTO_UDP6 };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct bp_stream_conf c = stream_of(protocols[i], 84);
		uint8_t frame[84];
		unsigned n_ones = 0;

		c.sport = range_of("\0\0", 2, 65536);
		init(&c);
		for (unsigned port = 0; port < 65536; port++) {
			const uint8_t *csum = frame + stream.csums[stream.n_csums - 1].at;

			build(frame, ROOM, 0);
			assert_true(csum[0] || csum[1]);
			n_ones += csum[0] == 0xff && csum[1] == 0xff;
			if (csum[0] == 0xff && csum[1] == 0xff)
				check_frame(frame, 80, &c);
		}
		assert_true(n_ones >= 1 && n_ones <= 2);
	}
}

static void sizes_come_by_their_weights(void **state)
{
	struct bp_stream_conf c = stream_of(BP_PROTO_UDP4, 64);
	unsigned n[3] = { 0 };
	static uint8_t frame[2000];

	(void)state;
	c.sizes = (struct bp_sizes){ .n = 3, .v = { { 64, 7 }, { 594, 4 }, { 1518, 1 } } };
	init(&c);
	assert_int_equal(stream.n_cycle, 12);
	assert_true(bp_stream_mean_bytes(&stream) == (7 * 60 + 4 * 590 + 1514) / 12.0);
	assert_int_equal(bp_stream_max_bytes(&stream), 1514);
	for (unsigned i = 0; i < 1200; i++) {
		uint32_t len = build(frame, ROOM, 0);

		n[len == 60 ? 0 : len == 590 ? 1 : 2]++;
		if (i % 12 == 11) /* spread, not in a row */
			assert_int_equal(n[2], i / 12 + 1);
	}
	assert_int_equal(n[0], 700);
	assert_int_equal(n[1], 400);
	assert_int_equal(n[2], 100);
}

static void cycles_hold_every_share(void **state)
{
	static const uint16_t weights[] = { 50, 100, 25 };
	uint8_t cycle[100];
	unsigned n[3] = { 0 };

	(void)state;
	assert_int_equal(bp_frame_cycle(weights, 3, cycle, 100), 7);
	for (unsigned i = 0; i < 7; i++)
		n[cycle[i]]++;
	assert_int_equal(n[0], 2);
	assert_int_equal(n[1], 4);
	assert_int_equal(n[2], 1);
}

static void signature_wraps_and_shows_damage(void **state)
{
	uint8_t bytes[BP_SIG_BYTES];
	struct bp_signature s = { BP_SIG_SEQ_MASK, BP_SIG_TIME_MASK, 63 | BP_SIG_PATTERN, 255 }, r;

	(void)state;
	bp_sig_write(bytes, &s);
	assert_int_equal(bp_sig_read(bytes, &r), BP_SIG_OK);
	assert_memory_equal(&s, &r, offsetof(struct bp_signature, run) + 1);
	s.seq++;
	s.time_ns++;
	bp_sig_write(bytes, &s);
	assert_int_equal(bp_sig_read(bytes, &r), BP_SIG_OK);
	assert_int_equal(r.seq, 0);
	assert_int_equal(r.time_ns, 0);
	assert_int_equal(fb_sum(0, bytes, BP_SIG_BYTES), 0xffff);
	for (unsigned bit = 0; bit < 8 * BP_SIG_BYTES; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(bp_sig_read(bytes, &r), bit < 16 ? BP_SIG_FOREIGN : BP_SIG_BROKEN);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void pattern_shows_each_wrong_byte(void **state)
{
	uint8_t bytes[67];
	uint64_t word = bp_sig_pattern(3, 77);

	(void)state;
	assert_int_not_equal(word, bp_sig_pattern(3, 78));
	assert_int_not_equal(word, bp_sig_pattern(4, 77));
	bp_pattern_fill(bytes, 67, 0, 67, word);
	assert_int_equal(fb_sum(0, bytes, 67), 0xffff);
	for (unsigned i = 0; i < 67; i++) {
		bytes[i] ^= 0x10;
		assert_false(bp_pattern_holds(bytes, 67, 0, 67, word));
		bytes[i] ^= 0x10;
	}
	/* In regions of any length, as views cut it. */
	for (unsigned cut = 0; cut <= 67; cut++) {
		assert_true(bp_pattern_holds(bytes, cut, 0, 67, word));
		assert_true(bp_pattern_holds(bytes + cut, 67 - cut, cut, 67, word));
	}
}

/* Nothing is read outside of what is there: under ASan. */
static void cut_frames_are_not_read_beyond(void **state)
{
	static uint8_t frame[200];

	(void)state;
	for (int p = BP_PROTO_UDP4; p <= BP_PROTO_ETH; p++) {
		struct bp_stream_conf c = stream_of((enum bp_protocol)p, 128);
		uint32_t len;

		c.vlan = 7;
		init(&c);
		len = build(frame, ROOM, 0);
		for (uint32_t cut = 0; cut <= len; cut++) {
			uint8_t *copy = memcpy(malloc(cut + 1), frame, cut);

			bp_frame_find(copy, cut, cut);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_frame_is_right),
		cmocka_unit_test(least_sizes_are_as_documented),
		cmocka_unit_test(ranges_go_through_all_values_in_turn),
		cmocka_unit_test(a_udp_checksum_of_zero_is_sent_as_ones),
		cmocka_unit_test(sizes_come_by_their_weights),
		cmocka_unit_test(cycles_hold_every_share),
		cmocka_unit_test(signature_wraps_and_shows_damage),
		cmocka_unit_test(pattern_shows_each_wrong_byte),
		cmocka_unit_test(cut_frames_are_not_read_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
