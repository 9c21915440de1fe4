/* What the files of a change share. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_CHANGE_VALUES_H
#define BYPATH_ENGINE_CHANGE_VALUES_H

#include "bypath/facts.h"

/* Is a key's value the same in both of what its offset counts in? Pure. */
bool bp_change_is_same(const struct bp_key *key, const void *a, const void *b);

/* A section that stands once, which a run reads, and of which a reload takes up some keys? Pure. */
bool bp_change_is_of_run(const struct bp_section *section);

/* The value as it would be written; "" where that takes more than a word. Pure. */
void bp_change_print(const struct bp_key *key, const void *base, char *text, size_t n);

#endif
