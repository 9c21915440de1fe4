/* What changed between two comparisons, and whether it is more than their spread. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/text.h"

#include "report/table.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* A figure of one round has a spread that nobody knows; a change below this is not shown as one. */
#define FLOOR_SPREAD 0.02

static const json_t *at(const json_t *o, const char *key)
{
	return json_object_get(o, key);
}

static const char *word(const json_t *o, const char *key)
{
	const char *text = json_string_value(at(o, key));

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

	json_array_foreach(rows, i, row) if (is_same_row(row, like)) return row;
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

/* Both ranges of the rounds apart: more than the spread. */
static const char *judge(const json_t *a, const json_t *b, bool is_more_better)
{
	double min_a = json_number_value(at(a, "min")), max_a = json_number_value(at(a, "max"));
	double min_b = json_number_value(at(b, "min")), max_b = json_number_value(at(b, "max"));
	double mid_a = json_number_value(at(a, "median")),
	       mid_b = json_number_value(at(b, "median"));
	bool is_more = min_b > max_a, is_less = max_b < min_a;

	if (json_array_size(at(a, "values")) < 2 || json_array_size(at(b, "values")) < 2)
		return "one round: not known";
	if ((!is_more && !is_less) || fabs(mid_b - mid_a) <= FLOOR_SPREAD * mid_a)
		return "within the spread";
	return is_more == is_more_better ? "better" : "worse";
}

static void diff_stat(json_t *diff, const json_t *row, const char *what, const json_t *a,
		      const json_t *b, bool is_more_better, bool is_disturbed)
{
	double before = json_number_value(at(a, "median")),
	       after = json_number_value(at(b, "median"));
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
	    is_disturbed ? "disturbed: not known" : judge(a, b, is_more_better));
	o = json_array_get(diff, json_array_size(diff) - 1);
	json_object_set_new(o, "ratio", before > 0 ? json_real(after / before) : json_null());
	json_object_set_new(o, "spread",
			    json_real(fmax(json_number_value(at(a, "spread")),
					   json_number_value(at(b, "spread")))));
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
	const json_t *before = at(at(a, "copies"), "total"), *after = at(at(b, "copies"), "total");
	char was[32], is[32];

	if (!json_is_object(before) || !json_is_object(after))
		return;
	snprintf(was, sizeof(was), "%.1f–%.1f", json_number_value(at(before, "lo")),
		 json_number_value(at(before, "hi")));
	snprintf(is, sizeof(is), "%.1f–%.1f", json_number_value(at(after, "lo")),
		 json_number_value(at(after, "hi")));
	if (strcmp(was, is) != 0)
		add(diff, b, "copies", json_string(was), json_string(is), "changed");
}

static void diff_row(json_t *diff, const json_t *a, const json_t *b)
{
	bool is_disturbed = strcmp(word(a, "status"), "disturbed") == 0 ||
			    strcmp(word(b, "status"), "disturbed") == 0;

	diff_text(diff, a, b, "status");
	diff_text(diff, a, b, "mode");
	diff_copies(diff, a, b);
	diff_stat(diff, b, "Mpps", at(at(a, "saturation"), "mpps"), at(at(b, "saturation"), "mpps"),
		  true, is_disturbed);
	diff_stat(diff, b, "NDR", at(at(a, "ndr"), "mpps"), at(at(b, "ndr"), "mpps"), true,
		  is_disturbed);
	diff_stat(diff, b, "p50 ns", at(at(a, "latency"), "p50"), at(at(b, "latency"), "p50"),
		  false, is_disturbed);
	diff_stat(diff, b, "p99 ns", at(at(a, "latency"), "p99"), at(at(b, "latency"), "p99"),
		  false, is_disturbed);
}

json_t *bp_cmp_diff(const json_t *before, const json_t *after)
{
	json_t *diff = json_array();
	const json_t *row, *other;
	size_t i;

	json_array_foreach(at(after, "rows"), i, row)
	{
		other = find_row(at(before, "rows"), row);
		if (other)
			diff_row(diff, other, row);
		else
			add(diff, row, "row", json_null(), text_of(row, "status"), "appeared");
	}
	json_array_foreach(at(before, "rows"), i, row) if (!find_row(at(after, "rows"), row))
		add(diff, row, "row", text_of(row, "status"), json_null(), "gone");
	return diff;
}

static void cell(struct bp_table *t, const json_t *value)
{
	if (json_is_string(value))
		bp_table_cell(t, "%s", json_string_value(value));
	else if (json_is_number(value))
		bp_table_cell(t, json_number_value(value) < 100 ? "%.3f" : "%.0f",
			      json_number_value(value));
	else
		bp_table_cell(t, "-");
}

static void warn_machines(FILE *out, const json_t *before, const json_t *after)
{
	static const char *const keys[] = { "host", "kernel", "cpu" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *a = word(at(before, "machine"), keys[i]);
		const char *b = word(at(after, "machine"), keys[i]);

		if (strcmp(a, b) != 0)
			fprintf(out, "  note: not the same %s: %s, then %s\n", keys[i], a, b);
	}
}

void bp_cmp_print_diff(FILE *out, const json_t *before, const json_t *after, const json_t *diff)
{
	static const struct bp_table_column columns[] = {
		{ "path", NULL, 'l' },   { "size", NULL, 'r' },    { "what", NULL, 'l' },
		{ "before", NULL, 'r' }, { "after", NULL, 'r' },   { "ratio", NULL, 'r' },
		{ "spread", NULL, 'r' }, { "verdict", NULL, 'l' },
	};
	struct bp_table t;
	const json_t *d;
	size_t i;

	fprintf(out,
		"bypath compare --diff · better, worse: the ranges of the rounds do not touch\n");
	warn_machines(out, before, after);
	bp_table_begin(&t, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(diff, i, d)
	{
		bp_table_cell(&t, "%s", word(d, "path"));
		bp_table_cell(&t, "%s", word(d, "size"));
		bp_table_cell(&t, "%s", word(d, "what"));
		cell(&t, at(d, "before"));
		cell(&t, at(d, "after"));
		cell(&t, at(d, "ratio"));
		if (json_is_number(at(d, "spread")))
			bp_table_cell(&t, "%.0f %%", 100 * json_number_value(at(d, "spread")));
		else
			bp_table_cell(&t, "-");
		bp_table_cell(&t, "%s", word(d, "verdict"));
	}
	bp_table_end(&t, out);
}
