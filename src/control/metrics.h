/* A run's snapshot as metrics: OpenMetrics 1.0, or the text format of Prometheus before it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONTROL_METRICS_H
#define BYPATH_CONTROL_METRICS_H

#include "bypath/report.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* What is told. All is the caller's. */
struct bp_metrics {
	const char *version, *instance;
	/* Itself, not its document: a document of all queues takes many times as long as the text. */
	const struct bp_report *report;
	const struct bp_copies *kernel_copies; /* of the report: bp_explain_kernel_copies() */
	const json_t *states; /* of each function, its "state" in the report's document */
	const json_t *alarms; /* "alarms" of the report's document */
};

/*
 * Before a reload: note in floors what was modelled until now. Else what went out since the last bp_metrics_write() would count
 * by the model of what comes. Of facts only report and kernel_copies are asked for. As bp_metrics_write(), but does not block.
 */
int bp_metrics_note(const struct bp_metrics *facts, json_t *floors);

/*
 * Write them; is_open: as OpenMetrics, which names a counter's family without "_total", has units, and ends with "# EOF".
 * floors: an object that the caller keeps from one time to the next, in which is what was said of counters that are estimates
 * or modelled, so that none of them goes back; NULL: nothing is kept. One thread at a time with the same floors; blocks on out
 * only. 0, -ENOMEM: something is missing in it.
 */
int bp_metrics_write(FILE *out, const struct bp_metrics *facts, bool is_open, json_t *floors);

#endif
