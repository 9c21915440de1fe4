/* What `xdp_live` is: keys, limits, copies, counters. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "describe.h"

#include "core/claim.h"

static const struct bp_key keys[] = {
	BP_KEY_DEVICE("a network interface", "eth0"),
	{ .name = NULL },
};

const struct bp_counter_row xdp_live_counters[] = {
	[LIVE_SENT] = { "xdp_devmap_sent", "packets", BP_SIDE_TX, BP_KIND_EVENT,
			"what the device took (xdp_devmap_xmit)", false },
	[LIVE_REFUSED] = { "xdp_devmap_drops", "packets", BP_SIDE_TX, BP_KIND_EXPLAINS,
			   "what the device did not take (xdp_devmap_xmit), tried again or dropped "
			   "under a name",
			   false },
	{ .name = NULL },
};

static const struct bp_model_row rows[] = {
	{
		/* bypath gen only: no path of an engine leads here. */
		.dir = BP_TX,
		.homes = BP_HOME_ANY,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE,
			    .place = "page of the test run's pool",
			    .mover = "XDP_TX of the BPF program",
			    .source = "linux/net/bpf/test_run.c",
			    .why = "a page is filled once, then used again and again: for each frame "
				   "the program writes headers and signature only" } },
	},
	{ .n_hops = 0 },
};

static unsigned claims(const struct bp_port_conf *port, struct bp_claim *claims)
{
	return bp_claim_device(
		port, (struct bp_claim){ .kind = BP_CLAIM_NETDEV, .is_sending = true }, claims);
}

static void limits(const struct bp_port_conf *port, struct bp_limits *limits)
{
	(void)port;
	*limits = (struct bp_limits){
		.key = "driver",
		.no_rx = "an xdp_live port, which only sends: receive with another driver",
		.no_forward = "this driver only sends what bypath gen has it make: forward "
			      "with another one",
		.no_replay = "an xdp_live port, which sends streams only: replay with another "
			     "driver",
	};
}

const struct bp_facts bp_facts_xdp_live = {
	.summary = "sends what a BPF program makes inside the kernel: bypath gen only",
	.flags = BP_FACT_ONE_QUEUE,
	.keys = keys,
	.claims = claims,
	.limits = limits,
	.rows = rows,
	.counters = xdp_live_counters,
};
