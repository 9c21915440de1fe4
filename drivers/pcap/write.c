/* pcap mode = write: a capture file with what is sent to the port. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libpcap writes the file's header. The records behind it go to the kernel straight from the
 * packets' own memory, a burst at a time: pcap_dump() would take one packet in one piece and copy it
 * into stdio's buffer.
 *
 * System calls on the packet path: one pwritev() per burst; one ftruncate() when the disk fills up
 * in the middle of a record. A write to a file may wait for the disk.
 */
#include "modes.h"

#include "bypath/ledger.h"
#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FILE_HEADER_BYTES 24

/* Header of a record, in the byte order of this machine. Source: pcap-savefile(5). */
struct record {
	uint32_t seconds;
	uint32_t nanoseconds; /* what the file's magic number says */
	uint32_t captured_bytes;
	uint32_t wire_bytes;
};
static_assert(sizeof(struct record) == 16, "the file's layout");

struct writer {
	struct bp_pcap_port base;
	int fd;
	off_t end; /* of the last whole record */
	/* Last error, 0 after a success. The worker writes, check() reads: relaxed. */
	_Atomic int error;
	int told; /* error that check() has logged */
};

/* One burst being written. */
struct batch {
	struct record records[BP_BURST_MAX];
	struct iovec iov[2 * BP_BURST_MAX];
	unsigned n_iov, n_records;
};

static void add_record(struct batch *b, const struct timespec *now, const struct bp_pkt *pkts,
		       unsigned n, uint64_t n_bytes)
{
	struct record *record = &b->records[b->n_records++];

	*record = (struct record){ .seconds = (uint32_t)now->tv_sec,
				   .nanoseconds = (uint32_t)now->tv_nsec,
				   .captured_bytes = (uint32_t)n_bytes,
				   .wire_bytes = (uint32_t)n_bytes };
	b->iov[b->n_iov++] = (struct iovec){ .iov_base = record, .iov_len = sizeof(struct record) };
	for (unsigned i = 0; i < n; i++)
		b->iov[b->n_iov++] =
			(struct iovec){ .iov_base = pkts[i].data, .iov_len = pkts[i].len };
}

static ssize_t write_batch(struct bp_txq *q, struct writer *w, const struct batch *b)
{
	uint64_t began = bp_clock_cycles();
	ssize_t n = pwritev(w->fd, b->iov, (int)b->n_iov, w->end);

	bp_count(&q->counters, BP_CNT_CALL_CYCLES, bp_clock_cycles() - began);
	bp_count(&q->counters, BP_CNT_CALLS, 1);
	atomic_store_explicit(&w->error, n < 0 ? errno : 0, memory_order_relaxed);
	return n;
}

/*
 * Count the records that lie whole in the first n_written bytes; cut off what is left of one. Returns
 * how many are done with: all, or up to the first that is dropped (bp_txq.ends_at_drop).
 */
static unsigned account(struct bp_txq *q, struct writer *w, const struct batch *b,
			uint64_t n_written)
{
	uint64_t n_whole = 0, n_bytes = 0;
	unsigned n_records = 0, n_dropped;

	while (n_records < b->n_records) {
		uint64_t n = sizeof(struct record) + b->records[n_records].captured_bytes;

		if (n_whole + n > n_written)
			break;
		n_whole += n;
		n_bytes += b->records[n_records++].captured_bytes;
	}
	w->end += (off_t)n_whole;
	n_dropped = b->n_records - n_records;
	if (n_dropped && q->ends_at_drop)
		n_dropped = 1;
	if (n_dropped) {
		bp_count(&q->counters, BP_DROP_TX_ERROR, n_dropped);
		if (n_written > n_whole) {
			atomic_store_explicit(&w->error, ENOSPC, memory_order_relaxed);
			bp_count(&q->counters, BP_CNT_CALLS, 1);
			if (ftruncate(w->fd, w->end) < 0)
				atomic_store_explicit(&w->error, errno, memory_order_relaxed);
		}
	}
	if (n_records) {
		bp_count(&q->counters, BP_CNT_PKTS, n_records);
		bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
		bp_count(&q->counters, BP_CNT_BURSTS, 1);
	}
	return n_records + n_dropped;
}

/* Records of the packets up to the end, or to where the burst ends early. Returns their views. */
static unsigned fill_batch(struct bp_txq *q, struct batch *b, const struct bp_pkt *pkts, unsigned n)
{
	struct timespec now;
	unsigned i = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	while (i < n) {
		unsigned n_views = bp_pkt_n_views(&pkts[i], n - i);
		uint64_t n_bytes = bp_pkt_bytes(&pkts[i], n_views);
		bool is_too_long = n_bytes > BP_PCAP_SNAPLEN_MAX;

		if (is_too_long && q->ends_at_drop && i)
			break;
		i += n_views;
		if (!is_too_long) {
			add_record(b, &now, &pkts[i - n_views], n_views, n_bytes);
			continue;
		}
		bp_count(&q->counters, BP_DROP_TX_TOO_LONG, 1);
		if (q->ends_at_drop)
			break;
	}
	return i;
}

static unsigned write_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct writer *w = q->priv;
	unsigned n_done, k = 0;
	struct batch b;
	ssize_t n_written;

	if (!n)
		return 0;
	b.n_iov = 0;
	b.n_records = 0;
	n = fill_batch(q, &b, pkts, n);
	n_written = b.n_records ? write_batch(q, w, &b) : 0;
	n_done = account(q, w, &b, n_written > 0 ? (uint64_t)n_written : 0);
	if (n_done == b.n_records)
		k = n;
	for (; k < n && n_done; n_done--)
		k += bp_pkt_n_views(&pkts[k], n - k);
	bp_pool_put(q->worker_id, pkts, k);
	return k;
}

/* ---- control --------------------------------------------------------------------------------- */

/* libpcap knows the header: nanoseconds, Ethernet. It writes to a stream of its own. */
static int write_header(int fd)
{
	pcap_t *dead = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, BP_PCAP_SNAPLEN_MAX,
							    PCAP_TSTAMP_PRECISION_NANO);
	int twin = dead ? dup(fd) : -1;
	FILE *stream = twin >= 0 ? fdopen(twin, "w") : NULL;
	pcap_dumper_t *dumper = stream ? pcap_dump_fopen(dead, stream) : NULL;
	int err = dumper ? 0 : -ENOMEM;

	if (dumper && pcap_dump_flush(dumper) < 0)
		err = errno ? -errno : -EIO;
	if (dumper)
		pcap_dump_close(dumper);
	else if (stream)
		fclose(stream);
	else if (twin >= 0)
		close(twin);
	if (dead)
		pcap_close(dead);
	return err;
}

static int open_file(const struct bp_port *port)
{
	const char *path = port->conf->device;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644);
	struct stat st;

	if (fd < 0) {
		int err = -errno;

		bp_log(BP_LOG_ERROR, "port %s: cannot write the capture %s: %s", port->conf->name,
		       path, err == -ENXIO ? "it is a pipe that nobody reads" : strerror(-err));
		return err;
	}
	if (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)))
		return fd;
	bp_log(BP_LOG_ERROR,
	       "port %s: %s is no regular file: a pipe would block the worker: name a file",
	       port->conf->name, path);
	close(fd);
	return -EINVAL;
}

static int write_open(struct bp_port *port)
{
	struct writer *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	w->base.mode = &bp_pcap_write;
	w->fd = open_file(port);
	if (w->fd < 0) {
		err = w->fd;
		goto free_writer;
	}
	err = write_header(w->fd);
	if (err) {
		bp_log(BP_LOG_ERROR, "port %s: cannot write the capture %s: %s", port->conf->name,
		       port->conf->device, strerror(-err));
		close(w->fd);
		goto free_writer;
	}
	w->end = FILE_HEADER_BYTES;
	port->priv = w;
	return 0;

free_writer:
	free(w);
	return err;
}

static int write_start(struct bp_port *port)
{
	port->info = (struct bp_port_info){
		.kind = BP_DEVICE_NONE,
		.caps = BP_CAP_MULTI_TX | BP_CAP_TX_WHEN_DOWN,
		.max_frame_bytes = BP_PCAP_SNAPLEN_MAX,
	};
	for (unsigned i = 0; i < port->n_txq; i++) {
		port->txq[i].priv = port->priv;
		port->txq[i].driver_burst = write_tx;
	}
	return 0;
}

static void write_stop(struct bp_port *port)
{
	(void)port; /* each burst reached the kernel, and a restart goes on in the same file */
}

static void write_close(struct bp_port *port)
{
	struct writer *w = port->priv;

	if (close(w->fd) < 0)
		bp_log(BP_LOG_ERROR, "port %s: the capture %s may be incomplete: %s",
		       port->conf->name, port->conf->device, strerror(errno));
	free(w);
}

static enum bp_link write_check(struct bp_port *port)
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
	return error ? BP_LINK_DOWN : BP_LINK_UP;
}

const struct bp_pcap_mode bp_pcap_write = {
	.name = "write",
	.has_tx = true,
	.open = write_open,
	.start = write_start,
	.stop = write_stop,
	.close = write_close,
	.check = write_check,
};
