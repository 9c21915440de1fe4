/* Results of searches as text, as JSON, and their progress as a line. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_SEARCH_REPORT_H
#define BYPATH_GEN_SEARCH_REPORT_H

#include "gen/search.h"

#include <stdio.h>

struct json_t; /* jansson's */

/* A search's name for readers: "NDR", "RFC 2544 throughput", … */
const char *bp_search_title(enum bp_search_kind kind);

/* "measured", "bounded", "not measurable" */
const char *bp_search_outcome_name(enum bp_search_outcome outcome);

/* "" for NONE, else "generator", "noise", "lossy", "time", "interrupted", "failed" */
const char *bp_search_cause_name(enum bp_search_cause cause);

/* Tables of at most 120 columns, figures with their bounds; with_trials: every trial as well. */
void bp_search_print_text(FILE *out, const struct bp_search_result *result, bool with_trials);

/* One line without newline: phase, next trial, bounds so far, time left. */
void bp_search_print_progress(FILE *out, const struct bp_search_progress *progress);

/*
 * The result as an object of schema `bypath.search/1` (docs/searches.md), all trials in it. A new
 * reference, or NULL when memory lacks.
 */
struct json_t *bp_search_json(const struct bp_search_result *result);

#endif
