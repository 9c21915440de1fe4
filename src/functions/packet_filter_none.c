/* A build without libpcap compiles no expression. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/packet_filter.h"

#include "bypath/function.h"

#include <stdio.h>

struct bp_packet_filter *bp_packet_filter_open(const char *text,
					       char why[BP_PACKET_FILTER_WHY_BYTES])
{
	snprintf(why, BP_PACKET_FILTER_WHY_BYTES,
		 "'%.100s': this build compiles no filters: %s: without one all packets match",
		 text, bp_function_missing("filter"));
	return NULL;
}

void bp_packet_filter_close(void *filter)
{
	(void)filter;
}

bool bp_packet_filter_matches(const void *filter, const struct bp_pkt *views, unsigned n_views)
{
	(void)filter;
	(void)views;
	(void)n_views;
	return false;
}
