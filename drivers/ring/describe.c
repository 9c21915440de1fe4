/* What `ring` is: keys, copies. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/facts.h"

#include "core/claim.h"

#include <stdio.h>
#include <string.h>

static const struct bp_key keys[] = {
	BP_KEY_DEVICE("the ring's name: ports of one name are its two ends", "ring0"),
	BP_KEY_QUEUES,
	BP_KEY_CHECKSUM,
	BP_KEY_OFFLOAD,
	BP_KEY_RING_SIZE(65536),
	{ .name = NULL },
};

static const struct bp_model_row rows[] = {
	{
		.dir = BP_RX,
		.homes = BP_HOME_ARENA | BP_HOME_MBUF,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "where it was put",
			    .mover = "in-process ring", .source = "drivers/ring/ring.c",
			    .why = "views pass through, bytes stay where they are" } },
	},
	{
		.dir = BP_TX,
		.homes = BP_HOME_ARENA | BP_HOME_MBUF,
		.home_place = "frame of the arena",
		.home_domain = BP_DOMAIN_USER,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "where it was put",
			    .mover = "in-process ring", .source = "drivers/ring/ring.c",
			    .why = "views pass through, bytes stay where they are" } },
	},
	{ .n_hops = 0 },
};

static unsigned claims(const struct bp_port_conf *port, struct bp_claim *claims)
{
	return bp_claim_device(port, (struct bp_claim){ .kind = BP_CLAIM_RING }, claims);
}

static void predict(const struct bp_port_conf *port, const struct bp_port_conf *to,
		    struct bp_port_info *info)
{
	strcpy(info->mode, "ring");
	if (port->is_hop && to)
		snprintf(
			info->note, sizeof(info->note),
			"made for workers without a TX queue of %s: what they send there comes through here",
			to->name);
	info->caps = BP_CAP_VNET_TX;
}

const struct bp_facts bp_facts_ring = {
	.summary = "in-process wire between two ports, or a loop: tests, the engine's ceiling",
	.flags = BP_FACT_TOUCHES_NOTHING | BP_FACT_KEEPS_VIEWS | BP_FACT_PASSES_ON,
	.keys = keys,
	.example = "wire",
	.claims = claims,
	.predict = predict,
	.rows = rows,
};
