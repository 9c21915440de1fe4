/* The function filter in a build without libpcap: refused, with the reason. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/filter.h"

const struct bp_function_ops bp_filter_ops = { .process = NULL };

uint64_t bp_filter_outs(const struct bp_conf *conf, const struct bp_function_conf *fn,
			unsigned in_port)
{
	(void)conf;
	(void)fn;
	(void)in_port;
	return 0;
}

void bp_filter_check(const struct bp_function_conf *fn, struct bp_check *check)
{
	check->complain(check, "type", "found '%s', which this build was made without: %s",
			fn->type, bp_function_missing(fn->type));
}
