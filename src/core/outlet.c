/* Bounded buffers, each emptied by a thread that may block. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/outlet.h"

#include "core/aside.h"
#include "core/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES 4096u /* POSIX's PIPE_BUF on Linux: a pipe takes it whole */
#define STEP_NS     50000000u

/* Everything behind lock belongs to who holds it. */
struct bp_outlet {
	int fd;
	struct bp_outlet_sink sink;
	size_t n_bytes;
	pthread_mutex_t lock;
	pthread_cond_t filled, moved;
	size_t first, n_used; /* of buffer, which is a ring */
	uint64_t moved_ns; /* when it last got emptier, or stopped being empty */
	uint64_t n_missing; /* lines lost since the last note */
	uint64_t n_lost;
	int error; /* -errno of the last write(), 0 when it went well */
	bool is_writing, is_closed;
	char buffer[];
};

bool bp_outlet_is_urgent(void)
{
	sigset_t pending;

	return !sigpending(&pending) &&
	       (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM));
}

static unsigned count_lines(const char *text, size_t n)
{
	unsigned n_lines = 0;

	for (size_t i = 0; i < n; i++)
		n_lines += text[i] == '\n';
	return n_lines ? n_lines : 1;
}

/* ---- the buffer; lock is held --------------------------------------------------------------- */

static void append(struct bp_outlet *o, const char *text, size_t n)
{
	size_t at = (o->first + o->n_used) % o->n_bytes;
	size_t n_first = n < o->n_bytes - at ? n : o->n_bytes - at;

	memcpy(o->buffer + at, text, n_first);
	memcpy(o->buffer, text + n_first, n - n_first);
	if (!o->n_used)
		o->moved_ns = bp_clock_ns();
	o->n_used += n;
	pthread_cond_signal(&o->filled);
}

static void lose(struct bp_outlet *o, unsigned n_lines)
{
	o->n_missing += o->sink.note ? n_lines : 0;
	o->n_lost += n_lines;
}

/* The line in the place of those lost, with room behind it for n_more bytes; true without any. */
static bool put_note(struct bp_outlet *o, size_t n_more)
{
	char note[BP_OUTLET_NOTE_BYTES];
	size_t n;

	if (!o->n_missing)
		return true;
	n = o->sink.note(note, o->n_missing);
	if (n + n_more > o->n_bytes - o->n_used)
		return false;
	o->n_missing = 0;
	append(o, note, n);
	return true;
}

/* Up to PIECE_BYTES from its head, whole lines where there are any. */
static size_t take_piece(struct bp_outlet *o, char piece[PIECE_BYTES])
{
	size_t n = o->n_used < PIECE_BYTES ? o->n_used : PIECE_BYTES;
	size_t n_first = n < o->n_bytes - o->first ? n : o->n_bytes - o->first;
	const char *end;

	memcpy(piece, o->buffer + o->first, n_first);
	memcpy(piece + n_first, o->buffer, n - n_first);
	end = memrchr(piece, '\n', n);
	return end ? (size_t)(end + 1 - piece) : n;
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* Bytes written, at least 1, or -errno. */
static ssize_t write_some(int fd, const char *text, size_t n)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	ssize_t n_written;

	while ((n_written = write(fd, text, n)) < 0) {
		if (errno == EAGAIN) /* somebody who shares it has made it so */
			poll(&p, 1, -1);
		else if (errno != EINTR)
			return -errno;
	}
	return n_written;
}

/* lock is held, but during the write. */
static void write_piece(struct bp_outlet *o)
{
	char piece[PIECE_BYTES];
	size_t n = take_piece(o, piece);
	ssize_t n_written;

	o->is_writing = true;
	pthread_mutex_unlock(&o->lock);
	n_written = o->sink.write ? o->sink.write(o->fd, piece, n) : write_some(o->fd, piece, n);
	pthread_mutex_lock(&o->lock);
	o->is_writing = false;
	o->error = n_written < 0 ? (int)n_written : 0;
	if (n_written < 0)
		lose(o, count_lines(piece, n));
	else
		n = (size_t)n_written;
	o->first = (o->first + n) % o->n_bytes;
	o->n_used -= n;
	o->moved_ns = bp_clock_ns();
	/* A write that failed is not repeated before there is more to write. */
	if (!o->n_used && !o->error)
		put_note(o, 0);
	pthread_cond_broadcast(&o->moved);
}

static void free_outlet(struct bp_outlet *o)
{
	pthread_cond_destroy(&o->filled);
	pthread_cond_destroy(&o->moved);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

static void *run(void *arg)
{
	struct bp_outlet *o = arg;

	pthread_mutex_lock(&o->lock);
	while (!o->is_closed || o->n_used) {
		if (o->n_used)
			write_piece(o);
		else
			pthread_cond_wait(&o->filled, &o->lock);
	}
	pthread_mutex_unlock(&o->lock);
	free_outlet(o);
	return NULL;
}

/* ---- for everybody --------------------------------------------------------------------------- */

int bp_outlet_open(int fd, size_t n_bytes, const struct bp_outlet_sink *sink,
		   struct bp_outlet **outlet)
{
	struct bp_outlet *o = calloc(1, sizeof(*o) + n_bytes);
	pthread_condattr_t attr;
	int err;

	if (!o)
		return -ENOMEM;
	o->fd = fd;
	if (sink)
		o->sink = *sink;
	o->n_bytes = n_bytes;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->filled, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&o->moved, &attr);
	pthread_condattr_destroy(&attr);
	err = bp_aside_start(NULL, NULL, 0, run, o);
	if (err) {
		free_outlet(o);
		return err;
	}
	*outlet = o;
	return 0;
}

bool bp_outlet_put(struct bp_outlet *o, const char *text, size_t n)
{
	bool has_room;

	pthread_mutex_lock(&o->lock);
	has_room = put_note(o, n) && n <= o->n_bytes - o->n_used;
	if (has_room)
		append(o, text, n);
	else
		lose(o, count_lines(text, n));
	pthread_mutex_unlock(&o->lock);
	return has_room;
}

static bool is_patient(const struct bp_outlet *o, enum bp_outlet_wait wait)
{
	return bp_clock_ns() - o->moved_ns < BP_OUTLET_PATIENCE_NS ||
	       (wait == BP_OUTLET_UNTIL_SIGNAL && !bp_outlet_is_urgent());
}

int bp_outlet_drain(struct bp_outlet *o, enum bp_outlet_wait wait)
{
	int err;

	pthread_mutex_lock(&o->lock);
	while ((o->n_used || o->is_writing) && is_patient(o, wait)) {
		uint64_t end_ns = bp_clock_ns() + STEP_NS;
		struct timespec ts = { .tv_sec = (time_t)(end_ns / 1000000000u),
				       .tv_nsec = (long)(end_ns % 1000000000u) };

		pthread_cond_timedwait(&o->moved, &o->lock, &ts);
	}
	err = o->n_used ? -ETIMEDOUT : o->error;
	pthread_mutex_unlock(&o->lock);
	return err;
}

uint64_t bp_outlet_lost(struct bp_outlet *o)
{
	uint64_t n_lost;

	pthread_mutex_lock(&o->lock);
	n_lost = o->n_lost;
	pthread_mutex_unlock(&o->lock);
	return n_lost;
}

void bp_outlet_close(struct bp_outlet *o)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->is_closed = true;
	pthread_cond_signal(&o->filled);
	pthread_mutex_unlock(&o->lock);
}
