/* The function mirror: a copy of the packets, or of one in so many, goes to another port. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/function.h"

#include "core/json.h"

#include "functions/copy_port.h"

#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct mirror_conf {
	char to[BP_NAME_BYTES];
	uint32_t sample;
};

struct mirror_worker {
	alignas(BP_CACHE_LINE) uint64_t bit;
	uint32_t sample;
	uint32_t n_left; /* packets up to the next that is copied, it included; ≥ 1 */
	_Atomic uint64_t n_chosen; /* written by the worker, read by show(); relaxed */
};

struct mirror {
	char to[BP_NAME_BYTES];
	uint64_t bit;
	uint32_t sample;
	/* They stay until close(): show() has their figures after their end. */
	struct mirror_worker *workers[BP_WORKERS_MAX];
};

#define OWN(field) BP_KEY_OF_FN(struct mirror_conf, field)

static const struct bp_key keys[] = {
	{ .name = "to",
	  .type = BP_KEY_TEXT,
	  .flags = BP_KEY_REQUIRED,
	  OWN(to),
	  .example = "mon",
	  .help = "the port that the copies go to" },
	BP_KEY_INT("sample", 1, 1000000000, "packets", NULL, "1", OWN(sample),
		   "copy the first of each so many packets, as each worker counts them"),
	{ .name = NULL },
};

/* ---- the packet path ------------------------------------------------------------------------- */

static unsigned choose(struct mirror_worker *self, const struct bp_pkt *pkts, unsigned n,
		       uint64_t *out)
{
	unsigned n_chosen = 0;

	for (unsigned i = 0; i < n; i += bp_pkt_n_views(&pkts[i], n - i)) {
		if (--self->n_left)
			continue;
		self->n_left = self->sample;
		out[i] |= self->bit;
		n_chosen++;
	}
	return n_chosen;
}

static unsigned choose_all(const struct mirror_worker *self, const struct bp_pkt *pkts, unsigned n,
			   uint64_t *out)
{
	for (unsigned i = 0; i < n; i++)
		out[i] |= self->bit;
	return bp_pkt_count(pkts, n);
}

static void process(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out, uint8_t *why)
{
	struct mirror_worker *self = fn->local;
	uint64_t n_before = atomic_load_explicit(&self->n_chosen, memory_order_relaxed);
	unsigned n_chosen =
		self->sample == 1 ? choose_all(self, pkts, n, out) : choose(self, pkts, n, out);

	(void)why;
	atomic_store_explicit(&self->n_chosen, n_before + n_chosen, memory_order_relaxed);
}

/* ---- control --------------------------------------------------------------------------------- */

static int open_mirror(const struct bp_conf *conf, const struct bp_function_conf *fn, void **state)
{
	const struct mirror_conf *own = BP_FN_OWN(struct mirror_conf, fn);
	int port_id = bp_function_port(conf, own->to, strlen(own->to));
	struct mirror *mirror = calloc(1, sizeof(*mirror));

	if (!mirror)
		return -ENOMEM;
	strcpy(mirror->to, own->to);
	mirror->bit = UINT64_C(1) << port_id;
	mirror->sample = own->sample;
	*state = mirror;
	return 0;
}

static void close_mirror(void *state)
{
	struct mirror *mirror = state;

	for (unsigned i = 0; i < BP_WORKERS_MAX; i++)
		free(mirror->workers[i]);
	free(mirror);
}

static int enter(struct bp_fn *fn)
{
	struct mirror *mirror = fn->state;
	struct mirror_worker **self = &mirror->workers[fn->worker_id];

	if (!*self) {
		*self = aligned_alloc(BP_CACHE_LINE, sizeof(**self));
		if (!*self)
			return -ENOMEM;
		**self = (struct mirror_worker){ .bit = mirror->bit,
						 .sample = mirror->sample,
						 .n_left = 1 };
	}
	fn->local = *self;
	return 0;
}

static json_t *show(const void *state)
{
	const struct mirror *mirror = state;
	uint64_t n_chosen = 0;

	for (unsigned i = 0; i < BP_WORKERS_MAX; i++)
		if (mirror->workers[i])
			n_chosen += atomic_load_explicit(&mirror->workers[i]->n_chosen,
							 memory_order_relaxed);
	return json_pack("{s:s, s:I, s:o}", "to", mirror->to, "sample", (json_int_t)mirror->sample,
			 "chosen", bp_json_count(n_chosen));
}

/* ---- configuration --------------------------------------------------------------------------- */

static uint64_t outs(const struct bp_conf *conf, const struct bp_function_conf *fn,
		     unsigned in_port)
{
	const struct mirror_conf *own = BP_FN_OWN(struct mirror_conf, fn);
	int port_id = bp_function_port(conf, own->to, strlen(own->to));

	(void)in_port;
	return port_id == BP_NO_PORT ? 0 : UINT64_C(1) << port_id;
}

static void check(const struct bp_function_conf *fn, struct bp_check *check)
{
	const struct mirror_conf *own = BP_FN_OWN(struct mirror_conf, fn);
	char why[BP_COPY_PORT_WHY_BYTES];

	if (!own->to[0])
		return; /* that it is required was said */
	if (bp_copy_port(check->conf, fn, own->to, strlen(own->to), why) == BP_NO_PORT)
		check->complain(check, "to", "%s", why);
}

static const struct bp_function_ops ops = {
	.open = open_mirror,
	.close = close_mirror,
	.enter = enter,
	.show = show,
	.process = process,
};

const struct bp_function bp_function_mirror = {
	.name = "mirror",
	.summary = "sends a copy of the packets, or of one in so many, to another port",
	.keys = keys,
	.ops = &ops,
	.outs = outs,
	.check = check,
};
