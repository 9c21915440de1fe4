/* Paths with functions: rx → chain → deliver, with the account of each function and edge. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/chain.h"
#include "engine/record.h"
#include "engine/replica.h"

#include "core/capture.h"
#include "core/clock.h"
#include "core/transmit.h"

#include <string.h>

/* The packets of a burst that go to each port: the indices of their first views. */
struct fan {
	uint64_t ports;
	uint8_t n[BP_PORTS_MAX];
	uint8_t at[BP_PORTS_MAX][BP_BURST_MAX];
};
static_assert(BP_BURST_MAX <= UINT8_MAX, "an index is a byte");

static inline unsigned lowest(uint64_t bits)
{
	return (unsigned)__builtin_ctzll(bits);
}

static inline bool is_one(uint64_t bits)
{
	return bits && !(bits & (bits - 1));
}

/* ---- dropping -------------------------------------------------------------------------------- */

/* Where packets that the step drops came from, or were to leave by, if somebody looks at drops there; else NULL. */
static struct bp_port *find_watched(const struct bp_step *s)
{
	struct bp_port *port = s->env ? s->env->ports[s->fn->port_id] : NULL;

	return port && bp_capture_wants_drops(port) ? port : NULL;
}

const struct bp_fn_reason *bp_function_reason(const struct bp_function *f, unsigned why)
{
	const struct bp_fn_reason *reason = f->reasons;

	for (unsigned i = 0; reason && reason->name && i < why; i++)
		reason++;
	return reason && reason->name ? reason : NULL;
}

static void show_dropped(const struct bp_step *s, struct bp_port *port, enum bp_side side,
			 const struct bp_pkt *views, unsigned n_views, uint8_t why)
{
	const struct bp_fn_reason *named = bp_function_reason(s->function, why);
	struct bp_capture_reason reason = { side, s->name,
					    named ? named->name : "without a reason" };

	bp_capture_drop(port, s->fn->worker_id, &reason, views, n_views);
}

/* Drop the packets whose out[] is 0, each for its reason; the others move up, out[] with them. Returns their views. */
static unsigned drop_refused(struct bp_step *s, enum bp_side side, struct bp_pkt *pkts, unsigned n,
			     uint64_t *out, const uint8_t *why)
{
	struct bp_port *watched = find_watched(s);
	struct bp_pkt dropped[BP_BURST_MAX];
	unsigned n_dropped = 0, n_left = 0;

	for (unsigned i = 0, n_views; i < n; i += n_views) {
		uint64_t to = out[i];

		n_views = bp_pkt_n_views(&pkts[i], n - i);
		if (!to) {
			bp_cost_add(&s->drops[why[i] % BP_FN_REASONS_MAX], 1);
			if (watched)
				show_dropped(s, watched, side, &pkts[i], n_views, why[i]);
			for (unsigned v = i; v < i + n_views; v++)
				dropped[n_dropped++] = pkts[v];
			continue;
		}
		out[n_left] = to;
		for (unsigned v = i; v < i + n_views; v++)
			pkts[n_left++] = pkts[v];
	}
	bp_pool_put(s->fn->worker_id, dropped, n_dropped);
	return n_left;
}

/* ---- what an edge costs ---------------------------------------------------------------------- */

/* The clock, and what the edge's queue had counted. */
struct begin {
	uint64_t cycles, n_drops;
	struct bp_usage usage;
};

static struct begin begin_at(struct bp_edge *e, uint64_t now)
{
	if (__builtin_expect(e->record != NULL, 0))
		bp_record_send(e->record, e, now);
	return (struct begin){ now, e->txq->counters.n_dropped, bp_usage_read(&e->txq->counters) };
}

/* Returns the cycle count. */
static uint64_t charge(struct bp_edge *e, const struct begin *begin)
{
	uint64_t now = bp_clock_cycles();
	uint64_t n_drops = e->txq->counters.n_dropped - begin->n_drops;

	bp_cost_charge(&e->cost, &begin->usage, &e->txq->counters);
	bp_cost_add(&e->busy_cycles, now - begin->cycles);
	if (__builtin_expect(n_drops != 0, 0))
		bp_cost_add(&e->n_drops, n_drops);
	if (__builtin_expect(e->record != NULL, 0))
		bp_record_sent(e->record, now);
	return now;
}

/* ---- sending --------------------------------------------------------------------------------- */

/* By the user copies of their whole way, as many for all packets of most bursts. n ≥ 1 views of n_pkts packets. */
static void note_copies(struct bp_edge *e, const struct bp_pkt *pkts, unsigned n, unsigned n_pkts)
{
	bool is_first = true;
	unsigned differ = 0;

	for (unsigned i = 0; i < n; i++)
		differ |= pkts[i].copies ^ pkts[0].copies;
	if (!differ) {
		bp_cost_add(&e->hist_copies[pkts[0].copies], n_pkts);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		if (is_first)
			bp_cost_add(&e->hist_copies[pkts[i].copies], 1);
		is_first = !(pkts[i].flags & BP_PKT_MORE);
	}
}

/* n views of n_pkts packets. */
static void transmit(struct bp_edge *e, struct bp_pkt *pkts, unsigned n, unsigned n_pkts)
{
	unsigned k = bp_tx_all(e->txq, pkts, n, e->tx_retries);

	if (k)
		note_copies(e, pkts, k, k == n ? n_pkts : bp_pkt_count(pkts, k));
}

/* What the function that chose this port does to packets that leave there. Returns the views that are left. */
static unsigned leave(struct bp_step *s, struct bp_edge *e, struct bp_pkt *pkts, unsigned n)
{
	uint64_t out[BP_BURST_MAX], all = BP_OUT_NEXT;
	uint8_t why[BP_BURST_MAX] = { 0 };

	for (unsigned i = 0; i < n; i++)
		out[i] = BP_OUT_NEXT;
	s->fn->port_id = e->port_id;
	s->function->ops->egress(s->fn, pkts, n, out, why);
	if (__builtin_expect(e->record != NULL, 0))
		bp_record_leave(e->record, pkts, n, out[0], why[0]);
	for (unsigned i = 0; i < n; i++)
		all &= out[i];
	return all ? n : drop_refused(s, BP_SIDE_TX, pkts, n, out, why);
}

/* Whole packets of one burst, on their way to the port; s: the function that chose it, NULL: the chain's end. */
static void send_on(struct bp_step *s, struct bp_edge *e, struct bp_pkt *pkts, unsigned n)
{
	struct bp_offload *offload = atomic_load_explicit(&e->offload, memory_order_acquire);
	unsigned n_pkts = 0, n_views = n;
	uint64_t n_bytes = 0;

	if (!n)
		return;
	for (unsigned i = 0; i < n; i++) {
		n_pkts += !(pkts[i].flags & BP_PKT_MORE);
		n_bytes += pkts[i].len;
	}
	bp_cost_add(&e->n_pkts, n_pkts);
	bp_cost_add(&e->n_bytes, n_bytes);
	if (s && s->function->ops->egress)
		n = leave(s, e, pkts, n);
	if (!n)
		return;
	if (!offload) {
		transmit(e, pkts, n, n == n_views ? n_pkts : bp_pkt_count(pkts, n));
		return;
	}
	bp_offload_begin(offload, pkts, n);
	while ((n = bp_offload_next(offload, &pkts)))
		transmit(e, pkts, n, bp_pkt_count(pkts, n));
}

/* ---- delivering ------------------------------------------------------------------------------ */

/* The packets of a burst on their way to one port. */
struct gathered {
	struct bp_step *step;
	struct bp_edge *edge;
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n;
	bool is_full; /* the port has just taken nothing, and will not within this burst */
};

static void send_gathered(struct gathered *g)
{
	send_on(g->step, g->edge, g->pkts, g->n);
	g->n = 0;
}

/* Copies for a full port would be dropped at once. Not one that cannot tell 'full' from 'never': the next may go. */
static bool is_stuck(const struct bp_edge *e)
{
	return e->txq->is_stuck && !(e->txq->port->info.caps & BP_CAP_TX_UNSURE);
}

/* A port that was full gets one copy to try, before others are made. Its queue stays stuck, and so without retries, until
 * it has taken all that follows. */
static void try_one(struct gathered *g, bool has_more)
{
	uint64_t n_full = bp_counter(&g->edge->txq->counters, BP_DROP_TX_FULL);

	send_gathered(g);
	/* Not where the copy was not made, or dropped on its way: that says nothing of the port. */
	g->is_full = bp_counter(&g->edge->txq->counters, BP_DROP_TX_FULL) != n_full;
	g->edge->txq->is_stuck |= has_more;
}

static void gather_copy(struct gathered *g, const struct bp_pkt *views, unsigned n_views)
{
	bp_cost_add(&g->edge->n_replicas, 1);
	if (g->is_full)
		bp_replica_drop_full(g->edge->txq, views, n_views);
	else
		g->n += bp_replicate(g->edge->txq, views, n_views, &g->pkts[g->n]);
}

/*
 * Send the packets at[n_at] of pkts[n] to the port of the edge, in their order. A packet whose out[] is empty then goes
 * itself; where others follow, or it stays on the chain, a copy of it as it is now.
 */
static void deliver_to(struct bp_step *s, struct bp_edge *e, struct bp_pkt *pkts, unsigned n,
		       uint64_t *out, const uint8_t *at, unsigned n_at)
{
	uint64_t bit = UINT64_C(1) << e->port_id;
	bool is_tried = !is_stuck(e);
	struct gathered g;

	g.step = s;
	g.edge = e;
	g.n = 0;
	g.is_full = false;
	for (unsigned k = 0; k < n_at; k++) {
		struct bp_pkt *views = &pkts[at[k]];
		unsigned n_views = bp_pkt_n_views(views, n - at[k]);
		bool is_copied = (out[at[k]] &= ~bit) != 0;
		unsigned n_wanted =
			is_copied ? bp_replica_n_views(e->txq, views, n_views) : n_views;

		if (g.n + n_wanted > BP_BURST_MAX)
			send_gathered(&g);
		if (is_copied)
			gather_copy(&g, views, n_views);
		for (unsigned v = 0; !is_copied && v < n_views; v++)
			g.pkts[g.n++] = views[v];
		if (!is_tried && is_copied) {
			try_one(&g, k + 1 < n_at);
			is_tried = true;
		}
	}
	send_gathered(&g);
}

static void deliver(struct bp_chain *chain, struct bp_step *s, struct bp_pkt *pkts, unsigned n,
		    uint64_t *out, uint64_t *now)
{
	struct fan fan;

	fan.ports = 0;
	memset(fan.n, 0, sizeof(fan.n));
	for (unsigned i = 0; i < n; i += bp_pkt_n_views(&pkts[i], n - i))
		for (uint64_t to = out[i] & ~BP_OUT_NEXT; to; to &= to - 1) {
			unsigned port_id = lowest(to);

			fan.ports |= UINT64_C(1) << port_id;
			fan.at[port_id][fan.n[port_id]++] = (uint8_t)i;
		}
	for (uint64_t ports = fan.ports; ports; ports &= ports - 1) {
		unsigned port_id = lowest(ports);
		struct bp_edge *e = chain->edge_of[port_id];
		struct begin begin = begin_at(e, *now);

		deliver_to(s, e, pkts, n, out, fan.at[port_id], fan.n[port_id]);
		*now = charge(e, &begin);
	}
}

/* Those that go on move up. Returns their views. */
static unsigned keep_next(struct bp_pkt *pkts, unsigned n, const uint64_t *out)
{
	unsigned n_left = 0;

	for (unsigned i = 0, n_views; i < n; i += n_views) {
		n_views = bp_pkt_n_views(&pkts[i], n - i);
		for (unsigned v = i; out[i] && v < i + n_views; v++)
			pkts[n_left++] = pkts[v];
	}
	return n_left;
}

static void send_all(struct bp_step *s, struct bp_edge *e, struct bp_pkt *pkts, unsigned n,
		     uint64_t *now)
{
	struct begin begin = begin_at(e, *now);

	send_on(s, e, pkts, n);
	*now = charge(e, &begin);
}

/* Has the function decided the same for all packets? As it has for most bursts; out[] of later views need not say so. */
static bool is_agreed(const struct bp_pkt *pkts, unsigned n, const uint64_t *out)
{
	uint64_t differ = 0;

	for (unsigned i = 0; i < n; i++)
		differ |= out[i] ^ out[0];
	for (unsigned i = 0; differ && i < n; i += bp_pkt_n_views(&pkts[i], n - i))
		if (out[i] != out[0])
			return false;
	return true;
}

/* Before a function: all go on, unless it says otherwise. Returns when it begins. */
static uint64_t begin_step(struct bp_path *p, struct bp_step *s, const struct bp_pkt *pkts,
			   unsigned n, uint64_t *out, uint64_t now)
{
	atomic_store_explicit(&s->begin_cycles, now, memory_order_relaxed);
	if (s->function->flags & BP_FN_READS)
		for (unsigned i = 0; i < n; i++)
			__builtin_prefetch(pkts[i].data);
	bp_cost_add(&s->n_pkts, bp_pkt_count(pkts, n));
	for (unsigned i = 0; i < n; i++)
		out[i] = BP_OUT_NEXT;
	s->fn->now = now;
	s->fn->port_id = p->rxq->port->port_id;
	return now;
}

static void forward(struct bp_path *p, const void *ctx, struct bp_pkt *pkts, unsigned n,
		    uint64_t *now);

/* Returns whether a trace looks on, which takes them along the path itself. */
static inline bool forward_traced(struct bp_path *p, struct bp_pkt *pkts, unsigned n,
				  uint64_t begin, uint64_t *now)
{
	struct bp_trace *trace = atomic_load_explicit(&p->trace, memory_order_acquire);
	struct bp_trace_burst burst = { p, pkts, n, begin, forward, NULL };

	if (__builtin_expect(trace == NULL, 1))
		return false;
	bp_record_burst(trace, &burst, now);
	return true;
}

/* ---- the data path: rx → chain → deliver ------------------------------------------------------ */

/* Do what a function decided of a burst. Returns the views that go on, which stand first. */
static unsigned settle(struct bp_chain *chain, struct bp_step *s, struct bp_pkt *pkts, unsigned n,
		       uint64_t *out, const uint8_t *why, uint64_t *now)
{
	if (is_one(out[0]) && is_agreed(pkts, n, out)) {
		if (out[0] == BP_OUT_NEXT)
			return n;
		send_all(s, chain->edge_of[lowest(out[0])], pkts, n, now);
		return 0;
	}
	n = drop_refused(s, BP_SIDE_RX, pkts, n, out, why);
	deliver(chain, s, pkts, n, out, now);
	return keep_next(pkts, n, out);
}

/* One function on a burst. Returns the views that go on to the next one. */
static unsigned run_step(struct bp_path *p, struct bp_step *s, struct bp_pkt *pkts, unsigned n,
			 uint64_t *now)
{
	uint64_t out[BP_BURST_MAX], begin = begin_step(p, s, pkts, n, out, *now);
	uint8_t why[BP_BURST_MAX] = { 0 };

	if (s->function->edit)
		s->function->edit(pkts, n);
	else
		s->function->ops->process(s->fn, pkts, n, out, why);
	*now = bp_clock_cycles();
	bp_cost_add(&s->busy_cycles, *now - begin);
	if (__builtin_expect(p->record != NULL, 0))
		bp_record_function(p->record, s, *now, pkts, n, out[0], why[0]);
	return s->function->edit ? n : settle(p->chain, s, pkts, n, out, why, now);
}

/* ctx: a trace's, and not looked at. */
static void forward(struct bp_path *p, const void *ctx, struct bp_pkt *pkts, unsigned n,
		    uint64_t *now)
{
	struct bp_chain *chain = p->chain;

	(void)ctx;
	for (unsigned i = 0; i < chain->n_steps && n; i++)
		n = run_step(p, &chain->steps[i], pkts, n, now);
	if (n)
		send_all(NULL, chain->last, pkts, n, now);
}

bool bp_chain_run(struct bp_path *p, uint64_t *now)
{
	struct bp_usage before = bp_usage_read(&p->rxq->counters);
	uint64_t n_pkts = bp_counter(&p->rxq->counters, BP_CNT_PKTS), begin = *now;
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n = bp_rx(p->rxq, pkts, p->burst);

	*now = bp_clock_cycles();
	if (!n)
		return false;
	bp_burst_note(p->hist_bursts, bp_counter(&p->rxq->counters, BP_CNT_PKTS) - n_pkts);
	if (!forward_traced(p, pkts, n, begin, now)) {
		if (p->edit)
			p->edit(pkts, n);
		forward(p, NULL, pkts, n, now);
	}
	bp_cost_charge(&p->rx_cost, &before, &p->rxq->counters);
	bp_cost_add(&p->busy_cycles, *now - begin);
	return true;
}

void bp_edge_reap(struct bp_edge *e, uint64_t *now)
{
	struct bp_usage before = bp_usage_read(&e->txq->counters);
	uint64_t begin = *now;

	bp_tx(e->txq, NULL, 0);
	*now = bp_clock_cycles();
	bp_cost_charge(&e->cost, &before, &e->txq->counters);
	bp_cost_add(&e->reap_cycles, *now - begin);
}
