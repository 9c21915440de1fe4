/* Comparisons and differences of comparisons as text of at most 120 columns. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_TEXT_H
#define BYPATH_COMPARE_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* Print a document of bypath.compare/1. */
void bp_cmp_print(FILE *out, const json_t *document);

/* "≥ ", "≤ " or "" before the ratio of a row; NULL: it says nothing, both of its rates are lower bounds. */
const char *bp_cmp_ratio_sign(const json_t *ratio);

/*
 * What changed from one document to another, of rows with the same path and size: an array of
 * {"path", "size", "what" ("Mpps", "NDR", "p50 ns", "p99 ns", "copies", "status", "mode", "row"), "before",
 * "after", "ratio" (null where it is no number), "spread" (the larger of both, as a share), "verdict":
 * "better", "worse", "within the spread", "changed", "one round: not known", "appeared", "gone",
 * "disturbed: not known" (of a row whose status is that)}.
 * A new reference. Pure.
 */
json_t *bp_cmp_diff(const json_t *before, const json_t *after);

/* Print what bp_cmp_diff() found. */
void bp_cmp_print_diff(FILE *out, const json_t *before, const json_t *after, const json_t *diff);

#endif
