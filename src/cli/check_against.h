/* What a file changes, or would change, in a running instance. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_CHECK_AGAINST_H
#define BYPATH_CLI_CHECK_AGAINST_H

#include "bypath/config.h"

#include <jansson.h>
#include <stddef.h>

/*
 * Ask the instance of this name what it runs with, and compare loaded (with its hops) with that: a bypath.change/1, where
 * "refused" is what only a restart changes. Files that functions read are not looked at: the instance does, in a reload.
 * Control thread; waits for the instance as bp_ask(). A new reference, or NULL (said on standard error).
 */
json_t *bp_check_against(const char *name, const struct bp_conf *loaded);

/* Print a bypath.change/1 on standard output, a line for each change or refusal. Control thread. */
void bp_print_change(const json_t *change);

#endif
