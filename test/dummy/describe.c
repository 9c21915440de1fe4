/* What `dummy` is: keys, copies, counter. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "describe.h"

#include <string.h>

#define OWN(field) BP_KEY_OF_OWN(struct dummy_conf, field)

static const struct bp_word modes[] = { { "zeros", DUMMY_ZEROS },
					{ "ones", DUMMY_ONES },
					{ NULL, 0 } };

static const struct bp_key keys[] = {
	BP_KEY_WORDS("mode", modes, "zeros", OWN(mode), "what the payload of its frames is"),
	BP_KEY_QUEUES,
	BP_KEY_INT("frame_bytes", 60, 1514, "bytes", NULL, "60", OWN(frame_bytes),
		   "length of the frames made, without FCS"),
	{ .name = NULL },
};

const struct bp_counter_row dummy_counters[] = {
	{ "dummy_eaten", "packets", BP_SIDE_TX, BP_KIND_EVENT, "sent here, and seen by nobody",
	  false },
	{ .name = NULL },
};

static const struct bp_model_row rows[] = {
	{ .dir = BP_RX,
	  .homes = BP_HOME_ARENA,
	  .n_hops = 1,
	  .hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "frame of the arena",
		      .mover = "none", .source = "drivers/dummy/dummy.c",
		      .why = "a fresh frame, filled here" } } },
	{ .dir = BP_TX,
	  .homes = BP_HOME_ANY,
	  .n_hops = 1,
	  .hops = { { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "its own pool again",
		      .mover = "none", .source = "drivers/dummy/dummy.c",
		      .why = "the view goes back to its pool, no byte is read" } } },
	{ .n_hops = 0 },
};

static void limits(const struct bp_port_conf *port, struct bp_limits *limits)
{
	(void)port;
	limits->invents = "a dummy port, which makes its frames by itself";
}

static void predict(const struct bp_port_conf *port, const struct bp_port_conf *to,
		    struct bp_port_info *info)
{
	(void)to;
	strcpy(info->mode, bp_key_word_of(keys, dummy_conf(port)->mode));
	info->caps = BP_CAP_PLAIN_RX;
}

const struct bp_facts bp_facts_dummy = {
	.summary = "a driver for a test: one folder and one row",
	.keys = keys,
	.example = "dummy",
	.limits = limits,
	.predict = predict,
	.rows = rows,
	.counters = dummy_counters,
};
