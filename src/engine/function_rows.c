/* Rows of a run's document about its functions: what each did, cost, dropped and knows. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/document.h"
#include "engine/rows.h"

#include "core/json.h"

static json_t *port_names(const struct bp_conf *conf, uint64_t ports)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < conf->n_ports; i++)
		if (ports >> i & 1)
			json_array_append_new(names, json_string(conf->ports[i].name));
	return names;
}

/* Every reason by its name; those that are not zero with their meaning, as a port's events. Returns the sum. */
static uint64_t put_drops(const struct bp_report_function *f, json_t *drops, json_t *events)
{
	const struct bp_fn_reason *reasons = f->function->reasons;
	uint64_t sum = 0;

	for (unsigned i = 0; i < BP_FN_REASONS_MAX; i++)
		sum += f->drops[i];
	for (unsigned i = 0; reasons && i < BP_FN_REASONS_MAX && reasons[i].name; i++) {
		json_object_set_new(drops, reasons[i].name, bp_json_count(f->drops[i]));
		if (!f->drops[i])
			continue;
		json_array_append_new(events, json_pack("{s:s, s:o, s:s, s:s, s:s}", "counter",
							reasons[i].name, "value",
							bp_json_count(f->drops[i]), "provenance",
							bp_provenance_name(BP_PROV_COUNTED), "kind",
							"drop", "meaning", reasons[i].meaning));
	}
	return sum;
}

static json_t *function_row(const struct bp_report *r, const struct bp_report_function *f)
{
	json_t *drops = json_object(), *events = json_array();
	uint64_t n_dropped = put_drops(f, drops, events);
	/* What a driver does by itself (bp_function.edit in a direct burst) is not timed. */
	json_t *ns = f->busy_ns > 0 ? bp_json_ratio(f->busy_ns, (double)f->n_pkts) : json_null();

	return json_pack("{s:s, s:s, s:o, s:b, s:{s:o, s:o, s:o, s:f, s:o}, s:o, s:O?, s:o}",
			 "name", f->conf->name, "type", f->conf->type, "ports",
			 port_names(r->conf, bp_function_in_ports(r->conf, f->conf)), "disturbed",
			 (int)f->is_disturbed, "counted", "packets", bp_json_count(f->n_pkts),
			 "dropped", bp_json_count(n_dropped), "ns_per_packet", ns, "busy_ns",
			 f->busy_ns, "drops", drops, "events", events, "doc", f->doc, "state",
			 bp_rows_function_state(f->doc));
}

json_t *bp_rows_functions(const struct bp_report *r)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < r->n_functions; i++)
		json_array_append_new(rows, function_row(r, &r->functions[i]));
	return rows;
}

void bp_report_release(struct bp_report *r)
{
	for (unsigned i = 0; i < r->n_functions; i++) {
		json_decref(r->functions[i].doc);
		r->functions[i].doc = NULL;
	}
}
