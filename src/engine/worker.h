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

/* From one in-port to one out-port. Set up before the worker runs. The TX queue other edges may have too. */
struct bp_edge {
	struct bp_txq *txq;
	/* NULL: TX takes packets as RX gives them. Swapped by the control thread when a port has
	 * started (release), loaded once a burst by the worker (acquire). */
	_Atomic(struct bp_offload *) offload;
	uint16_t port_id; /* the out-port; txq may be a hop's before it */
	uint16_t tx_retries; /* the budget of a burst: bp_tx_all() */
	struct bp_record
		*record; /* the worker's, while a packet goes alone that is traced; else NULL */
	/* Written by the worker, read by snapshots: relaxed. */
	alignas(BP_CACHE_LINE) struct bp_cost cost;
	_Atomic uint64_t hist_copies[BP_COPIES_MAX + 1]; /* packets that TX consumed */
	/* Of a chain's edge: what was handed to it, copies among it; how long sending took, which the path's busy_cycles
	 * have as well. */
	_Atomic uint64_t n_pkts, n_bytes, n_replicas, busy_cycles;
	/* Of a chain's edge: what its port dropped of that, copies that were not made among it. */
	_Atomic uint64_t n_drops;
	_Atomic uint64_t reap_cycles; /* of rounds in which the worker only reaped the queue */
};

/*
 * One RX queue and where its packets go. Set up before the worker runs. No other path has this RX queue,
 * so what was received on the path is what the queue counts, from the path's begin on.
 */
struct bp_path {
	struct bp_rxq *rxq;
	struct bp_chain *
		chain; /* functions, with edges of its own (engine/chain.h); NULL: all go by edge */
	bp_edit_fn edit; /* NULL: packets leave as they came */
	/* Both ports' driver moves packets by itself; NULL: by views. Swapped like an edge's offload. */
	_Atomic(bp_direct_fn) direct;
	/* Packets that match are recorded (engine/record.h); NULL: no. By the control thread (release), loaded once a burst
	 * (acquire). */
	_Atomic(struct bp_trace *) trace;
	struct bp_record *record; /* as an edge's */
	uint16_t burst; /* views asked for at a time */
	bool reaps; /* edge.txq is nobody else's: what it holds is this path's to reap */
	struct bp_edge edge;
	/* Written by the worker, read by snapshots: relaxed. */
	alignas(BP_CACHE_LINE) struct bp_cost rx_cost;
	_Atomic uint64_t busy_cycles; /* of rounds that moved packets or reaped */
	/* What rxq had counted when the path began: its packets before were another path's. The control thread's. */
	uint64_t rx_pkts, rx_bytes, rx_bursts, rx_carried;
	double begin_s; /* since the workers started */
	_Atomic uint64_t hist_bursts[BP_BURST_CLASSES + 1]; /* see bp_burst_note() */
};

/* A TX queue that several edges of a worker send to. */
struct bp_shared_txq {
	struct bp_edge *edge; /* one of them, which reaping is charged to */
	uint64_t n_bursts; /* what its queue had counted after the last round */
};

/* What a worker is asked to do. */
enum bp_asked {
	BP_ASKED_NOTHING,
	BP_ASKED_TO_PAUSE, /* end the round and the thread: what TX queues hold stays there */
	BP_ASKED_TO_END, /* no RX from now on, empty the TX queues, end */
	BP_ASKED_AND_PAUSES, /* its answer: the pause is not to be taken back any more */
};

struct bp_worker {
	/* Fixed while it runs. */
	struct bp_path
		*paths; /* n_paths, owned by the engine; those without a chain first: n_plain */
	unsigned n_paths, n_plain;
	bool has_more; /* chains, or TX queues that several edges send to */
	unsigned n_txqs;
	struct bp_txq *txqs[BP_PORTS_MAX]; /* distinct TX queues of its paths */
	unsigned n_shared;
	struct bp_shared_txq shared[BP_PORTS_MAX]; /* of txqs, those that no path reaps */
	unsigned n_ports;
	struct bp_port *ports[BP_PORTS_MAX]; /* ports it polls or sends to */
	uint16_t worker_id;
	int numa_node; /* of the thread's core */
	uint64_t drain_cycles; /* the longest a drain may take */
	struct bp_idle idle;
	uint64_t gap_min_cycles; /* a round that lasts longer did not work all that time */
	struct bp_thread thread;
	/* The control thread's. Of its threads before a pause; of paths that a reload has ended; since when it is there, and how
	 * long it was before a reload took it away. */
	struct bp_off off_before;
	uint64_t past_pkts, past_busy_cycles, past_call_cycles;
	uint64_t begin_ns, lived_ns;
	/* enum bp_asked. By the control thread (release), but for the answer. */
	alignas(BP_CACHE_LINE) _Atomic unsigned asked;
	/* Counts rounds; written by the worker (release), read by the control thread (acquire): a
	 * round that began after a queue's burst was swapped no longer uses the old one. */
	_Atomic uint64_t n_loops;
	/* Rounds that lasted longer than gap_min_cycles. Written by the worker, read by snapshots: relaxed. */
	_Atomic uint64_t n_gaps, gap_cycles, gap_max_cycles;
};

/* It is there from now on: time counts. Control thread. */
void bp_worker_begin(struct bp_worker *worker);
/* A worker whose thread has ended is there no more: it has no paths, and keeps what it counted. Control thread. */
void bp_worker_end(struct bp_worker *worker);
/* How long it was there until now_ns, which is one of bp_clock_ns(). Control thread. */
double bp_worker_lived_ns(const struct bp_worker *worker, uint64_t now_ns);

/* Create the thread, wait until it runs (0) or failed (-errno, logged). Control thread. */
int bp_worker_start(struct bp_worker *worker);
/* Ask a running worker to drain and end, or to pause; returns at once. Control thread. */
void bp_worker_ask_to_end(struct bp_worker *worker);
void bp_worker_ask_to_pause(struct bp_worker *worker);
/* Wait for the thread's end, for limit_ms at most. false: it stands still, and runs on if that ends. Control thread. */
bool bp_worker_join(struct bp_worker *worker, unsigned limit_ms);
/* It did not end: it never runs on (bp_thread_park()), and counts as ended. Control thread. */
void bp_worker_park(struct bp_worker *worker);
/* Take back a pause that was asked for. false: it has answered, and ends in a moment. Control thread. */
bool bp_worker_take_back(struct bp_worker *worker);
/* The rounds that it has begun. Any thread. */
uint64_t bp_worker_n_loops(const struct bp_worker *worker);
/*
 * Has every round that was under way when bp_worker_n_loops() was `since` ended, or is the worker not running? Then it
 * finds nothing any more that was swapped before. Control thread.
 */
bool bp_worker_is_past(const struct bp_worker *worker, uint64_t since);

#endif
