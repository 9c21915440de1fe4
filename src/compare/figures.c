/* Figures of workloads, and whether they reach the goals, as documents. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/goals.h"

#include "compare/explain.h"
#include "compare/function.h"
#include "compare/paired.h"
#include "compare/stat.h"
#include "compare/workload.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>

/* ---- figures ---------------------------------------------------------------------------------- */

/* null before there is any. */
static json_t *traffic(const struct bp_cmp_traffic *t)
{
	if (!t->n_pings)
		return json_null();
	return json_pack("{s:i, s:f, s:i, s:i, s:i}", "pings", (int)t->n_pings, "ping_loss_ratio",
			 1 - (double)t->n_answers / t->n_pings, "files", (int)t->n_files,
			 "files_altered", (int)(t->n_files - t->n_intact), "file_bytes",
			 (int)BP_CMP_FILE_BYTES);
}

json_t *bp_cmp_figures_document(const struct bp_comparison *cmp)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < cmp->n_figures; i++) {
		const struct bp_cmp_row *r = &cmp->figures[i];
		const struct bp_cmp_workload *w = r->workload;
		json_t *o = json_pack(
			"{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:b, s:o, s:o, s:o, s:s?, s:i, s:o, s:o, s:o}",
			"workload", w->name, "title", w->title, "size", r->size->name, "path",
			r->path->name, "unit", w->unit, "status", bp_cmp_status_name(r), "value",
			bp_cmp_stat(&r->figure, w->scale), "is_at_least", r->is_gen_bound, "reason",
			bp_json_text_or_null(r->reason), "fix", bp_json_text_or_null(r->fix), "why",
			bp_json_text_or_null(r->gen_why), "load_of",
			w->has_load ? r->load_of->name : NULL, "repeated_trials",
			(int)r->n_repeated, "ini", bp_json_text(r->ini), "traffic",
			traffic(&r->traffic), "drops", bp_cmp_drops_document(r));

		json_object_set_new(o, "function", bp_cmp_function_row(cmp->options.function, r));
		bp_cmp_explain(r, o); /* mode, note, copies, crossings, time, hops */
		json_array_append_new(list, o);
	}
	return list;
}

/* ---- goals ------------------------------------------------------------------------------------ */

struct judgement {
	const char *verdict;
	char why[BP_CMP_TEXT_BYTES]; /* or "" */
	double figure; /* a ratio, or a value in the workload's unit; 0: none */
	const char
		*bound; /* what the figure is where the source was the limit: as of a row's ratio */
	unsigned n_rounds; /* rounds that the figure is of */
	struct bp_cmp_paired paired;
};

static const struct bp_cmp_row *find(const struct bp_comparison *cmp, const struct bp_cmp_goal *g,
				     const struct bp_cmp_path *path)
{
	for (unsigned i = 0; i < cmp->n_figures; i++) {
		const struct bp_cmp_row *r = &cmp->figures[i];

		if (r->workload == g->workload && r->path == path &&
		    strcmp(r->size->name, g->size.name) == 0 &&
		    (!g->workload->has_load || r->load_of == bp_cmp_goal_load_of(g)))
			return r;
	}
	return NULL;
}

/* Why a row has no figure, or NULL. */
static const char *flaw(const struct bp_cmp_row *r)
{
	return bp_cmp_has_ended(r) ? r->reason
	       : !r->figure.n      ? "the run ended before it was measured"
				   : NULL;
}

/* What disturbed the row's figure, or NULL. */
static const char *disturbance(const struct bp_cmp_row *r)
{
	return r->status == BP_CMP_DISTURBED ? r->reason : NULL;
}

static void decide(struct judgement *j, const char *verdict, const char *why)
{
	j->verdict = verdict;
	snprintf(j->why, sizeof(j->why), "%s", why);
}

/* The figure decides. What weakens it is said in `why`. */
static void judge_measured(const struct bp_comparison *cmp, const struct bp_cmp_goal *g,
			   bool is_reached, struct judgement *j)
{
	bool is_across = j->paired.level > 0 && j->paired.lo < g->bound && g->bound < j->paired.hi;
	size_t n = 0;

	j->verdict = is_reached ? "met" : "short";
	if (j->n_rounds < cmp->options.n_rounds)
		n = (size_t)snprintf(j->why, sizeof(j->why), "of %u of %u rounds", j->n_rounds,
				     cmp->options.n_rounds);
	if (is_across)
		snprintf(j->why + n, sizeof(j->why) - n, "%sits interval reaches across the goal",
			 n ? "; " : "");
}

/*
 * What is a lower bound (the source was the limit) may be more: it meets "at least" where it reaches it, and says
 * nothing else. A peer's lower bound makes of the ratio an upper one. A disturbed figure is not the path's alone, and
 * says nothing.
 */
static void judge(const struct bp_comparison *cmp, const struct bp_cmp_goal *g, struct judgement *j)
{
	const struct bp_cmp_row *ours = find(cmp, g, g->path);
	const struct bp_cmp_row *theirs = g->peer ? find(cmp, g, g->peer) : NULL;
	const char *why = flaw(ours);
	bool is_reached, is_upper = theirs && theirs->is_gen_bound;
	struct bp_cmp_values ratios;

	*j = (struct judgement){ .bound = "none" };
	if (!why && theirs)
		why = flaw(theirs);
	if (why) {
		decide(j, "failed", why);
		return;
	}
	j->figure = bp_cmp_median(&ours->figure) * g->workload->scale;
	j->n_rounds = ours->figure.n;
	if (theirs) { /* of the same rounds */
		bp_cmp_ratios(&ours->figure, &theirs->figure, &ratios);
		bp_cmp_pair(&ratios, &j->paired);
		j->figure = j->paired.estimate;
		j->n_rounds = ratios.n;
	}
	j->bound = bp_cmp_bound(ours->is_gen_bound, is_upper);
	is_reached = g->is_at_most ? j->figure <= g->bound : j->figure >= g->bound;
	why = disturbance(ours);
	if (!why && theirs)
		why = disturbance(theirs);
	if (!j->n_rounds)
		decide(j, "failed", "the peer's figure is 0");
	else if (why)
		decide(j, "not measurable", why);
	else if (is_upper)
		decide(j, "not measurable", theirs->gen_why);
	else if (ours->is_gen_bound)
		decide(j, is_reached && !g->is_at_most ? "met" : "not measurable", ours->gen_why);
	else
		judge_measured(cmp, g, is_reached, j);
}

json_t *bp_cmp_goals_document(const struct bp_comparison *cmp)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < cmp->n_goals; i++) {
		const struct bp_cmp_goal *g = &cmp->goals[i];
		struct judgement j;
		json_t *o;

		judge(cmp, g, &j);
		o = json_pack("{s:s, s:s, s:s, s:o, s:s, s:f, s:s, s:o, s:o}", "workload",
			      g->workload->name, "size", g->size.name, "path", g->path->name,
			      "peer", g->peer ? json_string(g->peer->name) : json_null(), "sign",
			      g->is_at_most ? "<=" : ">=", "bound", g->bound, "verdict", j.verdict,
			      "figure", j.figure > 0 ? json_real(j.figure) : json_null(), "why",
			      bp_json_text_or_null(j.why));
		json_object_set_new(o, "margin",
				    j.figure > 0 && g->bound > 0
					    ? json_real(j.figure / g->bound - 1)
					    : json_null());
		json_object_set_new(o, "bound_of_figure", json_string(j.bound));
		json_object_set_new(o, "interval", bp_cmp_interval(&j.paired, j.bound));
		json_array_append_new(list, o);
	}
	return list;
}
