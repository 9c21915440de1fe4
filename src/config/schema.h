/* The schema: every section and key of an INI file, with type, unit, range, default, help. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_SCHEMA_H
#define BYPATH_CONFIG_SCHEMA_H

#include "bypath/facts.h"

#include <stdio.h>

/* The key of a section that is no port's, or NULL. */
const struct bp_key *bp_schema_find(const char *section, const char *name);

/* What a key allows, for people: "1..64 views", "yes | no". */
void bp_schema_print_allowed(const struct bp_key *key, char *out, size_t out_bytes);

/* What a reload does with another value, in a word or two: "live", "made anew"; "—": a run does not read it. Pure. */
const char *bp_schema_reload_word(const struct bp_section *section, const struct bp_key *key);

/* "read" or "read | live": words of the key for the values whose bits are set. */
void bp_schema_print_words(const struct bp_key *key, uint32_t values, char *out, size_t out_bytes);

/* Write config/reference.ini: every key of every section with its default and help. */
void bp_reference_print_ini(FILE *out);

/* Write the tables of docs/configuration.md. */
void bp_reference_print_tables(FILE *out);

/* Write docs/bypath.ini.5 (mdoc). */
void bp_reference_print_man(FILE *out);

#endif
