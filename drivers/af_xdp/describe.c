/* What `af_xdp` is: keys, modes, copies, counters. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rows are read from Linux 6.1, 6.12 and 6.18. Where a probe disagrees, the probe is right and a row here gets a
 * fix. Only whole-payload copies by a CPU count; header pulls and copybreak of drivers do not. Functions that are
 * named exist out of line in each of them.
 */
#include "describe.h"

#include "core/claim.h"

#include <stdio.h>
#include <string.h>

#define OWN(field) BP_KEY_OF_OWN(struct af_xdp_conf, field)

static const struct bp_word modes[] = { { "auto", AF_XDP_AUTO },
					{ "zerocopy", AF_XDP_ZEROCOPY },
					{ "copy", AF_XDP_COPY },
					{ "skb", AF_XDP_SKB },
					{ NULL, 0 } };

static const struct bp_key keys[] = {
	BP_KEY_DEVICE("a network interface", "eth1"),
	BP_KEY_WORDS("mode", modes, "auto", OWN(mode),
		     "how to attach; auto: the best that the device and its driver have"),
	BP_KEY_WORDS("strict", bp_words_yes_no, "no", OWN(strict),
		     "refuse to start when the mode asked for is not the mode got"),
	BP_KEY_TAKE_HOST,
	BP_KEY_QUEUES,
	BP_KEY_CHECKSUM,
	BP_KEY_RING_SIZE(65536),
	BP_KEY_INT("busy_poll_us", 0, 100000, "µs", "off", "0", OWN(busy_poll_us),
		   "SO_BUSY_POLL: time a system call may spend polling the device"),
	{ .name = NULL },
};

const struct bp_counter_row af_xdp_counters[] = {
	[AF_XDP_RX_DROPPED] = { "rx_dropped", "packets", BP_SIDE_RX, BP_KIND_DROP,
				"no frame to receive into, or too long", false },
	[AF_XDP_RX_RING_FULL] = { "rx_ring_full", "packets", BP_SIDE_RX, BP_KIND_DROP,
				  "no free descriptor in the RX ring", false },
	[AF_XDP_FILL_RING_EMPTY] = { "fill_ring_empty", "attempts", BP_SIDE_RX, BP_KIND_EVENT,
				     "to take a frame from an empty fill ring: packets so lost are in "
				     "rx_dropped",
				     false },
	[AF_XDP_RX_INVALID] = { "rx_invalid", "descriptors", BP_SIDE_RX, BP_KIND_EVENT,
				"of the fill ring, refused by the kernel", false },
	[AF_XDP_TX_INVALID] = { "tx_invalid", "packets", BP_SIDE_TX, BP_KIND_DROP,
				"descriptors of the TX ring refused by the kernel", false },
	{ .name = NULL },
};

static const char xsk_c[] = "linux/net/xdp/xsk.c";

static const struct bp_model_row rows[] = {
	{
		.dir = BP_RX,
		.words = "zerocopy|zero-copy",
		.kinds = BP_ON(VIRTIO) | BP_ON(OTHER),
		.homes = BP_HOME_ARENA,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_DEVICE, BP_DOMAIN_SHARED, .place = "frame of the UMEM",
			    .mover = "DMA", .rate = BP_CALL_ON_WAKEUP, .call = "recvfrom",
			    .source = xsk_c,
			    .why = "the device writes the frame that bypath put on the fill ring" } },
	},
	{
		.dir = BP_RX,
		.words = "skb",
		.kinds = BP_ON(VETH) | BP_ON(TAP) | BP_ON(VIRTIO) | BP_ON(OTHER),
		.homes = BP_HOME_ARENA,
		.device_hop = BP_DEVICE_HOP_XDP_GENERIC,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_SHARED, .place = "frame of the UMEM",
			    .mover = "xsk_generic_rcv", .copiers = { "__xsk_rcv" },
			    .kernel = { 1, 1 }, .call = "poll", .source = xsk_c,
			    .why = "generic XDP redirects the skb; the socket copies it" } },
	},
	{
		.dir = BP_RX,
		.words = "native !zerocopy !zero-copy",
		.kinds = BP_ON(VETH),
		.homes = BP_HOME_ARENA,
		.device_hop = BP_DEVICE_HOP_XDP_NATIVE,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_SHARED, .place = "frame of the UMEM",
			    .copiers = { "__xsk_rcv" }, .kernel = { 1, 1 }, .call = "poll",
			    .source = xsk_c, .is_lack = true,
			    .why = "veth has no zero-copy: the socket copies into the UMEM" } },
	},
	{
		.dir = BP_RX,
		.words = "native !zerocopy !zero-copy",
		.kinds = BP_ON(TAP) | BP_ON(VIRTIO) | BP_ON(OTHER),
		.homes = BP_HOME_ARENA,
		.device_hop = BP_DEVICE_HOP_XDP_NATIVE,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_SHARED, .place = "frame of the UMEM",
			    .copiers = { "__xsk_rcv" }, .kernel = { 1, 1 }, .call = "poll",
			    .source = xsk_c,
			    .why = "from the page that the program ran on into the UMEM" } },
	},
	{
		.dir = BP_TX,
		.words = "zerocopy|zero-copy",
		.kinds = BP_ON(VIRTIO) | BP_ON(OTHER),
		.homes = BP_HOME_ARENA,
		.home_place = "frame of the UMEM",
		.home_domain = BP_DOMAIN_SHARED,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_SHARED, BP_DOMAIN_DEVICE, .place = "the wire",
			    .mover = "xsk_tx_peek_desc, DMA", .rate = BP_CALL_ON_WAKEUP,
			    .call = "sendto", .source = xsk_c,
			    .why = "the device reads the frame itself" } },
	},
	{
		.dir = BP_TX,
		.words = "native|skb !zerocopy !zero-copy",
		.kinds = BP_ON(VIRTIO),
		.homes = BP_HOME_ARENA,
		.home_place = "frame of the UMEM",
		.home_domain = BP_DOMAIN_SHARED,
		.device_hop = BP_DEVICE_HOP_PAGES,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_SHARED, BP_DOMAIN_KERNEL, .place = "skb with UMEM pages",
			    .mover = "__xsk_generic_xmit", .rate = BP_CALL_PER_BATCH,
			    .call = "sendto", .source = xsk_c,
			    .why = "virtio_net takes skbs without a linear part: pages, no copy" } },
	},
	{
		.dir = BP_TX,
		.words = "native|skb !zerocopy !zero-copy",
		.kinds = BP_ON(VETH) | BP_ON(TAP) | BP_ON(OTHER),
		.homes = BP_HOME_ARENA,
		.home_place = "frame of the UMEM",
		.home_domain = BP_DOMAIN_SHARED,
		.device_hop = BP_DEVICE_HOP_SKB,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_SHARED, BP_DOMAIN_KERNEL, .place = "skb",
			    .mover = "__xsk_generic_xmit", .copiers = { "skb_store_bits" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_PER_BATCH, .call = "sendto",
			    .source = xsk_c,
			    .why = "copy mode builds an skb from each frame; needs the call always" } },
	},
	{ .n_hops = 0 },
};

static unsigned claims(const struct bp_port_conf *port, struct bp_claim *claims)
{
	/* Nothing is attached to an interface that it only sends on. */
	return bp_claim_device(
		port, (struct bp_claim){ .kind = BP_CLAIM_NETDEV, .take = BP_TAKE_RECEIVED },
		claims);
}

/* ---- the mode that a start would end with ----------------------------------------------------- */

const char *af_xdp_mode_key(enum af_xdp_mode mode)
{
	return bp_key_word_of(bp_key_find(keys, "mode"), mode);
}

const char *af_xdp_mode_name(enum af_xdp_mode mode)
{
	static const char *const names[AF_XDP_N_MODES] = {
		[AF_XDP_ZEROCOPY] = "native-zerocopy",
		[AF_XDP_COPY] = "native-copy",
		[AF_XDP_SKB] = "skb-copy",
	};

	return names[mode];
}

static void set_note(struct bp_port_info *info, const char *note)
{
	snprintf(info->note, sizeof(info->note), "%s", note);
}

/* Nothing is forwarded from it: no RX queue, hence in the copy modes no XDP program. */
static bool is_send_only(const struct bp_port_conf *port)
{
	return !port->out_ports;
}

/* What the driver's attempts end with, from `first` on. */
static enum af_xdp_mode last_step(const struct bp_port_conf *port, const struct bp_device *device,
				  enum af_xdp_mode first)
{
	enum bp_xdp offered = bp_device_xdp(device);

	if (first == AF_XDP_ZEROCOPY && offered == BP_XDP_ZEROCOPY)
		return AF_XDP_ZEROCOPY;
	if (first <= AF_XDP_COPY && (is_send_only(port) || offered >= BP_XDP_NATIVE))
		return AF_XDP_COPY;
	return AF_XDP_SKB;
}

static void note_why(const struct bp_port_conf *port, const struct bp_device *device,
		     enum af_xdp_mode first, enum af_xdp_mode got, struct bp_port_info *info)
{
	if (got == AF_XDP_ZEROCOPY)
		set_note(info, "the device's driver offers zero-copy; the bind decides");
	else if (first == AF_XDP_SKB)
		info->note[0] = '\0';
	else if (!device->has_xdp_features && !is_send_only(port))
		set_note(info,
			 "this kernel does not publish XDP features: guessed from the driver");
	else if (first == AF_XDP_ZEROCOPY && device->kind == BP_DEVICE_VIRTIO &&
		 !device->has_access_platform)
		set_note(info, "virtio_net binds zero-copy only where the hypervisor offers "
			       "ACCESS_PLATFORM (iommu_platform=on): not here");
	else if (got == AF_XDP_SKB)
		set_note(info, "the device's driver has no native XDP");
	else if (first == AF_XDP_ZEROCOPY)
		set_note(info, "the device's driver has no zero-copy");
	else if (is_send_only(port))
		set_note(info, "sends only: no XDP program is attached");
}

/* strict: the driver does not go further down. */
static void note_refusal(enum af_xdp_mode first, struct bp_port_info *info)
{
	char why[sizeof(info->note)];

	snprintf(why, sizeof(why), "%s", info->note);
	snprintf(info->note, sizeof(info->note),
		 "a run refuses to start: mode = %s, strict = yes, and %.160s",
		 af_xdp_mode_key(first), why);
}

void af_xdp_predict_mode(const struct bp_port_conf *port, const struct bp_device *device,
			 struct bp_port_info *info)
{
	const struct af_xdp_conf *conf = af_xdp_conf(port);
	enum af_xdp_mode first = af_xdp_first_mode(conf), got;

	if (!device->exists) { /* no driver to ask: as asked for, or the commonest */
		got = conf->mode == AF_XDP_AUTO ? AF_XDP_COPY : first;
	} else {
		got = last_step(port, device, first);
		note_why(port, device, first, got, info);
		if (got != first && !af_xdp_may_fall_back(conf))
			note_refusal(first, info);
	}
	strcpy(info->mode, af_xdp_mode_name(got));
}

static void predict(const struct bp_port_conf *port, const struct bp_port_conf *to,
		    struct bp_port_info *info)
{
	struct bp_device device;

	(void)to;
	(void)bp_device_predict(port->device, info, &device);
	af_xdp_predict_mode(port, &device, info);
	info->caps = BP_CAP_PLAIN_RX;
	if (info->kind == BP_DEVICE_VETH || info->kind == BP_DEVICE_TAP)
		info->caps |= BP_CAP_CSUM_INFER;
}

const struct bp_facts bp_facts_af_xdp = {
	.summary = "AF_XDP sockets: frames shared with the kernel, zero-copy where the NIC can",
	.flags = BP_FACT_PAIRED_QUEUES | BP_FACT_TOUCHES_NOTHING | BP_FACT_INFERS,
	.keys = keys,
	.example = "xdp",
	.claims = claims,
	.predict = predict,
	.rows = rows,
	.counters = af_xdp_counters,
};
