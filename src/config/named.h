/* Sections that stand for many, each with a name of its own behind a dot: [port.NAME]. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_NAMED_H
#define BYPATH_CONFIG_NAMED_H

#include "bypath/key.h"

enum bp_named_kind { BP_NAMED_PORT, BP_NAMED_STREAM, BP_NAMED_FUNCTION, BP_N_NAMED };

#define BP_SECTION_BYTES (BP_NAME_BYTES + 10u) /* "function." with a name */

/* A word that a chooser allows, and what it brings. All pointers are static. */
struct bp_named_word {
	const char *word, *summary;
	const struct bp_key *keys; /* ends with name NULL */
};

/* One kind. All pointers are static. */
struct bp_named {
	const char *section; /* of the schema; also what one of them is called: "port" */
	unsigned max;
	/* In struct bp_conf: where a uint16_t has their number, where their array begins; a value begins with its name. */
	size_t n_at, at, value_bytes;
	const char *chooser; /* the key whose word brings further keys: "driver"; NULL: none does */
	/* The i-th word that it allows; false: there are fewer. */
	bool (*word_at)(unsigned i, struct bp_named_word *word);
};

extern const struct bp_named bp_named[BP_N_NAMED];

/* The kind that the schema's section of this name is of, or NULL. Pure. */
const struct bp_named *bp_named_of(const char *section);

/* Their number; the i-th value; the one of this name, or -1. Pure. */
unsigned bp_named_n(const struct bp_named *named, const struct bp_conf *conf);
void *bp_named_value(const struct bp_named *named, struct bp_conf *conf, unsigned i);
int bp_named_find(const struct bp_named *named, const struct bp_conf *conf, const char *name);

/* "port.NAME" → NAME, if it is a section of this kind; else NULL. Pure. */
const char *bp_named_name(const struct bp_named *named, const char *section);

/* Make "port.NAME". */
void bp_named_section(enum bp_named_kind kind, const char *name, char section[BP_SECTION_BYTES]);

/* The i-th word of the chooser. false: there are fewer, or no chooser. Pure. */
bool bp_named_word_at(const struct bp_named *named, unsigned i, struct bp_named_word *word);

/* The further keys that a value has by its chooser's word; NULL: it has none (yet). Pure. */
const struct bp_key *bp_named_keys(const struct bp_named *named, const void *value);

/* "a, b, c": the words of the chooser that have a key of this name. "": none. */
void bp_named_print_words(const struct bp_named *named, const char *key, char *out,
			  size_t out_bytes);

#endif
