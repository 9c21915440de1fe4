/* The model's rows for DPDK poll-mode drivers of network cards. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Read from DPDK's sources of about 22.11, not observed: of these devices only vmxnet3 was ever at
 * hand. A PMD that is in no row of its own leaves the payload where it is. Writing a descriptor is no
 * copy of payload; nor is what cxgbe writes for a virtual function (16 bytes), or ena beyond the size
 * that it pushes whole. Sizes are packets without FCS.
 */
#include "describe.h"

#define NIC_RX(from_, to_place, mover_, low, high, source_, why_)                            \
	.dir = BP_RX, .homes = BP_HOME_MBUF, .n_hops = 1,                                    \
	.hops = { { from_, BP_DOMAIN_USER, .place = to_place, .mover = mover_,               \
		    .user = { low, high }, .user_prov = BP_PROV_MODELLED, .source = source_, \
		    .why = why_ } }

#define NIC_TX(mover_, low, high, source_, why_)                                             \
	.dir = BP_TX, .homes = BP_HOME_MBUF, .home_place = "mbuf of the DPDK pool",          \
	.home_domain = BP_DOMAIN_USER, .n_hops = 1,                                          \
	.hops = { { BP_DOMAIN_USER, BP_DOMAIN_DEVICE, .place = "the wire", .mover = mover_,  \
		    .user = { low, high }, .user_prov = BP_PROV_MODELLED, .source = source_, \
		    .why = why_ } }

static const char mbuf[] = "mbuf of the DPDK pool";
static const char vmxnet3_c[] = "dpdk/drivers/net/vmxnet3/vmxnet3_rxtx.c";
static const char netvsc_c[] = "dpdk/drivers/net/netvsc/hn_rxtx.c";
static const char gve_rx_c[] = "dpdk/drivers/net/gve/gve_rx.c";
static const char gve_tx_c[] = "dpdk/drivers/net/gve/gve_tx.c";
static const char avp_c[] = "dpdk/drivers/net/avp/avp_ethdev.c";

const struct bp_model_row dpdk_rows_nic[] = {
	{ .is_pci = true,
	  .pmd = "net_vmxnet3",
	  NIC_RX(BP_DOMAIN_DEVICE, mbuf, "DMA, or vmxnet3_recv_pkts", 0, 1, vmxnet3_c,
		 "1 up to 128 bytes on devices of version 3 or later (data ring), else 0") },
	{ .is_pci = true,
	  .pmd = "net_vmxnet3",
	  NIC_TX("DMA, or vmxnet3_xmit_pkts", 0, 1, vmxnet3_c,
		 "1 up to 128 bytes in one segment (data ring; version 3 may offer more), else 0") },
	{ .pmd = "net_netvsc",
	  NIC_RX(BP_DOMAIN_SHARED, mbuf, "hn_rxpkt", 0, 1, netvsc_c,
		 "1, but 0 above 256 bytes (rx_copybreak) with rx_extmbuf_enable=1") },
	{ .pmd = "net_netvsc",
	  NIC_TX("hn_append_to_chim, or DMA", 0, 1, netvsc_c,
		 "1 up to 512 bytes (tx_copybreak), else 0; 0 while a VF carries the traffic") },
	{ .is_pci = true,
	  .pmd = "net_gve",
	  NIC_RX(BP_DOMAIN_DEVICE, mbuf, "DMA, or gve_rx_burst", 0, 1, gve_rx_c,
		 "1 at any size where the device wants queue page lists, else 0") },
	{ .is_pci = true,
	  .pmd = "net_gve",
	  NIC_TX("DMA, or gve_tx_burst", 0, 1, gve_tx_c,
		 "1 at any size where the device wants queue page lists, else 0") },
	{ .is_pci = true,
	  .pmd = "net_avp",
	  NIC_RX(BP_DOMAIN_SHARED, mbuf, "avp_recv_pkts", 1, 1, avp_c,
		 "out of the host's buffers, at any size") },
	{ .is_pci = true,
	  .pmd = "net_avp",
	  NIC_TX("avp_xmit_pkts", 1, 1, avp_c, "into the host's buffers, at any size") },
	{ .is_pci = true,
	  .pmd = "net_ena",
	  NIC_TX("DMA, or eth_ena_xmit_pkts", 0, 1, "dpdk/drivers/net/ena/ena_ethdev.c",
		 "1 up to 96 bytes (large_llq_hdr=1: 224) with a low-latency queue, else 0") },
	{ .is_pci = true,
	  .pmd = "mlx5",
	  NIC_TX("DMA, or mlx5 inlining", 0, 1, "dpdk/drivers/net/mlx5",
		 "1 up to 290 bytes (txq_inline_max) where queues inline (txqs_min_inline), else 0") },
	{ .is_pci = true,
	  NIC_RX(BP_DOMAIN_DEVICE, mbuf, "DMA", 0, 0, "the PMD of the device",
		 "the device writes the mbuf itself; the kernel sees nothing") },
	{ .is_pci = true,
	  NIC_TX("DMA", 0, 0, "the PMD of the device",
		 "the device reads the mbuf itself; the kernel sees nothing") },
	{ .n_hops = 0 },
};
