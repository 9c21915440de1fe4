/* The style sheet of an HTML report. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_HTML_STYLE_H
#define BYPATH_REPORT_HTML_STYLE_H

extern const char bp_html_style[];

#endif
