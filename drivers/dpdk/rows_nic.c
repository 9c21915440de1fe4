/* The model's rows for DPDK poll-mode drivers of network cards. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Read from DPDK's sources of about 22.11, not observed: of these devices only vmxnet3 was ever at
 * hand. A PMD that is in no row of its own leaves the payload where it is. Writing a descriptor is no
 * copy of payload; nor is what cxgbe writes for a virtual function (16 bytes), or ena beyond the size
 * that it pushes whole. Sizes are packets without FCS, and what a device string sets decides the row.
 */
#include "describe.h"

#define NIC_RX(from_, mover_, low, high, source_, why_)                                       \
	.dir = BP_RX, .homes = BP_HOME_MBUF, .n_hops = 1,                                     \
	.hops = { { from_, BP_DOMAIN_USER, .place = "mbuf of the DPDK pool", .mover = mover_, \
		    .user = { low, high }, .user_prov = BP_PROV_MODELLED, .source = source_,  \
		    .why = why_ } }

#define NIC_TX(mover_, low, high, source_, why_)                                             \
	.dir = BP_TX, .homes = BP_HOME_MBUF, .home_place = "mbuf of the DPDK pool",          \
	.home_domain = BP_DOMAIN_USER, .n_hops = 1,                                          \
	.hops = { { BP_DOMAIN_USER, BP_DOMAIN_DEVICE, .place = "the wire", .mover = mover_,  \
		    .user = { low, high }, .user_prov = BP_PROV_MODELLED, .source = source_, \
		    .why = why_ } }

/* 1 up to max_ bytes, 0 beyond. */
#define NIC_RX_UP_TO(from_, mover_, max_, source_, why_)                                      \
	.dir = BP_RX, .homes = BP_HOME_MBUF, .n_hops = 1,                                     \
	.hops = { { from_, BP_DOMAIN_USER, .place = "mbuf of the DPDK pool", .mover = mover_, \
		    .user = { 0, 1 }, .user_hi_bytes = max_, .decider = BP_BY_SIZE,           \
		    .user_prov = BP_PROV_MODELLED, .source = source_, .why = why_ } }

#define NIC_TX_UP_TO(mover_, max_, source_, why_)                                           \
	.dir = BP_TX, .homes = BP_HOME_MBUF, .home_place = "mbuf of the DPDK pool",         \
	.home_domain = BP_DOMAIN_USER, .n_hops = 1,                                         \
	.hops = { { BP_DOMAIN_USER, BP_DOMAIN_DEVICE, .place = "the wire", .mover = mover_, \
		    .user = { 0, 1 }, .user_hi_bytes = max_, .decider = BP_BY_SIZE,         \
		    .user_prov = BP_PROV_MODELLED, .source = source_, .why = why_ } }

/* 0 or 1, at any size. */
#define NIC_RX_BY_DEVICE(mover_, source_, why_)                                         \
	.dir = BP_RX, .homes = BP_HOME_MBUF, .n_hops = 1,                               \
	.hops = { { BP_DOMAIN_DEVICE, BP_DOMAIN_USER, .place = "mbuf of the DPDK pool", \
		    .mover = mover_, .user = { 0, 1 }, .decider = BP_BY_DEVICE,         \
		    .user_prov = BP_PROV_MODELLED, .source = source_, .why = why_ } }

#define NIC_TX_BY_DEVICE(mover_, source_, why_)                                               \
	.dir = BP_TX, .homes = BP_HOME_MBUF, .home_place = "mbuf of the DPDK pool",           \
	.home_domain = BP_DOMAIN_USER, .n_hops = 1,                                           \
	.hops = { { BP_DOMAIN_USER, BP_DOMAIN_DEVICE, .place = "the wire", .mover = mover_,   \
		    .user = { 0, 1 }, .decider = BP_BY_DEVICE, .user_prov = BP_PROV_MODELLED, \
		    .source = source_, .why = why_ } }

static const char vmxnet3_c[] = "dpdk/drivers/net/vmxnet3/vmxnet3_rxtx.c";
static const char netvsc_c[] = "dpdk/drivers/net/netvsc/hn_rxtx.c";
static const char gve_rx_c[] = "dpdk/drivers/net/gve/gve_rx.c";
static const char gve_tx_c[] = "dpdk/drivers/net/gve/gve_tx.c";
static const char ena_c[] = "dpdk/drivers/net/ena/ena_ethdev.c";
static const char mlx5_c[] = "dpdk/drivers/net/mlx5/mlx5_txq.c";
static const char avp_c[] = "dpdk/drivers/net/avp/avp_ethdev.c";

const struct bp_model_row dpdk_rows_nic[] = {
	{ .is_pci = true,
	  .pmd = "net_vmxnet3",
	  NIC_RX_UP_TO(BP_DOMAIN_DEVICE, "DMA, or vmxnet3_recv_pkts", 128, vmxnet3_c,
		       "1 up to 128 bytes on devices of version 3 or later (data ring), else 0") },
	{ .is_pci = true,
	  .pmd = "net_vmxnet3",
	  NIC_TX_UP_TO("DMA, or vmxnet3_xmit_pkts", 128, vmxnet3_c,
		       "1 up to 128 bytes in one segment (data ring; version 3 may offer more), "
		       "else 0") },
	{ .pmd = "net_netvsc",
	  .words = "rx_extmbuf_enable=1 !rx_copybreak=",
	  NIC_RX_UP_TO(BP_DOMAIN_SHARED, "hn_rxpkt", 256, netvsc_c,
		       "1 up to 256 bytes (rx_copybreak), 0 beyond while half of the host's "
		       "buffer is free") },
	{ .pmd = "net_netvsc",
	  .words = "rx_extmbuf_enable=1",
	  NIC_RX_UP_TO(BP_DOMAIN_SHARED, "hn_rxpkt", 0, netvsc_c,
		       "1 up to rx_copybreak, 0 beyond while half of the host's buffer is free") },
	{ .pmd = "net_netvsc",
	  NIC_RX(BP_DOMAIN_SHARED, "hn_rxpkt", 1, 1, netvsc_c,
		 "out of the host's buffer, at any size (rx_extmbuf_enable=0)") },
	{ .pmd = "net_netvsc",
	  .words = "!tx_copybreak=",
	  NIC_TX_UP_TO("hn_append_to_chim, or DMA", 512, netvsc_c,
		       "1 up to 512 bytes (tx_copybreak), else 0; 0 while a VF carries the "
		       "traffic") },
	{ .pmd = "net_netvsc",
	  NIC_TX_UP_TO("hn_append_to_chim, or DMA", 0, netvsc_c,
		       "1 up to tx_copybreak, else 0; 0 while a VF carries the traffic") },
	{ .is_pci = true,
	  .pmd = "net_gve",
	  NIC_RX_BY_DEVICE("DMA, or gve_rx_burst", gve_rx_c,
			   "1 at any size where the device wants queue page lists, else 0") },
	{ .is_pci = true,
	  .pmd = "net_gve",
	  NIC_TX_BY_DEVICE("DMA, or gve_tx_burst", gve_tx_c,
			   "1 at any size where the device wants queue page lists, else 0") },
	{ .is_pci = true,
	  .pmd = "net_avp",
	  NIC_RX(BP_DOMAIN_SHARED, "avp_recv_pkts", 1, 1, avp_c,
		 "out of the host's buffers, at any size") },
	{ .is_pci = true,
	  .pmd = "net_avp",
	  NIC_TX("avp_xmit_pkts", 1, 1, avp_c, "into the host's buffers, at any size") },
	{ .is_pci = true,
	  .pmd = "net_ena",
	  .words = "large_llq_hdr=1",
	  NIC_TX_UP_TO("DMA, or eth_ena_xmit_pkts", 224, ena_c,
		       "1 up to 224 bytes with a low-latency queue, else 0") },
	{ .is_pci = true,
	  .pmd = "net_ena",
	  NIC_TX_UP_TO(
		  "DMA, or eth_ena_xmit_pkts", 96, ena_c,
		  "1 up to 96 bytes (large_llq_hdr=1: 224) with a low-latency queue, else 0") },
	{ .is_pci = true,
	  .pmd = "mlx5",
	  .words = "mprq_en=1",
	  NIC_RX_UP_TO(
		  BP_DOMAIN_DEVICE, "DMA, or mprq_buf_to_pkt", 128,
		  "dpdk/drivers/net/mlx5/mlx5_rx.h",
		  "with rxqs_min_mprq RX queues (12) 1 up to 128 bytes (mprq_max_memcpy_len), else "
		  "0") },
	{ .is_pci = true,
	  .pmd = "mlx5",
	  .words = "!txqs_min_inline=",
	  .below_txqs = 8,
	  NIC_TX("DMA", 0, 0, mlx5_c,
		 "fewer TX queues than txqs_min_inline (8): nothing is inlined, but headers where "
		 "the NIC demands it") },
	{ .is_pci = true,
	  .pmd = "mlx5",
	  NIC_TX_UP_TO("DMA, or mlx5 inlining", 268, mlx5_c,
		       "where there are txqs_min_inline TX queues (8; BlueField: 16) 1 up to 268 "
		       "bytes (txq_inline_mpw), without multi-packet descriptors up to 290 "
		       "(txq_inline_max), else 0") },
	{ .is_pci = true,
	  NIC_RX(BP_DOMAIN_DEVICE, "DMA", 0, 0, "the PMD of the device",
		 "the device writes the mbuf itself; the kernel sees nothing") },
	{ .is_pci = true,
	  NIC_TX("DMA", 0, 0, "the PMD of the device",
		 "the device reads the mbuf itself; the kernel sees nothing") },
	{ .n_hops = 0 },
};
