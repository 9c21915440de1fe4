/* pcap mode = write into files: one, or one after another. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: one pwritev() per burst; one ftruncate() when the disk fills up
 * in the middle of a record; one write() to an eventfd where a file ends (turns.h). A write to a file may
 * wait for the disk.
 */
#include "turns.h"
#include "write.h"

#include "bypath/log.h"

#include "core/claim.h"
#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct writer {
	struct bp_pcap_port base;
	struct bp_pcap_turn_file file; /* the worker's, once it runs */
	uint64_t max_bytes; /* of a file; UINT64_MAX: no bound */
	struct bp_pcap_turns *turns; /* NULL: one file */
	bool has_name; /* so that it can lose it; some file systems count no links */
	/* Last error, 0 after a success. The worker writes, check() reads: relaxed. */
	_Atomic int error;
	int told; /* error that check() has logged */
};

/* ---- packet path ----------------------------------------------------------------------------- */

/* The next burst would not fit into this file, or its time is over: go on in the next one, if there is. */
static void take_turn(struct writer *w, struct bp_txq *q)
{
	if (w->turns && bp_pcap_turns_swap(w->turns, &w->file))
		bp_count(&q->counters, BP_CNT_CALLS, 1);
}

static ssize_t write_batch(struct bp_txq *q, struct writer *w, const struct bp_pcap_batch *b)
{
	uint64_t began = bp_clock_cycles();
	ssize_t n;

	if (__builtin_expect((uint64_t)w->file.end + b->n_bytes > w->max_bytes, 0) ||
	    (w->turns && bp_pcap_turns_is_due(w->turns, began)))
		take_turn(w, q);
	n = pwritev(w->file.fd, b->iov, (int)b->n_iov, w->file.end);
	bp_count(&q->counters, BP_CNT_CALL_CYCLES, bp_clock_cycles() - began);
	bp_count(&q->counters, BP_CNT_CALLS, 1);
	atomic_store_explicit(&w->error, n < 0 ? errno : 0, memory_order_relaxed);
	return n;
}

/* Cut off what is left of a record that the disk had no room for. */
static void cut_off(struct bp_txq *q, struct writer *w)
{
	atomic_store_explicit(&w->error, ENOSPC, memory_order_relaxed);
	bp_count(&q->counters, BP_CNT_CALLS, 1);
	if (ftruncate(w->file.fd, w->file.end) < 0)
		atomic_store_explicit(&w->error, errno, memory_order_relaxed);
}

/* Write the batch's records. Returns how many are done with: all, or up to the first that is dropped
 * (bp_txq.ends_at_drop); *n_dropped of them. */
static unsigned put_batch(struct bp_txq *q, struct writer *w, const struct bp_pcap_batch *b,
			  unsigned *n_dropped)
{
	ssize_t n_written = write_batch(q, w, b);
	uint64_t n_whole;
	unsigned n_records =
		bp_pcap_count_whole(q, b, n_written > 0 ? (uint64_t)n_written : 0, &n_whole);

	w->file.end += (off_t)n_whole;
	*n_dropped = b->n_records - n_records;
	if (!*n_dropped)
		return n_records;
	if (q->ends_at_drop)
		*n_dropped = 1;
	bp_count(&q->counters, BP_DROP_TX_ERROR, *n_dropped);
	if (n_written > 0 && (uint64_t)n_written > n_whole)
		cut_off(q, w);
	return n_records + *n_dropped;
}

static unsigned file_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct writer *w = q->priv;
	struct bp_pcap_batch b;
	unsigned k = 0;

	while (k < n) {
		unsigned n_filled = bp_pcap_fill_batch(q, &b, &pkts[k], n - k);
		unsigned n_dropped = 1; /* too long for a record */
		unsigned n_done = b.n_records ? put_batch(q, w, &b, &n_dropped) : 0;

		k += n_done == b.n_records ? n_filled : bp_pcap_views_of(&pkts[k], n_done);
		if (n_dropped && q->ends_at_drop)
			break;
	}
	bp_pool_put(q->worker_id, pkts, k);
	return k;
}

/* ---- control --------------------------------------------------------------------------------- */

static bool does_rotate(const struct bp_port *port)
{
	return bp_pcap_does_rotate(bp_pcap_conf(port->conf));
}

static int refuse(const struct bp_port *port, const char *why)
{
	bp_log(BP_LOG_ERROR, "port %s: cannot write the capture %s: %s", port->conf->name,
	       port->conf->device, why);
	return -EINVAL;
}

/* What standard output is, where it is the capture: text before would be in it. 0 or -EINVAL (logged). */
static int check_output(const struct bp_port *port, const struct stat *st)
{
	if ((fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return refuse(port, "standard output is closed: lead it into a reader or a file");
	if (S_ISSOCK(st->st_mode))
		return refuse(port, "standard output is a socket: put a pipe between, as | cat");
	if (S_ISREG(st->st_mode) && st->st_size)
		return refuse(port,
			      "standard output is a file that holds something already: name it "
			      "as device, or lead standard output into a new file");
	return 0;
}

static int check_kind(const struct bp_port *port, int fd, const struct stat *st)
{
	if (isatty(fd))
		return refuse(port,
			      "it is a terminal: lead it into a reader (tshark -i -, tcpdump -r -) "
			      "or a file");
	if (S_ISREG(st->st_mode))
		return 0;
	if (!S_ISCHR(st->st_mode))
		return refuse(port, "it is no regular file, and no pipe");
	return does_rotate(port)
		       ? refuse(port,
				"it is a device, which has no next file: delete rotate_bytes and "
				"rotate_s")
		       : 0;
}

/* Without O_TRUNC: the file may be another process's (make_anew()). */
static int open_file(const struct bp_port *port)
{
	const char *path = bp_claim_path(port->conf->device);
	struct stat st;
	int fd, err;

	/* A socket cannot be opened by its name: its refusal comes first. */
	if (bp_claim_is_output(port->conf->device) &&
	    (fstat(STDOUT_FILENO, &st) || check_output(port, &st)))
		return -EINVAL;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
	if (fd < 0) {
		err = -errno;
		refuse(port, strerror(-err));
		return err;
	}
	err = fstat(fd, &st) ? -errno : check_kind(port, fd, &st);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* From its beginning. 0 or -errno. */
static int begin_file(int fd, struct writer *w)
{
	uint8_t header[BP_PCAP_FILE_HEADER_BYTES];
	int err = bp_pcap_make_header(header);
	struct stat st = { 0 };

	if (!err && !fstat(fd, &st) && S_ISREG(st.st_mode) && ftruncate(fd, 0))
		err = -errno;
	errno = 0;
	if (!err && pwrite(fd, header, sizeof(header), 0) != (ssize_t)sizeof(header))
		err = errno ? -errno : -ENOSPC;
	if (err)
		return err;
	w->has_name = S_ISREG(st.st_mode) && st.st_nlink;
	w->file = (struct bp_pcap_turn_file){ .fd = fd, .end = sizeof(header) };
	return 0;
}

/* One after another, the first of them now. */
static int begin_turns(struct bp_port *port, struct writer *w)
{
	struct bp_pcap_turns_request r = {
		.port_name = port->conf->name,
		.path = bp_claim_path(port->conf->device),
		.interval_s = bp_pcap_conf(port->conf)->rotate_s,
		.n_files_max = bp_pcap_conf(port->conf)->rotate_files,
	};
	int err = bp_pcap_make_header(r.header);

	if (err)
		return err;
	if (bp_pcap_conf(port->conf)->rotate_bytes)
		w->max_bytes = bp_pcap_conf(port->conf)->rotate_bytes;
	return bp_pcap_turns_open(&r, &w->turns, &w->file);
}

static int file_open(struct bp_port *port)
{
	struct writer *w = calloc(1, sizeof(*w));
	int fd, err;

	if (!w)
		return -ENOMEM;
	w->base.mode = &bp_pcap_write_file;
	w->max_bytes = UINT64_MAX;
	fd = open_file(port);
	err = fd < 0 ? fd : 0;
	if (!err && does_rotate(port)) {
		close(fd);
		err = begin_turns(port, w);
	} else if (!err) {
		err = begin_file(fd, w);
		if (err) {
			refuse(port, strerror(-err));
			close(fd);
		}
	}
	if (err) {
		free(w);
		return err;
	}
	port->priv = w;
	return 0;
}

/*
 * The file was deleted: a new one. Its lock is our own, for the one that the process took went with the
 * old one (core/lock.h). 0, or -ENODEV: not yet.
 */
static int make_anew(struct bp_port *port, struct writer *w)
{
	int fd = open(bp_claim_path(port->conf->device),
		      O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
	struct stat st;

	if (fd < 0)
		return -ENODEV;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && !flock(fd, LOCK_EX | LOCK_NB) &&
	    !begin_file(fd, w)) {
		atomic_store_explicit(&w->error, 0, memory_order_relaxed);
		return 0;
	}
	close(fd);
	return -ENODEV;
}

static int file_start(struct bp_port *port)
{
	struct writer *w = port->priv;

	if (w->file.fd < 0 && (does_rotate(port) ? begin_turns(port, w) : make_anew(port, w)))
		return -ENODEV;
	port->info = (struct bp_port_info){
		.kind = BP_DEVICE_NONE,
		.caps = BP_CAP_MULTI_TX | BP_CAP_TX_WHEN_DOWN,
		.max_frame_bytes = BP_PCAP_SNAPLEN_MAX,
	};
	for (unsigned i = 0; i < port->n_txq; i++) {
		port->txq[i].priv = port->priv;
		port->txq[i].driver_burst = file_tx;
	}
	return 0;
}

/* Has the one file lost its name? Its turns look after theirs. */
static bool is_deleted(const struct writer *w)
{
	struct stat st;

	return w->has_name && w->file.fd >= 0 && !fstat(w->file.fd, &st) && !st.st_nlink;
}

/* Every burst is with the kernel already. A restart goes on in the same file, if that has its name
 * still and is not one of several. */
static void file_stop(struct bp_port *port)
{
	struct writer *w = port->priv;

	if (w->turns) {
		port->has_failed |= bp_pcap_turns_close(w->turns, &w->file);
		w->turns = NULL;
	}
	if (!is_deleted(w))
		return;
	close(w->file.fd);
	w->file.fd = -1;
}

static void file_close(struct bp_port *port)
{
	struct writer *w = port->priv;

	if (w->turns) /* it was never started */
		bp_pcap_turns_close(w->turns, &w->file);
	if (w->file.fd >= 0 && close(w->file.fd) < 0)
		bp_log(BP_LOG_ERROR, "port %s: the capture %s may be incomplete: %s",
		       port->conf->name, port->conf->device, strerror(errno));
	free(w);
}

static enum bp_link file_check(struct bp_port *port)
{
	struct writer *w = port->priv;
	int error = atomic_load_explicit(&w->error, memory_order_relaxed);

	if (error && error != w->told)
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot write to %s: %s: packets are dropped as tx_error until "
		       "there is room",
		       port->conf->name, port->conf->device, strerror(error));
	w->told = error;
	/* Room that came back does not bring back what was dropped meanwhile. */
	for (unsigned i = 0; i < port->n_txq; i++)
		port->has_failed |= bp_counter(&port->txq[i].counters, BP_DROP_TX_ERROR) > 0;
	if (w->turns)
		port->has_failed |= bp_pcap_turns_has_lost(w->turns);
	if (is_deleted(w)) {
		bp_log(BP_LOG_ERROR,
		       "port %s: %s was deleted: the packets in it are gone, a new one "
		       "is begun",
		       port->conf->name, port->conf->device);
		port->has_failed = true;
		return BP_LINK_LOST;
	}
	return error ? BP_LINK_DOWN : BP_LINK_UP;
}

const struct bp_pcap_mode bp_pcap_write_file = {
	.name = "write",
	.has_tx = true,
	.open = file_open,
	.start = file_start,
	.stop = file_stop,
	.close = file_close,
	.check = file_check,
};
