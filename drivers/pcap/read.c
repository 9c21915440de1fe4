/* pcap mode = read: plays a capture file out as received packets. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file goes through libpcap, which reads it through stdio. The stream under it is ours
 * (fopencookie), so each read() of the kernel is counted with its time. User code copies a packet
 * twice: stdio's buffer → libpcap's buffer, in fread(); libpcap's buffer → frame of the arena.
 *
 * System calls on the packet path: one read() per BUFFER_BYTES of the file, one lseek() per round
 * when looping. A read of a file may wait for the disk. A pcapng is opened anew for each round, which
 * allocates.
 */
#include "modes.h"
#include "unpack.h"

#include "bypath/ledger.h"
#include "bypath/log.h"

#include "core/clock.h"
#include "core/frames.h"
#include "core/pace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES (256u * 1024)

enum state {
	PLAYING,
	AT_END, /* the last packet has been handed out */
	BROKEN, /* cannot be read on; why says it */
	BARREN, /* loop: no record of the file can ever be handed out */
	PACELESS, /* loop by recorded pace: no record is later than the first, nothing says how fast */
};

struct reader {
	struct bp_pcap_port base;
	pcap_t *pcap;
	FILE *stream;
	char *buffer; /* the stream's: BUFFER_BYTES */
	int fd;
	long first_record; /* offset behind the file's header */
	struct bp_counters *counters; /* of the queue; NULL while the header is read */
	struct bp_frames *frames;
	uint32_t room;
	/* The packet that comes next, in libpcap's buffer until the next is read. */
	const uint8_t *bytes; /* NULL: none read yet */
	uint32_t len, wire_len;
	uint64_t due_cycles; /* by pace = recorded; 0: at once */
	uint64_t n_played, n_left; /* handed out; records to consume, faulty ones too */
	uint64_t n_round; /* records of this round */
	struct bp_pace pace; /* rate_pps */
	bool is_recorded; /* pace = recorded */
	bool has_pace; /* some record is later than the first of its round */
	bool is_pcapng;
	int error; /* of the last read() that failed */
	uint64_t cycles_per_ns_x32; /* shifted left by 32 bits */
	uint64_t round_ns,
		round_cycles; /* when the first packet of the round was captured, played */
	/* The worker writes (release, after why), check() reads (acquire). */
	_Atomic unsigned state;
	unsigned told; /* state that check() has logged */
	char why[PCAP_ERRBUF_SIZE];
};

static ssize_t stream_read(void *cookie, char *buf, size_t n_bytes)
{
	struct reader *r = cookie;
	uint64_t began = bp_clock_cycles();
	ssize_t n = read(r->fd, buf, n_bytes);

	if (n < 0)
		r->error = errno;
	if (r->counters) {
		bp_count(r->counters, BP_CNT_CALL_CYCLES, bp_clock_cycles() - began);
		bp_count(r->counters, BP_CNT_CALLS, 1);
	}
	return n;
}

static int stream_seek(void *cookie, off64_t *offset, int whence)
{
	struct reader *r = cookie;
	off64_t at = lseek(r->fd, *offset, whence);

	if (r->counters)
		bp_count(r->counters, BP_CNT_CALLS, 1);
	if (at < 0)
		return -1;
	*offset = at;
	return 0;
}

static void close_stream(struct reader *r)
{
	if (r->pcap)
		pcap_close(r->pcap); /* closes the stream */
	r->pcap = NULL;
	r->stream = NULL;
}

/* libpcap over a stream from the file's beginning; r->fd stays open beside it. 0 or -errno with why. */
static int open_stream(struct reader *r)
{
	static const cookie_io_functions_t calls = { .read = stream_read, .seek = stream_seek };

	r->stream = fopencookie(r, "r", calls);
	if (!r->stream) {
		snprintf(r->why, sizeof(r->why), "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	setvbuf(r->stream, r->buffer, _IOFBF, BUFFER_BYTES);
	r->pcap = pcap_fopen_offline_with_tstamp_precision(r->stream, PCAP_TSTAMP_PRECISION_NANO,
							   r->why);
	if (r->pcap)
		return 0;
	fclose(r->stream);
	r->stream = NULL;
	return -EINVAL;
}

static void end_with(struct reader *r, unsigned state)
{
	r->bytes = NULL;
	atomic_store_explicit(&r->state, state, memory_order_release);
}

/* What a round of a loop leaves to do: PLAYING, another one; else why there is none. */
static unsigned judge_round(const struct reader *r)
{
	if (!r->n_round)
		return AT_END; /* an empty capture */
	if (!r->n_played)
		return BARREN;
	return r->is_recorded && !r->has_pace ? PACELESS : PLAYING;
}

/*
 * Back to the first record. libpcap keeps what it learns from a pcapng's further interface blocks, and
 * would learn it again in each round: such a file is opened anew. 0 or -1 with why.
 */
static int begin_again(struct reader *r)
{
	r->n_round = 0;
	if (!r->is_pcapng) {
		snprintf(r->why, sizeof(r->why), "it cannot be read again");
		return fseek(r->stream, r->first_record, SEEK_SET);
	}
	close_stream(r);
	if (lseek(r->fd, 0, SEEK_SET) < 0) {
		snprintf(r->why, sizeof(r->why), "%s", strerror(errno));
		return -1;
	}
	return open_stream(r) ? -1 : 0;
}

static void schedule(struct reader *r, const struct pcap_pkthdr *header)
{
	/* Nanoseconds: the precision that the file was opened with. */
	uint64_t ns = (uint64_t)header->ts.tv_sec * 1000000000u + (uint64_t)header->ts.tv_usec;

	if (!r->is_recorded)
		return;
	if (!r->n_round) {
		r->round_ns = ns;
		r->round_cycles = bp_clock_cycles();
	}
	r->has_pace |= ns > r->round_ns;
	/* A record that is older than the first is due with it. */
	ns = ns > r->round_ns ? ns - r->round_ns : 0;
	r->due_cycles =
		r->round_cycles + (uint64_t)((unsigned __int128)ns * r->cycles_per_ns_x32 >> 32);
}

static bool is_due(const struct reader *r)
{
	uint64_t now = bp_clock_cycles();

	return bp_pace_is_due(&r->pace, now) && r->due_cycles <= now;
}

static void keep_why(struct reader *r)
{
	snprintf(r->why, sizeof(r->why), "%s",
		 r->error ? strerror(r->error) : pcap_geterr(r->pcap));
}

/* At the end of the file: go on, or end. */
static bool turn_round(struct reader *r, bool is_loop)
{
	unsigned state = is_loop ? judge_round(r) : AT_END;

	if (state == PLAYING && begin_again(r))
		state = BROKEN;
	if (state != PLAYING)
		end_with(r, state);
	return state == PLAYING;
}

/* Have libpcap read the next packet. False at the end. */
static bool fetch(struct reader *r, bool is_loop)
{
	struct pcap_pkthdr *header;
	int got;

	if (atomic_load_explicit(&r->state, memory_order_relaxed) != PLAYING)
		return false;
	got = pcap_next_ex(r->pcap, &header, &r->bytes);
	if (got == PCAP_ERROR_BREAK) {
		if (!turn_round(r, is_loop))
			return false;
		got = pcap_next_ex(r->pcap, &header, &r->bytes);
	}
	if (got == 1) {
		r->len = header->caplen;
		r->wire_len = header->len;
		schedule(r, header);
		r->n_round++;
		return true;
	}
	keep_why(r);
	end_with(r, BROKEN);
	return false;
}

/* The drop reason of a record that can never be handed out, BP_CNT_N for a good one. */
static enum bp_cnt find_fault(const struct reader *r, unsigned n_views, unsigned max)
{
	if (r->len < r->wire_len || n_views > max)
		return BP_DROP_RX_TRUNCATED;
	return r->len < BP_PCAP_HEADER ? BP_DROP_RUNT : BP_CNT_N;
}

static void consume(struct reader *r)
{
	r->bytes = NULL;
	bp_pace_next(&r->pace);
	if (--r->n_left == 0)
		end_with(r, AT_END);
}

static unsigned read_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct reader *r = q->priv;
	unsigned n = 0, n_faults = 0;

	bp_pace_skip_late(&r->pace, bp_clock_cycles());
	/* Records that are dropped have an end within a burst as well. */
	while (n + n_faults < max && (r->bytes || fetch(r, q->port->conf->loop))) {
		unsigned n_views = bp_pcap_n_views(r->len, r->room), got;
		enum bp_cnt fault = find_fault(r, n_views, max);

		if (!is_due(r))
			break;
		if (fault != BP_CNT_N) {
			bp_count(&q->counters, fault, 1);
			n_faults++;
			consume(r);
			continue;
		}
		if (n_views > max - n)
			break;
		got = bp_frames_get(r->frames, q->worker_id, &pkts[n], n_views);
		if (got < n_views) {
			bp_pool_put(q->worker_id, &pkts[n], got);
			break;
		}
		bp_ledger_note_copy(&q->counters, &pkts[n], r->len); /* fread() */
		bp_pcap_copy_in(q, &pkts[n], n_views, r->room, r->bytes, r->len);
		n += n_views;
		r->n_played++;
		consume(r);
	}
	return bp_pcap_count_rx(q, pkts, n);
}

/* ---- control --------------------------------------------------------------------------------- */

static int open_regular(const struct bp_port *port)
{
	const char *path = port->conf->device;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		int err = -errno;

		bp_log(BP_LOG_ERROR, "port %s: cannot read the capture %s: %s", port->conf->name,
		       path, strerror(-err));
		return err;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
		return bp_unpack(port, fd, !port->priv); /* not yet set: the first look */
	}
	bp_log(BP_LOG_ERROR,
	       "port %s: %s is no regular file: a pipe or a device would block the worker: store "
	       "the capture in a file first",
	       port->conf->name, path);
	close(fd);
	return -EINVAL;
}

static void close_capture(struct reader *r)
{
	close_stream(r);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

/* Source: draft-ietf-opsawg-pcapng, the type of a section header block, alike in both byte orders. */
static bool has_pcapng_magic(int fd)
{
	static const uint8_t magic[4] = { 0x0a, 0x0d, 0x0d, 0x0a };
	uint8_t head[4];

	return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       !memcmp(head, magic, sizeof(magic));
}

static int refuse_link(const struct bp_port *port, int link_type)
{
	const char *name = pcap_datalink_val_to_name(link_type);

	bp_log(BP_LOG_ERROR,
	       "port %s: %s holds frames of link type %s (%d); only Ethernet (EN10MB) can be "
	       "forwarded",
	       port->conf->name, port->conf->device, name ? name : "unknown", link_type);
	return -EINVAL;
}

static int open_capture(struct bp_port *port, struct reader *r)
{
	int err;

	r->counters = NULL;
	r->error = 0;
	r->fd = open_regular(port);
	if (r->fd < 0)
		return r->fd;
	r->is_pcapng = has_pcapng_magic(r->fd);
	err = open_stream(r);
	if (err)
		bp_log(BP_LOG_ERROR, "port %s: %s is no capture that libpcap reads: %s",
		       port->conf->name, port->conf->device, r->why);
	else if (pcap_datalink(r->pcap) != DLT_EN10MB)
		err = refuse_link(port, pcap_datalink(r->pcap));
	if (err) {
		close_capture(r);
		return err;
	}
	r->first_record = ftell(r->stream);
	return 0;
}

static int read_open(struct bp_port *port)
{
	struct reader *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->base.mode = &bp_pcap_read;
	r->buffer = malloc(BUFFER_BYTES);
	/* A first look, so that a wrong file is known before anything starts. */
	err = r->buffer ? open_capture(port, r) : -ENOMEM;
	if (err) {
		free(r->buffer);
		free(r);
		return err;
	}
	close_capture(r);
	port->priv = r;
	return 0;
}

static int read_start(struct bp_port *port)
{
	struct reader *r = port->priv;
	const struct bp_port_conf *conf = port->conf;
	int err = open_capture(port, r);

	if (err)
		return err;
	r->frames = port->env->frames;
	r->room = bp_frames_room(r->frames);
	r->bytes = NULL;
	r->n_round = 0;
	r->has_pace = false;
	r->n_left = conf->count ? conf->count : UINT64_MAX;
	bp_pace_begin(&r->pace, conf->rate_pps, port->env->conf->engine.burst, bp_clock_hz(),
		      bp_clock_cycles());
	r->is_recorded = !conf->rate_pps && !strcmp(conf->pace, "recorded");
	r->cycles_per_ns_x32 = (uint64_t)(((unsigned __int128)bp_clock_hz() << 32) / 1000000000u);
	r->due_cycles = 0;
	r->told = PLAYING;
	atomic_store_explicit(&r->state, PLAYING, memory_order_relaxed);
	port->info = (struct bp_port_info){ .caps = BP_CAP_PLAIN_RX, .rx_copies = 2 };
	if (!port->n_rxq)
		return 0;
	r->counters = &port->rxq[0].counters;
	port->rxq[0].priv = r;
	port->rxq[0].driver_burst = read_rx;
	return 0;
}

static void read_stop(struct bp_port *port)
{
	close_capture(port->priv);
}

static void read_close(struct bp_port *port)
{
	struct reader *r = port->priv;

	free(r->buffer);
	free(r);
}

static void tell(const struct bp_port *port, const struct reader *r, unsigned state)
{
	const char *name = port->conf->name, *device = port->conf->device;

	if (state == AT_END)
		bp_log(BP_LOG_INFO, "port %s: %s has been played: %" PRIu64 " packets", name,
		       device, r->n_played);
	else if (state == BROKEN)
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot read on in %s after %" PRIu64
		       " packets: %s: nothing comes from here any more",
		       name, device, r->n_played, r->why);
	else if (state == BARREN)
		bp_log(BP_LOG_ERROR,
		       "port %s: %s: none of its records can be played (cut when captured, too "
		       "long, or shorter than an Ethernet header): loop = yes would never end",
		       name, device);
	else if (state == PACELESS)
		bp_log(BP_LOG_ERROR,
		       "port %s: %s: none of its records is later than the first, so loop = yes knows no pace: "
		       "set rate_pps, or pace = max",
		       name, device);
}

static enum bp_link read_check(struct bp_port *port)
{
	struct reader *r = port->priv;
	unsigned state = atomic_load_explicit(&r->state, memory_order_acquire);

	if (state != r->told)
		tell(port, r, state);
	r->told = state;
	if (state == PLAYING || state == AT_END)
		return BP_LINK_UP;
	port->has_failed = true;
	return BP_LINK_DOWN;
}

const struct bp_pcap_mode bp_pcap_read = {
	.name = "read",
	.has_rx = true,
	.open = read_open,
	.start = read_start,
	.stop = read_stop,
	.close = read_close,
	.check = read_check,
};
