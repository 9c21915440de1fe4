/* The pieces of a run's report that can be asked for, and what happens between two of them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_SHOW_H
#define BYPATH_CLI_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define BP_SHOW_INSTANCES "instances" /* a WHAT that no instance is asked for */

/* Strings are static. */
struct bp_show {
	const char *what; /* "ports"; NULL ends the table */
	const char *help;
	const char *members; /* of the report, with commas; NULL: all */
};

extern const struct bp_show bp_shows[];

/* The row, or NULL. Pure. */
const struct bp_show *bp_show_find(const char *what);

/* "ports, queues, …" */
void bp_show_list(char *text, size_t text_bytes);

/*
 * A bypath.show/1: the instance's name, "what", "run", and the piece's members of a bypath.report/1 with
 * "instance" in it (for "counters": one object of names and numbers; for "all" the report itself). A new reference or NULL. Pure.
 */
json_t *bp_show_piece(json_t *report, const struct bp_show *show);

/* Take what is a default out of the settings of a piece. */
void bp_show_given(json_t *piece);

/* What a bypath.watch/1 says of the time between two reports of one run ("all"). A new reference or NULL. Pure. */
json_t *bp_show_rates(const json_t *before, const json_t *now);

/* Make the counters of a piece those since an earlier one of the same run. false: it is of another. */
bool bp_show_since(json_t *counters, const json_t *before);

#endif
