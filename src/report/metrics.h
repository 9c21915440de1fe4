/* A run's report as metrics: OpenMetrics 1.0, or the text format of Prometheus before it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_METRICS_H
#define BYPATH_REPORT_METRICS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * Write a bypath.report/1 with "version" (a text) in it; is_open: as OpenMetrics, which names a counter's family
 * without "_total", has units, and ends with "# EOF". Any thread; blocks on out only.
 */
void bp_report_metrics(FILE *out, const json_t *document, bool is_open);

#endif
