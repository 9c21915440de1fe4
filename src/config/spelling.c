/* Compares spellings, joins words. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/spelling.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX 64u

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/*
 * Edit distance with swaps of neighbours ('drvier' is 1 from 'driver'). Both ≤ WORD_MAX.
 * Source: optimal string alignment distance, three rows of the table at a time.
 */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	size_t len_a = strlen(a), len_b = strlen(b);

	for (unsigned j = 0; j <= len_b; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= len_a; i++) {
		unsigned *row = rows[i % 3], *up = rows[(i - 1) % 3], *up2 = rows[(i + 1) % 3];

		row[0] = i;
		for (unsigned j = 1; j <= len_b; j++) {
			row[j] =
				min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min3(row[j], up2[j - 2] + 1, row[j]);
		}
	}
	return rows[len_a % 3][len_b];
}

/* At most a third of the longer word may differ, and one letter of the shortest ones. */
void bp_nearest_try(struct bp_nearest *nearest, const char *candidate)
{
	size_t len_word = strlen(nearest->word), len = strlen(candidate);
	size_t longer = len > len_word ? len : len_word;
	unsigned distance;

	if (len_word > WORD_MAX || len > WORD_MAX || !len || longer < 2)
		return;
	distance = edit_distance(nearest->word, candidate);
	if (distance > (longer + 2) / 3 || distance >= longer)
		return;
	if (nearest->best && distance >= nearest->distance)
		return;
	nearest->best = candidate;
	nearest->distance = distance;
}

const char *bp_hint(char hint[BP_HINT_BYTES], const char *best)
{
	hint[0] = '\0';
	if (best)
		snprintf(hint, BP_HINT_BYTES, "; did you mean '%.64s'?", best);
	return hint;
}

bool bp_is_name(const char *text, const char *extra)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (!(*text >= 'a' && *text <= 'z') && !(*text >= '0' && *text <= '9') &&
		    !strchr(extra, *text))
			return false;
	return true;
}
