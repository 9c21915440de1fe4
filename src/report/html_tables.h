/* The tables of an HTML report: every figure of the charts, more that has no chart. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_HTML_TABLES_H
#define BYPATH_REPORT_HTML_TABLES_H

#include "report/html_page.h"

/* Throughput, NDR and ratio, a line per row of the document. */
void bp_html_table_rates(const struct bp_html_page *page);
void bp_html_table_cost(const struct bp_html_page *page);
void bp_html_table_latency(const struct bp_html_page *page);
void bp_html_table_accounts(const struct bp_html_page *page);
void bp_html_table_trials(const struct bp_html_page *page);
/* Where each path's packets are copied, hop by hop, and the configuration it ran with. */
void bp_html_hops(const struct bp_html_page *page);

#endif
