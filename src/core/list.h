/* Lists of words in messages: "a, b, …". */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_LIST_H
#define BYPATH_CORE_LIST_H

#include <stddef.h>

/*
 * Append a word to a list, which is "" at first, with `between` before it unless it is the first: "a, b". What does not fit
 * is "…" at its end, never a part of a word, which could be taken for another. list_bytes ≥ 4 and the same in each call, as
 * is `between`. Any thread.
 */
void bp_list_add(char *list, size_t list_bytes, const char *between, const char *word);

#endif
