/* The words for searches and how they end, and their progress as a line. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_SEARCH_REPORT_H
#define BYPATH_GEN_SEARCH_REPORT_H

#include "gen/search.h"

#include <stdio.h>

/* A search's name for readers: "NDR", "RFC 2544 throughput", … */
const char *bp_search_title(enum bp_search_kind kind);

/* "measured", "bounded", "not measurable" */
const char *bp_search_outcome_name(enum bp_search_outcome outcome);

/* "" for NONE, else "generator", "noise", "lossy", "time", "interrupted", "failed" */
const char *bp_search_cause_name(enum bp_search_cause cause);

/* One line without newline: phase, next trial, bounds so far, time left. */
void bp_search_print_progress(FILE *out, const struct bp_search_progress *progress);

#endif
