/* The receiving side: per stream loss, duplicates, order, integrity, latency. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_SINK_H
#define BYPATH_GEN_SINK_H

#include "bypath/port.h"
#include "bypath/signature.h"

#include "gen/latency.h"

#include <stdatomic.h>

/*
 * Duplicates are told from late packets exactly as long as a packet's sequence number is at most so
 * far below the highest one seen. What comes later still is counted as n_too_old.
 */
#define BP_SINK_WINDOW 65536u

/*
 * One stream. Sequence numbers are kept in 64 bits: those of the wire plus how often they wrapped
 * (starting at 1, so that there is room below).
 */
struct bp_sink_stream {
	bool has_any; /* false: the next packet decides where the count begins */
	uint64_t first; /* where loss counts from */
	uint64_t next; /* RFC 4737's NextExp: highest seen + 1 */
	uint64_t n_received; /* all, duplicates and corrupt ones included */
	uint64_t n_bytes; /* without FCS */
	uint64_t n_once; /* different packets */
	/* Of senders that have begun anew since: their gaps, their part of n_once. */
	uint64_t n_gaps_before, n_once_before;
	uint64_t n_duplicate;
	uint64_t n_reordered; /* RFC 4737 section 3.3, type-P-reordered: below NextExp */
	uint64_t reorder_max; /* farthest below NextExp, in sequence numbers */
	uint64_t n_too_old; /* farther below than the window: counted as once and as reordered */
	uint64_t n_corrupt; /* payload is not the pattern, or the frame was cut off */
	uint64_t n_unchecked; /* payload to be checked, but the sender wrote no pattern */
	uint64_t n_bad_time; /* sent after it was received: the ends have different clocks */
	uint64_t window[BP_SINK_WINDOW / 64]; /* bit seq % window: seen */
	struct bp_latency latency; /* of packets seen for the first time */
};

/* Set up by the control thread while no worker uses it; then one worker steps it. */
struct bp_sink {
	struct bp_rxq *rxq;
	bool is_payload_checked;
	bool is_run_known; /* false: the first frame decides, another run begins anew */
	uint8_t run; /* 0: none yet */
	unsigned burst;
	/* By stream number; allocated by bp_sink_create(). */
	struct bp_sink_stream *streams[BP_SIG_STREAM_MASK + 1];
	uint64_t n_broken; /* signatures with a magic, but a wrong check */
	uint64_t n_stale; /* frames of another run */
	uint64_t n_restarts; /* times that a sender began anew (receiver alone) */
	uint64_t n_unknown; /* good signatures of streams that nobody announced */
	/* Of this run: time of the burst with its first packets, how many different ones that had,
	 * time of the last packet. */
	uint64_t first_ns, n_first, last_ns;
	/* Written by the worker, read by the control thread while it runs. */
	_Atomic uint64_t n_pkts, n_bytes; /* of this run: all streams together */
	_Atomic uint64_t n_once;
	_Atomic uint64_t n_foreign; /* frames that no generator of ours made */
	_Atomic uint64_t n_all; /* whatever came */
};

/* Memory for n_streams streams, 1 … 64. 0 or -ENOMEM. */
int bp_sink_create(unsigned n_streams, struct bp_sink **sink);
void bp_sink_destroy(struct bp_sink *sink);

/*
 * Begin to count anew. run (not 0): whose frames count; has_run false: the first frame's (a receiver in
 * another process than the sender). first_seq, with has_run: every stream's first sequence number,
 * so that frames lost before the first one received count as well. Control thread, no worker.
 */
void bp_sink_begin(struct bp_sink *sink, bool has_run, uint8_t run, uint64_t first_seq);

/* Receive a burst and count it. The sink's worker only. Never blocks. Whether packets came. */
bool bp_sink_step(struct bp_sink *sink);

/*
 * Count one burst as if it had been received at now_ns; the views stay the caller's. The sink's
 * worker only.
 */
void bp_sink_take(struct bp_sink *sink, const struct bp_pkt *pkts, unsigned n, uint64_t now_ns);

/*
 * Packets missing between the stream's first and its highest sequence number; what was lost behind
 * the highest cannot be known here.
 */
uint64_t bp_sink_gaps(const struct bp_sink_stream *stream);

#endif
