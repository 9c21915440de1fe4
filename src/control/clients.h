/* Connections of the web server: who may stay, and for how long without a request. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONTROL_CLIENTS_H
#define BYPATH_CONTROL_CLIENTS_H

#include "control/http.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Beside those that are served, ones that were shut and that the daemon has not let go yet. */
#define BP_CLIENTS_PLACES (BP_HTTP_CONNECTIONS_MAX + 8u)

/* A connection. The daemon closes its descriptor after it said that it is gone (bp_clients_gone()). */
struct bp_client {
	int fd; /* -1: free */
	uint64_t since_ns; /* accepted, or answered the last time */
	bool is_known; /* the daemon has it: until then it may have closed the descriptor, without a word */
	bool is_asked; /* its request's header is whole, the answer is under way */
	bool is_shut;
};

/* Fields are clients.c's, under the lock: the server's threads have them all. */
struct bp_clients {
	pthread_mutex_t lock;
	struct bp_client places[BP_CLIENTS_PLACES];
};

void bp_clients_begin(struct bp_clients *clients);
void bp_clients_end(struct bp_clients *clients);

/*
 * A connection was accepted. Where BP_HTTP_CONNECTIONS_MAX are there, the one that has been without a whole request for longest
 * is shut to make room. false: there is none, the caller closes fd. The thread that accepts.
 */
bool bp_clients_enter(struct bp_clients *clients, int fd, uint64_t now_ns);

/* It could not be handed to the daemon, which has closed it. The thread that accepts. */
void bp_clients_refused(struct bp_clients *clients, int fd);

/* Shut those that have sent no whole header within BP_HTTP_SILENCE_S, however busily they send. Returns when to look again
 * (UINT64_MAX: nobody is there). The thread that accepts. */
uint64_t bp_clients_sweep(struct bp_clients *clients, uint64_t now_ns);

/* The daemon took it, got its header, sent its answer, let it go. client may be NULL (known: there was no place). The
 * daemon's thread. */
struct bp_client *bp_clients_known(struct bp_clients *clients, int fd);
void bp_clients_asked(struct bp_clients *clients, struct bp_client *client);
void bp_clients_answered(struct bp_clients *clients, struct bp_client *client, uint64_t now_ns);
void bp_clients_gone(struct bp_clients *clients, struct bp_client *client);

#endif
