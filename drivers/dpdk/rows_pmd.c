/* The model's rows for DPDK poll-mode drivers without a device of their own. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Read from DPDK 22.11, and from Linux 6.18 below the PMDs that go through the kernel. Copies that
 * a PMD makes are user copies of provenance `modelled`: the PMD does not tell.
 */
#include "describe.h"

#define HOME_MBUF \
	.homes = BP_HOME_MBUF, .home_place = "mbuf of the DPDK pool", .home_domain = BP_DOMAIN_USER

#define PMD_COPY(low, high) .user = { low, high }, .user_prov = BP_PROV_MODELLED

/* net_af_xdp: hops of the kernel, as af_xdp's own; then, or before, the PMD's. Its program takes no fragments. */
#define XSK_RX .dir = BP_RX, HOME_MBUF, .n_hops = 2
#define XSK_RX_COPY(why_, ...)                                                         \
	{                                                                              \
		BP_DOMAIN_KERNEL, BP_DOMAIN_SHARED,                                    \
			.place = "frame of the UMEM", .copiers = { "__xsk_rcv" },      \
			.kernel = { 1, 1 }, .rate = BP_CALL_ON_WAKEUP, .call = "poll", \
			.source = af_xdp_c, .why = why_, __VA_ARGS__                   \
	}
#define XSK_RX_ANY(high, why_, ...)                                                         \
	{                                                                                   \
		BP_DOMAIN_KERNEL, BP_DOMAIN_SHARED,                                         \
			.place = "frame of the UMEM", .mover = "DMA, or a copy",            \
			.copiers = { __VA_ARGS__ }, .kernel = { 0, high },                  \
			.decider = BP_BY_DEVICE, .rate = BP_CALL_ON_WAKEUP, .call = "poll", \
			.source = af_xdp_c, .why = why_                                     \
	}
#define XSK_RX_UMEM                                                                        \
	{                                                                                  \
		BP_DOMAIN_SHARED, BP_DOMAIN_USER,                                          \
			.place = "mbuf of the DPDK pool", .mover = "af_xdp_rx_zc",         \
			.user_prov = BP_PROV_MODELLED, .source = af_xdp_c,                 \
			.why = "the PMD's UMEM is its mempool (unaligned chunks): no copy" \
	}
#define XSK_TX .dir = BP_TX, HOME_MBUF, .n_hops = 2
#define XSK_TX_UMEM                                                                              \
	{                                                                                        \
		BP_DOMAIN_USER, BP_DOMAIN_SHARED,                                                \
			.place = "frame of the UMEM", .mover = "af_xdp_tx_zc", PMD_COPY(0, 1),   \
			.decider = BP_BY_POOL, .source = af_xdp_c,                               \
			.why = "0 for mbufs of the port's own pool, its UMEM; 1 for those that " \
			       "another dpdk port received"                                      \
	}
#define XSK_TX_COPY                                                                    \
	{                                                                              \
		BP_DOMAIN_SHARED, BP_DOMAIN_KERNEL,                                    \
			.place = "skb", .mover = "__xsk_generic_xmit",                 \
			.copiers = { "skb_store_bits" }, .kernel = { 1, 1 },           \
			.rate = BP_CALL_PER_BATCH, .call = "send", .source = af_xdp_c, \
			.why = "copy mode builds an skb from each frame"               \
	}
#define XSK_TX_ANY                                                                                               \
	{                                                                                                        \
		BP_DOMAIN_SHARED, BP_DOMAIN_KERNEL,                                                              \
			.place = "device's ring or an skb", .mover = "DMA, or __xsk_generic_xmit",               \
			.copiers = { "skb_store_bits" }, .kernel = { 0, 1 },                                     \
			.decider = BP_BY_DEVICE, .rate = BP_CALL_PER_BATCH, .call = "send",                      \
			.source = af_xdp_c,                                                                      \
			.why = "0 where the bind got zero-copy, or on virtio_net, else 1: the PMD does not tell" \
	}

static const char to_umem[] = "from the page that the program ran on into the UMEM";
static const char af_packet_c[] = "dpdk/drivers/net/af_packet linux/net/packet/af_packet.c";
static const char af_xdp_c[] = "dpdk/drivers/net/af_xdp linux/net/xdp/xsk.c";
static const char memif_c[] = "dpdk/drivers/net/memif";
static const char vhost_c[] = "dpdk/lib/vhost";
static const char virtio_user_c[] = "dpdk/drivers/net/virtio";
static const char vhost_net_c[] = "linux/drivers/vhost/net.c";
static const char tap_c[] = "dpdk/drivers/net/tap linux/drivers/net/tun.c";
static const char pcap_c[] = "dpdk/drivers/net/pcap";

const struct bp_model_row dpdk_rows_pmd[] = {
	{
		.dir = BP_RX,
		.pmd = "net_af_packet",
		HOME_MBUF,
		.device_hop = BP_DEVICE_HOP_SKB,
		.n_hops = 2,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_SHARED, .place = "slot of the RX ring",
			    .mover = "tpacket_rcv", .copiers = { "skb_copy_bits" },
			    .kernel = { 1, 1 }, .source = af_packet_c,
			    .why = "softirq fills the mapped ring" },
			  { BP_DOMAIN_SHARED, BP_DOMAIN_USER, .place = "mbuf of the DPDK pool",
			    .mover = "eth_af_packet_rx", PMD_COPY(1, 1), .source = af_packet_c,
			    .why = "the PMD copies each packet out of its ring" } },
	},
	{
		.dir = BP_TX,
		.pmd = "net_af_packet",
		HOME_MBUF,
		.device_hop = BP_DEVICE_HOP_PAGES,
		.n_hops = 2,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_SHARED, .place = "slot of the TX ring",
			    .mover = "eth_af_packet_tx", PMD_COPY(1, 1), .source = af_packet_c,
			    .why = "the PMD copies each packet into its ring" },
			  { BP_DOMAIN_SHARED, BP_DOMAIN_KERNEL, .place = "skb with ring pages",
			    .mover = "packet_sendmsg", .rate = BP_CALL_PER_BATCH, .call = "sendto",
			    .source = af_packet_c,
			    .why = "attaches the ring's pages; poll(-1) blocks if the ring is full" } },
	},
	/* Which of the modes the PMD got it does not tell: it asks for the best that the interface offers. */
	{ .pmd = "net_af_xdp",
	  XSK_RX,
	  .words = "xdp:generic",
	  .device_hop = BP_DEVICE_HOP_XDP_GENERIC,
	  .hops = { XSK_RX_COPY("generic XDP redirects the skb; the socket copies it", ),
		    XSK_RX_UMEM } },
	{ .pmd = "net_af_xdp",
	  XSK_RX,
	  .words = "xdp:native",
	  .kinds = BP_ON(VETH),
	  .device_hop = BP_DEVICE_HOP_XDP_NATIVE,
	  .hops = { XSK_RX_COPY("veth has no zero-copy: the socket copies into the UMEM",
				.is_lack = true),
		    XSK_RX_UMEM } },
	{ .pmd = "net_af_xdp",
	  XSK_RX,
	  .words = "xdp:native",
	  .device_hop = BP_DEVICE_HOP_XDP_NATIVE,
	  .hops = { XSK_RX_COPY(to_umem, ), XSK_RX_UMEM } },
	{ .pmd = "net_af_xdp",
	  XSK_RX,
	  .words = "xdp:zerocopy force_copy=1",
	  .device_hop = BP_DEVICE_HOP_XDP_NATIVE,
	  .hops = { XSK_RX_COPY(to_umem, ), XSK_RX_UMEM } },
	{ .pmd = "net_af_xdp",
	  XSK_RX,
	  .words = "xdp:zerocopy",
	  .device_hop = BP_DEVICE_HOP_SKB,
	  .hops = { XSK_RX_ANY(1, "0 where the bind got zero-copy, which the driver offers; else 1",
			       "__xsk_rcv"),
		    XSK_RX_UMEM } },
	{ .pmd = "net_af_xdp",
	  XSK_RX,
	  .device_hop = BP_DEVICE_HOP_SKB,
	  .hops = { XSK_RX_ANY(2,
			       "0 zero-copy, 1 native, up to 2 skb mode: it is not known what the "
			       "interface offers",
			       "__xsk_rcv", "pskb_expand_head"),
		    XSK_RX_UMEM } },
	{ .pmd = "net_af_xdp",
	  XSK_TX,
	  .words = "xdp:zerocopy !force_copy=1",
	  .device_hop = BP_DEVICE_HOP_SKB,
	  .hops = { XSK_TX_UMEM, XSK_TX_ANY } },
	{ .pmd = "net_af_xdp",
	  XSK_TX,
	  .kinds = BP_ON(VIRTIO),
	  .device_hop = BP_DEVICE_HOP_PAGES,
	  .hops = { XSK_TX_UMEM,
		    { BP_DOMAIN_SHARED, BP_DOMAIN_KERNEL, .place = "skb with UMEM pages",
		      .mover = "__xsk_generic_xmit", .rate = BP_CALL_PER_BATCH, .call = "send",
		      .source = af_xdp_c,
		      .why = "virtio_net takes skbs without a linear part: pages, no copy" } } },
	{ .pmd = "net_af_xdp",
	  XSK_TX,
	  .words = "xdp:generic|xdp:native|xdp:zerocopy",
	  .device_hop = BP_DEVICE_HOP_SKB,
	  .hops = { XSK_TX_UMEM, XSK_TX_COPY } },
	{ .pmd = "net_af_xdp",
	  XSK_TX,
	  .kinds = BP_ON(VETH) | BP_ON(TAP),
	  .device_hop = BP_DEVICE_HOP_SKB,
	  .hops = { XSK_TX_UMEM, XSK_TX_COPY } },
	{ .pmd = "net_af_xdp",
	  XSK_TX,
	  .device_hop = BP_DEVICE_HOP_SKB,
	  .hops = { XSK_TX_UMEM, XSK_TX_ANY } },
	{
		.dir = BP_RX,
		.pmd = "net_memif",
		HOME_MBUF,
		.words = "client-zerocopy",
		.n_hops = 1,
		.hops = { { BP_DOMAIN_SHARED, BP_DOMAIN_USER, .place = "mbuf that the peer filled",
			    .mover = "eth_memif_rx_zc", .source = memif_c,
			    .why = "the client's mbufs are the region; the server still copies" } },
	},
	{
		.dir = BP_TX,
		.pmd = "net_memif",
		HOME_MBUF,
		.words = "client-zerocopy",
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_SHARED, .place = "mbuf that the peer reads",
			    .mover = "eth_memif_tx_zc", .source = memif_c,
			    .why = "the client's mbufs are the region; the server still copies" } },
	},
	{
		.dir = BP_RX,
		.pmd = "net_memif",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_SHARED, BP_DOMAIN_USER, .place = "mbuf of the DPDK pool",
			    .mover = "eth_memif_rx", PMD_COPY(1, 1), .source = memif_c,
			    .why = "out of the region shared with the other process; no call" } },
	},
	{
		.dir = BP_TX,
		.pmd = "net_memif",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_SHARED, .place = "region of the peer",
			    .mover = "eth_memif_tx", PMD_COPY(1, 1), .source = memif_c,
			    .why = "into the region shared with the other process; no call" } },
	},
	{
		.dir = BP_RX,
		.pmd = "net_virtio_user",
		HOME_MBUF,
		.words = "/dev/vhost-net",
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_USER, .place = "mbuf of the DPDK pool",
			    .mover = "tun_recvmsg", .copiers = { "skb_copy_datagram_iter" },
			    .kernel = { 1, 1 }, .source = vhost_net_c,
			    .why = "the vhost kernel thread copies" } },
	},
	{
		.dir = BP_TX,
		.pmd = "net_virtio_user",
		HOME_MBUF,
		.words = "/dev/vhost-net",
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_KERNEL, .place = "skb",
			    .mover = "tun_sendmsg",
			    .copiers = { "copy_page_from_iter", "skb_copy_datagram_from_iter" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_ON_WAKEUP,
			    .call = "write (eventfd)", .source = vhost_net_c,
			    .why = "the vhost kernel thread copies" } },
	},
	{
		.dir = BP_RX,
		.pmd = "net_virtio_user",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "mbuf that the peer filled",
			    .mover = "virtio_recv_pkts", .source = virtio_user_c,
			    .why = "no copy on this side: the vhost side makes it" } },
	},
	{
		.dir = BP_TX,
		.pmd = "net_virtio_user",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "mbuf that the peer reads",
			    .mover = "virtio_xmit_pkts", .rate = BP_CALL_ON_WAKEUP,
			    .call = "write (eventfd)", .source = virtio_user_c,
			    .why = "no copy on this side; a kick unless the peer suppressed it" } },
	},
	{
		.dir = BP_RX,
		.pmd = "net_vhost",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "mbuf of the DPDK pool",
			    .mover = "rte_vhost_dequeue_burst", PMD_COPY(1, 1), .source = vhost_c,
			    .why = "the vhost side copies out of the guest's memory" } },
	},
	{
		.dir = BP_TX,
		.pmd = "net_vhost",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "memory of the guest",
			    .mover = "rte_vhost_enqueue_burst", PMD_COPY(1, 1),
			    .rate = BP_CALL_ON_WAKEUP, .call = "write (eventfd)", .source = vhost_c,
			    .why = "the vhost side copies into the guest's memory" } },
	},
	{
		.dir = BP_RX,
		.pmd = "net_tap",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_USER, .place = "mbuf of the DPDK pool",
			    .mover = "tun_do_read", .copiers = { "skb_copy_datagram_iter" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_PER_PKT, .call = "readv",
			    .source = tap_c,
			    .why = "what the kernel's own stack sent to this interface" } },
	},
	{
		.dir = BP_TX,
		.pmd = "net_tap",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_KERNEL, .place = "skb",
			    .mover = "tun_get_user",
			    .copiers = { "copy_page_from_iter", "skb_copy_datagram_from_iter" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_PER_PKT, .call = "writev",
			    .source = tap_c,
			    .why = "the kernel's own stack receives the packet" } },
	},
	{
		.dir = BP_RX,
		.pmd = "net_pcap",
		.words = "infinite_rx=1",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "mbuf of the DPDK pool",
			    .mover = "eth_pcap_rx_infinite", PMD_COPY(1, 1), .source = pcap_c,
			    .why = "the file was read at the start; each packet is a copy of it" } },
	},
	{
		.dir = BP_RX,
		.pmd = "net_pcap",
		.words = "rx_pcap=",
		HOME_MBUF,
		.n_hops = 3,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_USER, .place = "stdio's buffer",
			    .mover = "read", .copiers = { "copy_page_to_iter" }, .kernel = { 1, 1 },
			    .rate = BP_CALL_PER_BATCH, .call = "read", .source = pcap_c,
			    .why = "one read fills a buffer that holds many packets" },
			  { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "libpcap's buffer",
			    .mover = "fread", PMD_COPY(1, 1), .source = pcap_c,
			    .why = "libpcap reads each record out of stdio" },
			  { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "mbuf of the DPDK pool",
			    .mover = "eth_pcap_rx", PMD_COPY(1, 1), .source = pcap_c,
			    .why = "the PMD copies each packet into an mbuf" } },
	},
	{
		.dir = BP_RX,
		.pmd = "net_pcap",
		.words = "rx_iface|,iface=",
		HOME_MBUF,
		.device_hop = BP_DEVICE_HOP_SKB,
		.n_hops = 3,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_SHARED, .place = "libpcap's RX ring",
			    .mover = "tpacket_rcv", .copiers = { "skb_copy_bits" },
			    .kernel = { 1, 1 }, .source = pcap_c,
			    .why = "libpcap maps an AF_PACKET ring" },
			  { BP_DOMAIN_SHARED, BP_DOMAIN_USER, .place = "libpcap's buffer",
			    .mover = "pcap_next_ex", PMD_COPY(1, 1), .source = pcap_c,
			    .why = "pcap_next_ex copies out of the ring" },
			  { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "mbuf of the DPDK pool",
			    .mover = "eth_pcap_rx", PMD_COPY(1, 1), .source = pcap_c,
			    .why = "the PMD copies each packet into an mbuf" } },
	},
	{
		.dir = BP_TX,
		.pmd = "net_pcap",
		.words = "tx_pcap=",
		HOME_MBUF,
		.n_hops = 2,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "stdio's buffer",
			    .mover = "pcap_dump → fwrite", PMD_COPY(1, 1), .source = pcap_c,
			    .why = "each record goes into stdio's buffer" },
			  { BP_DOMAIN_USER, BP_DOMAIN_KERNEL, .place = "page cache",
			    .mover = "write",
			    .copiers = { "copy_page_from_iter_atomic",
					 "copy_folio_from_iter_atomic" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_PER_BATCH, .call = "write",
			    .source = pcap_c, .why = "the PMD flushes after each burst" } },
	},
	{
		.dir = BP_TX,
		.pmd = "net_pcap",
		.words = "tx_iface|,iface=",
		HOME_MBUF,
		.device_hop = BP_DEVICE_HOP_SKB,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_KERNEL, .place = "skb",
			    .mover = "packet_sendmsg", .copiers = { "skb_copy_datagram_from_iter" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_PER_PKT,
			    .call = "send (pcap_sendpacket)", .source = pcap_c,
			    .why = "one call per packet" } },
	},
	{
		.dir = BP_RX,
		.pmd = "net_null",
		.words = "!copy=1",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "mbuf of the DPDK pool",
			    .mover = "none", .source = "dpdk/drivers/net/null",
			    .why = "a fresh mbuf whose bytes nobody writes" } },
	},
	{
		.dir = BP_TX,
		.pmd = "net_null",
		.words = "!copy=1",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "the DPDK pool again",
			    .mover = "none", .source = "dpdk/drivers/net/null",
			    .why = "the mbuf is freed, no byte is read" } },
	},
	{
		.dir = BP_RX,
		.pmd = "net_ring",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "where it was put",
			    .mover = "rte_ring", .source = "dpdk/drivers/net/ring",
			    .why = "mbufs pass through, bytes stay where they are" } },
	},
	{
		.dir = BP_TX,
		.pmd = "net_ring",
		HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "where it was put",
			    .mover = "rte_ring", .source = "dpdk/drivers/net/ring",
			    .why = "mbufs pass through, bytes stay where they are" } },
	},
	{ .n_hops = 0 },
};
