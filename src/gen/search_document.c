/* A search's result as a document: bypath.search/1 (docs/searches.md). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/document.h"

#include "core/json.h"
#include "gen/search_points.h"
#include "gen/search_report.h"

#define RFC2544_TRIAL_S 60.0

static json_t *cause_word(enum bp_search_cause cause)
{
	return cause ? json_string(bp_search_cause_name(cause)) : json_null();
}

/* RFC 9971 asks for all that its words leave open. */
static json_t *method(const struct bp_conf *conf)
{
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:[s, o, s, s, s]}", "specification", "RFC 9971",
		"load",
		"frames per second, constant, of one interface: the generator's that sends, all streams "
		"together; each frame has its turn, late ones of 0.1 ms or two bursts go at once",
		"loss_ratio",
		"of the frames that this interface sent, all streams together: those that did not come "
		"back, or damaged",
		"width", "(upper - lower) / upper, of the loads asked for", "effective_duration",
		"the trial's own", "conditional_throughput",
		"what was forwarded at the lower bound, of what was sent there", "deviations",
		"no routing update or learning frames before a trial",
		json_sprintf("the last frames are waited for until none has come for %g s ([gen] "
			     "settle), not for 2 s",
			     conf->gen.settle_s),
		"no pause of 5 s after a trial",
		"a trial that other work disturbed is made again, twice at most",
		"a trial in which the generator was the limit is made again and counts for nothing");
}

/* RFC 9971's Search Goal. */
static json_t *goal_of(const struct bp_search_result *r, const struct bp_search_bounds *b)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "loss_ratio", b->loss_ratio,
			 "exceed_ratio", r->exceed_ratio, "final_trial_s", r->trial_s, "sum_s",
			 r->sum_s, "initial_trial_s", r->explore_s, "width", r->goal_width);
}

static json_t *limit_of(const struct bp_search_bounds *b)
{
	return b->limit_max_pps > 0 ? json_pack("{s:f, s:f}", "min_pps", b->limit_min_pps,
						"max_pps", b->limit_max_pps)
				    : json_null();
}

static json_t *bounds_row(const struct bp_search_result *r, const struct bp_search_bounds *b)
{
	uint32_t frame_size = r->frame_size;
	double gbps = frame_size ? 8e-9 * b->lower_pps * (frame_size + BP_WIRE_GAP_BYTES) : 0;
	json_t *lower = json_pack("{s:o, s:o, s:o, s:i, s:i, s:{s:f, s:f, s:f}, s:{s:f, s:f}}",
				  "pps", bp_json_known(b->lower_pps), "load_pps",
				  bp_json_known(b->lower_asked_pps), "gbps_l1", bp_json_known(gbps),
				  "trials", (int)b->n_lower_trials, "lossy_trials",
				  (int)b->n_lower_lossy, "received_pps", "min", b->received_min_pps,
				  "median", b->received_median_pps, "max", b->received_max_pps,
				  "loss_ratio", "min", b->loss_min_ratio, "max", b->loss_max_ratio);
	json_t *row;

	row = json_pack("{s:f, s:s, s:o, s:s, s:o, s:{s:o, s:i, s:i}, s:o, s:b, s:b, s:i}",
			"loss_ratio", b->loss_ratio, "outcome", bp_search_outcome_name(b->outcome),
			"cause", cause_word(b->cause), "why", b->why, "lower", lower, "upper",
			"pps", bp_json_known(b->upper_pps), "trials", (int)b->n_upper_trials,
			"clean_trials", (int)b->n_upper_clean, "width", bp_json_known(b->width),
			"at_max", (int)b->is_at_max, "exploratory", (int)b->is_exploratory,
			"contradictions", (int)b->n_contradictions);
	json_object_update_new(row, json_pack("{s:b, s:o, s:o, s:o, s:i, s:f}", "regular",
					      (int)b->is_regular, "conditional_throughput_pps",
					      bp_json_known(b->conditional_pps), "limit",
					      limit_of(b), "goal", goal_of(r, b), "trials_made",
					      (int)b->n_trials, "spent_s", b->spent_s));
	return row;
}

static json_t *load_row(const struct bp_search_row *row)
{
	json_t *latency = bp_latency_document(&row->latency);

	if (json_is_object(latency))
		json_object_update_new(latency,
				       json_pack("{s:f, s:f}", "p50_lowest_trial", row->p50_min_ns,
						 "p50_highest_trial", row->p50_max_ns));
	return json_pack("{s:f, s:f, s:f, s:f, s:f, s:i, s:b, s:o}", "share", row->share,
			 "asked_pps", row->load_pps, "sent_pps", row->sent_pps, "received_pps",
			 row->received_pps, "loss_ratio", row->loss_ratio, "trials",
			 (int)row->n_trials, "generator_bound", (int)row->is_generator_bound,
			 "latency_ns", latency);
}

static json_t *burst_row(const struct bp_search_burst *b)
{
	json_t *runs = json_array();

	for (unsigned i = 0; i < b->n_runs; i++)
		json_array_append_new(runs, bp_json_count(b->n_pkts[i]));
	return json_pack("{s:o, s:f, s:f, s:o, s:o, s:o, s:o, s:o}", "runs", runs, "mean",
			 b->mean_pkts, "stddev", b->stddev_pkts, "min", bp_json_count(b->min_pkts),
			 "max", bp_json_count(b->max_pkts), "longest_tried",
			 bp_json_count(b->limit_pkts), "rate_pps", bp_json_known(b->rate_pps),
			 "corrected_buffer_s", bp_json_known(b->buffer_s));
}

static json_t *trial_row(const struct bp_search_trial *t)
{
	json_t *latency = t->p50_ns > 0 ? json_pack("{s:f, s:f, s:f}", "p50", t->p50_ns, "p99",
						    t->p99_ns, "max", t->max_ns)
					: json_null();

	return json_pack(
		"{s:f, s:f, s:f, s:o, s:o, s:f, s:f, s:o, s:o, s:o, s:o, s:f, s:o, s:o, s:i, s:b, s:b, "
		"s:b, s:b, s:b, s:b}",
		"begin_s", t->begin_s, "duration_s", t->duration_s, "load_pps", t->load_pps,
		"asked_pps", bp_json_known(t->asked_pps), "burst_frames",
		t->asked_pkts ? bp_json_count(t->asked_pkts) : json_null(), "sent_pps", t->sent_pps,
		"received_pps", t->received_pps, "sent", bp_json_count(t->n_sent), "lost",
		bp_json_count(t->n_lost), "corrupt", bp_json_count(t->n_corrupt), "own_rx_dropped",
		bp_json_count(t->n_rx_dropped), "loss_ratio", t->loss_ratio, "latency_ns", latency,
		"off_core", bp_json_off(t->off_share, t->off_cause), "disturbed_before",
		(int)t->n_disturbed, "generator_bound", (int)t->is_generator_bound, "falls_short",
		(int)bp_trial_falls_short(t), "interrupted", (int)t->is_interrupted, "superseded",
		0, "check", 0, "votes", (int)bp_trial_votes(t)); /* version 1 has both: never now */
}

json_t *bp_search_document(const struct bp_search_result *r, const struct bp_conf *conf,
			   double line_pps)
{
	json_t *goals = json_array(), *rows = json_array(), *trials = json_array();
	bool is_rfc2544 = r->kind >= BP_SEARCH_THROUGHPUT && r->kind <= BP_SEARCH_LOSS;
	int n_bound = 0;

	for (unsigned i = 0; i < r->n_goals; i++)
		json_array_append_new(goals, bounds_row(r, &r->goals[i]));
	for (unsigned i = 0; i < r->n_rows; i++) {
		json_array_append_new(rows, load_row(&r->rows[i]));
		n_bound += r->rows[i].is_generator_bound;
	}
	for (size_t i = 0; i < r->n_trials; i++)
		json_array_append_new(trials, trial_row(&r->trials[i]));
	return json_pack(
		"{s:s, s:s, s:s, s:o, s:s, s:o, s:s, s:f, s:o, s:f, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:i, "
		"s:o, s:o}",
		"schema", "bypath.search/1", "search", bp_search_name(r->kind), "title",
		bp_search_title(r->kind), "frame_size",
		r->frame_size ? json_integer(r->frame_size) : json_null(), "outcome",
		bp_search_outcome_name(r->outcome), "cause", cause_word(r->cause), "why", r->why,
		"elapsed_s", r->elapsed_s, "budget_s", bp_json_known(r->budget_s), "trial_s",
		r->trial_s, "rfc2544_trial_s",
		is_rfc2544 && r->trial_s < RFC2544_TRIAL_S ? json_real(RFC2544_TRIAL_S)
							   : json_null(),
		"max_pps", bp_json_known(r->max_pps), "max_is_generator", (int)r->is_generator_max,
		"method", r->n_goals ? method(conf) : json_null(), "traffic",
		bp_traffic_document(conf, r->frame_size, line_pps), "bounds", goals, "rows", rows,
		"generator_bound_rows", n_bound, "back_to_back",
		r->kind == BP_SEARCH_BACK_TO_BACK ? burst_row(&r->burst) : json_null(), "trials",
		trials);
}
