/* The model's figures as JSON values. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/json_model.h"

#include "core/utf8.h"

#include <stdlib.h>
#include <string.h>

static const char *rate_name(enum bp_call_rate rate)
{
	static const char *const names[] = {
		[BP_CALL_NEVER] = "idle",
		[BP_CALL_PER_BATCH] = "batch",
		[BP_CALL_PER_PKT] = "packet",
		[BP_CALL_ON_WAKEUP] = "wakeup",
	};

	return names[rate];
}

static const char *kind_name(enum bp_device_kind kind)
{
	static const char *const names[] = {
		[BP_DEVICE_NONE] = "none",     [BP_DEVICE_VETH] = "veth",   [BP_DEVICE_TAP] = "tap",
		[BP_DEVICE_VIRTIO] = "virtio", [BP_DEVICE_OTHER] = "other", [BP_DEVICE_PMD] = "pmd",
	};

	return names[kind];
}

json_t *bp_json_count(uint64_t n)
{
	return n <= INT64_MAX ? json_integer((json_int_t)n) : json_real((double)n);
}

json_t *bp_json_ratio(double numerator, double denominator)
{
	return denominator > 0 ? json_real(numerator / denominator) : json_null();
}

json_t *bp_json_text(const char *text)
{
	char *copy = text ? strdup(text) : NULL;
	json_t *value;

	if (!copy)
		return json_null();
	bp_utf8_clean(copy);
	value = json_string(copy);
	free(copy);
	return value;
}

json_t *bp_json_off(double share, enum bp_off_cause cause)
{
	return json_pack("{s:f, s:s}", "share", share, "cause", bp_off_name(cause));
}

json_t *bp_json_copies(struct bp_copies copies)
{
	return json_pack("{s:i, s:i}", "lo", copies.lo, "hi", copies.hi);
}

struct bp_copies bp_json_user_copies(const struct bp_model_path *model, enum bp_provenance prov)
{
	struct bp_copies sum = { 0, 0 };

	for (unsigned i = 0; i < model->n_hops; i++) {
		if (model->hops[i].user_prov != prov)
			continue;
		sum.lo = (uint8_t)(sum.lo + model->hops[i].user.lo);
		sum.hi = (uint8_t)(sum.hi + model->hops[i].user.hi);
	}
	return sum;
}

json_t *bp_json_modelled(const struct bp_model_path *model)
{
	if (!model || !model->is_modelled)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:{s:i, s:i, s:i}}", "kernel_copies",
			 bp_json_copies(model->kernel), "user_copies_by_bypath",
			 bp_json_copies(bp_json_user_copies(model, BP_PROV_COUNTED)),
			 "user_copies_in_libraries",
			 bp_json_copies(bp_json_user_copies(model, BP_PROV_MODELLED)), "crossings",
			 "per_packet", (int)model->n_calls_per_pkt, "per_batch",
			 (int)model->n_calls_per_batch, "on_wakeup", (int)model->n_calls_on_wakeup);
}

static json_t *hop_json(const struct bp_hop *hop, bool is_rx)
{
	json_t *call =
		hop->call ? json_pack("{s:s, s:s}", "name", hop->call, "per", rate_name(hop->rate))
			  : json_null();

	if (hop->is_unknown)
		return json_pack("{s:s, s:b, s:s, s:o}", "side", is_rx ? "rx" : "tx", "modelled", 0,
				 "why", hop->why, "system_call", call);
	return json_pack(
		"{s:s, s:b, s:s, s:s, s:s, s:s, s:{s:o, s:s}, s:{s:o, s:s}, s:o, s:s, s:s}", "side",
		is_rx ? "rx" : "tx", "modelled", 1, "from", bp_domain_name(hop->from), "to",
		bp_domain_name(hop->to), "place", hop->place, "mover", hop->mover, "kernel_copies",
		"value", bp_json_copies(hop->kernel), "provenance",
		bp_provenance_name(BP_PROV_MODELLED), "user_copies", "value",
		bp_json_copies(hop->user), "provenance", bp_provenance_name(hop->user_prov),
		"system_call", call, "why", hop->why, "source", hop->source);
}

json_t *bp_json_hops(const struct bp_model_path *model)
{
	json_t *hops = json_array();

	for (unsigned i = 0; model && i < model->n_hops; i++)
		json_array_append_new(hops, hop_json(&model->hops[i], i < model->n_rx_hops));
	return hops;
}

json_t *bp_json_port(const struct bp_port_conf *conf, const struct bp_port_info *info)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:i, s:o}", "name", conf->name, "driver",
			 conf->driver, "device", bp_json_text(conf->device), "mode",
			 bp_json_text(info->mode), "device_driver",
			 bp_json_text(info->device_driver), "kind", kind_name(info->kind), "mtu",
			 (int)info->mtu, "note", bp_json_text(info->note));
}

json_t *bp_json_reported(const struct bp_reported *reported, unsigned n)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < n; i++) {
		const struct bp_counter_row *row = reported[i].row;

		json_array_append_new(
			rows, json_pack("{s:s, s:o, s:s, s:s, s:b, s:b, s:b, s:s}", "name",
					row->name, "value", bp_json_count(reported[i].value),
					"unit", row->unit, "direction", bp_side_name(row->side),
					"is_drop", row->kind == BP_KIND_DROP, "explains",
					row->kind == BP_KIND_EXPLAINS, "is_interface",
					(int)row->is_interface, "meaning", row->meaning));
	}
	return rows;
}
