/* Addresses of a capture's further rounds: other flows, right checksums, or the frame as it was. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/pcap/readdress.h"

#include "engine/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAME_MAX 256u

static const uint8_t v4_a[] = { 10, 0, 0, 1 }, v4_b[] = { 192, 168, 255, 255 };
static const uint8_t v6_a[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
static const uint8_t v6_b[16] = {
	0xfe, 0x80, [8] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
};

/* A frame with one IP packet; offsets of its parts. */
struct built {
	uint8_t bytes[FRAME_MAX];
	uint32_t len, ip, l4, l4_bytes;
	bool is_v6;
	uint8_t proto;
};

static void put(struct built *b, const void *bytes, uint32_t len)
{
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

static void put_be16(struct built *b, uint16_t v)
{
	const uint8_t bytes[] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(b, bytes, sizeof(bytes));
}

static void begin(struct built *b, unsigned n_tags, uint16_t type)
{
	static const uint8_t macs[12] = { 2, [5] = 2, 2, [11] = 1 };

	*b = (struct built){ .len = 0 };
	put(b, macs, sizeof(macs));
	while (n_tags--) {
		put_be16(b, n_tags ? 0x88a8 : 0x8100);
		put_be16(b, 42);
	}
	put_be16(b, type);
	b->ip = b->len;
}

static uint32_t place_of(uint8_t proto)
{
	return proto == 6 ? 16 : proto == 58 ? 2 : 6;
}

/* What a right checksum makes of the whole: all ones. */
static uint16_t sum_l4(const struct built *b)
{
	uint64_t sum = bp_csum_pseudo(b->bytes + b->ip, b->is_v6, b->proto, b->l4_bytes);

	return bp_csum_fold(bp_csum_add(sum, b->bytes + b->l4, b->l4_bytes));
}

static uint16_t sum_v4(const struct built *b)
{
	return bp_csum_fold(bp_csum_add(0, b->bytes + b->ip, 20));
}

static uint16_t csum_of(const struct built *b)
{
	return bp_csum_load(b->bytes + b->l4 + place_of(b->proto));
}

/* Transport header and payload with their checksum; 6 bytes of the link's padding behind. */
static void end(struct built *b, uint8_t proto, uint32_t l4_bytes)
{
	uint8_t *field = b->bytes + b->len + place_of(proto);

	b->proto = proto;
	b->l4 = b->len;
	b->l4_bytes = l4_bytes;
	for (uint32_t i = 0; i < l4_bytes; i++)
		b->bytes[b->len++] = (uint8_t)(i * 7 + 3);
	bp_csum_store(field, 0);
	bp_csum_store(field, (uint16_t)~sum_l4(b));
	b->len += 6;
}

static void build_v4(struct built *b, unsigned n_tags, uint8_t proto, uint32_t l4_bytes)
{
	uint8_t ip[20] = { 0x45, [3] = (uint8_t)(20 + l4_bytes), [8] = 64, [9] = proto };

	begin(b, n_tags, 0x0800);
	memcpy(ip + 12, v4_a, 4);
	memcpy(ip + 16, v4_b, 4);
	bp_csum_store(ip + 10, (uint16_t)~bp_csum_fold(bp_csum_add(0, ip, sizeof(ip))));
	put(b, ip, sizeof(ip));
	end(b, proto, l4_bytes);
}

/* extensions: n_bytes of headers, the first of which is `next`. */
static void build_v6(struct built *b, uint8_t next, const uint8_t *extensions, uint8_t n_bytes,
		     uint8_t proto, uint32_t l4_bytes)
{
	uint8_t ip[40] = { 0x60, [5] = (uint8_t)(n_bytes + l4_bytes), next, 64 };

	begin(b, 0, 0x86dd);
	b->is_v6 = true;
	memcpy(ip + 8, v6_a, 16);
	memcpy(ip + 24, v6_b, 16);
	put(b, ip, sizeof(ip));
	if (n_bytes)
		put(b, extensions, n_bytes);
	end(b, proto, l4_bytes);
}

static void expect_left(const struct built *b)
{
	struct built copy = *b;

	assert_false(bp_pcap_readdress(copy.bytes, copy.len, 5));
	assert_memory_equal(copy.bytes, b->bytes, b->len);
}

/* Only addresses and checksums may change, and these are right. */
static void expect_moved(const struct built *b, uint64_t shift)
{
	uint32_t addrs = b->ip + (b->is_v6 ? 8 : 12), addrs_bytes = b->is_v6 ? 32 : 8;
	uint32_t field = b->l4 + place_of(b->proto);
	struct built moved = *b, back;

	assert_true(bp_pcap_readdress(moved.bytes, moved.len, shift));
	assert_int_equal(sum_l4(&moved), 0xffff);
	if (!b->is_v6)
		assert_int_equal(sum_v4(&moved), 0xffff);
	assert_memory_not_equal(moved.bytes + addrs, b->bytes + addrs, addrs_bytes / 2);
	back = moved;
	memcpy(back.bytes + addrs, b->bytes + addrs, addrs_bytes);
	memcpy(back.bytes + field, b->bytes + field, 2);
	if (!b->is_v6)
		memcpy(back.bytes + b->ip + 10, b->bytes + b->ip + 10, 2);
	assert_memory_equal(back.bytes, b->bytes, b->len);
}

static void checksums_of_every_protocol_stay_right(void **state)
{
	static const uint8_t protos[] = { 6, 17, 136, 33 }, protos_v6[] = { 6, 17, 136, 33, 58 };
	struct built b;

	(void)state;
	for (unsigned i = 0; i < sizeof(protos); i++)
		for (unsigned n_tags = 0; n_tags < 4; n_tags++)
			for (uint32_t n = 24; n < 60; n++) {
				build_v4(&b, n_tags, protos[i], n);
				expect_moved(&b, n);
			}
	for (unsigned i = 0; i < sizeof(protos_v6); i++)
		for (uint32_t n = 24; n < 60; n++) {
			build_v6(&b, protos_v6[i], NULL, 0, protos_v6[i], n);
			expect_moved(&b, n);
		}
}

/* Among all sums there is the one that UDP writes in its other form. */
static void a_udp_checksum_never_becomes_none(void **state)
{
	struct built b;

	(void)state;
	build_v4(&b, 0, 17, 33);
	for (uint64_t shift = 1; shift < 1u << 17; shift++) {
		struct built moved = b;

		assert_true(bp_pcap_readdress(moved.bytes, moved.len, shift));
		assert_int_equal(sum_l4(&moved), 0xffff);
		assert_int_not_equal(csum_of(&moved), 0);
	}
}

static void no_checksum_stays_none_and_a_wrong_one_wrong(void **state)
{
	struct built b, moved;
	uint16_t wrong;

	(void)state;
	build_v4(&b, 0, 17, 30);
	bp_csum_store(b.bytes + b.l4 + 6, 0);
	moved = b;
	assert_true(bp_pcap_readdress(moved.bytes, moved.len, 77));
	assert_int_equal(csum_of(&moved), 0);
	assert_int_equal(sum_v4(&moved), 0xffff);
	build_v4(&b, 0, 6, 30);
	b.bytes[b.l4 + 25] ^= 0x40;
	wrong = sum_l4(&b);
	assert_int_not_equal(wrong, 0xffff);
	assert_true(bp_pcap_readdress(b.bytes, b.len, 77));
	assert_int_equal(sum_l4(&b), wrong);
}

static void addresses_move_within_their_space(void **state)
{
	static const uint8_t want_b[] = { 192, 169, 1, 3 }, want_v6[16] = { 0xfe, 0x80, [15] = 3 };
	struct built b;

	(void)state;
	build_v4(&b, 0, 6, 20);
	assert_true(bp_pcap_readdress(b.bytes, b.len, 260)); /* over the border of a byte */
	assert_memory_equal(b.bytes + b.ip + 16, want_b, 4);
	build_v4(&b, 0, 6, 20);
	assert_true(bp_pcap_readdress(b.bytes, b.len, (1u << 24) - 1)); /* round once: one less */
	assert_int_equal(b.bytes[b.ip + 12], 10);
	assert_int_equal(b.bytes[b.ip + 15], 0);
	build_v6(&b, 6, NULL, 0, 6, 20);
	assert_true(bp_pcap_readdress(b.bytes, b.len, 4));
	assert_memory_equal(b.bytes + b.ip + 24, want_v6, 16);
	assert_int_equal(b.bytes[b.ip + 23], 5);
}

static void what_names_no_host_stays(void **state)
{
	static const uint8_t none[16], all_nodes[16] = { 0xff, 2, [15] = 1 };
	struct built b, moved;

	(void)state;
	build_v4(&b, 0, 17, 20);
	memcpy(b.bytes + b.ip + 16, "\xe0\0\0\xfb", 4);
	moved = b;
	assert_true(bp_pcap_readdress(moved.bytes, moved.len, 9));
	assert_memory_equal(moved.bytes + b.ip + 16, b.bytes + b.ip + 16, 4);
	assert_int_equal(moved.bytes[b.ip + 15], 10);
	memcpy(b.bytes + b.ip + 12, "\0\0\0\0\xff\xff\xff\xff", 8); /* as DHCP asks */
	expect_left(&b);
	bp_csum_store(b.bytes + b.ip + 10,
		      0xffff); /* zero's other form, which an update would change */
	bp_csum_store(b.bytes + b.l4 + 6, 0xffff);
	expect_left(&b);
	build_v6(&b, 58, NULL, 0, 58, 20);
	memcpy(b.bytes + b.ip + 8, none, 16);
	memcpy(b.bytes + b.ip + 24, all_nodes, 16);
	expect_left(&b);
}

static void extension_headers_are_passed(void **state)
{
	static const uint8_t
		options[] = { 60, 0, 1, 4, 0,  0, 0, 0, /* hop by hop */
			      43, 1, 1, 4, 0,  0, 0, 0, 1, 4, 0, 0,
			      0,  0, 0, 0, 44, 0, 4, 0, 0, 0, 0, 0, /* routing, all done */
			      17, 0, 0, 1, 0,  0, 0, 9 /* first fragment */ };
	struct built b;

	(void)state;
	build_v6(&b, 0, options, sizeof(options), 17, 40);
	expect_moved(&b, 3);
	b.bytes[b.ip + 40 + 8 + 16 + 3] = 1; /* segments left */
	expect_left(&b);
	build_v6(&b, 51, NULL, 0, 17, 40);
	expect_left(&b);
	build_v4(&b, 0, 51, 40);
	expect_left(&b);
}

/* The sum of a datagram stands in its first fragment; a further one has none. */
static void fragments_make_one_right_datagram(void **state)
{
	struct built whole, first, rest;
	uint32_t cut = 24;

	(void)state;
	build_v4(&whole, 0, 17, 60);
	first = rest = whole;
	first.bytes[first.ip + 3] = (uint8_t)(20 + cut);
	first.bytes[first.ip + 6] = 0x20; /* more follow */
	rest.bytes[rest.ip + 3] = (uint8_t)(20 + 60 - cut);
	rest.bytes[rest.ip + 7] = (uint8_t)(cut / 8);
	memmove(rest.bytes + rest.l4, rest.bytes + rest.l4 + cut, 60 - cut);
	assert_true(bp_pcap_readdress(first.bytes, first.ip + 20 + cut, 1000));
	assert_true(bp_pcap_readdress(rest.bytes, rest.ip + 20 + 60 - cut, 1000));
	assert_memory_equal(first.bytes + first.ip + 12, rest.bytes + rest.ip + 12, 8);
	memcpy(whole.bytes + whole.ip + 12, first.bytes + first.ip + 12, 8);
	memcpy(whole.bytes + whole.l4, first.bytes + first.l4, cut);
	memcpy(whole.bytes + whole.l4 + cut, rest.bytes + rest.l4, 60 - cut);
	assert_int_equal(sum_l4(&whole), 0xffff);
	/* One that does not even hold its checksum. */
	first.bytes[first.ip + 3] = 20 + 6;
	assert_false(bp_pcap_readdress(first.bytes, first.ip + 20 + 6, 1000));
}

static void other_protocols_and_lengths_that_lie_are_left(void **state)
{
	struct built b;

	(void)state;
	begin(&b, 0, 0x0806);
	b.len += 46;
	expect_left(&b);
	begin(&b, 1, 0x05dc);
	b.len += 46;
	expect_left(&b);
	build_v4(&b, 0, 6, 20);
	b.bytes[b.ip] = 0x44; /* a header of 16 bytes */
	expect_left(&b);
	b.bytes[b.ip] = 0x4f; /* of 60 */
	expect_left(&b);
	build_v4(&b, 0, 6, 20);
	b.bytes[b.ip + 3] = 19;
	expect_left(&b);
	b.bytes[b.ip + 3] = 30; /* the checksum would lie in the link's padding */
	expect_left(&b);
	build_v6(&b, 6, NULL, 0, 6, 20);
	b.bytes[b.ip] = 0x40;
	expect_left(&b);
}

/* In a block of exactly its length, so that a sanitizer sees one byte too far. */
static bool readdress_block(const uint8_t *bytes, uint32_t len, uint64_t shift)
{
	uint8_t *block = malloc(len + !len);
	bool is_moved;

	memcpy(block, bytes, len);
	is_moved = bp_pcap_readdress(block, len, shift);
	if (!is_moved)
		assert_memory_equal(block, bytes, len);
	free(block);
	return is_moved;
}

static void a_cut_frame_is_moved_whole_or_left(void **state)
{
	struct built b;

	(void)state;
	for (unsigned is_v6 = 0; is_v6 < 2; is_v6++) {
		if (is_v6)
			build_v6(&b, 6, NULL, 0, 6, 30);
		else
			build_v4(&b, 2, 6, 30);
		for (uint32_t len = 0; len <= b.len; len++)
			assert_int_equal(readdress_block(b.bytes, len, 3),
					 len >= b.l4 + place_of(6) + 2);
	}
}

static void any_bytes_are_judged_within_their_length(void **state)
{
	static const uint8_t nexts[] = { 0, 43, 44, 60, 51, 6, 17, 58, 59, 136 };
	uint8_t bytes[FRAME_MAX];

	(void)state;
	srandom(11);
	for (unsigned n = 0; n < 300000; n++) {
		uint32_t len = (uint32_t)random() % 120;
		struct built b;

		if (n & 1)
			build_v4(&b, n / 2 % 3, nexts[n % sizeof(nexts)], 30);
		else
			build_v6(&b, nexts[n / 2 % sizeof(nexts)], NULL, 0, 17, 40);
		memcpy(bytes, b.bytes, sizeof(bytes));
		for (unsigned i = 0; i < n % 7; i++)
			bytes[12 + (unsigned)random() % 90] = (uint8_t)random();
		readdress_block(bytes, len, (uint64_t)random());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_of_every_protocol_stay_right),
		cmocka_unit_test(a_udp_checksum_never_becomes_none),
		cmocka_unit_test(no_checksum_stays_none_and_a_wrong_one_wrong),
		cmocka_unit_test(addresses_move_within_their_space),
		cmocka_unit_test(what_names_no_host_stays),
		cmocka_unit_test(extension_headers_are_passed),
		cmocka_unit_test(fragments_make_one_right_datagram),
		cmocka_unit_test(other_protocols_and_lengths_that_lie_are_left),
		cmocka_unit_test(a_cut_frame_is_moved_whole_or_left),
		cmocka_unit_test(any_bytes_are_judged_within_their_length),
	};

	return cmocka_run_group_tests_name("pcap-readdress", tests, NULL, NULL);
}
