/* The poll loop of a worker: rx → edit → offload → tx, with the account of what each path cost. Functions: chain.c. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/worker.h"

#include "engine/chain.h"
#include "engine/record.h"

#include "core/clock.h"
#include "core/transmit.h"

#include <stdio.h>
#include <string.h>

#define DIRECT_BURSTS_MAX 4u /* of a path, in one round */

/* ---- what a round costs its path -------------------------------------------------------------- */

/* The clock, and what the path's queues had counted, when the round began. */
struct begin {
	uint64_t cycles;
	uint64_t n_pkts; /* received */
	struct bp_usage rx, tx;
};

static inline uint64_t count_copies(const struct bp_path *p, const struct begin *begin)
{
	return bp_counter(&p->rxq->counters, BP_CNT_COPIES) - begin->rx.copies +
	       bp_counter(&p->edge.txq->counters, BP_CNT_COPIES) - begin->tx.copies;
}

static inline bool has_called(const struct bp_path *p, const struct begin *begin)
{
	return bp_counter(&p->rxq->counters, BP_CNT_CALLS) != begin->rx.calls ||
	       bp_counter(&p->edge.txq->counters, BP_CNT_CALLS) != begin->tx.calls;
}

/* Packets by the number of user copies they went through; a walk only when there were any. */
static void note_views(struct bp_path *p, const struct begin *begin, const struct bp_pkt *pkts,
		       unsigned n)
{
	bool is_first = true;

	if (!count_copies(p, begin)) {
		bp_cost_add(&p->edge.hist_copies[0], bp_pkt_count(pkts, n));
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		if (is_first)
			bp_cost_add(&p->edge.hist_copies[pkts[i].copies], 1);
		is_first = !(pkts[i].flags & BP_PKT_MORE);
	}
}

/* Packets that went out without views: a driver copies each at most once, dropped ones as well. */
static void note_direct(struct bp_path *p, const struct begin *begin, uint64_t n_pkts)
{
	uint64_t n_copied = count_copies(p, begin);

	if (n_copied > n_pkts)
		n_copied = n_pkts;
	bp_cost_add(&p->edge.hist_copies[0], n_pkts - n_copied);
	if (n_copied)
		bp_cost_add(&p->edge.hist_copies[1], n_copied);
}

/* To each queue's share what that queue counted. A look that found nothing is charged to no path. */
static inline void charge(struct bp_path *p, const struct begin *begin, bool has_moved,
			  uint64_t now)
{
	if (has_moved)
		bp_cost_charge(&p->rx_cost, &begin->rx, &p->rxq->counters);
	bp_cost_charge(&p->edge.cost, &begin->tx, &p->edge.txq->counters);
	bp_cost_add(&p->busy_cycles, now - begin->cycles);
}

/*
 * Bursts without views. After a full one more waits, most likely: it is worth going on before the
 * clock is read and another path's packets take the cache. Bounded, so that no path waits long: not
 * after a system call, beside which a look at the clock is nothing. Returns packets; with
 * BP_DIRECT_BY_VIEWS *n_views becomes what RX is to be asked for at least.
 */
static unsigned move_direct(struct bp_path *p, bp_direct_fn direct, const struct begin *begin,
			    unsigned *n_views)
{
	struct bp_pkt left[BP_BURST_MAX];
	unsigned n, n_left = 0, n_moved = 0, n_bursts = 0;

	do {
		n = direct(p->rxq, p->edge.txq, p->burst, left, &n_left);
		if (n == BP_DIRECT_BY_VIEWS) {
			*n_views = n_left;
			n_left = 0;
		} else {
			n_moved += n;
			if (n)
				bp_burst_note(p->hist_bursts, n);
		}
	} while (n == p->burst && !n_left && ++n_bursts < DIRECT_BURSTS_MAX &&
		 !has_called(p, begin));
	if (!n_moved)
		return n;
	note_direct(p, begin, n_moved - bp_pkt_count(left, n_left));
	if (n_left)
		note_views(p, begin, left,
			   bp_tx_rest(p->edge.txq, left, 0, n_left, p->edge.tx_retries));
	else
		p->edge.txq->is_stuck = false;
	return n_moved;
}

/* ---- the data path: rx → edit → offload → tx -------------------------------------------------- */

/* Send a burst; what TX does not take within its budget is dropped. */
static void transmit(struct bp_path *p, const struct begin *begin, struct bp_pkt *pkts, unsigned n)
{
	note_views(p, begin, pkts, bp_tx_all(p->edge.txq, pkts, n, p->edge.tx_retries));
}

/* Whole packets, behind the path's edit. */
static inline void forward(struct bp_path *p, const struct begin *begin, struct bp_pkt *pkts,
			   unsigned n)
{
	struct bp_offload *offload = atomic_load_explicit(&p->edge.offload, memory_order_acquire);

	if (!offload) {
		transmit(p, begin, pkts, n);
		return;
	}
	/* The out-port lacks what the in-port relied on: packets are made ready, perhaps many of one. */
	bp_offload_begin(offload, pkts, n);
	while ((n = bp_offload_next(offload, &pkts)))
		transmit(p, begin, pkts, n);
}

static void forward_traced(struct bp_path *p, const void *ctx, struct bp_pkt *pkts, unsigned n,
			   uint64_t *now)
{
	(void)now;
	forward(p, ctx, pkts, n);
}

static __attribute__((noinline, cold)) void move_traced(struct bp_trace *t, struct bp_path *p,
							const struct begin *begin,
							struct bp_pkt *pkts, unsigned n)
{
	struct bp_trace_burst burst = { p, pkts, n, begin->cycles, forward_traced, begin };
	uint64_t now = bp_clock_cycles();

	bp_record_burst(t, &burst, &now);
}

/* One burst of up to max views. Returns the views received. */
static unsigned move_views(struct bp_path *p, const struct begin *begin, unsigned max)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n = bp_rx(p->rxq, pkts, max);
	struct bp_trace *t;

	if (!n)
		return 0;
	bp_burst_note(p->hist_bursts, bp_counter(&p->rxq->counters, BP_CNT_PKTS) - begin->n_pkts);
	t = atomic_load_explicit(&p->trace, memory_order_acquire);
	if (__builtin_expect(t != NULL, 0)) {
		move_traced(t, p, begin, pkts, n);
		return n;
	}
	if (p->edit)
		p->edit(pkts, n);
	forward(p, begin, pkts, n);
	return n;
}

/*
 * One burst along one path, or a few direct ones. *now is the cycle count at its begin, then at its
 * end. An empty round only reaps what TX still holds. Returns whether packets moved.
 */
static bool run_path(struct bp_path *p, uint64_t *now)
{
	bp_direct_fn direct = atomic_load_explicit(&p->direct, memory_order_acquire);
	struct begin begin = { *now, bp_counter(&p->rxq->counters, BP_CNT_PKTS),
			       bp_usage_read(&p->rxq->counters),
			       bp_usage_read(&p->edge.txq->counters) };
	unsigned n_views = 0;
	unsigned n = direct ? move_direct(p, direct, &begin, &n_views) : BP_DIRECT_BY_VIEWS;
	bool is_busy;

	if (n == BP_DIRECT_BY_VIEWS)
		n = move_views(p, &begin, n_views > p->burst ? n_views : p->burst);
	is_busy =
		n || (p->reaps && atomic_load_explicit(&p->edge.txq->n_held, memory_order_relaxed));
	if (!n && is_busy)
		bp_tx(p->edge.txq, NULL, 0);
	*now = bp_clock_cycles();
	if (is_busy)
		charge(p, &begin, n != 0, *now);
	return n != 0;
}

/* Paths with functions; then kick and reap the queues that several edges send to and none has sent to in this round. */
static __attribute__((noinline)) bool run_more(struct bp_worker *w, uint64_t *now)
{
	bool has_moved = false;

	for (unsigned i = w->n_plain; i < w->n_paths; i++)
		has_moved |= bp_chain_run(&w->paths[i], now);
	for (unsigned i = 0; i < w->n_shared; i++) {
		struct bp_shared_txq *s = &w->shared[i];
		struct bp_txq *txq = s->edge->txq;
		uint64_t n_bursts = bp_counter(&txq->counters, BP_CNT_BURSTS);
		bool has_sent = n_bursts != s->n_bursts;

		s->n_bursts = n_bursts;
		if (!has_sent && atomic_load_explicit(&txq->n_held, memory_order_relaxed))
			bp_edge_reap(s->edge, now);
	}
	return has_moved;
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
	bp_cost_add(&w->n_gaps, 1);
	bp_cost_add(&w->gap_cycles, n_cycles);
	if (n_cycles > atomic_load_explicit(&w->gap_max_cycles, memory_order_relaxed))
		atomic_store_explicit(&w->gap_max_cycles, n_cycles, memory_order_relaxed);
}

/* It has no paths, others carry all that they have, or their ports are away: nothing comes of looking. */
static bool has_nothing_to_poll(const struct bp_worker *w)
{
	for (unsigned i = 0; i < w->n_paths; i++)
		if (atomic_load_explicit(&w->paths[i].direct, memory_order_relaxed) != bp_carried &&
		    atomic_load_explicit(&w->paths[i].rxq->burst, memory_order_relaxed) !=
			    bp_rx_down)
			return false;
	return true;
}

/* Is it to leave its rounds? A pause may be taken back until it is answered. */
static bool is_asked(struct bp_worker *w)
{
	/* Acquire: pairs with ask(). */
	unsigned asked = atomic_load_explicit(&w->asked, memory_order_acquire);

	if (__builtin_expect(!asked, 1))
		return false;
	if (asked == BP_ASKED_TO_PAUSE &&
	    !atomic_compare_exchange_strong_explicit(&w->asked, &asked, BP_ASKED_AND_PAUSES,
						     memory_order_acq_rel, memory_order_acquire))
		return asked != BP_ASKED_NOTHING;
	return true;
}

static void poll_until_asked(struct bp_worker *w)
{
	struct bp_rxq *rxqs[BP_IDLE_RXQS_MAX];
	uint64_t now = bp_clock_cycles();

	for (unsigned i = 0; i < w->n_paths; i++)
		rxqs[i] = w->paths[i].rxq;
	while (!is_asked(w)) {
		bool has_moved = false;
		uint64_t begin = now;

		/* Release: the round before is over, for bp_worker_is_past(). */
		atomic_store_explicit(&w->n_loops,
				      atomic_load_explicit(&w->n_loops, memory_order_relaxed) + 1,
				      memory_order_release);
		for (unsigned i = 0; i < w->n_plain; i++)
			has_moved |= run_path(&w->paths[i], &now);
		if (w->has_more)
			has_moved |= run_more(w, &now);
		if (now - begin > w->gap_min_cycles)
			note_gap(w, now - begin);
		if (has_moved)
			bp_idle_reset(&w->idle);
		else if (has_nothing_to_poll(w))
			now += bp_idle_rest(&w->idle, now);
		else
			now += bp_idle_wait(&w->idle, rxqs, w->n_paths, has_held(w), now);
	}
}

/* Kick and reap until the other side holds nothing, for a bounded time. */
static void drain(struct bp_worker *w)
{
	uint64_t begin = bp_clock_cycles();

	while (has_held(w) && bp_clock_cycles() - begin < w->drain_cycles) {
		for (unsigned i = 0; i < w->n_txqs; i++)
			bp_tx(w->txqs[i], NULL, 0);
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
	if (atomic_load_explicit(&w->asked, memory_order_relaxed) == BP_ASKED_TO_END)
		drain(w);
	bp_ports_leave(w->ports, w->n_ports, w->worker_id);
}

void bp_worker_begin(struct bp_worker *w)
{
	w->begin_ns = bp_clock_ns();
}

void bp_worker_end(struct bp_worker *w)
{
	w->lived_ns += bp_clock_ns() - w->begin_ns;
	w->begin_ns = 0;
	bp_idle_fini(&w->idle);
}

double bp_worker_lived_ns(const struct bp_worker *w, uint64_t now_ns)
{
	return (double)(w->lived_ns + now_ns - w->begin_ns);
}

int bp_worker_start(struct bp_worker *w)
{
	struct bp_thread *t = &w->thread;

	snprintf(t->name, sizeof(t->name), "bypath-w%u", w->worker_id);
	snprintf(t->who, sizeof(t->who), "worker %u", w->worker_id);
	t->enter = enter;
	t->work = work;
	t->ctx = w;
	atomic_store_explicit(&w->asked, BP_ASKED_NOTHING, memory_order_relaxed);
	return bp_thread_start(t);
}

static void ask(struct bp_worker *w, enum bp_asked asked)
{
	atomic_store_explicit(&w->asked, asked, memory_order_release);
	bp_idle_wake(&w->idle);
}

void bp_worker_ask_to_end(struct bp_worker *w)
{
	ask(w, BP_ASKED_TO_END);
}

void bp_worker_ask_to_pause(struct bp_worker *w)
{
	ask(w, BP_ASKED_TO_PAUSE);
}

bool bp_worker_join(struct bp_worker *w, unsigned limit_ms)
{
	if (!bp_thread_has_ended(&w->thread, limit_ms))
		return false;
	bp_thread_join(&w->thread);
	return true;
}

void bp_worker_park(struct bp_worker *w)
{
	bp_thread_park(&w->thread);
}

bool bp_worker_take_back(struct bp_worker *w)
{
	unsigned asked = BP_ASKED_TO_PAUSE;

	return atomic_compare_exchange_strong_explicit(&w->asked, &asked, BP_ASKED_NOTHING,
						       memory_order_acq_rel, memory_order_relaxed);
}

static bool is_running(const struct bp_worker *w)
{
	return atomic_load_explicit(&w->thread.state, memory_order_acquire) == BP_THREAD_RUNNING;
}

uint64_t bp_worker_n_loops(const struct bp_worker *w)
{
	return atomic_load_explicit(&w->n_loops, memory_order_acquire);
}

bool bp_worker_is_past(const struct bp_worker *w, uint64_t since)
{
	/* Two: the round under way may have loaded a burst before it was swapped. */
	return !is_running(w) || bp_worker_n_loops(w) - since >= 2;
}
