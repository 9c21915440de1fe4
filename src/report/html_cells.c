/* The head of an HTML page, the frame and the cells of its tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html_cells.h"

#include "report/html_style.h"

static void put_title(FILE *out, const char *what, const char *subject)
{
	bp_html_put(out, what);
	bp_html_put(out, subject);
}

void bp_html_open_page(FILE *out, const char *what, const char *subject)
{
	/* The policy holds whatever gets past the escapes: no script, nothing from elsewhere. */
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	      "<title>",
	      out);
	put_title(out, what, subject);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n<h1>",
		bp_html_style);
	put_title(out, what, subject);
	fputs("</h1>\n", out);
}

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

void bp_html_open_row(FILE *out, const char *title, const char *size)
{
	fputs("<tr><th scope=\"row\">", out);
	bp_html_put(out, title);
	fputs("</th><td class=\"num\">", out);
	bp_html_size(out, size);
	fputs("</td>", out);
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
