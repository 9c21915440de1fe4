/* The head of an HTML page, the frame and the cells of its tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_HTML_CELLS_H
#define BYPATH_REPORT_HTML_CELLS_H

#include "report/html_page.h"
#include "report/html_text.h"

/* From the doctype to the heading «WHAT SUBJECT», inside <header>. */
void bp_html_open_page(FILE *out, const char *what, const char *subject);

/* caption: HTML. The heads of the first row follow. */
void bp_html_open_table(FILE *out, const char *caption);

/* Texts that end with NULL; one that begins with > stands over figures. The rows follow. */
void bp_html_put_heads(FILE *out, const char *const *heads);
void bp_html_close_table(FILE *out);

/* A row's head: the path's title, its frame size ("64", "imix"). Cells follow, then </tr>. */
void bp_html_open_row(FILE *out, const char *title, const char *size);

/* Writes one figure: bp_html_sig(), bp_html_ns() and the like. */
typedef void (*bp_html_figure_fn)(FILE *out, double value);

void bp_html_cell(FILE *out, bp_html_figure_fn put, double value);
void bp_html_text_cell(FILE *out, const char *text);

/* The median of object's key, and below it the least and the most. */
void bp_html_stat_cell(FILE *out, const json_t *object, const char *key, bp_html_figure_fn put);

/* One figure, or lo–hi where hi is above lo; below it how it is known, unless NULL. */
void bp_html_range_cell(FILE *out, double lo, double hi, const char *provenance);

#endif
