/* Direct bursts: the same frames and the same counts as by views. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests.h"

#include "traffic.h"

#include "core/macswap.h"

static const uint32_t lens[] = { 60, 64, 65, 128, 61, 1514, 512, 1024, 14, 15, 1513, 62 };
#define N_LENS (sizeof(lens) / sizeof(lens[0]))

/* What the port receives goes back out of it. */
static void reflect(struct world *w, bp_edit_fn edit)
{
	const struct bp_counters *rx = &world_rxq(w)->counters, *tx = &world_txq(w)->counters;
	bp_direct_fn direct = world_choose_direct(w, edit);
	uint64_t n_bytes = 0;

	if (!direct) {
		check_skip("the driver has no direct burst");
		return;
	}
	for (unsigned i = 0; i < N_LENS; i++)
		n_bytes += lens[i];
	if (!traffic_direct(w, lens, N_LENS, direct, edit))
		return;
	expect(bp_counter(rx, BP_CNT_PKTS) == N_LENS && bp_counter(tx, BP_CNT_PKTS) == N_LENS,
	       "of %zu packets %lu counted as received, %lu as sent", N_LENS,
	       bp_counter(rx, BP_CNT_PKTS), bp_counter(tx, BP_CNT_PKTS));
	expect(bp_counter(rx, BP_CNT_BYTES) == n_bytes && bp_counter(tx, BP_CNT_BYTES) == n_bytes,
	       "of %lu bytes %lu counted as received, %lu as sent", n_bytes,
	       bp_counter(rx, BP_CNT_BYTES), bp_counter(tx, BP_CNT_BYTES));
	expect(bp_counter(rx, BP_CNT_BURSTS) && bp_counter(tx, BP_CNT_BURSTS), "no burst counted");
	traffic_both_ways(w); /* by views, after that */
}

static void direct_frames_intact(struct world *w)
{
	reflect(w, NULL);
}

static void direct_swaps_addresses(struct world *w)
{
	reflect(w, bp_macswap_burst);
}

/* Nobody takes them at the far end: what TX does not take is dropped, and everything accounted. */
static void direct_accounts_for_what_tx_refuses(struct world *w)
{
	const struct bp_counters *rx = &world_rxq(w)->counters, *tx = &world_txq(w)->counters;
	bp_direct_fn direct = world_choose_direct(w, NULL);

	if (!direct) {
		check_skip("the driver has no direct burst");
		return;
	}
	for (unsigned i = 0; i < 400 && !check_failed(); i++) {
		if (w->rig->flags & RIG_RX)
			traffic_offer(w, 16);
		world_direct(w, direct, NULL, 2);
	}
	expect(bp_counter(rx, BP_CNT_PKTS) > 0, "nothing received");
	if (w->peer) /* rings of 1024 that it does not empty */
		expect(bp_counter(tx, BP_DROP_TX_FULL) > 0, "a full ring dropped nothing");
}

const struct test tests_direct[] = {
	{ "direct_frames_intact", direct_frames_intact, RIG_RX | RIG_TX, 0 },
	{ "direct_swaps_addresses", direct_swaps_addresses, RIG_RX | RIG_TX, 0 },
	{ "direct_accounts_for_what_tx_refuses", direct_accounts_for_what_tx_refuses, 0,
	  RIG_NO_RXQ | RIG_NO_TXQ },
	{ NULL, NULL, 0, 0 },
};
