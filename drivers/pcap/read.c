/* pcap mode = read: plays a capture file out as received packets. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * User code copies a packet twice: stdio's buffer → libpcap's buffer, in fread(); libpcap's buffer →
 * frame of the arena.
 *
 * System calls on the packet path: one read() per 256 KiB of the file, one lseek() per round
 * when looping. A read of a file may wait for the disk. A pcapng is opened anew for each round, which
 * allocates.
 */
#include "capture.h"
#include "modes.h"
#include "readdress.h"
#include "rewrite.h"
#include "timeline.h"

#include "bypath/ledger.h"
#include "bypath/log.h"

#include "core/clock.h"
#include "core/frames.h"
#include "core/pace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum state {
	PLAYING,
	AT_END, /* the last packet has been handed out */
	BROKEN, /* cannot be read on; capture.why says it */
	BARREN, /* of several rounds: no record of the file can ever be handed out */
	PACELESS, /* endless rounds by recorded pace: no record is later than the first */
};

struct reader {
	struct bp_pcap_port base;
	struct bp_pcap_capture capture;
	struct bp_rxq *rxq; /* NULL: nobody receives from here */
	struct bp_frames *frames;
	uint32_t room;
	struct bp_pcap_rewrite rewrite;
	bool pads; /* truncated = pad */
	uint64_t shift; /* of this round's IP addresses */
	bool has_record; /* capture's is the packet that comes next */
	uint64_t due_cycles; /* by the timeline; 0: at once */
	uint64_t n_played, n_left; /* handed out; records to consume, faulty ones too */
	uint64_t n_rounds_left; /* with this one; UINT64_MAX: endless */
	uint64_t n_round; /* records of this round */
	struct bp_pace pace; /* rate_pps */
	struct bp_pcap_timeline timeline; /* pace = recorded, round_delay */
	bool is_recorded; /* pace = recorded */
	/* The worker writes (release, after capture.why), check() reads (acquire). */
	_Atomic unsigned state;
	unsigned told; /* state that check() has logged */
};

static void end_with(struct reader *r, unsigned state)
{
	r->has_record = false;
	atomic_store_explicit(&r->state, state, memory_order_release);
	atomic_store_explicit(&r->rxq->is_over, true, memory_order_release);
}

/* Would it go round for ever with nothing to set its pace? Only the records' time stamps could, and
 * they are all equal. */
static bool is_paceless(const struct reader *r)
{
	return r->is_recorded && r->n_rounds_left == UINT64_MAX && !r->timeline.delay_cycles &&
	       !bp_pcap_timeline_has_passed(&r->timeline);
}

/* What follows a round: PLAYING, another round; else the reason why there is none. */
static unsigned judge_round(const struct reader *r)
{
	if (r->n_rounds_left == 1 || !r->n_round)
		return AT_END; /* !n_round: an empty capture */
	if (!r->n_played)
		return BARREN;
	return is_paceless(r) ? PACELESS : PLAYING;
}

static void schedule(struct reader *r)
{
	struct bp_pcap_timeline *t = &r->timeline;

	if (!r->is_recorded && !t->delay_cycles)
		return;
	if (!r->n_round) {
		bp_pcap_timeline_begin_round(t, bp_clock_cycles());
		r->due_cycles = t->begin_cycles;
		if (t->delay_cycles)
			bp_pace_defer(&r->pace, t->begin_cycles);
	}
	if (r->is_recorded)
		r->due_cycles = bp_pcap_timeline_next(
			t, bp_pcap_timeline_stamp(r->capture.stamp_s, r->capture.stamp_ns));
}

static bool is_due(const struct reader *r)
{
	uint64_t now = bp_clock_cycles();

	return bp_pace_is_due(&r->pace, now) && r->due_cycles <= now;
}

/* At the end of the file: go on, or end. */
static bool turn_round(struct reader *r)
{
	unsigned state = judge_round(r);

	r->n_round = 0;
	r->n_rounds_left -= r->n_rounds_left != UINT64_MAX;
	r->shift += bp_pcap_conf(r->rxq->port->conf)->round_shift;
	if (state == PLAYING && bp_pcap_capture_rewind(&r->capture))
		state = BROKEN;
	if (state != PLAYING)
		end_with(r, state);
	return state == PLAYING;
}

/* Have libpcap read the next packet. False at the end. */
static bool fetch(struct reader *r)
{
	enum bp_pcap_capture_next next;

	if (atomic_load_explicit(&r->state, memory_order_relaxed) != PLAYING)
		return false;
	next = bp_pcap_capture_read(&r->capture);
	if (next == BP_PCAP_CAPTURE_END) {
		if (!turn_round(r))
			return false;
		next = bp_pcap_capture_read(&r->capture);
	}
	if (next != BP_PCAP_CAPTURE_RECORD) {
		end_with(r, BROKEN);
		return false;
	}
	schedule(r);
	r->n_round++;
	r->has_record = true;
	return true;
}

/* What a record becomes: header, captured bytes, zeros, one behind the other. */
struct frame {
	struct bp_pcap_rewrite_head head; /* len 0: the record has its own */
	const uint8_t *body;
	uint32_t body_len;
	uint64_t pad_len;
};

/* The record as a frame, or the drop reason of one that is none. */
static enum bp_cnt make_frame(const struct reader *r, struct frame *f)
{
	const struct bp_pcap_capture *c = &r->capture;
	enum bp_cnt fault;

	f->head.len = f->head.skip = 0;
	f->head.is_left = false;
	f->pad_len = c->len < c->wire_len ? c->wire_len - c->len : 0;
	if (f->pad_len && !r->pads)
		return BP_DROP_RX_TRUNCATED;
	if (c->len < r->rewrite.needs_bytes)
		return BP_DROP_RUNT;
	if (r->rewrite.is_needed) {
		fault = bp_pcap_rewrite_head(&r->rewrite, c->bytes, c->len, &f->head);
		if (fault != BP_CNT_N)
			return fault;
	}
	f->body = c->bytes + f->head.skip;
	f->body_len = c->len - f->head.skip;
	return BP_CNT_N;
}

/* Views that a frame takes; 0: more than max. */
static unsigned count_views(const struct reader *r, const struct frame *f, unsigned max)
{
	uint64_t len = f->head.len + f->body_len + f->pad_len;

	return len <= (uint64_t)max * r->room ? bp_pcap_n_views((uint32_t)len, r->room) : 0;
}

static uint32_t least(uint64_t a, uint32_t b)
{
	return a < b ? (uint32_t)a : b;
}

/* Write a frame into its n empty views. As bp_pcap_copy_in(), with what stands before and behind. */
static void fill_views(struct bp_rxq *q, const struct reader *r, const struct frame *f,
		       struct bp_pkt *pkts, unsigned n)
{
	uint32_t body_left = f->body_len, at = f->head.len;
	uint64_t pad_left = f->pad_len;

	memcpy(pkts[0].data, f->head.bytes, f->head.len); /* header */
	for (unsigned i = 0; i < n; i++) {
		uint32_t part = least(body_left, r->room - at);
		uint32_t zeros = least(pad_left, r->room - at - part);

		bp_ledger_copy(&q->counters, &pkts[0], i == 0, pkts[i].data + at,
			       f->body + f->body_len - body_left, part);
		memset(pkts[i].data + at + part, 0, zeros);
		pkts[i].len = at + part + zeros;
		pkts[i].flags = i + 1 < n ? BP_PKT_MORE : 0;
		body_left -= part;
		pad_left -= zeros;
		at = 0;
	}
	if (f->pad_len)
		bp_count(&q->counters, BP_CNT_PADDED, 1);
}

/* Give a frame, which begins with its captured part, the addresses of the round. */
static void finish_frame(struct bp_rxq *q, const struct reader *r, const struct frame *f,
			 struct bp_pkt *pkt)
{
	uint32_t n_bytes = least((uint64_t)f->head.len + f->body_len, pkt->len);
	bool is_left = f->head.is_left;

	if (r->shift && !bp_pcap_readdress(pkt->data, n_bytes, r->shift))
		is_left = true;
	if (is_left)
		bp_count(&q->counters, BP_CNT_NOT_REWRITTEN, 1);
}

static void write_frame(struct bp_rxq *q, const struct reader *r, const struct frame *f,
			struct bp_pkt *pkts, unsigned n)
{
	bp_ledger_note_copy(&q->counters, &pkts[0], r->capture.len); /* fread() */
	if (!f->head.len && !f->pad_len && !r->shift) {
		bp_pcap_copy_in(q, pkts, n, r->room, f->body, f->body_len);
		return;
	}
	fill_views(q, r, f, pkts, n);
	finish_frame(q, r, f, pkts);
}

static void consume(struct reader *r)
{
	r->has_record = false;
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
	while (n + n_faults < max && (r->has_record || fetch(r))) {
		unsigned n_views, got;
		enum bp_cnt fault;
		struct frame f;

		if (!is_due(r))
			break;
		fault = make_frame(r, &f);
		n_views = fault == BP_CNT_N ? count_views(r, &f, max) : 0;
		if (!n_views) {
			bp_count(&q->counters, fault == BP_CNT_N ? BP_DROP_RX_TRUNCATED : fault, 1);
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
		write_frame(q, r, &f, &pkts[n], n_views);
		n += n_views;
		r->n_played++;
		consume(r);
	}
	return bp_pcap_count_rx(q, pkts, n);
}

/* ---- control --------------------------------------------------------------------------------- */

/* Why records of this link type are not played. */
static int refuse_link(const struct bp_port *port, int link_type, int err)
{
	const char *name = pcap_datalink_val_to_name(link_type);

	bp_log(BP_LOG_ERROR,
	       err == -EINVAL
		       ? "port %s: %s holds packets of link type %s (%d), without an Ethernet header: set "
			 "dst_mac and src_mac to have one put before each"
		       : "port %s: %s holds frames of link type %s (%d); only Ethernet (EN10MB), RAW, IPV4, "
			 "IPV6, LINUX_SLL, LINUX_SLL2 can be forwarded",
	       port->conf->name, port->conf->device, name ? name : "unknown", link_type);
	return -EINVAL;
}

/* The port's file, if it is one that can be forwarded. */
static int open_capture(const struct bp_port *port, struct reader *r, bool is_a_look)
{
	int err = bp_pcap_capture_open(&r->capture, port, is_a_look);

	if (err)
		return err;
	err = bp_pcap_rewrite_init(&r->rewrite, r->capture.link_type, bp_pcap_conf(port->conf));
	if (!err)
		return 0;
	bp_pcap_capture_close(&r->capture);
	return refuse_link(port, r->capture.link_type, err);
}

static int read_open(struct bp_port *port)
{
	struct reader *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->base.mode = &bp_pcap_read;
	err = bp_pcap_capture_init(&r->capture);
	/* A first look, so that a wrong file is known before anything starts. */
	if (!err)
		err = open_capture(port, r, true);
	if (err) {
		bp_pcap_capture_fini(&r->capture);
		free(r);
		return err;
	}
	bp_pcap_capture_close(&r->capture);
	port->priv = r;
	return 0;
}

static int read_start(struct bp_port *port)
{
	struct reader *r = port->priv;
	const struct bp_pcap_conf *conf = bp_pcap_conf(port->conf);
	int err = open_capture(port, r, false);

	if (err)
		return err;
	r->frames = port->env->frames;
	r->room = bp_frames_room(r->frames);
	r->pads = conf->pads_truncated;
	r->shift = 0;
	r->has_record = false;
	r->n_round = 0;
	r->n_rounds_left = conf->rounds ? conf->rounds : conf->loop ? UINT64_MAX : 1;
	r->n_left = conf->count ? conf->count : UINT64_MAX;
	bp_pace_begin(&r->pace, conf->rate_pps, port->env->conf->engine.burst, bp_clock_hz(),
		      bp_clock_cycles());
	r->is_recorded = !conf->rate_pps && conf->pace == BP_PCAP_RECORDED;
	bp_pcap_timeline_init(&r->timeline, conf->speed, conf->max_gap_s, conf->round_delay_s,
			      bp_clock_hz());
	r->due_cycles = 0;
	r->told = PLAYING;
	atomic_store_explicit(&r->state, PLAYING, memory_order_relaxed);
	port->info =
		(struct bp_port_info){ .caps = BP_CAP_PLAIN_RX | BP_CAP_FINITE, .rx_copies = 2 };
	if (!port->n_rxq)
		return 0;
	r->rxq = &port->rxq[0];
	r->capture.counters = &r->rxq->counters;
	atomic_store_explicit(&r->rxq->is_over, false, memory_order_relaxed);
	port->rxq[0].priv = r;
	port->rxq[0].driver_burst = read_rx;
	return 0;
}

static void read_stop(struct bp_port *port)
{
	struct reader *r = port->priv;

	bp_pcap_capture_close(&r->capture);
}

static void read_close(struct bp_port *port)
{
	struct reader *r = port->priv;

	bp_pcap_capture_fini(&r->capture);
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
		       name, device, r->n_played, r->capture.why);
	else if (state == BARREN)
		bp_log(BP_LOG_ERROR,
		       "port %s: %s: none of its records can be played (cut when captured, too "
		       "long, or shorter than an Ethernet header): another round would bring nothing",
		       name, device);
	else if (state == PACELESS)
		bp_log(BP_LOG_ERROR,
		       "port %s: %s: none of its records is later than the first, so loop = yes knows no pace: "
		       "set rate_pps, pace = max, or round_delay",
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
