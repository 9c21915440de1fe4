/* Connections of the web server: who may stay, and for how long without a request. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/clients.h"

#include <stddef.h>
#include <sys/socket.h>

#define SILENCE_NS (BP_HTTP_SILENCE_S * UINT64_C(1000000000))

static const struct bp_client free_place = { .fd = -1 };

void bp_clients_begin(struct bp_clients *clients)
{
	pthread_mutex_init(&clients->lock, NULL);
	for (unsigned i = 0; i < BP_CLIENTS_PLACES; i++)
		clients->places[i] = free_place;
}

void bp_clients_end(struct bp_clients *clients)
{
	pthread_mutex_destroy(&clients->lock);
}

/* ---- under the lock ---------------------------------------------------------------------------------- */

static struct bp_client *find(struct bp_clients *clients, int fd)
{
	for (unsigned i = 0; i < BP_CLIENTS_PLACES; i++)
		if (clients->places[i].fd == fd)
			return &clients->places[i];
	return NULL;
}

/* Only of one that the daemon has: its descriptor is no other's. The daemon sees the end, and lets it go. */
static void shut(struct bp_client *client)
{
	client->is_shut = true;
	shutdown(client->fd, SHUT_RDWR);
}

static bool is_waited_for(const struct bp_client *client)
{
	return client->fd >= 0 && client->is_known && !client->is_asked && !client->is_shut;
}

/* false: all that are there have asked. */
static bool shut_oldest(struct bp_clients *clients)
{
	struct bp_client *oldest = NULL;

	for (unsigned i = 0; i < BP_CLIENTS_PLACES; i++) {
		struct bp_client *client = &clients->places[i];

		if (is_waited_for(client) && (!oldest || client->since_ns < oldest->since_ns))
			oldest = client;
	}
	if (oldest)
		shut(oldest);
	return oldest;
}

static unsigned count(const struct bp_clients *clients)
{
	unsigned n = 0;

	for (unsigned i = 0; i < BP_CLIENTS_PLACES; i++)
		n += clients->places[i].fd >= 0 && !clients->places[i].is_shut;
	return n;
}

static bool enter(struct bp_clients *clients, int fd, uint64_t now_ns)
{
	/* Of one that the daemon closed without a word (memory lacked): the kernel gives its number again. */
	struct bp_client *place = find(clients, fd);

	if (place)
		*place = free_place;
	place = find(clients, -1);
	if (!place || (count(clients) >= BP_HTTP_CONNECTIONS_MAX && !shut_oldest(clients)))
		return false;
	*place = (struct bp_client){ .fd = fd, .since_ns = now_ns };
	return true;
}

/* The daemon takes them in their order: what was accepted well before this one, and is not known yet, is lost. */
static void forget_lost(struct bp_clients *clients, const struct bp_client *known)
{
	for (unsigned i = 0; i < BP_CLIENTS_PLACES; i++) {
		struct bp_client *client = &clients->places[i];

		if (client->fd >= 0 && !client->is_known &&
		    client->since_ns + SILENCE_NS < known->since_ns)
			*client = free_place;
	}
}

/* ---- the thread that accepts ------------------------------------------------------------------------- */

bool bp_clients_enter(struct bp_clients *clients, int fd, uint64_t now_ns)
{
	bool has_place;

	pthread_mutex_lock(&clients->lock);
	has_place = enter(clients, fd, now_ns);
	pthread_mutex_unlock(&clients->lock);
	return has_place;
}

void bp_clients_refused(struct bp_clients *clients, int fd)
{
	struct bp_client *client;

	pthread_mutex_lock(&clients->lock);
	client = find(clients, fd);
	if (client)
		*client = free_place;
	pthread_mutex_unlock(&clients->lock);
}

uint64_t bp_clients_sweep(struct bp_clients *clients, uint64_t now_ns)
{
	uint64_t next_ns = UINT64_MAX;

	pthread_mutex_lock(&clients->lock);
	for (unsigned i = 0; i < BP_CLIENTS_PLACES; i++) {
		struct bp_client *client = &clients->places[i];
		/* Who is answered now has as long from then on, which is no sooner. */
		uint64_t until_ns =
			(is_waited_for(client) ? client->since_ns : now_ns) + SILENCE_NS;

		if (client->fd < 0)
			continue;
		if (until_ns <= now_ns)
			shut(client);
		else if (until_ns < next_ns)
			next_ns = until_ns;
	}
	pthread_mutex_unlock(&clients->lock);
	return next_ns;
}

/* ---- the daemon's thread ----------------------------------------------------------------------------- */

struct bp_client *bp_clients_known(struct bp_clients *clients, int fd)
{
	struct bp_client *client;

	pthread_mutex_lock(&clients->lock);
	client = find(clients, fd);
	if (client) {
		client->is_known = true;
		forget_lost(clients, client);
	}
	pthread_mutex_unlock(&clients->lock);
	return client;
}

void bp_clients_asked(struct bp_clients *clients, struct bp_client *client)
{
	pthread_mutex_lock(&clients->lock);
	if (client)
		client->is_asked = true;
	pthread_mutex_unlock(&clients->lock);
}

void bp_clients_answered(struct bp_clients *clients, struct bp_client *client, uint64_t now_ns)
{
	pthread_mutex_lock(&clients->lock);
	if (client) {
		client->is_asked = false;
		client->since_ns = now_ns;
	}
	pthread_mutex_unlock(&clients->lock);
}

void bp_clients_gone(struct bp_clients *clients, struct bp_client *client)
{
	pthread_mutex_lock(&clients->lock);
	if (client)
		*client = free_place;
	pthread_mutex_unlock(&clients->lock);
}
