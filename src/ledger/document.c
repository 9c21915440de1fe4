/* The model of paths as documents: bypath.explain/1, and its part of bypath.report/1 (docs/report.md). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/document.h"

#include "bypath/function.h"

#include "core/json.h"

#include "ledger/explain.h"
#include "ledger/model.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The sum of a path's user copies of one provenance. */
static struct bp_copies user_sum(const struct bp_model_path *path, enum bp_provenance prov)
{
	struct bp_copies sum = { 0, 0 };

	for (unsigned i = 0; i < path->n_hops; i++) {
		if (path->hops[i].user_prov != prov)
			continue;
		sum.lo = (uint8_t)(sum.lo + path->hops[i].user.lo);
		sum.hi = (uint8_t)(sum.hi + path->hops[i].user.hi);
	}
	return sum;
}

static json_t *copies_row(struct bp_copies copies)
{
	return json_pack("{s:i, s:i}", "lo", copies.lo, "hi", copies.hi);
}

/* What is a range, and which case holds when. */
static json_t *undecided(const struct bp_model_path *model)
{
	json_t *texts = json_array();

	for (unsigned i = 0; i < model->n_hops; i++) {
		const struct bp_hop *hop = &model->hops[i];
		bool is_kernel = hop->kernel.lo != hop->kernel.hi;
		const struct bp_copies *copies = is_kernel ? &hop->kernel : &hop->user;
		char mover[BP_MOVER_BYTES];

		if (hop->decider == BP_BY_NOTHING)
			continue;
		bp_model_mover(hop, mover);
		json_array_append_new(texts,
				      json_sprintf("%s, %s: %u–%u %s, by the %s: %s",
						   i < model->n_rx_hops ? "receive" : "send", mover,
						   copies->lo, copies->hi, is_kernel ? "K" : "U",
						   bp_decider_name(hop->decider), hop->why));
	}
	return texts;
}

static json_t *modelled(const struct bp_model_path *model)
{
	if (!model->is_modelled)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:{s:i, s:i, s:i}}", "undecided",
			 undecided(model), "kernel_copies", copies_row(model->kernel),
			 "user_copies", copies_row(model->user), "user_copies_by_bypath",
			 copies_row(user_sum(model, BP_PROV_COUNTED)), "user_copies_in_libraries",
			 copies_row(user_sum(model, BP_PROV_MODELLED)), "crossings", "per_packet",
			 (int)model->n_calls_per_pkt, "per_batch", (int)model->n_calls_per_batch,
			 "on_wakeup", (int)model->n_calls_on_wakeup);
}

static json_t *bound(uint16_t n_bytes)
{
	return n_bytes ? json_integer(n_bytes) : json_null();
}

static json_t *kernel_copies(const struct bp_hop *hop)
{
	json_t *functions = json_array();

	for (unsigned i = 0; i < BP_COPIERS_MAX && hop->copiers[i]; i++)
		json_array_append_new(functions, json_string(hop->copiers[i]));
	return json_pack("{s:o, s:s, s:o, s:o}", "value", copies_row(hop->kernel), "provenance",
			 bp_provenance_name(BP_PROV_MODELLED), "functions", functions,
			 "lo_up_to_bytes", bound(hop->kernel_lo_bytes));
}

static json_t *user_copies(const struct bp_hop *hop)
{
	return json_pack("{s:o, s:s, s:o}", "value", copies_row(hop->user), "provenance",
			 bp_provenance_name(hop->user_prov), "hi_up_to_bytes",
			 bound(hop->user_hi_bytes));
}

static json_t *hop_row(const struct bp_hop *hop, bool is_rx)
{
	static const char *const rates[] = {
		[BP_CALL_NEVER] = "idle",
		[BP_CALL_PER_BATCH] = "batch",
		[BP_CALL_PER_PKT] = "packet",
		[BP_CALL_ON_WAKEUP] = "wakeup",
	};
	json_t *call = hop->call
			       ? json_pack("{s:s, s:s}", "name", hop->call, "per", rates[hop->rate])
			       : json_null();
	char mover[BP_MOVER_BYTES];

	if (hop->is_unknown)
		return json_pack("{s:s, s:b, s:s, s:o}", "side", is_rx ? "rx" : "tx", "modelled", 0,
				 "why", hop->why, "system_call", call);
	bp_model_mover(hop, mover);
	return json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:o, s:o, s:s?, s:o, s:b, s:s, s:s}",
			 "side", is_rx ? "rx" : "tx", "modelled", 1, "from",
			 bp_domain_name(hop->from), "to", bp_domain_name(hop->to), "place",
			 hop->place, "mover", mover, "kernel_copies", kernel_copies(hop),
			 "user_copies", user_copies(hop), "decided_by",
			 bp_decider_name(hop->decider), "system_call", call, "is_lack",
			 hop->is_lack, "why", hop->why, "source", hop->source);
}

static json_t *hop_rows(const struct bp_model_path *model)
{
	json_t *hops = json_array();

	for (unsigned i = 0; i < model->n_hops; i++)
		json_array_append_new(hops, hop_row(&model->hops[i], i < model->n_rx_hops));
	return hops;
}

static json_t *pair_of(const char *in, const char *out)
{
	return json_pack("{s:s, s:s}", "in", in, "out", out);
}

/* ---- a run's document ------------------------------------------------------------------------ */

/* The index of the port of this name, which may be NULL; or SIZE_MAX. */
static size_t find_port(const json_t *document, const char *name)
{
	const json_t *port;
	size_t i;

	json_array_foreach(json_object_get(document, "ports"), i, port) {
		const char *own = json_string_value(json_object_get(port, "name"));

		if (own && name && !strcmp(own, name))
			return i;
	}
	return SIZE_MAX;
}

/* What the rows of a port pair say, and those of other pairs whose model is the same: values that they share. */
struct said {
	json_t *modelled, *hops;
	struct said *first; /* the first one of the same model; the values are its */
	const char *in, *out; /* of the row that has the hops; NULL: none yet */
};

static void say(struct said *said, const struct bp_model_path *models, size_t i)
{
	said[i] = (struct said){ .modelled = modelled(&models[i]),
				 .hops = hop_rows(&models[i]),
				 .first = &said[i] };
	for (size_t k = 0; k < i; k++) {
		if (said[k].first != &said[k] || !json_equal(said[k].modelled, said[i].modelled) ||
		    !json_equal(said[k].hops, said[i].hops))
			continue;
		json_decref(said[i].modelled);
		json_decref(said[i].hops);
		said[i] = (struct said){ .first = &said[k] };
		return;
	}
}

/* What is said of the row's pair, or NULL. */
static struct said *find_said(const json_t *document, const json_t *row,
			      const struct bp_model_path *models, struct said *said, size_t n)
{
	size_t in = find_port(document, json_string_value(json_object_get(row, "in")));
	size_t out = find_port(document, json_string_value(json_object_get(row, "out")));

	for (size_t i = 0; i < n; i++)
		if (models[i].in_port == in && models[i].out_port == out)
			return said[i].first;
	return NULL;
}

static bool is_edge(const json_t *row)
{
	const char *part = json_string_value(json_object_get(row, "part"));

	return part && !strcmp(part, "edge");
}

/* Of a switch's many edges one shows the hops that they have in common. */
static void set_said(json_t *row, struct said *said)
{
	bool is_repeated = said && said->in && is_edge(row);

	json_object_set_new(row, "modelled", said ? json_incref(said->modelled) : json_null());
	json_object_set_new(row, "hops",
			    said && !is_repeated ? json_incref(said->hops) : json_array());
	json_object_set_new(row, "same_as",
			    is_repeated ? pair_of(said->in, said->out) : json_null());
	if (said && !said->in) {
		said->in = json_string_value(json_object_get(row, "in"));
		said->out = json_string_value(json_object_get(row, "out"));
	}
}

void bp_ledger_add(json_t *document, const struct bp_model_path *models, size_t n_models)
{
	static const char *const lists[] = { "paths", "path_sums" };
	struct said *said = calloc(n_models + 1, sizeof(*said));
	json_t *row;
	size_t i;

	for (size_t k = 0; said && k < n_models; k++)
		say(said, models, k);
	for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++)
		json_array_foreach(json_object_get(document, lists[k]), i, row)
			set_said(row,
				 said ? find_said(document, row, models, said, n_models) : NULL);
	for (size_t k = 0; said && k < n_models; k++) {
		json_decref(said[k].modelled);
		json_decref(said[k].hops);
	}
	free(said);
}

/* ---- a prediction ---------------------------------------------------------------------------- */

static bool is_equal(const json_t *a, const json_t *b, const char *const *keys)
{
	for (; *keys; keys++)
		if (!json_equal(json_object_get(a, *keys), json_object_get(b, *keys)))
			return false;
	return true;
}

/* The first row that says the same, or NULL. */
static const json_t *find_twin(const json_t *rows, const json_t *row, const char *const *keys)
{
	const json_t *other;
	size_t i;

	if (!json_is_object(json_object_get(row, "modelled")))
		return NULL;
	json_array_foreach(rows, i, other) {
		if (json_is_null(json_object_get(other, "same_as")) && is_equal(row, other, keys))
			return other;
	}
	return NULL;
}

void bp_ledger_add_path(json_t *rows, json_t *row, const char *const *keys)
{
	const json_t *twin = find_twin(rows, row, keys);

	for (; twin && *keys; keys++) /* one value for both: a switch has thousands of rows */
		json_object_set(row, *keys, json_object_get(twin, *keys));
	json_object_set_new(row, "same_as",
			    twin ? json_pack("{s:O, s:O}", "in", json_object_get(twin, "in"), "out",
					     json_object_get(twin, "out"))
				 : json_null());
	json_array_append_new(rows, row);
}

static bool is_carried(const struct bp_port_conf *in)
{
	const struct bp_facts *facts = bp_facts_find(in->driver);

	return facts && facts->flags & BP_FACT_CARRIES;
}

static bool has_several(const struct bp_model_path *paths, size_t n_paths, uint16_t in_port)
{
	size_t n = 0;

	for (size_t i = 0; i < n_paths; i++)
		n += paths[i].in_port == in_port;
	return n > 1;
}

/* What a packet costs that goes to this out-port as well as to another. */
static json_t *replica_of(const struct bp_model_path *path)
{
	return json_pack("{s:i, s:s, s:s?, s:o}", "user_copies", 1, "provenance",
			 bp_provenance_name(BP_PROV_COUNTED), "place", path->copy_place,
			 "user_copies_more",
			 path->is_modelled ? copies_row(path->copy_more) : json_null());
}

/* Rows of one in-port stand together. */
static json_t *find_group(const json_t *groups, const json_t *row, const char *const *keys)
{
	for (size_t i = json_array_size(groups); i-- > 0;) {
		json_t *group = json_array_get(groups, i);

		if (!json_equal(json_object_get(group, "in"), json_object_get(row, "in")))
			break;
		if (is_equal(group, row, keys))
			return group;
	}
	return NULL;
}

void bp_ledger_add_to_groups(json_t *groups, const json_t *row, const char *const *keys)
{
	json_t *group = find_group(groups, row, keys);

	if (group) {
		json_array_append(json_object_get(group, "outs"), json_object_get(row, "out"));
		return;
	}
	group = json_copy((json_t *)(uintptr_t)row);
	json_object_del(group, "out");
	json_object_set_new(group, "outs", json_pack("[O]", json_object_get(row, "out")));
	json_array_append_new(groups, group);
}

static void add_to_groups(json_t *groups, const json_t *row, json_t *replica)
{
	static const char *const keys[] = { "via",     "carried",  "offload", "dma",
					    "replica", "modelled", "hops",    NULL };
	json_t *member = json_copy((json_t *)(uintptr_t)row);

	json_object_set_new(member, "replica", replica);
	bp_ledger_add_to_groups(groups, member, keys);
	json_decref(member);
}

static json_t *function_rows(const struct bp_conf *conf)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < conf->n_functions; i++) {
		const struct bp_function_conf *fn = &conf->functions[i];
		const struct bp_function *function = bp_function_find(fn->type);

		json_array_append_new(rows, json_pack("{s:s, s:s, s:s?, s:b}", "name", fn->name,
						      "type", fn->type, "summary",
						      function ? function->summary : NULL, "picks",
						      function && function->flags & BP_FN_PICKS));
	}
	return rows;
}

json_t *bp_ledger_document(const char *file, const struct bp_conf *conf,
			   const struct bp_port_info *infos, const struct bp_model_path *paths,
			   size_t n_paths)
{
	static const char *const keys[] = { "modelled", "hops", "offload", NULL };
	json_t *ports = json_array(), *rows = json_array(), *groups = json_array();

	for (unsigned i = 0; i < conf->n_ports; i++)
		json_array_append_new(ports, bp_json_port(&conf->ports[i], &infos[i]));
	for (size_t i = 0; i < n_paths; i++) {
		const struct bp_port_conf *in = &conf->ports[paths[i].in_port];
		json_t *replica = json_null();
		json_t *row =
			json_pack("{s:s, s:s, s:o, s:b, s:s?, s:{s:b, s:b}, s:o, s:o}", "in",
				  in->name, "out", conf->ports[paths[i].out_port].name, "via",
				  bp_json_chain(conf, in), "carried", (int)is_carried(in),
				  "offload", bp_explain_offload(conf, infos, &paths[i]), "dma",
				  "in", (int)paths[i].has_rx_dma, "out", (int)paths[i].has_tx_dma,
				  "modelled", modelled(&paths[i]), "hops", hop_rows(&paths[i]));

		bp_ledger_add_path(rows, row, keys);
		if (has_several(paths, n_paths, paths[i].in_port))
			replica = replica_of(&paths[i]);
		add_to_groups(groups, row, replica);
	}
	return json_pack("{s:s, s:o, s:b, s:{s:s}, s:o, s:o, s:o, s:o}", "schema",
			 "bypath.explain/1", "file", bp_json_text(file), "predicted", 1, "engine",
			 "mode", conf->engine.mode == BP_ENGINE_IO ? "io" : "macswap", "ports",
			 ports, "functions", function_rows(conf), "paths", rows, "path_groups",
			 groups);
}
