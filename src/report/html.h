/* Documents as a page of HTML that stands for itself. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_HTML_H
#define BYPATH_REPORT_HTML_H

#include <jansson.h>

/*
 * Write a document of schema `bypath.compare/1`, `bypath.compare-diff/1` (docs/compare.md) or `bypath.report/1` as
 * one HTML file. In it stand the document as it is, the tables that its text has (report/view.h), and a script that
 * draws them when the file is opened. It refers to nothing outside itself, and its policy lets nothing else
 * run. The file is replaced as a whole or not at all; something that is there but no regular file
 * (/dev/stdout, a pipe) is written to directly.
 *
 * doc   stays with the caller; what is missing in it is shown as not known
 *
 * Any thread; blocks on the file. Returns 0, -EINVAL (doc is no object) or another -errno; each is
 * logged with what to do.
 */
int bp_report_html(const json_t *doc, const char *path);

#endif
