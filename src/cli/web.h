/* What a run shows over HTTP: [metrics] listen. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_WEB_H
#define BYPATH_CLI_WEB_H

#include <jansson.h>

struct bp_http;

/* A bypath.report/1 as it stands, with "instance" and "version": a new reference, or NULL. Any thread but the control
 * thread, which makes it. */
typedef json_t *(*bp_web_ask_fn)(void *ctx);

/* Fields are web.c's. */
struct bp_cli_web {
	char listen[128]; /* a copy: the configuration may be replaced */
	int fd; /* -1: none */
	struct bp_http *http;
	bp_web_ask_fn ask;
	void *ctx;
	json_t *floors; /* of metrics; the thread of requests has it */
	json_t *before; /* the report of the event before, or NULL; the thread of events has it */
};

/* Listen; an empty text: nowhere. Control thread, before anything is opened. 0 or -errno (logged). */
int bp_cli_web_open(struct bp_cli_web *web, const char *listen);

/* Serve from now on; where that cannot be (logged) the run goes without. Control thread. */
void bp_cli_web_start(struct bp_cli_web *web, bp_web_ask_fn ask, void *ctx);

/* No more answers. Control thread, when nobody waits for ask() any more; again does nothing. */
void bp_cli_web_close(struct bp_cli_web *web);

#endif
