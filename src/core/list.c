/* Lists of words in messages: "a, b, …". */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/list.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MORE "…"

/* Is its last word the one that stands for those without room, and not one that ends so? */
static bool is_cut(const char *list, size_t len, const char *between)
{
	size_t n_more = sizeof(MORE) - 1, n_between = strlen(between);

	if (len < n_more || strcmp(list + len - n_more, MORE) != 0)
		return false;
	len -= n_more;
	return !len || (len >= n_between && !memcmp(list + len - n_between, between, n_between));
}

void bp_list_add(char *list, size_t list_bytes, const char *between, const char *word)
{
	size_t len = strlen(list), n_between = len ? strlen(between) : 0;
	/* Behind each word that is taken there is room for the end. */
	size_t n_end = strlen(between) + sizeof(MORE) - 1;

	if (is_cut(list, len, between))
		return;
	if (len + n_between + strlen(word) + n_end >= list_bytes)
		word = MORE;
	snprintf(list + len, list_bytes - len, "%s%s", len ? between : "", word);
}
