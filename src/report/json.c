/* Writes a report as JSON. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/json.h"

#include "bypath/log.h"

#include "report/file.h"
#include "report/json_model.h"
#include "report/text.h"

#include <errno.h>

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static void set_rates(json_t *object, uint64_t n_pkts, uint64_t n_bytes, uint64_t n_bursts,
		      double elapsed_s)
{
	double pkts = (double)n_pkts, bytes = (double)n_bytes;

	set(object, "mpps", bp_json_ratio(pkts / 1e6, elapsed_s));
	set(object, "gbps_l1",
	    bp_json_ratio(8e-9 * (bytes + BP_WIRE_EXTRA_BYTES * pkts), elapsed_s));
	set(object, "gbps_l2", bp_json_ratio(8e-9 * bytes, elapsed_s));
	set(object, "mean_burst", bp_json_ratio(pkts, (double)n_bursts));
}

static json_t *queue_json(const struct bp_report *r, const struct bp_report_queue *queue,
			  bool is_tx)
{
	json_t *counted = json_object(), *drops = json_object();
	const uint64_t *v = queue->v;

	for (unsigned id = 0; id < BP_DROP_FIRST; id++)
		set(counted, bp_counter_rows[id].name, bp_json_count(v[id]));
	for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++)
		set(drops, bp_counter_rows[id].name, bp_json_count(v[id]));
	set(counted, "drops", drops);
	set(counted, "dropped", bp_json_count(bp_report_drops(v)));
	if (is_tx)
		set(counted, "held", bp_json_count(queue->n_held));
	set_rates(counted, v[BP_CNT_PKTS], v[BP_CNT_BYTES], v[BP_CNT_BURSTS], r->elapsed_s);
	return json_pack("{s:i, s:i, s:o}", "queue", queue->queue_id, "worker", queue->worker_id,
			 "counted", counted);
}

static json_t *queues_json(const struct bp_report *r, const struct bp_report_queue *queues,
			   unsigned n, bool is_tx)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(rows, queue_json(r, &queues[i], is_tx));
	return rows;
}

static json_t *port_json(const struct bp_report *r, const struct bp_report_port *port)
{
	static const char *const links[] = {
		[BP_LINK_UP] = "up", [BP_LINK_DOWN] = "down", [BP_LINK_LOST] = "lost"
	};
	json_t *row = bp_json_port(port->conf, &port->info);

	set(row, "link", json_string(links[port->link]));
	set(row, "losses", bp_json_count(port->n_losses));
	set(row, "numa_node", json_integer(port->numa_node));
	set(row, "rx_queues", queues_json(r, port->rxq, port->n_rxq, false));
	set(row, "tx_queues", queues_json(r, port->txq, port->n_txq, true));
	set(row, "reported", bp_json_reported(port->reported, port->n_reported));
	return row;
}

/* When it wanted its core and did not have it; not part of busy, idle, asleep. */
static json_t *off_json(const struct bp_report_worker *w)
{
	json_t *waiting = w->is_off_known ? json_real(w->off_waiting_ns) : json_null();

	return json_pack("{s:f, s:f, s:s, s:o, s:f, s:f, s:{s:o, s:f, s:f}}", "share", w->off_share,
			 "ns", w->off_ns, "cause", w->off_cause ? w->off_cause : "none",
			 "waiting_ns", waiting, "stolen_ns", w->off_stolen_ns, "throttled_ns",
			 w->off_throttled_ns, "gaps", "n", bp_json_count(w->n_gaps), "ns",
			 w->gap_ns, "longest_ns", w->gap_max_ns);
}

static json_t *worker_json(const struct bp_report_worker *w)
{
	double whole_ns = w->busy_ns + w->idle_ns + w->wait_ns + w->off_ns;

	return json_pack(
		"{s:i, s:i, s:i, s:i, s:b, s:{s:o, s:o, s:f, s:f, s:f, s:o, s:o, s:o}, s:o}",
		"worker", w->worker_id, "core", w->core, "numa_node", w->numa_node, "tid", w->tid,
		"idle_by_fd", (int)w->idle_by_fd, "counted", "rounds", bp_json_count(w->n_loops),
		"idle_calls", bp_json_count(w->n_waits), "busy_ns", w->busy_ns, "idle_ns",
		w->idle_ns, "asleep_ns", w->wait_ns, "busy_share",
		bp_json_ratio(w->busy_ns, whole_ns), "idle_share",
		bp_json_ratio(w->idle_ns, whole_ns), "asleep_share",
		bp_json_ratio(w->wait_ns, whole_ns), "off_core", off_json(w));
}

static json_t *path_counted(const struct bp_report *r, const struct bp_report_path *path)
{
	json_t *counted = json_object(), *hist = json_array();
	double n_out = (double)bp_report_path_out(path);

	for (unsigned k = 0; k <= BP_COPIES_MAX; k++)
		json_array_append_new(hist, bp_json_count(path->hist_copies[k]));
	set(counted, "packets", bp_json_count(path->n_pkts));
	set(counted, "packets_out", bp_json_count(bp_report_path_out(path)));
	set(counted, "bytes", bp_json_count(path->n_bytes));
	set(counted, "bursts", bp_json_count(path->n_bursts));
	set_rates(counted, path->n_pkts, path->n_bytes, path->n_bursts, r->elapsed_s);
	set(counted, "user_copies", bp_json_count(path->n_copies));
	set(counted, "user_copy_bytes", bp_json_count(path->n_copy_bytes));
	set(counted, "crossings", bp_json_count(path->n_calls));
	set(counted, "packets_by_user_copies", hist);
	set(counted, "user_copies_per_packet", bp_json_ratio((double)path->n_copies, n_out));
	set(counted, "user_copy_bytes_per_packet",
	    bp_json_ratio((double)path->n_copy_bytes, n_out));
	set(counted, "crossings_per_packet", bp_json_ratio((double)path->n_calls, n_out));
	set(counted, "ns_per_packet", bp_json_ratio(path->busy_ns, n_out));
	n_out = bp_report_path_has_split(path) ? n_out : 0;
	set(counted, "ns_per_packet_user", bp_json_ratio(path->busy_ns - path->call_ns, n_out));
	set(counted, "ns_per_packet_calls", bp_json_ratio(path->call_ns, n_out));
	return counted;
}

static json_t *path_json(const struct bp_report *r, const struct bp_report_path *path,
			 const struct bp_model_path *model)
{
	return json_pack("{s:s, s:s, s:i, s:o, s:o, s:o}", "in", r->ports[path->in_port].conf->name,
			 "out", r->ports[path->out_port].conf->name, "worker", path->worker_id,
			 "counted", path_counted(r, path), "modelled", bp_json_modelled(model),
			 "hops", bp_json_hops(model));
}

static json_t *run_json(const struct bp_report *r)
{
	return json_pack("{s:f, s:b, s:f, s:s, s:s, s:i}", "elapsed_s", r->elapsed_s, "final",
			 (int)r->is_final, "drain_ms", r->drain_ms, "mode",
			 r->conf->engine.mode == BP_ENGINE_IO ? "io" : "macswap", "idle",
			 r->conf->engine.idle == BP_IDLE_BUSY ? "busy" : "adaptive", "burst",
			 (int)r->conf->engine.burst);
}

static json_t *arena_json(const struct bp_report *r)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "bytes", bp_json_count(r->arena_bytes),
			 "page_bytes", bp_json_count(r->arena_page_bytes), "frames",
			 bp_json_count(r->arena_frames), "frames_free",
			 r->is_final ? bp_json_count(r->arena_frames_free) : json_null());
}

static json_t *report_json(const struct bp_report *r, const struct bp_model_path *models,
			   size_t n_models)
{
	json_t *ports = json_array(), *workers = json_array(), *paths = json_array();

	for (unsigned i = 0; i < r->n_ports; i++)
		json_array_append_new(ports, port_json(r, &r->ports[i]));
	for (unsigned i = 0; i < r->n_workers; i++)
		json_array_append_new(workers, worker_json(&r->workers[i]));
	for (unsigned i = 0; i < r->n_paths; i++) {
		const struct bp_report_path *path = &r->paths[i];

		json_array_append_new(paths,
				      path_json(r, path,
						bp_report_model(models, (unsigned)n_models,
								path->in_port, path->out_port)));
	}
	return json_pack("{s:s, s:{s:s, s:s, s:s}, s:o, s:o, s:o, s:o, s:o, "
			 "s:{s:{s:o, s:o, s:o, s:o, s:o, s:I}}}",
			 "schema", "bypath.report/1", "machine", "host", r->host, "kernel",
			 r->kernel, "cpu", r->cpu, "run", run_json(r), "arena", arena_json(r),
			 "ports", ports, "workers", workers, "paths", paths, "conservation",
			 "counted", "received", bp_json_count(r->received), "made",
			 bp_json_count(r->made), "sent", bp_json_count(r->sent), "dropped",
			 bp_json_count(r->dropped), "held", bp_json_count(r->held), "unaccounted",
			 (json_int_t)r->unaccounted);
}

static int write_root(FILE *out, const void *arg)
{
	const json_t *root = arg;

	return json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) ||
			       fputc('\n', out) == EOF
		       ? -EIO
		       : 0;
}

int bp_json_write(json_t *root, const char *path)
{
	int err;

	/* jansson says no more than that it did not work. */
	if (!root) {
		bp_log(BP_LOG_ERROR,
		       "report %s: not written: the document cannot be made: no memory is left, or a "
		       "text in it is no UTF-8: please report the latter",
		       path);
		return -ENOMEM;
	}
	err = bp_file_replace(path, write_root, root);
	json_decref(root);
	return err;
}

int bp_report_json(const struct bp_report *report, const struct bp_model_path *models,
		   size_t n_models, const char *path)
{
	return bp_json_write(report_json(report, models, n_models), path);
}
