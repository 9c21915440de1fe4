/* The options of `bypath explain --line-rate`. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_EXPLAIN_LINE_H
#define BYPATH_CLI_EXPLAIN_LINE_H

#include <jansson.h>

/* As they were given; NULL: not given. The strings are argv's. */
struct bp_line_options {
	const char *rate, *cycles, *hz, *from;
};

/* Are they right, by themselves and beside each other? 0, or an exit code + 1 (said why). */
int bp_line_check(const struct bp_line_options *o);

/*
 * Make the document of checked options out of that of a configuration that was explained (bypath.explain/1), whose
 * reference is taken over. Blocks on the report's file. 0 with *document (NULL when memory lacks), or an exit
 * code + 1 (said why).
 */
int bp_line_make(const struct bp_line_options *o, json_t *explained, json_t **document);

#endif
