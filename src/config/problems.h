/* The errors found in one configuration: collected with their place, printed in its order. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_PROBLEMS_H
#define BYPATH_CONFIG_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

/* Where a setting was written. line 0 with set NULL: the file as a whole. */
struct bp_where {
	unsigned line; /* 1-based line of the file */
	const char *set; /* the text of --set, which then replaces the line; not owned */
};

struct bp_problem {
	struct bp_where where;
	char *text;
};

/* Owner of the texts. One thread. */
struct bp_problems {
	const char *path; /* of the file; not owned */
	struct bp_problem *v;
	size_t n;
	size_t n_room;
	bool is_cut; /* memory ran out, or there were more than anyone reads */
};

void bp_problems_init(struct bp_problems *problems, const char *path);
void bp_problems_free(struct bp_problems *problems);

/*
 * Add one error. section may be NULL (a line without sense), key too (the section as a whole).
 * The sentence: found '…', allowed: …; what to do.
 */
void bp_problem(struct bp_problems *problems, struct bp_where where, const char *section,
		const char *key, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/*
 * Write all errors to out, a line each, in order of lines, then what concerns the whole file, then
 * overrides. Cut at out_bytes (≥ 1), always terminated; valid UTF-8 without control characters
 * but '\n', whatever the file held.
 */
void bp_problems_print(struct bp_problems *problems, char *out, size_t out_bytes);

#endif
