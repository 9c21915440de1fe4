/* Loads the programs that count the kernel's drops, reads what they counted. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/drops.h"

#include "bypath/log.h"

#include "core/json.h"
#include "probe/drop_counters.h"
#include "probe/drop_rows.h"
#include "probe/kernel_names.h"
#include "probe/load.h"
#include "probe/self.bpf.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* bpftool's words */
#include "probe_drops.skel.h"
#pragma GCC diagnostic pop

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bp_probe_drops {
	struct probe_drops *skel; /* NULL: nothing is observed */
	char why[160]; /* and this is why */
	struct bp_probe_load load;
	struct bp_drop_counters counters;
	int n_cpus;
};

/* ---- begin ----------------------------------------------------------------------------------- */

static int load(struct bp_probe_drops *drops)
{
	struct probe_drops *skel = drops->skel = probe_drops__open();
	int err;

	if (!skel)
		return -errno;
	bp_probe_self((struct probe_self *)&skel->rodata->self);
	skel->rodata->tells_receiver =
		bp_kernel_tracepoint_args(drops->load.kernel, "kfree_skb") >= 4;
	bpf_program__set_autoload(skel->progs.on_udp_fail_queue_rcv_skb,
				  !skel->rodata->tells_receiver);
	err = bp_probe_load(&drops->load, skel->skeleton, false);
	if (!err)
		err = bp_probe_attach(&drops->load);
	/* Without it nothing is known of losses. */
	return err || bp_probe_is_observed(&drops->load, "kfree_skb") ? err : -ENOTSUP;
}

/* What there is to observe with on this kernel, or why there is nothing. */
static void observe(struct bp_probe_drops *drops)
{
	const struct bp_kernel_names *kernel = drops->load.kernel;
	int err;

	if (!bp_kernel_reason(kernel, 0)) {
		snprintf(drops->why, sizeof(drops->why),
			 kernel->n_btfs ? "this kernel gives no reasons for drops (Linux 5.17 does)"
					: "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)");
		return;
	}
	err = load(drops);
	if (!err)
		return;
	snprintf(drops->why, sizeof(drops->why), "the kernel refuses the programs: %s%s",
		 bp_probe_strerror(err),
		 err == -EPERM || err == -EACCES ? ": run as root, or with CAP_BPF and CAP_PERFMON"
						 : "");
	bp_probe_detach(&drops->load);
	probe_drops__destroy(drops->skel);
	drops->skel = NULL;
}

int bp_probe_drops_open(const struct bp_kernel_names *kernel, struct bp_probe_drops **out)
{
	struct bp_probe_drops *drops = calloc(1, sizeof(*drops));

	if (!drops)
		return -ENOMEM;
	bp_probe_load_begin(&drops->load, kernel);
	drops->n_cpus = libbpf_num_possible_cpus();
	observe(drops);
	if (drops->why[0])
		bp_log(BP_LOG_WARN, "probe: the kernel's drops stay unobserved: %s", drops->why);
	*out = drops;
	return 0;
}

void bp_probe_drops_look(struct bp_probe_drops *drops, const struct bp_probe_scope *scope)
{
	unsigned first = drops->counters.n_devices;

	bp_drop_counters_begin(&drops->counters, scope);
	for (unsigned i = first; drops->skel && i < scope->n_ports; i++) {
		struct probe_name name = { .netns = scope->netns };
		__u16 port = (__u16)i;

		snprintf(name.name, sizeof(name.name), "%s", scope->ports[i].ifname);
		bpf_map_update_elem(bpf_map__fd(drops->skel->maps.ports), &name, &port, BPF_ANY);
	}
	if (drops->skel)
		drops->skel->bss->is_open = true;
}

void bp_probe_drops_end(struct bp_probe_drops *drops)
{
	if (drops->skel)
		drops->skel->bss->is_ending = true;
}

void bp_probe_drops_close(struct bp_probe_drops *drops)
{
	if (!drops)
		return;
	bp_probe_load_end(&drops->load);
	probe_drops__destroy(drops->skel); /* NULL: nothing */
	free(drops);
}

/* ---- read ------------------------------------------------------------------------------------ */

struct list {
	struct bp_drop *v;
	size_t n;
};

static int add(struct list *list, const struct probe_drop_key *key, const struct probe_drop *by_cpu,
	       int n_cpus)
{
	struct bp_drop *more = reallocarray(list->v, list->n + 1, sizeof(*more)), *drop;

	if (!more)
		return -ENOMEM;
	list->v = more;
	drop = &more[list->n++];
	*drop = (struct bp_drop){ .key = *key };
	for (int i = 0; i < n_cpus; i++) {
		drop->sum.packets += by_cpu[i].packets;
		drop->sum.bytes += by_cpu[i].bytes;
		if (by_cpu[i].longest > drop->sum.longest)
			drop->sum.longest = by_cpu[i].longest;
		if (by_cpu[i].peer_mtu)
			drop->sum.peer_mtu = by_cpu[i].peer_mtu;
	}
	return 0;
}

static void read_drops(const struct bp_probe_drops *drops, struct list *list)
{
	struct probe_drop *by_cpu = calloc((size_t)drops->n_cpus, sizeof(*by_cpu));
	int map = bpf_map__fd(drops->skel->maps.drops);
	struct probe_drop_key key, *prev = NULL;

	while (by_cpu && !bpf_map_get_next_key(map, prev, &key)) {
		if (!bpf_map_lookup_elem(map, &key, by_cpu) &&
		    add(list, &key, by_cpu, drops->n_cpus))
			break;
		prev = &key;
	}
	free(by_cpu);
}

/* The functions that dropped, by the address behind their call. */
static void name_functions(struct list *list)
{
	struct bp_symbol *symbols = calloc(list->n, sizeof(*symbols));

	if (!symbols)
		return;
	for (size_t i = 0; i < list->n; i++)
		symbols[i].address = list->v[i].key.location ? list->v[i].key.location - 1 : 0;
	bp_kernel_symbols(symbols, list->n);
	for (size_t i = 0; i < list->n; i++)
		list->v[i].function = symbols[i];
	free(symbols);
}

/* Those of most packets first. */
static int compare(const void *a, const void *b)
{
	const struct bp_drop *x = a, *y = b;

	return (x->sum.packets < y->sum.packets) - (x->sum.packets > y->sum.packets);
}

/* ---- the document ---------------------------------------------------------------------------- */

static uint64_t sent_by(const json_t *port)
{
	const json_t *queues = bp_json_at(port, "tx_queues"), *queue;
	uint64_t n = 0;
	size_t i;

	json_array_foreach(queues, i, queue)
		n += (uint64_t)bp_json_number_at(queue, "counted.packets");
	return n;
}

/* Packets that a port has sent, by the run's own count. */
static uint64_t sent_of(const json_t *document, const char *name)
{
	const json_t *ports = bp_json_at(document, "ports"), *port;
	size_t i;

	json_array_foreach(ports, i, port)
		if (!strcmp(bp_json_text_at(port, "name"), name))
			return sent_by(port);
	return 0;
}

/* Is it a row of what a port sent, and lost at its interface or behind that (is_far: at the far end)? */
static bool is_at(const json_t *row, const char *port, bool is_far)
{
	return !strcmp(bp_json_text_at(row, "port"), port) &&
	       json_is_true(json_object_get(row, "is_far")) == is_far &&
	       !strcmp(bp_json_text_at(row, "direction"), "tx");
}

/* Packets that a port has sent, and its interface has dropped, which has not counted them as sent. */
static uint64_t lost_here(const json_t *rows, const char *port)
{
	const json_t *row;
	uint64_t n = 0;
	size_t i;

	json_array_foreach(rows, i, row)
		if (is_at(row, port, false))
			n += (uint64_t)json_integer_value(json_object_get(row, "packets"));
	return n;
}

/* At most so many packets have others sent by the interfaces of a port; UINT64_MAX: not known. */
static uint64_t others_of(const struct bp_probe_drops *drops, const struct bp_probe_scope *scope,
			  const char *port, const json_t *rows, const json_t *document)
{
	uint64_t all = lost_here(rows, port), ours = sent_of(document, port), n;

	for (unsigned i = 0; i < scope->n_ports; i++) {
		if (strcmp(scope->ports[i].port, port))
			continue;
		if (!bp_drop_counters_sent(&drops->counters, scope, i, &n))
			return UINT64_MAX;
		all += n;
	}
	return all > ours ? all - ours : 0;
}

/* Behind the port's interface nothing tells whose packets were dropped: as many as others have sent may be
 * theirs. */
static void doubt(const json_t *rows, const struct bp_probe_drops *drops,
		  const struct bp_probe_scope *scope, const json_t *document)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		const char *port = bp_json_text_at(row, "port");
		uint64_t packets = (uint64_t)json_integer_value(json_object_get(row, "packets"));
		uint64_t others;

		if (!is_at(row, port, true))
			continue;
		others = others_of(drops, scope, port, rows, document);
		json_object_set_new(row, "perhaps_others",
				    bp_json_count(others < packets ? others : packets));
	}
}

static uint64_t sum_lost(const json_t *rows)
{
	uint64_t sum = 0;
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (json_is_true(json_object_get(row, "lost")))
			sum += (uint64_t)json_integer_value(json_object_get(row, "packets"));
	return sum;
}

static uint64_t sum_misses(const json_t *places)
{
	uint64_t n = 0;
	const json_t *place;
	size_t i;

	json_array_foreach(places, i, place)
		n += (uint64_t)json_integer_value(json_object_get(place, "misses"));
	return n;
}

/* A sum; null: nobody has counted. */
static json_t *if_observed(const struct bp_probe_drops *drops, uint64_t n)
{
	return drops->skel ? bp_json_count(n) : json_null();
}

json_t *bp_probe_drops_document(const struct bp_probe_drops *drops,
				const struct bp_probe_scope *scope, const json_t *document)
{
	struct list list = { NULL, 0 };
	json_t *places = drops->skel ? bp_probe_places(&drops->load) : json_array();
	json_t *rows = json_array();
	uint64_t n_others;

	if (drops->skel)
		read_drops(drops, &list);
	if (list.n)
		name_functions(&list);
	bp_drops_put_right(list.v, list.n);
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), compare);
	n_others = bp_drop_rows_add(rows, list.v, list.n, scope, drops->load.kernel);
	free(list.v);
	doubt(rows, drops, scope, document);
	return json_pack("{s:b, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "observed",
			 drops->skel != NULL, "why", drops->skel ? NULL : drops->why, "tracepoints",
			 places, "lost", if_observed(drops, sum_lost(rows)), "rows", rows,
			 "of_other_senders", if_observed(drops, n_others), "not_counted",
			 if_observed(drops, drops->skel ? drops->skel->bss->n_not_counted : 0),
			 "recursion_misses", if_observed(drops, sum_misses(places)), "counters",
			 bp_drop_counters_rows(&drops->counters, scope), "cpus",
			 bp_drop_counters_cpus(&drops->counters));
}
