/* Lengths: every frame arrives byte for byte, or is counted under a named reason. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests.h"

#include "frame.h"
#include "traffic.h"

#include <errno.h>
#include <string.h>

#define SIZES_MAX 96u

/* The lengths that both ends carry: all short ones, powers of two with neighbours, the longest. */
static unsigned list_sizes(const struct world *w, uint32_t min, uint32_t max, uint32_t *sizes)
{
	static const uint32_t some[] = { 65,   127,  128,  129,  255,  256,  257,  511,  512, 513,
					 1023, 1024, 1025, 1279, 1280, 1499, 1500, 1513, 1514 };
	unsigned n = 0;

	if (w->rig->min_frame_bytes > min)
		min = w->rig->min_frame_bytes;
	for (uint32_t len = min; len <= 64; len++)
		sizes[n++] = len;
	for (unsigned i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		if (some[i] <= max)
			sizes[n++] = some[i];
	return n;
}

static unsigned list_jumbos(const struct world *w, uint32_t *sizes)
{
	static const uint32_t jumbos[] = { 1515, 1791, 1792, 1793, 2048, 3584,
					   3585, 4096, 5000, 8192, 8999, 9000 };
	unsigned n = 0;

	for (unsigned i = 0; i < sizeof(jumbos) / sizeof(jumbos[0]); i++)
		if (jumbos[i] <= world_max_frame(w))
			sizes[n++] = jumbos[i];
	return n;
}

static void rx_sizes_intact(struct world *w)
{
	uint32_t sizes[SIZES_MAX];
	unsigned n = list_sizes(w, FRAME_HEADER, world_max_frame(w), sizes);

	traffic_to_port(w, sizes, n, BP_BURST_MAX, false);
}

static void tx_sizes_intact(struct world *w)
{
	uint32_t sizes[SIZES_MAX];
	unsigned n = list_sizes(w, FRAME_HEADER, world_max_frame(w), sizes);

	traffic_from_port(w, sizes, n, FROM_ARENA, 0);
}

static void rx_jumbos_intact(struct world *w)
{
	uint32_t sizes[SIZES_MAX];
	unsigned n = list_jumbos(w, sizes);

	if (n)
		traffic_to_port(w, sizes, n, BP_BURST_MAX, false);
	else
		check_skip("frames are at most %u bytes long here", world_max_frame(w));
}

static void tx_jumbos_intact(struct world *w)
{
	uint32_t sizes[SIZES_MAX];
	unsigned n = list_jumbos(w, sizes);

	if (n && w->port->info.caps & BP_CAP_MULTI_TX)
		traffic_from_port(w, sizes, n, FROM_ARENA, 0);
	else
		check_skip("frames are at most %u bytes long here", world_max_frame(w));
}

static void rx_one_view_at_a_time(struct world *w)
{
	static const uint32_t lens[] = { 60, 61, 1514, 62, 63, 64, 65, 512 };

	traffic_to_port(w, lens, 8, 1, false);
}

/* Packets of several views among single ones: a burst may not end inside one. */
static void rx_small_bursts_of_long_packets(struct world *w)
{
	static const uint32_t lens[] = { 60, 9000, 60, 60, 9000, 9000, 60, 9000 };

	if (world_max_frame(w) < 9000)
		check_skip("frames are at most %u bytes long here", world_max_frame(w));
	else
		traffic_to_port(w, lens, 8, 8, false);
}

/*
 * A packet that takes more views than the caller ever asks for can only be dropped, by name; it must
 * not keep those behind it waiting.
 */
static void rx_longer_than_a_burst_is_counted(struct world *w)
{
	static const uint32_t lens[] = { 60, 5000, 64 };
	const struct bp_counters *c = &world_rxq(w)->counters;
	uint64_t deadline_ns = now_ns() + 1000000000u;
	static uint8_t frame[FRAME_MAX];
	struct bp_pkt pkt;

	if (world_max_frame(w) < 5000) {
		check_skip("frames are at most %u bytes long here", world_max_frame(w));
		return;
	}
	traffic_discard(w, 1000000);
	for (unsigned i = 0; i < 3; i++) {
		frame_write(frame, w->next_seq++, lens[i], false);
		expect(w->rig->send(w, frame, lens[i]) == 0, "the peer cannot offer a frame");
	}
	if (w->rig->commit)
		w->rig->commit(w);
	while (bp_counter(c, BP_CNT_PKTS) + bp_counters_drops(c) < 3 && now_ns() < deadline_ns)
		bp_pool_put(WORKER, &pkt, world_rx(w, &pkt, 1));
	expect(bp_counter(c, BP_CNT_PKTS) + bp_counters_drops(c) == 3 &&
		       bp_counters_drops(c) == bp_counter(c, BP_DROP_RX_TRUNCATED),
	       "of 3 packets %lu received, %lu dropped, %lu as rx_truncated",
	       bp_counter(c, BP_CNT_PKTS), bp_counters_drops(c),
	       bp_counter(c, BP_DROP_RX_TRUNCATED));
	traffic_both_ways(w);
}

static void tx_of_several_views_intact(struct world *w)
{
	static const uint32_t lens[] = { 60, 100, 1514, 61, 1024, 65 };
	static const uint32_t view_bytes[] = { 40, 64, 100, 14, 333 };

	if (!(w->port->info.caps & BP_CAP_MULTI_TX)) {
		check_skip("TX takes packets of one view only");
		return;
	}
	for (unsigned i = 0; i < 5 && !check_failed(); i++)
		for (unsigned j = 0; j < 6; j++)
			if (lens[j] / view_bytes[i] < 12)
				traffic_from_port(w, &lens[j], 1, FROM_ARENA, view_bytes[i]);
}

static void tx_from_private_memory_intact(struct world *w)
{
	uint32_t sizes[SIZES_MAX];
	unsigned n = list_sizes(w, FRAME_HEADER, world_max_frame(w), sizes);

	traffic_from_port(w, sizes, n, FROM_PRIVATE, 0);
}

static void rx_vlan_tag_stays(struct world *w)
{
	static const uint32_t lens[] = { 64, 65, 128, 1000, 1514 };

	traffic_to_port(w, lens, 5, BP_BURST_MAX, true);
}

static void tx_too_long_is_counted(struct world *w)
{
	uint32_t max = w->port->info.max_frame_bytes;
	struct bp_pkt pkts[BP_BURST_MAX];
	uint64_t was = bp_counter(&world_txq(w)->counters, BP_DROP_TX_TOO_LONG);
	unsigned n = 0;

	if (!max || max > 64 * 1024) {
		check_skip("TX has no bound");
		return;
	}
	/* In one view if that holds it: a port without multi-view TX must see it as too long. */
	if (max + 1 > bp_frames_room(w->env.frames) &&
	    max + 1 <= PRIVATE_SLOT_BYTES - BP_HEADROOM &&
	    private_pool_get(&w->foreign, &pkts[0])) {
		pkts[0].len = max + 1;
		frame_write(pkts[0].data, w->next_seq++, max + 1, false);
		n = 1;
	}
	if (!n)
		n = world_build(w, pkts, BP_BURST_MAX, w->next_seq++, max + 1, 0);
	if (!expect(n, "cannot build a frame of %u bytes", max + 1) || !traffic_send(w, pkts, n))
		return;
	world_drain(w);
	expect(bp_counter(&world_txq(w)->counters, BP_DROP_TX_TOO_LONG) == was + 1,
	       "tx_too_long counts %lu, sent was one frame of %u bytes",
	       bp_counter(&world_txq(w)->counters, BP_DROP_TX_TOO_LONG) - was, max + 1);
	traffic_both_ways(w); /* the long one must not show up before these */
}

/* A frame without a whole Ethernet header is sent or counted, and never stops the port. */
static void tx_runts_are_accounted(struct world *w)
{
	static uint8_t frame[FRAME_MAX];

	for (uint32_t len = 1; len < FRAME_HEADER && !check_failed(); len++) {
		struct bp_pkt pkt;

		if (world_build(w, &pkt, 1, w->next_seq++, len, 0))
			traffic_send(w, &pkt, 1);
		world_drain(w);
	}
	while (w->rig->recv && w->rig->recv(w, frame, sizeof(frame)) >= 0)
		; /* those that the medium carried */
	traffic_both_ways(w);
}

static void rx_runts_are_accounted(struct world *w)
{
	static uint8_t frame[FRAME_HEADER];
	const struct bp_counters *c = &world_rxq(w)->counters;
	uint64_t deadline_ns = now_ns() + 1000000000u;
	unsigned n_sent = 0;

	for (uint32_t len = 1; len < FRAME_HEADER; len++)
		n_sent += w->rig->send(w, frame, len) == 0;
	if (w->rig->commit)
		w->rig->commit(w);
	while (bp_counter(c, BP_CNT_PKTS) + bp_counters_drops(c) < n_sent && now_ns() < deadline_ns)
		traffic_discard(w, 1000000);
	expect(bp_counter(c, BP_CNT_PKTS) + bp_counters_drops(c) == n_sent,
	       "%u runts offered, %lu received, %lu dropped", n_sent, bp_counter(c, BP_CNT_PKTS),
	       bp_counters_drops(c));
	traffic_both_ways(w);
}

const struct test tests_sizes[] = {
	{ "rx_sizes_intact", rx_sizes_intact, RIG_RX, 0 },
	{ "tx_sizes_intact", tx_sizes_intact, RIG_TX, 0 },
	{ "rx_jumbos_intact", rx_jumbos_intact, RIG_RX, 0 },
	{ "tx_jumbos_intact", tx_jumbos_intact, RIG_TX, 0 },
	{ "rx_one_view_at_a_time", rx_one_view_at_a_time, RIG_RX, 0 },
	{ "rx_small_bursts_of_long_packets", rx_small_bursts_of_long_packets, RIG_RX, 0 },
	{ "rx_longer_than_a_burst_is_counted", rx_longer_than_a_burst_is_counted, RIG_RX, 0 },
	{ "tx_of_several_views_intact", tx_of_several_views_intact, RIG_TX, 0 },
	{ "tx_from_private_memory_intact", tx_from_private_memory_intact, RIG_TX, 0 },
	{ "rx_vlan_tag_stays", rx_vlan_tag_stays, RIG_RX | RIG_VLAN, 0 },
	{ "tx_too_long_is_counted", tx_too_long_is_counted, 0, RIG_NO_TXQ },
	{ "tx_runts_are_accounted", tx_runts_are_accounted, 0, RIG_NO_TXQ },
	{ "rx_runts_are_accounted", rx_runts_are_accounted, RIG_RX | RIG_RUNTS, 0 },
	{ NULL, NULL, 0, 0 },
};
