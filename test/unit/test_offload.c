/* The offload stage: checksums, segments, drops, against frames built without it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame_build.h"
#include "offload_bed.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TCP_ACK 0x10u
#define TCP_PSH 0x08u
#define TCP_FIN 0x01u
#define TCP_CWR 0x80u

#define AF_XDP_LIKE (BP_CAP_CSUM_INFER | BP_CAP_GSO_INFER)

static struct fb_frame input, want;

static struct bp_vnet_hdr meta_of(const struct fb_frame *f, uint8_t gso_type, uint16_t gso_size)
{
	return (struct bp_vnet_hdr){
		.flags = BP_VNET_F_NEEDS_CSUM,
		.gso_type = gso_type,
		.hdr_len = (uint16_t)f->payload,
		.gso_size = gso_size,
		.csum_start = (uint16_t)f->l4,
		.csum_offset = (uint16_t)(f->csum - f->l4),
	};
}

static void assert_view(const struct bp_pkt *pkt, const struct fb_frame *f)
{
	assert_int_equal(pkt->len, f->len);
	for (uint32_t i = 0; i < f->len; i++)
		if (pkt->data[i] != f->bytes[i])
			fail_msg("byte %u of %u is %02x, not %02x", i, f->len, pkt->data[i],
				 f->bytes[i]);
}

/* One packet of one view in, one view out, in place; returned for inspection. */
static struct bp_pkt pass_one(struct bed *bed, struct bp_pkt pkt)
{
	struct bp_pkt in[1] = { pkt }, *out;

	bp_offload_begin(bed->o, in, 1);
	assert_int_equal(bp_offload_next(bed->o, &out), 1);
	assert_ptr_equal(out, in);
	pkt = out[0];
	assert_int_equal(bp_offload_next(bed->o, &out), 0);
	assert_int_equal(bed->n_puts[pkt.token], 0);
	return pkt;
}

static void assert_dropped(struct bed *bed, struct bp_pkt pkt, enum bp_cnt reason)
{
	uint64_t before = bed_count(bed, reason);
	struct bp_pkt *out;

	bp_offload_begin(bed->o, &pkt, 1);
	assert_int_equal(bp_offload_next(bed->o, &out), 0);
	assert_int_equal(bed_count(bed, reason), before + 1);
	assert_int_equal(bed->n_puts[pkt.token], 1);
}

/* ---- set-up ---------------------------------------------------------------------------------- */

static void no_stage_where_tx_takes_metadata(void **state)
{
	struct bed *bed = bed_open(64, 0, BP_CAP_VNET_TX, 1500);

	(void)state;
	assert_null(bed->o);
	bed_close(bed);
}

static void no_stage_where_rx_gives_no_metadata_and_nothing_is_inferred(void **state)
{
	struct bed *bed = bed_open(64, BP_CAP_PLAIN_RX, 0, 1500);

	(void)state;
	assert_null(bed->o);
	assert_true(bed_bind(bed, BP_CAP_PLAIN_RX | AF_XDP_LIKE, 0, 1500));
	assert_non_null(bed->o);
	bed->rx_conf.checksum = BP_NO;
	assert_true(bed_bind(bed, BP_CAP_PLAIN_RX | AF_XDP_LIKE, 0, 1500));
	assert_null(bed->o);
	bed_close(bed);
}

static void checksum_off_infers_nothing(void **state)
{
	struct fb_spec spec = { .payload_bytes = 100, .csum = FB_PARTIAL };
	struct bed *bed = bed_open(64, AF_XDP_LIKE, 0, 1500);
	struct bp_pkt pkt;

	(void)state;
	bp_offload_destroy(bed->o);
	bed->rx_conf.checksum = BP_NO;
	assert_int_equal(bp_offload_create(bed->frames, &bed->counters, 0, &bed->rx_conf, &bed->rx,
					   &bed->tx, &bed->o),
			 0);
	fb_build(&input, &spec);
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 64, NULL));
	assert_view(&pkt, &input);
	/* Without metadata not even the first byte of a frame is read. */
	pkt.data = NULL;
	pass_one(bed, pkt);
	bed_close(bed);
}

/* ---- checksums ------------------------------------------------------------------------------- */

static const struct fb_spec SHAPES[] = {
	{ .payload_bytes = 0 },
	{ .payload_bytes = 1 },
	{ .payload_bytes = 1448, .tcp_option_bytes = 12 },
	{ .payload_bytes = 333, .ip_option_bytes = 8 },
	{ .payload_bytes = 333, .n_tags = 1 },
	{ .payload_bytes = 333, .n_tags = 2, .is_v6 = true },
	{ .payload_bytes = 1440, .is_v6 = true },
	{ .payload_bytes = 1000, .is_v6 = true, .ext_bytes = 16 },
	{ .payload_bytes = 64, .is_udp = true },
	{ .payload_bytes = 0, .is_udp = true },
	{ .payload_bytes = 65, .is_udp = true, .is_v6 = true, .n_tags = 1 },
	{ .payload_bytes = 0, .padding = 6 },
	{ .payload_bytes = 3, .padding = 3, .is_udp = true },
};
#define N_SHAPES (sizeof(SHAPES) / sizeof(SHAPES[0]))

static void build_pair(const struct fb_spec *shape)
{
	struct fb_spec spec = *shape;

	spec.csum = FB_PARTIAL;
	fb_build(&input, &spec);
	spec.csum = FB_FULL;
	fb_build(&want, &spec);
}

static void metadata_completes_the_checksum(void **state)
{
	struct bed *bed = bed_open(64, 0, 0, 1500);

	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct bp_vnet_hdr meta;
		struct bp_pkt pkt;

		build_pair(&SHAPES[i]);
		meta = meta_of(&input, BP_VNET_GSO_NONE, 0);
		pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 64, &meta));
		assert_view(&pkt, &want);
		assert_int_equal(pkt.flags, 0);
		assert_int_equal(pkt.headroom, 64 + BP_VNET_BYTES);
		assert_int_equal(bed_count(bed, BP_CNT_CSUM), i + 1);
	}
	bed_close(bed);
}

static void inference_completes_the_checksum(void **state)
{
	struct bed *bed = bed_open(64, BP_CAP_CSUM_INFER, 0, 1500);

	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct bp_pkt pkt;

		build_pair(&SHAPES[i]);
		pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, NULL));
		assert_view(&pkt, &want);
		assert_int_equal(bed_count(bed, BP_CNT_CSUM), i + 1);
	}
	assert_int_equal(bed_count(bed, BP_CNT_COPIES), 0);
	bed_close(bed);
}

static void inference_leaves_valid_frames_alone(void **state)
{
	struct bed *bed = bed_open(64, BP_CAP_CSUM_INFER, 0, 1500);

	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct bp_pkt pkt;

		build_pair(&SHAPES[i]);
		pkt = pass_one(bed, bed_view(bed, want.bytes, want.len, 0, NULL));
		assert_view(&pkt, &want);
	}
	assert_int_equal(bed_count(bed, BP_CNT_CSUM), 0);
	bed_close(bed);
}

static void inference_leaves_udp_without_checksum_alone(void **state)
{
	struct fb_spec spec = { .payload_bytes = 50, .is_udp = true, .csum = FB_ZERO };
	struct bed *bed = bed_open(64, BP_CAP_CSUM_INFER, 0, 1500);
	struct bp_pkt pkt;

	(void)state;
	fb_build(&input, &spec);
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, NULL));
	assert_view(&pkt, &input);
	bed_close(bed);
}

/* The field of a valid frame may equal the pseudo-header's sum by chance: payload is chosen so. */
static void frame_valid_by_chance_stays_as_it_is(void **state)
{
	struct fb_spec spec = { .payload_bytes = 64, .is_udp = true, .csum = FB_PARTIAL };
	struct bed *bed = bed_open(64, BP_CAP_CSUM_INFER, 0, 1500);
	struct bp_pkt pkt;
	uint32_t sum;

	(void)state;
	fb_build(&input, &spec);
	/* The last word makes the sum over header, payload and field 0xffff: valid. */
	fb_be16(input.bytes + input.len - 2, 0);
	sum = fb_sum(fb_pseudo(&input, &spec, 72), input.bytes + input.l4, 72);
	fb_be16(input.bytes + input.len - 2, ~sum & 0xffff);
	sum = fb_sum(fb_pseudo(&input, &spec, 72), input.bytes + input.l4, 72);
	assert_int_equal(sum, 0xffff);
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, NULL));
	assert_view(&pkt, &input);
	assert_int_equal(bed_count(bed, BP_CNT_CSUM), 0);
	bed_close(bed);
}

static void udp_checksum_of_zero_becomes_ffff(void **state)
{
	struct fb_spec spec = { .payload_bytes = 64, .is_udp = true, .csum = FB_PARTIAL };
	struct bed *bed = bed_open(64, BP_CAP_CSUM_INFER, 0, 1500);
	struct bp_pkt pkt;
	uint32_t sum;

	(void)state;
	fb_build(&input, &spec);
	fb_be16(input.bytes + input.len - 2, 0);
	sum = fb_sum(0, input.bytes + input.l4, 72); /* with the field: header, payload, pseudo */
	fb_be16(input.bytes + input.len - 2, ~sum & 0xffff);
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, NULL));
	assert_int_equal(pkt.data[input.csum], 0xff);
	assert_int_equal(pkt.data[input.csum + 1], 0xff);
	bed_close(bed);
}

static void fragments_are_never_touched(void **state)
{
	static const uint8_t FRAGS[][2] = { { 0x20, 0 }, { 0, 1 }, { 0x20, 185 } };
	struct fb_spec spec = { .payload_bytes = 64, .csum = FB_PARTIAL };
	struct bed *bed = bed_open(64, BP_CAP_CSUM_INFER, 0, 1500);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct bp_pkt pkt;

		fb_build(&input, &spec);
		memcpy(input.bytes + input.l3 + 6, FRAGS[i], 2);
		pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, NULL));
		assert_view(&pkt, &input);
	}
	bed_close(bed);
}

static void checksum_spans_views_of_any_length(void **state)
{
	static const uint32_t CHUNKS[] = { 55, 56, 57, 99, 100, 1499 };
	struct bed *bed = bed_open(64, BP_CAP_CSUM_INFER, 0, 9000);

	(void)state;
	for (unsigned i = 0; i < 2 * 6; i++) {
		struct fb_spec spec = { .payload_bytes = 1461 };
		struct bp_pkt in[BP_BURST_MAX], *out;
		struct bp_vnet_hdr meta;
		unsigned n;
		uint32_t at = 0;

		build_pair(&spec);
		meta = meta_of(&input, 0, 0);
		n = bed_chain(bed, in, input.bytes, input.len, CHUNKS[i / 2], i & 1 ? &meta : NULL);
		bp_offload_begin(bed->o, in, n);
		assert_int_equal(bp_offload_next(bed->o, &out), n);
		for (unsigned v = 0; v < n; at += out[v++].len)
			assert_memory_equal(out[v].data, want.bytes + at, out[v].len);
		assert_int_equal(at, want.len);
		assert_int_equal(bp_offload_next(bed->o, &out), 0);
		assert_int_equal(bed_count(bed, BP_CNT_CSUM), i + 1);
	}
	bed_close(bed);
}

static void metadata_outside_the_frame_is_dropped(void **state)
{
	static const uint16_t BAD[][2] = { { 65535, 0 }, { 65535, 65535 }, { 34, 65535 },
					   { 154, 0 },   { 153, 0 },       { 34, 119 },
					   { 200, 16 } };
	struct fb_spec spec = { .payload_bytes = 100, .csum = FB_PARTIAL };
	struct bed *bed = bed_open(64, 0, 0, 1500);
	struct bp_vnet_hdr meta;
	struct bp_pkt pkt;

	(void)state;
	fb_build(&input, &spec);
	assert_int_equal(input.len, 154);
	for (unsigned i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		meta = (struct bp_vnet_hdr){ .flags = BP_VNET_F_NEEDS_CSUM,
					     .csum_start = BAD[i][0],
					     .csum_offset = BAD[i][1] };
		assert_dropped(bed, bed_view(bed, input.bytes, input.len, 0, &meta),
			       BP_DROP_RX_BAD_META);
	}
	/* The very last two bytes are inside. */
	meta.csum_start = 34;
	meta.csum_offset = 118;
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, &meta));
	assert_int_equal(pkt.flags, 0);
	bed_close(bed);
}

static void tx_that_takes_metadata_gets_what_was_inferred(void **state)
{
	struct fb_spec spec = { .payload_bytes = 500, .n_tags = 1, .csum = FB_PARTIAL };
	struct bed *bed = bed_open(64, AF_XDP_LIKE, BP_CAP_VNET_TX, 1500);
	struct bp_vnet_hdr expected;
	struct bp_pkt pkt;

	(void)state;
	fb_build(&input, &spec);
	expected = meta_of(&input, 0, 0);
	expected.hdr_len = 0;
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 12, NULL));
	assert_view(&pkt, &input);
	assert_int_equal(pkt.flags, BP_PKT_VNET);
	assert_int_equal(pkt.headroom, 0);
	assert_memory_equal(pkt.data - BP_VNET_BYTES, &expected, sizeof(expected));
	assert_int_equal(bed_count(bed, BP_CNT_CSUM), 0);
	/* Without room for metadata the checksum is completed after all. */
	spec.csum = FB_FULL;
	fb_build(&want, &spec);
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 11, NULL));
	assert_view(&pkt, &want);
	assert_int_equal(pkt.flags, 0);
	bed_close(bed);
}

static void tx_that_takes_metadata_gets_inferred_super_frames_whole(void **state)
{
	struct fb_spec spec = { .payload_bytes = 20000,
				.is_v6 = true,
				.tcp_option_bytes = 12,
				.tcp_flags = TCP_ACK | TCP_CWR,
				.csum = FB_PARTIAL };
	struct bed *bed = bed_open(64, AF_XDP_LIKE, BP_CAP_VNET_TX, 1500);
	struct bp_vnet_hdr expected;
	struct bp_pkt pkt;

	(void)state;
	fb_build(&input, &spec);
	expected = meta_of(&input, BP_VNET_GSO_TCPV6 | BP_VNET_GSO_ECN, 1500 - 72);
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 256, NULL));
	assert_view(&pkt, &input);
	assert_memory_equal(pkt.data - BP_VNET_BYTES, &expected, sizeof(expected));
	bed_close(bed);
}

/* ---- segmentation ---------------------------------------------------------------------------- */

/* Take everything out, compare each segment with one built from scratch, give it back. */
static unsigned check_segments(struct bed *bed, const struct fb_spec *super, uint32_t mss,
			       uint8_t n_copies)
{
	struct bp_pkt *out;
	unsigned n, n_segs = 0;

	while ((n = bp_offload_next(bed->o, &out))) {
		for (unsigned i = 0; i < n; i++, n_segs++) {
			struct fb_spec spec = *super;
			uint32_t done = n_segs * mss, left = super->payload_bytes - done;

			spec.payload_from += done;
			spec.payload_bytes = left < mss ? left : mss;
			spec.seq += done;
			spec.ip_id = (uint16_t)(spec.ip_id + n_segs);
			if (done)
				spec.tcp_flags &= (uint8_t)~TCP_CWR;
			if (left > mss)
				spec.tcp_flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
			spec.csum = super->csum == FB_ZERO ? FB_ZERO : FB_FULL;
			spec.padding = 0;
			fb_build(&want, &spec);
			assert_view(&out[i], &want);
			assert_int_equal(out[i].flags, 0);
			assert_int_equal(out[i].copies, n_copies);
		}
		bp_pool_put(0, out, n);
	}
	return n_segs;
}

static void check_super(const struct fb_spec *spec, uint8_t gso_type, uint16_t gso_size,
			uint32_t chunk, unsigned n_expected)
{
	struct bed *bed = bed_open(256, 0, 0, 1500);
	struct bp_pkt in[BP_BURST_MAX];
	struct bp_vnet_hdr meta;
	unsigned n;

	fb_build(&input, spec);
	meta = meta_of(&input, gso_type, gso_size);
	if (spec->csum == FB_ZERO)
		meta.flags = 0;
	n = bed_chain(bed, in, input.bytes, input.len, chunk, &meta);
	in[0].copies = 1;
	bp_offload_begin(bed->o, in, n);
	assert_int_equal(check_segments(bed, spec, gso_size, 2), n_expected);
	assert_int_equal(bed_count(bed, BP_CNT_GSO_PKTS), 1);
	assert_int_equal(bed_count(bed, BP_CNT_GSO_SEGS), n_expected);
	assert_int_equal(bed_count(bed, BP_CNT_COPIES), n_expected);
	assert_int_equal(bed_count(bed, BP_CNT_COPY_BYTES), spec->payload_bytes);
	assert_int_equal(bp_counters_drops(&bed->counters), 0);
	assert_int_equal(bp_frames_n_free(bed->frames), 256);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(bed->n_puts[i], 1);
	bed_close(bed);
}

static void tcp_super_frames_become_exact_segments(void **state)
{
	struct fb_spec spec = { .payload_bytes = 65160,
				.tcp_option_bytes = 12,
				.seq = 0xfffff000u, /* wraps */
				.ip_id = 65530, /* wraps */
				.tcp_flags = TCP_ACK | TCP_PSH | TCP_FIN | TCP_CWR,
				.csum = FB_PARTIAL };

	(void)state;
	check_super(&spec, BP_VNET_GSO_TCPV4, 1448, FRAME_BYTES_MAX, 45);
	spec.payload_bytes = 1449;
	check_super(&spec, BP_VNET_GSO_TCPV4 | BP_VNET_GSO_ECN, 1448, FRAME_BYTES_MAX, 2);
	spec.payload_bytes = 2 * 1444;
	spec.ip_option_bytes = 4;
	spec.n_tags = 1;
	spec.padding = 9;
	check_super(&spec, BP_VNET_GSO_TCPV4, 1444, FRAME_BYTES_MAX, 2);
	/* More segments than one burst holds. */
	spec.payload_bytes = 10001;
	check_super(&spec, BP_VNET_GSO_TCPV4, 100, FRAME_BYTES_MAX, 101);
}

static void tcp6_super_frames_become_exact_segments(void **state)
{
	struct fb_spec spec = { .payload_bytes = 30000,
				.is_v6 = true,
				.tcp_option_bytes = 12,
				.seq = 7,
				.tcp_flags = TCP_ACK | TCP_PSH,
				.csum = FB_PARTIAL };

	(void)state;
	check_super(&spec, BP_VNET_GSO_TCPV6, 1428, FRAME_BYTES_MAX, 22);
	spec.ext_bytes = 8;
	spec.n_tags = 2;
	check_super(&spec, BP_VNET_GSO_TCPV6, 1400, FRAME_BYTES_MAX, 22);
}

static void udp_super_frames_become_exact_datagrams(void **state)
{
	struct fb_spec spec = {
		.payload_bytes = 4000, .is_udp = true, .ip_id = 3, .csum = FB_PARTIAL
	};

	(void)state;
	check_super(&spec, BP_VNET_GSO_UDP_L4, 1400, FRAME_BYTES_MAX, 3);
	spec.is_v6 = true;
	check_super(&spec, BP_VNET_GSO_UDP_L4, 999, FRAME_BYTES_MAX, 5);
	spec.is_v6 = false;
	spec.csum = FB_ZERO;
	check_super(&spec, BP_VNET_GSO_UDP_L4, 1400, FRAME_BYTES_MAX, 3);
}

static void segments_come_out_of_chains(void **state)
{
	static const uint32_t CHUNKS[] = { 1000, 1792, 1793, 3840, 4096 };
	struct fb_spec spec = { .payload_bytes = 60000,
				.tcp_option_bytes = 12,
				.tcp_flags = TCP_ACK | TCP_PSH,
				.csum = FB_PARTIAL };

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		check_super(&spec, BP_VNET_GSO_TCPV4, 1448, CHUNKS[i], 42);
}

static void inferred_super_frames_are_cut_to_the_mtu(void **state)
{
	struct fb_spec spec = { .payload_bytes = 60000,
				.tcp_option_bytes = 12,
				.tcp_flags = TCP_ACK,
				.csum = FB_PARTIAL };

	(void)state;
	for (spec.n_tags = 0; spec.n_tags < 2; spec.n_tags++) {
		struct bed *bed = bed_open(256, AF_XDP_LIKE, 0, 1500);
		struct bp_pkt in[BP_BURST_MAX];
		unsigned n;

		fb_build(&input, &spec);
		n = bed_chain(bed, in, input.bytes, input.len, 3840, NULL);
		bp_offload_begin(bed->o, in, n);
		assert_int_equal(check_segments(bed, &spec, 1448, 1), 42);
		bed_close(bed);
	}
}

/* A frame with its tag is longer than the MTU and 14 bytes, but no super-frame. */
static void full_size_tagged_frame_is_not_cut(void **state)
{
	struct fb_spec spec = { .payload_bytes = 1448, .tcp_option_bytes = 12, .n_tags = 1 };
	struct bed *bed = bed_open(64, AF_XDP_LIKE, 0, 1500);
	struct bp_pkt pkt;

	(void)state;
	build_pair(&spec);
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, NULL));
	assert_view(&pkt, &want);
	assert_int_equal(bed_count(bed, BP_CNT_GSO_PKTS), 0);
	bed_close(bed);
}

/* A jumbo frame whose checksum is complete came over a wire: the TX port decides. */
static void long_frame_with_complete_checksum_is_left_to_tx(void **state)
{
	struct fb_spec spec = { .payload_bytes = 8000 };
	struct bed *bed = bed_open(64, AF_XDP_LIKE, 0, 1500);
	struct bp_pkt pkt;

	(void)state;
	fb_build(&input, &spec);
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, NULL));
	assert_view(&pkt, &input);
	spec.is_udp = true;
	build_pair(&spec);
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, NULL));
	assert_view(&pkt, &want);
	bed_close(bed);
}

static void mss_is_lowered_to_what_tx_carries(void **state)
{
	struct fb_spec spec = { .payload_bytes = 20000, .tcp_flags = TCP_ACK, .csum = FB_PARTIAL };
	struct bed *bed = bed_open(64, 0, 0, 1500);
	struct bp_vnet_hdr meta;
	struct bp_pkt in;

	(void)state;
	fb_build(&input, &spec);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 8960);
	in = bed_view(bed, input.bytes, input.len, 0, &meta);
	bp_offload_begin(bed->o, &in, 1);
	assert_int_equal(check_segments(bed, &spec, 1518 - 54, 1), 14);
	/* A datagram's bounds mean something: never lowered. */
	spec.is_udp = true;
	fb_build(&input, &spec);
	meta = meta_of(&input, BP_VNET_GSO_UDP_L4, 8960);
	assert_dropped(bed, bed_view(bed, input.bytes, input.len, 0, &meta),
		       BP_DROP_GSO_UNSUPPORTED);
	bed_close(bed);
}

static void super_frame_that_fits_one_segment_is_completed_in_place(void **state)
{
	struct fb_spec spec = { .payload_bytes = 1448 };
	struct bed *bed = bed_open(64, 0, 0, 1500);
	struct bp_vnet_hdr meta;
	struct bp_pkt pkt;

	(void)state;
	build_pair(&spec);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 1448);
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, &meta));
	assert_view(&pkt, &want);
	assert_int_equal(bed_count(bed, BP_CNT_GSO_PKTS), 0);
	assert_int_equal(bed_count(bed, BP_CNT_COPIES), 0);
	bed_close(bed);
}

static void malicious_super_frames_are_dropped_under_a_reason(void **state)
{
	struct fb_spec spec = { .payload_bytes = 20000, .csum = FB_PARTIAL };
	struct bed *bed = bed_open(64, 0, 0, 1500);
	struct bp_vnet_hdr meta;

	(void)state;
	fb_build(&input, &spec);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 0); /* nothing per segment */
	assert_dropped(bed, bed_view(bed, input.bytes, input.len, 0, &meta), BP_DROP_RX_BAD_META);
	meta = meta_of(&input, BP_VNET_GSO_TCPV6, 1448); /* the other family */
	assert_dropped(bed, bed_view(bed, input.bytes, input.len, 0, &meta), BP_DROP_RX_BAD_META);
	meta = meta_of(&input, BP_VNET_GSO_UDP_L4, 1448); /* the other protocol */
	assert_dropped(bed, bed_view(bed, input.bytes, input.len, 0, &meta), BP_DROP_RX_BAD_META);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 1); /* 20000 segments */
	assert_dropped(bed, bed_view(bed, input.bytes, input.len, 0, &meta),
		       BP_DROP_GSO_UNSUPPORTED);
	meta = meta_of(&input, BP_VNET_GSO_UDP, 1448); /* fragmentation offload: long gone */
	assert_dropped(bed, bed_view(bed, input.bytes, input.len, 0, &meta),
		       BP_DROP_GSO_UNSUPPORTED);
	meta = meta_of(&input, 0x42, 1448);
	assert_dropped(bed, bed_view(bed, input.bytes, input.len, 0, &meta),
		       BP_DROP_GSO_UNSUPPORTED);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 1448); /* headers in two views, or cut off */
	assert_dropped(bed, bed_view(bed, input.bytes, 50, 0, &meta), BP_DROP_GSO_UNSUPPORTED);
	meta.csum_start = 84; /* of an inner packet */
	assert_dropped(bed, bed_view(bed, input.bytes, input.len, 0, &meta),
		       BP_DROP_GSO_UNSUPPORTED);
	assert_int_equal(bed_count(bed, BP_CNT_GSO_PKTS), 0);
	bed_close(bed);
}

/* Whatever hdr_len says, the headers are where they are. */
static void header_length_of_metadata_is_not_trusted(void **state)
{
	static const uint16_t NONSENSE[] = { 0, 1, 14, 9000, 65535 };
	struct fb_spec spec = { .payload_bytes = 5000, .csum = FB_PARTIAL };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct bed *bed = bed_open(64, 0, 0, 1500);
		struct bp_vnet_hdr meta;
		struct bp_pkt in;

		fb_build(&input, &spec);
		meta = meta_of(&input, BP_VNET_GSO_TCPV4, 1460);
		meta.hdr_len = NONSENSE[i];
		in = bed_view(bed, input.bytes, input.len, 0, &meta);
		bp_offload_begin(bed->o, &in, 1);
		assert_int_equal(check_segments(bed, &spec, 1460, 1), 4);
		bed_close(bed);
	}
}

/* ---- bursts ---------------------------------------------------------------------------------- */

/* Small, super, bad, small, super, chain: order is kept, bursts are full where they can be. */
static void order_is_kept_around_super_frames_and_drops(void **state)
{
	struct bed *bed = bed_open(256, 0, 0, 1500);
	struct bp_pkt in[BP_BURST_MAX], *out;
	struct fb_spec spec = { .tcp_flags = TCP_ACK };
	struct bp_vnet_hdr meta;
	unsigned n_in = 0, n, n_seen = 0;
	uint32_t next_seq = 0;

	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		bool is_super = i % 5 == 1;

		spec.payload_bytes = is_super ? 30000 : 100;
		spec.csum = FB_PARTIAL;
		fb_build(&input, &spec);
		meta = meta_of(&input, is_super ? BP_VNET_GSO_TCPV4 : 0, is_super ? 1000 : 0);
		if (i % 5 == 2)
			meta.csum_start = 60000;
		else
			spec.seq += spec.payload_bytes;
		n_in += bed_chain(bed, &in[n_in], input.bytes, input.len,
				  i % 5 == 3 ? 80 : FRAME_BYTES_MAX, &meta);
	}
	bp_offload_begin(bed->o, in, n_in);
	while ((n = bp_offload_next(bed->o, &out))) {
		assert_true(n <= BP_BURST_MAX);
		assert_false(out[n - 1].flags & BP_PKT_MORE);
		for (unsigned i = 0; i < n; i++) {
			const uint8_t *seq = out[i].data + 38;
			bool has_more = out[i].flags & BP_PKT_MORE;

			assert_int_equal(next_seq, (uint32_t)seq[0] << 24 | seq[1] << 16 |
							   seq[2] << 8 | seq[3]);
			next_seq += out[i].len + (has_more ? out[i + 1].len : 0) - 54;
			i += has_more;
			n_seen++;
		}
		bp_pool_put(0, out, n);
	}
	assert_int_equal(n_seen, 18 + 6 * 30);
	assert_int_equal(next_seq, spec.seq);
	assert_int_equal(bed_count(bed, BP_DROP_RX_BAD_META), 6);
	for (unsigned i = 0; i < n_in; i++)
		assert_int_equal(bed->n_puts[i], 1);
	assert_int_equal(bp_frames_n_free(bed->frames), 256);
	bed_close(bed);
}

/* 64 frames, none given back: what cannot be made is one dropped packet. */
static void running_out_of_frames_keeps_the_account_exact(void **state)
{
	struct fb_spec spec = { .payload_bytes = 60000, .csum = FB_PARTIAL };
	struct bed *bed = bed_open(64, 0, 0, 1500);
	struct bp_pkt in[2], kept[BP_BURST_MAX], *out;
	unsigned n, n_sent = 0;
	struct bp_vnet_hdr meta;

	(void)state;
	fb_build(&input, &spec);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 500);
	for (unsigned i = 0; i < 2; i++)
		in[i] = bed_view(bed, input.bytes, input.len, 0, &meta);
	bp_offload_begin(bed->o, in, 2);
	while ((n = bp_offload_next(bed->o, &out))) {
		assert_true(n_sent + n <= BP_BURST_MAX);
		memcpy(&kept[n_sent], out, n * sizeof(*out));
		n_sent += n;
	}
	assert_int_equal(n_sent, 64);
	assert_int_equal(bed_count(bed, BP_DROP_TX_NO_MEM), 2);
	assert_int_equal(2 + bed_count(bed, BP_CNT_GSO_SEGS) - bed_count(bed, BP_CNT_GSO_PKTS),
			 n_sent + bp_counters_drops(&bed->counters));
	assert_int_equal(bed->n_puts[0], 1);
	assert_int_equal(bed->n_puts[1], 1);
	bp_pool_put(0, kept, n_sent);
	assert_int_equal(bp_frames_n_free(bed->frames), 64);
	bed_close(bed);
}

/* Frames that come back between two calls let the super-frame be finished. */
static void few_frames_are_enough_if_tx_gives_them_back(void **state)
{
	struct fb_spec spec = { .payload_bytes = 60000, .csum = FB_PARTIAL };
	struct bed *bed = bed_open(64, 0, 0, 1500);
	struct bp_pkt held[60];
	struct bp_vnet_hdr meta;
	struct bp_pkt in;

	(void)state;
	assert_int_equal(bp_frames_get(bed->frames, 0, held, 60), 60);
	fb_build(&input, &spec);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 500);
	in = bed_view(bed, input.bytes, input.len, 0, &meta);
	bp_offload_begin(bed->o, &in, 1);
	assert_int_equal(check_segments(bed, &spec, 500, 1), 120);
	assert_int_equal(bp_counters_drops(&bed->counters), 0);
	bp_pool_put(0, held, 60);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_stage_where_tx_takes_metadata),
		cmocka_unit_test(no_stage_where_rx_gives_no_metadata_and_nothing_is_inferred),
		cmocka_unit_test(checksum_off_infers_nothing),
		cmocka_unit_test(metadata_completes_the_checksum),
		cmocka_unit_test(inference_completes_the_checksum),
		cmocka_unit_test(inference_leaves_valid_frames_alone),
		cmocka_unit_test(inference_leaves_udp_without_checksum_alone),
		cmocka_unit_test(frame_valid_by_chance_stays_as_it_is),
		cmocka_unit_test(udp_checksum_of_zero_becomes_ffff),
		cmocka_unit_test(fragments_are_never_touched),
		cmocka_unit_test(checksum_spans_views_of_any_length),
		cmocka_unit_test(metadata_outside_the_frame_is_dropped),
		cmocka_unit_test(tx_that_takes_metadata_gets_what_was_inferred),
		cmocka_unit_test(tx_that_takes_metadata_gets_inferred_super_frames_whole),
		cmocka_unit_test(tcp_super_frames_become_exact_segments),
		cmocka_unit_test(tcp6_super_frames_become_exact_segments),
		cmocka_unit_test(udp_super_frames_become_exact_datagrams),
		cmocka_unit_test(segments_come_out_of_chains),
		cmocka_unit_test(inferred_super_frames_are_cut_to_the_mtu),
		cmocka_unit_test(full_size_tagged_frame_is_not_cut),
		cmocka_unit_test(long_frame_with_complete_checksum_is_left_to_tx),
		cmocka_unit_test(mss_is_lowered_to_what_tx_carries),
		cmocka_unit_test(super_frame_that_fits_one_segment_is_completed_in_place),
		cmocka_unit_test(malicious_super_frames_are_dropped_under_a_reason),
		cmocka_unit_test(header_length_of_metadata_is_not_trusted),
		cmocka_unit_test(order_is_kept_around_super_frames_and_drops),
		cmocka_unit_test(running_out_of_frames_keeps_the_account_exact),
		cmocka_unit_test(few_frames_are_enough_if_tx_gives_them_back),
	};

	return cmocka_run_group_tests_name("offload", tests, NULL, NULL);
}
