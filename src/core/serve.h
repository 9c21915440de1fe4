/* Addresses to listen on, as people write them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_SERVE_H
#define BYPATH_CORE_SERVE_H

#include <stdbool.h>
#include <sys/socket.h>

#define BP_SERVE_ALLOWED "ADDRESS:PORT as 127.0.0.1:9477 or [::1]:9477, unix:/PATH"

/* "127.0.0.1:9477", "[::1]:9477", "unix:/run/x.sock": numbers, no names. false: text is none. Pure. */
bool bp_serve_parse(const char *text, struct sockaddr_storage *address, socklen_t *n);

/* Do only processes of this machine reach it: a path, a loopback address? false as well where text is none. Pure. */
bool bp_serve_is_local(const char *text);

/*
 * A listening socket there; one of a path that nobody listens at is replaced, with mode 0660. Control thread.
 * The descriptor, the caller's, or -errno.
 */
int bp_serve_open(const char *text);

/*
 * A listening socket at an absolute path that is no socket yet, or one that nobody listens at, which it replaces; mode 0660.
 * n_waiting: connections that may wait to be accepted. Control thread. The descriptor, the caller's, or -errno.
 */
int bp_serve_at(const char *path, int n_waiting);

/*
 * What connecting to the socket at a path says: 0, or the errno. ECONNREFUSED: nobody listens at it. Does not block. Any
 * thread.
 */
int bp_serve_try(const char *path);

/*
 * The same where this process listens at other_fd (-1: nowhere), by bp_serve_open(), and the one may be part of the other, as
 * 127.0.0.1:9477 of 0.0.0.0:9477: both listen then. Control thread. The descriptor, the caller's, or -errno.
 */
int bp_serve_open_beside(const char *text, int other_fd);

/* Listen there no more, at once, though the descriptor may still be polled by another thread: who connects is refused, and the
 * address is free for another one. It is to be closed, by close(). Any thread. */
void bp_serve_end(int fd, const char *text);

/* Close it, and remove its path. */
void bp_serve_close(int fd, const char *text);

#endif
