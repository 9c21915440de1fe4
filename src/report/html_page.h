/* What the parts of an HTML report share: where it goes, and its paths in order. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_HTML_PAGE_H
#define BYPATH_REPORT_HTML_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Shades and dashes for sizes; later ones share the last. */
#define BP_HTML_SIZES_MAX 5u

/* One path with its rows, one per size. Strings are the document's. */
struct bp_html_path {
	const char *name, *title, *group;
	const json_t **rows;
	size_t n_rows;
};

struct bp_html_page {
	FILE *out;
	const json_t *doc;
	struct bp_html_path *paths; /* in the document's order */
	size_t n_paths;
};

/* 0, or -ENOMEM. bp_html_page_free() in either case. */
int bp_html_page_init(struct bp_html_page *page, const json_t *doc, FILE *out);
void bp_html_page_free(struct bp_html_page *page);

/* Where the row's size stands among the sizes, at most BP_HTML_SIZES_MAX - 1. */
unsigned bp_html_size_id(const struct bp_html_page *page, const json_t *row);
/* The n-th size that occurs, NULL after the last. */
const char *bp_html_nth_size(const struct bp_html_page *page, unsigned n);
/* True for the first path of each group: what to draw a panel for. */
bool bp_html_begins_group(const struct bp_html_page *page, size_t path_id);
const char *bp_html_group_title(const char *group);

const char *bp_html_row_size(const json_t *row);
const char *bp_html_status(const json_t *row);
const char *bp_html_status_words(const json_t *row);
bool bp_html_is_ok(const json_t *row);
/* Sentence, never NULL: why the row is not ok, without a full stop at its end. */
const char *bp_html_reason(const json_t *row);

#endif
