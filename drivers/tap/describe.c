/* What `tap` is: keys, copies, counters. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "describe.h"

#include "core/claim.h"
#include "core/device.h"

#include <string.h>

static const struct bp_key keys[] = {
	BP_KEY_DEVICE("the network interface to make", "bypath0"),
	BP_KEY_QUEUES,
	BP_KEY_CHECKSUM,
	BP_KEY_OFFLOAD,
	{ .name = NULL },
};

const struct bp_counter_row tap_counters[] = {
	[TAP_TO_US_DROPPED] = { "kernel_tx_dropped", "packets", BP_SIDE_RX, BP_KIND_DROP,
				"the tap's queue towards bypath was full", true },
	[TAP_FROM_US_DROPPED] = { "kernel_rx_dropped", "packets", BP_SIDE_TX, BP_KIND_DROP,
				  "the kernel's stack did not take them", true },
	{ .name = NULL },
};

static const char tun_c[] = "linux/drivers/net/tun.c";

static const struct bp_model_row rows[] = {
	{
		.dir = BP_RX,
		.homes = BP_HOME_ARENA,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_USER, .place = "frame of the arena",
			    .mover = "tun_do_read", .copiers = { "skb_copy_datagram_iter" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_PER_PKT, .call = "readv",
			    .source = tun_c,
			    .why = "what the kernel's own stack sent to this interface" } },
	},
	{
		.dir = BP_TX,
		.homes = BP_HOME_ANY,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_KERNEL, .place = "skb",
			    .mover = "tun_get_user",
			    .copiers = { "copy_page_from_iter", "skb_copy_datagram_from_iter" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_PER_PKT, .call = "writev",
			    .source = tun_c,
			    .why = "the kernel's own stack receives the packet" } },
	},
	{ .n_hops = 0 },
};

static unsigned claims(const struct bp_port_conf *port, struct bp_claim *claims)
{
	return bp_claim_device(
		port, (struct bp_claim){ .kind = BP_CLAIM_NETDEV, .is_far_end = true }, claims);
}

static void predict(const struct bp_port_conf *port, const struct bp_port_conf *to,
		    struct bp_port_info *info)
{
	(void)port;
	(void)to;
	strcpy(info->mode, "tap");
	info->caps = BP_CAP_VNET_TX;
}

const struct bp_facts bp_facts_tap = {
	.summary = "TUN/TAP interface: hands packets to the kernel's own stack, super-frames too",
	.keys = keys,
	.flags = BP_FACT_FILLS_FRAMES | BP_FACT_KNOWS_BURST,
	.example = "stack",
	.claims = claims,
	.predict = predict,
	.rows = rows,
	.counters = tap_counters,
};
