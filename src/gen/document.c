/* The last trial as a document, bypath.gen/1 (docs/gen.md). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/document.h"

#include "core/json.h"
#include "gen/frame.h"

static json_t *rate(uint64_t n, double pps, double mean_bytes)
{
	json_t *row = json_pack("{s:o, s:f}", "frames", bp_json_count(n), "pps", pps);

	if (mean_bytes > 0)
		json_object_update_new(
			row, json_pack("{s:f, s:f}", "gbps_l1",
				       8e-9 * pps * (mean_bytes + BP_WIRE_EXTRA_BYTES), "gbps_l2",
				       8e-9 * pps * (mean_bytes + BP_FCS_BYTES)));
	return row;
}

json_t *bp_latency_document(const struct bp_latency_summary *l)
{
	if (!l->n)
		return json_null();
	return json_pack("{s:o, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "frames",
			 bp_json_count(l->n), "min", l->min_ns, "mean", l->mean_ns, "p50",
			 l->p50_ns, "p90", l->p90_ns, "p99", l->p99_ns, "p999", l->p999_ns, "max",
			 l->max_ns, "jitter", l->jitter_ns);
}

/* What the sender did. */
static json_t *sender(const struct bp_gen_report *r)
{
	const struct bp_trial_result *v = &r->result;
	double mean = r->mean_frame_bytes;

	return json_pack("{s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:b}", "offered",
			 rate(v->n_offered, v->offered_pps, mean), "sent",
			 rate(v->n_sent, v->sent_pps, mean), "missed", "worker_late",
			 bp_json_count(r->n_missed_cpu), "tx_full", bp_json_count(r->n_missed_full),
			 "tx_dropped", bp_json_count(r->n_tx_dropped), "no_frame",
			 bp_json_count(r->n_no_frame), "dropped_by_stream", r->is_unsent_known);
}

/* What the receiver saw. */
static json_t *receiver(const struct bp_gen_report *r)
{
	const struct bp_trial_result *v = &r->result;
	uint64_t n_too_old = 0, n_bad_time = 0, n_unchecked = 0;

	for (unsigned i = 0; i < r->n_streams; i++) {
		n_too_old += r->streams[i].n_too_old;
		n_bad_time += r->streams[i].n_bad_time;
		n_unchecked += r->streams[i].n_unchecked;
	}
	return json_pack(
		"{s:o, s:o, s:o, s:f, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o}",
		"received_once", rate(v->n_sent - v->n_lost, v->received_pps, r->mean_frame_bytes),
		"received", bp_json_count(v->n_received), "lost", bp_json_count(v->n_lost),
		"loss_ratio", v->loss_ratio, "own_rx_dropped", bp_json_count(v->n_rx_dropped),
		"loss_is_absolute", r->is_loss_absolute, "duplicate", bp_json_count(v->n_duplicate),
		"reordered", bp_json_count(v->n_reordered), "corrupt", bp_json_count(v->n_corrupt),
		"foreign", bp_json_count(v->n_foreign), "stale", bp_json_count(v->n_stale),
		"unknown_stream", bp_json_count(r->n_unknown), "restarts",
		bp_json_count(r->n_restarts), "damaged_signature", bp_json_count(r->n_broken),
		"too_old", bp_json_count(n_too_old), "bad_time", bp_json_count(n_bad_time),
		"payload_unchecked", bp_json_count(n_unchecked), "latency_ns",
		bp_latency_document(&v->latency));
}

static json_t *trial(const struct bp_gen_report *r)
{
	const struct bp_trial_result *v = &r->result;
	double mean = r->mean_frame_bytes;
	json_t *t = json_pack(
		"{s:f, s:f, s:o, s:o, s:o, s:b, s:b, s:b, s:b, s:o}", "elapsed_s", v->elapsed_s,
		"mean_frame_size", mean > 0 ? mean + BP_FCS_BYTES : 0, "asked",
		v->asked_pps > 0 ? rate(v->n_offered + v->n_missed, v->asked_pps, mean)
				 : json_null(),
		"off_core", bp_json_off(v->off_share, v->off_cause), "preempted",
		bp_json_count(r->n_preempted), "generator_bound", v->is_generator_bound, "own_pace",
		v->is_own_pace, "interrupted", v->is_interrupted, "replay", r->has_replay, "why",
		bp_json_text(v->why));

	if (r->has_tx)
		json_object_update_new(t, sender(r));
	if (r->has_rx)
		json_object_update_new(t, receiver(r));
	return t;
}

static json_t *stream(const struct bp_gen_report *r, const struct bp_gen_stream_row *s)
{
	uint64_t n_expected = r->has_tx ? s->n_sent : s->n_once + s->n_lost;
	json_t *row = json_pack("{s:s, s:o}", "name", s->name, "sent",
				r->has_tx ? bp_json_count(s->n_sent) : json_null());

	if (s->encap[0])
		json_object_set_new(row, "encap", json_string(s->encap));
	if (!r->has_rx)
		return row;
	json_object_update_new(
		row,
		json_pack(
			"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			"expected", bp_json_count(n_expected), "received",
			bp_json_count(s->n_received), "received_bytes", bp_json_count(s->n_bytes),
			"received_once", bp_json_count(s->n_once), "lost", bp_json_count(s->n_lost),
			"loss_ratio", bp_json_ratio((double)s->n_lost, (double)n_expected),
			"duplicate", bp_json_count(s->n_duplicate), "reordered",
			bp_json_count(s->n_reordered), "reorder_max", bp_json_count(s->reorder_max),
			"too_old", bp_json_count(s->n_too_old), "corrupt",
			bp_json_count(s->n_corrupt), "not_sent",
			r->is_unsent_known ? bp_json_count(s->n_unsent) : json_null(),
			"payload_unchecked", bp_json_count(s->n_unchecked), "bad_time",
			bp_json_count(s->n_bad_time), "latency_ns",
			bp_latency_document(&s->latency)));
	return row;
}

static json_t *port(const struct bp_gen_port_row *p)
{
	json_t *row = bp_json_port(p->conf, &p->info), *events = json_array();

	bp_json_add_events(events, "tx", p->tx);
	bp_json_add_events(events, "rx", p->rx);
	bp_json_add_reported(events, p->reported, p->n_reported);
	json_object_update_new(
		row, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "role", bp_gen_roles_name(p), "tx",
			       bp_json_counters(p->tx), "rx", bp_json_counters(p->rx), "held",
			       bp_json_count(p->n_held), "reported",
			       bp_json_reported(p->reported, p->n_reported), "events", events));
	return row;
}

json_t *bp_gen_document(const struct bp_gen_report *r)
{
	json_t *ports = json_array(), *streams = json_array(), *cores = json_array();

	for (unsigned i = 0; i < r->n_ports; i++)
		json_array_append_new(ports, port(&r->ports[i]));
	for (unsigned i = 0; i < r->n_streams; i++)
		json_array_append_new(streams, stream(r, &r->streams[i]));
	for (unsigned i = 0; i < r->n_workers; i++)
		json_array_append_new(cores, json_integer(r->cores[i]));
	return json_pack("{s:s, s:o, s:o, s:{s:o, s:o, s:o}, s:o, s:o, s:o}", "schema",
			 "bypath.gen/1", "machine", bp_json_machine(), "cores", cores, "arena",
			 "page_bytes", bp_json_count(r->arena_page_bytes), "frames",
			 bp_json_count(r->arena_frames), "frames_free",
			 bp_json_count(r->arena_frames_free), "trial", trial(r), "streams", streams,
			 "ports", ports);
}
