/* What changed between two comparisons. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_DIFF_H
#define BYPATH_COMPARE_DIFF_H

#include <jansson.h>

/* New references, NULL when memory lacks. Pure. */

/*
 * What changed from one document to another, of rows with the same path and size: an array of
 * {"path", "size", "what" ("Mpps", "NDR", "p50 ns", "p99 ns", "copies", "status", "mode", "row"), "before",
 * "after", "ratio" (null where it is no number), "spread" (the larger of both, as a share), "verdict":
 * "better", "worse", "within the spread", "changed", "one round: not known", "appeared", "gone",
 * "disturbed: not known" (of a row whose status is that), "not the same function" (of the two runs)}.
 */
json_t *bp_cmp_diff(const json_t *before, const json_t *after);

/* The same as a document, bypath.compare-diff/1 (docs/compare.md); the names are the files'. */
json_t *bp_cmp_diff_document(const json_t *before, const char *before_name, const json_t *after,
			     const char *after_name);

#endif
