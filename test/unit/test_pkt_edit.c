/* Where packets begin, and how long they are on the wire, against what segmentation makes of them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload_check.h"

#include "bypath/pkt_edit.h"

#define MTU 1500u

static const uint8_t plain[64] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45 };

static struct bp_vnet_hdr meta_in(const struct bp_pkt *pkt)
{
	struct bp_vnet_hdr meta;

	memcpy(&meta, pkt->data - BP_VNET_BYTES, sizeof(meta));
	return meta;
}

/* A view of the 64 bytes with this metadata, and headroom to the byte (the address sanitizer watches the bounds). */
static struct bp_pkt view(struct bed *bed, uint16_t headroom, const struct bp_vnet_hdr *meta)
{
	return bed_view(bed, plain, sizeof(plain), headroom, meta);
}

static const struct bp_vnet_hdr super_meta = {
	.flags = BP_VNET_F_NEEDS_CSUM,
	.gso_type = BP_VNET_GSO_TCPV4 | BP_VNET_GSO_ECN,
	.hdr_len = 54,
	.gso_size = 1448,
	.csum_start = 34,
	.csum_offset = 16,
};

static void push_moves_metadata_along(void **state)
{
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct bp_pkt pkt = view(bed, 4, &super_meta), before = pkt;
	struct bp_vnet_hdr want_meta = super_meta, meta;

	(void)state;
	assert_true(bp_pkt_push(&pkt, 4));
	assert_ptr_equal(pkt.data, before.data - 4);
	assert_int_equal(pkt.len, before.len + 4);
	assert_int_equal(pkt.headroom, 0);
	assert_int_equal(pkt.flags, before.flags);
	assert_memory_equal(pkt.data + 4, plain, sizeof(plain));
	want_meta.csum_start += 4;
	want_meta.hdr_len += 4;
	meta = meta_in(&pkt);
	assert_memory_equal(&meta, &want_meta, sizeof(meta));
	bed_close(bed);
}

static void pull_undoes_push(void **state)
{
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct bp_pkt pkt = view(bed, 8, &super_meta), before = pkt;
	struct bp_vnet_hdr meta;

	(void)state;
	assert_true(bp_pkt_push(&pkt, 8));
	assert_true(bp_pkt_pull(&pkt, 8));
	assert_memory_equal(&pkt, &before, sizeof(pkt));
	assert_memory_equal(pkt.data, plain, sizeof(plain));
	meta = meta_in(&pkt);
	assert_memory_equal(&meta, &super_meta, sizeof(meta));
	bed_close(bed);
}

/* Neither the view nor a byte of its block changes. */
static void expect_refused(struct bp_pkt pkt, bool is_push, unsigned n_bytes)
{
	uint32_t n_before = pkt.headroom > 64 ? 0 : pkt.headroom, n_all;
	struct bp_pkt after = pkt;
	uint8_t *block, copy[256];

	n_before += pkt.flags & BP_PKT_VNET ? BP_VNET_BYTES : 0;
	block = pkt.data - n_before;
	n_all = n_before + pkt.len;
	assert_true(n_all <= sizeof(copy));
	memset(block, 0x5a, n_before - (pkt.flags & BP_PKT_VNET ? BP_VNET_BYTES : 0));
	memcpy(copy, block, n_all);
	assert_false(is_push ? bp_pkt_push(&after, n_bytes) : bp_pkt_pull(&after, n_bytes));
	assert_memory_equal(&after, &pkt, sizeof(pkt));
	assert_memory_equal(block, copy, n_all);
}

static void what_does_not_fit_changes_nothing(void **state)
{
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct bp_vnet_hdr meta = super_meta;
	struct bp_pkt pkt;

	(void)state;
	expect_refused(view(bed, 3, &super_meta), true, 4);
	expect_refused(view(bed, 3, NULL), true, 4);
	expect_refused(view(bed, 0, NULL), true, 1);
	/* Nothing would be left of the first view. */
	expect_refused(view(bed, 8, NULL), false, sizeof(plain));
	expect_refused(view(bed, 8, NULL), false, sizeof(plain) + 1);
	/* The checksum begins within. */
	meta.csum_start = 3;
	expect_refused(view(bed, 8, &meta), false, 4);
	/* More headroom than can be said. */
	pkt = view(bed, 8, NULL);
	pkt.headroom = UINT16_MAX - 3;
	expect_refused(pkt, false, 4);
	bed_close(bed);
}

static void packets_without_metadata_leave_the_headroom_alone(void **state)
{
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct bp_pkt pkt = view(bed, 16, NULL);
	uint8_t before[16];

	(void)state;
	memset(pkt.data - 16, 0x5a, 16);
	memcpy(before, pkt.data - 16, 16);
	assert_true(bp_pkt_push(&pkt, 4));
	assert_memory_equal(pkt.data - 12, before, 12);
	assert_true(bp_pkt_pull(&pkt, 6));
	assert_int_equal(pkt.headroom, 18);
	assert_memory_equal(pkt.data, plain + 2, sizeof(plain) - 2);
	bed_close(bed);
}

/* csum_start and hdr_len after n_bytes more (or, below 0, less). */
static void expect_moved(struct bed *bed, struct bp_vnet_hdr meta, int n_bytes, uint16_t csum_start,
			 uint16_t hdr_len)
{
	struct bp_pkt pkt = view(bed, 64, &meta);

	assert_true(n_bytes > 0 ? bp_pkt_push(&pkt, (unsigned)n_bytes)
				: bp_pkt_pull(&pkt, (unsigned)-n_bytes));
	meta = meta_in(&pkt);
	assert_int_equal(meta.csum_start, csum_start);
	assert_int_equal(meta.hdr_len, hdr_len);
}

static void offsets_that_are_wrong_stay_wrong(void **state)
{
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct bp_vnet_hdr meta = super_meta;

	(void)state;
	/* It must not come round to a place within the frame, which would be written to. */
	meta.csum_start = 65533;
	meta.hdr_len = 65534;
	expect_moved(bed, meta, 4, 65535, 65535);
	/* A hint below what is taken away says nothing any more, and is no reason to keep the packet. */
	meta.csum_start = 34;
	meta.hdr_len = 3;
	expect_moved(bed, meta, -4, 30, 0);
	/* No hint stays none. */
	meta.hdr_len = 0;
	expect_moved(bed, meta, 4, 38, 0);
	expect_moved(bed, meta, -4, 30, 0);
	/* Without segmentation the hint is still said to be within the packet by some, and checked by kernels. */
	meta.gso_type = BP_VNET_GSO_NONE;
	meta.hdr_len = sizeof(plain);
	expect_moved(bed, meta, -4, 30, sizeof(plain) - 4);
	expect_moved(bed, meta, 4, 38, sizeof(plain) + 4);
	/* No checksum is left over: csum_start means nothing. */
	meta.flags = 0;
	meta.csum_start = 0;
	expect_moved(bed, meta, -4, 0, sizeof(plain) - 4);
	bed_close(bed);
}

/* ---- on the wire ----------------------------------------------------------------------------- */

/* What the offload stage sends of the packet. */
static struct bp_pkt_wire cut(struct bed *bed, struct bp_pkt *views, unsigned n)
{
	struct bp_pkt_wire wire = { 0 };
	struct bp_pkt *out;
	unsigned n_out;

	bp_offload_begin(bed->o, views, n);
	while ((n_out = bp_offload_next(bed->o, &out))) {
		for (unsigned i = 0, n_views; i < n_out; i += n_views) {
			uint64_t n_bytes;

			n_views = bp_pkt_n_views(&out[i], n_out - i);
			n_bytes = bp_pkt_bytes(&out[i], n_views);
			wire.n_frames++;
			wire.n_bytes += n_bytes;
			if (n_bytes > wire.max_bytes)
				wire.max_bytes = (uint32_t)n_bytes;
		}
		bp_pool_put(0, out, n_out);
	}
	assert_int_equal(bp_counters_drops(&bed->counters), 0);
	return wire;
}

static void expect_wire(const struct bp_pkt *pkts, unsigned n, uint32_t n_frames, uint64_t n_bytes,
			uint32_t max_bytes)
{
	struct bp_pkt_wire wire = bp_pkt_wire(pkts, n);

	assert_int_equal(wire.n_frames, n_frames);
	assert_int_equal(wire.n_bytes, n_bytes);
	assert_int_equal(wire.max_bytes, max_bytes);
}

/* Whatever its hint says, and whether or not a checksum tells where its headers end. */
static void check_super(const struct fb_spec *spec, uint8_t gso_type, uint16_t gso_size)
{
	const uint16_t hints[] = { 0, 14, 53, 1514, 65535 };

	fb_build(&input, spec);
	for (unsigned i = 0; i < 2 * sizeof(hints) / sizeof(hints[0]); i++) {
		struct bed *bed = bed_open(256, 0, 0, MTU);
		struct bp_vnet_hdr meta = meta_of(&input, gso_type, gso_size);
		struct bp_pkt in[BP_BURST_MAX];
		struct bp_pkt_wire wire, wanted;
		unsigned n;

		if (i % 2)
			meta.flags = 0;
		meta.hdr_len = hints[i / 2];
		n = bed_chain(bed, in, input.bytes, input.len, 2000, &meta);
		wire = bp_pkt_wire(in, n);
		wanted = cut(bed, in, n);
		assert_int_equal(wire.n_frames, wanted.n_frames);
		assert_int_equal(wire.n_bytes, wanted.n_bytes);
		assert_int_equal(wire.max_bytes, wanted.max_bytes);
		bed_close(bed);
	}
}

static void super_frames_count_as_what_is_cut_of_them(void **state)
{
	struct fb_spec spec = { .payload_bytes = 65160, .tcp_option_bytes = 12 };

	(void)state;
	check_super(&spec, BP_VNET_GSO_TCPV4, 1448);
	check_super(&spec, BP_VNET_GSO_TCPV4 | BP_VNET_GSO_ECN, 1448);
	spec.payload_bytes = 1448; /* one segment holds it */
	check_super(&spec, BP_VNET_GSO_TCPV4, 1448);
	spec.payload_bytes = 2 * 1400 + 1;
	spec.n_tags = 2;
	spec.ip_option_bytes = 8;
	check_super(&spec, BP_VNET_GSO_TCPV4, 1400);
	spec = (struct fb_spec){ .payload_bytes = 30000, .is_v6 = true, .ext_bytes = 8 };
	check_super(&spec, BP_VNET_GSO_TCPV6, 1400);
	spec.is_udp = true;
	check_super(&spec, BP_VNET_GSO_UDP_L4, 1200);
	spec = (struct fb_spec){ .payload_bytes = 5001, .is_udp = true, .n_tags = 1 };
	check_super(&spec, BP_VNET_GSO_UDP_L4, 1000);
}

static void other_packets_are_one_frame(void **state)
{
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct fb_spec spec = { .payload_bytes = 9000, .csum = FB_PARTIAL };
	struct bp_vnet_hdr meta;
	struct bp_pkt in[BP_BURST_MAX];
	unsigned n;

	(void)state;
	in[0] = view(bed, 0, NULL);
	expect_wire(in, 1, 1, 64, 64);
	fb_build(&input, &spec);
	meta = meta_of(&input, BP_VNET_GSO_NONE, 1448); /* a size without a kind says nothing */
	n = bed_chain(bed, in, input.bytes, input.len, 700, &meta);
	expect_wire(in, n, 1, input.len, input.len);
	/* A size of 0 is no size: nobody cuts by it. */
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 0);
	n = bed_chain(bed, in, input.bytes, input.len, 700, &meta);
	expect_wire(in, n, 1, input.len, input.len);
	bed_close(bed);
}

static void udp_in_fragments_has_one_header(void **state)
{
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct fb_spec spec = { .payload_bytes = 4000, .is_udp = true, .csum = FB_PARTIAL };
	struct bp_vnet_hdr meta;
	struct bp_pkt pkt;

	(void)state;
	fb_build(&input, &spec);
	meta = meta_of(&input, BP_VNET_GSO_UDP, 1480);
	pkt = bed_view(bed, input.bytes, input.len, 0, &meta);
	expect_wire(&pkt, 1, 3, 4008 + 3 * 34, 1514);
	spec.is_v6 = true; /* a fragment header each */
	fb_build(&input, &spec);
	meta = meta_of(&input, BP_VNET_GSO_UDP, 1448);
	pkt = bed_view(bed, input.bytes, input.len, 0, &meta);
	expect_wire(&pkt, 1, 3, 4008 + 3 * (54 + 8), 54 + 8 + 1448);
	bed_close(bed);
}

/* Headers that are not understood: the checksum's place tells, or the hint does; nothing is read beyond the view. */
static void unknown_headers_are_guessed(void **state)
{
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct fb_spec spec = { .payload_bytes = 5000, .tcp_option_bytes = 12, .csum = FB_PARTIAL };
	struct bp_vnet_hdr meta;
	struct bp_pkt in[BP_BURST_MAX];
	unsigned n;

	(void)state;
	fb_build(&input, &spec);
	fb_be16(input.bytes + 12, 0x88b5);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 1000);
	meta.hdr_len = 20;
	n = bed_chain(bed, in, input.bytes, input.len, 3000, &meta);
	expect_wire(in, n, 5, 5000 + 5 * 66, 1066);
	meta.flags = 0;
	meta.hdr_len = 66;
	n = bed_chain(bed, in, input.bytes, input.len, 3000, &meta);
	expect_wire(in, n, 5, 5000 + 5 * 66, 1066);
	meta.flags = BP_VNET_F_NEEDS_CSUM;
	meta.csum_offset = 6;
	n = bed_chain(bed, in, input.bytes, input.len, 3000, &meta);
	expect_wire(in, n, 6, 5024 + 6 * 42, 1042);
	/* All of it is said to be headers, or more. */
	meta.csum_start = 65535;
	n = bed_chain(bed, in, input.bytes, input.len, 3000, &meta);
	expect_wire(in, n, 1, input.len, input.len);
	/* The first view ends before TCP's header. */
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 1000);
	n = bed_chain(bed, in, input.bytes, input.len, 100, &meta);
	in[0].len = 40;
	expect_wire(in, 1, 1, 40, 40);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(push_moves_metadata_along),
		cmocka_unit_test(pull_undoes_push),
		cmocka_unit_test(what_does_not_fit_changes_nothing),
		cmocka_unit_test(packets_without_metadata_leave_the_headroom_alone),
		cmocka_unit_test(offsets_that_are_wrong_stay_wrong),
		cmocka_unit_test(super_frames_count_as_what_is_cut_of_them),
		cmocka_unit_test(other_packets_are_one_frame),
		cmocka_unit_test(udp_in_fragments_has_one_header),
		cmocka_unit_test(unknown_headers_are_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
