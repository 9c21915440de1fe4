/* The model of paths as documents: bypath.explain/1, and its part of bypath.report/1 (docs/report.md). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/document.h"

#include "core/json.h"

#include "ledger/explain.h"
#include "ledger/model.h"

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

/* "modelled" and "hops"; null and none without a model. */
static void set_model(json_t *row, const struct bp_model_path *model)
{
	json_t *hops = json_array();

	for (unsigned i = 0; model && i < model->n_hops; i++)
		json_array_append_new(hops, hop_row(&model->hops[i], i < model->n_rx_hops));
	json_object_set_new(row, "modelled", model ? modelled(model) : json_null());
	json_object_set_new(row, "hops", hops);
}

/* ---- a run's document ------------------------------------------------------------------------ */

static bool is_port(const json_t *document, unsigned id, const char *name)
{
	const json_t *port = json_array_get(json_object_get(document, "ports"), id);
	const char *own = json_string_value(json_object_get(port, "name"));

	return own && name && !strcmp(own, name);
}

static void add_to(json_t *document, const char *key, const struct bp_model_path *models,
		   size_t n_models)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(document, key), i, row) {
		const char *in = json_string_value(json_object_get(row, "in"));
		const char *out = json_string_value(json_object_get(row, "out"));
		const struct bp_model_path *model = models;

		while (model < models + n_models && !(is_port(document, model->in_port, in) &&
						      is_port(document, model->out_port, out)))
			model++;
		set_model(row, model < models + n_models ? model : NULL);
	}
}

void bp_ledger_add(json_t *document, const struct bp_model_path *models, size_t n_models)
{
	add_to(document, "paths", models, n_models);
	add_to(document, "path_sums", models, n_models);
}

/* ---- a prediction ---------------------------------------------------------------------------- */

static bool are_twins(const json_t *a, const json_t *b, const char *const *keys)
{
	for (; *keys; keys++)
		if (!json_equal(json_object_get(a, *keys), json_object_get(b, *keys)))
			return false;
	return json_is_object(json_object_get(a, "modelled"));
}

void bp_ledger_add_path(json_t *rows, json_t *row, const char *const *keys)
{
	json_t *same = json_null();
	const json_t *other;
	size_t i;

	json_array_foreach(rows, i, other) {
		if (!are_twins(row, other, keys))
			continue;
		same = json_pack("{s:O, s:O}", "in", json_object_get(other, "in"), "out",
				 json_object_get(other, "out"));
		break;
	}
	json_object_set_new(row, "same_as", same);
	json_array_append_new(rows, row);
}

static bool is_carried(const struct bp_port_conf *in)
{
	const struct bp_facts *facts = bp_facts_find(in->driver);

	return facts && facts->flags & BP_FACT_CARRIES;
}

json_t *bp_ledger_document(const char *file, const struct bp_conf *conf,
			   const struct bp_port_info *infos, const struct bp_model_path *paths,
			   size_t n_paths)
{
	static const char *const keys[] = { "modelled", "hops", "offload", NULL };
	json_t *ports = json_array(), *rows = json_array();

	for (unsigned i = 0; i < conf->n_ports; i++)
		json_array_append_new(ports, bp_json_port(&conf->ports[i], &infos[i]));
	for (size_t i = 0; i < n_paths; i++) {
		json_t *row = json_pack("{s:s, s:s, s:b, s:s?, s:{s:b, s:b}}", "in",
					conf->ports[paths[i].in_port].name, "out",
					conf->ports[paths[i].out_port].name, "carried",
					(int)is_carried(&conf->ports[paths[i].in_port]), "offload",
					bp_explain_offload(conf, infos, &paths[i]), "dma", "in",
					(int)paths[i].has_rx_dma, "out", (int)paths[i].has_tx_dma);

		set_model(row, &paths[i]);
		bp_ledger_add_path(rows, row, keys);
	}
	return json_pack("{s:s, s:o, s:b, s:{s:s}, s:o, s:o}", "schema", "bypath.explain/1", "file",
			 bp_json_text(file), "predicted", 1, "engine", "mode",
			 conf->engine.mode == BP_ENGINE_IO ? "io" : "macswap", "ports", ports,
			 "paths", rows);
}
