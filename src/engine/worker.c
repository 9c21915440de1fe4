/* The poll loop of a worker: rx → map → tx, with the account of what each path cost. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/worker.h"

#include "core/clock.h"
#include "core/transmit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Of a path, in one round. */
#define DIRECT_BURSTS_MAX 4u

/* What queues have counted when a path's round begins: the difference is the path's share. */
struct usage {
	uint64_t copies, copy_bytes, calls, call_cycles;
};

static inline uint64_t read_copies(const struct bp_counters *rx, const struct bp_counters *tx)
{
	return bp_counter(rx, BP_CNT_COPIES) + bp_counter(tx, BP_CNT_COPIES);
}

static inline struct usage read_usage(const struct bp_counters *rx, const struct bp_counters *tx)
{
	return (struct usage){
		.copies = read_copies(rx, tx),
		.copy_bytes = bp_counter(rx, BP_CNT_COPY_BYTES) + bp_counter(tx, BP_CNT_COPY_BYTES),
		.calls = bp_counter(rx, BP_CNT_CALLS) + bp_counter(tx, BP_CNT_CALLS),
		.call_cycles =
			bp_counter(rx, BP_CNT_CALL_CYCLES) + bp_counter(tx, BP_CNT_CALL_CYCLES),
	};
}

/* One writer: the path's worker. */
static void add(_Atomic uint64_t *v, uint64_t n)
{
	atomic_store_explicit(v, atomic_load_explicit(v, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

/* ---- the data path: rx → map → tx ------------------------------------------------------------ */

/* Packets by the number of user copies they went through; a walk only when there were any. */
static void count_copies(struct bp_path *p, const struct bp_pkt *pkts, unsigned n, bool has_copies)
{
	bool is_first = true;

	if (!has_copies) {
		add(&p->v[BP_PATH_CNT_HIST], bp_pkt_count(pkts, n));
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		if (is_first)
			add(&p->v[BP_PATH_CNT_HIST + pkts[i].copies], 1);
		is_first = !(pkts[i].flags & BP_PKT_MORE);
	}
}

static void transmit(struct bp_path *p, const struct usage *before, struct bp_pkt *pkts, unsigned n)
{
	struct bp_txq *q = p->txq;
	bp_tx_fn tx = atomic_load_explicit(&q->burst, memory_order_acquire);
	unsigned k = bp_tx_all(q, tx, pkts, n, p->tx_retries);

	count_copies(p, pkts, k, read_copies(&p->rxq->counters, &q->counters) != before->copies);
}

/* As above, with packets made ready first for a port that lacks what the other end relied on. */
static void forward(struct bp_path *p, const struct usage *before, struct bp_pkt *pkts, unsigned n)
{
	struct bp_offload *offload = atomic_load_explicit(&p->offload, memory_order_acquire);

	if (!offload) {
		transmit(p, before, pkts, n);
		return;
	}
	bp_offload_begin(offload, pkts, n);
	while ((n = bp_offload_next(offload, &pkts)))
		transmit(p, before, pkts, n);
}

/* Packets that went out without views: a driver copies each at most once, dropped ones as well. */
static void count_direct_copies(struct bp_path *p, const struct usage *before, uint64_t n_pkts)
{
	uint64_t n_copied = read_copies(&p->rxq->counters, &p->txq->counters) - before->copies;

	if (n_copied > n_pkts)
		n_copied = n_pkts;
	add(&p->v[BP_PATH_CNT_HIST], n_pkts - n_copied);
	if (n_copied)
		add(&p->v[BP_PATH_CNT_HIST + 1], n_copied);
}

/* Add what a round cost to its path: most paths copy nothing or call nothing. */
static inline void account(struct bp_path *p, const struct usage *before, uint64_t n_cycles)
{
	struct usage after = read_usage(&p->rxq->counters, &p->txq->counters);

	if (after.copy_bytes != before->copy_bytes || after.copies != before->copies) {
		add(&p->v[BP_PATH_CNT_COPIES], after.copies - before->copies);
		add(&p->v[BP_PATH_CNT_COPY_BYTES], after.copy_bytes - before->copy_bytes);
	}
	if (after.calls != before->calls) {
		add(&p->v[BP_PATH_CNT_CALLS], after.calls - before->calls);
		add(&p->v[BP_PATH_CNT_CALL_CYCLES], after.call_cycles - before->call_cycles);
	}
	add(&p->v[BP_PATH_CNT_BUSY_CYCLES], n_cycles);
}

static inline uint64_t read_calls(const struct bp_path *p)
{
	return bp_counter(&p->rxq->counters, BP_CNT_CALLS) +
	       bp_counter(&p->txq->counters, BP_CNT_CALLS);
}

/*
 * Bursts without views. After a full one more waits, most likely: it is worth going on before the
 * clock is read and another path's packets take the cache. Bounded, so that no path waits long: not
 * after a system call, beside which a look at the clock is nothing.
 */
static unsigned move_direct(struct bp_path *p, bp_direct_fn direct, uint64_t n_calls,
			    unsigned *n_bursts)
{
	unsigned n, total = 0, i = 0;

	do {
		n = direct(p->rxq, p->txq, p->burst, p->tx_retries);
		if (n == BP_DIRECT_BY_VIEWS) {
			total = i ? total : n;
			break;
		}
		total += n;
		i += n != 0;
	} while (n == p->burst && i < DIRECT_BURSTS_MAX && read_calls(p) == n_calls);
	*n_bursts = i;
	return total;
}

/*
 * One burst along one path, or a few direct ones. *now is the cycle count at its begin, then at its
 * end. An empty round only reaps what TX still holds. Returns whether packets moved.
 */
static bool run_path(struct bp_path *p, uint64_t *now)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	struct bp_rxq *rxq = p->rxq;
	struct bp_txq *txq = p->txq;
	bp_direct_fn direct = atomic_load_explicit(&p->direct, memory_order_acquire);
	struct usage before = read_usage(&rxq->counters, &txq->counters);
	uint64_t n_pkts = bp_counter(&rxq->counters, BP_CNT_PKTS);
	uint64_t n_bytes = bp_counter(&rxq->counters, BP_CNT_BYTES);
	uint64_t n_full = bp_counter(&txq->counters, BP_DROP_TX_FULL);
	uint64_t begin = *now;
	unsigned n_bursts = 1;
	unsigned n = direct ? move_direct(p, direct, before.calls, &n_bursts) : BP_DIRECT_BY_VIEWS;

	if (n == BP_DIRECT_BY_VIEWS) {
		direct = NULL;
		n_bursts = 1;
		n = atomic_load_explicit(&rxq->burst, memory_order_acquire)(rxq, pkts, p->burst);
	}
	if (n) {
		n_pkts = bp_counter(&rxq->counters, BP_CNT_PKTS) - n_pkts;
		n_bytes = bp_counter(&rxq->counters, BP_CNT_BYTES) - n_bytes;
		if (direct) {
			n_full = bp_counter(&txq->counters, BP_DROP_TX_FULL) - n_full;
			count_direct_copies(p, &before, n_pkts - n_full);
		} else {
			if (p->rewrite)
				p->rewrite(pkts, n);
			forward(p, &before, pkts, n);
		}
		add(&p->v[BP_PATH_CNT_PKTS], n_pkts);
		add(&p->v[BP_PATH_CNT_BYTES], n_bytes);
		add(&p->v[BP_PATH_CNT_BURSTS], n_bursts);
	} else if (atomic_load_explicit(&txq->n_held, memory_order_relaxed)) {
		before = read_usage(&rxq->counters, &txq->counters);
		atomic_load_explicit(&txq->burst, memory_order_acquire)(txq, NULL, 0);
	} else {
		*now = bp_clock_cycles();
		return false;
	}
	*now = bp_clock_cycles();
	account(p, &before, *now - begin);
	return n != 0;
}

/* ---- the worker's life ----------------------------------------------------------------------- */

static bool has_held(const struct bp_worker *w)
{
	for (unsigned i = 0; i < w->n_txqs; i++)
		if (atomic_load_explicit(&w->txqs[i]->n_held, memory_order_relaxed))
			return true;
	return false;
}

/*
 * No round takes milliseconds: a burst has 64 packets. The kernel's own account knows why a thread was
 * off its core, if it noticed; a machine that was paused, or a process that was stopped, shows here only.
 */
static __attribute__((noinline, cold)) void note_gap(struct bp_worker *w, uint64_t n_cycles)
{
	add(&w->n_gaps, 1);
	add(&w->gap_cycles, n_cycles);
	if (n_cycles > atomic_load_explicit(&w->gap_max_cycles, memory_order_relaxed))
		atomic_store_explicit(&w->gap_max_cycles, n_cycles, memory_order_relaxed);
}

static void poll_until_asked(struct bp_worker *w)
{
	struct bp_rxq *rxqs[BP_IDLE_RXQS_MAX];
	uint64_t now = bp_clock_cycles();

	for (unsigned i = 0; i < w->n_paths; i++)
		rxqs[i] = w->paths[i].rxq;
	/* Acquire: pairs with bp_worker_ask_to_end(). */
	while (!atomic_load_explicit(&w->is_asked_to_end, memory_order_acquire)) {
		bool has_moved = false;
		uint64_t begin = now;

		/* Release: the round before is over, for bp_worker_quiesce(). */
		atomic_store_explicit(&w->n_loops,
				      atomic_load_explicit(&w->n_loops, memory_order_relaxed) + 1,
				      memory_order_release);
		for (unsigned i = 0; i < w->n_paths; i++)
			has_moved |= run_path(&w->paths[i], &now);
		if (now - begin > w->gap_min_cycles)
			note_gap(w, now - begin);
		if (has_moved)
			bp_idle_reset(&w->idle);
		else
			now += bp_idle_wait(&w->idle, rxqs, w->n_paths, has_held(w), now);
	}
}

/* Kick and reap until the other side holds nothing, for a bounded time. */
static void drain(struct bp_worker *w)
{
	uint64_t begin = bp_clock_cycles();

	while (has_held(w) && bp_clock_cycles() - begin < w->drain_cycles) {
		for (unsigned i = 0; i < w->n_txqs; i++) {
			struct bp_txq *q = w->txqs[i];

			atomic_load_explicit(&q->burst, memory_order_acquire)(q, NULL, 0);
		}
		atomic_fetch_add_explicit(&w->n_loops, 1, memory_order_release);
	}
}

static int enter(void *ctx)
{
	struct bp_worker *w = ctx;

	return bp_ports_enter(w->ports, w->n_ports, w->worker_id);
}

static void work(void *ctx)
{
	struct bp_worker *w = ctx;

	poll_until_asked(w);
	drain(w);
	bp_ports_leave(w->ports, w->n_ports, w->worker_id);
}

int bp_worker_start(struct bp_worker *w)
{
	struct bp_thread *t = &w->thread;

	bp_thread_init(t, t->core);
	snprintf(t->name, sizeof(t->name), "bypath-w%u", w->worker_id);
	snprintf(t->who, sizeof(t->who), "worker %u", w->worker_id);
	t->enter = enter;
	t->work = work;
	t->ctx = w;
	atomic_store_explicit(&w->is_asked_to_end, false, memory_order_relaxed);
	return bp_thread_start(t);
}

void bp_worker_ask_to_end(struct bp_worker *w)
{
	atomic_store_explicit(&w->is_asked_to_end, true, memory_order_release);
	bp_idle_wake(&w->idle);
}

void bp_worker_join(struct bp_worker *w)
{
	bp_thread_join(&w->thread);
}

static bool is_polling(const struct bp_worker *w)
{
	return !atomic_load_explicit(&w->is_asked_to_end, memory_order_relaxed) &&
	       atomic_load_explicit(&w->thread.state, memory_order_acquire) == BP_THREAD_RUNNING;
}

void bp_worker_quiesce(struct bp_worker *w)
{
	static const struct timespec nap = { .tv_nsec = 20000 };
	uint64_t begin = atomic_load_explicit(&w->n_loops, memory_order_acquire);

	/* Two: the round under way may have loaded a burst before it was swapped. */
	while (is_polling(w) &&
	       atomic_load_explicit(&w->n_loops, memory_order_acquire) - begin < 2) {
		bp_idle_wake(&w->idle);
		nanosleep(&nap, NULL);
	}
}
