/* One trial, as a search sees it: so much traffic for so long, and what came of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_TRIAL_H
#define BYPATH_GEN_TRIAL_H

#include "core/offcore.h"
#include "gen/latency.h"

#include <stdbool.h>
#include <stdint.h>

struct bp_trial_request {
	double rate_pps; /* frames per second over all streams; 0: as fast as it goes */
	double duration_s; /* of sending; the receiver's wait comes on top. 0: until n_pkts */
	uint64_t n_pkts; /* stop after so many frames (back-to-back bursts); 0: no such bound */
	/* After the last frame the receiver waits until nothing has come for so long (0: [gen] settle),
	 * at most ten times that; it ends early when everything sent has been received. */
	double settle_s;
	/* Begin all the same after bp_gen_interrupt(), which ends the trials before and after. */
	bool is_after_stop;
	/* With a monitor: wait until it is quiet there too, even when all has come back. */
	bool is_monitor_awaited;
	/* Every stream's frame size, FCS included (64 … 9022); 0: as the streams say. */
	uint32_t frame_size;
	/* Where the trial's histogram is added, or NULL. The caller's. */
	struct bp_latency *latency;
};

/*
 * n_sent = n_received_once + n_lost, and n_received = n_received_once + n_duplicate. A frame that
 * the generator's own port did not take is never `lost`: it was not sent.
 */
struct bp_trial_result {
	double asked_pps; /* 0: as fast as it goes */
	double offered_pps; /* handed to the TX port */
	double sent_pps; /* sent by the TX port: what loss counts from */
	double received_pps; /* received once, over the time of sending */
	/* Of sending; of a receiver alone from the first frame to the last: not what it waited before. */
	double elapsed_s;
	uint64_t n_offered, n_sent;
	uint64_t n_unsent; /* offered, but dropped by the TX port under a reason, or held by it */
	uint64_t n_received; /* frames of this trial, duplicates included */
	uint64_t n_lost, n_duplicate;
	/* Dropped by the generator's own RX port, as it counts or reports: among n_lost as a rule. */
	uint64_t n_rx_dropped;
	uint64_t n_reordered; /* RFC 4737 type-P-reordered */
	uint64_t n_corrupt; /* payload or signature damaged, cut off */
	/* Those among n_received whose signature was whole: they came, but no device that passes them
	 * carries its load. Searches take them for lost. */
	uint64_t n_damaged;
	uint64_t n_foreign; /* frames that no generator of ours made */
	uint64_t n_stale; /* frames of another trial */
	uint64_t n_missed; /* turns of the schedule that the generator let pass */
	double loss_ratio; /* n_lost / n_sent; 0 where n_sent is 0 */
	/* The figures say more about the generator than about the device under test: it offered less
	 * than 99.5 % of what was asked, or its own RX port dropped frames, or one of its ports had no
	 * link for a time, or, as fast as it goes, nothing was lost. n_unsent has what it did offer and its TX port did
	 * not send. */
	bool is_generator_bound;
	/* Share of the trial that a packet thread (of the generator; whoever asks may know of the device
	 * under test as well) wanted its core and did not have it. Above BP_OFF_LIMIT the trial is
	 * disturbed: what it lost or took may be the machine's doing. */
	double off_share;
	enum bp_off_cause off_cause;
	/* A replay at the pace of its capture: neither a rate was asked for nor the fastest. */
	bool is_own_pace;
	bool is_interrupted; /* ended early: what was measured until then */
	char why[160]; /* why it is generator-bound or interrupted; "" otherwise */
	struct bp_latency_summary latency;
};

static inline bool bp_trial_is_disturbed(const struct bp_trial_result *result)
{
	return result->off_share > BP_OFF_LIMIT;
}

/*
 * Run one trial. ctx: the tester's own (struct bp_gen *, a simulated device). One thread at a time;
 * blocks for duration_s + settle_s and a little. *result is filled when 0 is returned. Returns
 * -errno when no trial could be run at all (port lost, device under test gone; logged).
 */
typedef int (*bp_trial_fn)(void *ctx, const struct bp_trial_request *request,
			   struct bp_trial_result *result);

#endif
