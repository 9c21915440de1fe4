/* Checks the ledger's model against the figures read from kernel and DPDK sources. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "model_end.h"

#include "../../drivers/af_xdp/describe.h"

#include "ledger/document.h"
#include "ledger/explain.h"
#include "ledger/model.h"
#include "report/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Copies of one side, the hop of the device included. */
struct side_case {
	const char *driver, *device, *mode;
	enum bp_device_kind kind;
	enum bp_direction dir;
	unsigned k_lo, k_hi, u_lo, u_hi, per_batch, per_pkt, on_wakeup;
};

static const struct side_case cases[] = {
	{ "af_packet", "e0", "socket", OTHER, BP_RX, 1, 1, 0, 0, 1, 0, 0 },
	{ "af_packet", "e0", "socket", VETH, BP_RX, 1, 1, 0, 0, 1, 0, 0 },
	{ "af_packet", "e0", "socket", VETH, BP_TX, 1, 1, 0, 0, 1, 0, 0 },
	{ "af_packet", "e0", "mmap-v2+send", VETH, BP_RX, 1, 1, 0, 0, 0, 0, 0 },
	{ "af_packet", "e0", "mmap-v3+ring", OTHER, BP_RX, 1, 1, 0, 0, 0, 0, 0 },
	{ "af_packet", "e0", "mmap-v3+send", VETH, BP_TX, 1, 1, 0, 0, 1, 0, 0 },
	{ "af_packet", "e0", "mmap-v2+ring", VETH, BP_TX, 1, 1, 1, 1, 1, 0, 0 },
	{ "af_packet", "e0", "mmap-v2+ring", TAP, BP_TX, 1, 1, 1, 1, 1, 0, 0 },
	{ "af_packet", "e0", "mmap-v2+ring", VIRTIO, BP_TX, 1, 1, 1, 1, 1, 0, 0 },
	{ "af_packet", "e0", "mmap-v2+ring", OTHER, BP_TX, 1, 1, 1, 1, 1, 0, 0 },
	{ "af_xdp", "e0", "skb-copy", VETH, BP_RX, 1, 2, 0, 0, 0, 0, 0 },
	{ "af_xdp", "e0", "skb-copy", OTHER, BP_TX, 1, 1, 0, 0, 1, 0, 0 },
	{ "af_xdp", "e0", "skb-copy", VIRTIO, BP_TX, 0, 1, 0, 0, 1, 0, 0 },
	{ "af_xdp", "e0", "native-copy", OTHER, BP_RX, 1, 1, 0, 0, 0, 0, 0 },
	{ "af_xdp", "e0", "native-copy", VETH, BP_RX, 1, 2, 0, 0, 0, 0, 0 },
	{ "af_xdp", "e0", "native-copy", VETH, BP_TX, 1, 1, 0, 0, 1, 0, 0 },
	{ "af_xdp", "e0", "native-copy", VIRTIO, BP_RX, 1, 1, 0, 0, 0, 0, 0 },
	{ "af_xdp", "e0", "native-copy", VIRTIO, BP_TX, 0, 1, 0, 0, 1, 0, 0 },
	{ "af_xdp", "e0", "native-zerocopy", OTHER, BP_RX, 0, 0, 0, 0, 0, 0, 1 },
	{ "af_xdp", "e0", "native-zerocopy", OTHER, BP_TX, 0, 0, 0, 0, 0, 0, 1 },
	{ "kernel", "e0", "tc", VETH, BP_RX, 0, 0, 0, 0, 0, 0, 0 },
	{ "kernel", "e0", "xdp-native", VETH, BP_RX, 0, 1, 0, 0, 0, 0, 0 },
	{ "kernel", "e0", "xdp-native", OTHER, BP_RX, 0, 0, 0, 0, 0, 0, 0 },
	{ "xdp_live", "e0", "live-frames", VETH, BP_TX, 0, 0, 0, 0, 0, 0, 0 },
	{ "xdp_live", "e0", "live-frames", OTHER, BP_TX, 0, 0, 0, 0, 0, 0, 0 },
	{ "dpdk", "0000:03:00.1", "pmd", PMD, BP_RX, 0, 0, 0, 0, 0, 0, 0 },
	{ "dpdk", "0000:03:00.1", "pmd", PMD, BP_TX, 0, 0, 0, 0, 0, 0, 0 },
	{ "dpdk", "net_af_packet0,iface=e0", "pmd", VETH, BP_RX, 1, 1, 1, 1, 0, 0, 0 },
	{ "dpdk", "net_af_packet0,iface=e0", "pmd", VETH, BP_TX, 1, 1, 1, 1, 1, 0, 0 },
	{ "dpdk", "net_af_packet0,iface=nix0", "pmd", PMD, BP_TX, 0, 1, 1, 1, 1, 0, 0 },
	/* Not looked at: what it offers to XDP is not known. */
	{ "dpdk", "net_af_xdp0,iface=e0", "pmd", VETH, BP_RX, 0, 2, 0, 0, 0, 0, 1 },
	{ "dpdk", "net_af_xdp0,iface=e0", "pmd", VETH, BP_TX, 1, 1, 0, 0, 1, 0, 0 },
	{ "dpdk", "net_af_xdp0,iface=e0", "pmd", OTHER, BP_TX, 0, 1, 0, 0, 1, 0, 0 },
	{ "dpdk", "net_memif0,role=client", "client", PMD, BP_RX, 0, 0, 1, 1, 0, 0, 0 },
	{ "dpdk", "net_memif0,role=client", "client", PMD, BP_TX, 0, 0, 1, 1, 0, 0, 0 },
	{ "dpdk", "net_memif0,role=client,zero-copy=yes", "client-zerocopy", PMD, BP_RX, 0, 0, 0, 0,
	  0, 0, 0 },
	{ "dpdk", "net_memif0,role=client,zero-copy=yes", "client-zerocopy", PMD, BP_TX, 0, 0, 0, 0,
	  0, 0, 0 },
	{ "dpdk", "net_memif0,role=server,zero-copy=yes", "server", PMD, BP_TX, 0, 0, 1, 1, 0, 0,
	  0 },
	{ "dpdk", "net_virtio_user0,path=/tmp/s", "pmd", PMD, BP_RX, 0, 0, 0, 0, 0, 0, 0 },
	{ "dpdk", "net_virtio_user0,path=/tmp/s", "pmd", PMD, BP_TX, 0, 0, 0, 0, 0, 0, 1 },
	{ "dpdk", "net_vhost0,iface=/tmp/s", "pmd", PMD, BP_RX, 0, 0, 1, 1, 0, 0, 0 },
	{ "dpdk", "net_vhost0,iface=/tmp/s", "pmd", PMD, BP_TX, 0, 0, 1, 1, 0, 0, 1 },
	{ "dpdk", "net_tap0", "pmd", TAP, BP_RX, 1, 1, 0, 0, 0, 1, 0 },
	{ "dpdk", "net_tap0", "pmd", TAP, BP_TX, 1, 1, 0, 0, 0, 1, 0 },
	{ "dpdk", "net_pcap0,iface=e0", "pmd", PMD, BP_RX, 1, 1, 2, 2, 0, 0, 0 },
	{ "dpdk", "net_pcap0,iface=e0", "pmd", PMD, BP_TX, 1, 1, 0, 0, 0, 1, 0 },
	{ "dpdk", "net_pcap0,rx_pcap=a,tx_pcap=b", "pmd", PMD, BP_RX, 1, 1, 2, 2, 1, 0, 0 },
	{ "dpdk", "net_pcap0,rx_pcap=a,tx_pcap=b", "pmd", PMD, BP_TX, 1, 1, 1, 1, 1, 0, 0 },
	{ "dpdk", "net_null0", "pmd", PMD, BP_RX, 0, 0, 0, 0, 0, 0, 0 },
	{ "dpdk", "net_ring0", "pmd", PMD, BP_TX, 0, 0, 0, 0, 0, 0, 0 },
	{ "tap", "t0", "tap", TAP, BP_RX, 1, 1, 0, 0, 0, 1, 0 },
	{ "tap", "t0", "tap", TAP, BP_TX, 1, 1, 0, 0, 0, 1, 0 },
	{ "ring", "r", "ring", NONE, BP_RX, 0, 0, 0, 0, 0, 0, 0 },
	{ "null", "", "null", NONE, BP_TX, 0, 0, 0, 0, 0, 0, 0 },
	{ "pcap", "e0", "live", VETH, BP_RX, 1, 1, 1, 1, 0, 0, 0 },
	{ "pcap", "e0", "live", VETH, BP_TX, 1, 1, 0, 0, 0, 1, 0 },
	{ "pcap", "f", "read", NONE, BP_RX, 1, 1, 2, 2, 1, 0, 0 },
	{ "pcap", "f", "write", NONE, BP_TX, 1, 1, 0, 0, 1, 0, 0 },
};

/* Any sink, any source: with null on the other side the path's sums are this side's. null makes frames where
 * the other side sends them from. */
static void path_of_case(const struct side_case *c, struct bp_model_path *path)
{
	struct bp_port_conf conf = conf_of(c->driver, c->device), null = conf_of("null", "");
	struct bp_port_info info = info_of(c->device, c->mode, c->kind);
	struct bp_port_info null_info = info_of("", "null", NONE);
	struct bp_model_end end = { .conf = &conf, .info = &info };
	struct bp_model_end other = { .conf = &null, .info = &null_info };

	if (c->dir == BP_RX)
		bp_model_path(&end, &other, path);
	else
		bp_model_path(&other, &end, path);
}

static void each_side_has_the_figures_of_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct side_case *c = &cases[i];
		struct bp_model_path path;

		path_of_case(c, &path);
		if (!path.is_modelled || path.kernel.lo != c->k_lo || path.kernel.hi != c->k_hi ||
		    path.user.lo != c->u_lo || path.user.hi != c->u_hi ||
		    path.n_calls_per_batch != c->per_batch || path.n_calls_per_pkt != c->per_pkt ||
		    path.n_calls_on_wakeup != c->on_wakeup)
			fail_msg("%s %s %s %s: K %u–%u U %u–%u calls %u/%u/%u", c->driver,
				 c->device, c->mode, c->dir == BP_RX ? "RX" : "TX", path.kernel.lo,
				 path.kernel.hi, path.user.lo, path.user.hi, path.n_calls_per_batch,
				 path.n_calls_per_pkt, path.n_calls_on_wakeup);
	}
}

static void each_hop_names_mover_place_source(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bp_model_path path;

		path_of_case(&cases[i], &path);
		for (unsigned h = 0; h < path.n_hops; h++) {
			if (!path.hops[h].mover)
				assert_non_null(path.hops[h].copiers[0]);
			assert_non_null(path.hops[h].place);
			assert_non_null(path.hops[h].why);
			assert_non_null(path.hops[h].source);
			/* The bytes are where the last hop left them. */
			if (h)
				assert_int_equal(path.hops[h].from, path.hops[h - 1].to);
		}
	}
}

/* Whole paths over veth: {in driver, mode} → {out driver, mode}. */
struct path_case {
	const char *in_driver, *in_device, *in_mode, *out_driver, *out_device, *out_mode;
	unsigned k_lo, k_hi, u;
};

static const struct path_case path_cases[] = {
	{ "kernel", "a", "tc", "kernel", "b", "tc", 0, 0, 0 },
	{ "kernel", "a", "xdp-native", "kernel", "b", "xdp-native", 0, 1, 0 },
	{ "af_packet", "a", "socket", "af_packet", "b", "socket", 2, 2, 0 },
	{ "af_packet", "a", "mmap-v2+send", "af_packet", "b", "mmap-v2+send", 2, 2, 0 },
	{ "af_packet", "a", "mmap-v2+ring", "af_packet", "b", "mmap-v2+ring", 2, 2, 1 },
	{ "af_xdp", "a", "skb-copy", "af_xdp", "b", "skb-copy", 2, 3, 0 },
	{ "af_xdp", "a", "native-copy", "af_xdp", "b", "native-copy", 2, 3, 0 },
	{ "af_packet", "a", "mmap-v2+send", "af_xdp", "b", "native-copy", 2, 2, 1 },
	{ "af_packet", "a", "socket", "af_xdp", "b", "native-copy", 2, 2, 0 },
	{ "af_xdp", "a", "native-copy", "af_packet", "b", "mmap-v2+send", 2, 3, 0 },
	{ "af_xdp", "a", "native-copy", "dpdk", "net_null0", "pmd", 1, 2, 1 },
	{ "af_packet", "a", "mmap-v3+send", "dpdk", "net_null0", "pmd", 1, 1, 1 },
	{ "dpdk", "net_null0", "pmd", "af_packet", "b", "socket", 1, 1, 0 },
	{ "dpdk", "net_null0", "pmd", "af_xdp", "b", "native-copy", 1, 1, 1 },
	{ "dpdk", "net_null0", "pmd", "dpdk", "net_null1", "pmd", 0, 0, 0 },
	{ "af_packet", "a", "mmap-v2+send", "ring", "r", "ring", 1, 1, 1 },
	{ "af_xdp", "a", "native-copy", "ring", "r", "ring", 1, 2, 0 },
	/* What receives into the sender's own frames. */
	{ "null", "", "null", "dpdk", "net_null0", "pmd", 0, 0, 0 },
	{ "tap", "t", "tap", "dpdk", "net_null0", "pmd", 1, 1, 0 },
	{ "null", "", "null", "af_xdp", "b", "native-copy", 1, 1, 0 },
	{ "null", "", "null", "ring", "r", "ring", 0, 0, 0 },
};

static void paths_over_veth_add_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(path_cases) / sizeof(path_cases[0]); i++) {
		const struct path_case *c = &path_cases[i];
		struct bp_port_conf in = conf_of(c->in_driver, c->in_device);
		struct bp_port_conf out = conf_of(c->out_driver, c->out_device);
		struct bp_port_info in_info = info_of(c->in_device, c->in_mode, VETH);
		struct bp_port_info out_info = info_of(c->out_device, c->out_mode, VETH);
		struct bp_model_path path;

		bp_model_path(&(struct bp_model_end){ .conf = &in, .info = &in_info },
			      &(struct bp_model_end){ .conf = &out, .info = &out_info }, &path);
		if (!path.is_modelled || path.kernel.lo != c->k_lo || path.kernel.hi != c->k_hi ||
		    path.user.lo != c->u || path.user.hi != c->u)
			fail_msg("%s %s → %s %s: K %u–%u U %u–%u", c->in_driver, c->in_mode,
				 c->out_driver, c->out_mode, path.kernel.lo, path.kernel.hi,
				 path.user.lo, path.user.hi);
	}
}

/* A bus is passed where a device is one, not where the far end of an interface is memory. */
static void dma_is_where_a_device_is(void **state)
{
	static const struct {
		const char *driver, *device, *mode;
		enum bp_device_kind kind;
		bool has_dma;
	} ends[] = {
		{ "af_packet", "eth0", "mmap-v2+ring", BP_DEVICE_OTHER, true },
		{ "af_packet", "w0", "mmap-v2+ring", BP_DEVICE_VETH, false },
		{ "af_packet", "ens3", "socket", BP_DEVICE_VIRTIO, false },
		{ "af_xdp", "eth0", "native-zerocopy", BP_DEVICE_OTHER, true },
		{ "dpdk", "0000:03:00.0", "pmd", BP_DEVICE_PMD, true },
		{ "dpdk", "net_null0", "pmd", BP_DEVICE_PMD, false },
		{ "null", "", "null", BP_DEVICE_NONE, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct bp_port_conf conf = conf_of(ends[i].driver, ends[i].device);
		struct bp_port_info info = info_of(ends[i].device, ends[i].mode, ends[i].kind);
		struct bp_model_end end = { .conf = &conf, .info = &info };
		struct bp_model_path path;

		bp_model_path(&end, &end, &path);
		if (path.has_rx_dma != ends[i].has_dma || path.has_tx_dma != ends[i].has_dma)
			fail_msg("%s %s: %d %d", ends[i].driver, ends[i].device, path.has_rx_dma,
				 path.has_tx_dma);
	}
}

/* A PMD's own copies, by its name, as a run learns it. */
static void pmds_that_copy_say_so(void **state)
{
	(void)state;
	static const struct {
		const char *device, *pmd;
		unsigned rx_lo, rx_hi, tx_lo, tx_hi;
	} pmds[] = {
		{ "0000:03:00.0", "net_vmxnet3", 0, 1, 0, 1 },
		{ "0000:03:00.0", "net_gve", 0, 1, 0, 1 },
		{ "0000:03:00.0", "net_avp", 1, 1, 1, 1 },
		{ "0000:03:00.0", "net_ena", 0, 0, 0, 1 },
		{ "0000:03:00.0", "mlx5_pci", 0, 0, 0, 1 },
		{ "0000:03:00.0", "net_cxgbe", 0, 0, 0, 0 },
		{ "0000:03:00.0", "net_e1000_em", 0, 0, 0, 0 },
		{ "0000:03:00.0", "net_virtio", 0, 0, 0, 0 },
		{ "vmbus:2b3c", "net_netvsc", 1, 1, 0, 1 },
		{ "vmbus:2b3c,rx_extmbuf_enable=1", "net_netvsc", 0, 1, 0, 1 },
	};

	for (size_t i = 0; i < sizeof(pmds) / sizeof(pmds[0]); i++) {
		struct bp_port_conf conf = conf_of("dpdk", pmds[i].device);
		struct bp_port_info info = info_of("", "pmd", PMD);
		struct bp_model_end end = { .conf = &conf, .info = &info };
		struct bp_model_path path;

		strcpy(info.device_driver, pmds[i].pmd);
		bp_model_path(&end, &end, &path);
		if (!path.is_modelled || path.kernel.hi ||
		    path.user.lo != pmds[i].rx_lo + pmds[i].tx_lo ||
		    path.user.hi != pmds[i].rx_hi + pmds[i].tx_hi)
			fail_msg("%s: modelled %d, U %u–%u", pmds[i].pmd, path.is_modelled,
				 path.user.lo, path.user.hi);
		/* A range without a size says nothing to whoever sends packets of one size. */
		for (unsigned h = 0; h < path.n_hops; h++)
			if (path.hops[h].user.lo != path.hops[h].user.hi)
				assert_non_null(strpbrk(path.hops[h].why, "01"));
	}
}

/* An skb of pages is copied into one piece for a device that cannot gather: ask the device. */
static void lack_of_scatter_gather_costs_a_copy(void **state)
{
	(void)state;
	static const struct {
		const char *driver, *device, *mode;
		enum bp_device_kind kind;
		enum bp_gather gather;
		unsigned k_lo, k_hi;
	} rows[] = {
		{ "af_xdp", "e0", "native-copy", VIRTIO, BP_GATHER_YES, 0, 0 },
		{ "af_xdp", "e0", "native-copy", VIRTIO, BP_GATHER_NO, 1, 1 },
		{ "af_xdp", "e0", "skb-copy", VIRTIO, BP_GATHER_NO, 1, 1 },
		{ "af_xdp", "e0", "skb-copy", VIRTIO, BP_GATHER_UNKNOWN, 0, 1 },
		/* Built in one piece: gathering does not matter. */
		{ "af_xdp", "e0", "native-copy", OTHER, BP_GATHER_NO, 1, 1 },
		{ "af_xdp", "e0", "native-copy", VETH, BP_GATHER_NO, 1, 1 },
		{ "af_packet", "e0", "mmap-v2+ring", VIRTIO, BP_GATHER_NO, 1, 1 },
		{ "dpdk", "net_af_packet0,iface=e0", "pmd", OTHER, BP_GATHER_YES, 0, 0 },
		{ "dpdk", "net_af_packet0,iface=e0", "pmd", OTHER, BP_GATHER_NO, 1, 1 },
		{ "dpdk", "net_af_packet0,iface=e0", "pmd", VIRTIO, BP_GATHER_NO, 1, 1 },
		{ "dpdk", "net_af_packet0,iface=e0", "pmd", VETH, BP_GATHER_NO, 1, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bp_port_conf conf = conf_of(rows[i].driver, rows[i].device);
		struct bp_port_conf null = conf_of("null", "");
		struct bp_port_info info = info_of(rows[i].device, rows[i].mode, rows[i].kind);
		struct bp_port_info null_info = info_of("", "null", NONE);
		struct bp_model_path path;

		bp_model_path(&(struct bp_model_end){ .conf = &null, .info = &null_info },
			      &(struct bp_model_end){ .conf = &conf,
						      .info = &info,
						      .device = { .gather = rows[i].gather } },
			      &path);
		if (path.kernel.lo != rows[i].k_lo || path.kernel.hi != rows[i].k_hi)
			fail_msg("row %zu: K %u–%u", i, path.kernel.lo, path.kernel.hi);
	}
}

static void unknown_side_is_said_and_no_figure_given(void **state)
{
	(void)state;
#define UNKNOWN(driver_, device_, mode_, kind_, dir_)                                           \
	{                                                                                       \
		.driver = driver_, .device = device_, .mode = mode_, .kind = kind_, .dir = dir_ \
	}
	static const struct side_case unknown[] = {
		UNKNOWN("af_packet", "e0", "telepathy", VETH, BP_RX),
		UNKNOWN("af_packet", "e0", "mmap-v2", VETH, BP_TX),
		UNKNOWN("af_xdp", "e0", "native-zerocopy", VETH, BP_RX),
		UNKNOWN("dpdk", "net_bonding0", "pmd", PMD, BP_TX),
		UNKNOWN("dpdk", "net_null0,copy=1", "pmd", PMD, BP_RX),
		UNKNOWN("pcap", "f", "read", NONE, BP_TX),
		UNKNOWN("newdriver", "x", "y", OTHER, BP_RX),
	};

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		struct bp_model_path path;
		unsigned n_unknown = 0;

		path_of_case(&unknown[i], &path);
		assert_false(path.is_modelled);
		for (unsigned h = 0; h < path.n_hops; h++)
			n_unknown += path.hops[h].is_unknown;
		assert_int_equal(n_unknown, 1);
	}
}

static void pmd_names_come_out_of_device_strings(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{ "net_memif0,role=client", "net_memif" },
		{ "net_af_xdp12,iface=a", "net_af_xdp" },
		{ "net_null", "net_null" },
		{ "net_af_packet_w0,iface=w0", "net_af_packet" },
		{ "net_bonding3", "net_bonding" },
		{ "0000:03:00.1", "" },
		{ "03:00.1,arg=1", "" },
		{ "pci:0000:03:00.1", "" },
		{ "", "" },
	};
	char name[BP_NAME_BYTES];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		dpdk_pmd_name(pairs[i][0], name);
		assert_string_equal(name, pairs[i][1]);
	}
}

/* Of a path from a DPDK device to af_xdp and back; frames of so many bytes, so many in the arena. */
static void frames_of_the_arena_pass_where_the_pmd_may_have_them(void **state)
{
	static const struct {
		const char *device;
		uint32_t frame_bytes, n_frames, mtu;
		bool takes, receives;
	} rows[] = {
		{ "0000:03:00.0", 4096, 16384, 0, true, true },
		{ "0000:03:00.0", 2048, 16384, 0, true, false }, /* no room for an mbuf's data */
		{ "0000:03:00.0", 4096, 16384, 3904, true, true },
		{ "0000:03:00.0", 4096, 16384, 3905, true, false },
		{ "0000:03:00.0", 4096, 5461, 0, false,
		  false }, /* its rings would hold most of it */
		{ "0000:03:00.0", 4096, 5462, 0, true, true },
		{ "net_null0,size=64", 4096, 512, 0, true, true },
		{ "net_memif0,role=client", 4096, 512, 0, true, true },
		{ "net_memif0,role=client,bsize=4096", 4096, 512, 0, true, false },
		{ "net_memif0,role=client,zero-copy=yes", 4096, 16384, 0, false, false },
		{ "net_tap0,iface=t0", 4096, 16384, 0, true, false },
		{ "net_af_packet0,iface=e0", 4096, 16384, 0, true, false },
		/* Super-frames take 17 frames each; what finds none is dropped without a word. */
		{ "net_vhost0,iface=/run/v", 4096, 16384, 0, true, false },
		{ "net_vhost0,iface=/run/off", 4096, 16384, 0, true, true },
		{ "net_vhost0,iface=/run/off,ext-buffer=1", 4096, 16384, 0, true, false },
		{ "net_pcap0,iface=e0", 4096, 16384, 0, true, true },
		{ "net_pcap0,rx_pcap=f,infinite_rx=1", 4096, 16384, 0, true, false },
		{ "net_null0,copy=1,size=9000", 4096, 16384, 0, false, false },
		{ "net_null0,copy=0", 4096, 16384, 0, true, true },
		{ "net_virtio_user0,path=/run/v", 4096, 16384, 0, false, false },
		{ "net_af_xdp0,iface=e0", 4096, 16384, 0, false, false },
		{ "net_ring0", 4096, 16384, 0, false, false },
		{ "net_bonding0", 4096, 16384, 0, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct bp_conf conf;
		struct bp_port_conf *port = &conf.ports[0];
		bool takes, receives;

		conf = (struct bp_conf){ .n_ports = 2 };
		conf.engine.n_workers = 1;
		conf.memory.frame_bytes = rows[i].frame_bytes;
		conf.memory.n_frames = rows[i].n_frames;
		*port = conf_of("dpdk", rows[i].device);
		port->mtu = rows[i].mtu;
		port->offload = strstr(rows[i].device, "off") ? BP_PASS_OFF : BP_PASS_AUTO;
		port->n_queues = 1;
		port->out_ports = 1u << 1;
		conf.ports[1] = conf_of("af_xdp", "e1");
		takes = dpdk_takes_arena(&conf, port);
		receives = dpdk_receives_arena(&conf, port);
		if (takes != rows[i].takes || receives != rows[i].receives)
			fail_msg("row %zu, %s: takes %d, receives %d", i, rows[i].device, takes,
				 receives);
		conf.ports[1] = conf_of("af_packet", "e1"); /* sends mbufs in place */
		assert_false(dpdk_receives_arena(&conf, port));
		/* Every port that they may go to decides. */
		conf.n_ports = 3;
		port->out_ports = 1u << 1 | 1u << 2;
		conf.ports[2] = conf_of("af_xdp", "e2");
		assert_false(dpdk_receives_arena(&conf, port));
		conf.ports[1] = conf_of("af_xdp", "e1");
		assert_int_equal(dpdk_receives_arena(&conf, port), rows[i].receives);
	}
}

static void missing_device_is_predicted_as_other(void **state)
{
	(void)state;
	struct bp_port_conf conf = conf_of("af_xdp", "no-such-dev");
	struct bp_port_info info;

	bp_predict_port(&conf, NULL, &info);
	assert_int_equal(info.kind, OTHER);
	assert_non_null(strstr(info.note, "no interface no-such-dev"));
	assert_non_null(strstr(info.note, "other"));
	assert_string_equal(info.mode, "native-copy");
}

/* What drivers/af_xdp/mode.c ends with: modes from the one asked for downwards, strict or not. */
static void af_xdp_mode_follows_the_features(void **state)
{
	(void)state;
	static const struct bp_device none = { .exists = true,
					       .kind = OTHER,
					       .has_xdp_features = true };
	static const struct bp_device native = { .exists = true,
						 .kind = BP_DEVICE_VETH,
						 .has_xdp_features = true,
						 .xdp_features = BP_XDP_BASIC };
	static const struct bp_device all = { .exists = true,
					      .kind = OTHER,
					      .has_xdp_features = true,
					      .xdp_features = BP_XDP_BASIC | BP_XDP_XSK_ZEROCOPY };
	static const struct {
		const struct bp_device *device;
		const char *asked, *mode, *note;
		bool sends_only, is_refused_when_strict;
	} rows[] = {
		{ &none, "auto", "skb-copy", "no native XDP", false, false },
		{ &none, "zerocopy", "skb-copy", "no native XDP", false, true },
		{ &none, "copy", "skb-copy", "no native XDP", false, true },
		{ &none, "skb", "skb-copy", "", false, false },
		{ &native, "auto", "native-copy", "no zero-copy", false, false },
		{ &native, "zerocopy", "native-copy", "no zero-copy", false, true },
		{ &native, "copy", "native-copy", "", false, false },
		{ &native, "skb", "skb-copy", "", false, false },
		{ &all, "auto", "native-zerocopy", "the bind decides", false, false },
		{ &all, "zerocopy", "native-zerocopy", "the bind decides", false, false },
		{ &all, "copy", "native-copy", "", false, false },
		{ &none, "auto", "native-copy", "no zero-copy", true, false },
		{ &none, "copy", "native-copy", "no XDP program", true, false },
		{ &none, "zerocopy", "native-copy", "no zero-copy", true, true },
		{ &none, "skb", "skb-copy", "", true, false },
	};

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct bp_port_conf conf = conf_of("af_xdp", "nic0");
		struct bp_port_info info = { .note = "" };
		bool is_refused, is_strict = i % 2;

		set_key(&conf, "mode", rows[i / 2].asked);
		set_key(&conf, "strict", is_strict ? "yes" : "no");
		conf.out_ports = rows[i / 2].sends_only ? 0 : 1u << 1;
		af_xdp_predict_mode(&conf, rows[i / 2].device, &info);
		is_refused = strstr(info.note, "refuses to start") != NULL;
		if (strcmp(info.mode, rows[i / 2].mode) || !strstr(info.note, rows[i / 2].note) ||
		    is_refused != (is_strict && rows[i / 2].is_refused_when_strict))
			fail_msg("row %zu, strict %d: %s, '%s'", i / 2, is_strict, info.mode,
				 info.note);
	}
}

static void whole_text(const struct bp_conf *conf, char *text, size_t text_bytes)
{
	struct bp_port_info infos[BP_PORTS_MAX];
	struct bp_model_path paths[4];
	FILE *f = fmemopen(text, text_bytes, "w");
	json_t *document;

	document = bp_ledger_document("x.ini", conf, infos, paths,
				      bp_explain_predict(conf, infos, paths));
	assert_non_null(document);
	bp_view_print(f, document);
	json_decref(document);
	fclose(f);
}

static void explanation_fits_100_columns(void **state)
{
	(void)state;
	static const char *const ends[][2] = {
		{ "af_xdp", "no-such-dev" },
		{ "dpdk", "net_af_packet0,iface=no-such-dev" },
		{ "dpdk", "net_pcap0,rx_pcap=a,tx_pcap=b" },
		{ "af_packet", "no-such-dev" },
		{ "null", "" },
		{ "dpdk", "net_bonding0" },
	};
	const size_t n = sizeof(ends) / sizeof(ends[0]);
	static char text[16384];

	for (size_t i = 0; i < n * n; i++) {
		struct bp_conf conf = { .n_ports = 2 };

		conf.ports[0] = conf_of(ends[i / n][0], ends[i / n][1]);
		conf.ports[1] = conf_of(ends[i % n][0], ends[i % n][1]);
		strcpy(conf.ports[0].name, "first");
		strcpy(conf.ports[1].name, "second");
		conf.ports[0].forward_to = 1;
		conf.ports[0].out_ports = 1u << 1;
		whole_text(&conf, text, sizeof(text));
		assert_non_null(strstr(text, "first → second"));
		assert_non_null(strstr(text, "Predicted"));
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
			unsigned columns = 0;

			for (const char *s = line; *s; s++)
				columns += ((unsigned char)*s & 0xc0) != 0x80;
			if (columns > 100)
				fail_msg("%u columns: %s", columns, line);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_side_has_the_figures_of_the_table),
		cmocka_unit_test(each_hop_names_mover_place_source),
		cmocka_unit_test(paths_over_veth_add_up),
		cmocka_unit_test(dma_is_where_a_device_is),
		cmocka_unit_test(pmds_that_copy_say_so),
		cmocka_unit_test(lack_of_scatter_gather_costs_a_copy),
		cmocka_unit_test(unknown_side_is_said_and_no_figure_given),
		cmocka_unit_test(pmd_names_come_out_of_device_strings),
		cmocka_unit_test(frames_of_the_arena_pass_where_the_pmd_may_have_them),
		cmocka_unit_test(missing_device_is_predicted_as_other),
		cmocka_unit_test(af_xdp_mode_follows_the_features),
		cmocka_unit_test(explanation_fits_100_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
