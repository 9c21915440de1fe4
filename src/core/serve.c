/* Addresses to listen on, as people write them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"
#define WAITING     16
#define MODE        0660 /* of a socket in the file system */

static const char *path_of(const char *text)
{
	return strncmp(text, UNIX_PREFIX, sizeof(UNIX_PREFIX) - 1) ? NULL
								   : text + sizeof(UNIX_PREFIX) - 1;
}

static bool parse_port(const char *text, in_port_t *port)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || !n || n > 65535)
		return false;
	*port = htons((uint16_t)n);
	return true;
}

static bool parse_unix(const char *path, struct sockaddr_storage *address, socklen_t *n)
{
	struct sockaddr_un *un = (struct sockaddr_un *)address;

	memset(address, 0, sizeof(*address));
	if (path[0] != '/' || strlen(path) >= sizeof(un->sun_path))
		return false;
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	*n = sizeof(*un);
	return true;
}

bool bp_serve_parse(const char *text, struct sockaddr_storage *address, socklen_t *n)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	size_t n_host = colon ? (size_t)(colon - text) : 0;

	memset(address, 0, sizeof(*address));
	if (path_of(text))
		return parse_unix(path_of(text), address, n);
	if (!colon || n_host >= sizeof(host))
		return false;
	memcpy(host, text, n_host);
	host[n_host] = '\0';
	if (host[0] == '[' && n_host > 2 && host[n_host - 1] == ']') {
		host[n_host - 1] = '\0';
		in6->sin6_family = AF_INET6;
		*n = sizeof(*in6);
		return inet_pton(AF_INET6, host + 1, &in6->sin6_addr) == 1 &&
		       parse_port(colon + 1, &in6->sin6_port);
	}
	in->sin_family = AF_INET;
	*n = sizeof(*in);
	return inet_pton(AF_INET, host, &in->sin_addr) == 1 && parse_port(colon + 1, &in->sin_port);
}

bool bp_serve_is_local(const char *text)
{
	struct sockaddr_storage address;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address;
	socklen_t n;

	if (!bp_serve_parse(text, &address, &n))
		return false;
	if (address.ss_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return address.ss_family == AF_UNIX || IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

int bp_serve_try(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = 0;
	struct sockaddr_storage address;
	socklen_t n;

	if (fd < 0)
		return errno;
	if (!parse_unix(path, &address, &n))
		err = ENAMETOOLONG;
	else if (connect(fd, (const struct sockaddr *)&address, n))
		err = errno;
	close(fd);
	return err;
}

/* Give the socket at a path its mode whatever the umask, which is all threads'. By what is there, not by its name: a link that
 * was put in its place gains nothing. */
static void set_mode(const char *path)
{
	char by_fd[32];
	struct stat st;
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d", fd);
	if (!fstat(fd, &st) && S_ISSOCK(st.st_mode) && st.st_uid == geteuid())
		(void)!chmod(by_fd, MODE);
	close(fd);
}

/* May sockets of this process listen at addresses of which one is part of the other? */
static void set_shared(int fd, int is_shared)
{
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &is_shared, sizeof(is_shared));
}

static int listen_at(const struct sockaddr_storage *address, socklen_t n, int n_waiting,
		     bool is_shared)
{
	int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = 0;

	if (fd < 0)
		return -errno;
	if (address->ss_family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	else
		(void)!fchmod(fd, MODE); /* becomes the mode of the path, less the umask */
	if (is_shared)
		set_shared(fd, 1);
	if (bind(fd, (const struct sockaddr *)address, n))
		err = errno;
	else if (address->ss_family == AF_UNIX)
		set_mode(((const struct sockaddr_un *)address)->sun_path);
	if (!err && listen(fd, n_waiting))
		err = errno;
	if (!err)
		return fd;
	close(fd);
	return -err;
}

int bp_serve_at(const char *path, int n_waiting)
{
	struct sockaddr_storage address;
	struct stat st;
	socklen_t n;
	int err;

	if (!parse_unix(path, &address, &n))
		return -ENAMETOOLONG;
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode)) {
		err = bp_serve_try(path);
		if (err == ECONNREFUSED || err == ENOENT)
			unlink(path);
	}
	return listen_at(&address, n, n_waiting, false);
}

int bp_serve_open_beside(const char *text, int other_fd)
{
	struct sockaddr_storage address;
	socklen_t n;
	int fd;

	if (!bp_serve_parse(text, &address, &n))
		return -EINVAL;
	if (path_of(text))
		return bp_serve_at(path_of(text), WAITING);
	/* Only while the second one is bound: nobody else is to listen there. */
	set_shared(other_fd, 1);
	fd = listen_at(&address, n, WAITING, other_fd >= 0);
	set_shared(other_fd, 0);
	if (other_fd >= 0)
		set_shared(fd, 0);
	return fd;
}

int bp_serve_open(const char *text)
{
	return bp_serve_open_beside(text, -1);
}

void bp_serve_end(int fd, const char *text)
{
	/* First the name: who takes it over later is not to lose it. */
	if (path_of(text))
		unlink(path_of(text));
	(void)shutdown(fd, SHUT_RDWR);
}

void bp_serve_close(int fd, const char *text)
{
	if (fd < 0)
		return;
	/* First the name: who takes it over later is not to lose it. */
	if (path_of(text))
		unlink(path_of(text));
	close(fd);
}
