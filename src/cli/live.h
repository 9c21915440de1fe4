/* What the live page draws. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_LIVE_H
#define BYPATH_CLI_LIVE_H

#include <jansson.h>

/*
 * A bypath.live/1 of two reports of one run: counts as they stand, and "rates" between the two (a bypath.watch/1; null
 * without before, or where it is too long ago to be news). A row of rates is of the report's row at the same place. Both
 * stay the caller's. A new reference, NULL when memory lacks. Pure.
 */
json_t *bp_live_document(const json_t *before, const json_t *now);

#endif
