/* What filter.c describes, done by libpcap or, in a build without it, refused. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FUNCTIONS_FILTER_H
#define BYPATH_FUNCTIONS_FILTER_H

#include "bypath/function.h"

struct bp_filter_conf {
	char rules[BP_PATH_BYTES]; /* the file */
	bool drops_rest;
};

enum bp_filter_reason { BP_FILTER_BY_RULE, BP_FILTER_BY_DEFAULT };

/* As in struct bp_function. */
extern const struct bp_function_ops bp_filter_ops;
uint64_t bp_filter_outs(const struct bp_conf *conf, const struct bp_function_conf *fn,
			unsigned in_port);
void bp_filter_check(const struct bp_function_conf *fn, struct bp_check *check);

#endif
