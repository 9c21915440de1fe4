/* A run's report as metrics: OpenMetrics 1.0, or the text format of Prometheus before it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_METRICS_H
#define BYPATH_REPORT_METRICS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * Write a bypath.report/1 with "version" and "instance" (texts) in it; is_open: as OpenMetrics, which names a counter's
 * family without "_total", has units, and ends with "# EOF". floors: an object that the caller keeps from one time to the
 * next, in which is what was said of counters that are estimates, so that none of them goes back; NULL: nothing is kept.
 * One thread at a time with the same floors; blocks on out only.
 */
void bp_report_metrics(FILE *out, const json_t *document, bool is_open, json_t *floors);

#endif
