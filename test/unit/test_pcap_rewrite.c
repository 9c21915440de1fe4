/* Records as Ethernet frames: every link type, every length, never a byte read past the end. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/pcap/rewrite.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct bp_mac mac_a = { { 2, 0, 0, 0, 0, 0xa }, true };
static const struct bp_mac mac_b = { { 2, 0, 0, 0, 0, 0xb }, true };

static const int link_types[] = { DLT_EN10MB, DLT_RAW,       DLT_IPV4,
				  DLT_IPV6,   DLT_LINUX_SLL, DLT_LINUX_SLL2 };

static struct bp_pcap_rewrite make(int link_type)
{
	const struct bp_pcap_conf conf = { .dst_mac = mac_b, .src_mac = mac_a };
	struct bp_pcap_rewrite rw;

	assert_int_equal(bp_pcap_rewrite_init(&rw, link_type, &conf), 0);
	return rw;
}

/* The head of a record in a block of exactly its length, so that a sanitizer sees one byte too far. */
static enum bp_cnt head_of(const struct bp_pcap_rewrite *rw, const uint8_t *record, uint32_t len,
			   struct bp_pcap_rewrite_head *head)
{
	uint8_t *block = malloc(len + !len);
	enum bp_cnt fault;

	memcpy(block, record, len);
	fault = bp_pcap_rewrite_head(rw, block, len, head);
	free(block);
	return fault;
}

/* Insist on a head that ends with this EtherType, for so many bytes of the record. */
static void expect_type(int link_type, const uint8_t *record, uint32_t len, uint16_t type,
			uint32_t skip)
{
	static const uint8_t macs[] = { 2, 0, 0, 0, 0, 0xb, 2, 0, 0, 0, 0, 0xa };
	struct bp_pcap_rewrite rw = make(link_type);
	struct bp_pcap_rewrite_head head;

	assert_int_equal(head_of(&rw, record, len, &head), BP_CNT_N);
	assert_int_equal(head.len, 14);
	assert_int_equal(head.skip, skip);
	assert_memory_equal(head.bytes, macs, sizeof(macs));
	assert_int_equal(head.bytes[12] << 8 | head.bytes[13], type);
}

static void expect_fault(int link_type, const uint8_t *record, uint32_t len, enum bp_cnt fault)
{
	struct bp_pcap_rewrite rw = make(link_type);
	struct bp_pcap_rewrite_head head;

	assert_int_equal(head_of(&rw, record, len, &head), fault);
}

static void a_bare_packet_has_the_type_of_its_version(void **state)
{
	const uint8_t v4[] = { 0x45 }, v6[] = { 0x60 }, v5[] = { 0x50 };

	(void)state;
	expect_type(DLT_RAW, v4, 1, 0x0800, 0);
	expect_type(DLT_RAW, v6, 1, 0x86dd, 0);
	expect_type(DLT_IPV4, v4, 1, 0x0800, 0);
	expect_type(DLT_IPV6, v6, 1, 0x86dd, 0);
	expect_fault(DLT_RAW, v5, 1, BP_DROP_RX_BAD_META);
	expect_fault(DLT_IPV4, v6, 1, BP_DROP_RX_BAD_META);
	expect_fault(DLT_IPV6, v4, 1, BP_DROP_RX_BAD_META);
	expect_fault(DLT_RAW, v4, 0, BP_DROP_RUNT);
}

static void a_cooked_packet_has_the_type_of_its_protocol(void **state)
{
	uint8_t sll[16] = { 0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x81, 0x00 };
	uint8_t sll2[20] = { 0x86, 0xdd, 0, 0, 0, 0, 0, 7, 0, 1, 4, 6 };
	const uint16_t others[] = { 770, 778, 803, 824 };

	(void)state;
	expect_type(DLT_LINUX_SLL, sll, 16, 0x8100, 16);
	expect_type(DLT_LINUX_SLL2, sll2, 20, 0x86dd, 20);
	expect_fault(DLT_LINUX_SLL, sll, 15, BP_DROP_RUNT);
	expect_fault(DLT_LINUX_SLL2, sll2, 19, BP_DROP_RUNT);
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		sll[2] = sll2[8] = (uint8_t)(others[i] >> 8);
		sll[3] = sll2[9] = (uint8_t)others[i];
		expect_fault(DLT_LINUX_SLL, sll, 16, BP_DROP_RX_BAD_META);
		expect_fault(DLT_LINUX_SLL2, sll2, 20, BP_DROP_RX_BAD_META);
	}
	sll[2] = sll2[8] = 0;
	sll[3] = sll2[9] = 1;
	sll[14] = sll2[0] = 0; /* 802.2, LLC: a number of Linux's own */
	sll[15] = sll2[1] = 4;
	expect_fault(DLT_LINUX_SLL, sll, 16, BP_DROP_RX_BAD_META);
	expect_fault(DLT_LINUX_SLL2, sll2, 20, BP_DROP_RX_BAD_META);
}

static void a_frame_keeps_what_is_not_replaced(void **state)
{
	struct bp_pcap_conf conf = { .src_mac = mac_a };
	uint8_t frame[60] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x06 };
	const uint8_t want[] = { 1, 2, 3, 4, 5, 6, 2, 0, 0, 0, 0, 0xa, 0x08, 0x06 };
	struct bp_pcap_rewrite_head head;
	struct bp_pcap_rewrite rw;

	(void)state;
	assert_int_equal(bp_pcap_rewrite_init(&rw, DLT_EN10MB, &conf), 0);
	assert_int_equal(head_of(&rw, frame, sizeof(frame), &head), BP_CNT_N);
	assert_int_equal(head.skip, 14);
	assert_memory_equal(head.bytes, want, sizeof(want));
	expect_fault(DLT_EN10MB, frame, 13, BP_DROP_RUNT);
	assert_true(rw.is_needed);
	conf = (struct bp_pcap_conf){ .vlan = 0 };
	assert_int_equal(bp_pcap_rewrite_init(&rw, DLT_EN10MB, &conf), 0);
	assert_false(rw.is_needed);
}

static void what_lacks_a_header_needs_both_addresses(void **state)
{
	const struct bp_pcap_conf half = { .dst_mac = mac_b };
	struct bp_pcap_rewrite rw;

	(void)state;
	for (unsigned i = 1; i < sizeof(link_types) / sizeof(link_types[0]); i++)
		assert_int_equal(bp_pcap_rewrite_init(&rw, link_types[i], &half), -EINVAL);
	assert_int_equal(bp_pcap_rewrite_init(&rw, DLT_IEEE802_11, &half), -ENOTSUP);
	assert_int_equal(bp_pcap_rewrite_init(&rw, -1, &half), -ENOTSUP);
}

/* The head of a frame of these bytes from the type on, by these keys. */
static struct bp_pcap_rewrite_head tags_of(const uint8_t *tags, uint32_t n_bytes, uint16_t vlan,
					   bool strips_vlan)
{
	const struct bp_pcap_conf conf = { .vlan = vlan, .strips_vlan = strips_vlan };
	uint8_t frame[64] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	struct bp_pcap_rewrite_head head;
	struct bp_pcap_rewrite rw;

	memcpy(frame + 12, tags, n_bytes);
	assert_int_equal(bp_pcap_rewrite_init(&rw, DLT_EN10MB, &conf), 0);
	assert_true(rw.is_needed);
	assert_int_equal(head_of(&rw, frame, 12 + n_bytes, &head), BP_CNT_N);
	assert_memory_equal(head.bytes, frame, 12);
	return head;
}

/* Insist on what stands behind the addresses, and on what is left out of the record. */
static void expect_tags(struct bp_pcap_rewrite_head head, const char *want, uint32_t n_bytes,
			uint32_t skip, bool is_left)
{
	assert_int_equal(head.len, 12 + n_bytes);
	assert_memory_equal(head.bytes + 12, want, n_bytes);
	assert_int_equal(head.skip, skip);
	assert_int_equal(head.is_left, is_left);
}

#define TAGS(bytes) (const uint8_t *)(bytes), sizeof(bytes) - 1
#define WANT(bytes) bytes, sizeof(bytes) - 1

static void a_tag_is_set_or_put_there(void **state)
{
	(void)state;
	expect_tags(tags_of(TAGS("\x08\0\x45"), 7, false), WANT("\x81\0\0\x07\x08\0"), 14, false);
	/* Priority and drop eligibility stay, the inner tag too. */
	expect_tags(tags_of(TAGS("\x88\xa8\xf0\x05\x81\0\0\x06\x08\0"), 4094, false),
		    WANT("\x88\xa8\xff\xfe"), 16, false);
	expect_tags(tags_of(TAGS("\x81\0\x20\x05"), 1, false), WANT("\x81\0\x20\x01"), 16, false);
	expect_tags(tags_of(TAGS("\x81\0\x20"), 1, false), WANT("\x81\0"), 14, true);
	expect_tags(tags_of(TAGS("\x81\0"), 1, false), WANT("\x81\0"), 14, true);
}

static void all_tags_are_taken_off(void **state)
{
	(void)state;
	expect_tags(tags_of(TAGS("\x08\0\x45"), 0, true), WANT("\x08\0"), 14, false);
	expect_tags(tags_of(TAGS("\x81\0\0\x05\x08\0"), 0, true), WANT("\x08\0"), 18, false);
	expect_tags(tags_of(TAGS("\x88\xa8\0\x05\x81\0\0\x06\x81\0\0\x07\x86\xdd"), 0, true),
		    WANT("\x86\xdd"), 26, false);
	/* The inner one is cut. */
	expect_tags(tags_of(TAGS("\x88\xa8\0\x05\x81\0\0\x06\x08"), 0, true), WANT("\x81\0"), 18,
		    true);
}

/* Any bytes of any length: a fault, or a head that stands for no more than there is. */
static void any_record_is_judged_within_its_bytes(void **state)
{
	struct bp_pcap_rewrite_head head;
	uint8_t record[64];

	(void)state;
	srandom(7);
	for (unsigned n = 0; n < 200000; n++) {
		struct bp_pcap_rewrite rw =
			make(link_types[n % (sizeof(link_types) / sizeof(link_types[0]))]);
		uint32_t len = (uint32_t)random() % (sizeof(record) + 1);

		for (uint32_t i = 0; i < len; i++)
			record[i] = (uint8_t)random();
		for (uint32_t i = 12; n & 1 && i + 1 < len; i += 4) {
			record[i] = 0x81; /* tags up to the end */
			record[i + 1] = 0;
		}
		rw.vlan = n & 2 ? 5 : 0;
		rw.strips_vlan = n & 4;
		if (head_of(&rw, record, len, &head) != BP_CNT_N)
			continue;
		assert_true(head.len >= 14 && head.len <= BP_PCAP_REWRITE_HEAD_MAX);
		assert_true(head.skip <= len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_packet_has_the_type_of_its_version),
		cmocka_unit_test(a_cooked_packet_has_the_type_of_its_protocol),
		cmocka_unit_test(a_frame_keeps_what_is_not_replaced),
		cmocka_unit_test(what_lacks_a_header_needs_both_addresses),
		cmocka_unit_test(a_tag_is_set_or_put_there),
		cmocka_unit_test(all_tags_are_taken_off),
		cmocka_unit_test(any_record_is_judged_within_its_bytes),
	};

	return cmocka_run_group_tests_name("pcap-rewrite", tests, NULL, NULL);
}
