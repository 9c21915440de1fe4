/* What a run says of itself: as a document, and as a line while it goes on. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_DOCUMENT_H
#define BYPATH_ENGINE_DOCUMENT_H

#include "bypath/report.h"

#include <jansson.h>
#include <stdio.h>

/*
 * A report as schema `bypath.report/1` (docs/report.md), but for what the ledger adds to its paths. A new
 * reference, NULL when memory lacks. Pure, but for the cycle counter's rate, measured in 10 ms if nobody has.
 */
json_t *bp_engine_document(const struct bp_report *report);

/*
 * Let go of what the functions said in a snapshot (its n_functions, doc): before it is filled again, before it is
 * freed. One of zeros has nothing. Control thread.
 */
void bp_report_release(struct bp_report *report);

/*
 * Print what happened between two snapshots of one run: what each in-port received and what became of it, two on a
 * line; of many the busiest, and the others' sum. Any thread; blocks on out only.
 */
void bp_engine_print_live(FILE *out, const struct bp_report *prev, const struct bp_report *now);

/* The same as messages of the log, one for each flow, their figures in fields as well. */
void bp_engine_log_live(const struct bp_report *prev, const struct bp_report *now);

/* Was a packet received, dropped, or lost outside between two snapshots of one run? Pure. */
bool bp_engine_is_moving(const struct bp_report *prev, const struct bp_report *now);

#endif
