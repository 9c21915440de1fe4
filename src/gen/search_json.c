/* Writes results of searches as JSON: schema `bypath.search/1`, described in docs/searches.md. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_points.h"
#include "gen/search_report.h"

#include "report/json_model.h"

#include <jansson.h>

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

/* A rate or time that is above 0 where it is known. */
static json_t *known(double value)
{
	return value > 0 ? json_real(value) : json_null();
}

static json_t *cause_json(enum bp_search_cause cause)
{
	return cause ? json_string(bp_search_cause_name(cause)) : json_null();
}

static json_t *bounds_json(const struct bp_search_bounds *b)
{
	json_t *lower = json_object(), *upper = json_object();

	set(lower, "pps", known(b->lower_pps));
	set(lower, "trials", json_integer(b->n_lower_trials));
	set(lower, "lossy_trials", json_integer(b->n_lower_lossy));
	set(lower, "received_pps",
	    json_pack("{s:f, s:f, s:f}", "min", b->received_min_pps, "median",
		      b->received_median_pps, "max", b->received_max_pps));
	set(lower, "loss_ratio",
	    json_pack("{s:f, s:f}", "min", b->loss_min_ratio, "max", b->loss_max_ratio));
	set(upper, "pps", known(b->upper_pps));
	set(upper, "trials", json_integer(b->n_upper_trials));
	set(upper, "clean_trials", json_integer(b->n_upper_clean));
	return json_pack("{s:f, s:s, s:o, s:s, s:o, s:o, s:o, s:b, s:b, s:i}", "loss_ratio",
			 b->loss_ratio, "outcome", bp_search_outcome_name(b->outcome), "cause",
			 cause_json(b->cause), "why", b->why, "lower", lower, "upper", upper,
			 "width", known(b->width), "at_max", (int)b->is_at_max, "exploratory",
			 (int)b->is_exploratory, "contradictions", (int)b->n_contradictions);
}

static json_t *latency_json(const struct bp_search_row *row)
{
	const struct bp_latency_summary *l = &row->latency;

	if (!l->n)
		return json_null();
	return json_pack("{s:o, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "frames",
			 bp_json_count(l->n), "min", l->min_ns, "mean", l->mean_ns, "p50",
			 l->p50_ns, "p90", l->p90_ns, "p99", l->p99_ns, "p999", l->p999_ns, "max",
			 l->max_ns, "jitter", l->jitter_ns, "p50_lowest_trial", row->p50_min_ns,
			 "p50_highest_trial", row->p50_max_ns);
}

static json_t *row_json(const struct bp_search_row *row)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:f, s:i, s:b, s:o}", "share", row->share,
			 "asked_pps", row->load_pps, "sent_pps", row->sent_pps, "received_pps",
			 row->received_pps, "loss_ratio", row->loss_ratio, "trials",
			 (int)row->n_trials, "generator_bound", (int)row->is_generator_bound,
			 "latency_ns", latency_json(row));
}

static json_t *burst_json(const struct bp_search_burst *b)
{
	json_t *runs = json_array();

	for (unsigned i = 0; i < b->n_runs; i++)
		json_array_append_new(runs, bp_json_count(b->n_pkts[i]));
	return json_pack("{s:o, s:f, s:f, s:o, s:o, s:o, s:o, s:o}", "runs", runs, "mean",
			 b->mean_pkts, "stddev", b->stddev_pkts, "min", bp_json_count(b->min_pkts),
			 "max", bp_json_count(b->max_pkts), "longest_tried",
			 bp_json_count(b->limit_pkts), "rate_pps", known(b->rate_pps),
			 "corrected_buffer_s", known(b->buffer_s));
}

static json_t *trial_json(const struct bp_search_trial *t)
{
	json_t *row = json_object();

	set(row, "begin_s", json_real(t->begin_s));
	set(row, "duration_s", json_real(t->duration_s));
	set(row, "load_pps", json_real(t->load_pps));
	set(row, "asked_pps", known(t->asked_pps));
	set(row, "burst_frames", t->asked_pkts ? bp_json_count(t->asked_pkts) : json_null());
	set(row, "sent_pps", json_real(t->sent_pps));
	set(row, "received_pps", json_real(t->received_pps));
	set(row, "sent", bp_json_count(t->n_sent));
	set(row, "lost", bp_json_count(t->n_lost));
	set(row, "corrupt", bp_json_count(t->n_corrupt));
	set(row, "own_rx_dropped", bp_json_count(t->n_rx_dropped));
	set(row, "loss_ratio", json_real(t->loss_ratio));
	set(row, "latency_ns",
	    t->p50_ns > 0 ? json_pack("{s:f, s:f, s:f}", "p50", t->p50_ns, "p99", t->p99_ns, "max",
				      t->max_ns)
			  : json_null());
	set(row, "off_core", bp_json_off(t->off_share, t->off_cause));
	set(row, "disturbed_before", json_integer(t->n_disturbed));
	set(row, "generator_bound", json_boolean(t->is_generator_bound));
	set(row, "interrupted", json_boolean(t->is_interrupted));
	set(row, "superseded", json_boolean(t->is_superseded));
	set(row, "check", json_boolean(t->is_check));
	set(row, "votes", json_boolean(bp_trial_votes(t)));
	return row;
}

json_t *bp_search_json(const struct bp_search_result *r)
{
	json_t *goals = json_array(), *rows = json_array(), *trials = json_array();
	json_t *root;

	for (unsigned i = 0; i < r->n_goals; i++)
		json_array_append_new(goals, bounds_json(&r->goals[i]));
	for (unsigned i = 0; i < r->n_rows; i++)
		json_array_append_new(rows, row_json(&r->rows[i]));
	for (size_t i = 0; i < r->n_trials; i++)
		json_array_append_new(trials, trial_json(&r->trials[i]));
	root = json_pack("{s:s, s:s, s:o, s:s, s:o, s:s, s:f, s:o, s:f, s:o, s:b}", "schema",
			 "bypath.search/1", "search", bp_search_name(r->kind), "frame_size",
			 r->frame_size ? json_integer(r->frame_size) : json_null(), "outcome",
			 bp_search_outcome_name(r->outcome), "cause", cause_json(r->cause), "why",
			 r->why, "elapsed_s", r->elapsed_s, "budget_s", known(r->budget_s),
			 "trial_s", r->trial_s, "max_pps", known(r->max_pps), "max_is_generator",
			 (int)r->is_generator_max);
	set(root, "bounds", goals);
	set(root, "rows", rows);
	set(root, "back_to_back",
	    r->kind == BP_SEARCH_BACK_TO_BACK ? burst_json(&r->burst) : json_null());
	set(root, "trials", trials);
	return root;
}
