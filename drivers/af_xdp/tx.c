/* AF_XDP transmit bursts: views become descriptors of the TX ring. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: sendto() without data. Copy mode: at least one per burst, since
 * the kernel sends inside it, on 6.17 and later exactly one, and one more for each frame that it
 * drops. Zero-copy: one when the driver asks.
 */
#include "af_xdp.h"

#include "bypath/ledger.h"

#include "core/clock.h"

#include <errno.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#define REAP_BATCH  64u
#define REAP_ROUNDS 32u /* a reap ends even if completions keep coming */

/* A copied packet never takes more frames. */
#define COPY_FRAMES_MAX AF_XDP_COPY_MAX_VIEWS

void af_xdp_tx_reap(struct af_xdp_tx_side *side, unsigned worker_id)
{
	for (unsigned round = 0; round < REAP_ROUNDS; round++) {
		uint64_t offsets[REAP_BATCH];
		uint32_t first;
		unsigned n = xsk_ring_cons__peek(&side->comp, REAP_BATCH, &first), n_mine = 0;

		if (!n)
			return;
		for (unsigned i = 0; i < n; i++) {
			uint64_t addr = *xsk_ring_cons__comp_addr(&side->comp, first + i);
			uint8_t *mark = &side->marks[addr >> side->frame_shift];

			side->n_held -= *mark >> 1; /* AF_XDP_MARK_LAST */
			offsets[n_mine] = addr;
			n_mine += *mark & AF_XDP_MARK_HELD; /* never give a frame back twice */
			*mark = 0;
		}
		xsk_ring_cons__release(&side->comp, n);
		bp_frames_put_offsets(side->frames, worker_id, offsets, n_mine);
	}
}

static inline bool is_ring_empty(const struct xsk_ring_prod *tx)
{
	return __atomic_load_n(tx->consumer, __ATOMIC_RELAXED) == tx->cached_prod;
}

/* One call. 0 or its errno. */
static int call_kernel(struct bp_txq *q, const struct af_xdp_tx_side *side)
{
	uint64_t start = bp_clock_cycles();
	int err = sendto(side->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 ? errno : 0;

	bp_count(&q->counters, BP_CNT_CALL_CYCLES, bp_clock_cycles() - start);
	bp_count(&q->counters, BP_CNT_CALLS, 1);
	return err;
}

/*
 * Make the kernel send what lies in the ring.
 *
 * Copy mode (net/xdp/xsk.c, __xsk_generic_xmit()): EBUSY says that one frame was taken, completed and
 * dropped; those behind it were not looked at. EAGAIN: the call's budget is used up (go on), or the
 * socket's memory, the completion ring or the device's queue is (the consumer stands still). Others:
 * no memory for a copy, or the device is away. The next burst, or kick, tries again.
 */
static void kick(struct bp_txq *q, struct af_xdp_tx_side *side)
{
	unsigned n_kicks = 0, n_gone = 0;

	if (side->zerocopy && !xsk_ring_prod__needs_wakeup(&side->tx))
		return;
	while (n_kicks < side->kicks_max && n_gone < BP_BURST_MAX && !is_ring_empty(&side->tx)) {
		uint32_t before = __atomic_load_n(side->tx.consumer, __ATOMIC_RELAXED);
		int err = call_kernel(q, side);

		if (side->zerocopy)
			return;
		if (err == EBUSY)
			n_gone++;
		else if (err != EAGAIN ||
			 before == __atomic_load_n(side->tx.consumer, __ATOMIC_RELAXED))
			break;
		else
			n_kicks++;
	}
	if (n_gone)
		bp_count_lost_after(&q->counters, BP_DROP_TX_KERNEL, n_gone);
}

/*
 * Have a frame at hand that the kernel is about to copy and another core has just received. Its copy
 * (`rep movsb`) waits for one line after the other; here they come side by side. Even a frame of one
 * line takes two: up to 128 bytes the instruction does not finish before it has the next line, too.
 */
static inline void fetch_lines(const struct bp_pkt *view)
{
	uint32_t n_bytes = view->len > 2 * BP_CACHE_LINE ? view->len : 2 * BP_CACHE_LINE;

	for (uint32_t at = 0; at < n_bytes; at += BP_CACHE_LINE)
		__builtin_prefetch(view->data + at);
}

static inline void put_desc(struct af_xdp_tx_side *side, uint64_t addr, uint32_t len, bool more)
{
	struct xdp_desc *desc = xsk_ring_prod__tx_desc(&side->tx, side->tx.cached_prod++);

	*desc = (struct xdp_desc){
		.addr = addr,
		.len = len,
		.options = more ? XDP_PKT_CONTD : 0,
	};
	side->marks[addr >> side->frame_shift] =
		(uint8_t)(AF_XDP_MARK_HELD | (more ? 0 : AF_XDP_MARK_LAST));
}

/* Can all views go as they are? */
static inline bool is_in_place(const struct bp_txq *q, const struct af_xdp_tx_side *side,
			       const struct bp_pkt *pkts, unsigned n_views)
{
	if (n_views > side->max_views)
		return false;
	for (unsigned i = 0; i < n_views; i++) {
		if (!(q->in_place >> pkts[i].pool->pool_id & 1))
			return false;
		if (!pkts[i].len)
			return false; /* the kernel takes no empty descriptor */
	}
	return true;
}

/* Copy a packet's bytes into n frames of our own, one after the other. */
static void copy_packet(struct bp_txq *q, struct af_xdp_tx_side *side, struct bp_pkt *pkts,
			unsigned n_views, const uint64_t *offsets)
{
	uint32_t used = 0; /* bytes of the current frame */
	bool is_first = true;

	for (unsigned i = 0; i < n_views; i++) {
		uint32_t done = 0;

		while (done < pkts[i].len) {
			uint32_t n = pkts[i].len - done;

			if (used == side->room) {
				used = 0;
				offsets++;
			}
			if (n > side->room - used)
				n = side->room - used;
			bp_ledger_copy(&q->counters, &pkts[0], is_first,
				       side->base + *offsets + BP_HEADROOM + used,
				       pkts[i].data + done, n);
			is_first = false;
			used += n;
			done += n;
		}
	}
}

/*
 * Send a packet from frames of our own. -ENOBUFS: the ring is full, the packet stays; -ECANCELED: it
 * is dropped, counted.
 */
static int send_copy(struct bp_txq *q, struct af_xdp_tx_side *side, struct bp_pkt *pkts,
		     unsigned n_views, uint32_t n_bytes, unsigned room)
{
	uint64_t offsets[COPY_FRAMES_MAX];
	unsigned n_frames = 0, n_got;
	int err = -ECANCELED;

	for (uint32_t left = n_bytes; left; n_frames++)
		left -= left < side->room ? left : side->room;
	if (n_frames > side->max_views) {
		bp_count(&q->counters, BP_DROP_TX_TOO_LONG, 1);
		goto consumed;
	}
	if (n_frames > room)
		return -ENOBUFS;
	n_got = bp_frames_get_offsets(side->frames, q->worker_id, offsets, n_frames);
	if (n_got < n_frames) {
		bp_frames_put_offsets(side->frames, q->worker_id, offsets, n_got);
		bp_count(&q->counters, BP_DROP_TX_NO_MEM, 1);
		goto consumed;
	}
	copy_packet(q, side, pkts, n_views, offsets);
	for (unsigned i = 0; i < n_frames; i++) {
		bool more = i + 1 < n_frames;

		put_desc(side, offsets[i] + BP_HEADROOM,
			 more ? side->room : n_bytes - i * side->room, more);
	}
	bp_count(&q->counters, BP_CNT_PKTS, 1);
	bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
	side->n_held++;
	err = 0;
consumed:
	bp_pool_put(q->worker_id, pkts, n_views);
	return err;
}

/* A packet that no try will ever send. True if it was one: consumed and counted. */
static inline bool drop_unsendable(struct bp_txq *q, const struct af_xdp_tx_side *side,
				   const struct bp_pkt *pkts, unsigned n_views, uint64_t n_bytes)
{
	if (__builtin_expect(n_bytes >= ETH_HLEN && n_bytes <= side->max_bytes, 1))
		return false;
	bp_count(&q->counters, n_bytes < ETH_HLEN ? BP_DROP_RUNT : BP_DROP_TX_TOO_LONG, 1);
	bp_pool_put(q->worker_id, pkts, n_views);
	return true;
}

/* Fill the TX ring. Returns the views consumed. */
static unsigned put_packets(struct bp_txq *q, struct af_xdp_tx_side *side, struct bp_pkt *pkts,
			    unsigned n)
{
	/* Room for the longest copied packet is asked for, or it would never be looked for again. */
	unsigned room = xsk_prod_nb_free(&side->tx, BP_BURST_MAX + COPY_FRAMES_MAX);
	unsigned done = 0, n_sent = 0;
	uint32_t first = side->tx.cached_prod;
	uint64_t sent_bytes = 0;

	while (done < n) {
		struct bp_pkt *pkt = &pkts[done];
		unsigned n_views = bp_pkt_n_views(pkt, n - done);
		unsigned free_slots = room - (side->tx.cached_prod - first);
		uint64_t n_bytes = bp_pkt_bytes(pkt, n_views);

		if (drop_unsendable(q, side, pkt, n_views, n_bytes)) {
			done += n_views;
			if (q->ends_at_drop)
				break;
			continue;
		}
		if (!is_in_place(q, side, pkt, n_views)) {
			int err = send_copy(q, side, pkt, n_views, (uint32_t)n_bytes, free_slots);

			if (err == -ENOBUFS)
				break;
			done += n_views;
			if (err && q->ends_at_drop)
				break;
			continue;
		}
		if (n_views > free_slots)
			break;
		for (unsigned i = 0; i < n_views; i++) {
			if (!side->zerocopy)
				fetch_lines(&pkt[i]);
			put_desc(side, (uint64_t)(pkt[i].data - side->base), pkt[i].len,
				 pkt[i].flags & BP_PKT_MORE);
		}
		n_sent++;
		sent_bytes += n_bytes;
		done += n_views;
	}
	if (side->tx.cached_prod != first)
		xsk_ring_prod__submit(&side->tx, side->tx.cached_prod - first);
	side->n_held += n_sent;
	bp_count(&q->counters, BP_CNT_PKTS, n_sent);
	bp_count(&q->counters, BP_CNT_BYTES, sent_bytes);
	return done;
}

unsigned af_xdp_tx_burst(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct af_xdp_tx_side *side = q->priv;
	uint32_t before;
	unsigned done = 0;

	af_xdp_tx_reap(side, q->worker_id);
	before = side->tx.cached_prod;
	if (n)
		done = put_packets(q, side, pkts, n);
	if (side->tx.cached_prod != before)
		bp_count(&q->counters, BP_CNT_BURSTS, 1);
	kick(q, side);
	/* On veth the frames are back already: the receiver's copy is made inside sendto(). */
	if (!side->zerocopy)
		af_xdp_tx_reap(side, q->worker_id);
	atomic_store_explicit(&q->n_held, side->n_held, memory_order_relaxed);
	return done;
}
