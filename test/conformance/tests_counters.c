/* Counters: what a queue says of itself is what the other end saw and what /proc saw. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests.h"

#include "traffic.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint32_t lens[] = { 60, 64, 65, 128, 512, 1024, 1514, 60, 61, 62 };
#define N_LENS (sizeof(lens) / sizeof(lens[0]))

static uint64_t total(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < N_LENS; i++)
		sum += lens[i];
	return sum;
}

/* world_rx() compares each burst; here the sums against what the peer really offered. */
static void rx_counts_what_the_peer_sent(struct world *w)
{
	const struct bp_counters *c = &world_rxq(w)->counters;
	uint64_t pkts = bp_counter(c, BP_CNT_PKTS), bytes = bp_counter(c, BP_CNT_BYTES);

	if (!traffic_to_port(w, lens, N_LENS, BP_BURST_MAX, false))
		return;
	expect(bp_counter(c, BP_CNT_PKTS) - pkts == N_LENS, "%lu packets counted, %zu offered",
	       bp_counter(c, BP_CNT_PKTS) - pkts, N_LENS);
	expect(bp_counter(c, BP_CNT_BYTES) - bytes == total(), "%lu bytes counted, %lu offered",
	       bp_counter(c, BP_CNT_BYTES) - bytes, total());
	expect(bp_counters_drops(c) == 0, "%lu drops on a quiet wire", bp_counters_drops(c));
}

static void tx_counts_what_the_peer_saw(struct world *w)
{
	const struct bp_counters *c = &world_txq(w)->counters;
	uint64_t pkts = bp_counter(c, BP_CNT_PKTS), bytes = bp_counter(c, BP_CNT_BYTES);

	if (!traffic_from_port(w, lens, N_LENS, FROM_ARENA, 0))
		return;
	expect(bp_counter(c, BP_CNT_PKTS) - pkts == N_LENS, "%lu packets counted, %zu sent",
	       bp_counter(c, BP_CNT_PKTS) - pkts, N_LENS);
	expect(bp_counter(c, BP_CNT_BYTES) - bytes == total(), "%lu bytes counted, %lu sent",
	       bp_counter(c, BP_CNT_BYTES) - bytes, total());
	expect(bp_counter(c, BP_CNT_BURSTS) > 0, "no burst counted");
	expect(bp_counters_drops(c) == 0, "%lu drops on a quiet wire", bp_counters_drops(c));
}

static void rx_copies_as_declared(struct world *w)
{
	const struct bp_counters *c = &world_rxq(w)->counters;
	uint64_t bound;

	if (!traffic_to_port(w, lens, N_LENS, BP_BURST_MAX, false))
		return;
	bound = w->port->info.rx_copies * bp_counter(c, BP_CNT_PKTS);
	expect(bp_counter(c, BP_CNT_COPIES) <= bound, "%lu copies, %lu declared",
	       bp_counter(c, BP_CNT_COPIES), bound);
	expect(bp_counter(c, BP_CNT_COPY_BYTES) <=
		       w->port->info.rx_copies * bp_counter(c, BP_CNT_BYTES),
	       "%lu bytes copied of %lu received", bp_counter(c, BP_CNT_COPY_BYTES),
	       bp_counter(c, BP_CNT_BYTES));
}

/* world_tx() checks each packet against the bound; here each pool against in_place. */
static void tx_copies_follow_in_place(struct world *w)
{
	const struct bp_counters *c = &world_txq(w)->counters;
	static const enum origin origins[] = { FROM_ARENA, FROM_PRIVATE, FROM_OWN };
	const struct bp_pool *pools[] = { bp_frames_pool(w->env.frames), &w->foreign.pool,
					  w->port->tx_pool };

	expect(!w->port->tx_pool || world_in_place(w, w->port->tx_pool),
	       "the port's own frames are not sent in place");
	for (unsigned i = 0; i < 3 && pools[i]; i++) {
		uint64_t copies = bp_counter(c, BP_CNT_COPIES);
		uint64_t bytes = bp_counter(c, BP_CNT_COPY_BYTES);
		uint64_t per_pkt = w->port->info.tx_copies + !world_in_place(w, pools[i]);

		if (!traffic_from_port(w, lens, N_LENS, origins[i], 0))
			return;
		copies = bp_counter(c, BP_CNT_COPIES) - copies;
		bytes = bp_counter(c, BP_CNT_COPY_BYTES) - bytes;
		expect(copies <= per_pkt * N_LENS, "%lu copies of %zu packets from %s", copies,
		       N_LENS, pools[i]->name);
		expect(bytes <= per_pkt * total(), "%lu bytes copied of %lu from %s", bytes,
		       total(), pools[i]->name);
		if (!world_in_place(w, pools[i]))
			expect(copies >= N_LENS && bytes >= total(),
			       "%lu copies of %zu packets that are not in place", copies, N_LENS);
	}
}

static void rx_counts_its_calls(struct world *w)
{
	const struct bp_counters *c = &world_rxq(w)->counters;

	if (w->rig->flags & RIG_RX)
		traffic_to_port(w, lens, N_LENS, BP_BURST_MAX, false);
	traffic_discard(w, 1000000); /* drivers that call only when they find nothing */
	if (w->rig->flags & RIG_RX_CALLS) {
		expect(bp_counter(c, BP_CNT_CALLS) > 0, "no system call counted");
		expect(bp_counter(c, BP_CNT_CALL_CYCLES) > 0, "no time in system calls counted");
	}
	if (w->rig->flags & RIG_RX_NO_CALLS)
		expect(bp_counter(c, BP_CNT_CALLS) == 0, "%lu system calls counted",
		       bp_counter(c, BP_CNT_CALLS));
}

static void tx_counts_its_calls(struct world *w)
{
	const struct bp_counters *c = &world_txq(w)->counters;

	if (w->rig->flags & RIG_TX)
		traffic_from_port(w, lens, N_LENS, FROM_ARENA, 0);
	if (w->rig->flags & RIG_TX_CALLS) {
		expect(bp_counter(c, BP_CNT_CALLS) > 0, "no system call counted");
		expect(bp_counter(c, BP_CNT_CALL_CYCLES) > 0, "no time in system calls counted");
	}
	if (w->rig->flags & RIG_TX_NO_CALLS)
		expect(bp_counter(c, BP_CNT_CALLS) == 0, "%lu system calls counted",
		       bp_counter(c, BP_CNT_CALLS));
}

/* Calls of the read and write families by this thread, as the kernel counts them; 0: unknown. */
static uint64_t kernel_io_calls(void)
{
	char text[512];
	const char *at;
	uint64_t n = 0;
	int fd = open("/proc/thread-self/io", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	close(fd);
	if (got <= 0)
		return 0;
	text[got] = '\0';
	at = strstr(text, "syscr: ");
	if (at)
		n += strtoull(at + 7, NULL, 10);
	at = strstr(text, "syscw: ");
	if (at)
		n += strtoull(at + 7, NULL, 10);
	return n;
}

/* The port alone works between two readings: every read and write of this thread is its own. */
static void calls_equal_the_kernels_count(struct world *w)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	uint64_t idle, counted = 0, seen;
	unsigned n = 0, k = 0;

	if (!kernel_io_calls()) {
		check_skip("this kernel does not count calls in /proc/thread-self/io");
		return;
	}
	if (!(w->rig->flags & RIG_NO_TXQ))
		while (n < 20 && world_build(w, &pkts[n], 1, w->next_seq++, 100, 0))
			n++;
	idle = kernel_io_calls();
	idle = kernel_io_calls() - idle; /* what a reading itself adds */
	if (!(w->rig->flags & RIG_NO_RXQ))
		counted -= bp_counter(&world_rxq(w)->counters, BP_CNT_CALLS);
	if (n)
		counted -= bp_counter(&world_txq(w)->counters, BP_CNT_CALLS);
	seen = kernel_io_calls();
	if (n)
		k = world_tx(w, pkts, n);
	if (!(w->rig->flags & RIG_NO_RXQ))
		for (unsigned i = 0; i < 20; i++)
			bp_pool_put(WORKER, pkts + BP_BURST_MAX - 8,
				    world_rx(w, pkts + BP_BURST_MAX - 8, 8));
	seen = kernel_io_calls() - seen - idle;
	if (!(w->rig->flags & RIG_NO_RXQ))
		counted += bp_counter(&world_rxq(w)->counters, BP_CNT_CALLS);
	if (n)
		counted += bp_counter(&world_txq(w)->counters, BP_CNT_CALLS);
	bp_pool_put(WORKER, pkts + k, n - k);
	expect(counted == seen, "%lu calls counted, the kernel saw %lu", counted, seen);
}

const struct test tests_counters[] = {
	{ "rx_counts_what_the_peer_sent", rx_counts_what_the_peer_sent, RIG_RX, 0 },
	{ "tx_counts_what_the_peer_saw", tx_counts_what_the_peer_saw, RIG_TX, 0 },
	{ "rx_copies_as_declared", rx_copies_as_declared, RIG_RX, 0 },
	{ "tx_copies_follow_in_place", tx_copies_follow_in_place, RIG_TX, 0 },
	{ "rx_counts_its_calls", rx_counts_its_calls, 0, RIG_NO_RXQ },
	{ "tx_counts_its_calls", tx_counts_its_calls, 0, RIG_NO_TXQ },
	{ "calls_equal_the_kernels_count", calls_equal_the_kernels_count, RIG_IO_FILES, 0 },
	{ NULL, NULL, 0, 0 },
};
