/* What may stand at a place of the command line: for the shells' completion. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_COMPLETE_H
#define BYPATH_CLI_COMPLETE_H

#include "cli/common.h"

/* `bypath --complete WORD…`, and then the first argument of the command that the first word names. */
#define BP_COMPLETE "--complete"

/*
 * Print what the last of the words behind "bypath" may become, a line each: "word", or "word", a tab and what it is; "@.ini":
 * names of files with that end, and of folders. Commands come from their table; what stands behind one from its usage (FILE.ini,
 * NAME, PORT, WHAT, LEVEL, a|b, literal words), options and their values from its option table and the schema, names from the
 * instances that run. Ends the process after 2 s, without a word more, where an instance does not answer. An exit code.
 */
int bp_complete(int n_words, char **words);

/* The same of the words behind a command, whose options are rows. */
void bp_complete_behind(const char *command, int n_words, char **words,
			const struct bp_cli_option *rows);

#endif
