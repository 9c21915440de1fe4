/* What a run shows over HTTP: [metrics] listen. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_WEB_H
#define BYPATH_CLI_WEB_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct bp_http;

#define BP_WEB_FRESH_MS 100u /* a text that is younger serves again */

/* What others make; any thread but the control thread, which makes it. */
struct bp_web_source {
	/* A bypath.report/1 as it stands, with "instance" and "version": a new reference, or NULL. */
	json_t *(*report)(void *ctx);
	/* Write the metrics as they stand, as bp_metrics_write() does. False: it could not. */
	bool (*metrics)(void *ctx, FILE *out, bool is_open, json_t *floors);
	void *ctx;
};

/* Metrics as they were said. */
struct bp_web_text {
	char *text; /* or NULL */
	size_t n_bytes;
	uint64_t made_ns;
};

struct bp_cli_door;

/* Fields are web.c's. */
struct bp_cli_web {
	struct bp_cli_door *door; /* where it is served; NULL: nowhere */
	struct bp_cli_door *next; /* where it is to be, since bp_cli_web_prepare() */
	bool is_prepared; /* to be served there in the place of door */
	struct bp_cli_door *ended; /* of before: their connections end, or have */
	struct bp_web_source source;
	/* Of those who ask. Under it: what is below, but for is_old. */
	pthread_mutex_t lock;
	json_t *floors; /* of metrics, wherever they are served */
	struct bp_web_text said[2]; /* as text, as OpenMetrics */
	json_t *before; /* of the event before, or NULL */
	_Atomic bool is_old; /* what was said is, whatever its time */
};

/* Listen; an empty text: nowhere. Control thread, before anything is opened. 0 or -errno (logged). */
int bp_cli_web_open(struct bp_cli_web *web, const char *listen);

/*
 * Be ready to serve at listen (an empty text: nowhere) in the place of where it is served, which goes on meanwhile: both are
 * answered from now on. Control thread, after bp_cli_web_start(). 0; -errno with a sentence in why: nothing has changed. Then one
 * of these:
 */
int bp_cli_web_prepare(struct bp_cli_web *web, const char *listen, char *why, size_t why_bytes);
/* It is served there and nowhere else: who listened to events elsewhere reads their end, counters go on. Waits for nobody. */
void bp_cli_web_take(struct bp_cli_web *web);
/* It is served where it was. Nobody has been told of the other place. */
void bp_cli_web_drop(struct bp_cli_web *web);

/* Serve from now on; where that cannot be (logged) the run goes without. Control thread. */
void bp_cli_web_start(struct bp_cli_web *web, const struct bp_web_source *source);

/* Something was changed: who asks from now on gets what is made anew. Any thread; does not wait. */
void bp_cli_web_renew(struct bp_cli_web *web);

/* No more answers. Control thread, when nobody waits for the source any more; again does nothing. */
void bp_cli_web_close(struct bp_cli_web *web);

#endif
