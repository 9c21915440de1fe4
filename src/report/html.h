/* The report of `bypath compare` as one self-contained HTML file. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_HTML_H
#define BYPATH_REPORT_HTML_H

#include <jansson.h>

/*
 * Write a document of schema `bypath.compare/1` (docs/compare.md) as HTML with SVG charts. The file
 * refers to nothing outside itself and runs no script. It is replaced as a whole or not at all;
 * something that is there but no regular file (/dev/stdout, a pipe) is written to directly.
 *
 * doc   stays with the caller; what is missing in it is shown as not measured
 *
 * Any thread; blocks on the file. Returns 0, -EINVAL (doc is no object) or another -errno; each is
 * logged with what to do.
 */
int bp_report_html(const json_t *doc, const char *path);

/* The same of a document of schema `bypath.compare-diff/1`: a line for each figure of two runs. */
int bp_report_html_diff(const json_t *doc, const char *path);

#endif
