/* Checks what decides the model's copies: facts of a device go in, copies with their functions come out. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "model_end.h"

#include "bypath/driver.h"

#include "core/kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- what decides, asked of the device -------------------------------------------------------- */

#define KIND(kind_, driver_) \
	.exists = true, .kind = kind_, .driver = driver_, .has_xdp_features = true
#define NATIVE      .xdp_features = BP_XDP_BASIC
#define ZEROCOPY    .xdp_features = BP_XDP_BASIC | BP_XDP_XSK_ZEROCOPY
#define GATHERS     .gather = BP_GATHER_YES
#define GATHERS_NOT .gather = BP_GATHER_NO

static const struct bp_device e1000e = { KIND(OTHER, "e1000e"), GATHERS };
static const struct bp_device e1000e_no_sg = { KIND(OTHER, "e1000e"), GATHERS_NOT };
static const struct bp_device veth = { KIND(VETH, "veth"), NATIVE, GATHERS };
static const struct bp_device veth_9000 = { KIND(VETH, "veth"), NATIVE, GATHERS, .mtu = 9000 };
static const struct bp_device veth_no_sg = { KIND(VETH, "veth"), NATIVE, GATHERS_NOT };
static const struct bp_device veth_no_sg_9000 = { KIND(VETH, "veth"), NATIVE, GATHERS_NOT,
						  .mtu = 9000 };
static const struct bp_device tap = { KIND(TAP, "tun"), NATIVE, GATHERS };
static const struct bp_device virtio = { KIND(VIRTIO, "virtio_net"), NATIVE, GATHERS };
static const struct bp_device virtio_no_sg = { KIND(VIRTIO, "virtio_net"), NATIVE, GATHERS_NOT };
static const struct bp_device virtio_unasked = { KIND(VIRTIO, "virtio_net"), NATIVE };
static const struct bp_device nic = { KIND(OTHER, "newnic"), NATIVE, GATHERS };
static const struct bp_device nic_zc = { KIND(OTHER, "newnic"), ZEROCOPY, GATHERS };

#define FIT      "pskb_expand_head skb_copy_bits "
#define FIT_PP   "skb_pp_cow_data "
#define TAKE     "__xsk_rcv"
#define RING     "net_af_packet0,iface=e0"
#define XSK      "net_af_xdp0,iface=e0"
#define XSK_COPY "net_af_xdp0,iface=e0,force_copy=1"
#define K(minor) BP_KERNEL(6, minor)

/* The kernel's copies of one direction, and the functions that make them in the order of the bytes. */
struct rule {
	const char *driver, *mode; /* or a device string, of dpdk's */
	enum bp_direction dir;
	const struct bp_device *device;
	uint32_t kernel;
	unsigned k_lo, k_hi;
	const char *functions;
	enum bp_decider decider; /* of the hop whose figure is a range */
};

static const struct rule rules[] = {
	/* Generic XDP, of a program without fragments: in each kernel by pskb_expand_head(). */
	{ "af_xdp", "skb-copy", BP_RX, &e1000e, K(12), 2, 2, FIT TAKE, BP_BY_NOTHING },
	{ "af_xdp", "skb-copy", BP_RX, &e1000e, K(1), 2, 2, FIT TAKE, BP_BY_NOTHING },
	{ "af_xdp", "skb-copy", BP_RX, &virtio, 0, 2, 2, FIT TAKE, BP_BY_NOTHING },
	{ "af_xdp", "skb-copy", BP_RX, &tap, 0, 2, 2, FIT TAKE, BP_BY_NOTHING },
	{ "af_xdp", "skb-copy", BP_RX, &nic, 0, 1, 2, FIT TAKE, BP_BY_DEVICE },
	{ "af_xdp", "skb-copy", BP_RX, &veth, 0, 1, 2, FIT TAKE, BP_BY_SENDER },
	/* Native XDP: veth copies by itself before Linux 6.9. */
	{ "af_xdp", "native-copy", BP_RX, &veth, K(12), 1, 2, FIT_PP TAKE, BP_BY_SENDER },
	{ "af_xdp", "native-copy", BP_RX, &veth, 0, 1, 2, FIT_PP TAKE, BP_BY_SENDER },
	{ "af_xdp", "native-copy", BP_RX, &veth, K(8), 1, 2, "skb_copy_bits " TAKE, BP_BY_SENDER },
	{ "af_xdp", "native-copy", BP_RX, &tap, 0, 1, 2, FIT TAKE, BP_BY_SENDER },
	{ "af_xdp", "native-copy", BP_RX, &virtio, 0, 1, 1, TAKE, BP_BY_NOTHING },
	{ "af_xdp", "native-zerocopy", BP_RX, &nic_zc, 0, 0, 0, "", BP_BY_NOTHING },
	/* Without scatter-gather: AF_XDP on virtio_net makes pages; elsewhere only what is long. */
	{ "af_xdp", "native-copy", BP_TX, &virtio_no_sg, 0, 1, 1, "skb_copy_bits", BP_BY_NOTHING },
	{ "af_xdp", "skb-copy", BP_TX, &virtio_no_sg, 0, 1, 1, "skb_copy_bits", BP_BY_NOTHING },
	{ "af_xdp", "native-copy", BP_TX, &virtio, 0, 0, 0, "", BP_BY_NOTHING },
	{ "af_xdp", "native-copy", BP_TX, &virtio_unasked, 0, 0, 1, "skb_copy_bits", BP_BY_DEVICE },
	{ "af_xdp", "native-copy", BP_TX, &veth_no_sg, 0, 1, 1, "skb_store_bits", BP_BY_NOTHING },
	{ "af_xdp", "native-copy", BP_TX, &veth_no_sg_9000, 0, 1, 2, "skb_store_bits skb_copy_bits",
	  BP_BY_SIZE },
	{ "af_xdp", "native-copy", BP_TX, &veth_9000, 0, 1, 1, "skb_store_bits", BP_BY_NOTHING },
	/* AF_PACKET passes super-frames on, which a device without scatter-gather is sent cut. */
	{ "af_packet", "mmap-v2+ring", BP_TX, &e1000e_no_sg, 0, 1, 2,
	  "skb_store_bits skb_copy_bits", BP_BY_SIZE },
	{ "af_packet", "mmap-v2+ring", BP_TX, &e1000e, 0, 1, 1, "skb_store_bits", BP_BY_NOTHING },
	{ "af_packet", "socket", BP_TX, &e1000e, 0, 1, 1, "skb_copy_datagram_from_iter",
	  BP_BY_NOTHING },
	{ "af_packet", "socket", BP_RX, &e1000e, 0, 1, 1, "skb_copy_datagram_iter", BP_BY_NOTHING },
	{ "af_packet", "mmap-v2+ring", BP_RX, &e1000e, 0, 1, 1, "skb_copy_bits", BP_BY_NOTHING },
	/* A TX ring that attaches pages: scatter-gather decides who copies them, on veth as well. */
	{ RING, "pmd", BP_TX, &veth, 0, 1, 1, "skb_copy_ubufs", BP_BY_NOTHING },
	{ RING, "pmd", BP_TX, &veth_no_sg, 0, 1, 1, "skb_copy_bits", BP_BY_NOTHING },
	{ RING, "pmd", BP_TX, &e1000e, 0, 0, 0, "", BP_BY_NOTHING },
	{ RING, "pmd", BP_TX, &e1000e_no_sg, 0, 1, 1, "skb_copy_bits", BP_BY_NOTHING },
	/* net_af_xdp, in the mode that the device gives it. */
	{ XSK, "pmd", BP_RX, &veth, K(12), 1, 2, FIT_PP TAKE, BP_BY_SENDER },
	{ XSK, "pmd", BP_RX, &e1000e, 0, 2, 2, FIT TAKE, BP_BY_NOTHING },
	{ XSK, "pmd", BP_RX, &nic, 0, 1, 1, TAKE, BP_BY_NOTHING },
	{ XSK, "pmd", BP_RX, &nic_zc, 0, 0, 1, TAKE, BP_BY_DEVICE },
	{ XSK_COPY, "pmd", BP_RX, &nic_zc, 0, 1, 1, TAKE, BP_BY_NOTHING },
	{ XSK, "pmd", BP_TX, &veth, 0, 1, 1, "skb_store_bits", BP_BY_NOTHING },
	{ XSK, "pmd", BP_TX, &nic, 0, 1, 1, "skb_store_bits", BP_BY_NOTHING },
	{ XSK, "pmd", BP_TX, &nic_zc, 0, 0, 1, "skb_store_bits", BP_BY_DEVICE },
	{ XSK_COPY, "pmd", BP_TX, &nic_zc, 0, 1, 1, "skb_store_bits", BP_BY_NOTHING },
	{ XSK, "pmd", BP_TX, &virtio_no_sg, 0, 1, 1, "skb_copy_bits", BP_BY_NOTHING },
};

static void path_of_rule(const struct rule *r, struct bp_model_path *path)
{
	bool is_pmd = !strncmp(r->driver, "net_", 4);
	struct bp_port_conf conf = is_pmd ? conf_of("dpdk", r->driver) : conf_of(r->driver, "e0");
	struct bp_port_info info = info_of(conf.device, r->mode, r->device->kind), null_info;
	struct bp_port_conf null = conf_of("null", "");
	struct bp_model_end end = {
		.conf = &conf, .info = &info, .device = *r->device, .kernel = r->kernel, .n_txqs = 1
	};
	struct bp_model_end other;

	null_info = info_of("", "null", NONE);
	other = (struct bp_model_end){ .conf = &null, .info = &null_info };
	if (!strcmp(r->driver, "af_packet"))
		info.caps = BP_CAP_VNET_TX;
	if (r->dir == BP_RX)
		bp_model_path(&end, &other, path);
	else
		bp_model_path(&other, &end, path);
}

static void what_the_device_tells_decides_copies_and_functions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *r = &rules[i];
		enum bp_decider decider = BP_BY_NOTHING;
		struct bp_model_path path;
		char functions[160] = "";

		path_of_rule(r, &path);
		for (unsigned h = 0; h < path.n_hops; h++) {
			const struct bp_hop *hop = &path.hops[h];

			for (unsigned f = 0; f < BP_COPIERS_MAX && hop->copiers[f]; f++)
				snprintf(functions + strlen(functions),
					 sizeof(functions) - strlen(functions), "%s%s",
					 functions[0] ? " " : "", hop->copiers[f]);
			if (hop->decider)
				decider = hop->decider;
		}
		if (!path.is_modelled || path.kernel.lo != r->k_lo || path.kernel.hi != r->k_hi ||
		    strcmp(functions, r->functions) || decider != r->decider)
			fail_msg("rule %zu: K %u–%u, '%s', decided by %d", i, path.kernel.lo,
				 path.kernel.hi, functions, decider);
	}
}

/* The kernel's copies on the way out, and what decides, of packets that driver kernel carries. */
static void carried_packets_reach_the_device_as_they_came(void **state)
{
	static const struct {
		const char *mode; /* of the in-port; the out-port has the other one */
		const struct bp_device *out;
		unsigned hi;
		enum bp_decider decider;
	} carried[] = {
		{ "tc", &virtio_no_sg, 1, BP_BY_DEVICE },
		{ "tc", &virtio, 0, BP_BY_NOTHING },
		{ "tc", &veth_no_sg, 1, BP_BY_DEVICE },
		{ "xdp-native", &virtio_no_sg, 0, BP_BY_NOTHING },
		{ "xdp-generic", &virtio_no_sg, 0, BP_BY_NOTHING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++) {
		bool is_tc = !strcmp(carried[i].mode, "tc");
		struct bp_port_conf a = conf_of("kernel", "e0"), b = conf_of("kernel", "e1");
		struct bp_port_info in = info_of("e0", carried[i].mode, VIRTIO);
		struct bp_port_info out =
			info_of("e1", is_tc ? "xdp-native" : "tc", carried[i].out->kind);
		struct bp_model_path path;
		unsigned hi = 0;

		out.caps = BP_CAP_VNET_TX;
		bp_model_path(
			&(struct bp_model_end){
				.conf = &a, .info = &in, .device = virtio, .n_txqs = 1 },
			&(struct bp_model_end){
				.conf = &b, .info = &out, .device = *carried[i].out, .n_txqs = 1 },
			&path);
		assert_true(path.is_modelled);
		for (unsigned h = path.n_rx_hops; h < path.n_hops; h++) {
			assert_int_equal(path.hops[h].kernel.lo, 0);
			hi += path.hops[h].kernel.hi;
		}
		if (hi != carried[i].hi || path.hops[path.n_hops - 1].decider != carried[i].decider)
			fail_msg("%s: 0–%u, decided by %d", carried[i].mode, hi,
				 path.hops[path.n_hops - 1].decider);
	}
}

/* What a hop must say, whichever row it comes from. */
static void check_hop(const struct bp_hop *hop)
{
	bool is_range = hop->kernel.lo != hop->kernel.hi || hop->user.lo != hop->user.hi;

	if (hop->is_unknown)
		return;
	/* Each copy of the kernel's has a function, and no other hop has. */
	if (!hop->kernel.hi != !hop->copiers[0])
		fail_msg("%s: %u kernel copies, by %s", hop->why, hop->kernel.hi,
			 hop->copiers[0] ? hop->copiers[0] : "nobody");
	/* A range says what decides, and both cases. */
	if (is_range != (hop->decider != BP_BY_NOTHING))
		fail_msg("%s: decided by %d", hop->why, hop->decider);
	if (is_range && (!strchr(hop->why, '0') || !strchr(hop->why, '1')) &&
	    hop->user_prov != BP_PROV_COUNTED && !strstr(hop->why, "else none"))
		fail_msg("'%s' does not say both cases", hop->why);
	if (hop->user_hi_bytes)
		assert_int_equal(hop->decider, BP_BY_SIZE);
}

static void check_rows(const struct bp_model_row *row)
{
	for (; row && row->n_hops; row++)
		for (unsigned h = 0; h < row->n_hops; h++)
			check_hop(&row->hops[h]);
}

static void each_kernel_copy_has_a_function_each_range_a_decider(void **state)
{
	(void)state;
	struct bp_model_path path;

	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++) {
		check_rows(entry->facts->rows);
		check_rows(entry->facts->more_rows);
	}
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		path_of_rule(&rules[i], &path);
		for (unsigned h = 0; h < path.n_hops; h++)
			check_hop(&path.hops[h]);
	}
}

/* net_af_xdp sends mbufs of its own port's pool, its UMEM, without a copy. */
static void pool_decides_what_net_af_xdp_copies(void **state)
{
	(void)state;
	static const struct {
		const char *driver, *device, *mode;
		unsigned own, pmd_lo, pmd_hi;
	} from[] = {
		{ "af_packet", "e0", "socket", 1, 0, 0 }, /* into its pool, by bypath */
		{ "dpdk", "net_null0", "pmd", 0, 1, 1 },
		{ "ring", "r", "ring", 1, 0, 1 }, /* of any pool */
	};
	struct bp_port_conf out = conf_of("dpdk", "net_af_xdp0,iface=e0");
	struct bp_port_info out_info = info_of("net_af_xdp0", "pmd", VETH);
	struct bp_model_end end = { .conf = &out, .info = &out_info };
	struct bp_model_path path;

	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		struct bp_port_conf in = conf_of(from[i].driver, from[i].device);
		struct bp_port_info in_info = info_of(from[i].device, from[i].mode, NONE);
		unsigned lo = from[i].own && strcmp(from[i].driver, "ring") ? 1 : 0;

		bp_model_path(&(struct bp_model_end){ .conf = &in, .info = &in_info }, &end, &path);
		if (path.user.lo != lo + from[i].pmd_lo ||
		    path.user.hi != from[i].own + from[i].pmd_hi)
			fail_msg("from %s: U %u–%u", from[i].driver, path.user.lo, path.user.hi);
	}
	bp_model_path(&end, &end, &path); /* back where it came from */
	assert_int_equal(path.user.hi, 0);
}

/* What a PMD copies by the packet's length, as its device string and the number of queues have it. */
static void pmds_copy_up_to_a_length(void **state)
{
	(void)state;
	static const struct {
		const char *device, *pmd;
		enum bp_direction dir;
		unsigned n_txqs, lo, hi, max_bytes;
	} rows[] = {
		{ "0000:03:00.0", "net_vmxnet3", BP_RX, 1, 0, 1, 128 },
		{ "0000:03:00.0", "net_vmxnet3", BP_TX, 1, 0, 1, 128 },
		{ "0000:03:00.0", "net_ena", BP_TX, 1, 0, 1, 96 },
		{ "0000:03:00.0,large_llq_hdr=1", "net_ena", BP_TX, 1, 0, 1, 224 },
		{ "0000:03:00.0", "mlx5_pci", BP_TX, 7, 0, 0, 0 },
		{ "0000:03:00.0", "mlx5_pci", BP_TX, 8, 0, 1, 268 },
		{ "0000:03:00.0", "mlx5_pci", BP_TX, 0, 0, 1, 268 }, /* not known */
		{ "0000:03:00.0,txqs_min_inline=1", "mlx5_pci", BP_TX, 1, 0, 1, 268 },
		{ "0000:03:00.0", "mlx5_pci", BP_RX, 1, 0, 0, 0 },
		{ "0000:03:00.0,mprq_en=1", "mlx5_pci", BP_RX, 1, 0, 1, 128 },
		{ "vmbus:2b3c", "net_netvsc", BP_RX, 1, 1, 1, 0 },
		{ "vmbus:2b3c,rx_extmbuf_enable=1", "net_netvsc", BP_RX, 1, 0, 1, 256 },
		{ "vmbus:2b3c,rx_extmbuf_enable=1,rx_copybreak=64", "net_netvsc", BP_RX, 1, 0, 1,
		  0 },
		{ "vmbus:2b3c", "net_netvsc", BP_TX, 1, 0, 1, 512 },
		{ "vmbus:2b3c,tx_copybreak=64", "net_netvsc", BP_TX, 1, 0, 1, 0 },
		{ "0000:03:00.0", "net_gve", BP_RX, 1, 0, 1, 0 },
		{ "0000:03:00.0", "net_avp", BP_TX, 1, 1, 1, 0 },
		{ "0000:03:00.0", "net_cxgbe", BP_TX, 1, 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bp_port_conf conf = conf_of("dpdk", rows[i].device);
		struct bp_port_info info = info_of("", "pmd", PMD);
		struct bp_model_end end = { .conf = &conf,
					    .info = &info,
					    .n_txqs = (uint16_t)rows[i].n_txqs };
		const struct bp_model_row *row;

		strcpy(info.device_driver, rows[i].pmd);
		row = bp_model_row_find(&end, rows[i].dir);
		assert_non_null(row);
		if (row->hops[0].user.lo != rows[i].lo || row->hops[0].user.hi != rows[i].hi ||
		    row->hops[0].user_hi_bytes != rows[i].max_bytes)
			fail_msg("row %zu: U %u–%u up to %u bytes", i, row->hops[0].user.lo,
				 row->hops[0].user.hi, row->hops[0].user_hi_bytes);
	}
}

static void kernel_versions_compare(void **state)
{
	(void)state;
	assert_int_equal(bp_kernel_parse("6.12.117+deb12-amd64"), BP_KERNEL(6, 12));
	assert_int_equal(bp_kernel_parse("6.1.0-56-amd64"), BP_KERNEL(6, 1));
	assert_int_equal(bp_kernel_parse("7.3-rc1"), BP_KERNEL(7, 3));
	assert_int_equal(bp_kernel_parse("mainline"), 0);
	assert_int_equal(bp_kernel_parse(""), 0);
	assert_true(BP_KERNEL(6, 12) > BP_KERNEL(6, 9));
	assert_true(BP_KERNEL(7, 0) > BP_KERNEL(6, 18));
	assert_true(bp_kernel_version() > BP_KERNEL(3, 0));
}

/* Inline in one of 6.1, 6.12, 6.18 and 7.3: no probe finds them in each. */
static const char *const inlined[] = {
	"xsk_rcv",
	"xsk_rcv_zc",
	"xsk_build_skb",
	"xsk_build_skb_zerocopy",
	"xsk_copy_xdp",
	"packet_snd",
	"pipe_write",
	"tpacket_snd",
	"tpacket_fill_skb",
	"tun_put_user",
	"skb_copy_datagram_msg",
	"skb_orphan_frags",
	"skb_orphan_frags_rx",
	"__skb_linearize",
	"netif_receive_generic_xdp",
	"netif_skb_check_for_xdp",
	"veth_convert_skb_to_xdp_buff",
};

static void check_mover(const struct bp_hop *hop)
{
	char text[160];

	bp_model_mover(hop, text);
	for (char *word = strtok(text, " ,"); word; word = strtok(NULL, " ,"))
		for (size_t i = 0; i < sizeof(inlined) / sizeof(inlined[0]); i++)
			if (!strcmp(word, inlined[i]))
				fail_msg("%s is inlined: no probe finds it", word);
}

static void check_movers(const struct bp_model_row *row)
{
	for (; row && row->n_hops; row++)
		for (unsigned h = 0; h < row->n_hops; h++)
			check_mover(&row->hops[h]);
}

static void movers_are_functions_that_a_probe_finds(void **state)
{
	(void)state;
	struct bp_model_path path;

	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++) {
		check_movers(entry->facts->rows);
		check_movers(entry->facts->more_rows);
	}
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		path_of_rule(&rules[i], &path);
		for (unsigned h = 0; h < path.n_hops; h++)
			check_mover(&path.hops[h]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_device_tells_decides_copies_and_functions),
		cmocka_unit_test(carried_packets_reach_the_device_as_they_came),
		cmocka_unit_test(each_kernel_copy_has_a_function_each_range_a_decider),
		cmocka_unit_test(pool_decides_what_net_af_xdp_copies),
		cmocka_unit_test(pmds_copy_up_to_a_length),
		cmocka_unit_test(kernel_versions_compare),
		cmocka_unit_test(movers_are_functions_that_a_probe_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
