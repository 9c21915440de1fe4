/* Serves one document over HTTP. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONTROL_HTTP_H
#define BYPATH_CONTROL_HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct bp_http;

/*
 * The text of GET /metrics, in memory that free() takes, or NULL: it cannot be made now. is_open: the client
 * takes OpenMetrics. The server's thread.
 */
typedef char *(*bp_http_fn)(void *ctx, bool is_open, size_t *n_bytes);

/*
 * Serve whoever connects to listen_fd (the caller's, open until the server stopped) in a thread of its own, which
 * inherits the caller's signal mask; at most 16 connections, each for 10 s of silence. Control thread. 0, -ENOTSUP
 * (this build has no libmicrohttpd) or -errno.
 */
int bp_http_start(struct bp_http **http, int listen_fd, bp_http_fn text, void *ctx);

/* End all connections; NULL does nothing. Control thread; a text under way is waited for. */
void bp_http_stop(struct bp_http *http);

#endif
