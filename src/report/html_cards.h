/* The words of an HTML report: what was fastest, each path in a sentence, what did not run. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_HTML_CARDS_H
#define BYPATH_REPORT_HTML_CARDS_H

#include "report/html_page.h"

/* How many measurements are sound, and each group's fastest path. */
void bp_html_put_lead(const struct bp_html_page *page);
void bp_html_put_cards(const struct bp_html_page *page);

/* Each fault of a path once, with what to do; nothing where there is none. */
void bp_html_put_faults(const struct bp_html_page *page);

#endif
