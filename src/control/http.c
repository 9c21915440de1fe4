/* Serves what a run shows over HTTP, by libmicrohttpd. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/http.h"

#include "control/clients.h"
#include "control/events.h"

#include "core/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define REST_MS   100 /* from accepting, where descriptors lack */
#define NS        UINT64_C(1000000000)
#define OPEN_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct bp_http {
	struct bp_http_content content;
	struct MHD_Daemon *daemon;
	struct bp_events events;
	struct bp_clients clients;
	/* Of the thread that accepts connections and makes events; a libmicrohttpd that does so itself does not rest
	 * where descriptors lack. */
	pthread_t thread;
	int listen_fd, wake_fd;
	_Atomic bool is_over;
	uint64_t rests_until_ns; /* does not accept before */
	uint64_t next_event_ns;
};

/* ---- requests, in the daemon's thread --------------------------------------------------------------- */

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status,
			     struct MHD_Response *response, const char *type)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Content-Security-Policy", "frame-ancestors 'none'");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result reply_static(struct MHD_Connection *connection, unsigned status,
				    const char *text, size_t n_bytes, const char *type)
{
	return reply(connection, status,
		     MHD_create_response_from_buffer(n_bytes, (char *)(uintptr_t)text,
						     MHD_RESPMEM_PERSISTENT),
		     type);
}

static enum MHD_Result reply_short(struct MHD_Connection *connection, unsigned status,
				   const char *text)
{
	return reply_static(connection, status, text, strlen(text), "text/plain; charset=utf-8");
}

static enum MHD_Result reply_metrics(struct bp_http *http, struct MHD_Connection *connection)
{
	const char *accept =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	bool is_open = accept && strstr(accept, "application/openmetrics-text");
	struct MHD_Response *response;
	size_t n_bytes = 0;
	char *text = http->content.metrics(http->content.ctx, is_open, &n_bytes);

	if (!text)
		return reply_short(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				   "the run is about to end\n");
	response = MHD_create_response_from_buffer(n_bytes, text, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(text);
	return reply(connection, MHD_HTTP_OK, response, is_open ? OPEN_TYPE : TEXT_TYPE);
}

/* Whoever listens wants the first event now. */
static enum MHD_Result reply_events(struct bp_http *http, struct MHD_Connection *connection)
{
	enum MHD_Result result = bp_events_listen(&http->events, connection);

	(void)!write(http->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
	return result;
}

/* Is this "Host" a number or localhost, as whoever means this machine says? */
static bool is_plain_host(const char *host)
{
	size_t n = host[0] == '[' ? strcspn(host, "]") : strcspn(host, ":");
	char name[INET6_ADDRSTRLEN], address[16];

	if (host[0] == '[') {
		host++;
		n--;
	}
	if (n >= sizeof(name))
		return false;
	memcpy(name, host, n); /* a name */
	name[n] = '\0';
	return !strcasecmp(name, "localhost") || inet_pton(AF_INET, name, address) == 1 ||
	       inet_pton(AF_INET6, name, address) == 1;
}

static struct bp_client *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* NOLINTNEXTLINE(readability-function-size): the signature is the library's */
static enum MHD_Result serve(void *ctx, struct MHD_Connection *connection, const char *url,
			     const char *method, const char *version, const char *body,
			     size_t *n_body, void **state)
{
	struct bp_http *http = ctx;
	const char *host =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);

	(void)version;
	(void)body;
	(void)n_body;
	(void)state;
	bp_clients_asked(&http->clients, client_of(connection));
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply_short(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	if (http->content.is_local && host && !is_plain_host(host))
		return reply_short(
			connection, MHD_HTTP_MISDIRECTED_REQUEST,
			"it listens on a loopback address: ask for that, or for localhost\n");
	if (!strcmp(url, "/metrics"))
		return reply_metrics(http, connection);
	if (!strcmp(url, "/events"))
		return reply_events(http, connection);
	if (!strcmp(url, "/"))
		return reply_static(connection, MHD_HTTP_OK, http->content.page,
				    http->content.page_bytes, "text/html; charset=utf-8");
	return reply_short(connection, MHD_HTTP_NOT_FOUND,
			   "see / (a page) or /metrics (for Prometheus)\n");
}

/* ---- connections and events, in a thread of their own ------------------------------------------------ */

/* MHD_NotifyConnectionCallback, in the daemon's thread. */
static void note_connection(void *ctx, struct MHD_Connection *connection, void **own,
			    enum MHD_ConnectionNotificationCode code)
{
	struct bp_http *http = ctx;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		bp_clients_gone(&http->clients, *own);
		*own = NULL;
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	*own = info ? bp_clients_known(&http->clients, info->connect_fd) : NULL;
}

/* MHD_RequestCompletedCallback, in the daemon's thread. */
static void note_answer(void *ctx, struct MHD_Connection *connection, void **state,
			enum MHD_RequestTerminationCode code)
{
	struct bp_http *http = ctx;

	(void)state;
	(void)code;
	bp_clients_answered(&http->clients, client_of(connection), bp_clock_ns());
}

/* The daemon's own limit is none to rely on: version 0.9.75 locks itself up where connections that are handed to it reach
 * it. */
static void hand_over(struct bp_http *http, int fd, const struct sockaddr *address, socklen_t n)
{
	if (!bp_clients_enter(&http->clients, fd, bp_clock_ns())) {
		close(fd);
		return;
	}
	/* Takes the descriptor in any case. */
	if (MHD_add_connection(http->daemon, fd, address, n) != MHD_YES)
		bp_clients_refused(&http->clients, fd);
}

static void accept_client(struct bp_http *http)
{
	struct sockaddr_storage address = { 0 };
	socklen_t n = sizeof(address);
	int fd = accept4(http->listen_fd, (struct sockaddr *)&address, &n,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		hand_over(http, fd, (struct sockaddr *)&address, n);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		http->rests_until_ns = bp_clock_ns() + REST_MS * UINT64_C(1000000);
}

static void make_event(struct bp_http *http, uint64_t now_ns)
{
	size_t n_bytes = 0;
	char *text = http->content.event(http->content.ctx, &n_bytes);

	if (text)
		bp_events_send(&http->events, text, n_bytes);
	free(text);
	http->next_event_ns = now_ns + BP_HTTP_EVENT_S * NS;
}

/* Lets who is too slow go. Until something is due: milliseconds, or -1. */
static int wait_ms(struct bp_http *http, bool are_heard, uint64_t now_ns)
{
	uint64_t until_ns = bp_clients_sweep(&http->clients, now_ns);

	if (are_heard && http->next_event_ns < until_ns)
		until_ns = http->next_event_ns;
	if (http->rests_until_ns > now_ns && http->rests_until_ns < until_ns)
		until_ns = http->rests_until_ns;
	if (until_ns == UINT64_MAX)
		return -1;
	return until_ns > now_ns ? (int)((until_ns - now_ns) / 1000000) + 1 : 0;
}

static void *work(void *ctx)
{
	struct bp_http *http = ctx;

	/* Relaxed: whoever sets it wakes this thread then. */
	while (!atomic_load_explicit(&http->is_over, memory_order_relaxed)) {
		uint64_t now_ns = bp_clock_ns(), n_wakes;
		bool are_heard = bp_events_are_heard(&http->events);
		struct pollfd polled[] = {
			{ .fd = http->wake_fd, .events = POLLIN },
			{ .fd = now_ns < http->rests_until_ns ? -1 : http->listen_fd,
			  .events = POLLIN },
		};

		if (are_heard && now_ns >= http->next_event_ns) {
			make_event(http, now_ns);
			continue;
		}
		if (poll(polled, 2, wait_ms(http, are_heard, now_ns)) <= 0)
			continue;
		if (polled[0].revents)
			(void)!read(http->wake_fd, &n_wakes, sizeof(n_wakes));
		if (polled[1].revents)
			accept_client(http);
	}
	return NULL;
}

/* ---- its life --------------------------------------------------------------------------------------- */

/* Both threads, which take no signals. 0 or -errno. */
static int start_threads(struct bp_http *http)
{
	sigset_t all, before;
	int err = EAGAIN;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	http->daemon = MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC |
						MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME,
					0, NULL, NULL, serve, http, MHD_OPTION_CONNECTION_LIMIT,
					2 * BP_HTTP_CONNECTIONS_MAX, MHD_OPTION_NOTIFY_CONNECTION,
					note_connection, http, MHD_OPTION_NOTIFY_COMPLETED,
					note_answer, http, MHD_OPTION_CONNECTION_TIMEOUT,
					BP_HTTP_SILENCE_S, MHD_OPTION_END);
	if (http->daemon)
		err = pthread_create(&http->thread, NULL, work, http);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err && http->daemon)
		MHD_stop_daemon(http->daemon);
	else if (!err)
		pthread_setname_np(http->thread, "bypath-http");
	return -err;
}

int bp_http_start(struct bp_http **out, int listen_fd, const struct bp_http_content *content)
{
	struct bp_http *http = calloc(1, sizeof(*http));
	int err;

	if (!http)
		return -ENOMEM;
	http->content = *content;
	http->listen_fd = listen_fd;
	http->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bp_events_begin(&http->events);
	bp_clients_begin(&http->clients);
	err = http->wake_fd < 0 ? -errno : start_threads(http);
	if (!err) {
		*out = http;
		return 0;
	}
	if (http->wake_fd >= 0)
		close(http->wake_fd);
	bp_events_end(&http->events);
	bp_clients_end(&http->clients);
	free(http);
	return err;
}

void bp_http_stop(struct bp_http *http)
{
	if (!http)
		return;
	atomic_store_explicit(&http->is_over, true, memory_order_relaxed);
	(void)!write(http->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
	pthread_join(http->thread, NULL);
	bp_events_stop(&http->events);
	MHD_stop_daemon(http->daemon);
	bp_events_end(&http->events);
	bp_clients_end(&http->clients);
	close(http->wake_fd);
	free(http);
}
