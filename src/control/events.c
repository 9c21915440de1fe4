/* Server-sent events: one text for all who listen. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/events.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BLOCK_BYTES 16384u
#define QUEUE_BYTES 65536 /* that the kernel keeps for who does not read */
#define BEFORE      "retry: 1000\ndata: "
#define AFTER       "\n\n"
#define FULL        "event: full\ndata: {}\n\n"

/* ---- texts, under the lock -------------------------------------------------------------------------- */

static void drop(struct bp_event *event)
{
	if (event && !--event->n_refs)
		free(event);
}

static struct bp_event *make(const char *text, size_t n_bytes)
{
	const size_t n_before = sizeof(BEFORE) - 1, n_after = sizeof(AFTER) - 1;
	struct bp_event *event = malloc(sizeof(*event) + n_before + n_bytes + n_after);

	if (!event)
		return NULL;
	event->n_refs = 1;
	event->n_bytes = n_before + n_bytes + n_after;
	memcpy(event->text, BEFORE, n_before); /* a line of text */
	memcpy(event->text + n_before, text, n_bytes); /* the event's text */
	memcpy(event->text + n_before + n_bytes, AFTER, n_after); /* a line end */
	return event;
}

/* ---- who listens ------------------------------------------------------------------------------------ */

/* Begin the last event, if it is new to this listener. */
static bool take_next(struct bp_listener *listener)
{
	struct bp_events *events = listener->events;

	if (!events->last || listener->number == events->number)
		return false;
	listener->event = events->last;
	listener->event->n_refs++;
	listener->number = events->number;
	listener->n_sent = 0;
	return true;
}

static ssize_t give_bytes(struct bp_listener *listener, char *into, size_t max)
{
	struct bp_event *event = listener->event;
	size_t n = event->n_bytes - listener->n_sent;

	if (n > max)
		n = max;
	memcpy(into, event->text + listener->n_sent, n); /* the event's text */
	listener->n_sent += n;
	if (listener->n_sent == event->n_bytes) {
		drop(event);
		listener->event = NULL;
	}
	return (ssize_t)n;
}

/* MHD_ContentReaderCallback. */
static ssize_t give(void *ctx, uint64_t at, char *into, size_t max)
{
	struct bp_listener *listener = ctx;
	struct bp_events *events = listener->events;
	ssize_t n = 0;

	(void)at;
	pthread_mutex_lock(&events->lock);
	if (events->is_over) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else if (listener->event || take_next(listener)) {
		n = give_bytes(listener, into, max);
	} else {
		listener->is_suspended = true;
		MHD_suspend_connection(listener->connection);
	}
	pthread_mutex_unlock(&events->lock);
	return n;
}

/* MHD_ContentReaderFreeCallback. */
static void leave(void *ctx)
{
	struct bp_listener *listener = ctx;
	struct bp_events *events = listener->events;

	pthread_mutex_lock(&events->lock);
	drop(listener->event);
	*listener = (struct bp_listener){ .events = events };
	if (!--events->n_listeners) {
		/* Old news to who comes next. */
		drop(events->last);
		events->last = NULL;
	}
	pthread_mutex_unlock(&events->lock);
}

static struct bp_listener *enter(struct bp_events *events, struct MHD_Connection *connection)
{
	struct bp_listener *found = NULL;

	pthread_mutex_lock(&events->lock);
	for (unsigned i = 0; i < BP_HTTP_LISTENERS_MAX && !found; i++)
		if (!events->listeners[i].connection)
			found = &events->listeners[i];
	if (found) {
		*found = (struct bp_listener){ .events = events, .connection = connection };
		events->n_listeners++;
	}
	pthread_mutex_unlock(&events->lock);
	return found;
}

static void bound_queue(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (info)
		setsockopt(info->connect_fd, SOL_SOCKET, SO_SNDBUF, &(int){ QUEUE_BYTES },
			   sizeof(int));
}

enum MHD_Result bp_events_listen(struct bp_events *events, struct MHD_Connection *connection)
{
	struct bp_listener *listener = enter(events, connection);
	struct MHD_Response *response;
	enum MHD_Result result;

	response = listener ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, give,
								listener, leave)
			    : MHD_create_response_from_buffer(sizeof(FULL) - 1,
							      (char *)(uintptr_t)FULL,
							      MHD_RESPMEM_PERSISTENT);
	if (!response) {
		if (listener)
			leave(listener);
		return MHD_NO;
	}
	if (listener)
		bound_queue(connection);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

/* ---- all of them ------------------------------------------------------------------------------------ */

void bp_events_begin(struct bp_events *events)
{
	*events = (struct bp_events){ .number = 1 };
	pthread_mutex_init(&events->lock, NULL);
	for (unsigned i = 0; i < BP_HTTP_LISTENERS_MAX; i++)
		events->listeners[i].events = events;
}

/* Under the lock. */
static void resume_all(struct bp_events *events)
{
	for (unsigned i = 0; i < BP_HTTP_LISTENERS_MAX; i++) {
		struct bp_listener *listener = &events->listeners[i];

		if (listener->is_suspended)
			MHD_resume_connection(listener->connection);
		listener->is_suspended = false;
	}
}

bool bp_events_are_heard(struct bp_events *events)
{
	bool are_heard;

	pthread_mutex_lock(&events->lock);
	are_heard = events->n_listeners > 0;
	pthread_mutex_unlock(&events->lock);
	return are_heard;
}

void bp_events_send(struct bp_events *events, const char *text, size_t n_bytes)
{
	struct bp_event *event = make(text, n_bytes);

	if (!event)
		return;
	pthread_mutex_lock(&events->lock);
	drop(events->last);
	events->last = event;
	events->number++;
	resume_all(events);
	pthread_mutex_unlock(&events->lock);
}

void bp_events_stop(struct bp_events *events)
{
	pthread_mutex_lock(&events->lock);
	events->is_over = true;
	resume_all(events);
	pthread_mutex_unlock(&events->lock);
}

void bp_events_end(struct bp_events *events)
{
	drop(events->last);
	pthread_mutex_destroy(&events->lock);
}
