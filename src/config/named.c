/* The kinds of sections that stand for many. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/named.h"

#include "bypath/driver.h"
#include "bypath/function.h"

#include "config/schema.h"
#include "config/spelling.h"

#include <stdio.h>
#include <string.h>

static bool driver_at(unsigned i, struct bp_named_word *word)
{
	const struct bp_driver_entry *entry = &bp_driver_table[i];

	if (entry->name)
		*word = (struct bp_named_word){ entry->name, entry->facts->summary,
						entry->facts->keys };
	return entry->name != NULL;
}

static bool function_at(unsigned i, struct bp_named_word *word)
{
	const struct bp_function *function = bp_function_table[i];

	if (function)
		*word = (struct bp_named_word){ function->name, function->summary, function->keys };
	return function != NULL;
}

#define VALUES(count_, array_)                                                            \
	.n_at = offsetof(struct bp_conf, count_), .at = offsetof(struct bp_conf, array_), \
	.value_bytes = sizeof(((struct bp_conf *)0)->array_[0])

const struct bp_named bp_named[BP_N_NAMED] = {
	[BP_NAMED_PORT] = { .section = "port",
			    .max = BP_PORTS_MAX,
			    VALUES(n_ports, ports),
			    .chooser = "driver",
			    .word_at = driver_at },
	[BP_NAMED_STREAM] = { .section = "stream",
			      .max = BP_STREAMS_MAX,
			      VALUES(n_streams, streams) },
	[BP_NAMED_FUNCTION] = { .section = "function",
				.max = BP_FUNCTIONS_MAX,
				VALUES(n_functions, functions),
				.chooser = "type",
				.word_at = function_at },
};
static_assert(offsetof(struct bp_port_conf, name) == 0, "a value begins with its name");
static_assert(offsetof(struct bp_stream_conf, name) == 0, "a value begins with its name");
static_assert(offsetof(struct bp_function_conf, name) == 0, "a value begins with its name");

const struct bp_named *bp_named_of(const char *section)
{
	for (unsigned kind = 0; kind < BP_N_NAMED; kind++)
		if (!strcmp(bp_named[kind].section, section))
			return &bp_named[kind];
	return NULL;
}

unsigned bp_named_n(const struct bp_named *named, const struct bp_conf *conf)
{
	return *(const uint16_t *)(const void *)((const char *)conf + named->n_at);
}

void *bp_named_value(const struct bp_named *named, struct bp_conf *conf, unsigned i)
{
	return (char *)conf + named->at + i * named->value_bytes;
}

int bp_named_find(const struct bp_named *named, const struct bp_conf *conf, const char *name)
{
	for (unsigned i = 0; i < bp_named_n(named, conf); i++)
		if (!strcmp((const char *)conf + named->at + i * named->value_bytes, name))
			return (int)i;
	return -1;
}

const char *bp_named_name(const struct bp_named *named, const char *section)
{
	size_t n = strlen(named->section);

	return !strncmp(section, named->section, n) && section[n] == '.' ? section + n + 1 : NULL;
}

void bp_named_section(enum bp_named_kind kind, const char *name, char section[BP_SECTION_BYTES])
{
	snprintf(section, BP_SECTION_BYTES, "%s.%s", bp_named[kind].section, name);
}

bool bp_named_word_at(const struct bp_named *named, unsigned i, struct bp_named_word *word)
{
	return named->word_at && named->word_at(i, word);
}

const struct bp_key *bp_named_keys(const struct bp_named *named, const void *value)
{
	struct bp_named_word word;
	const char *chosen;

	if (!named->chooser)
		return NULL;
	chosen = (const char *)value + bp_schema_find(named->section, named->chooser)->offset;
	for (unsigned i = 0; bp_named_word_at(named, i, &word); i++)
		if (!strcmp(word.word, chosen))
			return word.keys;
	return NULL;
}

void bp_named_print_words(const struct bp_named *named, const char *key, char *out,
			  size_t out_bytes)
{
	struct bp_named_word word;

	out[0] = '\0';
	for (unsigned i = 0; bp_named_word_at(named, i, &word); i++)
		if (bp_key_find(word.keys, key))
			bp_list_add(out, out_bytes, ", ", word.word);
}
