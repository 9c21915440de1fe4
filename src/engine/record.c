/* Records what becomes of a packet that is traced, from the counters of its path and the bytes before and after. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/record.h"

#include "core/clock.h"

#include <string.h>

/* bp_trace_hop.key */
#define HOP_FREE    UINT64_C(0)
#define HOP_TAKEN   UINT64_C(1)
#define NUMBER_BITS 48u
#define QUEUE_BITS  8u

static uint64_t hop_key(unsigned port_id, unsigned queue_id, uint64_t number)
{
	return (uint64_t)(port_id + 1) << (NUMBER_BITS + QUEUE_BITS) |
	       (uint64_t)queue_id << NUMBER_BITS | (number & ((UINT64_C(1) << NUMBER_BITS) - 1));
}
static_assert(BP_QUEUES_MAX <= 1u << QUEUE_BITS && BP_PORTS_MAX < 255, "queue and port fit");

/* ---- places ---------------------------------------------------------------------------------- */

/* A step of the packet, filled with zeros but for what is the record's; NULL: no room. */
static struct bp_trace_step *add_step(struct bp_record *r, enum bp_trace_kind kind, uint64_t begin)
{
	struct bp_trace *t = r->trace;
	uint32_t at = atomic_fetch_add_explicit(&t->n_steps, 1, memory_order_relaxed);
	struct bp_trace_step *s;

	if (at >= t->n_steps_max) {
		/* Far from where it would wrap: no packet begins without room for its steps. */
		atomic_fetch_sub_explicit(&t->n_steps, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&t->journeys[r->journey].n_lost, 1, memory_order_relaxed);
		return NULL;
	}
	s = &t->steps[at];
	*s = (struct bp_trace_step){ .journey = r->journey,
				     .kind = (uint8_t)kind,
				     .worker_id = r->worker_id,
				     .in_port_id = (uint8_t)r->path->rxq->port->port_id,
				     .function_id = BP_TRACE_NO_ID,
				     .begin = begin };
	return s;
}

/* The place is the next worker's that wants one. */
static void free_hop(struct bp_trace *t, struct bp_trace_hop *hop)
{
	/* Release: it was read; pairs with follow(). */
	atomic_store_explicit(&hop->key, HOP_FREE, memory_order_release);
	atomic_fetch_sub_explicit(&t->n_in_hops, 1, memory_order_relaxed);
}

static void finish(struct bp_trace *t, uint16_t journey)
{
	if (atomic_fetch_sub_explicit(&t->journeys[journey].n_open, 1, memory_order_acq_rel) == 1)
		atomic_fetch_add_explicit(&t->n_done, 1, memory_order_release);
}

/* ---- what changed ---------------------------------------------------------------------------- */

static void keep_head(struct bp_record *r, const struct bp_pkt *pkts, unsigned n)
{
	r->n_bytes = (uint32_t)bp_pkt_bytes(pkts, n);
	r->n_head =
		(uint16_t)(pkts[0].len < BP_TRACE_HEAD_BYTES ? pkts[0].len : BP_TRACE_HEAD_BYTES);
	memcpy(r->head, pkts[0].data, r->n_head); /* header */
}

static void keep_bytes(uint8_t *to, const uint8_t *from, unsigned n)
{
	memcpy(to, from, n < BP_TRACE_EDIT_BYTES ? n : BP_TRACE_EDIT_BYTES); /* header */
}

/* The least range that tells the head that was from the one that is: what stands before it is alike, what stands behind it,
 * too, counted from the packet's end. */
static void compare(const struct bp_record *r, const struct bp_pkt *pkts, unsigned n,
		    struct bp_trace_edit *edit)
{
	int n_old = r->n_head, moved = (int)bp_pkt_bytes(pkts, n) - (int)r->n_bytes, at = 0;
	int n_new = pkts[0].len < BP_TRACE_HEAD_BYTES ? (int)pkts[0].len : (int)BP_TRACE_HEAD_BYTES;

	/* Up to where both are known. */
	if (n_new > n_old + moved)
		n_new = n_old + moved;
	else
		n_old = n_new - moved;
	while (at < n_old && at < n_new && r->head[at] == pkts[0].data[at])
		at++;
	while (n_old > at && n_new > at && r->head[n_old - 1] == pkts[0].data[n_new - 1]) {
		n_old--;
		n_new--;
	}
	*edit = (struct bp_trace_edit){ .at = (uint16_t)at };
	if (n_old > at)
		keep_bytes(edit->old_bytes, &r->head[at], edit->n_old = (uint16_t)(n_old - at));
	if (n_new > at)
		keep_bytes(edit->new_bytes, &pkts[0].data[at],
			   edit->n_new = (uint16_t)(n_new - at));
}

/* ---- the hooks ------------------------------------------------------------------------------- */

/* The index of a step's function in conf->functions. */
static uint8_t function_of(const struct bp_path *p, const struct bp_step *s)
{
	return p->rxq->port->conf->chain[s - p->chain->steps];
}

void bp_record_function(struct bp_record *r, const struct bp_step *s, uint64_t end,
			const struct bp_pkt *pkts, unsigned n, uint64_t out, uint8_t why)
{
	struct bp_trace_step *step = add_step(r, BP_TRACE_FUNCTION, s->fn->now);

	r->function_id = function_of(r->path, s);
	r->chosen = out & ~BP_OUT_NEXT;
	if (step) {
		step->end = end;
		step->function_id = r->function_id;
		step->out = out;
		step->why = why;
		compare(r, pkts, n, &step->edit);
	}
	keep_head(r, pkts, n);
}

static void note_edit(struct bp_record *r, uint64_t begin, uint64_t end, const struct bp_pkt *pkts,
		      unsigned n)
{
	struct bp_trace_step *step = add_step(r, BP_TRACE_EDIT, begin);
	const struct bp_port_conf *in = r->path->rxq->port->conf;

	if (step) {
		step->end = end;
		/* A chain that is an edit alone is that function; else it is the engine's mode. */
		if (in->n_chain && !r->path->chain)
			step->function_id = in->chain[0];
		compare(r, pkts, n, &step->edit);
	}
	keep_head(r, pkts, n);
}

/* What goes into a hop is found again by its number. Told before it goes: whoever takes it may be faster than this worker. */
static void follow(struct bp_record *r, const struct bp_txq *q)
{
	struct bp_trace *t = r->trace;
	struct bp_trace_hop *hop = t->hops, *end = &t->hops[BP_TRACE_HOPS_MAX];
	uint64_t key = HOP_FREE;

	r->hop = NULL;
	if (!q->port->conf->is_hop)
		return;
	/* Acquire: whoever had the place before has read all of it. */
	while (hop < end && !atomic_compare_exchange_strong_explicit(&hop->key, &key, HOP_TAKEN,
								     memory_order_acquire,
								     memory_order_relaxed)) {
		key = HOP_FREE;
		hop++;
	}
	if (hop == end)
		return;
	r->hop = hop;
	atomic_store_explicit(&hop->journey, r->journey, memory_order_relaxed);
	atomic_fetch_add_explicit(&t->journeys[r->journey].n_open, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&t->n_in_hops, 1, memory_order_relaxed);
	key = hop_key(q->port->port_id, q->queue_id, bp_counter(&q->counters, BP_CNT_PKTS));
	/* Release: who finds it has all of it. */
	atomic_store_explicit(&hop->key, key, memory_order_release);
}

void bp_record_send(struct bp_record *r, struct bp_edge *e, uint64_t begin)
{
	uint64_t bit = UINT64_C(1) << e->port_id;
	struct bp_trace_step *step = add_step(r, BP_TRACE_TX, begin);
	struct bp_txq *q = e->txq;

	r->sending = step;
	r->edge = e;
	for (unsigned i = 0; i < BP_CNT_N; i++)
		r->before[i] = bp_counter(&q->counters, (enum bp_cnt)i);
	follow(r, q);
	if (step) {
		step->port_id = (uint8_t)e->port_id;
		step->queue_port_id = (uint8_t)q->port->port_id;
		step->queue_id = q->queue_id;
		step->n_bytes = r->n_bytes;
		step->function_id = r->chosen & bit ? r->function_id : BP_TRACE_NO_ID;
	}
	r->chosen &= ~bit;
}

void bp_record_leave(struct bp_record *r, const struct bp_pkt *pkts, unsigned n, uint64_t out,
		     uint8_t why)
{
	if (!r->sending)
		return;
	compare(r, pkts, n, &r->sending->edit);
	r->sending->n_bytes = (uint32_t)bp_pkt_bytes(pkts, n);
	if (!out) {
		r->sending->is_dropped_leaving = true;
		r->sending->why = why;
	}
}

static uint32_t since(const struct bp_record *r, enum bp_cnt id)
{
	return (uint32_t)(bp_counter(&r->edge->txq->counters, id) - r->before[id]);
}

static void fill_sent(const struct bp_record *r, struct bp_trace_step *step, uint64_t end)
{
	step->end = end;
	step->n_sent = since(r, BP_CNT_PKTS);
	step->n_copies = since(r, BP_CNT_COPIES);
	step->n_copy_bytes = since(r, BP_CNT_COPY_BYTES);
	step->n_calls = since(r, BP_CNT_CALLS);
	step->call_cycles = bp_counter(&r->edge->txq->counters, BP_CNT_CALL_CYCLES) -
			    r->before[BP_CNT_CALL_CYCLES];
	step->n_csums = since(r, BP_CNT_CSUM);
	step->n_supers = since(r, BP_CNT_GSO_PKTS);
	step->n_segments = since(r, BP_CNT_GSO_SEGS);
	step->n_replicas = since(r, BP_CNT_REPLICAS);
	step->n_held = atomic_load_explicit(&r->edge->txq->n_held, memory_order_relaxed);
	for (unsigned i = BP_DROP_FIRST; i < BP_CNT_N; i++)
		if (since(r, (enum bp_cnt)i)) {
			step->drop = (uint8_t)i;
			step->n_dropped += since(r, (enum bp_cnt)i);
		}
}

void bp_record_sent(struct bp_record *r, uint64_t end)
{
	bool is_gone = !since(r, BP_CNT_PKTS);

	if (r->sending)
		fill_sent(r, r->sending, end);
	if (r->hop && is_gone) {
		/* Nobody else has looked for a packet of this number: none was sent. */
		free_hop(r->trace, r->hop);
		finish(r->trace, r->journey);
	} else if (r->hop && r->sending) {
		r->sending->is_followed = true;
	}
	r->hop = NULL;
	r->sending = NULL;
}

/* ---- a burst --------------------------------------------------------------------------------- */

bool bp_record_is_full(struct bp_trace *t)
{
	return atomic_load_explicit(&t->n_taken, memory_order_relaxed) >= t->n_wanted ||
	       atomic_load_explicit(&t->n_steps, memory_order_relaxed) + t->n_steps_each >
		       t->n_steps_max;
}

/* The journey of a packet that has just matched. False: they are all taken. */
static bool take_journey(struct bp_trace *t, const struct bp_pkt *pkts, unsigned n,
			 uint16_t *journey)
{
	uint32_t at = atomic_fetch_add_explicit(&t->n_taken, 1, memory_order_relaxed);
	struct bp_journey *j;

	if (at >= t->n_wanted)
		return false;
	*journey = (uint16_t)at;
	j = &t->journeys[at];
	atomic_store_explicit(&j->n_open, 1, memory_order_relaxed);
	j->n_bytes = (uint32_t)bp_pkt_bytes(pkts, n);
	j->n_views = (uint16_t)n;
	j->n_head =
		(uint16_t)(pkts[0].len < BP_TRACE_HEAD_BYTES ? pkts[0].len : BP_TRACE_HEAD_BYTES);
	memcpy(j->head, pkts[0].data, j->n_head); /* header */
	j->has_meta = pkts[0].flags & BP_PKT_VNET;
	if (j->has_meta)
		memcpy(&j->meta, pkts[0].data - BP_VNET_BYTES, sizeof(j->meta)); /* header */
	return true;
}

/* The journey of the packet of this number that came out of a hop. False: it is none that is followed. */
static bool take_from_hop(struct bp_trace *t, const struct bp_rxq *q, uint64_t number,
			  uint16_t *journey)
{
	uint64_t key = hop_key(q->port->port_id, q->queue_id, number);

	for (unsigned i = 0; i < BP_TRACE_HOPS_MAX; i++) {
		struct bp_trace_hop *hop = &t->hops[i];

		/* Acquire: pairs with follow(). */
		if (atomic_load_explicit(&hop->key, memory_order_acquire) != key)
			continue;
		*journey = atomic_load_explicit(&hop->journey, memory_order_relaxed);
		free_hop(t, hop);
		return true;
	}
	return false;
}

/* The number of the burst's first packet among all that its queue was sent. */
static uint64_t first_number(const struct bp_rxq *q, unsigned n_pkts)
{
	return bp_counter(&q->counters, BP_CNT_PKTS) + bp_counters_drops(&q->counters) - n_pkts;
}

static void pass(const struct bp_trace_burst *b, unsigned from, unsigned to, uint64_t *now)
{
	if (from == to)
		return;
	if (b->path->edit)
		b->path->edit(&b->pkts[from], to - from);
	b->forward(b->path, b->ctx, &b->pkts[from], to - from, now);
}

static void set_record(struct bp_path *p, struct bp_record *r)
{
	p->record = r;
	for (unsigned i = 0; p->chain && i < p->chain->n_edges; i++)
		p->chain->edges[i].record = r;
}

/* The packet at pkts[at], alone; rx_end: cycles when its burst was there. */
static void pass_traced(struct bp_record *r, const struct bp_trace_burst *b, unsigned at,
			unsigned n_pkts, uint64_t rx_end, uint64_t *now)
{
	struct bp_path *p = b->path;
	struct bp_pkt *pkts = &b->pkts[at];
	unsigned n = bp_pkt_n_views(pkts, b->n - at);
	struct bp_trace_step *step = add_step(r, BP_TRACE_RX, b->begin);

	keep_head(r, pkts, n);
	if (step) {
		step->end = rx_end;
		step->port_id = step->queue_port_id = step->in_port_id;
		step->queue_id = p->rxq->queue_id;
		step->n_burst = (uint16_t)n_pkts;
		step->n_bytes = r->n_bytes;
		step->n_copies = pkts[0].copies;
	}
	*now = bp_clock_cycles();
	if (p->edit) {
		uint64_t begin = *now;

		p->edit(pkts, n);
		*now = bp_clock_cycles();
		note_edit(r, begin, *now, pkts, n);
	}
	set_record(p, r);
	if (!p->chain)
		bp_record_send(r, &p->edge, *now);
	b->forward(p, b->ctx, pkts, n, now);
	*now = bp_clock_cycles();
	if (!p->chain)
		bp_record_sent(r, *now);
	set_record(p, NULL);
	finish(r->trace, r->journey);
}

static bool matches(const struct bp_trace *t, const struct bp_record *r, const struct bp_pkt *views,
		    unsigned n_views)
{
	uint32_t wire_bytes, n_wanted, n_bytes;
	const uint8_t *bytes;

	if (!t->matches)
		return true;
	wire_bytes = (uint32_t)bp_pkt_bytes(views, n_views);
	n_wanted = t->match_bytes < wire_bytes ? t->match_bytes : wire_bytes;
	bytes = bp_capture_gather(views, n_wanted, t->scratch[r->worker_id], &n_bytes);
	return t->matches(t->filter, bytes, wire_bytes, n_bytes);
}

/* Is the packet to be traced? number: of what its queue was sent. */
static bool is_traced(struct bp_record *r, const struct bp_pkt *views, unsigned n_views,
		      uint64_t number)
{
	const struct bp_rxq *q = r->path->rxq;

	if (q->port->conf->is_hop)
		return take_from_hop(r->trace, q, number, &r->journey);
	/* Full: also since the packet before. */
	return !bp_record_is_full(r->trace) && matches(r->trace, r, views, n_views) &&
	       take_journey(r->trace, views, n_views, &r->journey);
}

static bool has_nothing_to_do(struct bp_trace *t, const struct bp_path *p)
{
	/* Relaxed: the packets have come through the hop, whose own order shows what was told before they went into it. */
	if (p->rxq->port->conf->is_hop)
		return !atomic_load_explicit(&t->n_in_hops, memory_order_relaxed);
	return bp_record_is_full(t);
}

void bp_record_burst(struct bp_trace *t, const struct bp_trace_burst *b, uint64_t *now)
{
	struct bp_record r = { .trace = t,
			       .path = b->path,
			       .worker_id = (uint8_t)b->path->rxq->worker_id };
	unsigned n_pkts = bp_pkt_count(b->pkts, b->n), from = 0;
	uint64_t number = first_number(b->path->rxq, n_pkts), rx_end = *now;

	if (has_nothing_to_do(t, b->path)) {
		pass(b, 0, b->n, now);
		return;
	}
	for (unsigned i = 0; t->matches && i < b->n; i++)
		__builtin_prefetch(b->pkts[i].data);
	for (unsigned i = 0, n_views; i < b->n; i += n_views, number++) {
		n_views = bp_pkt_n_views(&b->pkts[i], b->n - i);
		if (!is_traced(&r, &b->pkts[i], n_views, number))
			continue;
		pass(b, from, i, now);
		r.function_id = BP_TRACE_NO_ID;
		r.chosen = 0;
		pass_traced(&r, b, i, n_pkts, rx_end, now);
		from = i + n_views;
	}
	pass(b, from, b->n, now);
}
