/* Asks a running instance through its socket. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/client.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_NS  UINT64_C(10000000000)
#define STEP_MS      50
#define ANSWER_BYTES ((size_t)64 << 20) /* no report is as long */

/* Wait a little for the socket, or only wait (events 0). 0; -EAGAIN: patience has come to its end; -EINTR: a signal is there that
 * ends. */
static int wait_step(int fd, short events, uint64_t end_ns)
{
	struct pollfd waited = { .fd = events ? fd : -1, .events = events };

	if (bp_outlet_is_urgent())
		return -EINTR;
	if (bp_clock_ns() > end_ns)
		return -EAGAIN;
	poll(&waited, 1, STEP_MS);
	return 0;
}

int bp_client_connect(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = 0;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	uint64_t end_ns = bp_clock_ns() + PATIENCE_NS;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	/* EAGAIN: as many as may wait to be accepted do; poll() does not tell of a place. */
	while (!err && connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err = errno == EAGAIN || errno == EINTR ? wait_step(fd, 0, end_ns) : -errno;
	if (!err) {
		(void)fcntl(fd, F_SETFL, 0); /* who reads on by himself waits */
		return fd;
	}
	close(fd);
	return err;
}

static int send_line(int fd, json_t *request, uint64_t end_ns)
{
	size_t n = 0, n_sent = 0;
	char *text = bp_json_line(request, JSON_COMPACT, &n);
	int err = text ? 0 : -ENOMEM;

	json_decref(request);
	while (!err && n_sent < n) {
		ssize_t k = send(fd, text + n_sent, n - n_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (k < 0)
			err = errno == EAGAIN || errno == EINTR ? wait_step(fd, POLLOUT, end_ns)
								: -errno;
		n_sent += k > 0 ? (size_t)k : 0;
	}
	free(text);
	return err;
}

/* Receive into room what has come, but nothing behind the end of a line. *is_end: it ends with one. As recv(2). */
static ssize_t receive(int fd, char *room, size_t n_room, bool *is_end)
{
	ssize_t n = recv(fd, room, n_room, MSG_PEEK | MSG_DONTWAIT);
	char *end = n > 0 ? memchr(room, '\n', (size_t)n) : NULL;

	*is_end = end;
	return n > 0 ? recv(fd, room, end ? (size_t)(end - room) + 1 : (size_t)n, MSG_DONTWAIT) : n;
}

/* One line, in memory that the caller frees, and nothing of what comes behind it; 0 or -errno. */
static int read_line(int fd, char **line, size_t *n, uint64_t end_ns)
{
	bool is_end = false;
	size_t n_room = 0;
	int err = 0;

	*line = NULL;
	*n = 0;
	while (!err && !is_end) {
		ssize_t k;

		if (*n == n_room) {
			char *more = realloc(*line, n_room += n_room + 65536);

			if (!more || n_room > ANSWER_BYTES) {
				*line = more ? more : *line;
				return -ENOMEM;
			}
			*line = more;
		}
		k = receive(fd, *line + *n, n_room - *n, &is_end);
		if (k < 0) {
			err = errno == EAGAIN || errno == EINTR ? wait_step(fd, POLLIN, end_ns)
								: -errno;
			continue;
		}
		if (!k)
			return -ECONNRESET;
		*n += (size_t)k;
	}
	return err;
}

int bp_client_ask(int fd, json_t *request, json_t **result, char *why, size_t why_bytes)
{
	char *line = NULL;
	size_t n = 0;
	uint64_t end_ns = bp_clock_ns() + PATIENCE_NS;
	int err = send_line(fd, request, end_ns);
	json_t *answer;

	if (!err)
		err = read_line(fd, &line, &n, end_ns);
	answer = err ? NULL : json_loadb(line, n, 0, NULL);
	free(line);
	if (err || !answer) {
		err = err ? err : -EPROTO;
		snprintf(why, why_bytes, "%s",
			 err == -EAGAIN                        ? "it does not answer"
			 : err == -EINTR                       ? "broken off"
			 : err == -ECONNRESET || err == -EPIPE ? "it has ended"
							       : strerror(-err));
		return err;
	}
	*result = json_incref(json_object_get(answer, "result"));
	if (!*result) {
		const char *said = json_string_value(
			json_object_get(json_object_get(answer, "error"), "message"));

		snprintf(why, why_bytes, "%s", said ? said : "it answers without a result");
		err = -EREMOTE;
	}
	json_decref(answer);
	return err;
}
