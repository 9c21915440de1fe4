/* Writes the generator's report as JSON. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/gen_print.h"

#include "report/json_model.h"
#include "report/text.h"

#include <string.h>

#define FCS_BYTES 4u

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *latency_json(const struct bp_latency_summary *l)
{
	if (!l->n)
		return json_null();
	return json_pack("{s:o, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "frames",
			 bp_json_count(l->n), "min", l->min_ns, "mean", l->mean_ns, "p50",
			 l->p50_ns, "p90", l->p90_ns, "p99", l->p99_ns, "p999", l->p999_ns, "max",
			 l->max_ns, "jitter", l->jitter_ns);
}

static json_t *rate_json(uint64_t n, double pps, double mean_bytes)
{
	json_t *row = json_pack("{s:o, s:f}", "frames", bp_json_count(n), "pps", pps);

	if (mean_bytes > 0) {
		set(row, "gbps_l1", json_real(8e-9 * pps * (mean_bytes + BP_WIRE_EXTRA_BYTES)));
		set(row, "gbps_l2", json_real(8e-9 * pps * (mean_bytes + FCS_BYTES)));
	}
	return row;
}

static json_t *trial_json(const struct bp_gen_report *r)
{
	const struct bp_trial_result *v = &r->result;
	double mean = r->mean_frame_bytes;
	json_t *t = json_pack("{s:f, s:f}", "elapsed_s", v->elapsed_s, "mean_frame_size",
			      mean > 0 ? mean + FCS_BYTES : 0);

	set(t, "asked",
	    v->asked_pps > 0 ? rate_json(v->n_offered + v->n_missed, v->asked_pps, mean)
			     : json_null());
	if (r->has_tx) {
		set(t, "offered", rate_json(v->n_offered, v->offered_pps, mean));
		set(t, "sent", rate_json(v->n_sent, v->sent_pps, mean));
		set(t, "missed",
		    json_pack("{s:o, s:o}", "worker_late", bp_json_count(r->n_missed_cpu),
			      "tx_full", bp_json_count(r->n_missed_full)));
		set(t, "tx_dropped", bp_json_count(r->n_tx_dropped));
		set(t, "no_frame", bp_json_count(r->n_no_frame));
	}
	set(t, "off_core", bp_json_off(v->off_share, v->off_cause));
	set(t, "preempted", bp_json_count(r->n_preempted));
	set(t, "generator_bound", json_boolean(v->is_generator_bound));
	set(t, "own_pace", json_boolean(v->is_own_pace));
	set(t, "interrupted", json_boolean(v->is_interrupted));
	set(t, "why", bp_json_text(v->why));
	if (!r->has_rx)
		return t;
	set(t, "received_once", rate_json(v->n_sent - v->n_lost, v->received_pps, mean));
	set(t, "received", bp_json_count(v->n_received));
	set(t, "lost", bp_json_count(v->n_lost));
	set(t, "loss_ratio", json_real(v->loss_ratio));
	set(t, "own_rx_dropped", bp_json_count(v->n_rx_dropped));
	set(t, "loss_is_absolute", json_boolean(r->is_loss_absolute));
	set(t, "duplicate", bp_json_count(v->n_duplicate));
	set(t, "reordered", bp_json_count(v->n_reordered));
	set(t, "corrupt", bp_json_count(v->n_corrupt));
	set(t, "foreign", bp_json_count(v->n_foreign));
	set(t, "stale", bp_json_count(v->n_stale));
	set(t, "unknown_stream", bp_json_count(r->n_unknown));
	set(t, "restarts", bp_json_count(r->n_restarts));
	set(t, "latency_ns", latency_json(&v->latency));
	return t;
}

static json_t *stream_json(const struct bp_gen_report *r, const struct bp_gen_stream_row *s)
{
	json_t *row = json_pack("{s:s, s:o}", "name", s->name, "sent",
				r->has_tx ? bp_json_count(s->n_sent) : json_null());

	if (s->encap[0])
		set(row, "encap", json_string(s->encap));
	if (!r->has_rx)
		return row;
	set(row, "received", bp_json_count(s->n_received));
	set(row, "received_bytes", bp_json_count(s->n_bytes));
	set(row, "received_once", bp_json_count(s->n_once));
	set(row, "lost", bp_json_count(s->n_lost));
	set(row, "duplicate", bp_json_count(s->n_duplicate));
	set(row, "reordered", bp_json_count(s->n_reordered));
	set(row, "reorder_max", bp_json_count(s->reorder_max));
	set(row, "too_old", bp_json_count(s->n_too_old));
	set(row, "corrupt", bp_json_count(s->n_corrupt));
	set(row, "not_sent", r->is_unsent_known ? bp_json_count(s->n_unsent) : json_null());
	set(row, "payload_unchecked", bp_json_count(s->n_unchecked));
	set(row, "bad_time", bp_json_count(s->n_bad_time));
	set(row, "latency_ns", latency_json(&s->latency));
	return row;
}

static json_t *counters_json(const uint64_t v[BP_CNT_N])
{
	json_t *counted = json_object(), *drops = json_object();

	for (unsigned id = 0; id < BP_DROP_FIRST; id++)
		set(counted, bp_counter_rows[id].name, bp_json_count(v[id]));
	for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++)
		set(drops, bp_counter_rows[id].name, bp_json_count(v[id]));
	set(counted, "drops", drops);
	return counted;
}

static json_t *port_json(const struct bp_gen_port_row *p)
{
	json_t *row = bp_json_port(p->conf, &p->info);

	set(row, "role", json_string(bp_gen_roles_name(p)));
	set(row, "tx", counters_json(p->tx));
	set(row, "rx", counters_json(p->rx));
	set(row, "held", bp_json_count(p->n_held));
	set(row, "reported", bp_json_reported(p->reported, p->n_reported));
	return row;
}

json_t *bp_gen_print_json(const struct bp_gen_report *r)
{
	json_t *ports = json_array(), *streams = json_array(), *cores = json_array();

	for (unsigned i = 0; i < r->n_ports; i++)
		json_array_append_new(ports, port_json(&r->ports[i]));
	for (unsigned i = 0; i < r->n_streams; i++)
		json_array_append_new(streams, stream_json(r, &r->streams[i]));
	for (unsigned i = 0; i < r->n_workers; i++)
		json_array_append_new(cores, json_integer(r->cores[i]));
	return json_pack(
		"{s:s, s:{s:s, s:s, s:s}, s:o, s:{s:o, s:o, s:o}, s:o, s:o, s:o}", "schema",
		"bypath.gen/1", "machine", "host", r->host, "kernel", r->kernel, "cpu", r->cpu,
		"cores", cores, "arena", "page_bytes", bp_json_count(r->arena_page_bytes), "frames",
		bp_json_count(r->arena_frames), "frames_free", bp_json_count(r->arena_frames_free),
		"trial", trial_json(r), "streams", streams, "ports", ports);
}
