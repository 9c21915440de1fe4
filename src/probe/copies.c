/* Loads the programs that count the kernel's copies, reads what they counted. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/copies.h"

#include "bypath/log.h"

#include "core/json.h"
#include "probe/copies.bpf.h"
#include "probe/load.h"
#include "probe/names.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* bpftool's words */
#include "probe_copies.skel.h"
#pragma GCC diagnostic pop

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct bp_probe_copies {
	struct probe_copies *skel;
	struct bp_probe_load load;
	struct rusage begin; /* context switches until then are not the run's */
	int n_cpus;
};

/* ---- begin ----------------------------------------------------------------------------------- */

/* Which of two signatures has the running kernel? */
static void choose_signatures(struct bp_probe_copies *copies)
{
	struct probe_copies *skel = copies->skel;
	bool has_length = bp_probe_n_params(&copies->load, "__xsk_rcv") == 3;

	bpf_program__set_autoload(skel->progs.on_xsk_rcv, has_length);
	bpf_program__set_autoload(skel->progs.on_xsk_rcv_linear, !has_length);
	skel->rodata->generic_by_reference =
		bp_probe_is_double_pointer(&copies->load, "do_xdp_generic", 1);
}

static int load(struct bp_probe_copies *copies, bool traces_functions)
{
	struct probe_copies *skel = copies->skel = probe_copies__open();

	if (!skel)
		return -errno;
	bp_probe_self((struct probe_self *)&skel->rodata->self);
	choose_signatures(copies);
	bpf_program__set_autoload(skel->progs.on_skb_copy_datagram_iovec, !traces_functions);
	return bp_probe_load(&copies->load, skel->skeleton, traces_functions);
}

int bp_probe_copies_open(const struct bp_probe_scope *scope, struct bp_probe_copies **out)
{
	struct bp_probe_copies *copies = calloc(1, sizeof(*copies));
	int err;

	if (!copies)
		return -ENOMEM;
	bp_probe_load_begin(&copies->load);
	copies->n_cpus = libbpf_num_possible_cpus();
	err = load(copies, true);
	if (err && err != -ENOMEM) {
		probe_copies__destroy(copies->skel);
		err = load(copies, false);
	}
	if (!err)
		err = bp_probe_attach(&copies->load);
	if (err) {
		bp_log(BP_LOG_ERROR,
		       "probe: the kernel refuses the programs that count copies: %s%s",
		       strerror(-err),
		       err == -EPERM ? ": run as root, or with CAP_BPF and CAP_PERFMON" : "");
		bp_probe_copies_close(copies);
		return err;
	}
	getrusage(RUSAGE_SELF, &copies->begin);
	bp_probe_copies_look(copies, scope);
	*out = copies;
	return 0;
}

void bp_probe_copies_look(struct bp_probe_copies *copies, const struct bp_probe_scope *scope)
{
	int map = bpf_map__fd(copies->skel->maps.ports);

	for (unsigned i = 0; i < scope->n_ports; i++) {
		struct {
			__u32 netns, ifindex;
		} device = { scope->netns, scope->ports[i].ifindex };
		__u16 port = (__u16)i;

		bpf_map_update_elem(map, &device, &port, BPF_ANY);
	}
}

void bp_probe_copies_close(struct bp_probe_copies *copies)
{
	if (!copies)
		return;
	probe_copies__destroy(copies->skel);
	bp_probe_load_end(&copies->load);
	free(copies);
}

/* ---- read ------------------------------------------------------------------------------------ */

#define NAME(name) #name,
static const char *const copiers[] = { PROBE_COPIERS(NAME) };
static const char *const callers[] = { PROBE_CALLERS(NAME) };
#undef NAME

/* The sum over the CPUs of values of `words` counters each, into sum; 0 or -errno. */
static int read_sum(const struct bp_probe_copies *copies, const struct bpf_map *map,
		    const void *key, __u64 *sum, size_t words)
{
	size_t n_cpus = (size_t)copies->n_cpus;
	__u64 *values = calloc(n_cpus, words * sizeof(*values));
	int err = values ? bpf_map_lookup_elem(bpf_map__fd(map), key, values) : -ENOMEM;

	memset(sum, 0, words * sizeof(*sum));
	for (size_t i = 0; !err && i < n_cpus * words; i++)
		sum[i % words] += values[i];
	free(values);
	return err;
}

/* PROBE_N_COPIERS: none of them. */
static unsigned copier_of(const char *function)
{
	unsigned copier = 0;

	while (copier < PROBE_N_COPIERS && strcmp(copiers[copier], function) != 0)
		copier++;
	return copier;
}

/* Are copies missed where this place is not observed? Without the sockets, nobody's copies are ours. */
static bool is_needed(const char *name)
{
	return copier_of(name) < PROBE_N_COPIERS || !strcmp(name, "packet_create") ||
	       !strcmp(name, "xsk_create");
}

/* Of the calls that a copier's program missed the second one has counted some. */
static json_int_t misses_of(const struct bp_probe_copies *copies, const json_t *place)
{
	__u32 copier = copier_of(bp_json_text_at(place, "name"));
	json_int_t misses = json_integer_value(json_object_get(place, "misses"));
	struct probe_nested nested = { 0 };

	if (copier < PROBE_N_COPIERS)
		(void)read_sum(copies, copies->skel->maps.nested, &copier, (__u64 *)&nested, 2);
	return misses > (json_int_t)nested.calls ? misses - (json_int_t)nested.calls : 0;
}

static json_t *place_rows(const struct bp_probe_copies *copies)
{
	json_t *rows = bp_probe_places(&copies->load), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		bool needed = is_needed(bp_json_text_at(row, "name"));

		json_object_set_new(row, "needed", json_boolean(needed));
		json_object_set_new(row, "misses", json_integer(misses_of(copies, row)));
	}
	return rows;
}

/* The names of what is needed and not observed, {"names": […], "why": the first one's}; null: there is none. */
static json_t *unobserved(const json_t *places)
{
	json_t *names = json_array(), *why = NULL, *row;
	size_t i;

	json_array_foreach(places, i, row)
	{
		if (!json_is_true(json_object_get(row, "needed")) ||
		    json_is_true(json_object_get(row, "observed")))
			continue;
		why = why ? why : json_object_get(row, "why");
		json_array_append(names, json_object_get(row, "name"));
	}
	if (why)
		return json_pack("{s:o, s:O}", "names", names, "why", why);
	json_decref(names);
	return json_null();
}

static json_t *copy_row(const struct probe_copy_key *key, const struct probe_copy *copy,
			const struct bp_probe_scope *scope)
{
	const struct bp_probe_port *port = &scope->ports[key->port];
	const char *caller = key->caller < PROBE_N_CALLERS ? callers[key->caller] : NULL;

	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:b, s:b, s:o, s:o}", "port", port->port,
			 "device", port->ifname, "direction",
			 key->direction == PROBE_TX ? "tx" : "rx", "function", copiers[key->copier],
			 "for", caller, "header_pull", key->is_part, "dropped_then", key->is_lost,
			 "calls", bp_json_count(copy->calls), "bytes", bp_json_count(copy->bytes));
}

static json_t *copy_rows(const struct bp_probe_copies *copies, const struct bp_probe_scope *scope)
{
	const struct bpf_map *map = copies->skel->maps.copies;
	struct probe_copy_key key, *prev = NULL;
	json_t *rows = json_array();
	struct probe_copy copy;

	while (!bpf_map_get_next_key(bpf_map__fd(map), prev, &key)) {
		if (!read_sum(copies, map, &key, (__u64 *)&copy, 2) && key.port < scope->n_ports &&
		    key.copier < PROBE_N_COPIERS)
			json_array_append_new(rows, copy_row(&key, &copy, scope));
		prev = &key;
	}
	return rows;
}

static json_t *system_call_rows(const struct bp_probe_copies *copies)
{
	const struct bpf_map *map = copies->skel->maps.system_calls;
	struct probe_call_key key, *prev = NULL;
	json_t *rows = json_array();

	while (!bpf_map_get_next_key(bpf_map__fd(map), prev, &key)) {
		__u64 n;
		char text[16];

		if (!read_sum(copies, map, &key, &n, 1))
			json_array_append_new(
				rows, json_pack("{s:i, s:s, s:o}", "tid", (int)key.thread, "name",
						bp_probe_system_call(key.number, text), "calls",
						bp_json_count(n)));
		prev = &key;
	}
	return rows;
}

/* One for each CPU that spent time in softirqs of packets, whoever's they were. */
static json_t *softirq_rows(const struct bp_probe_copies *copies)
{
	size_t n_cpus = (size_t)copies->n_cpus;
	struct {
		__u64 since_ns, sum_ns;
	} *values = calloc(n_cpus, sizeof(*values));
	json_t *rows = json_array();
	__u32 zero = 0;

	if (values && !bpf_map_lookup_elem(bpf_map__fd(copies->skel->maps.softirqs), &zero, values))
		for (size_t cpu = 0; cpu < n_cpus; cpu++)
			if (values[cpu].sum_ns)
				json_array_append_new(
					rows, json_pack("{s:i, s:o}", "core", (int)cpu, "ns",
							bp_json_count(values[cpu].sum_ns)));
	free(values);
	return rows;
}

static json_t *event(const struct bp_probe_copies *copies, __u32 number)
{
	__u64 n;

	if (!copies->load.traces_functions ||
	    read_sum(copies, copies->skel->maps.events, &number, &n, 1))
		return json_null();
	return bp_json_count(n);
}

/* Of the process since the probe began. */
static json_t *context_switches(const struct bp_probe_copies *copies)
{
	struct rusage now;

	getrusage(RUSAGE_SELF, &now);
	return json_pack("{s:o, s:o}", "voluntary",
			 bp_json_count((uint64_t)(now.ru_nvcsw - copies->begin.ru_nvcsw)),
			 "involuntary",
			 bp_json_count((uint64_t)(now.ru_nivcsw - copies->begin.ru_nivcsw)));
}

json_t *bp_probe_copies_document(const struct bp_probe_copies *copies,
				 const struct bp_probe_scope *scope)
{
	json_t *document = json_object(), *places = place_rows(copies);

	json_object_set_new(
		document, "by",
		json_string(copies->load.traces_functions ? "functions" : "tracepoints"));
	json_object_set_new(document, "unobserved", unobserved(places));
	json_object_set_new(document, "places", places);
	json_object_set_new(document, "not_counted",
			    bp_json_count(copies->skel->bss->n_not_counted));
	json_object_set_new(document, "copies", copy_rows(copies, scope));
	json_object_set_new(document, "system_calls", system_call_rows(copies));
	json_object_set_new(document, "softirqs", softirq_rows(copies));
	json_object_set_new(document, "context_switches", context_switches(copies));
	json_object_set_new(document, "skb_allocations", event(copies, PROBE_SKB_ALLOC));
	json_object_set_new(document, "skb_clones", event(copies, PROBE_SKB_CLONE));
	return document;
}
