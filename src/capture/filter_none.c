/* A build without libpcap captures everything or nothing. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/filter.h"

#include <errno.h>
#include <stdio.h>

#define WHY "this build lacks libpcap: install libpcap-dev and build again, or leave the filter out"

json_t *bp_capture_filter_compile(const char *text, char *why, size_t why_bytes)
{
	(void)text;
	snprintf(why, why_bytes, WHY);
	return NULL;
}

int bp_capture_filter_open(const json_t *program, struct bp_capture_filter **filter, char *why,
			   size_t why_bytes)
{
	(void)program;
	(void)filter;
	snprintf(why, why_bytes, WHY);
	return -EINVAL;
}

void bp_capture_filter_close(struct bp_capture_filter *filter)
{
	(void)filter;
}

uint32_t bp_capture_filter_reach(const struct bp_capture_filter *filter)
{
	(void)filter;
	return 0;
}

bool bp_capture_filter_match(const void *filter, const uint8_t *bytes, uint32_t wire_bytes,
			     uint32_t n_bytes)
{
	(void)filter;
	(void)bytes;
	(void)wire_bytes;
	(void)n_bytes;
	return true;
}
