/* One key of a configuration: its words, its value. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/key.h"

#include <string.h>

const struct bp_word bp_words_yes_no[] = { { "yes", 1 }, { "no", 0 }, { NULL, 0 } };
const struct bp_word bp_words_yes_no_auto[] = {
	{ "auto", BP_AUTO }, { "yes", BP_YES }, { "no", BP_NO }, { NULL, 0 }
};
const struct bp_word bp_words_auto_off[] = { { "auto", BP_AUTO }, { "off", BP_NO }, { NULL, 0 } };
const struct bp_word bp_words_pass[] = { { "auto", BP_PASS_AUTO },
					 { "off", BP_PASS_OFF },
					 { NULL, 0 } };

const struct bp_key *bp_key_find(const struct bp_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (!strcmp(keys->name, name))
			return keys;
	return NULL;
}

const struct bp_word *bp_key_word(const struct bp_key *key, const char *word)
{
	for (const struct bp_word *w = key->words; w->word; w++)
		if (!strcmp(w->word, word))
			return w;
	return NULL;
}

const char *bp_key_word_of(const struct bp_key *key, unsigned value)
{
	for (const struct bp_word *w = key->words; w->word; w++)
		if (w->value == value)
			return w->word;
	return NULL;
}

uint64_t bp_key_value(const struct bp_key *key, const void *base)
{
	const char *field = (const char *)base + key->offset;
	uint64_t value = 0;

	memcpy(&value, field, key->size); /* little-endian: see meson.build */
	return value;
}
