/* Frames that are dropped below the port take none of those behind them, whichever way they go. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests.h"

#include "frame.h"
#include "traffic.h"

#define N_PKTS     40u
#define N_LONG     (N_PKTS / 4)
#define LONG_BYTES 1200u
#define FAR_MTU    600u
#define WAIT_NS    2000000000u

/* Every fourth is longer than the far end takes. */
static uint32_t len_of(unsigned i)
{
	return i % 4 == 1 ? LONG_BYTES : 60 + i;
}

static bool set_far_mtu(struct world *w, unsigned mtu)
{
	int err = w->rig->set_far_mtu(mtu);

	return expect(!err, "the far end takes no MTU of %u: error %d", mtu, -err);
}

static bool recv_ours(struct world *w, uint8_t *frame, uint32_t *len, uint32_t *seq)
{
	uint64_t deadline_ns = now_ns() + WAIT_NS;

	while (now_ns() < deadline_ns) {
		int n = w->rig->recv(w, frame, FRAME_MAX);

		*len = n > 0 ? (uint32_t)n : 0;
		if (n > 0 && frame_seq(frame, *len, seq))
			return true;
		if (n < 0) {
			world_tx(w, NULL, 0);
			pause_briefly();
		}
	}
	return false;
}

/* The short ones, once each, in order, unchanged; under one name the long ones, all of them. */
static void expect_short_ones(struct world *w, uint32_t first)
{
	const struct bp_counters *c = &world_txq(w)->counters;
	static uint8_t frame[FRAME_MAX];
	uint32_t len = 0, seq = 0;

	for (unsigned i = 0; i < N_PKTS && !check_failed(); i++) {
		if (len_of(i) == LONG_BYTES)
			continue;
		if (!expect(recv_ours(w, frame, &len, &seq), "frame %u never came", i))
			return;
		expect(seq == first + i && frame_diff(frame, seq, len, false) < 0,
		       "frame %u came instead of %u, or changed", seq - first, i);
	}
	world_drain(w);
	expect(bp_counter(c, BP_DROP_TX_KERNEL) == N_LONG && bp_counters_drops(c) == N_LONG,
	       "%lu of %u long ones dropped as tx_kernel_drop, %lu in all",
	       bp_counter(c, BP_DROP_TX_KERNEL), N_LONG, bp_counters_drops(c));
	expect(bp_counter(c, BP_CNT_PKTS) - bp_counter(c, BP_CNT_LOST_AFTER) == N_PKTS - N_LONG,
	       "%lu counted as sent, %lu of them lost after", bp_counter(c, BP_CNT_PKTS),
	       bp_counter(c, BP_CNT_LOST_AFTER));
}

static unsigned build_all(struct world *w, struct bp_pkt *pkts)
{
	unsigned n = 0;

	for (unsigned i = 0; i < N_PKTS; i++)
		n += world_build(w, &pkts[n], 1, w->next_seq + i, len_of(i), 0);
	w->next_seq += N_PKTS;
	expect(n == N_PKTS, "only %u frames to build in", n);
	return n;
}

static void refused_frames_take_none_behind_them(struct world *w)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	uint32_t first = w->next_seq;

	if (!set_far_mtu(w, FAR_MTU))
		return;
	if (traffic_send(w, pkts, build_all(w, pkts)))
		expect_short_ones(w, first);
	set_far_mtu(w, 1500);
	traffic_both_ways(w);
}

/* The same by the direct burst: received first, sent back when the far end takes less. */
static void refused_frames_are_the_same_to_a_direct_burst(struct world *w)
{
	bp_direct_fn direct = world_choose_direct(w, NULL);
	const struct bp_counters *c = &world_rxq(w)->counters;
	uint64_t deadline_ns = now_ns() + WAIT_NS;
	static uint8_t frame[FRAME_MAX];
	uint32_t first = w->next_seq;

	if (!direct) {
		check_skip("the driver has no direct burst");
		return;
	}
	for (unsigned i = 0; i < N_PKTS; i++) {
		frame_write(frame, w->next_seq++, len_of(i), false);
		expect(!w->rig->send(w, frame, len_of(i)), "cannot offer frame %u", i);
	}
	if (!set_far_mtu(w, FAR_MTU))
		return;
	while (bp_counter(c, BP_CNT_PKTS) < N_PKTS && now_ns() < deadline_ns)
		world_direct(w, direct, NULL, 2);
	expect_short_ones(w, first);
	set_far_mtu(w, 1500);
	traffic_both_ways(w);
}

/* Whoever numbers its packets asks for it: nothing behind a dropped one is consumed with it. */
static void send_ending_at_drops(struct world *w, struct bp_pkt *pkts, unsigned n)
{
	const struct bp_counters *c = &world_txq(w)->counters;
	uint64_t deadline_ns = now_ns() + WAIT_NS;
	unsigned done = 0;

	while (done < n && now_ns() < deadline_ns && !check_failed()) {
		uint64_t before = bp_counters_dropped(c);
		unsigned k = world_tx(w, pkts + done, n - done);

		before = bp_counters_dropped(c) - before;
		done += k;
		expect(before <= 1, "%lu packets dropped in one call", before);
		if (before && k)
			expect(pkts[done - 1].len == LONG_BYTES || pkts[done - 1].len < 14,
			       "the last packet consumed is not the one dropped");
	}
	expect(done == n, "%u of %u packets consumed", done, n);
	if (done < n)
		bp_pool_put(WORKER, pkts + done, n - done);
}

static void refused_frames_end_the_burst_where_that_is_asked_for(struct world *w)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	uint32_t first = w->next_seq;

	if (!set_far_mtu(w, FAR_MTU))
		return;
	world_txq(w)->ends_at_drop = true;
	send_ending_at_drops(w, pkts, build_all(w, pkts));
	expect_short_ones(w, first);
	set_far_mtu(w, 1500);
	traffic_both_ways(w);
}

/* What the driver itself drops ends the burst as well. */
static void runts_end_the_burst_where_that_is_asked_for(struct world *w)
{
	static const uint32_t lens[] = { 60, 13, 61, 62, 12, 11, 63 };
	struct bp_pkt pkts[7];
	unsigned n = 0;

	world_txq(w)->ends_at_drop = true;
	for (unsigned i = 0; i < 7; i++) {
		n += world_build(w, &pkts[n], 1, w->next_seq++, 60, 0);
		pkts[n - 1].len = lens[i];
	}
	send_ending_at_drops(w, pkts, n);
	world_drain(w);
	traffic_discard(w, 1000000);
}

const struct test tests_refused[] = {
	{ "refused_frames_take_none_behind_them", refused_frames_take_none_behind_them, RIG_REFUSES,
	  0 },
	{ "refused_frames_are_the_same_to_a_direct_burst",
	  refused_frames_are_the_same_to_a_direct_burst, RIG_REFUSES, 0 },
	{ "refused_frames_end_the_burst_where_that_is_asked_for",
	  refused_frames_end_the_burst_where_that_is_asked_for, RIG_REFUSES, 0 },
	{ "runts_end_the_burst_where_that_is_asked_for",
	  runts_end_the_burst_where_that_is_asked_for, 0, RIG_NO_TXQ | RIG_NO_RXQ },
	{ NULL, NULL, 0, 0 },
};
