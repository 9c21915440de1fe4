/* The function dummy: drops every Nth packet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/function.h"

#include <errno.h>
#include <stdlib.h>

struct dummy_conf {
	uint32_t nth;
};

/* One per worker: nothing is shared but what never changes. */
struct worker {
	uint32_t nth, n_left; /* packets until the next one that is dropped */
};

enum drop { NTH };

static void process(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out, uint8_t *why)
{
	struct worker *w = fn->local;

	for (unsigned i = 0; i < n; i += bp_pkt_n_views(&pkts[i], n - i)) {
		if (--w->n_left)
			continue;
		w->n_left = w->nth;
		out[i] = 0;
		why[i] = NTH;
	}
}

#define OWN(field) BP_KEY_OF_FN(struct dummy_conf, field)

static const struct bp_key keys[] = {
	BP_KEY_INT("nth", 2, 1000, "packets", NULL, "10", OWN(nth), "one of so many is dropped"),
	{ .name = NULL },
};

static const struct bp_fn_reason reasons[] = {
	[NTH] = { "nth", "its number is a multiple of nth" },
	{ NULL, NULL },
};

static int dummy_open(const struct bp_conf *conf, const struct bp_function_conf *fn, void **state)
{
	(void)conf;
	*state = (void *)(uintptr_t)BP_FN_OWN(struct dummy_conf, fn);
	return 0;
}

static int dummy_enter(struct bp_fn *fn)
{
	const struct dummy_conf *conf = fn->state;
	struct worker *w = malloc(sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct worker){ conf->nth, conf->nth };
	fn->local = w;
	return 0;
}

static void dummy_leave(struct bp_fn *fn)
{
	free(fn->local);
}

static const struct bp_function_ops ops = {
	.open = dummy_open,
	.enter = dummy_enter,
	.leave = dummy_leave,
	.process = process,
};

const struct bp_function bp_function_dummy = {
	.name = "dummy",
	.summary = "a function for a test: one file and one row",
	.keys = keys,
	.reasons = reasons,
	.ops = &ops,
};
