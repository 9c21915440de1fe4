/* Loads the programs that count the kernel's copies, reads what they counted. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/copies.h"

#include "bypath/log.h"

#include "core/json.h"
#include "probe/copies.bpf.h"
#include "probe/kernel_names.h"
#include "probe/load.h"
#include "probe/names.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* bpftool's words */
#include "probe_copies.skel.h"
#pragma GCC diagnostic pop

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct bp_probe_copies {
	struct probe_copies *skel; /* NULL: nothing is observed, and why stands in load.refusal */
	struct bp_probe_load load;
	unsigned n_known; /* ports of the scope that the programs know */
	struct rusage begin; /* context switches until then are not the run's */
	int n_cpus;
};

/* ---- begin ----------------------------------------------------------------------------------- */

/* Which of two signatures has the running kernel? */
static void choose_signatures(struct bp_probe_copies *copies)
{
	struct probe_copies *skel = copies->skel;
	bool has_length = bp_kernel_n_params(copies->load.kernel, "__xsk_rcv") == 3;

	bpf_program__set_autoload(skel->progs.on_xsk_rcv, has_length);
	bpf_program__set_autoload(skel->progs.on_xsk_rcv_linear, !has_length);
	skel->rodata->generic_by_reference =
		bp_kernel_is_double_pointer(copies->load.kernel, "do_xdp_generic", 1);
}

/* Load and attach. 0 or -errno: nothing is attached. */
static int begin(struct bp_probe_copies *copies, bool traces_functions)
{
	struct probe_copies *skel = copies->skel = probe_copies__open();
	int err = skel ? bp_probe_self((struct probe_self *)&skel->rodata->self) : -errno;

	if (!err) {
		choose_signatures(copies);
		bpf_program__set_autoload(skel->progs.on_skb_copy_datagram_iovec,
					  !traces_functions);
		err = bp_probe_load(&copies->load, skel->skeleton, traces_functions);
	}
	if (!err)
		err = bp_probe_attach(&copies->load);
	if (!err && traces_functions && !copies->load.n_functions)
		err = copies->load.function_err ? copies->load.function_err : -ENOTSUP;
	if (!err)
		return 0;
	bp_probe_detach(&copies->load);
	probe_copies__destroy(skel);
	copies->skel = NULL;
	return err;
}

static bool is_permission(int err)
{
	return err == -EPERM || err == -EACCES;
}

/* Functions where they can be traced, else tracepoints, else nothing, which load.refusal explains. 0, -EPERM, -ENOMEM. */
static int observe(struct bp_probe_copies *copies)
{
	struct bp_probe_load *load = &copies->load;
	int err;

	snprintf(load->refusal, sizeof(load->refusal), "the kernel has no BTF");
	if (!load->kernel->n_btfs)
		return 0;
	err = begin(copies, true);
	if (!err || err == -ENOMEM)
		return err;
	snprintf(load->refusal, sizeof(load->refusal),
		 "the kernel does not let functions be traced (%s)", bp_probe_strerror(err));
	err = begin(copies, false);
	if (is_permission(err))
		return -EPERM;
	if (err)
		snprintf(load->refusal, sizeof(load->refusal),
			 "the kernel refuses the programs (%s)", bp_probe_strerror(err));
	return err == -ENOMEM ? err : 0;
}

int bp_probe_copies_open(const struct bp_probe_scope *scope, const struct bp_kernel_names *kernel,
			 struct bp_probe_copies **out)
{
	struct bp_probe_copies *copies = calloc(1, sizeof(*copies));
	int err;

	if (!copies)
		return -ENOMEM;
	bp_probe_load_begin(&copies->load, kernel);
	copies->n_cpus = libbpf_num_possible_cpus();
	err = observe(copies);
	if (err) {
		bp_log(BP_LOG_ERROR,
		       "probe: the kernel refuses the programs that count copies: %s%s",
		       bp_probe_strerror(err),
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
	int map = copies->skel ? bpf_map__fd(copies->skel->maps.ports) : -1;

	for (; copies->n_known < scope->n_ports; copies->n_known++) {
		struct {
			__u32 netns, ifindex;
		} device = { scope->netns, scope->ports[copies->n_known].ifindex };
		__u16 port = (__u16)copies->n_known;

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

static bool is_caller(const char *name)
{
	for (unsigned i = 0; i < PROBE_N_CALLERS; i++)
		if (!strcmp(callers[i], name))
			return true;
	return false;
}

/*
 * Are copies missed where this place is not observed? Without the sockets, nobody's copies are ours; without a caller that
 * the kernel has, the parts of packets that it has copied are taken for somebody else's.
 */
static bool is_needed(const struct bp_probe_copies *copies, const char *name)
{
	/* The tracepoint in it tells of the same calls. */
	if (!strcmp(name, "skb_copy_datagram_iter") &&
	    bp_probe_is_observed(&copies->load, "skb_copy_datagram_iovec"))
		return false;
	return copier_of(name) < PROBE_N_COPIERS || !strcmp(name, "packet_create") ||
	       !strcmp(name, "xsk_create") ||
	       (is_caller(name) && bp_kernel_n_params(copies->load.kernel, name) >= 0);
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

/* Were parts of packets left out of the sums? Only then do a caller's missed calls matter. */
static bool has_parts(const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		if (json_is_true(json_object_get(row, "header_pull")))
			return true;
	}
	return false;
}

static json_t *place_rows(const struct bp_probe_copies *copies, const json_t *counted)
{
	json_t *rows = bp_probe_places(&copies->load), *row;
	bool do_callers_matter = has_parts(counted);
	size_t i;

	json_array_foreach(rows, i, row) {
		const char *name = bp_json_text_at(row, "name");
		bool is_harmless = is_caller(name) && !do_callers_matter;

		json_object_set_new(row, "needed", json_boolean(is_needed(copies, name)));
		json_object_set_new(row, "misses",
				    json_integer(is_harmless ? 0 : misses_of(copies, row)));
	}
	return rows;
}

/* The names of what is needed and not observed, {"names": […], "why": the first one's}; null: there is none. */
static json_t *unobserved(const json_t *places)
{
	json_t *names = json_array(), *why = NULL, *row;
	size_t i;

	json_array_foreach(places, i, row) {
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

	return json_pack("{s:s, s:o, s:s, s:s, s:s?, s:b, s:b, s:o, s:o}", "port", port->port,
			 "device", bp_json_text(port->ifname), "direction",
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

/* null where the function was not observed. */
static json_t *event(const struct bp_probe_copies *copies, __u32 number, const char *function)
{
	__u64 n;

	if (!bp_probe_is_observed(&copies->load, function) ||
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

/* The rows of a tracepoint, or null where it is not observed. */
static json_t *if_observed(const struct bp_probe_copies *copies, const char *place, json_t *rows)
{
	if (bp_probe_is_observed(&copies->load, place))
		return rows;
	json_decref(rows);
	return json_null();
}

/* What programs have counted. */
static void set_counted(json_t *document, const struct bp_probe_copies *copies,
			const struct bp_probe_scope *scope)
{
	json_t *rows = copy_rows(copies, scope), *places = place_rows(copies, rows);

	json_object_set_new(document, "unobserved", unobserved(places));
	json_object_set_new(document, "places", places);
	json_object_set_new(document, "not_counted",
			    bp_json_count(copies->skel->bss->n_not_counted + scope->n_left_out));
	json_object_set_new(document, "copies", rows);
	json_object_set_new(document, "system_calls",
			    if_observed(copies, "sys_enter", system_call_rows(copies)));
	json_object_set_new(document, "softirqs",
			    if_observed(copies, "softirq_exit", softirq_rows(copies)));
	json_object_set_new(document, "skb_allocations",
			    event(copies, PROBE_SKB_ALLOC, "__alloc_skb"));
	json_object_set_new(document, "skb_clones", event(copies, PROBE_SKB_CLONE, "skb_clone"));
}

json_t *bp_probe_copies_document(const struct bp_probe_copies *copies,
				 const struct bp_probe_scope *scope)
{
	json_t *document = json_object();

	if (copies->skel) {
		set_counted(document, copies, scope);
		json_object_set_new(
			document, "by",
			json_string(copies->load.traces_functions ? "functions" : "tracepoints"));
	} else {
		json_object_update_new(document,
				       json_pack("{s:n, s:{s:[], s:s}, s:[], s:n, s:[], s:n, s:n, "
						 "s:n, s:n}",
						 "by", "unobserved", "names", "why",
						 copies->load.refusal, "places", "not_counted",
						 "copies", "system_calls", "softirqs",
						 "skb_allocations", "skb_clones"));
	}
	json_object_set_new(document, "context_switches", context_switches(copies));
	return document;
}
