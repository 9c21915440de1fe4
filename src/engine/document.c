/* A run's report as a document, bypath.report/1 (docs/report.md). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/document.h"
#include "engine/rows.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/numa.h"

/* ---- ports ----------------------------------------------------------------------------------- */

void bp_rows_add_rates(json_t *counted, uint64_t n_pkts, uint64_t n_bytes, uint64_t n_bursts,
		       double elapsed_s)
{
	double pkts = (double)n_pkts, bytes = (double)n_bytes;
	double wire_bytes = bytes + BP_WIRE_EXTRA_BYTES * pkts;

	json_object_update_new(counted,
			       json_pack("{s:o, s:o, s:o, s:o}", "mpps",
					 bp_json_ratio(pkts / 1e6, elapsed_s), "gbps_l1",
					 bp_json_ratio(8e-9 * wire_bytes, elapsed_s), "gbps_l2",
					 bp_json_ratio(8e-9 * bytes, elapsed_s), "mean_burst",
					 bp_json_ratio(pkts, (double)n_bursts)));
}

static json_t *queue_counted(const uint64_t v[BP_CNT_N], double elapsed_s)
{
	json_t *counted = bp_json_counters(v);
	double pkts = (double)v[BP_CNT_PKTS];

	bp_rows_add_rates(counted, v[BP_CNT_PKTS], v[BP_CNT_BYTES], v[BP_CNT_BURSTS], elapsed_s);
	json_object_update_new(
		counted,
		json_pack("{s:o, s:o, s:o}", "dropped", bp_json_count(bp_report_drops(v)),
			  "user_copies_per_packet", bp_json_ratio((double)v[BP_CNT_COPIES], pkts),
			  "crossings_per_packet", bp_json_ratio((double)v[BP_CNT_CALLS], pkts)));
	return counted;
}

/* One direction of a port: its queues, their sum where there are several, what happened in them. */
static void set_queues(json_t *row, const char *direction, const struct bp_report_queue *queues,
		       unsigned n, double elapsed_s)
{
	json_t *rows = json_array(), *sum_row = json_null();
	uint64_t sum[BP_CNT_N] = { 0 };
	char name[16];

	for (unsigned q = 0; q < n; q++) {
		json_t *counted = queue_counted(queues[q].v, elapsed_s);
		bool is_gone = queues[q].worker_id == BP_REPORT_NO_WORKER;

		if (*direction == 't')
			json_object_set_new(counted, "held", json_integer(queues[q].n_held));
		json_array_append_new(
			rows,
			json_pack("{s:i, s:o, s:s, s:o}", "queue", queues[q].queue_id, "worker",
				  is_gone ? json_null() : json_integer(queues[q].worker_id),
				  "direction", direction, "counted", counted));
		for (unsigned id = 0; id < BP_CNT_N; id++)
			sum[id] += queues[q].v[id];
		snprintf(name, sizeof(name), "%s %u", direction, queues[q].queue_id);
		bp_json_add_events(json_object_get(row, "events"), name, queues[q].v);
	}
	if (n > 1)
		sum_row = json_pack("{s:s, s:o}", "direction", direction, "counted",
				    queue_counted(sum, elapsed_s));
	snprintf(name, sizeof(name), "%s_queues", direction);
	json_object_set_new(row, name, rows);
	snprintf(name, sizeof(name), "%s_sum", direction);
	json_object_set_new(row, name, sum_row);
}

/* The first worker of these queues whose core is on another node than the port. */
static const struct bp_report_worker *find_far(const struct bp_report *r, int node,
					       const struct bp_report_queue *queues, unsigned n)
{
	for (unsigned i = 0; i < n && r->n_numa_nodes > 1; i++) {
		const struct bp_report_worker *w;

		if (queues[i].worker_id >= r->n_workers)
			continue; /* a queue that no worker has */
		w = &r->workers[queues[i].worker_id];
		if (node != BP_NO_NODE && w->numa_node != BP_NO_NODE && w->numa_node != node)
			return w;
	}
	return NULL;
}

static json_t *port_row(const struct bp_report *r, const struct bp_report_port *port)
{
	static const char *const links[] = {
		[BP_LINK_UP] = "up", [BP_LINK_DOWN] = "down", [BP_LINK_LOST] = "lost"
	};
	const struct bp_report_worker *far = find_far(r, port->numa_node, port->rxq, port->n_rxq);
	json_t *row = bp_json_port(port->conf, &port->info), *events = json_array();

	if (!far)
		far = find_far(r, port->numa_node, port->txq, port->n_txq);
	json_object_update_new(
		row,
		json_pack("{s:s, s:s?, s:s?, s:b, s:o, s:i, s:o, s:o, s:o}", "link",
			  port->is_removed ? "removed" : links[port->link], "set_down_by",
			  port->set_down_by, "held_for",
			  port->held_for < 0 ? NULL : r->ports[port->held_for].conf->name,
			  "removed", (int)port->is_removed, "losses", bp_json_count(port->n_losses),
			  "numa_node", port->numa_node, "far_worker",
			  far ? json_pack("{s:i, s:i}", "worker", far->worker_id, "numa_node",
					  far->numa_node)
			      : json_null(),
			  "reported", bp_json_reported(port->reported, port->n_reported), "events",
			  events));
	set_queues(row, "rx", port->rxq, port->n_rxq, r->elapsed_s);
	set_queues(row, "tx", port->txq, port->n_txq, r->elapsed_s);
	bp_json_add_reported(events, port->reported, port->n_reported);
	return row;
}

/* ---- workers --------------------------------------------------------------------------------- */

/* When it wanted its core and did not have it; not part of busy, idle, asleep. */
static json_t *off_row(const struct bp_report_worker *w)
{
	json_t *waiting = w->is_off_known ? json_real(w->off_waiting_ns) : json_null();

	return json_pack("{s:f, s:f, s:s, s:s?, s:b, s:o, s:f, s:f, s:{s:o, s:f, s:f}}", "share",
			 w->off_share, "ns", w->off_ns, "cause",
			 w->off_cause ? w->off_cause : "none", "text", w->off_text, "disturbed",
			 w->off_share > BP_OFF_LIMIT, "waiting_ns", waiting, "stolen_ns",
			 w->off_stolen_ns, "throttled_ns", w->off_throttled_ns, "gaps", "n",
			 bp_json_count(w->n_gaps), "ns", w->gap_ns, "longest_ns", w->gap_max_ns);
}

static json_t *worker_row(const struct bp_report *r, const struct bp_report_worker *w)
{
	double whole_ns = w->busy_ns + w->idle_ns + w->wait_ns + w->off_ns;
	uint64_t n_pkts = bp_report_worker_pkts(r, w);

	return json_pack(
		"{s:i, s:i, s:i, s:i, s:b, s:{s:o, s:o, s:o, s:o, s:f, s:f, s:f, s:f, s:o, s:o, s:o, "
		"s:o}, s:o}",
		"worker", w->worker_id, "core", w->core, "numa_node", w->numa_node, "tid", w->tid,
		"idle_by_fd", (int)w->idle_by_fd, "counted", "packets", bp_json_count(n_pkts),
		"mpps", bp_json_ratio((double)n_pkts / 1e6, r->elapsed_s), "rounds",
		bp_json_count(w->n_loops), "idle_calls", bp_json_count(w->n_waits), "busy_ns",
		w->busy_ns, "calls_ns", w->call_ns, "idle_ns", w->idle_ns, "asleep_ns", w->wait_ns,
		"busy_share", bp_json_ratio(w->busy_ns, whole_ns), "idle_share",
		bp_json_ratio(w->idle_ns, whole_ns), "asleep_share",
		bp_json_ratio(w->wait_ns, whole_ns), "off_core_share",
		bp_json_ratio(w->off_ns, whole_ns), "off_core", off_row(w));
}

/* ---- the whole ------------------------------------------------------------------------------- */

static json_t *run_row(const struct bp_report *r)
{
	bool are_calls_timed = true;

	for (unsigned i = 0; i < r->n_paths; i++)
		are_calls_timed &= r->paths[i].worker_id == BP_REPORT_NO_WORKER ||
				   bp_rows_has_split(&r->paths[i]);
	return json_pack("{s:f, s:b, s:f, s:s, s:s, s:i, s:b}", "elapsed_s", r->elapsed_s, "final",
			 (int)r->is_final, "drain_ms", r->drain_ms, "mode",
			 r->conf->engine.mode == BP_ENGINE_IO ? "io" : "macswap", "idle",
			 r->conf->engine.idle == BP_IDLE_BUSY ? "busy" : "adaptive", "burst",
			 (int)r->conf->engine.burst, "calls_timed", (int)are_calls_timed);
}

static json_t *conservation(const struct bp_report *r)
{
	uint64_t n_replicas = 0, n_fn_drops = 0;

	for (unsigned i = 0; i < r->n_ports; i++)
		for (unsigned q = 0; q < r->ports[i].n_txq; q++)
			n_replicas += r->ports[i].txq[q].v[BP_CNT_REPLICAS];
	for (unsigned i = 0; i < r->n_functions; i++)
		for (unsigned k = 0; k < BP_FN_REASONS_MAX; k++)
			n_fn_drops += r->functions[i].drops[k];
	return json_pack("{s:{s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o}}", "counted", "received",
			 bp_json_count(r->received), "made", bp_json_count(r->made), "sent",
			 bp_json_count(r->sent), "dropped", bp_json_count(r->dropped), "held",
			 bp_json_count(r->held), "unaccounted", (json_int_t)r->unaccounted,
			 "made_as_copies", bp_json_count(n_replicas), "dropped_by_functions",
			 bp_json_count(n_fn_drops));
}

/* When the configuration was changed, and how long the workers stood still for it. */
static json_t *reloads_row(const struct bp_reloads *reloads)
{
	return json_pack(
		"{s:o, s:o, s:f, s:f, s:f, s:f, s:o}", "done", bp_json_count(reloads->n_done),
		"refused", bp_json_count(reloads->n_refused), "last_s", reloads->last_s, "last_ms",
		reloads->last_ms, "last_pause_ms", reloads->last_pause_ms, "last_away_ms",
		reloads->last_away_ms, "last_away_packets",
		reloads->last_away_pkts < 0 ? json_null() : json_integer(reloads->last_away_pkts));
}

json_t *bp_engine_document(const struct bp_report *r)
{
	json_t *ports = json_array(), *workers = json_array(), *machine = bp_json_machine();
	json_t *document;

	for (unsigned i = 0; i < r->n_ports; i++)
		json_array_append_new(ports, port_row(r, &r->ports[i]));
	for (unsigned i = 0; i < r->n_workers; i++)
		json_array_append_new(workers, worker_row(r, &r->workers[i]));
	json_object_set_new(machine, "numa_nodes", json_integer(r->n_numa_nodes));
	json_object_set_new(machine, "cycle_hz", bp_json_count(bp_clock_hz()));
	document = json_pack("{s:s, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o}, s:o, s:o, s:o, s:o}",
			     "schema", "bypath.report/1", "machine", machine, "run", run_row(r),
			     "reloads", reloads_row(&r->reloads), "arena", "bytes",
			     bp_json_count(r->arena_bytes), "page_bytes",
			     bp_json_count(r->arena_page_bytes), "frames",
			     bp_json_count(r->arena_frames), "frames_free",
			     r->is_final ? bp_json_count(r->arena_frames_free) : json_null(),
			     "ports", ports, "workers", workers, "functions", bp_rows_functions(r),
			     "conservation", conservation(r));
	if (document && bp_rows_add_paths(document, r)) {
		json_decref(document);
		return NULL;
	}
	return document;
}
