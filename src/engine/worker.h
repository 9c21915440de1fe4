/* Workers: pinned threads that poll RX queues, forward along paths, transmit. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_WORKER_H
#define BYPATH_ENGINE_WORKER_H

#include "bypath/port.h"
#include "bypath/report.h"

#include "core/thread.h"
#include "engine/cost.h"
#include "engine/idle.h"
#include "engine/offload.h"

/*
 * One RX queue and where its packets go. Set up before the worker runs. No other path has this RX queue,
 * so what was received on the path is what the queue counts; the TX queue others may have too.
 */
struct bp_path {
	struct bp_rxq *rxq;
	struct bp_txq *txq;
	bp_edit_fn edit; /* NULL: packets leave as they came */
	/* NULL: TX takes packets as RX gives them. Swapped by the control thread when a port has
	 * started (release), loaded once a round by the worker (acquire). */
	_Atomic(struct bp_offload *) offload;
	/* Both ports' driver moves packets by itself; NULL: by views. Swapped like offload. */
	_Atomic(bp_direct_fn) direct;
	uint16_t burst; /* views asked for at a time */
	uint16_t tx_retries; /* the budget of a burst: bp_tx_all() */
	/* Written by the worker, read by snapshots: relaxed. */
	alignas(BP_CACHE_LINE) struct bp_cost rx_cost, tx_cost;
	_Atomic uint64_t busy_cycles; /* of rounds that moved packets or reaped */
	_Atomic uint64_t hist_copies[BP_COPIES_MAX + 1]; /* packets that TX consumed */
};

struct bp_worker {
	/* Fixed while it runs. */
	struct bp_path *paths; /* n_paths, owned by the engine */
	unsigned n_paths;
	unsigned n_txqs;
	struct bp_txq *txqs[BP_PORTS_MAX]; /* distinct TX queues of its paths */
	unsigned n_ports;
	struct bp_port *ports[BP_PORTS_MAX]; /* ports it polls or sends to */
	uint16_t worker_id;
	int numa_node; /* of the thread's core */
	uint64_t drain_cycles; /* the longest a drain may take */
	struct bp_idle idle;
	uint64_t gap_min_cycles; /* a round that lasts longer did not work all that time */
	struct bp_thread thread;
	/* By the control thread (release): no RX from now on, empty the TX queues, end. */
	alignas(BP_CACHE_LINE) _Atomic bool is_asked_to_end;
	/* Counts rounds; written by the worker (release), read by the control thread (acquire): a
	 * round that began after a queue's burst was swapped no longer uses the old one. */
	_Atomic uint64_t n_loops;
	/* Rounds that lasted longer than gap_min_cycles. Written by the worker, read by snapshots: relaxed. */
	_Atomic uint64_t n_gaps, gap_cycles, gap_max_cycles;
};

/* Create the thread, wait until it runs (0) or failed (-errno, logged). Control thread. */
int bp_worker_start(struct bp_worker *worker);
/* Ask a running worker to drain and end; returns at once. Control thread. */
void bp_worker_ask_to_end(struct bp_worker *worker);
/* Wait for the thread's end. Control thread. */
void bp_worker_join(struct bp_worker *worker);
/* Wait until the worker has begun a new round (or is not running). Control thread; blocks. */
void bp_worker_quiesce(struct bp_worker *worker);

#endif
