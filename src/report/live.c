/* The page that a running instance serves. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/live.h"

#include "report/live_template.h"

const char *bp_report_live_page(size_t *n_bytes)
{
	*n_bytes = sizeof(live_whole) - 1;
	return live_whole;
}
