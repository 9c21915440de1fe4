/* The copies of a traced packet: what bypath counted of it, beside the model of its path. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/document.h"

#include "core/json.h"

#include "ledger/explain.h"
#include "ledger/model.h"

#include <string.h>

struct adding {
	const struct bp_conf *conf;
	struct bp_model_end ends[BP_PORTS_MAX];
};

/* The port that a member of a step names; BP_NO_PORT: none. */
static int port_at(const struct adding *a, const json_t *step, const char *key)
{
	const char *name = json_string_value(json_object_get(step, key));

	for (unsigned i = 0; name && i < a->conf->n_ports; i++)
		if (!strcmp(a->conf->ports[i].name, name))
			return (int)i;
	return BP_NO_PORT;
}

static bool is_step(const json_t *step, const char *what)
{
	const char *own = json_string_value(json_object_get(step, "step"));

	return own && !strcmp(own, what);
}

/* The port whose queue a step sends to. */
static int sends_to(const struct adding *a, const json_t *step)
{
	int hop = port_at(a, step, "hop");

	return hop == BP_NO_PORT ? port_at(a, step, "port") : hop;
}

/* A port that the packet goes to from the port that the step received it from; of one that goes nowhere, where it might have. */
static int goes_to(const struct adding *a, const json_t *steps, const json_t *rx, int in_port)
{
	uint64_t outs = a->conf->ports[in_port].out_ports;
	const json_t *step;
	size_t i;

	json_array_foreach(steps, i, step)
		if (is_step(step, "tx") &&
		    json_equal(json_object_get(step, "in"), json_object_get(rx, "in")))
			return sends_to(a, step);
	return outs ? (int)bp_ports_take(&outs) : BP_NO_PORT;
}

static json_t *row_of(const char *by, struct bp_copies copies, json_int_t n_bytes,
		      const struct bp_hop *hop, enum bp_provenance provenance)
{
	char mover[BP_MOVER_BYTES] = "";

	if (hop)
		bp_model_mover(hop, mover);
	return json_pack("{s:s, s:{s:i, s:i}, s:I, s:s?, s:s?, s:s?, s:s?, s:s}", "by", by,
			 "copies", "lo", copies.lo, "hi", copies.hi, "bytes", n_bytes, "from",
			 hop ? bp_domain_name(hop->from) : NULL, "to",
			 hop ? bp_domain_name(hop->to) : NULL, "place", hop ? hop->place : NULL,
			 "mover", hop ? mover : NULL, "provenance", bp_provenance_name(provenance));
}

static bool is_copied(struct bp_copies copies)
{
	return copies.hi != 0;
}

/* What the kernel and libraries do to the packet, by the model. */
static void add_modelled(json_t *rows, const struct bp_hop *hop, json_int_t n_bytes)
{
	if (hop->is_unknown) {
		json_array_append_new(rows,
				      json_pack("{s:s, s:s}", "by", "unknown", "why", hop->why));
		return;
	}
	if (is_copied(hop->kernel))
		json_array_append_new(
			rows, row_of("kernel", hop->kernel, n_bytes, hop, BP_PROV_MODELLED));
	if (is_copied(hop->user) && hop->user_prov == BP_PROV_MODELLED)
		json_array_append_new(rows,
				      row_of("library", hop->user, n_bytes, hop, BP_PROV_MODELLED));
}

static json_int_t number_at(const json_t *step, const char *key)
{
	return json_integer_value(json_object_get(step, key));
}

static void append_counted(json_t *rows, json_int_t n, json_int_t n_bytes, const struct bp_hop *hop,
			   const char *place)
{
	json_t *row = row_of("bypath", (struct bp_copies){ 0, 0 }, n_bytes, hop, BP_PROV_COUNTED);

	/* A super-frame has more of them than the vocabulary of hops. */
	json_object_set_new(json_object_get(row, "copies"), "lo", json_integer(n));
	json_object_set_new(json_object_get(row, "copies"), "hi", json_integer(n));
	if (place)
		json_object_set_new(row, "place", json_string(place));
	json_array_append_new(rows, row);
}

/* What bypath did, and where: first the copy for a further port, then the hop of the model that says so. */
static void add_counted(json_t *rows, const json_t *step, const char *copy_place,
			const struct bp_hop *hops, unsigned n_hops)
{
	json_int_t n = number_at(step, "user_copies"), n_bytes = number_at(step, "user_copy_bytes");
	const struct bp_hop *hop = NULL;

	if (n && json_is_true(json_object_get(step, "is_copy")) && !number_at(step, "segments")) {
		json_int_t own = n_bytes - (n - 1) * number_at(step, "bytes");

		append_counted(rows, 1, own, NULL, copy_place);
		if (!--n)
			return;
		n_bytes -= own;
	}
	for (unsigned i = 0; n && i < n_hops && !hop; i++)
		if (!hops[i].is_unknown && is_copied(hops[i].user) &&
		    hops[i].user_prov == BP_PROV_COUNTED)
			hop = &hops[i];
	append_counted(rows, n, n_bytes, hop, NULL);
}

static void add_step(const struct adding *a, const json_t *steps, json_t *step)
{
	bool is_rx = is_step(step, "rx");
	int in = port_at(a, step, "in"), out = BP_NO_PORT;
	json_int_t n_bytes = number_at(step, "bytes");
	struct bp_model_path model = { .n_hops = 0 };
	unsigned first, end;
	json_t *rows;

	if (!is_rx && !is_step(step, "tx"))
		return;
	if (in != BP_NO_PORT)
		out = is_rx ? goes_to(a, steps, step, in) : sends_to(a, step);
	if (out != BP_NO_PORT)
		bp_explain_pair(a->ends, (unsigned)in, (unsigned)out, &model);
	first = is_rx ? 0 : model.n_rx_hops;
	end = is_rx ? model.n_rx_hops : model.n_hops;
	rows = json_array();
	add_counted(rows, step, model.copy_place, &model.hops[first], end - first);
	/* What was dropped before it was sent went no further. */
	for (unsigned i = first; i < end && (is_rx || number_at(step, "packets")); i++)
		add_modelled(rows, &model.hops[i], n_bytes);
	json_object_set_new(step, "copies", rows);
}

void bp_ledger_add_trace(json_t *document, const struct bp_conf *conf,
			 const struct bp_port_info *infos)
{
	struct adding a = { .conf = conf };
	json_t *packet, *step;
	size_t i, k;

	bp_explain_ends(conf, infos, a.ends);
	json_array_foreach(json_object_get(document, "packets"), i, packet) {
		const json_t *steps = json_object_get(packet, "steps");

		json_array_foreach(steps, k, step)
			add_step(&a, steps, step);
	}
}
