/* Life of a port: what start() says, kicks, restarts, ports of one direction. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests.h"

#include "traffic.h"

#include <string.h>

#define N_RESTARTS 10u

static void start_tells_what_it_got(struct world *w)
{
	const struct bp_port_info *info = &w->port->info;
	const uint32_t known = BP_CAP_VNET_TX | BP_CAP_MULTI_TX | BP_CAP_CSUM_INFER |
			       BP_CAP_GSO_INFER | BP_CAP_PLAIN_RX | BP_CAP_TX_UNSURE |
			       BP_CAP_ENCAP_RX | BP_CAP_TX_WHEN_DOWN | BP_CAP_FINITE;

	expect(info->mode[0] && memchr(info->mode, 0, sizeof(info->mode)), "no effective mode");
	expect(memchr(info->device_driver, 0, sizeof(info->device_driver)), "device_driver");
	expect(memchr(info->note, 0, sizeof(info->note)), "note without an end");
	expect(!(info->caps & ~known), "unknown capabilities %#x", info->caps);
	expect(info->kind <= BP_DEVICE_PMD, "unknown kind %d", (int)info->kind);
	expect(info->rx_copies <= BP_COPIES_MAX, "%u rx copies declared", info->rx_copies);
	expect(info->tx_copies <= BP_COPIES_MAX, "%u tx copies declared", info->tx_copies);
	if (info->mtu && info->max_frame_bytes)
		expect(info->max_frame_bytes >= info->mtu + 14, "frames up to %u, but MTU %u",
		       info->max_frame_bytes, info->mtu);
	for (unsigned i = 0; i < w->port->n_rxq; i++)
		expect(atomic_load(&w->port->rxq[i].burst) == w->port->rxq[i].driver_burst,
		       "rx queue %u is not published", i);
	for (unsigned i = 0; i < w->port->n_txq; i++)
		expect(atomic_load(&w->port->txq[i].burst) == w->port->txq[i].driver_burst,
		       "tx queue %u is not published", i);
}

static void kick_of_nothing_returns_zero(struct world *w)
{
	for (unsigned i = 0; i < 100; i++)
		expect(world_tx(w, NULL, 0) == 0, "a kick consumed something");
	expect(bp_counter(&world_txq(w)->counters, BP_CNT_PKTS) == 0, "a kick sent something");
}

/* world_rx() checks that an empty call is counted as one. */
static void rx_of_nothing_is_counted_empty(struct world *w)
{
	traffic_discard(w, 20000000);
	expect(w->rx_empty > 0, "rx never found nothing");
}

static void restart_ten_times_and_traffic_flows(struct world *w)
{
	for (unsigned i = 0; i < N_RESTARTS && !check_failed(); i++) {
		traffic_both_ways(w);
		world_stop(w);
		if (!world_start(w))
			return;
	}
	traffic_both_ways(w);
}

static void check_is_up_while_traffic_flows(struct world *w)
{
	const struct bp_driver_ops *ops = w->port->driver->ops;

	for (unsigned i = 0; i < 3 && ops->check; i++) {
		enum bp_link link = ops->check(w->port);

		expect(link == BP_LINK_UP, "check says %u on a healthy device", link);
		traffic_both_ways(w);
	}
	if (!ops->check)
		check_skip("the driver has no check()");
}

/* Reported counters have names and never go down, a restart included. */
static void reported_counters_never_go_down(struct world *w)
{
	const struct bp_driver_ops *ops = w->port->driver->ops;
	struct bp_reported was[16], is[16];
	unsigned n;

	if (!ops->stats) {
		check_skip("the driver reports no counters");
		return;
	}
	n = ops->stats(w->port, was, 16);
	expect(n <= 16 && ops->stats(w->port, is, 1) <= 1, "stats() fills more than asked");
	for (unsigned round = 0; round < 2; round++) {
		traffic_both_ways(w);
		expect(ops->stats(w->port, is, 16) == n, "the number of counters changed");
		for (unsigned i = 0; i < n; i++) {
			expect(was[i].row && was[i].row == is[i].row, "row of %u", i);
			expect(is[i].row->name[0] && is[i].row->meaning[0], "words of %u", i);
			expect(is[i].value >= was[i].value, "%s went from %lu to %lu",
			       is[i].row->name, was[i].value, is[i].value);
			was[i] = is[i];
		}
		world_stop(w);
		if (!world_start(w))
			return;
	}
}

static void stop_with_traffic_under_way_leaks_nothing(struct world *w)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n = 0, k;

	while (n < 32 && world_build(w, &pkts[n], 1, w->next_seq++, 200, 0))
		n++;
	k = world_tx(w, pkts, n);
	bp_pool_put(WORKER, pkts + k, n - k);
	/* world_close() stops the port at once and counts the frames. */
}

const struct test tests_life[] = {
	{ "start_tells_what_it_got", start_tells_what_it_got, 0, 0 },
	{ "kick_of_nothing_returns_zero", kick_of_nothing_returns_zero, 0, RIG_NO_TXQ },
	{ "rx_of_nothing_is_counted_empty", rx_of_nothing_is_counted_empty, 0,
	  RIG_NO_RXQ | RIG_SOURCE },
	{ "restart_ten_times_and_traffic_flows", restart_ten_times_and_traffic_flows, 0, 0 },
	{ "check_is_up_while_traffic_flows", check_is_up_while_traffic_flows, 0, 0 },
	{ "reported_counters_never_go_down", reported_counters_never_go_down, 0, 0 },
	{ "stop_with_traffic_under_way_leaks_nothing", stop_with_traffic_under_way_leaks_nothing, 0,
	  RIG_NO_TXQ },
	{ NULL, NULL, 0, 0 },
};
