/* Driver `ring`: an in-process wire. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two ports with the same device name are the two ends of one wire; a name used once is a loop:
 * what it sends it receives. TX queue i feeds RX queue i of the other end. Each pair of queues is a
 * single-producer single-consumer ring of views.
 *
 * System calls on the packet path: none.
 */
#include "bypath/driver.h"
#include "bypath/ledger.h"
#include "bypath/log.h"

#include "core/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_DEFAULT 1024u

/* One direction between two queues. Indices run freely; a slot is index & mask. */
struct wire {
	alignas(BP_CACHE_LINE) _Atomic uint32_t tail; /* TX writes (release), RX reads (acquire) */
	uint32_t head_seen; /* TX's copy of head */
	alignas(BP_CACHE_LINE) _Atomic uint32_t head; /* RX writes (release), TX reads (acquire) */
	uint32_t tail_seen; /* RX's copy of tail */
	alignas(BP_CACHE_LINE) uint32_t mask;
	struct bp_frames *frames;
	alignas(BP_CACHE_LINE) struct bp_pkt slots[];
};

/* An end; it owns the wires that it receives from. */
struct ring_port {
	unsigned n_wires;
	struct wire *wires[BP_QUEUES_MAX];
};

/* Of n slots from here on, those that lie one after another. */
static inline uint32_t count_adjacent(const struct wire *w, uint32_t at, uint32_t n)
{
	uint32_t n_to_end = w->mask + 1 - (at & w->mask);

	return n < n_to_end ? n : n_to_end;
}

/* A packet of more views than RX is ever asked for would block the wire: it goes, counted. */
static void drop_long(struct bp_rxq *q, struct wire *w, uint32_t head)
{
	bool is_last;

	do {
		const struct bp_pkt *pkt = &w->slots[head++ & w->mask];

		is_last = !(pkt->flags & BP_PKT_MORE);
		bp_pool_put(q->worker_id, pkt, 1);
	} while (!is_last);
	atomic_store_explicit(&w->head, head, memory_order_release);
	bp_count(&q->counters, BP_DROP_RX_TRUNCATED, 1);
}

static unsigned ring_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct wire *w = q->priv;
	uint32_t head = atomic_load_explicit(&w->head, memory_order_relaxed);
	uint32_t n_pkts = 0;
	uint64_t n_bytes = 0;
	unsigned n;

	if (w->tail_seen - head < max)
		w->tail_seen = atomic_load_explicit(&w->tail, memory_order_acquire);
	n = w->tail_seen - head;
	if (n > max)
		n = max;
	while (n && (w->slots[(head + n - 1) & w->mask].flags & BP_PKT_MORE))
		n--; /* the packet's rest lies beyond max: next time */
	if (!n) {
		if (w->tail_seen != head)
			drop_long(q, w, head);
		bp_count(&q->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	for (uint32_t done = 0, n_run; done < n; done += n_run) {
		const struct bp_pkt *src = &w->slots[(head + done) & w->mask];

		n_run = count_adjacent(w, head + done, n - done);
		for (uint32_t i = 0; i < n_run; i++) {
			n_pkts += !(src[i].flags & BP_PKT_MORE);
			n_bytes += src[i].len;
			pkts[done + i] = src[i];
		}
	}
	atomic_store_explicit(&w->head, head + n, memory_order_release);
	bp_count(&q->counters, BP_CNT_PKTS, n_pkts);
	bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return n;
}

/*
 * A packet in a loaned pool would keep its receive slots while it waits here: copy it into frames
 * of the arena and give the loan back. pkts[] become the copies. False: dropped and counted.
 */
static bool replace_loan(struct bp_txq *q, struct wire *w, struct bp_pkt *pkts, unsigned n_views)
{
	struct bp_pkt copies[BP_BURST_MAX];
	unsigned got = bp_frames_get(w->frames, q->worker_id, copies, n_views);
	enum bp_cnt reason = got == n_views ? BP_CNT_N : BP_DROP_TX_NO_MEM;

	for (unsigned i = 0; i < n_views; i++)
		if (pkts[i].len > bp_frames_room(w->frames))
			reason = BP_DROP_TX_TOO_LONG;
	if (reason != BP_CNT_N) {
		bp_count(&q->counters, reason, 1);
		bp_pool_put(q->worker_id, copies, got);
		bp_pool_put(q->worker_id, pkts, n_views);
		return false;
	}
	for (unsigned i = 0; i < n_views; i++) {
		bp_ledger_copy(&q->counters, &pkts[0], i == 0, copies[i].data, pkts[i].data,
			       pkts[i].len);
		copies[i].len = pkts[i].len;
		copies[i].flags = pkts[i].flags;
	}
	if (pkts[0].flags & BP_PKT_VNET) {
		*bp_pkt_vnet(&copies[0]) = *bp_pkt_vnet(&pkts[0]);
		copies[0].headroom = BP_HEADROOM - BP_VNET_BYTES;
	}
	copies[0].copies = pkts[0].copies;
	bp_pool_put(q->worker_id, pkts, n_views);
	for (unsigned i = 0; i < n_views; i++)
		pkts[i] = copies[i];
	return true;
}

static unsigned ring_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct wire *w = q->priv;
	uint32_t tail = atomic_load_explicit(&w->tail, memory_order_relaxed);
	uint32_t n_pkts = 0;
	uint64_t n_bytes = 0;
	unsigned done = 0;

	if (tail - w->head_seen + n > w->mask + 1)
		w->head_seen = atomic_load_explicit(&w->head, memory_order_acquire);
	while (done < n) {
		unsigned n_views = bp_pkt_n_views(&pkts[done], n - done);

		if (tail - w->head_seen + n_views > w->mask + 1)
			break;
		if (pkts[done].pool->is_loan && !replace_loan(q, w, &pkts[done], n_views)) {
			done += n_views;
			if (q->ends_at_drop)
				break;
			continue;
		}
		for (unsigned i = 0; i < n_views; i++, done++, tail++) {
			w->slots[tail & w->mask] = pkts[done];
			/* The other end belongs to another path, which counts its copies from 0. */
			w->slots[tail & w->mask].copies = 0;
			n_bytes += pkts[done].len;
		}
		n_pkts++;
	}
	if (n_pkts) {
		atomic_store_explicit(&w->tail, tail, memory_order_release);
		bp_count(&q->counters, BP_CNT_PKTS, n_pkts);
		bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
		bp_count(&q->counters, BP_CNT_BURSTS, 1);
	}
	return done;
}

/* --- from wire to wire ------------------------------------------------------------------------ */

static void count_both(struct bp_rxq *rxq, struct bp_txq *txq, uint32_t n_pkts, uint64_t n_bytes)
{
	bp_count(&rxq->counters, BP_CNT_PKTS, n_pkts);
	bp_count(&rxq->counters, BP_CNT_BYTES, n_bytes);
	bp_count(&rxq->counters, BP_CNT_BURSTS, 1);
	bp_count(&txq->counters, BP_CNT_PKTS, n_pkts);
	bp_count(&txq->counters, BP_CNT_BYTES, n_bytes);
	bp_count(&txq->counters, BP_CNT_BURSTS, 1);
}

/*
 * Views from slot to slot, up to max of them. What lies in a wire is never a loan. By views goes all that is
 * rare: packets that do not fit, or whose rest is yet to come.
 */
static unsigned ring_direct(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max,
			    struct bp_pkt *left, unsigned *n_left)
{
	struct wire *from = rxq->priv, *to = txq->priv;
	uint32_t head = atomic_load_explicit(&from->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&to->tail, memory_order_relaxed);
	uint32_t n, n_pkts = 0;
	uint64_t n_bytes = 0;

	(void)left;
	(void)n_left;
	if (from->tail_seen - head < max)
		from->tail_seen = atomic_load_explicit(&from->tail, memory_order_acquire);
	n = from->tail_seen - head;
	if (n > max)
		n = max;
	if (tail - to->head_seen + n > to->mask + 1)
		to->head_seen = atomic_load_explicit(&to->head, memory_order_acquire);
	if (!n || tail - to->head_seen + n > to->mask + 1 ||
	    (from->slots[(head + n - 1) & from->mask].flags & BP_PKT_MORE))
		return BP_DIRECT_BY_VIEWS;
	for (uint32_t done = 0, n_run; done < n; done += n_run) {
		const struct bp_pkt *src = &from->slots[(head + done) & from->mask];
		struct bp_pkt *dst = &to->slots[(tail + done) & to->mask];

		n_run = count_adjacent(to, tail + done,
				       count_adjacent(from, head + done, n - done));
		for (uint32_t i = 0; i < n_run; i++) {
			n_pkts += !(src[i].flags & BP_PKT_MORE);
			n_bytes += src[i].len;
			dst[i] = src[i];
		}
	}
	atomic_store_explicit(&to->tail, tail + n, memory_order_release);
	atomic_store_explicit(&from->head, head + n, memory_order_release);
	count_both(rxq, txq, n_pkts, n_bytes);
	return n_pkts;
}

static bp_direct_fn choose_direct(struct bp_rxq *rxq, struct bp_txq *txq, bp_edit_fn edit)
{
	/* A loop into itself has no room before RX has made some. */
	return !edit && rxq->priv != txq->priv ? ring_direct : NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static struct wire *make_wire(struct bp_port *port)
{
	uint32_t n_slots = port->conf->ring_size ? port->conf->ring_size : SLOTS_DEFAULT;
	size_t n_bytes = sizeof(struct wire) + n_slots * sizeof(struct bp_pkt);
	struct wire *w;

	n_bytes = (n_bytes + BP_CACHE_LINE - 1) / BP_CACHE_LINE * BP_CACHE_LINE;
	w = aligned_alloc(BP_CACHE_LINE, n_bytes);
	if (!w)
		return NULL;
	memset(w, 0, n_bytes);
	w->mask = n_slots - 1;
	w->frames = port->env->frames;
	return w;
}

static void ring_close(struct bp_port *port)
{
	struct ring_port *r = port->priv;

	for (unsigned i = 0; i < r->n_wires; i++)
		free(r->wires[i]);
	free(r);
}

static int ring_open(struct bp_port *port)
{
	uint32_t n_slots = port->conf->ring_size;
	struct ring_port *r;

	if (n_slots & (n_slots - 1)) {
		bp_log(BP_LOG_ERROR, "port %s: ring_size = %u is not a power of two",
		       port->conf->name, n_slots);
		return -EINVAL;
	}
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	port->priv = r;
	for (; r->n_wires < port->conf->n_queues; r->n_wires++) {
		r->wires[r->n_wires] = make_wire(port);
		if (!r->wires[r->n_wires]) {
			ring_close(port);
			return -ENOMEM;
		}
	}
	return 0;
}

/* The end that receives what this one sends: the other port of the name, or itself. */
static struct bp_port *find_other_end(struct bp_port *port)
{
	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		struct bp_port *other = port->env->ports[i];

		if (other && other != port && other->driver == port->driver &&
		    strcmp(other->conf->device, port->conf->device) == 0)
			return other;
	}
	return port;
}

static int ring_start(struct bp_port *port)
{
	struct ring_port *r = port->priv;
	const struct bp_port *other = find_other_end(port);
	const struct ring_port *to = other->priv;
	int next = port->conf->forward_to;

	if (port->n_txq > to->n_wires) {
		bp_log(BP_LOG_ERROR,
		       "port %s: %u workers send into ring %s, whose other end has %u queue(s): "
		       "set [port.%s] queues = %u",
		       port->conf->name, port->n_txq, port->conf->device, to->n_wires,
		       other->conf->name, port->n_txq);
		return -EINVAL;
	}
	for (unsigned i = 0; i < port->n_rxq; i++) {
		port->rxq[i].priv = r->wires[i];
		port->rxq[i].driver_burst = ring_rx;
	}
	for (unsigned i = 0; i < port->n_txq; i++) {
		port->txq[i].priv = to->wires[i];
		port->txq[i].driver_burst = ring_tx;
	}
	bp_facts_find(port->conf->driver)
		->predict(port->conf, next == BP_NO_PORT ? NULL : &port->env->conf->ports[next],
			  &port->info);
	port->info.caps |= BP_CAP_MULTI_TX;
	port->info.kind = BP_DEVICE_NONE;
	return 0;
}

/* What still lies on the wires that end here was sent; nobody will receive it. */
static void ring_stop(struct bp_port *port)
{
	struct ring_port *r = port->priv;

	for (unsigned i = 0; i < r->n_wires; i++) {
		struct wire *w = r->wires[i];
		uint32_t head = atomic_load_explicit(&w->head, memory_order_relaxed);
		uint32_t tail = atomic_load_explicit(&w->tail, memory_order_acquire);

		for (; head != tail; head++)
			bp_pool_put(BP_CONTROL_ID, &w->slots[head & w->mask], 1);
		/* RX would take what lies between a stale copy of tail and head for packets. */
		w->tail_seen = tail;
		atomic_store_explicit(&w->head, head, memory_order_release);
	}
}

static bool ring_accepts(const struct bp_txq *q, const struct bp_pool *pool)
{
	(void)q;
	return !pool->is_loan;
}

static const struct bp_driver_ops ring_ops = {
	.open = ring_open,
	.start = ring_start,
	.stop = ring_stop,
	.close = ring_close,
	.accepts = ring_accepts,
	.direct = choose_direct,
};

const struct bp_driver bp_driver_ring = {
	.abi = BP_DRIVER_ABI,
	.name = "ring",
	.ops = &ring_ops,
};
