/* Asks a running instance through its socket. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONTROL_CLIENT_H
#define BYPATH_CONTROL_CLIENT_H

#include <jansson.h>
#include <stddef.h>

/* For what an instance says to a file that it does not take: a line for each fault. */
#define BP_REFUSED_BYTES 16384u

/*
 * Connect to the socket at path. One thread; waits for 10 s at most, and no longer than until a SIGINT or SIGTERM that the
 * caller has blocked is pending, as bp_client_ask() does. The descriptor, to be closed by the caller, or -errno.
 */
int bp_client_connect(const char *path);

/*
 * Send a request (its reference is taken) and wait for its answer. 0: *result is a new reference; -EREMOTE: the
 * instance says why not; else -errno: it is gone, or does not answer. why is a sentence then.
 */
int bp_client_ask(int fd, json_t *request, json_t **result, char *why, size_t why_bytes);

#endif
