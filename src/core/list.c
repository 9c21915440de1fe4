/* Lists of words in messages: "a, b, …". */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/list.h"

#include <stdio.h>
#include <string.h>

#define MORE "…"

void bp_list_add(char *list, size_t list_bytes, const char *between, const char *word)
{
	size_t len = strlen(list), n_between = len ? strlen(between) : 0;
	/* Behind each word that is taken there is room for the end. */
	size_t n_end = strlen(between) + sizeof(MORE) - 1;

	if (len >= sizeof(MORE) - 1 && !strcmp(list + len - (sizeof(MORE) - 1), MORE))
		return;
	if (len + n_between + strlen(word) + n_end >= list_bytes)
		word = MORE;
	snprintf(list + len, list_bytes - len, "%s%s", len ? between : "", word);
}
