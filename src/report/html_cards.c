/* The words of an HTML report: what is ahead, each path in a sentence, what did not run. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html_cards.h"

#include "report/html_chart.h"
#include "report/html_text.h"

#include <string.h>

/* --- at a glance -------------------------------------------------------------------------------- */

/* What the document says of a group at its first size: who is ahead, or that nobody is. */
static void put_verdict(const struct bp_html_page *page, const char *group)
{
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(page->doc, "verdicts"), i, v)
	{
		if (strcmp(bp_html_str(v, "group", ""), group) ||
		    strcmp(bp_html_str(v, "size", ""), bp_html_nth_size(page, 0)))
			continue;
		fputs(" ", page->out);
		bp_html_put(page->out, bp_html_group_title(group));
		fputs(" at ", page->out);
		bp_html_size(page->out, bp_html_nth_size(page, 0));
		fputs(": <strong>", page->out);
		bp_html_put(page->out, bp_html_str(v, "text", "not known"));
		fputs("</strong>.", page->out);
	}
}

void bp_html_put_lead(const struct bp_html_page *page)
{
	size_t n = 0, n_ok = 0;

	for (size_t p = 0; p < page->n_paths; p++)
		for (size_t r = 0; r < page->paths[p].n_rows; r++, n++)
			n_ok += bp_html_is_ok(page->paths[p].rows[r]);
	if (!n) {
		fputs("<p class=\"lead\">Nothing was measured: the document has no rows.</p>\n",
		      page->out);
		return;
	}
	fprintf(page->out, "<p class=\"lead\">%zu of %zu measurements are sound.", n_ok, n);
	for (size_t p = 0; p < page->n_paths; p++) {
		const char *group = page->paths[p].group;

		if (bp_html_begins_group(page, p))
			put_verdict(page, group);
	}
	fputs("</p>\n", page->out);
}

static void put_card_figure(FILE *out, const json_t *row)
{
	const char *bound = bp_html_str(json_object_get(row, "ratio"), "bound", "none");
	double ratio = bp_html_stat(row, "ratio").median;

	fputs("<p class=\"big\">", out);
	bp_html_throughput.label(out, row);
	fputs(" <small>Mpps at ", out);
	bp_html_size(out, bp_html_row_size(row));
	if (bp_html_known(ratio) && strcmp(bound, "both")) {
		fputs(" · ", out);
		fputs(!strcmp(bound, "lower") ? "≥ " : !strcmp(bound, "upper") ? "≤ " : "", out);
		bp_html_sig(out, ratio);
		fputs(" × baseline", out);
	}
	fputs("</small></p>\n", out);
}

/* True if an earlier row of the path has the same sentence. */
static bool is_said(const struct bp_html_path *path, size_t row_id)
{
	for (size_t r = 0; r < row_id; r++)
		if (!strcmp(bp_html_str(path->rows[r], "sentence", ""),
			    bp_html_str(path->rows[row_id], "sentence", "")))
			return true;
	return false;
}

static void put_sentences(FILE *out, const struct bp_html_path *path)
{
	for (size_t r = 0; r < path->n_rows; r++) {
		const char *sentence = bp_html_str(path->rows[r], "sentence", NULL);

		if (!sentence || is_said(path, r))
			continue;
		fputs("<p>", out);
		if (r) {
			fputs("<small>", out);
			bp_html_size(out, bp_html_row_size(path->rows[r]));
			fputs(":</small> ", out);
		}
		bp_html_put(out, sentence);
		fputs("</p>\n", out);
	}
}

void bp_html_put_cards(const struct bp_html_page *page)
{
	FILE *out = page->out;
	double lo, hi;

	fputs("<h2>Each path in a sentence</h2>\n<ul class=\"cards\">\n", out);
	for (size_t p = 0; p < page->n_paths; p++) {
		const struct bp_html_path *path = &page->paths[p];
		const json_t *row = path->rows[0];
		bool is_ok = bp_html_is_ok(row);

		fprintf(out, "<li%s><h3>", is_ok ? "" : " class=\"bad\"");
		bp_html_put(out, path->title);
		fputs("</h3>", out);
		if (bp_html_throughput.range(row, &lo, &hi))
			put_card_figure(out, row);
		if (!is_ok) {
			fputs("<p><span class=\"state bad\">", out);
			bp_html_put(out, bp_html_status_words(row));
			fputs("</span></p>", out);
		}
		put_sentences(out, path);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

/* --- what did not run --------------------------------------------------------------------------- */

static bool same_fault(const json_t *a, const json_t *b)
{
	return !strcmp(bp_html_status(a), bp_html_status(b)) &&
	       !strcmp(bp_html_reason(a), bp_html_reason(b)) &&
	       !strcmp(bp_html_str(a, "fix", ""), bp_html_str(b, "fix", ""));
}

/* The first row of the path that has this fault, at or before row_id. */
static size_t first_fault(const struct bp_html_path *path, size_t row_id)
{
	size_t r = 0;

	while (!same_fault(path->rows[r], path->rows[row_id]))
		r++;
	return r;
}

static void put_fault(FILE *out, const struct bp_html_path *path, size_t row_id)
{
	const json_t *row = path->rows[row_id];

	fputs("<li class=\"bad\"><h3>", out);
	bp_html_put(out, path->title);
	fputs(" <span class=\"state bad\">", out);
	bp_html_put(out, bp_html_status_words(row));
	fputs("</span></h3><p><small>", out);
	for (size_t r = row_id; r < path->n_rows; r++) {
		if (first_fault(path, r) != row_id)
			continue;
		fputs(r > row_id ? ", " : "", out);
		bp_html_size(out, bp_html_row_size(path->rows[r]));
	}
	fputs("</small></p><p>", out);
	bp_html_put(out, bp_html_reason(row));
	fputs("</p>", out);
	if (bp_html_str(row, "fix", NULL)) {
		fputs("<p><strong>To do:</strong> ", out);
		bp_html_put(out, bp_html_str(row, "fix", ""));
		fputs("</p>", out);
	}
	fputs("</li>\n", out);
}

void bp_html_put_faults(const struct bp_html_page *page)
{
	FILE *out = page->out;
	size_t n = 0;

	for (size_t p = 0; p < page->n_paths; p++) {
		const struct bp_html_path *path = &page->paths[p];

		for (size_t r = 0; r < path->n_rows; r++) {
			if (bp_html_is_ok(path->rows[r]) || first_fault(path, r) != r)
				continue;
			if (!n++)
				fputs("<h2>What failed, was disturbed or did not run</h2>\n<ul class=\"cards\">\n",
				      out);
			put_fault(out, path, r);
		}
	}
	if (n)
		fputs("</ul>\n", out);
}
