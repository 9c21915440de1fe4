/* What changed between two comparisons, and whether it is more than their spread. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/diff.h"

#include "core/json.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Medians that are closer than this are not called better or worse. */
#define FLOOR_SPREAD 0.02

static const char *word(const json_t *o, const char *key)
{
	const char *text = bp_json_text_at(o, key);

	return text ? text : "-";
}

static bool is_same_row(const json_t *a, const json_t *b)
{
	return strcmp(word(a, "path"), word(b, "path")) == 0 &&
	       strcmp(word(a, "size"), word(b, "size")) == 0;
}

static const json_t *find_row(const json_t *rows, const json_t *like)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (is_same_row(row, like))
			return row;
	return NULL;
}

static void add(json_t *diff, const json_t *row, const char *what, json_t *before, json_t *after,
		const char *verdict)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:o, s:o, s:n, s:n, s:s}", "path", word(row, "path"),
			      "size", word(row, "size"), "what", what, "before", before, "after",
			      after, "ratio", "spread", "verdict", verdict);

	json_array_append_new(diff, o);
}

/* The ranges of the rounds do not touch: the change is more than the spread. */
static const char *judge(const json_t *a, const json_t *b, bool is_more_better)
{
	double min_a = bp_json_number_at(a, "min"), max_a = bp_json_number_at(a, "max");
	double min_b = bp_json_number_at(b, "min"), max_b = bp_json_number_at(b, "max");
	double mid_a = bp_json_number_at(a, "median"), mid_b = bp_json_number_at(b, "median");
	bool is_more = min_b > max_a, is_less = max_b < min_a;

	if (json_array_size(bp_json_at(a, "values")) < 2 ||
	    json_array_size(bp_json_at(b, "values")) < 2)
		return "one round: not known";
	if ((!is_more && !is_less) || fabs(mid_b - mid_a) <= FLOOR_SPREAD * mid_a)
		return "within the spread";
	return is_more == is_more_better ? "better" : "worse";
}

/* Is a row's rate, or its NDR, a figure to be judged? NULL, or why not. */
static const char *no_verdict(const json_t *row, bool is_of_ndr)
{
	if (!strcmp(word(row, "status"), "disturbed"))
		return "disturbed: not known";
	if (is_of_ndr && json_is_true(bp_json_at(row, "ndr.exploratory")))
		return "of short trials: not known";
	if (is_of_ndr ? json_is_string(bp_json_at(row, "ndr.outcome")) &&
				strcmp(word(row, "ndr.outcome"), "measured") != 0
		      : json_is_true(bp_json_at(row, "generator.is_bound")))
		return "a lower bound: not known";
	return NULL;
}

static void diff_stat(json_t *diff, const json_t *row, const char *what, const json_t *a,
		      const json_t *b, bool is_more_better, const char *no_verdict)
{
	double before = bp_json_number_at(a, "median"), after = bp_json_number_at(b, "median");
	json_t *o;

	if (!json_is_object(a) && !json_is_object(b))
		return;
	if (!json_is_object(a) || !json_is_object(b)) {
		bool is_gone = json_is_object(a);

		add(diff, row, what, is_gone ? json_real(before) : json_null(),
		    is_gone ? json_null() : json_real(after), is_gone ? "gone" : "appeared");
		return;
	}
	add(diff, row, what, json_real(before), json_real(after),
	    no_verdict ? no_verdict : judge(a, b, is_more_better));
	o = json_array_get(diff, json_array_size(diff) - 1);
	json_object_set_new(o, "ratio", before > 0 ? json_real(after / before) : json_null());
	json_object_set_new(
		o, "spread",
		json_real(fmax(bp_json_number_at(a, "spread"), bp_json_number_at(b, "spread"))));
}

static json_t *text_of(const json_t *row, const char *key)
{
	return json_string(word(row, key));
}

static void diff_text(json_t *diff, const json_t *a, const json_t *b, const char *key)
{
	if (strcmp(word(a, key), word(b, key)) != 0)
		add(diff, b, key, text_of(a, key), text_of(b, key), "changed");
}

static void diff_copies(json_t *diff, const json_t *a, const json_t *b)
{
	const json_t *before = bp_json_at(a, "copies.total"),
		     *after = bp_json_at(b, "copies.total");
	char was[32], is[32];

	if (!json_is_object(before) || !json_is_object(after))
		return;
	snprintf(was, sizeof(was), "%.1f–%.1f", bp_json_number_at(before, "lo"),
		 bp_json_number_at(before, "hi"));
	snprintf(is, sizeof(is), "%.1f–%.1f", bp_json_number_at(after, "lo"),
		 bp_json_number_at(after, "hi"));
	if (strcmp(was, is) != 0)
		add(diff, b, "copies", json_string(was), json_string(is), "changed");
}

static void diff_row(json_t *diff, const json_t *a, const json_t *b, const char *no_figure)
{
	const char *no_rate = no_figure ? no_figure : no_verdict(a, false);
	const char *no_ndr = no_figure ? no_figure : no_verdict(a, true);

	no_rate = no_rate ? no_rate : no_verdict(b, false);
	no_ndr = no_ndr ? no_ndr : no_verdict(b, true);
	diff_text(diff, a, b, "status");
	diff_text(diff, a, b, "mode");
	diff_copies(diff, a, b);
	diff_stat(diff, b, "Mpps", bp_json_at(a, "saturation.mpps"),
		  bp_json_at(b, "saturation.mpps"), true, no_rate);
	diff_stat(diff, b, "NDR", bp_json_at(a, "ndr.mpps"), bp_json_at(b, "ndr.mpps"), true,
		  no_ndr);
	/* Of half an NDR, whatever that one's bounds: what is said of it holds for them. */
	diff_stat(diff, b, "p50 ns", bp_json_at(a, "latency.p50"), bp_json_at(b, "latency.p50"),
		  false, no_ndr);
	diff_stat(diff, b, "p99 ns", bp_json_at(a, "latency.p99"), bp_json_at(b, "latency.p99"),
		  false, no_ndr);
}

/* "none" without one, and of a run before there were any. */
static const char *function_of(const json_t *document)
{
	const char *name = bp_json_text_at(document, "run.function.name");

	return name ? name : "none";
}

json_t *bp_cmp_diff(const json_t *before, const json_t *after)
{
	bool is_same = !strcmp(function_of(before), function_of(after));
	const char *no_figure = is_same ? NULL : "not the same function";
	json_t *diff = json_array();
	const json_t *row, *other;
	size_t i;

	json_array_foreach(bp_json_at(after, "rows"), i, row) {
		other = find_row(bp_json_at(before, "rows"), row);
		if (other)
			diff_row(diff, other, row, no_figure);
		else
			add(diff, row, "row", json_null(), text_of(row, "status"), "appeared");
	}
	json_array_foreach(bp_json_at(before, "rows"), i, row)
		if (!find_row(bp_json_at(after, "rows"), row))
			add(diff, row, "row", text_of(row, "status"), json_null(), "gone");
	return diff;
}

static json_t *run_notes(const json_t *before, const json_t *after)
{
	static const char *const keys[] = { "host", "kernel", "cpu" };
	json_t *notes = json_array();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *a = word(bp_json_at(before, "machine"), keys[i]);
		const char *b = word(bp_json_at(after, "machine"), keys[i]);

		if (strcmp(a, b) != 0)
			json_array_append_new(
				notes, json_sprintf("not the same %s: %s, then %s", keys[i], a, b));
	}
	if (strcmp(function_of(before), function_of(after)) != 0)
		json_array_append_new(notes, json_sprintf("not the same function: %s, then %s",
							  function_of(before), function_of(after)));
	return notes;
}

json_t *bp_cmp_diff_document(const json_t *before, const char *before_name, const json_t *after,
			     const char *after_name)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "schema", "bypath.compare-diff/1", "before",
			 bp_json_text(before_name), "after", bp_json_text(after_name), "notes",
			 run_notes(before, after), "diff", bp_cmp_diff(before, after));
}
