/* Decides what the kernel copies between a driver's own hops and its device. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Read from Linux 6.1, 6.12 and 6.18; held against a probe where docs/copies.md says so. Header pulls and copybreak
 * of drivers do not count.
 */
#include "ledger/kernel_hops.h"

#include "core/kernel.h"

#include <string.h>

/* Up to this length an skb is in one piece whoever made it: it is the room of AF_XDP's shortest frame, and less than
 * what packet_alloc_skb() puts into pages. */
#define ONE_PIECE_BYTES 1792u

static const struct bp_hop device_rx[] = {
	[BP_DEVICE_VETH] = { BP_DOMAIN_DEVICE, BP_DOMAIN_KERNEL, .place = "skb of the sender",
			     .mover = "veth_xmit", .source = "linux/drivers/net/veth.c",
			     .why = "the peer hands its skb over: no copy" },
	[BP_DEVICE_TAP] = { BP_DOMAIN_DEVICE, BP_DOMAIN_KERNEL, .place = "skb",
			    .mover = "tun_get_user", .source = "linux/drivers/net/tun.c",
			    .why = "the process that wrote the packet paid for the copy, not bypath" },
	[BP_DEVICE_VIRTIO] = { BP_DOMAIN_DEVICE, BP_DOMAIN_KERNEL, .place = "driver's receive page",
			       .mover = "virtqueue", .source = "linux/drivers/net/virtio_net.c",
			       .why = "the hypervisor writes the guest's page; in the guest no copy" },
	[BP_DEVICE_OTHER] = { BP_DOMAIN_DEVICE, BP_DOMAIN_KERNEL, .place = "driver's receive page",
			      .mover = "DMA", .source = "the device's driver",
			      .why = "the device writes memory itself; header pulls not counted" },
};

static const struct bp_hop device_tx[] = {
	[BP_DEVICE_VETH] = { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE, .place = "the peer's receive path",
			     .mover = "veth_xmit", .source = "linux/drivers/net/veth.c",
			     .why = "hands the skb to the peer: no copy" },
	[BP_DEVICE_TAP] = { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE, .place = "queue of the tap reader",
			    .mover = "tun_net_xmit", .source = "linux/drivers/net/tun.c",
			    .why = "queues the skb; the reader pays for its copy" },
	[BP_DEVICE_VIRTIO] = { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE, .place = "virtqueue",
			       .mover = "virtqueue", .source = "linux/drivers/net/virtio_net.c",
			       .why = "the hypervisor reads the skb's pages; in the guest no copy" },
	[BP_DEVICE_OTHER] = { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE, .place = "the wire",
			      .mover = "DMA", .source = "the device's driver",
			      .why = "the device reads the skb's memory itself" },
};

/* A kernel device that could not be looked at (a PMD's, gone) counts as any other NIC. */
static enum bp_device_kind kernel_kind(const struct bp_model_end *end)
{
	enum bp_device_kind kind = bp_model_kind(end);

	return kind == BP_DEVICE_NONE || kind == BP_DEVICE_PMD ? BP_DEVICE_OTHER : kind;
}

/* ---- transmit: one piece or pages, and does the device gather? --------------------------------- */

static const char dev_c[] = "linux/net/core/dev.c";

/* validate_xmit_skb(): an skb of pages is made one piece for a device without scatter-gather. */
static void make_one_piece(struct bp_hop *hop, struct bp_copies copies, const char *why)
{
	hop->mover = "__pskb_pull_tail";
	hop->copiers[0] = "skb_copy_bits";
	hop->kernel = copies;
	hop->source = dev_c;
	hop->why = why;
}

/* ____dev_forward_skb(), tun_net_xmit(): pages of a process do not wait for others. */
static void take_own_pages(struct bp_hop *hop, const char *why)
{
	hop->copiers[0] = "skb_copy_ubufs";
	hop->kernel = (struct bp_copies){ 1, 1 };
	hop->source = "linux/net/core/skbuff.c";
	hop->why = why;
}

static void settle_pages(const struct bp_model_end *end, struct bp_hop *hop)
{
	enum bp_device_kind kind = kernel_kind(end);

	if (end->device.gather == BP_GATHER_NO)
		make_one_piece(
			hop, (struct bp_copies){ 1, 1 },
			"the device has no scatter-gather: the kernel makes one piece first");
	else if (kind == BP_DEVICE_VETH)
		take_own_pages(hop,
			       "user pages may not cross to the peer: the kernel copies first");
	else if (kind == BP_DEVICE_TAP)
		take_own_pages(hop,
			       "user pages may not wait for the reader: the kernel copies first");
	else if (end->device.gather == BP_GATHER_YES)
		hop->why =
			"the device gathers pages (scatter-gather): no copy; one (skb_copy_ubufs) "
			"while somebody else, as tcpdump, listens to what the interface sends";
	else
		make_one_piece(
			hop, (struct bp_copies){ 0, 1 },
			"one copy on devices without scatter-gather, else none: it could not "
			"be asked");
	if (hop->kernel.lo != hop->kernel.hi)
		hop->decider = BP_BY_DEVICE;
}

/* May an skb of the port be longer than one piece: by its MTU, or as a super-frame? */
static bool is_long_sent(const struct bp_model_end *end)
{
	return end->device.mtu > ONE_PIECE_BYTES ||
	       (end->info->caps & BP_CAP_VNET_TX && end->conf->offload == BP_PASS_AUTO);
}

static void settle_one_piece(const struct bp_model_end *end, struct bp_hop *hop)
{
	if (end->device.gather != BP_GATHER_NO || !is_long_sent(end))
		return;
	make_one_piece(
		hop, (struct bp_copies){ 0, 1 },
		"no scatter-gather: 1 for super-frames and frames of about a page (AF_XDP: of "
		"several of its frames), made one piece or cut; 0 for others");
	hop->decider = BP_BY_SIZE;
	hop->kernel_lo_bytes = ONE_PIECE_BYTES;
}

/* What came in goes on as it lies: in one piece, in pages, or several packets long. */
static void settle_received(const struct bp_model_end *end, struct bp_hop *hop)
{
	if (end->device.gather != BP_GATHER_NO)
		return;
	make_one_piece(
		hop, (struct bp_copies){ 0, 1 },
		"no scatter-gather: 1 for what the in-device hands over in pages (virtio_net: frames "
		"near its MTU) and for super-frames, made one piece or cut; 0 for what lies in one "
		"piece");
	hop->copiers[0] = "pskb_expand_head"; /* the headers, which lie in the head already */
	hop->copiers[1] = "skb_copy_bits";
	hop->decider = BP_BY_DEVICE;
}

/* ---- receive: fit for XDP ---------------------------------------------------------------------- */

/*
 * Drivers whose skbs begin with less headroom than XDP asks for (256 bytes) while they run no program of their own:
 * NET_SKB_PAD (64 bytes on most machines), or what is left of half a page beside 1536 bytes (ixgbe, i40e: 192).
 */
static bool has_short_headroom(const struct bp_model_end *end)
{
	static const char *const drivers[] = {
		"bnxt_en", "e1000",     "e1000e", "ena", "i40e", "igb",        "igc",
		"ixgbe",   "mlx5_core", "r8169",  "tg3", "tun",  "virtio_net", "vmxnet3",
	};
	const char *driver = end->device.driver[0] ? end->device.driver : end->info->device_driver;
	enum bp_device_kind kind = bp_model_kind(end);

	if (kind == BP_DEVICE_TAP || kind == BP_DEVICE_VIRTIO)
		return true;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (!strcmp(driver, drivers[i]))
			return true;
	return false;
}

/* netif_receive_generic_xdp(), Linux 6.1 to 7.3, for a program that takes no fragments: the head is copied, then
 * what lies in pages. */
static const struct bp_hop fit_generic = {
	BP_DOMAIN_KERNEL,
	BP_DOMAIN_KERNEL,
	.place = "skb in one piece, with headroom",
	.copiers = { "pskb_expand_head", "skb_copy_bits" },
	.source = dev_c,
};

static const char veth_why[] =
	"1 for what a socket or a network stack sends, whose skb has less headroom than XDP's 256 "
	"bytes; 0 for what a program redirected to the peer as an XDP frame";

static unsigned fit_for_generic(const struct bp_model_end *end, struct bp_hop *hop)
{
	*hop = fit_generic;
	hop->kernel = (struct bp_copies){ 0, 1 };
	if (kernel_kind(end) == BP_DEVICE_VETH) {
		hop->why = veth_why;
		hop->decider = BP_BY_SENDER;
	} else if (has_short_headroom(end)) {
		hop->why =
			"this driver's skbs have less headroom than XDP's 256 bytes: always copied";
		hop->kernel.lo = 1;
	} else {
		hop->why = "1 if the driver's skbs have less than 256 bytes of headroom or lie in "
			   "pages, as most drivers' do, else 0: this driver's were not looked up";
		hop->decider = BP_BY_DEVICE;
	}
	return 1;
}

/* veth_convert_skb_to_xdp_buff(): by itself before Linux 6.9. */
static unsigned fit_for_veth(const struct bp_model_end *end, struct bp_hop *hop)
{
	bool has_helper = !end->kernel || end->kernel >= BP_KERNEL(6, 9);

	*hop = (struct bp_hop){ .from = BP_DOMAIN_KERNEL,
				.to = BP_DOMAIN_KERNEL,
				.place = has_helper ? "page of the page pool" : "page",
				.mover = has_helper ? NULL : "veth_poll",
				.copiers = { has_helper ? "skb_pp_cow_data" : "skb_copy_bits" },
				.kernel = { 0, 1 },
				.decider = BP_BY_SENDER,
				.source = "linux/drivers/net/veth.c",
				.why = veth_why };
	return 1;
}

/* tun_get_user(): what tun_build_skb() takes is seen by the program as it lies; an skb goes the way of generic XDP. */
static unsigned fit_for_tap(struct bp_hop *hop)
{
	*hop = fit_generic;
	hop->kernel = (struct bp_copies){ 0, 1 };
	hop->decider = BP_BY_SENDER;
	hop->source = "linux/drivers/net/tun.c";
	hop->why =
		"0 for frames that fit a page, from vhost-net or from a descriptor that does not "
		"block; 1 for longer ones and other writers, whose skb has little headroom";
	return 1;
}

static unsigned fit_for_native(const struct bp_model_end *end, struct bp_hop *hop)
{
	switch (kernel_kind(end)) {
	case BP_DEVICE_VETH:
		return fit_for_veth(end, hop);
	case BP_DEVICE_TAP:
		return fit_for_tap(hop);
	default:
		return 0; /* runs on the driver's own page */
	}
}

/* ---- both -------------------------------------------------------------------------------------- */

static unsigned rx_hops(const struct bp_model_end *end, enum bp_device_hop what,
			struct bp_hop *hops)
{
	hops[0] = device_rx[kernel_kind(end)];
	switch (what) {
	case BP_DEVICE_HOP_XDP_GENERIC:
		return 1 + fit_for_generic(end, &hops[1]);
	case BP_DEVICE_HOP_XDP_NATIVE:
		return 1 + fit_for_native(end, &hops[1]);
	default:
		return 1;
	}
}

unsigned bp_kernel_hops(const struct bp_model_end *end, enum bp_direction dir,
			enum bp_device_hop what, struct bp_hop hops[BP_KERNEL_HOPS_MAX])
{
	if (what == BP_DEVICE_HOP_NONE)
		return 0;
	if (dir == BP_RX)
		return rx_hops(end, what, hops);
	hops[0] = device_tx[kernel_kind(end)];
	if (what == BP_DEVICE_HOP_PAGES)
		settle_pages(end, &hops[0]);
	else if (what == BP_DEVICE_HOP_RECEIVED)
		settle_received(end, &hops[0]);
	else if (what == BP_DEVICE_HOP_SKB)
		settle_one_piece(end, &hops[0]);
	return 1;
}
