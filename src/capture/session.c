/* Sessions: captures of a run, each sent to the connection that asked for it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/session.h"
#include "capture/internal.h"

#include "bypath/log.h"

#include "capture/filter.h"
#include "core/aside.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/pcapng.h"
#include "core/room.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHUNK_BYTES   524288u /* that are handed to the kernel at once */
#define CHUNK_PIECES  64u
#define GATHER_BYTES  65536u /* fewer wait for more, so long: */
#define GATHER_MS     4
#define LOOK_MS       50 /* for the run's end, while the client takes nothing */
#define PATIENCE_NS   UINT64_C(10000000000)
#define HURRY_NS      UINT64_C(2000000000)
#define HURRY_ALL_NS  UINT64_C(10000000000)
#define SOCKET_BUFFER (4 << 20)
#define RINGS_BYTES   (UINT64_C(1) << 30) /* of all sessions, at most */

struct bp_session {
	struct bp_sessions *sessions;
	struct bp_session *next;
	pthread_t thread;
	bool has_thread;
	int fd;
	uint64_t count; /* packets at most; 0: no bound */
	uint64_t begin_ns; /* of CLOCK_REALTIME */
	uint64_t ring_bytes;
	uint64_t n_bytes; /* of all that its workers have */
	struct bp_capture capture;
	struct bp_capture_filter *filter;
	char *filter_text; /* or NULL */
	/* By the control thread (release): no worker has the capture any more, the run ends. */
	_Atomic bool is_over;
	/* By the thread that ends it, under the lock: rings and filter are gone, or go when no worker has them. */
	bool has_ended;
	/* The session's thread alone, but for those that are shown: relaxed. */
	uint64_t walked
		[BP_WORKERS_MAX]; /* of each ring: up to here blocks are in the chunk, or sent */
	uint64_t n_packets;
	_Atomic uint64_t n_written[BP_PORTS_MAX]; /* by interface */
	bool is_detached, has_failed, wants_end;
	uint64_t moved_ns,
		over_ns; /* when the client last took something; when is_over was seen first, or 0 */
};

struct bp_sessions {
	const struct bp_sessions_ops *ops;
	void *ctx;
	_Atomic unsigned n_workers; /* by the control thread; relaxed */
	char program[64];
	pthread_mutex_t lock;
	struct bp_session *first;
};

/* ---- ending ----------------------------------------------------------------------------------- */

static bool is_over(struct bp_session *s)
{
	if (!atomic_load_explicit(&s->is_over, memory_order_acquire))
		return false;
	if (!s->over_ns)
		s->over_ns = bp_clock_ns();
	return true;
}

static void make_detach(void *arg)
{
	struct bp_session *s = arg;

	s->sessions->ops->detach(s->sessions->ctx, &s->capture);
}

/* Take it off the ports; where the run is about to end, wait until that was done. The rings then have all they ever will. */
static void detach(struct bp_session *s)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };

	if (s->is_detached)
		return;
	s->is_detached = true;
	if (s->sessions->ops->ask(s->sessions->ctx, make_detach, s))
		return;
	while (!is_over(s))
		nanosleep(&nap, NULL);
}

static bool is_held(struct bp_session *s)
{
	return atomic_load_explicit(&s->capture.is_held, memory_order_relaxed);
}

/* Under the lock. */
static void give_memory_back(struct bp_session *s)
{
	bp_capture_close(&s->capture);
	bp_capture_filter_close(s->filter);
	s->filter = NULL;
}

/* Rings and filter are given back at once, or by let_go(): the rest stays until the session is forgotten. */
static void finish(struct bp_session *s)
{
	pthread_mutex_lock(&s->sessions->lock);
	if (!is_held(s))
		give_memory_back(s);
	s->has_ended = true;
	pthread_mutex_unlock(&s->sessions->lock);
}

/* bp_capture.let_go. */
static void let_go(struct bp_capture *capture)
{
	struct bp_session *s = (struct bp_session *)(void *)((char *)capture -
							     offsetof(struct bp_session, capture));

	pthread_mutex_lock(&s->sessions->lock);
	atomic_store_explicit(&capture->is_held, false, memory_order_relaxed);
	if (s->has_ended)
		give_memory_back(s);
	pthread_mutex_unlock(&s->sessions->lock);
}

static void forget(struct bp_session *s)
{
	if (s->has_thread)
		pthread_join(s->thread, NULL);
	free(s->filter_text);
	free(s);
}

/* Forget those that have ended. Returns how many are left, and the bytes of their rings. */
static unsigned reap(struct bp_sessions *sessions, uint64_t *n_bytes)
{
	struct bp_session **at = &sessions->first, *ended = NULL;
	unsigned n = 0;

	*n_bytes = 0;
	pthread_mutex_lock(&sessions->lock);
	while (*at) {
		struct bp_session *s = *at;

		if (!s->has_ended || is_held(s)) {
			*n_bytes += s->n_bytes;
			n++;
			at = &s->next;
			continue;
		}
		*at = s->next;
		s->next = ended;
		ended = s;
	}
	pthread_mutex_unlock(&sessions->lock);
	while (ended) {
		struct bp_session *s = ended;

		ended = s->next;
		forget(s);
	}
	return n;
}

/* ---- the client ------------------------------------------------------------------------------- */

/* Has it shut its side down, or gone? What it says is not listened to. */
static void listen_to(struct bp_session *s)
{
	char words[4096];
	ssize_t n = recv(s->fd, words, sizeof(words), MSG_DONTWAIT);

	if (!n)
		s->wants_end = true;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		s->has_failed = true;
}

/* It takes nothing: has it been waited for long enough? */
static bool is_out_of_patience(struct bp_session *s)
{
	uint64_t now_ns = bp_clock_ns();

	if (is_over(s))
		return now_ns - s->moved_ns > HURRY_NS || now_ns - s->over_ns > HURRY_ALL_NS;
	return s->is_detached && now_ns - s->moved_ns > PATIENCE_NS;
}

static void wait_for_room(struct bp_session *s)
{
	struct pollfd polled = { .fd = s->fd,
				 .events = (short)(POLLOUT | (s->wants_end ? 0 : POLLIN)) };

	poll(&polled, 1, LOOK_MS);
	if (polled.revents & (POLLERR | POLLHUP | POLLNVAL)) {
		s->has_failed = true;
		return;
	}
	if (polled.revents & POLLIN)
		listen_to(s);
	if (s->wants_end)
		detach(s);
	if (!(polled.revents & POLLOUT) && is_out_of_patience(s))
		s->has_failed = true;
}

/* Part of a chunk: bytes of a ring, or of none. */
struct piece {
	struct bp_capture_ring *ring;
	size_t n_bytes;
};

/* What was sent is free for the worker. */
static void give_back(struct iovec *iov, struct piece *pieces, unsigned n, size_t n_sent)
{
	for (unsigned i = 0; i < n && n_sent; i++) {
		size_t k = iov[i].iov_len < n_sent ? iov[i].iov_len : n_sent;

		iov[i].iov_base = (char *)iov[i].iov_base + k;
		iov[i].iov_len -= k;
		n_sent -= k;
		if (pieces[i].ring)
			/* Release: it was read. */
			atomic_store_explicit(
				&pieces[i].ring->tail,
				atomic_load_explicit(&pieces[i].ring->tail, memory_order_relaxed) +
					k,
				memory_order_release);
	}
}

/* Send n pieces, whatever it takes. */
static void send_pieces(struct bp_session *s, struct iovec *iov, struct piece *pieces, unsigned n)
{
	unsigned first = 0;

	s->moved_ns = bp_clock_ns();
	while (first < n && !s->has_failed) {
		struct msghdr message = { .msg_iov = &iov[first], .msg_iovlen = n - first };
		ssize_t k = sendmsg(s->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (k > 0) {
			s->moved_ns = bp_clock_ns();
			give_back(&iov[first], &pieces[first], n - first, (size_t)k);
			while (first < n && !iov[first].iov_len)
				first++;
		} else if (k < 0 && errno == EAGAIN) {
			wait_for_room(s);
		} else if (k < 0 && errno != EINTR) {
			s->has_failed = true;
		}
	}
}

static void send_bytes(struct bp_session *s, void *bytes, size_t n_bytes)
{
	struct iovec iov = { .iov_base = bytes, .iov_len = n_bytes };
	struct piece piece = { NULL, n_bytes };

	if (!s->has_failed)
		send_pieces(s, &iov, &piece, 1);
}

/* ---- packets ---------------------------------------------------------------------------------- */

static const struct bp_pcapng_packet *block_at(const struct bp_capture_ring *r, uint64_t at)
{
	return (const struct bp_pcapng_packet *)(const void *)(r->bytes + (at & (r->size - 1)));
}

static uint64_t time_of(const struct bp_pcapng_packet *block)
{
	return (uint64_t)block->time_high << 32 | block->time_low;
}

static bool is_counted_out(const struct bp_session *s)
{
	return s->count && s->n_packets == s->count;
}

/*
 * Each block is looked at where rings are merged, or packets counted: a line of memory that the worker's core has just written,
 * so that it costs more than all the rest. Else bytes are sent as they come, and what was written is what was not lost.
 */
static bool does_walk(const struct bp_session *s)
{
	return s->capture.n_rings > 1 || s->count;
}

/* The ring whose next packet is the oldest, and the time of the oldest of the others. Returns n_rings: all are empty. */
static unsigned find_oldest(const struct bp_session *s, const uint64_t *heads, uint64_t *others_ns)
{
	unsigned oldest = s->capture.n_rings;
	uint64_t oldest_ns = UINT64_MAX;

	*others_ns = UINT64_MAX;
	for (unsigned i = 0; i < s->capture.n_rings; i++) {
		uint64_t ns;

		if (s->walked[i] == heads[i])
			continue;
		if (!does_walk(s))
			return i;
		ns = time_of(block_at(s->capture.rings[i], s->walked[i]));
		if (oldest == s->capture.n_rings || ns < oldest_ns) {
			*others_ns = oldest_ns;
			oldest_ns = ns;
			oldest = i;
		} else if (ns < *others_ns) {
			*others_ns = ns;
		}
	}
	return oldest;
}

/* Walk over the blocks of a ring, as long as none of another is older. Returns their bytes. */
static size_t walk(struct bp_session *s, unsigned ring_id, uint64_t head, uint64_t others_ns,
		   size_t max_bytes)
{
	const struct bp_capture_ring *r = s->capture.rings[ring_id];
	uint64_t at = s->walked[ring_id], begin = at;

	if (!does_walk(s)) {
		s->walked[ring_id] = head - at < max_bytes ? head : at + max_bytes;
		return s->walked[ring_id] - begin;
	}
	while (at < head && at - begin < max_bytes && !is_counted_out(s)) {
		const struct bp_pcapng_packet *block = block_at(r, at);
		_Atomic uint64_t *n_written = &s->n_written[block->interface_id];

		if (time_of(block) > others_ns)
			break;
		at += block->head.n_bytes;
		s->n_packets++;
		atomic_store_explicit(n_written,
				      atomic_load_explicit(n_written, memory_order_relaxed) + 1,
				      memory_order_relaxed);
	}
	s->walked[ring_id] = at;
	return at - begin;
}

/* Send what is there, as much as a chunk has. Returns its bytes. */
static size_t send_chunk(struct bp_session *s)
{
	struct iovec iov[CHUNK_PIECES];
	struct piece pieces[CHUNK_PIECES];
	uint64_t heads[BP_WORKERS_MAX], others_ns;
	size_t n_bytes = 0;
	unsigned n = 0;

	/* Acquire: the blocks before are whole. */
	for (unsigned i = 0; i < s->capture.n_rings; i++)
		heads[i] = atomic_load_explicit(&s->capture.rings[i]->head, memory_order_acquire);
	while (n < CHUNK_PIECES && n_bytes < CHUNK_BYTES && !is_counted_out(s)) {
		unsigned i = find_oldest(s, heads, &others_ns);
		struct bp_capture_ring *r;
		uint64_t begin;

		if (i == s->capture.n_rings)
			break;
		r = s->capture.rings[i];
		begin = s->walked[i];
		pieces[n] =
			(struct piece){ r, walk(s, i, heads[i], others_ns, CHUNK_BYTES - n_bytes) };
		iov[n].iov_base = r->bytes + (begin & (r->size - 1));
		iov[n].iov_len = pieces[n].n_bytes;
		n_bytes += pieces[n++].n_bytes;
	}
	if (n)
		send_pieces(s, iov, pieces, n);
	return n_bytes;
}

/* ---- the thread ------------------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void send_head(struct bp_session *s)
{
	uint8_t *head = malloc(BP_CAPTURE_HEAD_BYTES);

	if (head)
		send_bytes(s, head,
			   bp_capture_make_head(&s->capture, s->sessions->program, s->filter_text,
						head));
	s->has_failed |= !head;
	free(head);
}

/* What was written, where nothing was walked over: all of it, now. */
static void count_written(struct bp_session *s)
{
	if (does_walk(s))
		return;
	s->n_packets = 0;
	for (unsigned i = 0; i < s->capture.n_interfaces; i++) {
		struct bp_capture_sum sum = bp_capture_sum(&s->capture, i);

		atomic_store_explicit(&s->n_written[i], sum.n_matched - sum.n_lost,
				      memory_order_relaxed);
		s->n_packets += sum.n_matched - sum.n_lost;
	}
}

static void send_end(struct bp_session *s)
{
	uint8_t end[BP_CAPTURE_END_BYTES];

	count_written(s);
	send_bytes(s, end,
		   bp_capture_make_end(&s->capture, s->begin_ns, now_ns(), s->n_written, end));
}

static void send_packets(struct bp_session *s)
{
	while (!s->has_failed && !s->wants_end && !is_counted_out(s) && !is_over(s)) {
		size_t n_bytes = send_chunk(s);
		struct pollfd polled = { .fd = s->fd, .events = POLLIN };

		/* Little at a time is much work for all. */
		if (poll(&polled, 1, n_bytes < GATHER_BYTES ? GATHER_MS : 0) > 0)
			listen_to(s);
	}
	detach(s);
	while (!s->has_failed && send_chunk(s) > 0)
		;
}

static void log_end(const struct bp_session *s)
{
	uint64_t n_lost = 0;

	for (unsigned i = 0; i < s->capture.n_interfaces; i++)
		n_lost += bp_capture_sum(&s->capture, i).n_lost;
	if (s->has_failed)
		bp_log(BP_LOG_INFO,
		       "capture ends: its reader went, or took nothing; %llu packets lost before",
		       (unsigned long long)n_lost);
	else
		bp_log(n_lost ? BP_LOG_WARN : BP_LOG_INFO,
		       "capture ends: %llu packets written, %llu lost%s",
		       (unsigned long long)s->n_packets, (unsigned long long)n_lost,
		       n_lost ? ": its buffer was full" : "");
}

static void *work(void *arg)
{
	struct bp_session *s = arg;

	send_head(s);
	send_packets(s);
	send_end(s);
	log_end(s);
	close(s->fd);
	finish(s);
	return NULL;
}

static int start_thread(struct bp_session *s)
{
	int err = bp_aside_start(&s->thread, "bypath-capture", 0, work, s);

	s->has_thread = !err;
	return err;
}

static void log_begin(const struct bp_session *s)
{
	struct ucred peer = { 0 };
	socklen_t n = sizeof(peer);
	char ports[256] = "";
	size_t used = 0;

	(void)getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &peer, &n);
	for (unsigned i = 0; i < s->capture.n_interfaces && used < sizeof(ports); i++)
		used += (size_t)snprintf(ports + used, sizeof(ports) - used, "%s%s", i ? ", " : "",
					 s->capture.interfaces[i].name);
	bp_log(BP_LOG_INFO, "capture begins at %s, asked for by process %d of user %u", ports,
	       (int)peer.pid, (unsigned)peer.uid);
}

void bp_session_take(void *session, int fd)
{
	struct bp_session *s = session;
	int bytes = SOCKET_BUFFER;

	s->fd = fd;
	if (fd >= 0) {
		/* More than the system allows everybody, where this process may. */
		if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
			(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
		log_begin(s);
		if (!start_thread(s))
			return;
		close(fd);
	}
	/* In the control thread the run ends: bp_sessions_close() takes it off. */
	if (s->sessions->ops->ask(s->sessions->ctx, make_detach, s))
		finish(s);
}

/* ---- control ---------------------------------------------------------------------------------- */

struct bp_sessions *bp_sessions_open(const struct bp_sessions_ops *ops, void *ctx,
				     unsigned n_workers, const char *program)
{
	struct bp_sessions *sessions = calloc(1, sizeof(*sessions));

	if (!sessions)
		return NULL;
	sessions->ops = ops;
	sessions->ctx = ctx;
	bp_sessions_set_workers(sessions, n_workers);
	snprintf(sessions->program, sizeof(sessions->program), "%s", program);
	pthread_mutex_init(&sessions->lock, NULL);
	return sessions;
}

void bp_sessions_set_workers(struct bp_sessions *sessions, unsigned n_workers)
{
	if (n_workers > atomic_load_explicit(&sessions->n_workers, memory_order_relaxed))
		atomic_store_explicit(&sessions->n_workers, n_workers, memory_order_relaxed);
}

struct attaching {
	struct bp_session *session;
	const struct bp_capture_request *request;
	char *why;
	size_t why_bytes;
	int err;
};

static void make_attach(void *arg)
{
	struct attaching *a = arg;
	struct bp_sessions *sessions = a->session->sessions;

	a->err = sessions->ops->attach(sessions->ctx, &a->session->capture, a->request->names,
				       a->request->n_names, a->why, a->why_bytes);
}

/* Its rings, then its ports: from then on it fills. 0 or -errno with why. */
static int begin(struct bp_session *s, const struct bp_capture_request *r, unsigned n_workers,
		 char *why, size_t why_bytes)
{
	struct attaching attaching = { s, r, why, why_bytes, -ESHUTDOWN };
	int err;

	s->capture.kinds = r->kinds;
	s->capture.let_go = let_go;
	s->capture.snap_bytes = r->snap_bytes;
	s->capture.sample = r->sample;
	if (r->filter) {
		uint32_t reach = bp_capture_filter_reach(r->filter);

		s->capture.match = bp_capture_filter_match;
		s->capture.program = r->filter;
		s->capture.match_bytes = reach < BP_PCAPNG_SNAP_MAX ? reach : BP_PCAPNG_SNAP_MAX;
	}
	err = bp_capture_open(&s->capture, n_workers, r->ring_bytes);
	if (err) {
		snprintf(why, why_bytes,
			 "no memory for its buffers, %llu MiB for each of %u workers: %s",
			 (unsigned long long)(r->ring_bytes >> 20), n_workers, strerror(-err));
		return err;
	}
	snprintf(why, why_bytes, "the run is about to end");
	(void)s->sessions->ops->ask(s->sessions->ctx, make_attach, &attaching);
	if (attaching.err)
		bp_capture_close(&s->capture);
	return attaching.err;
}

/* Is there memory for a request, beside n_others bytes of other captures? 0 or -ENOMEM with why. */
static int check_room(unsigned n_workers, uint64_t n_bytes, uint64_t n_others, char *why,
		      size_t why_bytes)
{
	uint64_t room = bp_room_bytes("/proc") / 2;

	if (n_bytes + n_others > RINGS_BYTES) {
		snprintf(why, why_bytes,
			 "the buffers of all captures, of each worker, would take %" PRIu64
			 " MiB, allowed: %" PRIu64 ": ask for less (--buffer)",
			 (n_bytes + n_others) >> 20, RINGS_BYTES >> 20);
		return -ENOMEM;
	}
	if (n_bytes <= room)
		return 0;
	snprintf(why, why_bytes,
		 "its buffers, of each of %u workers, would take %" PRIu64 " MiB, allowed: %" PRIu64
		 ", half of what the machine and the cgroup have left: ask for less (--buffer)",
		 n_workers, n_bytes >> 20, room >> 20);
	return -ENOMEM;
}

int bp_sessions_begin(struct bp_sessions *sessions, const json_t *request, struct bp_session **out,
		      char *why, size_t why_bytes)
{
	struct bp_capture_request r;
	struct bp_session *s;
	unsigned n_workers = atomic_load_explicit(&sessions->n_workers, memory_order_relaxed);
	uint64_t n_bytes, n_others;
	int err;

	if (reap(sessions, &n_others) >= BP_SESSIONS_MAX) {
		snprintf(why, why_bytes, "%u captures run already: end one first", BP_SESSIONS_MAX);
		return -EBUSY;
	}
	err = bp_capture_request_read(request, &r, why, why_bytes);
	if (err)
		return err;
	n_bytes = (r.ring_bytes + (r.filter ? BP_PCAPNG_SNAP_MAX : 0)) * n_workers;
	err = check_room(n_workers, n_bytes, n_others, why, why_bytes);
	if (err) {
		bp_capture_filter_close(r.filter);
		return err;
	}
	s = aligned_alloc(BP_CACHE_LINE,
			  (sizeof(*s) + BP_CACHE_LINE - 1) / BP_CACHE_LINE * BP_CACHE_LINE);
	err = -ENOMEM;
	if (s) {
		memset(s, 0, sizeof(*s));
		s->sessions = sessions;
		s->fd = -1;
		s->count = r.count;
		s->ring_bytes = r.ring_bytes;
		s->n_bytes = n_bytes;
		s->filter_text = r.filter_text ? strdup(r.filter_text) : NULL;
		s->begin_ns = now_ns();
		err = begin(s, &r, n_workers, why, why_bytes);
	} else {
		snprintf(why, why_bytes, "memory lacks");
	}
	if (err) {
		bp_capture_filter_close(r.filter);
		if (s)
			free(s->filter_text);
		free(s);
		return err;
	}
	s->filter = r.filter;
	pthread_mutex_lock(&sessions->lock);
	s->next = sessions->first;
	sessions->first = s;
	pthread_mutex_unlock(&sessions->lock);
	*out = s;
	return 0;
}

static json_t *list_interfaces(const struct bp_session *s)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < s->capture.n_interfaces; i++)
		json_array_append_new(names, json_string(s->capture.interfaces[i].name));
	return names;
}

json_t *bp_session_answer(const struct bp_session *s)
{
	return json_pack("{s:o}", "interfaces", list_interfaces(s));
}

static json_t *list_kinds(unsigned kinds)
{
	json_t *words = json_array();

	for (unsigned i = 0; bp_capture_kind_names[i]; i++)
		if (kinds & 1u << i)
			json_array_append_new(words, json_string(bp_capture_kind_names[i]));
	return words;
}

static json_t *describe(struct bp_session *s)
{
	struct bp_capture_sum all = { 0 };
	uint64_t n_written = 0;

	for (unsigned i = 0; i < s->capture.n_interfaces; i++) {
		struct bp_capture_sum sum = bp_capture_sum(&s->capture, i);

		all.n_seen += sum.n_seen;
		all.n_matched += sum.n_matched;
		all.n_lost += sum.n_lost;
		all.n_copy_bytes += sum.n_copy_bytes;
		n_written += does_walk(s)
				     ? atomic_load_explicit(&s->n_written[i], memory_order_relaxed)
				     : sum.n_matched - sum.n_lost;
	}
	return json_pack("{s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "ports",
			 list_interfaces(s), "kinds", list_kinds(s->capture.kinds), "filter",
			 bp_json_text(s->filter_text), "sample", (json_int_t)s->capture.sample,
			 "buffer_bytes", (json_int_t)s->ring_bytes, "seen",
			 bp_json_count(all.n_seen), "matched", bp_json_count(all.n_matched), "lost",
			 bp_json_count(all.n_lost), "copied_bytes", bp_json_count(all.n_copy_bytes),
			 "written", bp_json_count(n_written));
}

json_t *bp_sessions_show(struct bp_sessions *sessions)
{
	json_t *rows = json_array();

	pthread_mutex_lock(&sessions->lock);
	for (struct bp_session *s = sessions->first; s; s = s->next)
		if (!s->has_ended)
			json_array_append_new(rows, describe(s));
	pthread_mutex_unlock(&sessions->lock);
	return rows;
}

void bp_sessions_close(struct bp_sessions *sessions)
{
	if (!sessions)
		return;
	/* No lock: nobody adds or takes away any more; those that have ended are off the ports. */
	for (struct bp_session *s = sessions->first; s; s = s->next) {
		sessions->ops->detach(sessions->ctx, &s->capture);
		atomic_store_explicit(&s->is_over, true, memory_order_release);
	}
	while (sessions->first) {
		struct bp_session *s = sessions->first;

		sessions->first = s->next;
		if (!s->has_thread && !s->has_ended)
			finish(s);
		forget(s);
	}
	pthread_mutex_destroy(&sessions->lock);
	free(sessions);
}
