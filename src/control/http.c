/* Serves one document over HTTP, by libmicrohttpd. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS 16u
#define SILENCE_S   10u
#define OPEN_TYPE   "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define TEXT_TYPE   "text/plain; version=0.0.4; charset=utf-8"

struct bp_http {
	struct MHD_Daemon *daemon;
	bp_http_fn text;
	void *ctx;
};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, char *text,
			     size_t n_bytes, const char *type)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(n_bytes, text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result reply_short(struct MHD_Connection *connection, unsigned status,
				   const char *text)
{
	return reply(connection, status, (char *)(uintptr_t)text, strlen(text),
		     "text/plain; charset=utf-8");
}

/* NOLINTNEXTLINE(readability-function-size): the signature is the library's */
static enum MHD_Result serve(void *ctx, struct MHD_Connection *connection, const char *url,
			     const char *method, const char *version, const char *body,
			     size_t *n_body, void **state)
{
	struct bp_http *http = ctx;
	const char *accept =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	bool is_open = accept && strstr(accept, "application/openmetrics-text");
	enum MHD_Result result;
	size_t n_bytes = 0;
	char *text;

	(void)version;
	(void)body;
	(void)n_body;
	(void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply_short(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	if (strcmp(url, "/metrics") != 0)
		return reply_short(connection, MHD_HTTP_NOT_FOUND, "see /metrics\n");
	text = http->text(http->ctx, is_open, &n_bytes);
	if (!text)
		return reply_short(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				   "the run is about to end\n");
	result = reply(connection, MHD_HTTP_OK, text, n_bytes, is_open ? OPEN_TYPE : TEXT_TYPE);
	free(text);
	return result;
}

int bp_http_start(struct bp_http **out, int listen_fd, bp_http_fn text, void *ctx)
{
	struct bp_http *http = calloc(1, sizeof(*http));
	int own_fd = http ? dup(listen_fd) : -1; /* the daemon closes its own */

	if (own_fd < 0) {
		int err = http ? -errno : -ENOMEM;

		free(http);
		return err;
	}
	http->text = text;
	http->ctx = ctx;
	http->daemon = MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD, 0, NULL, NULL, serve, http,
					MHD_OPTION_LISTEN_SOCKET, own_fd,
					MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
					MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_S, MHD_OPTION_END);
	if (http->daemon) {
		*out = http;
		return 0;
	}
	close(own_fd);
	free(http);
	return -EAGAIN;
}

void bp_http_stop(struct bp_http *http)
{
	if (!http)
		return;
	MHD_stop_daemon(http->daemon);
	free(http);
}
