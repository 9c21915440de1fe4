/* Ownership: every view goes back to its pool exactly once, under pressure too. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests.h"

#include "frame.h"
#include "traffic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_MAX 4096u
#define OWN_MAX   32768u
#define MANY_PKTS 1500u /* more than a ring, fewer than the arena: TX fills up where it can */

/* Every free frame that any worker can reach, in the order taken; the number of them. */
static unsigned take_all(struct world *w, struct bp_pkt *pkts)
{
	unsigned n = 0;

	for (unsigned worker_id = 0; worker_id <= BP_CONTROL_ID; worker_id++)
		while (n < ARENA_MAX && bp_frames_get(w->env.frames, worker_id, &pkts[n], 1))
			n++;
	return n;
}

static void give_all(const struct bp_pkt *pkts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		bp_pool_put(BP_CONTROL_ID, &pkts[i], 1);
}

/*
 * Nobody empties the other end, so TX takes less and less where it can fill up. Whatever it leaves
 * must still be the caller's: each leftover is given back here, and world_close() counts.
 */
static void tx_full_leaves_tail_with_caller(struct world *w)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n_left = 0;

	for (unsigned sent = 0; sent < MANY_PKTS && n_left < 200 && !check_failed(); sent += 32) {
		unsigned n = 0, k;

		while (n < 32 && world_build(w, &pkts[n], 1, w->next_seq + n, 64, 0))
			n++;
		w->next_seq += n;
		k = world_tx(w, pkts, n);
		for (unsigned i = k; i < n; i++) {
			uint32_t seq;

			expect(frame_seq(pkts[i].data, pkts[i].len, &seq) &&
				       frame_diff(pkts[i].data, seq, pkts[i].len, false) < 0,
			       "tx changed the bytes of a view that it did not consume");
		}
		bp_pool_put(WORKER, pkts + k, n - k);
		n_left += n - k;
	}
	world_drain(w);
}

/* The same with packets of two views: a tail never begins inside a packet. */
static void tx_full_leaves_whole_packets(struct world *w)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n_left = 0;

	if (!(w->port->info.caps & BP_CAP_MULTI_TX)) {
		check_skip("TX takes packets of one view only");
		return;
	}
	for (unsigned sent = 0; sent < MANY_PKTS && n_left < 200 && !check_failed(); sent += 21) {
		unsigned n = 0, k, more;

		do {
			more = world_build(w, &pkts[n], BP_BURST_MAX - n, w->next_seq++, 120, 40);
			n += more;
		} while (more && n + 3 <= BP_BURST_MAX);
		k = world_tx(w, pkts, n);
		bp_pool_put(WORKER, pkts + k, n - k);
		n_left += n - k;
	}
	world_drain(w);
}

static void private_views_come_back_once(struct world *w)
{
	static const uint32_t lens[] = { 60, 1514, 61, 800, 62, 63, 64, 65 };
	uint64_t n_gets = 0;

	for (unsigned round = 0; round < 20 && !check_failed(); round++) {
		struct bp_pkt pkts[8];
		unsigned n = 0;

		while (n < 8 && private_pool_get(&w->foreign, &pkts[n])) {
			pkts[n].len = lens[n];
			frame_write(pkts[n].data, w->next_seq++, lens[n], false);
			n++;
		}
		n_gets += n;
		traffic_send(w, pkts, n);
		world_drain(w);
	}
	world_stop(w);
	expect(w->foreign.n_puts == n_gets && !w->foreign.n_bad_puts,
	       "%lu private views sent, %lu came back, %lu of them wrongly", n_gets,
	       w->foreign.n_puts, w->foreign.n_bad_puts);
	world_start(w);
}

/* Views of two pools alternate in one burst. */
static void pools_may_mix_in_a_burst(struct world *w)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	static uint8_t frame[FRAME_MAX];
	uint32_t first = w->next_seq;
	unsigned n = 0, n_seen = 0;
	uint64_t deadline_ns = now_ns() + 2000000000u;

	for (unsigned i = 0; i < 16; i++, w->next_seq++) {
		if (i % 3 == 0 && private_pool_get(&w->foreign, &pkts[n])) {
			pkts[n].len = 100;
			frame_write(pkts[n++].data, w->next_seq, 100, false);
		} else {
			n += world_build(w, &pkts[n], 1, w->next_seq, 100, 0);
		}
	}
	traffic_send(w, pkts, n);
	world_drain(w);
	while (w->rig->recv && n_seen < n && now_ns() < deadline_ns) {
		int len = w->rig->recv(w, frame, sizeof(frame));
		uint32_t seq;

		if (len < 0)
			pause_briefly();
		else if (frame_seq(frame, (uint32_t)len, &seq) && seq == first + n_seen &&
			 frame_diff(frame, seq, (uint32_t)len, false) < 0)
			n_seen++;
	}
	expect(!w->rig->recv || n_seen == n, "%u of %u frames came, intact and in order", n_seen,
	       n);
}

/* Receive with every free frame taken away; what comes all the same is kept from the driver. */
static unsigned receive_and_keep(struct world *w, struct bp_pkt *kept, unsigned n_kept)
{
	struct bp_pkt pkts[BP_BURST_MAX];

	for (unsigned i = 0; i < 40; i++) {
		unsigned n = world_rx(w, pkts, BP_BURST_MAX);

		for (unsigned j = 0; j < n; j++) {
			if (n_kept < ARENA_MAX && pkts[j].pool == bp_frames_pool(w->env.frames))
				kept[n_kept++] = pkts[j];
			else
				bp_pool_put(WORKER, &pkts[j], 1);
		}
	}
	return n_kept;
}

static void rx_without_frames_recovers(struct world *w)
{
	struct bp_pkt *all = calloc(ARENA_MAX, sizeof(*all));
	static uint8_t frame[FRAME_MAX];
	unsigned n_all;

	traffic_discard(w, 1000000);
	for (unsigned i = 0; i < 40 && w->rig->send; i++) {
		frame_write(frame, w->next_seq++, 200, false);
		w->rig->send(w, frame, 200);
	}
	if (w->rig->commit)
		w->rig->commit(w);
	n_all = take_all(w, all);
	n_all = receive_and_keep(w, all, n_all);
	give_all(all, n_all);
	free(all);
	traffic_discard(w, 50000000);
	traffic_both_ways(w);
}

/* Long packets with a few frames left: whole packets come, or none. */
static void rx_with_few_frames_takes_whole_packets(struct world *w)
{
	struct bp_pkt *all = calloc(ARENA_MAX, sizeof(*all));
	uint32_t len = world_max_frame(w) < 5000 ? world_max_frame(w) : 5000;
	static uint8_t frame[FRAME_MAX];
	unsigned n_all;

	traffic_discard(w, 1000000);
	for (unsigned i = 0; i < 20; i++) {
		frame_write(frame, w->next_seq++, len, false);
		w->rig->send(w, frame, len);
	}
	if (w->rig->commit)
		w->rig->commit(w);
	n_all = take_all(w, all);
	for (unsigned n_left = 0; n_left < 4 && n_all; n_left++)
		bp_pool_put(WORKER, &all[--n_all], 1);
	n_all = receive_and_keep(w, all, n_all);
	give_all(all, n_all);
	free(all);
	traffic_discard(w, 50000000);
	traffic_both_ways(w);
}

/* Copying needs a frame: without one the packet is dropped by that name, or left to the caller. */
static void tx_without_frames_is_accounted(struct world *w)
{
	struct bp_pkt *all = calloc(ARENA_MAX, sizeof(*all));
	unsigned n_all = take_all(w, all);
	const struct bp_counters *c = &world_txq(w)->counters;
	uint64_t other, drops;

	for (unsigned round = 0; round < 10 && !check_failed(); round++) {
		struct bp_pkt pkts[16];
		unsigned n = 0, k;

		while (n < 16 && private_pool_get(&w->foreign, &pkts[n])) {
			pkts[n].len = 100;
			frame_write(pkts[n].data, w->next_seq++, 100, false);
			n++;
		}
		k = world_tx(w, pkts, n);
		bp_pool_put(WORKER, pkts + k, n - k);
		world_drain(w);
	}
	drops = bp_counters_drops(c);
	other = drops - bp_counter(c, BP_DROP_TX_NO_MEM);
	expect(other == 0, "%lu packets dropped for another reason than tx_no_mem", other);
	give_all(all, n_all);
	free(all);
	world_stop(w); /* what waits at the peer goes */
	if (world_start(w))
		traffic_both_ways(w);
}

/* All that the port's own pool gives, each of its bytes written. */
static unsigned take_own(struct world *w, struct bp_pkt *pkts, unsigned max)
{
	struct bp_pool *pool = w->port->tx_pool;
	unsigned n = 0, got;

	do {
		got = pool->get(pool, WORKER, &pkts[n], 64);
		for (unsigned end = n + got; n < end; n++) {
			expect(pkts[n].pool == pool && !pkts[n].len && !pkts[n].flags &&
				       !pkts[n].copies,
			       "a free frame is no empty view of its pool");
			memset(pkts[n].data, (int)(n % 251), pool->room);
		}
	} while (got == 64 && n + 64 <= max && !check_failed());
	expect(got < 64, "more than %u frames: no end to them", n);
	return n;
}

/* They are as many again, also while the port is away. */
static void own_frames_run_out_and_come_back(struct world *w)
{
	struct bp_pool *pool = w->port->tx_pool;
	struct bp_pkt *all;
	unsigned n_first = 0;

	if (!pool) {
		check_skip("the port has no frames of its own to write into");
		return;
	}
	all = calloc(OWN_MAX, sizeof(*all));
	for (unsigned round = 0; round < 3 && !check_failed(); round++) {
		unsigned n = take_own(w, all, OWN_MAX);

		for (unsigned i = 0; i < n; i++)
			expect(all[i].data[0] == i % 251 && all[i].data[pool->room - 1] == i % 251,
			       "frame %u shares bytes with another", i);
		for (unsigned i = 0; i < n; i++)
			bp_pool_put(WORKER, &all[i], 1);
		expect(n >= BP_BURST_MAX && n >= n_first, "%u frames free, %u before", n, n_first);
		n_first = n;
		if (round == 1)
			world_stop(w);
	}
	free(all);
	if (world_start(w))
		traffic_both_ways(w);
}

const struct test tests_ownership[] = {
	{ "tx_full_leaves_tail_with_caller", tx_full_leaves_tail_with_caller, 0, RIG_NO_TXQ },
	{ "tx_full_leaves_whole_packets", tx_full_leaves_whole_packets, 0, RIG_NO_TXQ },
	{ "private_views_come_back_once", private_views_come_back_once, 0, RIG_NO_TXQ },
	{ "pools_may_mix_in_a_burst", pools_may_mix_in_a_burst, 0, RIG_NO_TXQ },
	{ "rx_without_frames_recovers", rx_without_frames_recovers, 0, RIG_NO_RXQ },
	{ "rx_with_few_frames_takes_whole_packets", rx_with_few_frames_takes_whole_packets, RIG_RX,
	  0 },
	{ "own_frames_run_out_and_come_back", own_frames_run_out_and_come_back, 0, RIG_NO_TXQ },
	{ "tx_without_frames_is_accounted", tx_without_frames_is_accounted, 0, RIG_NO_TXQ },
	{ NULL, NULL, 0, 0 },
};
