/* Reads a compare document's values and writes them as text that cannot become markup. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_HTML_TEXT_H
#define BYPATH_REPORT_HTML_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* A value over rounds; each figure is NAN where the document has none. */
struct bp_html_stat {
	double median, min, max, spread;
};

/* What is not there is NULL, NAN or otherwise; object may be NULL or anything but an object. */
const char *bp_html_str(const json_t *object, const char *key, const char *otherwise);
double bp_html_num(const json_t *object, const char *key);
/* A bare number is a stat of one round. */
struct bp_html_stat bp_html_stat(const json_t *object, const char *key);

bool bp_html_known(double value);

/*
 * Text of the document, in element or attribute. Markup is escaped; characters that no text has, or
 * that turn its direction round, become U+FFFD.
 */
void bp_html_put(FILE *out, const char *text);

/* Figures; NAN is a dash. */
void bp_html_sig(FILE *out, double value); /* three significant digits */
void bp_html_plain(FILE *out, double value); /* as short as it goes: for scales */
void bp_html_count(FILE *out, double value); /* whole, digits in groups */
void bp_html_ns(FILE *out, double ns); /* with the unit that suits it */
void bp_html_percent(FILE *out, double ratio); /* of a fraction of 1 */

/* "64" as "64 B", "imix" as "IMIX". */
void bp_html_size(FILE *out, const char *size);

#endif
