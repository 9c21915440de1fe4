/* An INI file with its overrides as a list of settings, each with its place. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_INI_H
#define BYPATH_CONFIG_INI_H

#include "config/problems.h"

#include <stdbool.h>
#include <stddef.h>

/* Longest line that iniparser 4.1 reads (ASCIILINESZ, minus the newline and the terminator). */
#define BP_INI_LINE_BYTES 1022u
#define BP_INI_FILE_BYTES (256u << 10)
#define BP_INI_ITEMS_MAX  2048u

struct bp_ini_item {
	char *section;
	char *key; /* NULL: the section's header */
	char *value; /* NULL with key NULL */
	bool is_refused; /* its value is none that the key allows, which was said */
	struct bp_where where;
};

struct bp_ini {
	struct bp_ini_item *items; /* in the order of the file */
	size_t n_items;
	bool has_nonsense; /* lines were left out: a setting that is missing may stand in them */
};

/*
 * Read the file at path once, put its faults of form in problems, apply the overrides
 * "section.key=value" (an empty value takes the key away).
 *
 * ini is filled and owned by the caller (bp_ini_free()) when 0 is returned, also when there are
 * problems; it keeps pointers to the texts of sets. Blocks on reads. Returns 0, or -errno when the
 * file cannot be read, with its problem added.
 */
int bp_ini_read(const char *path, const char *const *sets, size_t n_sets,
		struct bp_problems *problems, struct bp_ini *ini);
void bp_ini_free(struct bp_ini *ini);

/* The item, or NULL. key NULL: the section's header. */
struct bp_ini_item *bp_ini_find(const struct bp_ini *ini, const char *section, const char *key);

/* Where the key stands; where its section stands if the key was not given; else the whole file. */
struct bp_where bp_ini_where(const struct bp_ini *ini, const char *section, const char *key);

/* Append a copy of one setting (key and value NULL: a header). false: no memory, or too many. */
bool bp_ini_add(struct bp_ini *ini, const char *section, const char *key, const char *value,
		struct bp_where where);

/* Take one setting out. */
void bp_ini_remove(struct bp_ini *ini, struct bp_ini_item *item);

#endif
