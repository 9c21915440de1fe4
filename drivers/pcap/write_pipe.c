/* pcap mode = write into a pipe: a FIFO, or standard output that leads into a reader. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: one writev() per burst, on a descriptor of our own that never blocks;
 * another one before it where the rest of a record is to be written first; one ioctl() and one dup3() when the
 * reader has gone away.
 *
 * The pipe itself is the buffer, as large as the kernel lets us make it. What it has no room for stays with
 * the caller (full). A record of which the pipe took a part only is whole for the reader all the same: its
 * rest is copied into the writer's tail, and goes out before anything else.
 *
 * A pipe has a reader or it is a port without a link. The control thread opens the pipe when a reader is
 * there (open(2) for writing says ENXIO until then), with a header as the first thing in it; a reader that
 * goes away takes the port's device away.
 */
#include "write.h"

#include "bypath/ledger.h"
#include "bypath/log.h"

#include "core/claim.h"
#include "core/clock.h"
#include "core/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_BYTES_MAX (16 << 20)
#define STEP_MS        20

struct writer {
	struct bp_pcap_port base;
	/* -1: no reader has come. By the control thread while nobody sends; release, for the worker. */
	_Atomic int fd;
	/* What ended the pipe, 0: nothing; what its reader left unread. Written by who finds out, the
	 * worker or check(), release for the worker: it knows by then why fd takes everything. */
	_Atomic int error, n_unread;
	int null_fd; /* what fd becomes then */
	bool has_begun; /* there was a reader */
	int told; /* what check() has logged last: error, or why the pipe could not be opened */
	/* The rest of a record: the worker's; the control thread's while it is stopped. */
	uint32_t tail_at, tail_end;
	uint8_t tail[sizeof(struct bp_pcap_record) + BP_PCAP_SNAPLEN_MAX];
};

/* ---- packet path ----------------------------------------------------------------------------- */

/*
 * The reader went away. Our end of the pipe is closed at once, whoever uses the descriptor: a next reader
 * would get what the last one left unread, from the middle of a record on.
 */
static void end_stream(struct writer *w, int fd, int error)
{
	int n_unread;

	if (!ioctl(fd, FIONREAD, &n_unread))
		atomic_store_explicit(&w->n_unread, n_unread, memory_order_relaxed);
	atomic_store_explicit(&w->error, error, memory_order_release);
	dup3(w->null_fd, fd, O_CLOEXEC);
}

static bool has_ended(const struct writer *w)
{
	return atomic_load_explicit(&w->error, memory_order_acquire) ||
	       /* Acquire: the header is in the pipe, for whoever finds it open. */
	       atomic_load_explicit(&w->fd, memory_order_acquire) < 0;
}

/* Bytes that the pipe took: 0 when it is full, or when it has ended, perhaps meanwhile. */
static size_t put(struct bp_txq *q, struct writer *w, const struct iovec *iov, unsigned n_iov)
{
	int fd = atomic_load_explicit(&w->fd, memory_order_relaxed);
	uint64_t began = bp_clock_cycles();
	ssize_t n = writev(fd, iov, (int)n_iov);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		end_stream(w, fd, errno);
		bp_count(&q->counters, BP_CNT_CALLS, 2);
	}
	bp_count(&q->counters, BP_CNT_CALL_CYCLES, bp_clock_cycles() - began);
	bp_count(&q->counters, BP_CNT_CALLS, 1);
	return n > 0 && !has_ended(w) ? (size_t)n : 0;
}

/* Is nothing of a record left to be written? */
static bool put_tail(struct bp_txq *q, struct writer *w)
{
	struct iovec rest = { .iov_base = w->tail + w->tail_at,
			      .iov_len = w->tail_end - w->tail_at };

	if (!rest.iov_len)
		return true;
	w->tail_at += (uint32_t)put(q, w, &rest, 1);
	if (w->tail_at < w->tail_end)
		return false;
	w->tail_at = w->tail_end = 0;
	atomic_store_explicit(&q->n_held, 0, memory_order_relaxed);
	return true;
}

/* Keep what the pipe did not take of the record of pkts[0], of which it has n_taken bytes. */
static void keep_tail(struct bp_txq *q, struct writer *w, const struct bp_pcap_record *record,
		      struct bp_pkt *pkts, size_t n_taken)
{
	unsigned n_views = bp_pkt_n_views(pkts, BP_BURST_MAX);
	size_t at = sizeof(*record);
	bool is_first = true;

	if (n_taken < at) {
		w->tail_end = (uint32_t)(at - n_taken);
		memcpy(w->tail, (const uint8_t *)record + n_taken, w->tail_end); /* header */
	}
	for (unsigned i = 0; i < n_views; i++) {
		size_t skip = n_taken > at ? n_taken - at : 0;

		at += pkts[i].len;
		if (skip >= pkts[i].len)
			continue;
		bp_ledger_copy(&q->counters, &pkts[0], is_first, w->tail + w->tail_end,
			       pkts[i].data + skip, pkts[i].len - skip);
		is_first = false;
		w->tail_end += (uint32_t)(pkts[i].len - skip);
	}
	bp_count(&q->counters, BP_CNT_PKTS, 1);
	bp_count(&q->counters, BP_CNT_BYTES, record->captured_bytes);
	atomic_store_explicit(&q->n_held, 1, memory_order_relaxed);
}

/* Write the records of pkts[]. Returns how many are done with; they are sent. */
static unsigned put_batch(struct bp_txq *q, struct writer *w, const struct bp_pcap_batch *b,
			  struct bp_pkt *pkts)
{
	size_t n_written = put(q, w, b->iov, b->n_iov);
	uint64_t n_whole;
	unsigned n = bp_pcap_count_whole(q, b, n_written, &n_whole);

	if (n_written == n_whole)
		return n;
	keep_tail(q, w, &b->records[n], pkts + bp_pcap_views_of(pkts, n), n_written - n_whole);
	return n + 1;
}

static unsigned pipe_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct writer *w = q->priv;
	struct bp_pcap_batch b;
	unsigned k = 0;

	if (has_ended(w))
		return bp_tx_down(q, pkts, n);
	while (put_tail(q, w) && k < n) {
		unsigned n_filled = bp_pcap_fill_batch(q, &b, &pkts[k], n - k);
		unsigned n_done = b.n_records ? put_batch(q, w, &b, &pkts[k]) : 0;
		bool is_whole = n_done == b.n_records;

		k += is_whole ? n_filled : bp_pcap_views_of(&pkts[k], n_done);
		if (!is_whole || (!b.n_records && q->ends_at_drop))
			break;
	}
	bp_pool_put(q->worker_id, pkts, k);
	/* The reader went away in this burst: the rest of it is not for the next one. */
	return k < n && has_ended(w) && !q->ends_at_drop ? k + bp_tx_down(q, pkts + k, n - k) : k;
}

/* ---- control --------------------------------------------------------------------------------- */

/* As large as we may: beyond pipe-max-size the kernel wants CAP_SYS_RESOURCE. Returns its bytes. */
static int enlarge(int fd)
{
	int now = fcntl(fd, F_GETPIPE_SZ);

	for (int size = PIPE_BYTES_MAX; size > now; size /= 2)
		if (fcntl(fd, F_SETPIPE_SZ, size) >= 0)
			break;
	return fcntl(fd, F_GETPIPE_SZ);
}

/*
 * Open the pipe by its name: so the descriptor is our own, and nobody who shares standard output finds it
 * non-blocking. The descriptor, or -errno; -ENXIO: nobody reads there; -EBUSY: another process writes.
 */
static int open_pipe(const struct bp_port *port)
{
	int fd = open(bp_claim_path(port->conf->device),
		      O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISFIFO(st.st_mode))
		err = -EINVAL; /* another file has its name now */
	/* The lock by name (core/lock.h) is one of each network namespace. */
	else if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		err = -EBUSY;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Has a reader come? Then the header is in the pipe. 0 or -errno. */
static int begin(struct bp_port *port, struct writer *w)
{
	uint8_t header[BP_PCAP_FILE_HEADER_BYTES];
	int fd = open_pipe(port), err = fd < 0 ? fd : bp_pcap_make_header(header);

	if (err) {
		if (fd >= 0)
			close(fd);
		return err;
	}
	/* A pipe takes so little whole or not at all (PIPE_BUF). */
	if (write(fd, header, sizeof(header)) != (ssize_t)sizeof(header)) {
		err = -errno;
		close(fd);
		return err;
	}
	bp_log(BP_LOG_INFO, "port %s: %s has a reader; %d KiB wait for it at most",
	       port->conf->name, port->conf->device, enlarge(fd) / 1024);
	w->has_begun = true;
	w->told = 0;
	/* Release: the header is in the pipe. */
	atomic_store_explicit(&w->fd, fd, memory_order_release);
	return 0;
}

static int refuse(const struct bp_port *port, const char *why)
{
	bp_log(BP_LOG_ERROR, "port %s: cannot write the capture %s: %s", port->conf->name,
	       port->conf->device, why);
	return -EINVAL;
}

static void free_writer(struct writer *w)
{
	int fd = atomic_load_explicit(&w->fd, memory_order_relaxed);

	if (fd >= 0)
		close(fd);
	if (w->null_fd >= 0)
		close(w->null_fd);
	free(w);
}

static int pipe_open(struct bp_port *port)
{
	struct writer *w;
	int err;

	if (bp_pcap_does_rotate(bp_pcap_conf(port->conf)))
		return refuse(port, "it is a pipe, which has no next file: delete rotate_bytes and "
				    "rotate_s");
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->base.mode = &bp_pcap_write_pipe;
	w->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	atomic_store_explicit(&w->fd, -1, memory_order_relaxed);
	err = w->null_fd < 0 ? -errno : begin(port, w);
	if (err && err != -ENXIO) {
		refuse(port, strerror(-err));
		free_writer(w);
		return err;
	}
	if (err)
		bp_log(BP_LOG_INFO, "port %s: nobody reads %s yet: waiting for a reader",
		       port->conf->name, port->conf->device);
	port->priv = w;
	return 0;
}

static int pipe_start(struct bp_port *port)
{
	port->info = (struct bp_port_info){
		.kind = BP_DEVICE_NONE,
		.caps = BP_CAP_MULTI_TX,
		.max_frame_bytes = BP_PCAP_SNAPLEN_MAX,
		.tx_copies = 1,
	};
	for (unsigned i = 0; i < port->n_txq; i++) {
		port->txq[i].priv = port->priv;
		port->txq[i].driver_burst = pipe_tx;
	}
	return 0;
}

/* The worker is away: give a slow reader the time to take the rest of a record. */
static void write_rest(struct bp_port *port, struct writer *w)
{
	struct pollfd p = { .fd = atomic_load_explicit(&w->fd, memory_order_relaxed),
			    .events = POLLOUT };
	uint64_t begin_ns = bp_clock_ns();

	while (!has_ended(w) && !put_tail(&port->txq[0], w) &&
	       bp_clock_ns() - begin_ns < BP_OUTLET_PATIENCE_NS)
		poll(&p, 1, STEP_MS);
}

static void abandon_tail(struct bp_port *port, struct writer *w)
{
	struct bp_txq *q = &port->txq[0];

	if (w->tail_at == w->tail_end)
		return;
	bp_count_lost_after(&q->counters, BP_DROP_TX_ABANDONED, 1);
	atomic_store_explicit(&q->n_held, 0, memory_order_relaxed);
	w->tail_at = w->tail_end = 0;
	port->has_failed = true;
	bp_log(BP_LOG_ERROR, "port %s: the last record in %s is cut: its reader took no more of it",
	       port->conf->name, port->conf->device);
}

static void pipe_stop(struct bp_port *port)
{
	struct writer *w = port->priv;
	int fd = atomic_load_explicit(&w->fd, memory_order_relaxed);

	if (!port->n_txq)
		return;
	write_rest(port, w);
	abandon_tail(port, w);
	if (!w->has_begun && bp_counter(&port->txq[0].counters, BP_DROP_PORT_DOWN)) {
		bp_log(BP_LOG_ERROR, "port %s: nobody has read %s: nothing was captured",
		       port->conf->name, port->conf->device);
		port->has_failed = true;
	}
	if (!atomic_load_explicit(&w->error, memory_order_relaxed))
		return; /* a restart goes on in the same stream */
	if (fd >= 0)
		close(fd);
	atomic_store_explicit(&w->fd, -1, memory_order_relaxed);
	atomic_store_explicit(&w->error, 0, memory_order_relaxed);
}

static void pipe_close(struct bp_port *port)
{
	free_writer(port->priv);
}

/* Nobody may be sending: the reader that went away is noticed all the same. */
static int find_error(struct writer *w, int fd)
{
	struct pollfd p = { .fd = fd };
	int error = atomic_load_explicit(&w->error, memory_order_relaxed);

	if (!error && poll(&p, 1, 0) > 0 && (p.revents & POLLERR)) {
		error = EPIPE;
		end_stream(w, fd, error);
	}
	return error;
}

static enum bp_link check_waiting(struct bp_port *port, struct writer *w)
{
	int err = begin(port, w);

	if (!err)
		return BP_LINK_UP;
	if (err != -ENXIO && err != w->told)
		bp_log(BP_LOG_WARN, "port %s: %s cannot be opened: %s", port->conf->name,
		       port->conf->device, strerror(-err));
	w->told = err;
	return BP_LINK_DOWN;
}

static enum bp_link pipe_check(struct bp_port *port)
{
	struct writer *w = port->priv;
	int fd = atomic_load_explicit(&w->fd, memory_order_relaxed), error;

	if (fd < 0)
		return check_waiting(port, w);
	error = find_error(w, fd);
	if (!error)
		return BP_LINK_UP;
	if (error != w->told)
		bp_log(BP_LOG_ERROR,
		       "port %s: the capture %s is incomplete: %s; %d bytes are unread",
		       port->conf->name, port->conf->device,
		       error == EPIPE ? "its reader went away" : strerror(error),
		       atomic_load_explicit(&w->n_unread, memory_order_relaxed));
	w->told = error;
	port->has_failed = true;
	return BP_LINK_LOST;
}

const struct bp_pcap_mode bp_pcap_write_pipe = {
	.name = "write-pipe",
	.has_tx = true,
	.open = pipe_open,
	.start = pipe_start,
	.stop = pipe_stop,
	.close = pipe_close,
	.check = pipe_check,
};
