/* Server-sent events: one text for all who listen. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONTROL_EVENTS_H
#define BYPATH_CONTROL_EVENTS_H

#include "control/http.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdint.h>

/* What is sent: as many as somebody sends hold it. */
struct bp_event {
	unsigned n_refs;
	size_t n_bytes;
	char text[];
};

/* A connection that gets events. */
struct bp_listener {
	struct bp_events *events;
	struct MHD_Connection *connection; /* NULL: free */
	bool is_suspended; /* has all that there is */
	uint64_t number; /* of the last event that it began */
	struct bp_event *event; /* that it sends, or NULL */
	size_t n_sent;
};

/* Fields are events.c's, under the lock: the server's threads have them all. */
struct bp_events {
	pthread_mutex_t lock;
	bool is_over;
	uint64_t number; /* of last */
	struct bp_event *last; /* or NULL */
	unsigned n_listeners;
	struct bp_listener listeners[BP_HTTP_LISTENERS_MAX];
};

void bp_events_begin(struct bp_events *events);
/* No more events; all connections go on, to their end. Then the daemon is stopped, and bp_events_end() frees the rest. */
void bp_events_stop(struct bp_events *events);
void bp_events_end(struct bp_events *events);

/* Does anybody listen? Any thread. */
bool bp_events_are_heard(struct bp_events *events);

/* The connection gets events from now on. The daemon's thread, while it handles the connection's request. */
enum MHD_Result bp_events_listen(struct bp_events *events, struct MHD_Connection *connection);

/* Send a text to all who listen; it stays the caller's. Who still sends the one before takes the last one then. Any thread;
 * does not wait for them. */
void bp_events_send(struct bp_events *events, const char *text, size_t n_bytes);

#endif
