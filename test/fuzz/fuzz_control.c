/* Feeds bytes to the server of the control socket, as a client of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server.h"

#include "demand.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PING "\n{\"command\": \"ping\"}\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_bytes;

static json_t *answer(void *ctx, const char *command, const json_t *request, const char **code,
		      char **message)
{
	(void)ctx;
	demand(json_is_object(request), "a request is an object");
	if (!strcmp(command, "ping"))
		return json_pack("{s:s}", "pong", "here");
	*code = "unknown-command";
	*message = strdup("allowed: ping");
	return NULL;
}

/* One server for all inputs. */
static void start(void)
{
	struct bp_server *server;
	int fd;

	if (address_bytes)
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	address_bytes = (socklen_t)(sizeof(sa_family_t) + 1 +
				    (size_t)snprintf(address.sun_path + 1, 64, "fuzz-control-%d",
						     (int)getpid()));
	demand(fd >= 0 && !bind(fd, (struct sockaddr *)&address, address_bytes) && !listen(fd, 8),
	       "a socket to listen on");
	demand(!bp_server_start(&server, fd, answer, NULL), "the server starts");
}

/* Every line that comes back is an answer of version 1. */
static void check_line(const char *line, size_t n, int *n_pongs)
{
	json_t *reply = json_loadb(line, n, 0, NULL);
	const json_t *result = json_object_get(reply, "result");

	demand(json_integer_value(json_object_get(reply, "v")) == 1, "an answer has its version");
	demand(json_is_true(json_object_get(reply, "ok")) == (result != NULL), "ok, or an error");
	demand(result ||
		       json_is_string(json_object_get(json_object_get(reply, "error"), "message")),
	       "an error says why");
	*n_pongs += result != NULL;
	json_decref(reply);
}

/* Read lines until the other side ends. */
static int read_all(int fd)
{
	size_t n = 0, n_room = 1u << 20;
	char *text = malloc(n_room), *line = text, *end;
	int n_pongs = 0;
	ssize_t k;

	demand(text != NULL, "memory");
	while (n < n_room && (k = recv(fd, text + n, n_room - n, 0)) > 0)
		n += (size_t)k;
	while ((end = memchr(line, '\n', n - (size_t)(line - text)))) {
		check_line(line, (size_t)(end - line), &n_pongs);
		line = end + 1;
	}
	free(text);
	return n_pongs;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (size > 4096)
		size = 4096; /* what it answers to fits the socket */
	start();
	demand(fd >= 0 && !connect(fd, (struct sockaddr *)&address, address_bytes), "it accepts");
	demand(send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size, "it takes what is sent");
	demand(send(fd, PING, sizeof(PING) - 1, MSG_NOSIGNAL) == sizeof(PING) - 1, "and more");
	shutdown(fd, SHUT_WR);
	demand(read_all(fd) >= 1, "it answers behind whatever came before");
	close(fd);
	return 0;
}
