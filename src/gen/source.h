/* The sending side: builds frames when they are due, hands them to one TX queue. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_SOURCE_H
#define BYPATH_GEN_SOURCE_H

#include "bypath/port.h"

#include "gen/frame.h"

#include <stdatomic.h>

#define BP_STREAM_CYCLE_MAX 6400u /* 64 streams with a share of 100 each */

/* A frame that waits for TX: where its signature goes. */
struct bp_source_stamp {
	uint8_t *signature;
	uint64_t seq;
	uint8_t stream_id;
};

/* What a trial asks of the source. */
struct bp_source_request {
	double rate_pps; /* 0: as fast as it goes */
	double duration_s; /* 0: no bound */
	uint64_t n_pkts; /* stop after so many frames, whatever was missed; 0: no bound */
	unsigned burst; /* packets built at once, 1..BP_BURST_MAX; 0: as many as suit the rate */
	double catch_up_s; /* turns that a late worker makes up for; 0: a tenth of a millisecond */
};

enum bp_source_state { BP_SOURCE_READY, BP_SOURCE_SENDING, BP_SOURCE_ENDED };

/*
 * Set up by the control thread while no worker uses it; then one worker steps it. Times in cycles.
 * Atomics: written by the worker, read by the control thread.
 */
struct bp_source {
	struct bp_txq *txq;
	struct bp_rxq *replay; /* NULL: streams */
	struct bp_pool *pool; /* of the frames that it builds in */
	uint32_t room; /* of a frame's view */
	unsigned n_streams;
	struct bp_stream *streams; /* owned by whoever set it up */
	unsigned n_cycle, cycle_at;
	uint8_t cycle[BP_STREAM_CYCLE_MAX]; /* streams in the order of packets */
	unsigned burst;
	/* The schedule. */
	uint64_t begin, end; /* end: UINT64_MAX without a duration */
	uint64_t turns_per_cycle; /* scaled by 2^56; 0: no schedule */
	uint64_t n_turns_max; /* the schedule's length; UINT64_MAX: no bound */
	uint64_t n_turns; /* turns used or missed so far */
	uint64_t n_left; /* frames still to make; UINT64_MAX at the begin: no bound */
	uint64_t backlog_max; /* turns that are made up for when the worker was late */
	uint64_t grace; /* cycles after the end for what was due */
	bool was_blocked; /* TX left something over since the schedule was looked at */
	uint64_t blocked_since, blocked_max; /* a port that cannot tell takes nothing; 0: it does */
	uint64_t last_cycles; /* when TX last took something; at the end of a duration: then */
	bool is_dry; /* the replay has ended: what waits for TX is the last */
	/* What waits for TX: n_waiting packets, the views at … at + n_views of pkts. */
	unsigned at, n_views, n_waiting, stamp_at;
	struct bp_pkt pkts[BP_BURST_MAX];
	struct bp_source_stamp stamps[BP_BURST_MAX];
	_Atomic unsigned state; /* enum bp_source_state */
	_Atomic bool is_asked_to_end; /* by the control thread */
	_Atomic uint64_t n_pkts, n_bytes; /* handed to the TX port and consumed there */
	_Atomic uint64_t n_missed_cpu; /* turns let pass because the worker came too late */
	_Atomic uint64_t n_missed_full; /* turns let pass because TX did not take frames */
	_Atomic uint64_t n_no_frame; /* times that the arena had no frame */
};

/*
 * Make ready for one trial: txq, replay, pool, room, streams, n_streams are set. Control thread.
 * The streams' shares make the cycle.
 */
void bp_source_begin(struct bp_source *source, const struct bp_source_request *request);

/*
 * Send what is due, at most a burst. The first call starts the clock. The source's worker only.
 * Never blocks. Returns whether packets moved. When all is done (or asked to end) the state becomes
 * BP_SOURCE_ENDED, and what TX had not taken is back in its pool.
 */
bool bp_source_step(struct bp_source *source);

/* Mean length of a frame over all streams, without FCS. */
double bp_source_mean_bytes(const struct bp_source *source);

/* Seconds of sending, when the state is BP_SOURCE_ENDED; else 0. */
double bp_source_elapsed_s(const struct bp_source *source);

#endif
