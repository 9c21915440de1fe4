/* What a search by RFC 2889 found, as a document: bypath.learning/1 (docs/searches.md). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/document.h"

#include "core/json.h"
#include "gen/search_report.h"

static json_t *bound(double value, bool is_whole)
{
	return is_whole && value > 0 ? json_integer((json_int_t)value) : bp_json_known(value);
}

/* is_whole: of addresses, not of rates. */
static json_t *bounds_of(const struct bp_rfc2889_bounds *b, bool is_whole)
{
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:i}", "outcome",
			 bp_search_outcome_name(b->outcome), "cause",
			 b->cause ? json_string(bp_search_cause_name(b->cause)) : json_null(),
			 "why", b->why, "lower", bound(b->lower, is_whole), "upper",
			 bound(b->upper, is_whole), "trials", (int)b->n_trials);
}

static json_t *trial_of(const struct bp_rfc2889_trial *t)
{
	const struct bp_learning_result *r = &t->result;
	uint64_t n_lost = r->n_sent > r->n_received ? r->n_sent - r->n_received : 0;

	return json_pack(
		"{s:s, s:f, s:f, s:I, s:o, s:f, s:o, s:o, s:f, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:b, s:s}",
		"test", t->test == BP_RFC2889_CAPACITY ? "capacity" : "rate", "begin_s", t->begin_s,
		"waited_s", t->waited_s, "addresses", (json_int_t)t->request.n_addresses,
		"asked_pps", bp_json_known(t->request.learn_pps), "learn_pps", r->learn_pps,
		"learn_sent", bp_json_count(r->n_learn_sent), "learn_received",
		bp_json_count(r->n_learn_received), "test_pps", t->request.test_pps, "sent",
		bp_json_count(r->n_sent), "received", bp_json_count(r->n_received), "lost",
		bp_json_count(n_lost), "flooded", bp_json_count(r->n_flooded), "late",
		(int)r->is_late, "void", (int)r->is_void, "disturbed", (int)r->is_disturbed,
		"interrupted", (int)r->is_interrupted, "why", r->why);
}

json_t *bp_learning_document(const struct bp_rfc2889_result *r, const struct bp_conf *conf,
			     uint32_t frame_size, double line_pps)
{
	json_t *trials = json_array();

	for (unsigned i = 0; i < r->n_trials; i++)
		json_array_append_new(trials, trial_of(&r->trials[i]));
	return json_pack(
		"{s:s, s:s, s:s, s:o, s:f, s:o, s:f, s:f, s:f, s:o, s:f, s:s, s:i, s:o, s:o, s:o, s:o, s:o}",
		"schema", "bypath.learning/1", "search", "rfc2889", "title",
		"RFC 2889 address caching capacity and learning rate", "frame_size",
		frame_size ? json_integer(frame_size) : json_null(), "elapsed_s", r->elapsed_s,
		"budget_s", bp_json_known(r->budget_s), "ageing_s", r->ageing_s, "rest_s",
		bp_rfc2889_rest_s(r->ageing_s), "frames_pps", r->calm_pps, "max_pps",
		bp_json_known(r->max_pps), "goal_width", r->width, "monitor",
		conf->ports[conf->gen.monitor_port].name, "own_addresses", (int)BP_RFC2889_OWN,
		"rate_addresses",
		r->n_rate_addresses ? json_integer(r->n_rate_addresses) : json_null(), "traffic",
		bp_traffic_document(conf, frame_size, line_pps), "capacity",
		bounds_of(&r->capacity, true), "rate", bounds_of(&r->rate, false), "trials",
		trials);
}
