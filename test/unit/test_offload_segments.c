/* Segmentation of super-frames, bit by bit against segments built without it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload_check.h"

/* The segment of super that begins `done` bytes into its payload, built from scratch. */
static void build_wanted(const struct fb_spec *super, uint32_t mss, uint32_t done, unsigned seg_id)
{
	struct fb_spec spec = *super;
	uint32_t left = super->payload_bytes - done;

	spec.payload_from += done;
	spec.payload_bytes = left < mss ? left : mss;
	spec.seq += done;
	spec.ip_id = (uint16_t)(spec.ip_id + seg_id);
	if (done)
		spec.tcp_flags &= (uint8_t)~TCP_CWR;
	if (left > mss)
		spec.tcp_flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	spec.csum = super->csum == FB_ZERO ? FB_ZERO : FB_FULL;
	spec.padding = 0;
	fb_build(&want, &spec);
}

/* Take everything out, compare each segment with one built from scratch, give it back. */
static unsigned check_segments(struct bed *bed, const struct fb_spec *super, uint32_t mss,
			       uint8_t n_copies)
{
	static uint8_t bytes[FRAME_BYTES_MAX];
	struct bp_pkt *out, whole;
	unsigned n, n_segs = 0;

	while ((n = bp_offload_next(bed->o, &out))) {
		for (unsigned i = 0, n_views; i < n; i += n_views, n_segs++) {
			n_views = bp_pkt_n_views(&out[i], n - i);
			whole = out[i];
			whole.data = bytes;
			whole.len = 0;
			for (unsigned v = i; v < i + n_views; v++) {
				assert_true(out[v].len > 0);
				memcpy(bytes + whole.len, out[v].data, out[v].len);
				whole.len += out[v].len;
			}
			build_wanted(super, mss, n_segs * mss, n_segs);
			assert_view(&whole, &want);
			assert_int_equal(out[i].flags, n_views > 1 ? BP_PKT_MORE : 0);
			assert_int_equal(whole.copies, n_copies);
		}
		assert_false(out[n - 1].flags & BP_PKT_MORE);
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

/* A packet of this kind through a path to such a port: cut, or on its way as it came. */
static void check_virtio(const struct fb_spec *spec, uint8_t gso_type, uint32_t tx_caps,
			 bool is_cut)
{
	struct bed *bed = bed_open(256, 0, BP_CAP_VNET_TX | tx_caps, 1500);
	struct bp_vnet_hdr meta;
	struct bp_pkt pkt, in[1];

	fb_build(&input, spec);
	meta = meta_of(&input, gso_type, gso_type == BP_VNET_GSO_NONE ? 0 : 1400);
	pkt = bed_view(bed, input.bytes, input.len, 0, &meta);
	if (is_cut) {
		in[0] = pkt;
		bp_offload_begin(bed->o, in, 1);
		assert_int_equal(check_segments(bed, spec, 1400, 1), 3);
	} else {
		pkt = pass_one(bed, pkt);
		assert_int_equal(pkt.flags, BP_PKT_VNET);
		assert_memory_equal(pkt.data - BP_VNET_BYTES, &meta, sizeof(meta));
		assert_view(&pkt, &input);
	}
	assert_int_equal(bed_count(bed, BP_CNT_CSUM), 0);
	assert_int_equal(bed_count(bed, BP_CNT_GSO_PKTS), is_cut);
	bed_close(bed);
}

static void super_frames_that_tx_does_not_take_are_cut(void **state)
{
	struct fb_spec tcp = { .payload_bytes = 4000, .csum = FB_PARTIAL };
	struct fb_spec udp = { .payload_bytes = 4000, .is_udp = true, .csum = FB_PARTIAL };

	(void)state;
	check_virtio(&tcp, BP_VNET_GSO_TCPV4, BP_CAP_NO_TCP_GSO_TX, true);
	check_virtio(&udp, BP_VNET_GSO_UDP_L4, BP_CAP_NO_TCP_GSO_TX, false);
	check_virtio(&tcp, BP_VNET_GSO_TCPV4, BP_CAP_NO_UDP_GSO, false);
	check_virtio(&udp, BP_VNET_GSO_UDP_L4, BP_CAP_NO_UDP_GSO, true);
	tcp.payload_bytes = udp.payload_bytes = 1000;
	check_virtio(&tcp, BP_VNET_GSO_NONE, BP_CAP_NO_TCP_GSO_TX | BP_CAP_NO_UDP_GSO, false);
	check_virtio(&udp, BP_VNET_GSO_NONE, BP_CAP_NO_TCP_GSO_TX | BP_CAP_NO_UDP_GSO, false);
}

static void inferred_super_frames_that_tx_does_not_take_are_cut(void **state)
{
	struct fb_spec spec = { .payload_bytes = 4000, .csum = FB_PARTIAL };
	struct bed *bed = bed_open(256, AF_XDP_LIKE, BP_CAP_VNET_TX | BP_CAP_NO_TCP_GSO_TX, 1500);
	struct bp_pkt in[1];

	(void)state;
	fb_build(&input, &spec);
	in[0] = bed_view(bed, input.bytes, input.len, 256, NULL);
	bp_offload_begin(bed->o, in, 1);
	assert_int_equal(check_segments(bed, &spec, 1460, 1), 3);
	bed_close(bed);
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

/* 2048-byte frames, jumbo segments: five views each, where TX takes packets of several views. */
static void jumbo_segments_take_several_frames(void **state)
{
	struct fb_spec spec = { .payload_bytes = 62000,
				.tcp_option_bytes = 12,
				.tcp_flags = TCP_ACK | TCP_PSH,
				.csum = FB_PARTIAL };
	static const uint32_t MSS[] = { 8948, 1792 - 66, 1792 - 65, 2 * 1792 - 66 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct bed *bed = bed_open(64, 0, BP_CAP_MULTI_TX, 9000);
		struct bp_pkt in[BP_BURST_MAX];
		struct bp_vnet_hdr meta;
		unsigned n;

		fb_build(&input, &spec);
		meta = meta_of(&input, BP_VNET_GSO_TCPV4, (uint16_t)MSS[i]);
		n = bed_chain(bed, in, input.bytes, input.len, 4000, &meta);
		bp_offload_begin(bed->o, in, n);
		assert_int_equal(check_segments(bed, &spec, MSS[i], 1),
				 (spec.payload_bytes + MSS[i] - 1) / MSS[i]);
		assert_int_equal(bed_count(bed, BP_CNT_COPY_BYTES), spec.payload_bytes);
		assert_int_equal(bp_counters_drops(&bed->counters), 0);
		assert_int_equal(bp_frames_n_free(bed->frames), 64);
		bed_close(bed);
	}
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

/* ---- into frames of the TX port's own ---------------------------------------------------------- */

/* One copy of each payload byte, none of it in the arena; `room` bytes may hold less than the MSS. */
static void check_own_frames(uint32_t room, uint32_t tx_caps, uint16_t gso_size, uint32_t mss)
{
	struct fb_spec spec = { .payload_bytes = 62000,
				.tcp_option_bytes = 12,
				.tcp_flags = TCP_ACK | TCP_PSH,
				.csum = FB_PARTIAL };
	struct own_pool own = own_pool(room, 40);
	struct bed *bed = bed_open(64, 0, tx_caps, 9000);
	struct bp_pkt in[BP_BURST_MAX], *out;
	struct bp_vnet_hdr meta;
	unsigned n, n_segs = (spec.payload_bytes + mss - 1) / mss;

	bed->tx_pool = &own.pool;
	assert_true(bed_bind(bed, 0, tx_caps, 9000));
	fb_build(&input, &spec);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, gso_size);
	n = bed_chain(bed, in, input.bytes, input.len, 4000, &meta);
	bp_offload_begin(bed->o, in, n);
	assert_int_equal(check_segments(bed, &spec, mss, 1), n_segs);
	assert_int_equal(bed_count(bed, BP_CNT_COPIES), n_segs);
	assert_int_equal(bed_count(bed, BP_CNT_COPY_BYTES), spec.payload_bytes);
	assert_int_equal(bp_counters_drops(&bed->counters), 0);
	assert_int_equal(bp_offload_next(bed->o, &out), 0);
	assert_int_equal(own.n_free, 40);
	assert_int_equal(bp_frames_n_free(bed->frames), 64);
	bed_close(bed);
}

static void segments_are_made_in_the_tx_ports_own_frames(void **state)
{
	(void)state;
	check_own_frames(9024, 0, 8948, 8948);
	check_own_frames(9024, 0, 1448, 1448);
	/* Smaller than what is asked for: chains where TX takes them, else smaller segments. */
	check_own_frames(2048, BP_CAP_MULTI_TX, 8948, 8948);
	check_own_frames(2048, 0, 8948, 2048 - 66);
}

/* Every view handed out is one of them, and when they are used up the arena does not help out. */
static void own_frames_that_run_out_are_a_named_drop(void **state)
{
	struct fb_spec spec = { .payload_bytes = 14480, .csum = FB_PARTIAL };
	struct own_pool own = own_pool(2048, 4);
	struct bed *bed = bed_open(64, 0, 0, 1500);
	struct bp_pkt in, kept[4], *out;
	struct bp_vnet_hdr meta;

	(void)state;
	bed->tx_pool = &own.pool;
	assert_true(bed_bind(bed, 0, 0, 1500));
	fb_build(&input, &spec);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 1448);
	in = bed_view(bed, input.bytes, input.len, 0, &meta);
	bp_offload_begin(bed->o, &in, 1);
	assert_int_equal(bp_offload_next(bed->o, &out), 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_ptr_equal(out[i].pool, &own.pool);
		assert_int_equal(out[i].copies, 1);
		kept[i] = out[i];
	}
	assert_int_equal(bp_offload_next(bed->o, &out), 0);
	assert_int_equal(bed_count(bed, BP_CNT_GSO_SEGS), 5);
	assert_int_equal(bed_count(bed, BP_DROP_TX_NO_MEM), 1);
	assert_int_equal(bed->n_puts[0], 1);
	assert_int_equal(bp_frames_n_free(bed->frames), 64);
	bp_pool_put(0, kept, 4);
	assert_int_equal(own.n_free, 4);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_super_frames_become_exact_segments),
		cmocka_unit_test(super_frames_that_tx_does_not_take_are_cut),
		cmocka_unit_test(inferred_super_frames_that_tx_does_not_take_are_cut),
		cmocka_unit_test(tcp6_super_frames_become_exact_segments),
		cmocka_unit_test(udp_super_frames_become_exact_datagrams),
		cmocka_unit_test(segments_come_out_of_chains),
		cmocka_unit_test(inferred_super_frames_are_cut_to_the_mtu),
		cmocka_unit_test(full_size_tagged_frame_is_not_cut),
		cmocka_unit_test(long_frame_with_complete_checksum_is_left_to_tx),
		cmocka_unit_test(mss_is_lowered_to_what_tx_carries),
		cmocka_unit_test(jumbo_segments_take_several_frames),
		cmocka_unit_test(super_frame_that_fits_one_segment_is_completed_in_place),
		cmocka_unit_test(malicious_super_frames_are_dropped_under_a_reason),
		cmocka_unit_test(header_length_of_metadata_is_not_trusted),
		cmocka_unit_test(running_out_of_frames_keeps_the_account_exact),
		cmocka_unit_test(few_frames_are_enough_if_tx_gives_them_back),
		cmocka_unit_test(segments_are_made_in_the_tx_ports_own_frames),
		cmocka_unit_test(own_frames_that_run_out_are_a_named_drop),
	};

	return cmocka_run_group_tests_name("offload-segments", tests, NULL, NULL);
}
