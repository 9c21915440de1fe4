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
 * Write them; is_open: as OpenMetrics, which names a counter's family without "_total", has units, and ends with "# EOF".
 * floors: an object that the caller keeps from one time to the next, in which is what was said of counters that are estimates,
 * so that none of them goes back; NULL: nothing is kept. One thread at a time with the same floors; blocks on out only.
 * 0, -ENOMEM: something is missing in it.
 */
int bp_metrics_write(FILE *out, const struct bp_metrics *facts, bool is_open, json_t *floors);

#endif
