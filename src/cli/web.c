/* What a run shows over HTTP: [metrics] listen. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/web.h"

#include "cli/live.h"
#include "cli/wait.h"

#include "bypath/log.h"

#include "control/http.h"
#include "core/aside.h"
#include "core/clock.h"
#include "core/serve.h"
#include "report/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- metrics --------------------------------------------------------------------------------------- */

static void forget_text(struct bp_web_text *said)
{
	free(said->text);
	*said = (struct bp_web_text){ .text = NULL };
}

static void make_text(struct bp_cli_web *web, bool is_open, struct bp_web_text *said)
{
	FILE *out = open_memstream(&said->text, &said->n_bytes);
	bool is_made;

	if (!out)
		return;
	is_made = web->source.metrics(web->source.ctx, out, is_open, web->floors) && !ferror(out);
	if (fclose(out) || !is_made)
		forget_text(said);
	said->made_ns = bp_clock_ns();
}

/* The last one where it is fresh, so that who asks often does not keep the control thread. Under the lock. */
static const struct bp_web_text *take_text(struct bp_cli_web *web, bool is_open)
{
	struct bp_web_text *said = &web->said[is_open];

	/* Before it asks: what changes meanwhile is seen by the next one. */
	if (atomic_exchange_explicit(&web->is_old, false, memory_order_acquire)) {
		forget_text(&web->said[0]);
		forget_text(&web->said[1]);
	}
	if (!said->text || bp_clock_ns() - said->made_ns > BP_WEB_FRESH_MS * UINT64_C(1000000)) {
		forget_text(said);
		make_text(web, is_open, said);
	}
	return said;
}

/* bp_http_content.metrics. */
static char *make_metrics(void *ctx, bool is_open, size_t *n_bytes)
{
	struct bp_cli_web *web = ctx;
	const struct bp_web_text *said;
	char *copy;

	pthread_mutex_lock(&web->lock);
	said = take_text(web, is_open);
	copy = said->text ? malloc(said->n_bytes) : NULL;
	if (copy)
		memcpy(copy, said->text, said->n_bytes); /* a text */
	*n_bytes = said->n_bytes;
	pthread_mutex_unlock(&web->lock);
	return copy;
}

/* ---- the live page --------------------------------------------------------------------------------- */

/* bp_http_content.event. */
static char *make_event(void *ctx, size_t *n_bytes)
{
	struct bp_cli_web *web = ctx;
	json_t *now, *live;
	char *text = NULL;

	pthread_mutex_lock(&web->lock);
	now = web->source.report(web->source.ctx);
	live = now ? bp_live_document(web->before, now) : NULL;
	if (live)
		text = json_dumps(live, JSON_COMPACT | JSON_REAL_PRECISION(12));
	*n_bytes = text ? strlen(text) : 0;
	json_decref(live);
	json_decref(web->before);
	web->before = now;
	pthread_mutex_unlock(&web->lock);
	return text;
}

/* ---- where it is served --------------------------------------------------------------------------- */

struct bp_cli_door {
	char listen[128]; /* a copy: the configuration may be replaced */
	int fd;
	struct bp_http *http; /* NULL: not served yet */
	struct bp_cli_door *next; /* of those that have ended */
	pthread_t closer; /* of one that has */
	bool has_closer;
};

static void close_door(struct bp_cli_door *door)
{
	if (!door)
		return;
	bp_http_stop(door->http);
	bp_serve_close(door->fd, door->listen);
	free(door);
}

/* An empty text: NULL. 0, or -errno with a sentence in why. */
static int open_door(const char *listen, const struct bp_cli_door *beside, struct bp_cli_door **out,
		     char *why, size_t why_bytes)
{
	struct bp_cli_door *door = listen[0] ? calloc(1, sizeof(*door)) : NULL;
	int fd = -ENOMEM;

	*out = NULL;
	if (!listen[0])
		return 0;
	if (door)
		fd = bp_serve_open_beside(listen, beside ? beside->fd : -1);
	if (fd < 0) {
		snprintf(why, why_bytes,
			 "[metrics] listen = %s: %s: choose another, or delete the line", listen,
			 strerror(-fd));
		free(door);
		return fd;
	}
	snprintf(door->listen, sizeof(door->listen), "%s", listen);
	door->fd = fd;
	*out = door;
	return 0;
}

static void warn_of_others(const struct bp_cli_door *door)
{
	if (door && !bp_serve_is_local(door->listen))
		bp_log(BP_LOG_WARN,
		       "[metrics] listen = %s: whoever reaches this address may read the figures, nobody is asked for a "
		       "password: 127.0.0.1 or unix:/PATH behind a proxy keeps others out",
		       door->listen);
}

/* 0, or -errno with a sentence in why. */
static int serve(struct bp_cli_web *web, struct bp_cli_door *door, char *why, size_t why_bytes)
{
	struct bp_http_content content = {
		.metrics = make_metrics,
		.event = make_event,
		.ctx = web,
		.is_local = bp_serve_is_local(door->listen),
	};
	int err = web->floors ? 0 : -ENOMEM;

	content.page = bp_report_live_page(&content.page_bytes);
	if (!err)
		err = bp_http_start(&door->http, door->fd, &content);
	if (err)
		snprintf(
			why, why_bytes, "[metrics] listen = %s: cannot be served: %s", door->listen,
			err == -ENOTSUP
				? "this build lacks libmicrohttpd: install libmicrohttpd-dev and build again"
				: strerror(-err));
	return err;
}

/* ---- where it is served no more ------------------------------------------------------------------- */

/* Who is being answered may wait for the control thread, which therefore waits for nobody here. */
static void *close_aside(void *ctx)
{
	struct bp_cli_door *door = ctx;

	bp_http_stop(door->http);
	door->http = NULL;
	return NULL;
}

/* Its closer has been joined, or it has none. */
static void forget(struct bp_cli_door **at)
{
	struct bp_cli_door *door = *at;

	*at = door->next;
	if (!door->has_closer) {
		close_door(door);
		return;
	}
	close(door->fd);
	free(door);
}

/* Those whose connections have ended are forgotten. */
static void forget_ended(struct bp_cli_web *web)
{
	struct bp_cli_door **at = &web->ended;

	while (*at)
		if ((*at)->has_closer && !pthread_tryjoin_np((*at)->closer, NULL))
			forget(at);
		else
			at = &(*at)->next;
}

static void end_door(struct bp_cli_web *web, struct bp_cli_door *door)
{
	forget_ended(web);
	door->has_closer = !bp_aside_start(&door->closer, "bypath-closer", 0, close_aside, door);
	if (door->has_closer)
		bp_serve_end(door->fd, door->listen);
	else
		bp_log(BP_LOG_WARN,
		       "[metrics] listen = %s: there is no thread to end it: it goes on until the run ends",
		       door->listen);
	door->next = web->ended;
	web->ended = door;
}

/* ---- its life ------------------------------------------------------------------------------------- */

int bp_cli_web_open(struct bp_cli_web *web, const char *listen)
{
	unsigned tries = 0;
	char why[512];
	int err;

	*web = (struct bp_cli_web){ .lock = PTHREAD_MUTEX_INITIALIZER };
	web->floors = json_object();
	do
		err = open_door(listen, NULL, &web->door, why, sizeof(why));
	while (err == -EADDRINUSE && bp_cli_may_be_left(&tries));
	if (err)
		bp_log(BP_LOG_ERROR, "%s", why);
	warn_of_others(web->door);
	return err;
}

void bp_cli_web_start(struct bp_cli_web *web, const struct bp_web_source *source)
{
	char why[512];

	web->source = *source;
	if (!web->door || !serve(web, web->door, why, sizeof(why)))
		return;
	bp_log(BP_LOG_ERROR, "%s", why);
	close_door(web->door);
	web->door = NULL;
}

void bp_cli_web_renew(struct bp_cli_web *web)
{
	atomic_store_explicit(&web->is_old, true, memory_order_release);
}

void bp_cli_web_close(struct bp_cli_web *web)
{
	bp_cli_web_drop(web);
	close_door(web->door);
	web->door = NULL;
	while (web->ended) {
		if (web->ended->has_closer)
			pthread_join(web->ended->closer, NULL);
		forget(&web->ended);
	}
	json_decref(web->floors);
	json_decref(web->before);
	web->floors = web->before = NULL;
	forget_text(&web->said[0]);
	forget_text(&web->said[1]);
}

/* ---- another place -------------------------------------------------------------------------------- */

int bp_cli_web_prepare(struct bp_cli_web *web, const char *listen, char *why, size_t why_bytes)
{
	int err = open_door(listen, web->door, &web->next, why, why_bytes);

	if (!err && web->next)
		err = serve(web, web->next, why, why_bytes);
	web->is_prepared = true;
	if (err)
		bp_cli_web_drop(web);
	return err;
}

void bp_cli_web_drop(struct bp_cli_web *web)
{
	if (web->next)
		end_door(web, web->next);
	web->next = NULL;
	web->is_prepared = false;
}

void bp_cli_web_take(struct bp_cli_web *web)
{
	if (!web->is_prepared)
		return;
	if (web->door)
		end_door(web, web->door);
	web->door = web->next;
	web->next = NULL;
	web->is_prepared = false;
	warn_of_others(web->door);
}
