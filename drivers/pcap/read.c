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
	struct bp_capture capture;
	struct bp_rxq *rxq; /* NULL: nobody receives from here */
	struct bp_frames *frames;
	uint32_t room;
	bool has_record; /* capture's is the packet that comes next */
	uint64_t due_cycles; /* by the timeline; 0: at once */
	uint64_t n_played, n_left; /* handed out; records to consume, faulty ones too */
	uint64_t n_rounds_left; /* with this one; UINT64_MAX: endless */
	uint64_t n_round; /* records of this round */
	struct bp_pace pace; /* rate_pps */
	struct bp_timeline timeline; /* pace = recorded, round_delay */
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

/* Does nothing but its own records say how fast it would go round for ever, and these do not? */
static bool is_paceless(const struct reader *r)
{
	return r->is_recorded && r->n_rounds_left == UINT64_MAX && !r->timeline.delay_cycles &&
	       !bp_timeline_has_passed(&r->timeline);
}

/* What a round leaves to do: PLAYING, another one; else why there is none. */
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
	struct bp_timeline *t = &r->timeline;

	if (!r->is_recorded && !t->delay_cycles)
		return;
	if (!r->n_round) {
		bp_timeline_begin_round(t, bp_clock_cycles());
		r->due_cycles = t->begin_cycles;
		if (t->delay_cycles)
			bp_pace_defer(&r->pace, t->begin_cycles);
	}
	if (r->is_recorded)
		r->due_cycles = bp_timeline_next(
			t, bp_timeline_stamp(r->capture.stamp_s, r->capture.stamp_ns));
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
	if (state == PLAYING && bp_capture_rewind(&r->capture))
		state = BROKEN;
	if (state != PLAYING)
		end_with(r, state);
	return state == PLAYING;
}

/* Have libpcap read the next packet. False at the end. */
static bool fetch(struct reader *r)
{
	enum bp_capture_next next;

	if (atomic_load_explicit(&r->state, memory_order_relaxed) != PLAYING)
		return false;
	next = bp_capture_read(&r->capture);
	if (next == BP_CAPTURE_END) {
		if (!turn_round(r))
			return false;
		next = bp_capture_read(&r->capture);
	}
	if (next != BP_CAPTURE_RECORD) {
		end_with(r, BROKEN);
		return false;
	}
	schedule(r);
	r->n_round++;
	r->has_record = true;
	return true;
}

/* The drop reason of a record that can never be handed out, BP_CNT_N for a good one. */
static enum bp_cnt find_fault(const struct reader *r, unsigned n_views, unsigned max)
{
	if (r->capture.len < r->capture.wire_len || n_views > max)
		return BP_DROP_RX_TRUNCATED;
	return r->capture.len < BP_PCAP_HEADER ? BP_DROP_RUNT : BP_CNT_N;
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
		unsigned n_views = bp_pcap_n_views(r->capture.len, r->room), got;
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
		bp_ledger_note_copy(&q->counters, &pkts[n], r->capture.len); /* fread() */
		bp_pcap_copy_in(q, &pkts[n], n_views, r->room, r->capture.bytes, r->capture.len);
		n += n_views;
		r->n_played++;
		consume(r);
	}
	return bp_pcap_count_rx(q, pkts, n);
}

/* ---- control --------------------------------------------------------------------------------- */

static int refuse_link(const struct bp_port *port, int link_type)
{
	const char *name = pcap_datalink_val_to_name(link_type);

	bp_log(BP_LOG_ERROR,
	       "port %s: %s holds frames of link type %s (%d); only Ethernet (EN10MB) can be "
	       "forwarded",
	       port->conf->name, port->conf->device, name ? name : "unknown", link_type);
	return -EINVAL;
}

/* The port's file, if it is one that can be forwarded. */
static int open_capture(const struct bp_port *port, struct bp_capture *c, bool is_a_look)
{
	int err = bp_capture_open(c, port, is_a_look);

	if (err || c->link_type == DLT_EN10MB)
		return err;
	bp_capture_close(c);
	return refuse_link(port, c->link_type);
}

static int read_open(struct bp_port *port)
{
	struct reader *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->base.mode = &bp_pcap_read;
	err = bp_capture_init(&r->capture);
	/* A first look, so that a wrong file is known before anything starts. */
	if (!err)
		err = open_capture(port, &r->capture, true);
	if (err) {
		bp_capture_fini(&r->capture);
		free(r);
		return err;
	}
	bp_capture_close(&r->capture);
	port->priv = r;
	return 0;
}

static int read_start(struct bp_port *port)
{
	struct reader *r = port->priv;
	const struct bp_port_conf *conf = port->conf;
	int err = open_capture(port, &r->capture, false);

	if (err)
		return err;
	r->frames = port->env->frames;
	r->room = bp_frames_room(r->frames);
	r->has_record = false;
	r->n_round = 0;
	r->n_rounds_left = conf->rounds ? conf->rounds : conf->loop ? UINT64_MAX : 1;
	r->n_left = conf->count ? conf->count : UINT64_MAX;
	bp_pace_begin(&r->pace, conf->rate_pps, port->env->conf->engine.burst, bp_clock_hz(),
		      bp_clock_cycles());
	r->is_recorded = !conf->rate_pps && !strcmp(conf->pace, "recorded");
	bp_timeline_init(&r->timeline, conf->speed, conf->max_gap_s, conf->round_delay_s,
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

	bp_capture_close(&r->capture);
}

static void read_close(struct bp_port *port)
{
	struct reader *r = port->priv;

	bp_capture_fini(&r->capture);
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

static int read_check(struct bp_port *port)
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
