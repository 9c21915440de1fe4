/* The comparison as tables of text. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/text.h"

#include "report/table.h"

#include <stdbool.h>
#include <string.h>

#define WIDTH      118
#define MODE_WIDTH 20

static const json_t *at(const json_t *o, const char *key)
{
	return json_object_get(o, key);
}

static const char *word(const json_t *o, const char *key)
{
	const char *text = json_string_value(at(o, key));

	return text ? text : "-";
}

static double number(const json_t *o, const char *key)
{
	return json_number_value(at(o, key));
}

/* A number that may be null. */
static void cell(struct bp_table *t, const json_t *value, double scale, int decimals)
{
	if (json_is_number(value))
		bp_table_cell(t, "%.*f", decimals, json_number_value(value) * scale);
	else
		bp_table_cell(t, "-");
}

/* Columns that UTF-8 text takes: every byte but the continuations. */
static int columns_of(const char *text, size_t bytes)
{
	int n = 0;

	for (size_t i = 0; i < bytes; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* Text, cut behind so many columns. */
static void cell_short(struct bp_table *t, const char *text, int width)
{
	size_t n = strlen(text);

	if (columns_of(text, n) <= width) {
		bp_table_cell(t, "%s", text);
		return;
	}
	while (n && (columns_of(text, n) >= width || ((unsigned char)text[n] & 0xc0) == 0x80))
		n--;
	bp_table_cell(t, "%.*s…", (int)n, text);
}

/* Nanoseconds as microseconds, of four digits or so. */
static void cell_us(struct bp_table *t, const json_t *ns)
{
	cell(t, ns, 1e-3, json_number_value(ns) < 1e6 ? 1 : 0);
}

static void cell_range(struct bp_table *t, const json_t *copies)
{
	double lo = number(copies, "lo"), hi = number(copies, "hi");

	if (!json_is_object(copies))
		bp_table_cell(t, "-");
	else if (hi - lo > 0.005)
		bp_table_cell(t, "%.0f–%.0f", lo, hi);
	else
		bp_table_cell(t, "%.*f", hi - (double)(int)hi > 0.005 ? 2 : 0, hi);
}

const char *bp_cmp_ratio_sign(const json_t *ratio)
{
	const char *bound = word(ratio, "bound");

	return strcmp(bound, "both") == 0    ? NULL
	       : strcmp(bound, "lower") == 0 ? "≥ "
	       : strcmp(bound, "upper") == 0 ? "≤ "
					     : "";
}

static void cell_ratio(struct bp_table *t, const json_t *ratio)
{
	const char *sign = bp_cmp_ratio_sign(ratio);

	if (json_is_object(ratio) && sign)
		bp_table_cell(t, "%s%.2f", sign, number(ratio, "median"));
	else
		bp_table_cell(t, "-");
}

static bool has_figures(const json_t *row)
{
	return json_is_object(at(row, "saturation"));
}

static bool is_disturbed(const json_t *row)
{
	return strcmp(word(row, "status"), "disturbed") == 0;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void print_rates(FILE *out, const json_t *rows)
{
	static const struct bp_table_column columns[] = {
		{ "path", NULL, 'l' },     { "size", NULL, 'r' },   { "mode", NULL, 'l' },
		{ "Mpps", "median", 'r' }, { "spread", NULL, 'r' }, { "ratio", NULL, 'r' },
		{ "NDR", "Mpps", 'r' },    { "p50", "µs", 'r' },    { "p99", "µs", 'r' },
		{ "max", "µs", 'r' },      { "status", NULL, 'l' },
	};
	struct bp_table t;
	const json_t *row;
	size_t i;

	bp_table_begin(&t, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(rows, i, row)
	{
		const json_t *mpps = at(at(row, "saturation"), "mpps");
		const json_t *latency = at(row, "latency");
		const json_t *ndr = at(row, "ndr");
		bool is_bound = json_is_true(at(at(row, "generator"), "is_bound"));
		bool is_lower = strcmp(word(ndr, "outcome"), "bounded") == 0;

		if (!has_figures(row))
			continue;
		bp_table_cell(&t, "%s", word(row, "path"));
		bp_table_cell(&t, "%s", word(row, "size"));
		cell_short(&t, word(row, "mode"), MODE_WIDTH);
		bp_table_cell(&t, "%s%.3f", is_bound ? "≥ " : "", number(mpps, "median"));
		if (json_array_size(at(mpps, "values")) > 1)
			bp_table_cell(&t, "%.0f %%", 100 * number(mpps, "spread"));
		else
			bp_table_cell(&t, "-");
		cell_ratio(&t, at(row, "ratio"));
		if (json_is_object(at(ndr, "mpps")))
			bp_table_cell(&t, "%s%.3f", is_lower ? "≥ " : "",
				      number(at(ndr, "mpps"), "median"));
		else
			bp_table_cell(&t, "%s", json_is_object(ndr) ? "none" : "-");
		cell_us(&t, at(latency, "p50_ns"));
		cell_us(&t, at(latency, "p99_ns"));
		cell_us(&t, at(latency, "max_ns"));
		bp_table_cell(&t, "%s", word(row, "status"));
	}
	fprintf(out,
		"\nRATES · as fast as it goes; NDR: without loss; latency at half of NDR · «≥»: a "
		"lower bound\n");
	bp_table_end(&t, out);
}

static void print_costs(FILE *out, const json_t *rows)
{
	static const struct bp_table_column columns[] = {
		{ "path", NULL, 'l' },          { "size", NULL, 'r' },
		{ "kernel", "modelled", 'r' },  { "in PMD", "modelled", 'r' },
		{ "user", "counted", 'r' },     { "calls/p", NULL, 'r' },
		{ "ns/p", "counted", 'r' },     { "user code", "counted", 'r' },
		{ "in calls", "counted", 'r' }, { "softirq", "≈ of it", 'r' },
	};
	struct bp_table t;
	const json_t *row;
	size_t i;

	bp_table_begin(&t, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(rows, i, row)
	{
		const json_t *copies = at(row, "copies"), *time = at(row, "time");

		if (!has_figures(row))
			continue;
		bp_table_cell(&t, "%s", word(row, "path"));
		bp_table_cell(&t, "%s", word(row, "size"));
		cell_range(&t, at(copies, "kernel"));
		cell_range(&t, at(copies, "library"));
		cell_range(&t, at(copies, "user"));
		cell(&t, at(at(row, "crossings"), "per_packet"), 1, 3);
		cell(&t, at(time, "ns_per_packet"), 1, 0);
		cell(&t, at(time, "user_ns"), 1, 0);
		cell(&t, at(time, "calls_ns"), 1, 0);
		cell(&t, at(time, "softirq_ns"), 1, 0);
	}
	fprintf(out,
		"\nCOPIES, CROSSINGS, TIME · per packet, at saturation · softirq: an estimate from "
		"ticks of the core, not to be added\n");
	bp_table_end(&t, out);
}

static void print_account(FILE *out, const json_t *rows)
{
	static const struct bp_table_column columns[] = {
		{ "path", NULL, 'l' },    { "size", NULL, 'r' },
		{ "sent", NULL, 'r' },    { "received", NULL, 'r' },
		{ "dropped", NULL, 'r' }, { "unaccounted", NULL, 'r' },
		{ "trials", NULL, 'r' },  { "lost where", NULL, 'l' },
	};
	struct bp_table t;
	const json_t *row;
	size_t i;

	bp_table_begin(&t, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(rows, i, row)
	{
		const json_t *a = at(row, "accounting"), *drops = at(row, "drops"), *most = NULL,
			     *d;
		size_t j;

		if (!json_is_object(a))
			continue;
		json_array_foreach(drops, j,
				   d) if (!most || number(d, "packets") > number(most, "packets"))
			most = d;
		bp_table_cell(&t, "%s", word(row, "path"));
		bp_table_cell(&t, "%s", word(row, "size"));
		bp_table_count(&t, (uint64_t)json_integer_value(at(a, "sent")));
		bp_table_count(&t, (uint64_t)json_integer_value(at(a, "received")));
		bp_table_count(&t, (uint64_t)json_integer_value(at(a, "dropped")));
		bp_table_cell(&t, "%lld", (long long)json_integer_value(at(a, "unaccounted")));
		bp_table_count(&t, (uint64_t)json_integer_value(at(a, "trials")));
		if (most)
			bp_table_cell(&t, "%s: %s%s", word(most, "where"), word(most, "reason"),
				      json_array_size(drops) > 1 ? " …" : "");
		else
			bp_table_cell(&t, "-");
	}
	fprintf(out,
		"\nACCOUNT · of all trials: sent = received + dropped by reason + unaccounted · the "
		"JSON has every reason\n");
	bp_table_end(&t, out);
}

/* ---- notes, sentences ------------------------------------------------------------------------------- */

/* Text in lines of at most WIDTH columns, further ones indented. */
static void print_wrapped(FILE *out, const char *first, const char *text)
{
	int column = fprintf(out, "  %s", first) > 0 ? 2 + columns_of(first, strlen(first)) : 0;

	while (*text) {
		size_t n = strcspn(text, " ");
		int width = columns_of(text, n);

		if (column + 1 + width > WIDTH) {
			fputs("\n     ", out);
			column = 5;
		}
		fprintf(out, " %.*s", (int)n, text);
		column += 1 + width;
		text += n + strspn(text + n, " ");
	}
	fputc('\n', out);
}

static bool is_said(const json_t *rows, size_t n, const char *note)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word(json_array_get(rows, i), "note"), note) == 0)
			return true;
	return false;
}

/* Each note once, behind the paths that it holds for. */
static void print_notes(FILE *out, const json_t *rows)
{
	size_t n = json_array_size(rows), i, j;
	bool has_title = false;
	char names[240];

	for (i = 0; i < n; i++) {
		const json_t *row = json_array_get(rows, i);
		const char *note = json_string_value(at(row, "note"));
		size_t used = 0;

		if (!note || !has_figures(row) || is_said(rows, i, note))
			continue;
		if (!has_title)
			fprintf(out, "\nNOTES\n");
		has_title = true;
		names[0] = '\0';
		for (j = i; j < n && used < sizeof(names); j++) {
			const json_t *other = json_array_get(rows, j);

			if (strcmp(word(other, "note"), note) != 0 ||
			    strcmp(word(other, "size"), word(row, "size")) != 0)
				continue;
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 used ? ", " : "", word(other, "path"));
		}
		snprintf(names + strlen(names), sizeof(names) - strlen(names), ":");
		print_wrapped(out, names, note);
	}
}

static void print_sentences(FILE *out, const json_t *rows)
{
	char name[96];
	const json_t *row;
	size_t i;

	fprintf(out, "\nWHY\n");
	json_array_foreach(rows, i, row) if (has_figures(row))
	{
		snprintf(name, sizeof(name), "%s, %s:", word(row, "path"), word(row, "size"));
		print_wrapped(out, name, word(row, "sentence"));
	}
}

static bool has_no_result(const json_t *row)
{
	return strcmp(word(row, "status"), "ok") != 0 && !is_disturbed(row);
}

/* The rows of one kind, each with its reason and what to do, unless that is the same as for the row before,
 * below a title. is_named: with its status. */
static void print_reasons(FILE *out, const json_t *rows, const char *title,
			  bool (*is_wanted)(const json_t *row), bool is_named)
{
	const char *fix = "";
	bool is_new;
	char text[640], name[96];
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (!is_wanted(row))
			continue;
		if (title)
			fprintf(out, "\n%s\n", title);
		title = NULL;
		snprintf(name, sizeof(name), "%s, %s:%s%s%s", word(row, "path"), word(row, "size"),
			 is_named ? " " : "", is_named ? word(row, "status") : "",
			 is_named ? ":" : "");
		is_new = strcmp(word(row, "fix"), fix) != 0;
		fix = word(row, "fix");
		snprintf(text, sizeof(text), "%s%s%s", word(row, "reason"),
			 is_new ? ". To do: " : "", is_new ? fix : "");
		print_wrapped(out, name, text);
	}
}

static void print_head(FILE *out, const json_t *document)
{
	const json_t *run = at(document, "run"), *machine = at(document, "machine");
	const json_t *cores = at(run, "cores"), *note;
	size_t i;

	fprintf(out, "bypath compare · %d round%s · %.1f s%s%s\n",
		(int)json_integer_value(at(run, "rounds")),
		json_integer_value(at(run, "rounds")) == 1 ? "" : "s", number(run, "elapsed_s"),
		json_is_true(at(run, "quick")) ? " · quick: figures of one short round" : "",
		json_is_true(at(run, "interrupted")) ? " · ended early by a signal" : "");
	fprintf(out, "  %s · %s · %s\n", word(machine, "host"), word(machine, "kernel"),
		word(machine, "cpu"));
	fprintf(out, "  forwarder on core %lld, generator on core %lld · baseline: %s\n",
		(long long)json_integer_value(at(cores, "dut")),
		(long long)json_integer_value(at(cores, "generator")), word(run, "baseline"));
	json_array_foreach(at(run, "notes"), i, note)
		print_wrapped(out, "note:", json_string_value(note));
}

/* Who is ahead, where the figures carry it. */
static void print_verdicts(FILE *out, const json_t *verdicts)
{
	char name[64];
	const json_t *v;
	size_t i;

	if (json_array_size(verdicts))
		fprintf(out,
			"\nAHEAD · by NDR, then by p99; only where the rounds do not overlap\n");
	json_array_foreach(verdicts, i, v)
	{
		snprintf(name, sizeof(name), "%s, %s:", word(v, "group"), word(v, "size"));
		print_wrapped(out, name, word(v, "text"));
	}
}

void bp_cmp_print(FILE *out, const json_t *document)
{
	const json_t *rows = at(document, "rows");
	bool has_any = false;
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) has_any |= has_figures(row);
	print_head(out, document);
	if (has_any) {
		print_rates(out, rows);
		print_verdicts(out, at(document, "verdicts"));
		print_costs(out, rows);
		print_account(out, rows);
		print_notes(out, rows);
		print_sentences(out, rows);
	}
	print_reasons(out, rows,
		      "DISTURBED · these figures are of the machine's other work as well",
		      is_disturbed, false);
	print_reasons(out, rows, "WITHOUT A RESULT", has_no_result, true);
}
