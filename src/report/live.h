/* The page that a running instance serves. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_LIVE_H
#define BYPATH_REPORT_LIVE_H

#include <stddef.h>

/* HTML that draws the bypath.live/1 of each of its server's /events, and refers to nothing else. Static. Any thread. */
const char *bp_report_live_page(size_t *n_bytes);

#endif
