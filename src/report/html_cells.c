/* The frame and the cells of an HTML report's tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html_cells.h"

void bp_html_open_table(FILE *out, const char *caption)
{
	fprintf(out,
		"<div class=\"table\"><p class=\"caption\">%s</p>"
		"<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">"
		"<table aria-label=\"%s\">\n<thead><tr>",
		caption, caption, caption);
}

/* A head that begins with > stands over figures. */
void bp_html_put_heads(FILE *out, const char *const *heads)
{
	for (; *heads; heads++)
		fprintf(out, "<th scope=\"col\"%s>%s</th>", **heads == '>' ? " class=\"num\"" : "",
			*heads + (**heads == '>'));
	fputs("</tr></thead>\n<tbody>\n", out);
}

void bp_html_close_table(FILE *out)
{
	fputs("</tbody></table></div></div>\n", out);
}

void bp_html_cell(FILE *out, bp_html_figure_fn put, double value)
{
	fputs("<td class=\"num\">", out);
	put(out, value);
	fputs("</td>", out);
}

void bp_html_text_cell(FILE *out, const char *text)
{
	fputs("<td>", out);
	bp_html_put(out, text);
	fputs("</td>", out);
}

/* Median, and below it the least and the most. */
void bp_html_stat_cell(FILE *out, const json_t *object, const char *key, bp_html_figure_fn put)
{
	struct bp_html_stat stat = bp_html_stat(object, key);

	fputs("<td class=\"num\">", out);
	put(out, stat.median);
	if (stat.max > stat.min) {
		fputs("<small>", out);
		put(out, stat.min);
		fputs(" … ", out);
		put(out, stat.max);
		fputs("</small>", out);
	}
	fputs("</td>", out);
}

/* One figure, or lo–hi, and how it is known below it. */
void bp_html_range_cell(FILE *out, double lo, double hi, const char *provenance)
{
	fputs("<td class=\"num\">", out);
	if (bp_html_known(lo))
		bp_html_plain(out, lo);
	else
		fputs("–", out);
	if (hi > lo) {
		fputs("–", out);
		bp_html_plain(out, hi);
	}
	if (provenance) {
		fputs("<small>", out);
		bp_html_put(out, provenance);
		fputs("</small>", out);
	}
	fputs("</td>", out);
}
