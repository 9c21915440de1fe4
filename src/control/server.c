/* Serves a socket: one line of JSON asks, one line of JSON answers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server.h"

#include "core/aside.h"
#include "core/clock.h"
#include "core/json.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define REST_MS    100 /* from accepting, where descriptors lack */
#define FIRST_FREE 2u /* polled before the clients: what wakes, what listens */

struct client {
	int fd; /* -1: free */
	uid_t uid; /* of the process that connected */
	uint64_t moved_ns; /* when its last byte went either way */
	char *in; /* BP_SERVER_REQUEST_BYTES */
	size_t n_in;
	char *out; /* the answer under way, or NULL */
	size_t n_out, n_sent;
	bool ends; /* when the answer is sent */
	void (*take)(void *owner, int fd); /* then it is somebody else's; NULL: it stays */
	void *owner;
};

struct bp_server {
	pthread_t thread;
	int listen_fd, wake_fd;
	uint64_t rests_until_ns; /* does not accept before */
	bp_answer_fn answer;
	void *ctx;
	void (*take)(void *owner, int fd); /* of the answer under way: see bp_server_hand_over() */
	void *owner;
	struct client clients[BP_SERVER_CLIENTS_MAX];
};

/* ---- a connection --------------------------------------------------------------------------------- */

static void drop(struct client *client)
{
	struct client gone = *client;

	*client = (struct client){ .fd = -1 };
	close(gone.fd);
	free(gone.in);
	free(gone.out);
	if (gone.take)
		gone.take(gone.owner, -1);
}

/* Its answer is sent: it is somebody else's from now on. */
static void give_away(struct client *client)
{
	struct client given = *client;

	*client = (struct client){ .fd = -1 };
	free(given.in);
	given.take(given.owner, given.fd);
}

/* Send what the socket takes. false: the other side is gone. */
static bool push(struct client *client)
{
	ssize_t n;

	if (!client->out)
		return true;
	n = send(client->fd, client->out + client->n_sent, client->n_out - client->n_sent,
		 MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	client->moved_ns = bp_clock_ns();
	client->n_sent += (size_t)n;
	if (client->n_sent < client->n_out)
		return true;
	free(client->out);
	client->out = NULL;
	if (client->take)
		give_away(client);
	return !client->ends;
}

/* Send a document as a line; takes the reference. false: nothing more can be said. */
static bool say(struct client *client, json_t *document)
{
	size_t n = 0;
	char *line = bp_json_line(document, JSON_COMPACT, &n);

	json_decref(document);
	if (!line)
		return false;
	client->out = line;
	client->n_out = n;
	client->n_sent = 0;
	return push(client);
}

/* The message may hold what the client sent, so any bytes: a parser repeats them. */
static json_t *make_error(const char *code, const char *message)
{
	return json_pack("{s:i, s:b, s:{s:s, s:o}}", "v", BP_CONTROL_VERSION, "ok", 0, "error",
			 "code", code, "message", bp_json_text(message));
}

static json_t *answer_request(struct bp_server *server, const json_t *request)
{
	const json_t *version = json_object_get(request, "v");
	const char *command = json_string_value(json_object_get(request, "command"));
	const char *code = "failed";
	char *message = NULL;
	json_t *result;

	if (!json_is_object(request))
		return make_error("bad-request",
				  "found no object, allowed: {\"v\": 1, \"command\": …}");
	if (version && json_integer_value(version) != BP_CONTROL_VERSION)
		return make_error("unknown-version", "found another \"v\", allowed: 1");
	if (!command)
		return make_error("bad-request", "\"command\" is missing, or no text");
	result = server->answer(server->ctx, command, request, &code, &message);
	if (result)
		return json_pack("{s:i, s:b, s:o}", "v", BP_CONTROL_VERSION, "ok", 1, "result",
				 result);
	result = make_error(code, message ? message : "memory lacks");
	free(message);
	return result;
}

/*
 * Has it closed its end? Whoever gave up waiting was told that nothing answers: what it asked for must not be done later. One
 * that only sends no more (shutdown(2)) has not: poll(2) says POLLHUP where both ways are shut.
 */
static bool is_gone(const struct client *client)
{
	struct pollfd polled = { .fd = client->fd };

	return poll(&polled, 1, 0) == 1 && polled.revents & POLLHUP;
}

/* Answer the lines that are there, one at a time: the next when the answer is sent. */
static bool serve_lines(struct bp_server *server, struct client *client)
{
	char *end;

	while (client->fd >= 0 && !client->out && (end = memchr(client->in, '\n', client->n_in))) {
		size_t n = (size_t)(end - client->in);
		json_error_t error;
		json_t *request, *reply;

		if (is_gone(client))
			return false;
		request =
			json_loadb(client->in, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

		/* Whatever the client says of itself. */
		if (json_is_object(request))
			json_object_set_new(request, "uid", json_integer(client->uid));
		reply = request ? answer_request(server, request)
				: make_error("bad-request", error.text);

		client->take = server->take;
		client->owner = server->owner;
		server->take = NULL;
		json_decref(request);
		client->n_in -= n + 1;
		memmove(client->in, end + 1, client->n_in);
		if (!say(client, reply))
			return false;
	}
	if (client->fd < 0 || client->out || client->n_in < BP_SERVER_REQUEST_BYTES)
		return true;
	client->ends = true;
	client->n_in = 0;
	return say(client, make_error("too-long", "a request has at most 65535 bytes"));
}

/* Read what fits. false: the connection is to be closed. */
static bool pull(struct bp_server *server, struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->n_in,
			 BP_SERVER_REQUEST_BYTES - client->n_in, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!n)
		return false;
	client->moved_ns = bp_clock_ns();
	client->n_in += (size_t)n;
	return serve_lines(server, client);
}

static bool serve_client(struct bp_server *server, struct client *client, short events)
{
	if (events & (POLLERR | POLLNVAL))
		return false;
	if (client->out) {
		if (!(events & (POLLOUT | POLLHUP)))
			return true;
		return push(client) && (client->out || serve_lines(server, client));
	}
	return !(events & (POLLIN | POLLHUP)) || pull(server, client);
}

/* A line that stands still half-way, for too long. */
static bool is_stuck(const struct client *client, uint64_t now_ns)
{
	return (client->out || client->n_in) &&
	       now_ns - client->moved_ns > (uint64_t)BP_SERVER_PATIENCE_MS * 1000000u;
}

/* ---- the thread ----------------------------------------------------------------------------------- */

/* Of whom nothing was heard for longest; NULL: nobody is there. */
static struct client *find_oldest(struct bp_server *server)
{
	struct client *oldest = NULL;

	for (unsigned i = 0; i < BP_SERVER_CLIENTS_MAX; i++) {
		struct client *client = &server->clients[i];

		if (client->fd >= 0 && (!oldest || client->moved_ns < oldest->moved_ns))
			oldest = client;
	}
	return oldest;
}

/* A place for a client: a free one, or that of the oldest. */
static struct client *find_place(struct bp_server *server)
{
	struct client *oldest;

	for (unsigned i = 0; i < BP_SERVER_CLIENTS_MAX; i++)
		if (server->clients[i].fd < 0)
			return &server->clients[i];
	oldest = find_oldest(server);
	drop(oldest);
	return oldest;
}

/* Descriptors or memory lack: the oldest makes room for who comes; where nobody is there, time may. */
static void make_room(struct bp_server *server)
{
	struct client *oldest = find_oldest(server);

	if (oldest)
		drop(oldest);
	else
		server->rests_until_ns = bp_clock_ns() + REST_MS * UINT64_C(1000000);
}

static void accept_client(struct bp_server *server)
{
	int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	char *in = fd >= 0 ? malloc(BP_SERVER_REQUEST_BYTES) : NULL;
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t n_bytes = sizeof(peer);

	if (in) {
		(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n_bytes);
		*find_place(server) = (struct client){
			.fd = fd, .uid = peer.uid, .in = in, .moved_ns = bp_clock_ns()
		};
		return;
	}
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		make_room(server);
}

/* Who has something to say, which clients they are, and how long to wait for it at most. */
static unsigned list_polled(struct bp_server *server, struct pollfd *polled, unsigned *owners,
			    int *wait_ms)
{
	bool rests = bp_clock_ns() < server->rests_until_ns;
	unsigned n = FIRST_FREE;

	*wait_ms = rests ? REST_MS : -1;
	polled[0] = (struct pollfd){ .fd = server->wake_fd, .events = POLLIN };
	polled[1] = (struct pollfd){ .fd = rests ? -1 : server->listen_fd, .events = POLLIN };
	for (unsigned i = 0; i < BP_SERVER_CLIENTS_MAX; i++) {
		const struct client *client = &server->clients[i];

		if (client->fd < 0)
			continue;
		if (client->out || client->n_in)
			*wait_ms = *wait_ms < 0 ? BP_SERVER_PATIENCE_MS / 4 : *wait_ms;
		owners[n] = i;
		polled[n++] = (struct pollfd){ .fd = client->fd,
					       .events = client->out ? POLLOUT : POLLIN };
	}
	return n;
}

static void *work(void *ctx)
{
	struct bp_server *server = ctx;
	struct pollfd polled[FIRST_FREE + BP_SERVER_CLIENTS_MAX];
	unsigned owners[FIRST_FREE + BP_SERVER_CLIENTS_MAX];

	for (;;) {
		int wait_ms;
		unsigned n = list_polled(server, polled, owners, &wait_ms);

		if (poll(polled, n, wait_ms) < 0)
			for (unsigned i = 0; i < n; i++)
				polled[i].revents = 0;
		if (polled[0].revents)
			return NULL;
		for (unsigned i = FIRST_FREE; i < n; i++) {
			struct client *client = &server->clients[owners[i]];

			if ((polled[i].revents &&
			     !serve_client(server, client, polled[i].revents)) ||
			    is_stuck(client, bp_clock_ns()))
				drop(client);
		}
		if (polled[1].revents)
			accept_client(server);
	}
}

int bp_server_start(struct bp_server **out, int listen_fd, bp_answer_fn answer, void *ctx)
{
	struct bp_server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return -ENOMEM;
	server->listen_fd = listen_fd;
	server->answer = answer;
	server->ctx = ctx;
	for (unsigned i = 0; i < BP_SERVER_CLIENTS_MAX; i++)
		server->clients[i].fd = -1;
	server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = server->wake_fd < 0 ? errno : 0;
	if (!err)
		err = -bp_aside_start(&server->thread, "bypath-control", 0, work, server);
	if (!err) {
		*out = server;
		return 0;
	}
	if (server->wake_fd >= 0)
		close(server->wake_fd);
	free(server);
	return -err;
}

void bp_server_hand_over(struct bp_server *server, void (*take)(void *owner, int fd), void *owner)
{
	server->take = take;
	server->owner = owner;
}

void bp_server_stop(struct bp_server *server)
{
	if (!server)
		return;
	(void)!write(server->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
	pthread_join(server->thread, NULL);
	for (unsigned i = 0; i < BP_SERVER_CLIENTS_MAX; i++)
		if (server->clients[i].fd >= 0)
			drop(&server->clients[i]);
	close(server->wake_fd);
	free(server);
}
