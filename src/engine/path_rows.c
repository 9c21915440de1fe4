/* Rows of a run's document about its paths: as each worker has them, added up, by in-port. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/document.h"
#include "engine/rows.h"

#include "core/json.h"

#include <errno.h>
#include <stdlib.h>

/* Edges of an in-port that fan_outs[] shows one by one; a fifth, too, if it is the last. */
#define BUSIEST 4u

bool bp_rows_has_split(const struct bp_report_path *path)
{
	return !path->n_calls || path->call_ns > 0;
}

/* ---- one row --------------------------------------------------------------------------------- */

/* until_s: since the workers started. */
static json_t *counted_of(double until_s, const struct bp_report_path *path)
{
	double n = (double)bp_report_path_borne(path);
	double n_timed = path->is_carried ? 0 : n, n_split = bp_rows_has_split(path) ? n_timed : 0;
	json_t *hist = json_array(), *bursts = json_array(), *counted;

	for (unsigned k = 0; k <= BP_COPIES_MAX; k++)
		json_array_append_new(hist, bp_json_count(path->hist_copies[k]));
	for (unsigned k = 0; k < BP_BURST_CLASSES; k++)
		json_array_append_new(bursts, bp_json_count(path->hist_bursts[k]));
	counted = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"packets", bp_json_count(path->n_pkts), "packets_out",
		bp_json_count(bp_report_path_out(path)), "bytes", bp_json_count(path->n_bytes),
		"bursts", bp_json_count(path->n_bursts), "bursts_by_packets", bursts,
		"function_drops", bp_json_count(path->n_fn_drops), "dropped",
		path->has_out_drops ? bp_json_count(path->n_fn_drops + path->n_out_drops)
				    : json_null(),
		"replicas", bp_json_count(path->n_replicas), "user_copies",
		bp_json_count(path->n_copies), "user_copy_bytes", bp_json_count(path->n_copy_bytes),
		"crossings", bp_json_count(path->n_calls), "packets_by_user_copies", hist,
		"user_copies_per_packet", bp_json_ratio((double)path->n_copies, n),
		"user_copy_bytes_per_packet", bp_json_ratio((double)path->n_copy_bytes, n),
		"crossings_per_packet", bp_json_ratio((double)path->n_calls, n), "ns_per_packet",
		bp_json_ratio(path->busy_ns, n_timed), "ns_per_packet_user",
		bp_json_ratio(path->busy_ns - path->call_ns, n_split), "ns_per_packet_calls",
		bp_json_ratio(path->call_ns, n_split));
	bp_rows_add_rates(counted, path->n_pkts, path->n_bytes, path->n_bursts,
			  until_s - path->since_s);
	return counted;
}

static bool is_cost_in(const struct bp_counter_row *row, const char *unit)
{
	return row->kind == BP_KIND_COST && !strcmp(row->unit, unit);
}

/* Of a path that its driver carries: what it reports that its program took of the cost, per packet; null: nothing. */
static json_t *program_ns(const struct bp_report_port *in, bool is_carried)
{
	double ns = 0, n_pkts = 0;

	for (unsigned i = 0; is_carried && i < in->n_reported; i++) {
		const struct bp_reported *reported = &in->reported[i];

		if (is_cost_in(reported->row, "ns"))
			ns += (double)reported->value;
		else if (is_cost_in(reported->row, "packets"))
			n_pkts += (double)reported->value;
	}
	return bp_json_ratio(ns, n_pkts);
}

/* worker: taken over. */
static json_t *path_row(const struct bp_report *r, const struct bp_report_path *path,
			json_t *worker)
{
	static const char *const parts[] = {
		[BP_PATH_WHOLE] = "whole",
		[BP_PATH_INTAKE] = "intake",
		[BP_PATH_EDGE] = "edge",
	};
	const struct bp_port_conf *in = r->ports[path->in_port].conf;

	return json_pack("{s:s, s:s?, s:s, s:o, s:o, s:s, s:o, s:o}", "in", in->name, "out",
			 path->part == BP_PATH_INTAKE ? NULL : r->ports[path->out_port].conf->name,
			 "part", parts[path->part], "via", bp_json_chain(r->conf, in), "worker",
			 worker, "counted_by",
			 bp_provenance_name(path->is_carried ? BP_PROV_REPORTED : BP_PROV_COUNTED),
			 "program_ns_per_packet",
			 program_ns(&r->ports[path->in_port], path->is_carried), "counted",
			 counted_of(r->elapsed_s, path));
}

/* What a path did until a reload; rates over the time that it was there. */
static json_t *former_row(const struct bp_report_former *former)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:i, s:o}", "in", former->in,
			 "in_driver", former->in_driver, "in_mode", former->in_mode, "out",
			 former->out, "out_driver", former->out_driver, "out_mode",
			 former->out_mode, "from_s", former->from_s, "until_s", former->until_s,
			 "worker", former->path.worker_id, "counted",
			 counted_of(former->until_s, &former->path));
}

/* What a port pair, or an intake, did since the start: what reloads have ended is in it, so that it never falls. */
static json_t *total_row(const struct bp_report *r, const struct bp_report_sum *sum)
{
	const struct bp_report_path *path = &sum->path;
	bool is_intake = path->out_port == BP_PATH_NO_OUT;

	return json_pack(
		"{s:s, s:s?, s:b, s:b, s:{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}}", "in",
		r->ports[path->in_port].conf->name, "out",
		is_intake ? NULL : r->ports[path->out_port].conf->name, "renewed",
		(int)(sum->n_past > 0), "present", (int)(sum->n_rows > sum->n_past), "counted",
		"packets", bp_json_count(path->n_pkts), "packets_out",
		bp_json_count(bp_report_path_out(path)), "bytes", bp_json_count(path->n_bytes),
		"bursts", bp_json_count(path->n_bursts), "function_drops",
		bp_json_count(path->n_fn_drops), "replicas", bp_json_count(path->n_replicas),
		"user_copies", bp_json_count(path->n_copies), "user_copy_bytes",
		bp_json_count(path->n_copy_bytes), "crossings", bp_json_count(path->n_calls));
}

/* 0 or -ENOMEM. */
static int add_totals(json_t *document, const struct bp_report *r)
{
	struct bp_report_sum *sums = bp_report_sums(r, BP_SPAN_RUN);
	json_t *rows = json_array();

	json_object_set_new(document, "path_totals", rows);
	for (unsigned i = 0; sums && i < r->n_ports * (r->n_ports + 1); i++)
		if (sums[i].n_rows)
			json_array_append_new(rows, total_row(r, &sums[i]));
	free(sums);
	return sums ? 0 : -ENOMEM;
}

/* ---- in-ports whose packets may go to several ports ------------------------------------------ */

struct fan_out {
	const struct bp_report_path *intake;
	const struct bp_report_path *edges[BP_PORTS_MAX]; /* n_edges, the busiest first */
	unsigned n_edges;
};

static void insert(struct fan_out *fan, const struct bp_report_path *edge)
{
	unsigned i = fan->n_edges++;

	for (; i && fan->edges[i - 1]->n_pkts < edge->n_pkts; i--)
		fan->edges[i] = fan->edges[i - 1];
	fan->edges[i] = edge;
}

/* False: the in-port's packets go to one port only, or it receives none. */
static bool find_fan_out(struct bp_report_sum *sums, const struct bp_report *r, unsigned in_port,
			 struct fan_out *fan)
{
	const struct bp_report_sum *intake = bp_report_sum(sums, r, in_port, BP_PATH_NO_OUT);

	*fan = (struct fan_out){ .intake = &intake->path };
	for (unsigned i = 0; i < r->n_ports; i++) {
		const struct bp_report_sum *edge = bp_report_sum(sums, r, in_port, i);

		if (edge->n_rows && edge->path.part == BP_PATH_EDGE)
			insert(fan, &edge->path);
	}
	return intake->n_rows > 0;
}

/* What was received, and what became of it at all out-ports. The copies were made for edges, whichever row counts
 * them. */
static json_t *whole_of(const struct bp_report *r, const struct fan_out *fan)
{
	struct bp_report_path whole = *fan->intake;

	whole.part = BP_PATH_WHOLE;
	whole.n_replicas = 0;
	for (unsigned i = 0; i < fan->n_edges; i++) {
		whole.n_replicas += fan->edges[i]->n_replicas;
		bp_report_add_cost(&whole, fan->edges[i]);
	}
	return counted_of(r->elapsed_s, &whole);
}

/* The sum of the edges behind the first n_shown. */
static json_t *others_of(const struct bp_report *r, const struct fan_out *fan, unsigned n_shown)
{
	struct bp_report_path others = { .part = BP_PATH_EDGE };

	if (n_shown == fan->n_edges)
		return json_null();
	others.since_s = fan->edges[n_shown]->since_s;
	for (unsigned i = n_shown; i < fan->n_edges; i++)
		bp_report_add_path(&others, fan->edges[i]);
	return json_pack("{s:i, s:o}", "ports", (int)(fan->n_edges - n_shown), "counted",
			 counted_of(r->elapsed_s, &others));
}

static json_t *fan_out_row(const struct bp_report *r, const struct fan_out *fan)
{
	const struct bp_port_conf *in = r->ports[fan->intake->in_port].conf;
	unsigned n_shown = fan->n_edges <= BUSIEST + 1 ? fan->n_edges : BUSIEST;
	json_t *edges = json_array();

	for (unsigned i = 0; i < n_shown; i++)
		json_array_append_new(edges, json_pack("{s:s, s:o}", "out",
						       r->ports[fan->edges[i]->out_port].conf->name,
						       "counted",
						       counted_of(r->elapsed_s, fan->edges[i])));
	return json_pack("{s:s, s:o, s:i, s:{s:o}, s:o, s:o, s:{s:o}}", "in", in->name, "via",
			 bp_json_chain(r->conf, in), "ports", (int)fan->n_edges, "intake",
			 "counted", counted_of(r->elapsed_s, fan->intake), "edges", edges, "others",
			 others_of(r, fan, n_shown), "whole", "counted", whole_of(r, fan));
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* A row, and at the first of several workers' rows their sum. */
static void append(json_t *rows, json_t *sum_rows, struct bp_report_sum *sums,
		   const struct bp_report *r, const struct bp_report_path *path)
{
	struct bp_report_sum *sum = bp_report_sum(sums, r, path->in_port, path->out_port);

	json_array_append_new(rows, path_row(r, path, json_integer(path->worker_id)));
	if (sum->n_rows > 1)
		json_array_append_new(sum_rows, path_row(r, &sum->path, json_null()));
	sum->n_rows = 1;
}

int bp_rows_add_paths(json_t *document, const struct bp_report *r)
{
	struct bp_report_sum *sums = bp_report_sums(r, BP_SPAN_PRESENT);
	json_t *rows = json_array(), *sum_rows = json_array(), *fan_outs = json_array();
	json_t *former = json_array();
	struct fan_out fan;

	json_object_set_new(document, "paths", rows);
	json_object_set_new(document, "path_sums", sum_rows);
	json_object_set_new(document, "fan_outs", fan_outs);
	for (unsigned i = 0; i < r->n_former; i++)
		json_array_append_new(former, former_row(&r->former[i]));
	json_object_set_new(document, "former_paths", former);
	json_object_set_new(document, "paths_cut", bp_json_count(r->n_paths_cut));
	if (!sums)
		return -ENOMEM;
	for (unsigned i = 0; i < r->n_ports; i++)
		if (find_fan_out(sums, r, i, &fan))
			json_array_append_new(fan_outs, fan_out_row(r, &fan));
	for (unsigned i = 0; i < r->n_paths; i++)
		if (r->paths[i].worker_id != BP_REPORT_NO_WORKER)
			append(rows, sum_rows, sums, r, &r->paths[i]);
	free(sums);
	return add_totals(document, r);
}
