/* What a run shows over HTTP: [metrics] listen. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/web.h"

#include "cli/live.h"

#include "bypath/log.h"

#include "control/http.h"
#include "core/clock.h"
#include "core/serve.h"
#include "report/live.h"
#include "report/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A report: the last one where it is fresh, so that who asks often does not keep the control thread. A new reference, or NULL.
 * Under the lock. */
static json_t *take_report(struct bp_cli_web *web)
{
	/* Before it asks: what changes meanwhile is seen by the next one. */
	bool is_old = atomic_exchange_explicit(&web->is_old, false, memory_order_acquire);

	if (!web->last || is_old ||
	    bp_clock_ns() - web->last_ns > BP_WEB_FRESH_MS * UINT64_C(1000000)) {
		json_decref(web->last);
		web->last = web->ask(web->ctx);
		web->last_ns = bp_clock_ns();
	}
	return json_incref(web->last);
}

static char *metrics_text(struct bp_cli_web *web, bool is_open, size_t *n_bytes)
{
	json_t *report = take_report(web);
	char *text = NULL;
	FILE *out = report ? open_memstream(&text, n_bytes) : NULL;

	if (out) {
		bp_report_metrics(out, report, is_open, web->floors);
		if (fclose(out)) {
			free(text);
			text = NULL;
		}
	}
	json_decref(report);
	return text;
}

/* bp_http_content.metrics. */
static char *make_metrics(void *ctx, bool is_open, size_t *n_bytes)
{
	struct bp_cli_web *web = ctx;
	char *text;

	pthread_mutex_lock(&web->lock);
	text = metrics_text(web, is_open, n_bytes);
	pthread_mutex_unlock(&web->lock);
	return text;
}

/* bp_http_content.event. */
static char *make_event(void *ctx, size_t *n_bytes)
{
	struct bp_cli_web *web = ctx;
	json_t *now, *live;
	char *text = NULL;

	pthread_mutex_lock(&web->lock);
	now = take_report(web);
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

int bp_cli_web_open(struct bp_cli_web *web, const char *listen)
{
	*web = (struct bp_cli_web){ .fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER };
	snprintf(web->listen, sizeof(web->listen), "%s", listen);
	if (!listen[0])
		return 0;
	web->fd = bp_serve_open(listen);
	if (web->fd < 0) {
		bp_log(BP_LOG_ERROR,
		       "[metrics] listen = %s: %s: choose another, or delete the line", listen,
		       strerror(-web->fd));
		return web->fd;
	}
	if (!bp_serve_is_local(listen))
		bp_log(BP_LOG_WARN,
		       "[metrics] listen = %s: whoever reaches this address may read the figures, nobody is asked for a "
		       "password: 127.0.0.1 or unix:/PATH behind a proxy keeps others out",
		       listen);
	return 0;
}

static int serve(struct bp_cli_web *web)
{
	struct bp_http_content content = {
		.metrics = make_metrics,
		.event = make_event,
		.ctx = web,
		.is_local = bp_serve_is_local(web->listen),
	};

	content.page = bp_report_live_page(&content.page_bytes);
	web->floors = json_object();
	return web->floors ? bp_http_start(&web->http, web->fd, &content) : -ENOMEM;
}

void bp_cli_web_start(struct bp_cli_web *web, bp_web_ask_fn ask, void *ctx)
{
	int err;

	if (web->fd < 0)
		return;
	web->ask = ask;
	web->ctx = ctx;
	err = serve(web);
	if (!err)
		return;
	bp_log(BP_LOG_ERROR, "[metrics] listen = %s: cannot be served: %s", web->listen,
	       err == -ENOTSUP
		       ? "this build lacks libmicrohttpd: install libmicrohttpd-dev and build again"
		       : strerror(-err));
	bp_cli_web_close(web);
}

void bp_cli_web_renew(struct bp_cli_web *web)
{
	atomic_store_explicit(&web->is_old, true, memory_order_release);
}

void bp_cli_web_close(struct bp_cli_web *web)
{
	bp_http_stop(web->http);
	web->http = NULL;
	bp_serve_close(web->fd, web->listen);
	web->fd = -1;
	json_decref(web->floors);
	json_decref(web->before);
	json_decref(web->last);
	web->floors = web->before = web->last = NULL;
}
