/* Offload flags of mbufs against metadata of views, both ways, on frames built without either. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/dpdk/vnet.h"

#include "frame_build.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HEADROOM 128u
#define TCP_CWR  0x80u

static struct fb_frame frame, want;
static uint8_t buffer[HEADROOM + FRAME_BYTES_MAX];
static struct bp_pool pool = { .name = "mbufs" };
static struct dpdk_rxq rq = { .pool = &pool };

/* The frame in one mbuf, as a PMD hands it over. */
static struct rte_mbuf received(const struct fb_spec *spec, uint64_t flags, uint16_t segsz)
{
	struct rte_mbuf m = { .buf_addr = buffer,
			      .data_off = HEADROOM,
			      .nb_segs = 1,
			      .ol_flags = flags,
			      .tso_segsz = segsz };

	fb_build(&frame, spec);
	memcpy(buffer + HEADROOM, frame.bytes, frame.len);
	m.data_len = (uint16_t)frame.len;
	m.pkt_len = frame.len;
	return m;
}

static void check_view(const struct fb_spec *spec, uint64_t flags, uint16_t segsz, uint8_t gso_type)
{
	struct rte_mbuf m = received(spec, flags, segsz);
	struct bp_vnet_hdr meta = { .flags = BP_VNET_F_NEEDS_CSUM,
				    .gso_type = gso_type,
				    .csum_start = (uint16_t)frame.l4,
				    .csum_offset = (uint16_t)(frame.csum - frame.l4) };
	struct bp_pkt pkt = { 0 };

	if (gso_type != BP_VNET_GSO_NONE) {
		meta.gso_size = segsz;
		meta.hdr_len = (uint16_t)frame.payload;
	}
	dpdk_vnet_expand(&pkt, &rq, &m);
	assert_int_equal(pkt.flags, BP_PKT_VNET);
	assert_int_equal(pkt.headroom, HEADROOM - BP_VNET_BYTES);
	assert_int_equal(pkt.len, frame.len);
	assert_memory_equal(pkt.data - BP_VNET_BYTES, &meta, sizeof(meta));
	assert_memory_equal(pkt.data, frame.bytes, frame.len);
	assert_int_equal(m.ol_flags & DPDK_VNET_MARKS, 0);
}

static void received_marks_become_metadata(void **state)
{
	struct fb_spec spec = { .payload_bytes = 500, .csum = FB_PARTIAL, .n_tags = 1 };
	const uint64_t partial = RTE_MBUF_F_RX_L4_CKSUM_NONE;
	const uint64_t super = partial | RTE_MBUF_F_RX_LRO;

	(void)state;
	check_view(&spec, partial, 0, BP_VNET_GSO_NONE);
	spec.is_udp = true;
	check_view(&spec, partial, 0, BP_VNET_GSO_NONE);
	check_view(&spec, RTE_MBUF_F_TX_UDP_CKSUM, 0, BP_VNET_GSO_NONE); /* legacy-ol-flags */
	spec = (struct fb_spec){ .payload_bytes = 30000,
				 .csum = FB_PARTIAL,
				 .ip_option_bytes = 8,
				 .tcp_option_bytes = 12 };
	check_view(&spec, super, 1448, BP_VNET_GSO_TCPV4);
	check_view(&spec, RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM, 1448, BP_VNET_GSO_TCPV4);
	spec.tcp_flags = TCP_CWR;
	check_view(&spec, super, 1448, BP_VNET_GSO_TCPV4 | BP_VNET_GSO_ECN);
	spec.tcp_flags = 0;
	spec.ip_option_bytes = 0;
	spec.is_v6 = true;
	spec.ext_bytes = 16;
	check_view(&spec, super, 1300, BP_VNET_GSO_TCPV6);
}

/* A peer that leaves the length out of a super-frame's sum, as NICs want it. */
static void super_frames_get_the_sum_that_metadata_promises(void **state)
{
	struct fb_spec spec = { .payload_bytes = 30000, .csum = FB_PARTIAL };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct rte_mbuf m =
			received(&spec, RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_NONE, 1448);

		memset(buffer + HEADROOM + frame.csum, 0x5a, 2);
		dpdk_vnet_read(&m);
		assert_memory_equal(buffer + HEADROOM, frame.bytes, frame.len);
		spec.is_v6 = true;
	}
}

static void what_is_neither_tcp_nor_udp_gets_no_metadata(void **state)
{
	struct fb_spec spec = { .payload_bytes = 100, .csum = FB_PARTIAL };
	struct rte_mbuf m = received(&spec, RTE_MBUF_F_RX_L4_CKSUM_NONE, 0);
	struct bp_pkt pkt = { 0 };

	(void)state;
	buffer[HEADROOM + 23] = 132; /* SCTP */
	dpdk_vnet_expand(&pkt, &rq, &m);
	assert_int_equal(pkt.flags, 0);
	assert_int_equal(pkt.headroom, HEADROOM);
	/* Cut off inside its headers. */
	m = received(&spec, RTE_MBUF_F_RX_L4_CKSUM_NONE, 0);
	m.data_len = 40;
	m.pkt_len = 40;
	dpdk_vnet_expand(&pkt, &rq, &m);
	assert_int_equal(pkt.flags, 0);
}

/*
 * A peer that is not to be trusted: extension headers up to the end of the first mbuf, and a TCP header
 * in the next that says it has no length. Nothing behind the first one's data may be written.
 */
static void headers_that_lie_about_their_length_are_left_alone(void **state)
{
	const struct fb_spec spec = { .is_v6 = true, .ext_bytes = 16, .payload_bytes = 3000 };
	const uint64_t super = RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_NONE;
	uint8_t rest[64], behind[64];

	(void)state;
	for (unsigned words = 0; words < 5; words++) {
		struct rte_mbuf m = received(&spec, super, 1448);
		struct rte_mbuf next = { .buf_addr = rest, .data_len = sizeof(rest) };

		memcpy(rest, frame.bytes + frame.l4, sizeof(rest));
		rest[12] = (uint8_t)(words << 4);
		m.next = &next;
		m.nb_segs = 2;
		m.data_len = (uint16_t)frame.l4;
		m.pkt_len = frame.l4 + sizeof(rest);
		memset(buffer + HEADROOM + frame.l4, 0xa5, sizeof(behind));
		memset(behind, 0xa5, sizeof(behind));
		assert_int_equal(dpdk_vnet_read(&m).flags, 0);
		assert_memory_equal(buffer + HEADROOM + frame.l4, behind, sizeof(behind));
	}
}

/* The addresses of an IPv4 header that has no length would be those of what follows. */
static void an_ip_header_without_length_is_left_alone(void **state)
{
	const struct fb_spec spec = { .is_udp = true, .payload_bytes = 500, .csum = FB_PARTIAL };
	struct rte_mbuf m = received(&spec, RTE_MBUF_F_RX_L4_CKSUM_NONE, 0);

	(void)state;
	buffer[HEADROOM + frame.l3] = 0x40;
	assert_int_equal(dpdk_vnet_read(&m).flags, 0);
}

/* What net_virtio_user makes of these flags is what the view said. */
static void check_flags(const struct fb_spec *spec, enum dpdk_kind kind, uint8_t gso_type)
{
	static struct dpdk_port port;
	struct dpdk_txq tq = { .dp = &port };
	struct rte_mbuf m = received(spec, 0, 0);
	struct bp_vnet_hdr meta = { .flags = BP_VNET_F_NEEDS_CSUM,
				    .gso_type = gso_type,
				    .csum_start = (uint16_t)frame.l4,
				    .csum_offset = (uint16_t)(frame.csum - frame.l4) };
	struct bp_pkt pkt = { .data = buffer + HEADROOM, .len = frame.len, .flags = BP_PKT_VNET };
	bool is_super = gso_type != BP_VNET_GSO_NONE;

	port.kind = kind;
	if (is_super) {
		meta.gso_size = 1400;
		meta.hdr_len = (uint16_t)frame.payload;
	}
	memcpy(pkt.data - BP_VNET_BYTES, &meta, sizeof(meta));
	assert_true(dpdk_vnet_can_write(&pkt));
	assert_ptr_equal(dpdk_vnet_write(&tq, &m, &pkt), &m);
	assert_int_equal(m.l2_len + m.l3_len, frame.l4);
	assert_int_equal(m.ol_flags & RTE_MBUF_F_TX_L4_MASK,
			 spec->is_udp ? RTE_MBUF_F_TX_UDP_CKSUM : RTE_MBUF_F_TX_TCP_CKSUM);
	assert_int_equal(!!(m.ol_flags & RTE_MBUF_F_TX_TCP_SEG), is_super);
	if (kind == DPDK_VHOST) { /* it reads the IP header */
		assert_int_equal(m.l2_len, frame.l3);
		assert_int_equal(!!(m.ol_flags & RTE_MBUF_F_TX_IPV6), spec->is_v6);
	}
	if (is_super) {
		assert_int_equal(m.tso_segsz, 1400);
		assert_int_equal(m.l2_len + m.l3_len + m.l4_len, frame.payload);
		assert_int_equal(!!(m.ol_flags & RTE_MBUF_F_TX_IPV6), spec->is_v6);
		assert_int_equal(!!(m.ol_flags & RTE_MBUF_F_TX_IPV4), !spec->is_v6);
	}
	assert_memory_equal(buffer + HEADROOM, frame.bytes, frame.len);
}

static void metadata_becomes_flags_to_send(void **state)
{
	struct fb_spec tcp = { .payload_bytes = 500, .csum = FB_PARTIAL, .n_tags = 2 };
	struct fb_spec udp = { .payload_bytes = 500, .csum = FB_PARTIAL, .is_udp = true };
	struct fb_spec super = { .payload_bytes = 30000,
				 .csum = FB_PARTIAL,
				 .tcp_option_bytes = 12 };

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		tcp.is_v6 = udp.is_v6 = super.is_v6 = v6;
		check_flags(&tcp, DPDK_VIRTIO_USER, BP_VNET_GSO_NONE);
		check_flags(&udp, DPDK_VIRTIO_USER, BP_VNET_GSO_NONE);
		check_flags(&tcp, DPDK_VHOST, BP_VNET_GSO_NONE);
		check_flags(&udp, DPDK_VHOST, BP_VNET_GSO_NONE);
		check_flags(&super, DPDK_VIRTIO_USER, v6 ? BP_VNET_GSO_TCPV6 : BP_VNET_GSO_TCPV4);
	}
}

/* GRO may hand over a super-frame whose checksum is complete; segments start from a partial one. */
static void complete_super_frames_are_sent_with_a_partial_sum(void **state)
{
	static struct dpdk_port port = { .kind = DPDK_VIRTIO_USER };
	struct dpdk_txq tq = { .dp = &port };
	struct fb_spec spec = { .payload_bytes = 30000, .csum = FB_FULL };
	struct rte_mbuf m = received(&spec, 0, 0);
	struct bp_vnet_hdr meta = { .flags = BP_VNET_F_DATA_VALID,
				    .gso_type = BP_VNET_GSO_TCPV4,
				    .gso_size = 1400 };
	struct bp_pkt pkt = { .data = buffer + HEADROOM, .len = frame.len, .flags = BP_PKT_VNET };

	(void)state;
	memcpy(pkt.data - BP_VNET_BYTES, &meta, sizeof(meta));
	assert_ptr_equal(dpdk_vnet_write(&tq, &m, &pkt), &m);
	assert_int_equal(m.l2_len + m.l3_len, frame.l4);
	spec.csum = FB_PARTIAL;
	fb_build(&want, &spec);
	assert_memory_equal(buffer + HEADROOM, want.bytes, want.len);
}

static void metadata_that_has_no_flags_is_refused(void **state)
{
	static const struct bp_vnet_hdr bad[] = {
		{ .flags = 1, .csum_start = 34, .csum_offset = 8 },
		{ .flags = 1, .csum_start = 13, .csum_offset = 16 },
		{ .flags = 1, .csum_start = 900, .csum_offset = 16 },
		{ .flags = 1, .csum_start = 137, .csum_offset = 16 },
		{ .flags = 1, .csum_start = 34, .csum_offset = 16, .gso_type = 1 },
		{ .flags = 1, .csum_start = 34, .csum_offset = 6, .gso_type = 5, .gso_size = 9 },
		{ .flags = 1, .csum_start = 34, .csum_offset = 6, .gso_type = 1, .gso_size = 9 },
	};
	struct bp_pkt pkt = { .data = buffer + HEADROOM, .len = 154, .flags = BP_PKT_VNET };

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(bad); i++) {
		memcpy(pkt.data - BP_VNET_BYTES, &bad[i], BP_VNET_BYTES);
		assert_false(dpdk_vnet_can_write(&pkt));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(received_marks_become_metadata),
		cmocka_unit_test(super_frames_get_the_sum_that_metadata_promises),
		cmocka_unit_test(what_is_neither_tcp_nor_udp_gets_no_metadata),
		cmocka_unit_test(headers_that_lie_about_their_length_are_left_alone),
		cmocka_unit_test(an_ip_header_without_length_is_left_alone),
		cmocka_unit_test(metadata_becomes_flags_to_send),
		cmocka_unit_test(complete_super_frames_are_sent_with_a_partial_sum),
		cmocka_unit_test(metadata_that_has_no_flags_is_refused),
	};

	return cmocka_run_group_tests_name("dpdk-vnet", tests, NULL, NULL);
}
