/* Finds the instance that a command is about, and asks it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_SHOW_ASK_H
#define BYPATH_CLI_SHOW_ASK_H

#include "control/client.h"
#include "control/instance.h"

#include <jansson.h>

/*
 * The instance of this name, or (NULL) the only one that runs. Control thread. 0 or an exit code + 1: none
 * runs, several do, or none of that name (said on standard error).
 */
int bp_ask_find(const char *name, char found[BP_INSTANCE_NAME_BYTES]);

/* Connect to an instance. Control thread; waits 10 s at most. A descriptor of the caller's, or -1 (said on standard error). */
int bp_ask_connect(const char *name);

/*
 * Ask an instance once. Control thread; waits 10 s at most. 0: *result is a new reference; -EREMOTE: it says why not, in
 * lines; else -errno: it does not answer. What is wrong is said on standard error too.
 */
int bp_ask_why(const char *name, json_t *request, json_t **result, char why[BP_REFUSED_BYTES]);

/* bp_ask_why() for who does not ask why. A new reference, or NULL. */
json_t *bp_ask(const char *name, json_t *request);

/* Ask an instance (NULL: the only one) for something to be done. An exit code; what is wrong is said on standard error. */
int bp_ask_to(const char *name, json_t *request);

#endif
