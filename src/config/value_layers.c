/* Turns the text of a stream's lists of headers into values. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/value.h"

#include "core/layers.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The next word of a list: from *text up to a comma. Returns its length without blanks; *text behind it. */
static size_t take_word(const char **text, const char **word)
{
	size_t n;

	*text += strspn(*text, " \t");
	*word = *text;
	n = strcspn(*text, ",");
	*text += n + ((*text)[n] == ',');
	while (n && isblank((unsigned char)(*word)[n - 1]))
		n--;
	return n;
}

/* Parse n bytes of text as a decimal number, or as a hexadecimal one behind 0x, up to max. */
static bool parse_id(const char *text, size_t n, uint64_t max, uint32_t *id)
{
	bool is_hex = n > 2 && text[0] == '0' && text[1] == 'x';
	char digits[16], *end;
	unsigned long long v;

	if (!n || n >= sizeof(digits) || !isdigit((unsigned char)text[0]))
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	v = strtoull(digits, &end, is_hex ? 16 : 10);
	if (*end || v > max)
		return false;
	*id = (uint32_t)v;
	return true;
}

static bool parse_encap(const char *word, size_t n, struct bp_encap *encap)
{
	const char *colon = memchr(word, ':', n);
	size_t n_name = colon ? (size_t)(colon - word) : n;

	for (const struct bp_encap_word *w = bp_encap_words; w->word; w++) {
		if (strlen(w->word) != n_name || memcmp(w->word, word, n_name) != 0)
			continue;
		*encap = (struct bp_encap){ .kind = w->kind, .has_id = colon != NULL };
		return colon ? parse_id(colon + 1, n - n_name - 1, w->id_max, &encap->id)
			     : !w->needs_id;
	}
	return false;
}

bool bp_value_parse_encaps(const char *text, struct bp_encaps *encaps)
{
	struct bp_encaps e = { 0 };
	const char *word;

	do {
		size_t n = take_word(&text, &word);

		if (e.n == BP_ENCAP_MAX || !parse_encap(word, n, &e.v[e.n++]))
			return false;
	} while (*text || word[strcspn(word, ",")] == ',');
	*encaps = e;
	return true;
}

bool bp_value_parse_extensions(const char *text, uint8_t *bits)
{
	const char *word;
	uint8_t found = 0;

	do {
		const struct bp_word *w = bp_extension_words;
		size_t n = take_word(&text, &word);

		while (w->word && (strlen(w->word) != n || memcmp(w->word, word, n) != 0))
			w++;
		if (!w->word || (found & w->value))
			return false;
		found |= (uint8_t)w->value;
	} while (*text || word[strcspn(word, ",")] == ',');
	*bits = found;
	return true;
}
