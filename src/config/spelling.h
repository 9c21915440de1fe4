/* Words: the nearest of several spellings, names, lists. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_SPELLING_H
#define BYPATH_CONFIG_SPELLING_H

#include "core/list.h"

#include <stdbool.h>
#include <stddef.h>

#define BP_HINT_BYTES 128u

/* The nearest candidate seen so far; start with only `word` set. */
struct bp_nearest {
	const char *word; /* what was written */
	const char *best; /* NULL: nothing near enough */
	unsigned distance;
};

/* Consider one more candidate, which must outlive the search. The first of equals stays. */
void bp_nearest_try(struct bp_nearest *nearest, const char *candidate);

/* "; did you mean 'best'?", or "" when best is NULL. Returns hint. */
const char *bp_hint(char hint[BP_HINT_BYTES], const char *best);

/* Does text consist of a-z, 0-9 and the characters of extra? Not if it is empty. */
bool bp_is_name(const char *text, const char *extra);

#endif
