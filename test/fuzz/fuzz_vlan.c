/* Fuzz target: any frame, metadata and views through each action of vlan; push and pop undo each other. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../unit/offload_bed.h"

#include "bypath/function.h"
#include "config/value.h"

#include "demand.h"

/*
 * The input: a byte that chooses the action, one of flags (1: has metadata, 2: several views), one that is the headroom,
 * 12 bytes of metadata if it has any, then the frame.
 */
static const struct {
	const char *key[3], *value[3];
} configs[] = {
	{ { "action", "id" }, { "push", "10" } },
	{ { "action" }, { "pop" } },
	{ { "action", "id", "ids" }, { "pop", "10", "0,10-20" } },
	{ { "action", "to", "priority" }, { "rewrite", "20", "3" } },
	{ { "action", "ids" }, { "pass", "1-100" } },
};
#define N_CONFIGS (sizeof(configs) / sizeof(configs[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct vlan {
	struct bp_conf *conf;
	const struct bp_function *function;
	struct bp_fn fn;
};

static void open_vlan(struct vlan *v, unsigned which)
{
	char why[BP_WHY_BYTES];

	v->function = bp_function_find("vlan");
	v->conf = calloc(1, sizeof(*v->conf));
	demand(v->conf, "there is memory");
	bp_value_store_defaults(v->function->keys, &v->conf->functions[0]);
	for (unsigned i = 0; i < 3 && configs[which].key[i]; i++)
		demand(!bp_value_store(bp_key_find(v->function->keys, configs[which].key[i]),
				       configs[which].value[i], &v->conf->functions[0], why),
		       "the value is right");
	v->fn = (struct bp_fn){ 0 };
	demand(!v->function->ops->open(v->conf, &v->conf->functions[0], &v->fn.state), "it opens");
	demand(!v->function->ops->enter(&v->fn), "a worker enters");
}

static void close_vlan(struct vlan *v)
{
	v->function->ops->close(v->fn.state);
	free(v->conf);
}

/* Returns whether the packet goes on. */
static bool run(struct vlan *v, struct bp_pkt *pkts, unsigned n)
{
	uint64_t out[BP_BURST_MAX];
	uint8_t why[BP_BURST_MAX] = { 0 };
	unsigned n_reasons = 0;

	for (unsigned i = 0; i < n; i++)
		out[i] = BP_OUT_NEXT;
	while (v->function->reasons[n_reasons].name)
		n_reasons++;
	v->function->ops->process(&v->fn, pkts, n, out, why);
	for (unsigned i = 1; i < n; i++)
		demand(out[i] == BP_OUT_NEXT && !why[i], "further views are not decided on");
	demand(out[0] == BP_OUT_NEXT || !out[0], "it goes on or is dropped");
	demand(why[0] < n_reasons, "a drop has a reason");
	return out[0];
}

static void check_undone(struct bed *bed, struct bp_pkt *pkts, unsigned n)
{
	struct bp_pkt before = pkts[0];
	uint8_t *bytes = malloc(before.len + 1);
	struct vlan push, pop;

	(void)bed;
	demand(bytes, "there is memory");
	memcpy(bytes, before.data, before.len);
	open_vlan(&push, 0);
	open_vlan(&pop, 1);
	if (run(&push, pkts, n)) {
		demand(pkts[0].len == before.len + 4 && pkts[0].data == before.data - 4,
		       "a push makes room for four bytes");
		demand(run(&pop, pkts, n), "what was pushed is popped");
	}
	demand(!memcmp(&pkts[0], &before, sizeof(before)), "the view is as before");
	demand(!memcmp(pkts[0].data, bytes, before.len), "the bytes are as before");
	close_vlan(&push);
	close_vlan(&pop);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bed bed = { .pool = { .put = bed_put, .name = "bed" } };
	struct bp_pkt pkts[BP_BURST_MAX];
	struct bp_vnet_hdr meta;
	uint8_t flags, headroom;
	struct vlan v;
	unsigned n = 1, which;

	if (size < 3 + sizeof(meta))
		return 0;
	which = data[0] % (N_CONFIGS + 1);
	flags = data[1];
	headroom = data[2] % 16;
	memcpy(&meta, data + 3, sizeof(meta));
	data += 3 + sizeof(meta);
	size -= 3 + sizeof(meta);
	if (size > 4096)
		size = 4096;
	pkts[0] = bed_view(&bed, data, (uint32_t)size, headroom, flags & 1 ? &meta : NULL);
	if (flags & 2) {
		pkts[0].flags |= BP_PKT_MORE;
		pkts[n++] = bed_view(&bed, data, (uint32_t)size, 0, NULL);
	}
	bp_pkt_wire(pkts, n);
	if (which == N_CONFIGS) {
		check_undone(&bed, pkts, n);
	} else {
		open_vlan(&v, which);
		run(&v, pkts, n);
		bp_pkt_wire(pkts, n);
		close_vlan(&v);
	}
	bed_free_views(&bed);
	return 0;
}
