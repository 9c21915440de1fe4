/* The table of the ports, with what is to be said of each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_TEXT_PORTS_H
#define BYPATH_REPORT_TEXT_PORTS_H

#include "bypath/report.h"
#include "report/table.h"

#include <stdio.h>

/* Part of bp_report_text(): the table of the ports with the notes on them. */
void bp_report_text_ports(FILE *out, const struct bp_report *report);

/* Has the machine several NUMA nodes, so that tables have a column for them, the last? Pure. */
bool bp_report_has_nodes(const struct bp_report *report);
/* The cell of that column: nothing where there is no such column. */
void bp_report_put_node(struct bp_table *table, const struct bp_report *report, int node);

#endif
