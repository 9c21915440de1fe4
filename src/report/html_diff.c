/* Writes the difference of two comparisons as one HTML page. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html.h"

#include "bypath/log.h"

#include "report/file.h"
#include "report/html_cells.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* The bar of a ratio: 1 in the middle, BAR_SPAN times more or less at the ends. */
#define BAR_WIDTH 120.0
#define BAR_SPAN  2.0

static bool is_verdict(const json_t *line, const char *verdict)
{
	return strcmp(bp_html_str(line, "verdict", ""), verdict) == 0;
}

static void put_value(FILE *out, const json_t *value)
{
	fputs("<td class=\"num\">", out);
	if (json_is_string(value))
		bp_html_put(out, json_string_value(value));
	else
		bp_html_sig(out, json_is_number(value) ? json_number_value(value) : NAN);
	fputs("</td>", out);
}

/* A ratio's logarithm from the middle on: twice and half are as far from 1. */
static void put_bar(FILE *out, const json_t *line)
{
	double ratio = bp_html_num(line, "ratio"), middle = BAR_WIDTH / 2, length;
	const char *class = is_verdict(line, "better")  ? "user"
			    : is_verdict(line, "worse") ? "kernel"
							: "whole";

	if (!bp_html_known(ratio) || ratio <= 0) {
		fputs("<td>–</td>", out);
		return;
	}
	length = middle * fmax(-1, fmin(1, log(ratio) / log(BAR_SPAN)));
	fprintf(out,
		"<td><svg aria-hidden=\"true\" width=\"%.0f\" height=\"12\"><rect class=\"%s\" "
		"x=\"%.1f\" y=\"1\" width=\"%.1f\" height=\"10\"/><line class=\"mark\" "
		"x1=\"%.0f\" x2=\"%.0f\" y1=\"0\" y2=\"12\"/></svg></td>",
		BAR_WIDTH, class, middle + fmin(0, length), fabs(length), middle, middle);
}

static void put_line(FILE *out, const json_t *line)
{
	bp_html_open_row(out, bp_html_str(line, "path", "unnamed"), bp_html_str(line, "size", "–"));
	bp_html_text_cell(out, bp_html_str(line, "what", "–"));
	put_value(out, json_object_get(line, "before"));
	put_value(out, json_object_get(line, "after"));
	bp_html_cell(out, bp_html_sig, bp_html_num(line, "ratio"));
	put_bar(out, line);
	bp_html_cell(out, bp_html_percent, bp_html_num(line, "spread"));
	fprintf(out, "<td%s>", is_verdict(line, "worse") ? " class=\"bad\"" : "");
	bp_html_put(out, bp_html_str(line, "verdict", "–"));
	fputs("</td></tr>\n", out);
}

static size_t count(const json_t *lines, const char *verdict)
{
	const json_t *line;
	size_t i, n = 0;

	json_array_foreach(lines, i, line) n += is_verdict(line, verdict);
	return n;
}

static void put_table(FILE *out, const json_t *lines)
{
	static const char *const heads[] = { "Path",    ">Size",  "What",         ">Before",
					     ">After",  ">Ratio", "Half … twice", ">Spread",
					     "Verdict", NULL };
	const json_t *line;
	size_t i;

	bp_html_open_table(out, "What two runs found");
	bp_html_put_heads(out, heads);
	json_array_foreach(lines, i, line) put_line(out, line);
	bp_html_close_table(out);
}

static int write_page(FILE *out, const void *document)
{
	const json_t *doc = document, *lines = json_object_get(doc, "diff");

	bp_html_open_page(out, "bypath compare: ", "what changed between two runs");
	fprintf(out, "<p class=\"lead\">%zu better, %zu worse of %zu compared.</p>\n",
		count(lines, "better"), count(lines, "worse"), json_array_size(lines));
	fputs("<dl class=\"facts\"><div class=\"code\"><dt>Before</dt><dd><code>", out);
	bp_html_put(out, bp_html_str(doc, "before", "–"));
	fputs("</code></dd></div><div class=\"code\"><dt>After</dt><dd><code>", out);
	bp_html_put(out, bp_html_str(doc, "after", "–"));
	fputs("</code></dd></div></dl>\n</header>\n<main>\n<p class=\"how\">Medians. Better, worse: "
	      "the ranges of the rounds do not touch, and the change is more than 2 %.</p>\n",
	      out);
	put_table(out, lines);
	fputs("</main>\n<footer>«–»: not known. Made by bypath compare --diff; the same figures are in "
	      "its JSON (--json FILE).</footer>\n</body>\n</html>\n",
	      out);
	return 0;
}

int bp_report_html_diff(const json_t *doc, const char *path)
{
	if (!json_is_array(json_object_get(doc, "diff"))) {
		bp_log(BP_LOG_ERROR,
		       "report %s: not written: the document is no difference: give what `bypath "
		       "compare --diff` wrote",
		       path);
		return -EINVAL;
	}
	return bp_file_replace(path, write_page, doc);
}
