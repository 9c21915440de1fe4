/* Packets within tunnels, SCTP: completed or cut, bit by bit against frames built without the engine. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload_check.h"
#include "tunnel_build.h"

#define PLAIN_RX_CAPS AF_XDP_LIKE
#define MTU           1500u

/* A tunnel around TCP or UDP, or a tunnel around that. */
struct shape {
	struct tb_spec tunnel;
	struct fb_spec inner;
	bool is_nested; /* in a GRE tunnel of IPv6, with a checksum */
};

static const struct tb_spec OUTER = { .kind = TB_GRETAP, .is_v6 = true, .csum = FB_FULL };

static void build_shape(struct fb_frame *f, const struct shape *shape, enum fb_csum csum)
{
	struct fb_spec spec = shape->inner;

	spec.csum = csum;
	fb_build(f, &spec);
	tb_wrap(f, &shape->tunnel);
	if (shape->is_nested)
		tb_wrap(f, &OUTER);
}

/* A kernel writes outer checksums, where it does, as those of the packet with its inner one complete. */
static void build_tunnel_pair(const struct shape *shape)
{
	uint32_t inner_csum;
	uint16_t partial;

	build_shape(&input, shape, FB_PARTIAL);
	build_shape(&want, shape, FB_FULL);
	inner_csum = input.csum;
	memcpy(&partial, input.bytes + inner_csum, sizeof(partial));
	memcpy(input.bytes, want.bytes, want.len);
	memcpy(input.bytes + inner_csum, &partial, sizeof(partial));
}

/* Every kind, over and under both versions of IP, with and without an outer checksum. */
static struct shape shape_of(unsigned i, uint32_t payload_bytes)
{
	struct shape shape = {
		.tunnel = { .kind = (enum tb_kind)(i % TB_KINDS),
			    .is_v6 = i / TB_KINDS & 1,
			    .csum = i / TB_KINDS & 2 ? FB_FULL : FB_ZERO,
			    .ip_id = 65534 },
		.inner = { .is_v6 = i / TB_KINDS & 4,
			   .is_udp = i / TB_KINDS & 8,
			   .payload_bytes = payload_bytes,
			   .tcp_flags = TCP_ACK },
	};

	if (i % 3 == 0 && (shape.tunnel.kind == TB_VXLAN || shape.tunnel.kind == TB_GENEVE))
		shape.inner.n_tags = 2;
	shape.is_nested = i >= 16 * TB_KINDS && shape.tunnel.kind != TB_FOU;
	return shape;
}
#define N_SHAPES (32u * TB_KINDS)

/* ---- checksums --------------------------------------------------------------------------------- */

static void metadata_completes_the_inner_checksum(void **state)
{
	struct bed *bed = bed_open(64, 0, 0, MTU);

	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct shape shape = shape_of(i, 101);
		struct bp_vnet_hdr meta;
		struct bp_pkt pkt;

		build_tunnel_pair(&shape);
		meta = meta_of(&input, BP_VNET_GSO_NONE, 0);
		pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 64, &meta));
		assert_view(&pkt, &want);
		assert_int_equal(bed_count(bed, BP_CNT_CSUM), i + 1);
	}
	bed_close(bed);
}

static void inference_completes_the_inner_checksum(void **state)
{
	struct bed *bed = bed_open(64, PLAIN_RX_CAPS, 0, MTU);
	uint64_t n_csum = 0;

	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct shape shape = shape_of(i, 101);
		struct bp_pkt pkt;

		if (shape.tunnel.kind == TB_FOU)
			continue;
		build_tunnel_pair(&shape);
		pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 64, NULL));
		assert_view(&pkt, &want);
		assert_int_equal(bed_count(bed, BP_CNT_CSUM), ++n_csum);
	}
	bed_close(bed);
}

/* The quiet side: what is complete stays so, a tunnel of a port that nobody registered is not opened. */
static void inference_leaves_complete_and_unknown_tunnels_alone(void **state)
{
	struct bed *bed = bed_open(64, PLAIN_RX_CAPS, 0, MTU);
	struct shape shape;
	struct bp_pkt pkt;

	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		shape = shape_of(i, 101);
		build_tunnel_pair(&shape);
		pkt = pass_one(bed, bed_view(bed, want.bytes, want.len, 64, NULL));
		assert_view(&pkt, &want);
	}
	shape = shape_of(TB_VXLAN, 101);
	shape.tunnel.port = 4788;
	build_tunnel_pair(&shape);
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 64, NULL));
	assert_view(&pkt, &input);
	assert_int_equal(bed_count(bed, BP_CNT_CSUM), 0);
	bed_close(bed);
}

/* Hosts that forward into a tunnel leave the outer UDP checksum over instead; or both. */
static void inference_completes_the_outer_checksum(void **state)
{
	static const enum fb_csum INNER[] = { FB_FULL, FB_PARTIAL };
	struct bed *bed = bed_open(64, PLAIN_RX_CAPS, 0, MTU);
	uint64_t n_csum = 0;

	(void)state;
	for (unsigned i = 0; i < 2 * TB_FOU; i++) {
		struct shape shape = shape_of(i / 2, 200);
		struct bp_pkt pkt;

		shape.tunnel.csum = FB_FULL;
		build_shape(&want, &shape, FB_FULL);
		shape.tunnel.csum = FB_PARTIAL;
		build_shape(&input, &shape, INNER[i & 1]);
		pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 64, NULL));
		assert_view(&pkt, &want);
		n_csum += i & 1 ? 2 : 1;
		assert_int_equal(bed_count(bed, BP_CNT_CSUM), n_csum);
	}
	bed_close(bed);
}

/* UDP at a tunnel's port that carries something else is UDP. */
static void datagram_at_a_tunnels_port_is_no_tunnel(void **state)
{
	static const uint16_t PORTS[] = { 4789, 4790, 8472, 6081, 2152, 6635 };
	struct bed *bed = bed_open(64, PLAIN_RX_CAPS, 0, MTU);

	(void)state;
	for (unsigned i = 0; i < sizeof(PORTS) / sizeof(PORTS[0]); i++) {
		struct fb_spec spec = { .is_udp = true, .payload_bytes = 77, .csum = FB_PARTIAL };
		struct bp_pkt pkt;
		uint32_t sum;

		fb_build(&input, &spec);
		fb_be16(input.bytes + input.l4 + 2, PORTS[i]);
		memcpy(&want, &input, sizeof(want));
		sum = ~fb_sum(0, want.bytes + want.l4, 85) & 0xffff;
		fb_be16(want.bytes + want.csum, sum ? sum : 0xffff);
		pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 64, NULL));
		assert_view(&pkt, &want);
	}
	bed_close(bed);
}

static void vlan_tags_of_any_number_are_passed_over(void **state)
{
	struct bed *bed = bed_open(64, PLAIN_RX_CAPS, 0, MTU);

	(void)state;
	for (unsigned n_tags = 3; n_tags < 40; n_tags += 12) {
		struct fb_spec spec = { .payload_bytes = 333, .n_tags = n_tags };
		struct bp_pkt pkt;

		build_pair(&spec);
		pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, NULL));
		assert_view(&pkt, &want);
	}
	bed_close(bed);
}

/* ---- super-frames ------------------------------------------------------------------------------ */

/* The segment that begins `done` bytes into the payload. */
static void build_segment(const struct shape *super, uint32_t mss, uint32_t done, unsigned seg_id)
{
	struct shape shape = *super;
	uint32_t left = super->inner.payload_bytes - done;

	shape.inner.payload_from += done;
	shape.inner.payload_bytes = left < mss ? left : mss;
	shape.inner.seq += done;
	shape.inner.ip_id = (uint16_t)(shape.inner.ip_id + seg_id);
	shape.tunnel.ip_id = (uint16_t)(shape.tunnel.ip_id + seg_id);
	if (shape.tunnel.csum == FB_PARTIAL)
		shape.tunnel.csum = FB_FULL;
	build_shape(&want, &shape, FB_FULL);
}

static unsigned check_cut(struct bed *bed, const struct shape *shape, uint32_t mss)
{
	struct bp_pkt *out;
	unsigned n, n_segs = 0;

	while ((n = bp_offload_next(bed->o, &out))) {
		for (unsigned i = 0; i < n; i++, n_segs++) {
			build_segment(shape, mss, n_segs * mss, n_segs);
			assert_view(&out[i], &want);
			assert_int_equal(out[i].flags, 0);
		}
		bp_pool_put(0, out, n);
	}
	assert_int_equal(bp_counters_drops(&bed->counters), 0);
	assert_int_equal(bp_frames_n_free(bed->frames), 64);
	return n_segs;
}

/* Metadata that calls it plain TCP: cut, whether TX takes metadata or not. */
static void check_super(uint32_t rx_caps, uint32_t tx_caps, uint16_t mss, uint32_t payload_bytes)
{
	struct bed *bed = bed_open(64, rx_caps, tx_caps, MTU);

	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct shape shape = shape_of(i, payload_bytes);
		uint8_t type = shape.inner.is_udp  ? BP_VNET_GSO_UDP_L4
			       : shape.inner.is_v6 ? BP_VNET_GSO_TCPV6
						   : BP_VNET_GSO_TCPV4;
		struct bp_vnet_hdr meta;
		struct bp_pkt in;

		if (shape.tunnel.csum == FB_FULL)
			shape.tunnel.csum = FB_PARTIAL;
		build_shape(&input, &shape, FB_PARTIAL);
		meta = meta_of(&input, type, mss);
		in = bed_view(bed, input.bytes, input.len, 0, &meta);
		bp_offload_begin(bed->o, &in, 1);
		assert_int_equal(check_cut(bed, &shape, mss), (payload_bytes + mss - 1) / mss);
	}
	bed_close(bed);
}

static void tunnelled_super_frames_become_exact_segments(void **state)
{
	(void)state;
	check_super(0, 0, 1300, 9000);
	check_super(0, 0, 1300, 1200); /* one segment: its outer headers are made right as well */
}

static void tx_that_takes_metadata_gets_tunnelled_super_frames_cut(void **state)
{
	(void)state;
	check_super(BP_CAP_ENCAP_RX, BP_CAP_VNET_TX, 1300, 9000);
}

/* The quiet side: partial checksums in a tunnel are passed on, plain super-frames as well. */
static void tx_that_takes_metadata_gets_the_rest_as_it_came(void **state)
{
	struct bed *bed = bed_open(64, BP_CAP_ENCAP_RX, BP_CAP_VNET_TX, MTU);
	struct fb_spec spec = { .payload_bytes = 20000, .csum = FB_PARTIAL };
	struct bp_vnet_hdr meta;
	struct bp_pkt pkt;

	(void)state;
	assert_true(bp_offload_is_guard(bed->o));
	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct shape shape = shape_of(i, 101);

		build_tunnel_pair(&shape);
		meta = meta_of(&input, BP_VNET_GSO_NONE, 0);
		pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, &meta));
		assert_view(&pkt, &input);
		assert_int_equal(pkt.flags, BP_PKT_VNET);
	}
	fb_build(&input, &spec);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 1448);
	pkt = pass_one(bed, bed_view(bed, input.bytes, input.len, 0, &meta));
	assert_view(&pkt, &input);
	assert_int_equal(pkt.flags, BP_PKT_VNET);
	bed_close(bed);
}

static void inferred_tunnelled_super_frames_are_cut_to_the_mtu(void **state)
{
	static const uint32_t TX_CAPS[] = { 0, BP_CAP_VNET_TX };
	struct bed *bed = bed_open(64, PLAIN_RX_CAPS, 0, MTU);

	(void)state;
	for (unsigned i = 0; i < 2 * N_SHAPES; i++) {
		struct shape shape = shape_of(i / 2, 9000);
		struct bp_pkt in;
		uint32_t mss;

		if (shape.tunnel.kind == TB_FOU || shape.inner.is_udp)
			continue;
		assert_true(bed_bind(bed, PLAIN_RX_CAPS, TX_CAPS[i & 1], MTU));
		if (shape.tunnel.csum == FB_FULL)
			shape.tunnel.csum = FB_PARTIAL;
		build_shape(&input, &shape, FB_PARTIAL);
		mss = MTU + 14 - input.payload;
		in = bed_view(bed, input.bytes, input.len, 64, NULL);
		bp_offload_begin(bed->o, &in, 1);
		assert_int_equal(check_cut(bed, &shape, mss), (9000 + mss - 1) / mss);
	}
	bed_close(bed);
}

static void what_cannot_be_cut_is_dropped_under_a_reason(void **state)
{
	struct shape shape = shape_of(TB_GRE, 9000);
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct bp_vnet_hdr meta;

	(void)state;
	shape.tunnel.is_numbered = true; /* the next packet has the next number */
	build_shape(&input, &shape, FB_PARTIAL);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 1300);
	assert_dropped(bed, bed_view(bed, input.bytes, input.len, 0, &meta),
		       BP_DROP_GSO_UNSUPPORTED);
	/* A tunnel that nothing here knows. */
	shape.tunnel.is_numbered = false;
	build_shape(&input, &shape, FB_PARTIAL);
	input.bytes[input.l3 - 1] ^= 1;
	assert_dropped(bed, bed_view(bed, input.bytes, input.len, 0, &meta),
		       BP_DROP_GSO_UNSUPPORTED);
	/* Deeper than is looked into. */
	shape = shape_of(TB_IP, 9000);
	build_shape(&input, &shape, FB_PARTIAL);
	for (unsigned i = 0; i < 3; i++)
		tb_wrap(&input, &OUTER);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 1300);
	assert_dropped(bed, bed_view(bed, input.bytes, input.len, 0, &meta),
		       BP_DROP_GSO_UNSUPPORTED);
	bed_close(bed);
}

/* ---- SCTP -------------------------------------------------------------------------------------- */

static void build_sctp(struct fb_frame *f, unsigned i, enum fb_csum csum)
{
	static const struct tb_spec GENEVE = { .kind = TB_GENEVE, .csum = FB_ZERO };
	static const struct tb_spec GRE = { .kind = TB_GRE, .is_v6 = true, .csum = FB_ZERO };
	struct fb_spec spec = { .is_udp = true,
				.is_v6 = i & 1,
				.payload_bytes = 4 + 36 * i,
				.padding = i < 2 ? 2 : 0,
				.n_tags = i & 2 };

	fb_build(f, &spec);
	tb_make_sctp(f, csum);
	if (i >= 4)
		tb_wrap(f, i & 1 ? &GRE : &GENEVE);
}

static void sctp_gets_its_crc32c(void **state)
{
	static const uint8_t check[] = "123456789";
	/* RX, TX: both ways of knowing, TX that takes metadata and one that does not. */
	static const struct {
		uint32_t rx, tx;
		bool has_meta;
	} PATHS[] = {
		{ 0, 0, true },
		{ BP_CAP_ENCAP_RX, BP_CAP_VNET_TX, true },
		{ AF_XDP_LIKE, 0, false },
		{ AF_XDP_LIKE, BP_CAP_VNET_TX, false },
	};
	struct bed *bed = bed_open(64, 0, 0, MTU);

	(void)state;
	assert_int_equal(tb_crc32c(check, 9), 0xe3069283u);
	for (unsigned i = 0; i < 4 * 8; i++) {
		bool has_meta = PATHS[i % 4].has_meta;
		struct bp_vnet_hdr meta;
		struct bp_pkt pkt;

		assert_true(bed_bind(bed, PATHS[i % 4].rx, PATHS[i % 4].tx, MTU));
		build_sctp(&input, i / 4, FB_PARTIAL);
		build_sctp(&want, i / 4, FB_FULL);
		meta = meta_of(&input, BP_VNET_GSO_NONE, 0);
		pkt = pass_one(bed,
			       bed_view(bed, input.bytes, input.len, 64, has_meta ? &meta : NULL));
		assert_view(&pkt, &want);
		assert_int_equal(pkt.flags, 0);
		assert_int_equal(bed_count(bed, BP_CNT_CSUM), 1);
		/* Complete already: nothing changes. */
		pkt = pass_one(bed,
			       bed_view(bed, want.bytes, want.len, 64, has_meta ? &meta : NULL));
		assert_view(&pkt, &want);
		assert_int_equal(bed_count(bed, BP_CNT_CSUM), 1);
	}
	bed_close(bed);
}

static void sctp_spans_views_of_any_length(void **state)
{
	static const uint32_t CHUNKS[] = { 74, 81, 85 };
	struct bed *bed = bed_open(64, AF_XDP_LIKE, 0, MTU);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct bp_pkt in[BP_BURST_MAX], *out;
		unsigned n;
		uint32_t at = 0;

		build_sctp(&input, 3, FB_PARTIAL);
		build_sctp(&want, 3, FB_FULL);
		n = bed_chain(bed, in, input.bytes, input.len, CHUNKS[i], NULL);
		assert_true(n > 2);
		bp_offload_begin(bed->o, in, n);
		assert_int_equal(bp_offload_next(bed->o, &out), n);
		for (unsigned v = 0; v < n; at += out[v++].len)
			assert_memory_equal(out[v].data, want.bytes + at, out[v].len);
		assert_int_equal(bp_offload_next(bed->o, &out), 0);
	}
	bed_close(bed);
}

/* ---- input cut short --------------------------------------------------------------------------- */

/* Every length of the first view, and of the whole frame: no byte behind it is read (AddressSanitizer). */
static void headers_cut_anywhere_are_never_read_beyond(void **state)
{
	struct bed *bed = bed_open(64, PLAIN_RX_CAPS, 0, MTU);
	struct bp_frame frame;

	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct shape shape = shape_of(i, 16);

		build_shape(&input, &shape, FB_PARTIAL);
		for (uint32_t n = 0; n < input.payload; n++) {
			struct bp_pkt pkt = bed_view(bed, input.bytes, n, 0, NULL);

			bp_frame_parse(pkt.data, n, n, 0, &frame);
			bp_frame_parse(pkt.data, n, n, input.l4, &frame);
			assert_false(bp_frame_parse(pkt.data, n, input.len, input.l4, &frame));
			bed_free_views(bed);
		}
	}
	bed_close(bed);
}

/*
 * A kernel leaves GRE's own checksum over as well, where what it carries has a complete one, or none as ARP. The frame is
 * Ethernet in GRE in IPv4, with a key, in a VLAN or not.
 */
static void a_gre_checksum_is_completed_whatever_is_in_the_tunnel(void **state)
{
	struct bed *bed = bed_open(64, PLAIN_RX_CAPS, 0, MTU);

	(void)state;
	for (unsigned tagged = 0; tagged < 2; tagged++) {
		uint8_t frame[128] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
		uint8_t *p = frame + 12, *gre;
		uint32_t sum = 0, n_bytes = 8 + 4 + 14 + 28;
		struct bp_pkt pkt;

		p += tagged ? tb_put(p, (const uint8_t[]){ 0x81, 0, 0, 7 }, 4) : 0;
		p += tb_put(p, (const uint8_t[]){ 8,  0, 0x45, 0, 0,  (uint8_t)(20 + n_bytes),
						  0,  1, 0x40, 0, 64, 47,
						  0,  0, 10,   0, 0,  1,
						  10, 0, 0,    2 },
			    22);
		gre = p;
		p += tb_put(p, (const uint8_t[]){ 0xa0, 0, 0x65, 0x58, 0, 0, 0, 0, 0, 0, 0, 5 },
			    12);
		p += tb_put(p, (const uint8_t[]){ 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0,
						  9,   8,   6,   0,   1,   8,   0, 6, 4, 0, 1 },
			    22);
		p += 20;
		for (uint32_t k = 0; k < n_bytes; k += 2)
			sum += (uint32_t)gre[k] << 8 | gre[k + 1];
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		pkt = pass_one(bed, bed_view(bed, frame, (uint32_t)(p - frame), 0, NULL));
		assert_int_equal(pkt.data[gre - frame + 4] << 8 | pkt.data[gre - frame + 5],
				 ~sum & 0xffff);
		assert_int_equal(bed_count(bed, BP_CNT_CSUM), tagged + 1);
		/* Complete: nothing is changed. */
		memcpy(frame, pkt.data, (size_t)(p - frame));
		pkt = pass_one(bed, bed_view(bed, frame, (uint32_t)(p - frame), 0, NULL));
		assert_memory_equal(pkt.data, frame, (size_t)(p - frame));
		assert_int_equal(bed_count(bed, BP_CNT_CSUM), tagged + 1);
	}
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gre_checksum_is_completed_whatever_is_in_the_tunnel),
		cmocka_unit_test(metadata_completes_the_inner_checksum),
		cmocka_unit_test(inference_completes_the_inner_checksum),
		cmocka_unit_test(inference_leaves_complete_and_unknown_tunnels_alone),
		cmocka_unit_test(inference_completes_the_outer_checksum),
		cmocka_unit_test(datagram_at_a_tunnels_port_is_no_tunnel),
		cmocka_unit_test(vlan_tags_of_any_number_are_passed_over),
		cmocka_unit_test(tunnelled_super_frames_become_exact_segments),
		cmocka_unit_test(tx_that_takes_metadata_gets_tunnelled_super_frames_cut),
		cmocka_unit_test(tx_that_takes_metadata_gets_the_rest_as_it_came),
		cmocka_unit_test(inferred_tunnelled_super_frames_are_cut_to_the_mtu),
		cmocka_unit_test(what_cannot_be_cut_is_dropped_under_a_reason),
		cmocka_unit_test(sctp_gets_its_crc32c),
		cmocka_unit_test(sctp_spans_views_of_any_length),
		cmocka_unit_test(headers_cut_anywhere_are_never_read_beyond),
	};

	return cmocka_run_group_tests_name("offload-tunnels", tests, NULL, NULL);
}
