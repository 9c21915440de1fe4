/* What `null` is: keys, copies. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "describe.h"

#include "bypath/pkt.h"

#include <string.h>

#define OWN(field) BP_KEY_OF_OWN(struct null_conf, field)

static const struct bp_key keys[] = {
	BP_KEY_QUEUES,
	BP_KEY_INT("rate_pps", 0, 1000000000, "packets/s", "no limit", "0", OWN(rate_pps),
		   "rate of the packets made"),
	BP_KEY_INT("count", 0, INT64_MAX, "packets", "never", "0", OWN(count),
		   "stop after so many packets"),
	BP_KEY_INT("frame_bytes", 14, 9000, "bytes", NULL, "64", OWN(frame_bytes),
		   "length of the frames made, without FCS"),
	{ .name = NULL },
};

static const struct bp_model_row rows[] = {
	{
		.dir = BP_RX,
		.homes = BP_HOME_ARENA,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "frame of the arena",
			    .mover = "none", .source = "drivers/null/null.c",
			    .why = "made there: no packet's bytes are moved" } },
	},
	{
		.dir = BP_TX,
		.homes = BP_HOME_ANY,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "its own pool again",
			    .mover = "none", .source = "drivers/null/null.c",
			    .why = "the view goes back to its pool, no byte is read" } },
	},
	{ .n_hops = 0 },
};

static void check(struct bp_port_conf *port, struct bp_check *check)
{
	uint32_t bytes = null_conf(port)->frame_bytes, all = check->conf->memory.frame_bytes;

	if (bytes > all - BP_HEADROOM)
		check->complain(
			check, "frame_bytes",
			"found %u bytes, allowed: %u, what a frame of [memory] frame_bytes = %u "
			"holds%s",
			bytes, all - BP_HEADROOM, all, all < 4096 ? "; set that to 4096" : "");
}

static void limits(const struct bp_port_conf *port, struct bp_limits *limits)
{
	(void)port;
	limits->invents =
		"a null port, which makes its frames by itself: nothing that was sent comes "
		"out of it";
}

static void predict(const struct bp_port_conf *port, const struct bp_port_conf *to,
		    struct bp_port_info *info)
{
	(void)port;
	(void)to;
	strcpy(info->mode, "null");
	info->caps = BP_CAP_VNET_TX | BP_CAP_PLAIN_RX;
}

const struct bp_facts bp_facts_null = {
	.summary = "source and sink without a network: the engine's ceiling",
	.flags = BP_FACT_TOUCHES_NOTHING | BP_FACT_FILLS_FRAMES | BP_FACT_KNOWS_BURST,
	.keys = keys,
	.example = "source",
	.check = check,
	.limits = limits,
	.predict = predict,
	.rows = rows,
};
