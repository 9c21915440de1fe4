/* The offload stage: checksums, metadata, order, against frames built without it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload_check.h"

#include "engine/partial.h"

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
	assert_int_equal(bp_offload_create(bed->tx_pool, &bed->counters, 0, &bed->rx_conf, &bed->rx,
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

/* The look that spares most frames the walk: never wrong, and not for nothing. */
static void a_whole_checksum_in_a_plain_frame_is_told_by_a_look(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		const struct fb_spec *s = &SHAPES[i];
		uint32_t needed = 14u + (s->is_v6 ? 40 : 20) + (s->is_udp ? 8 : 20);
		bool is_plain = !s->n_tags && !s->ip_option_bytes && !s->ext_bytes;

		build_pair(s);
		assert_false(bp_partial_is_ruled_out(input.bytes, input.len));
		assert_int_equal(bp_partial_is_ruled_out(want.bytes, want.len), is_plain);
		assert_false(bp_partial_is_ruled_out(want.bytes, needed - 1));
	}
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

			assert_int_equal(next_seq, (uint32_t)seq[0] << 24 | (uint32_t)seq[1] << 16 |
							   (uint32_t)seq[2] << 8 | seq[3]);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_stage_where_tx_takes_metadata),
		cmocka_unit_test(no_stage_where_rx_gives_no_metadata_and_nothing_is_inferred),
		cmocka_unit_test(checksum_off_infers_nothing),
		cmocka_unit_test(metadata_completes_the_checksum),
		cmocka_unit_test(inference_completes_the_checksum),
		cmocka_unit_test(a_whole_checksum_in_a_plain_frame_is_told_by_a_look),
		cmocka_unit_test(inference_leaves_valid_frames_alone),
		cmocka_unit_test(inference_leaves_udp_without_checksum_alone),
		cmocka_unit_test(frame_valid_by_chance_stays_as_it_is),
		cmocka_unit_test(udp_checksum_of_zero_becomes_ffff),
		cmocka_unit_test(fragments_are_never_touched),
		cmocka_unit_test(checksum_spans_views_of_any_length),
		cmocka_unit_test(metadata_outside_the_frame_is_dropped),
		cmocka_unit_test(tx_that_takes_metadata_gets_what_was_inferred),
		cmocka_unit_test(tx_that_takes_metadata_gets_inferred_super_frames_whole),
		cmocka_unit_test(order_is_kept_around_super_frames_and_drops),
	};

	return cmocka_run_group_tests_name("offload", tests, NULL, NULL);
}
