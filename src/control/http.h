/* Serves what a run shows over HTTP: a page, its events, metrics. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONTROL_HTTP_H
#define BYPATH_CONTROL_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define BP_HTTP_CONNECTIONS_MAX 32u
#define BP_HTTP_LISTENERS_MAX   8u /* of events, among them */
#define BP_HTTP_SILENCE_S       10u
#define BP_HTTP_EVENT_S         1u

struct bp_http;

/* What is served; nothing of it changes anything. Texts are in memory that free() takes, or NULL: it cannot be made now. */
struct bp_http_content {
	const char *page; /* GET /: HTML, static */
	size_t page_bytes;
	/* GET /metrics. is_open: the client takes OpenMetrics. In the thread of requests, which waits for it. */
	char *(*metrics)(void *ctx, bool is_open, size_t *n_bytes);
	/* GET /events: the data of one event, a line; asked for once a second while somebody listens, and sent to all who do.
	 * In the thread of events. */
	char *(*event)(void *ctx, size_t *n_bytes);
	void *ctx;
	bool is_local; /* reached from this machine only: a page of another name must not read it (DNS rebinding) */
};

/*
 * Serve whoever connects to listen_fd (does not block; the caller's, open until the server stopped) in two threads of its
 * own: at most BP_HTTP_CONNECTIONS_MAX connections, each for BP_HTTP_SILENCE_S of silence, and for as long from its begin, or
 * its last answer, until a request's header is whole. One more closes who has waited longest without one, or, where all have
 * asked, itself. Of events BP_HTTP_LISTENERS_MAX, who share one text: who is slow misses some, who takes nothing is dropped
 * as silent. Where descriptors lack, it waits for some. content is copied. Control thread. 0, -ENOTSUP (this build has no
 * libmicrohttpd) or -errno.
 */
int bp_http_start(struct bp_http **http, int listen_fd, const struct bp_http_content *content);

/* End all connections; NULL does nothing. Control thread; a text under way is waited for. */
void bp_http_stop(struct bp_http *http);

#endif
