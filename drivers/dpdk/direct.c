/* The packet path between two `dpdk` ports: mbufs from PMD to PMD, without views. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A burst whose packets all go out as they came costs one look at each mbuf's length. As soon as
 * one of them needs more (a tag put back, metadata, a copy, a named drop), the whole burst takes the
 * way by views, packet by packet, so that there is one implementation of all that.
 */
#include "burst.h"
#include "vnet.h"

#include "core/macswap.h"
#include "core/transmit.h"

/* What a variant of the path does: known to the compiler, one function each. */
enum trait {
	CHECKS = 1u << 0, /* RX may hand over chains, have stripped tags, mix lengths */
	SWAPS = 1u << 1, /* [engine] mode = macswap */
};

/* --- receive ---------------------------------------------------------------------------------- */

/* Left over from a time when this queue's packets went by views. */
static unsigned take_stash(struct dpdk_rxq *rq, struct rte_mbuf **mbufs, unsigned max)
{
	unsigned n = RTE_MIN(max, (unsigned)rq->n_stash);

	for (unsigned i = 0; i < n; i++)
		mbufs[i] = rq->stash[rq->first_stash + i];
	rq->first_stash = (uint16_t)(rq->first_stash + n);
	rq->n_stash = (uint16_t)(rq->n_stash - n);
	return n;
}

static inline unsigned receive(struct bp_rxq *q, struct rte_mbuf **mbufs, unsigned max)
{
	struct dpdk_rxq *rq = q->priv;
	unsigned n;

	if (unlikely(rq->n_stash))
		return take_stash(rq, mbufs, max);
	if (rq->is_guarded && unlikely(!dpdk_enter(&rq->inside, rq->dp)))
		return 0;
	n = rte_eth_rx_burst(rq->eth_id, rq->queue_id, mbufs, (uint16_t)max);
	if (rq->is_guarded)
		dpdk_leave(&rq->inside);
	if (rq->reads_each && n) /* one call per packet, and one that finds no more */
		bp_count(&q->counters, BP_CNT_CALLS, n + (n < max));
	return n;
}

/* --- transmit --------------------------------------------------------------------------------- */

static bool are_lengths_right(const struct dpdk_txq *tq, struct rte_mbuf *const *mbufs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (mbufs[i]->pkt_len < tq->min_bytes || mbufs[i]->pkt_len > tq->max_bytes)
			return false;
	return true;
}

/* What a look at some mbufs tells. */
struct look {
	uint64_t n_bytes, flags;
	uint32_t excess, n_segs;
};

static inline void look_at(struct look *l, const struct rte_mbuf *m, uint32_t min)
{
	l->n_bytes += m->pkt_len;
	/* The bits of all lengths together are no less than the longest; a packet that is too
	 * short wraps around and is huge. */
	l->excess |= m->pkt_len - min;
	l->flags |= m->ol_flags;
	l->n_segs |= m->nb_segs;
}

/* Can all packets leave as they are? Adds up their bytes. */
static inline bool is_plain(const struct dpdk_rxq *rq, const struct dpdk_txq *tq,
			    struct rte_mbuf *const *mbufs, unsigned n, unsigned traits,
			    uint64_t *n_bytes)
{
	uint32_t min = tq->min_bytes;
	struct look l = { 0 };
	unsigned i = 0, n_looks = traits & CHECKS ? n : 1;

	for (; i + 4 <= n_looks; i += 4)
		for (unsigned j = 0; j < 4; j++)
			look_at(&l, mbufs[i + j], min);
	for (; i < n_looks; i++)
		look_at(&l, mbufs[i], min);
	*n_bytes = traits & CHECKS ? l.n_bytes : l.n_bytes * n;
	if (unlikely(l.flags & rq->view_flags) || unlikely(l.n_segs > 1 && !tq->multi_segs))
		return false;
	return likely(l.excess <= tq->max_bytes - min) || are_lengths_right(tq, mbufs, n);
}

#define WIDE_BYTES 16u
typedef uint8_t wide_bytes __attribute__((vector_size(WIDE_BYTES)));

/* bp_macswap() of a frame in a buffer of at least WIDE_BYTES: one load, one shuffle, one store. */
static inline void swap_wide(uint8_t *frame)
{
	wide_bytes v;

	memcpy(&v, frame, sizeof(v)); /* header */
	v = __builtin_shufflevector(v, v, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 12, 13, 14, 15);
	memcpy(frame, &v, sizeof(v)); /* header */
}

static inline void swap_all(struct rte_mbuf *const *mbufs, unsigned n, unsigned traits)
{
	for (unsigned i = 0; i < n; i++) {
		if (traits & CHECKS && i + 4 < n)
			rte_prefetch0(rte_pktmbuf_mtod(mbufs[i + 4], void *));
		if (!(traits & CHECKS) || likely(mbufs[i]->data_len >= WIDE_BYTES))
			swap_wide(rte_pktmbuf_mtod(mbufs[i], uint8_t *));
		else if (mbufs[i]->data_len >= BP_MACS_BYTES)
			bp_macswap(rte_pktmbuf_mtod(mbufs[i], uint8_t *));
	}
}

static inline unsigned send_some(struct bp_txq *q, struct rte_mbuf **mbufs, unsigned n,
				 struct dpdk_gone *gone)
{
	struct dpdk_txq *tq = q->priv;
	unsigned k;

	if (tq->is_guarded && unlikely(!dpdk_enter(&tq->inside, tq->dp)))
		return 0;
	k = dpdk_burst_out(q, mbufs, n, gone);
	if (tq->is_guarded)
		dpdk_leave(&tq->inside);
	return k;
}

/* What TX does not take is dropped, as tx_guarded() would. */
static unsigned drop_full(struct bp_txq *q, struct rte_mbuf **mbufs, unsigned n,
			  struct dpdk_gone *gone)
{
	const struct dpdk_txq *tq = q->priv;
	bool is_down =
		tq->is_guarded && !atomic_load_explicit(&tq->dp->has_peer, memory_order_relaxed);

	return dpdk_drop(q, mbufs, n, is_down ? BP_DROP_PORT_DOWN : BP_DROP_TX_FULL, gone);
}

/* bp_tx_rest() with mbufs: those behind the first k, all of which are consumed. */
static __attribute__((noinline)) void send_rest(struct bp_txq *q, struct rte_mbuf **mbufs,
						unsigned k, unsigned n, unsigned n_retries,
						struct dpdk_gone *gone)
{
	unsigned passes = bp_tx_passes(q);

	for (unsigned left = bp_tx_budget(q, n_retries); k < n && left; left--)
		k += send_some(q, &mbufs[k], n - k, gone);
	q->is_stuck = k < n;
	for (unsigned n_failed = 0; k < n && n_failed < passes;) {
		unsigned more;

		k += drop_full(q, &mbufs[k], 1, gone);
		more = k < n ? send_some(q, &mbufs[k], n - k, gone) : 0;
		k += more;
		n_failed = more ? 0 : n_failed + 1;
		q->is_stuck = !more;
	}
	if (k < n)
		drop_full(q, &mbufs[k], n - k, gone);
}

static inline void send_all(struct bp_txq *q, struct rte_mbuf **mbufs, unsigned n, uint64_t n_bytes,
			    unsigned n_retries)
{
	struct dpdk_gone gone = { 0 };
	unsigned k = send_some(q, mbufs, n, &gone);

	if (unlikely(k < n))
		send_rest(q, mbufs, k, n, n_retries, &gone);
	else
		q->is_stuck = false;
	if (unlikely(gone.n == n))
		return;
	bp_count(&q->counters, BP_CNT_PKTS, n - gone.n);
	bp_count(&q->counters, BP_CNT_BYTES, n_bytes - gone.n_bytes);
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
}

/* --- the way by views ------------------------------------------------------------------------- */

/* One packet through the queue's TX burst for views. Returns its bytes. */
static uint64_t send_views(const struct bp_rxq *rxq, struct bp_txq *txq, struct rte_mbuf *m,
			   unsigned n_retries, bool swaps)
{
	const struct dpdk_rxq *rq = rxq->priv;
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n = m->nb_segs;
	uint64_t n_bytes;

	if (rq->view_flags & m->ol_flags & DPDK_VNET_MARKS)
		dpdk_vnet_expand(pkts, rq->pool, m);
	else
		dpdk_expand(pkts, rq->pool, m);
	n_bytes = bp_pkt_bytes(pkts, n);
	if (swaps && pkts[0].len >= BP_MACS_BYTES)
		bp_macswap(pkts[0].data);
	bp_tx_all(txq, txq->driver_burst, pkts, n, n_retries);
	return n_bytes;
}

static __attribute__((noinline)) void send_by_views(struct bp_rxq *rxq, struct bp_txq *txq,
						    struct rte_mbuf **mbufs, unsigned n,
						    unsigned n_retries, bool swaps)
{
	uint64_t n_bytes = 0;
	unsigned n_pkts = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = dpdk_whole_frame(rxq, mbufs[i]);

		if (unlikely(m->nb_segs > BP_BURST_MAX)) { /* no burst of views will ever hold it */
			bp_count(&rxq->counters, BP_DROP_RX_TRUNCATED, 1);
			rte_pktmbuf_free(m);
			continue;
		}
		n_bytes += send_views(rxq, txq, m, n_retries, swaps);
		n_pkts++;
	}
	if (n_pkts)
		dpdk_count_rx(rxq, n_pkts, n_bytes);
}

/* --- both ------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) unsigned
move(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max, unsigned n_retries, unsigned traits)
{
	const struct dpdk_rxq *rq = rxq->priv;
	const struct dpdk_txq *tq = txq->priv;
	struct rte_mbuf *mbufs[BP_BURST_MAX];
	unsigned n = receive(rxq, mbufs, max);
	uint64_t n_bytes;

	if (!n) {
		bp_count(&rxq->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	if (unlikely(tq->n_backlog) || unlikely(!is_plain(rq, tq, mbufs, n, traits, &n_bytes))) {
		send_by_views(rxq, txq, mbufs, n, n_retries, traits & SWAPS);
		return n;
	}
	dpdk_count_rx(rxq, n, n_bytes);
	if (traits & SWAPS)
		swap_all(mbufs, n, traits);
	send_all(txq, mbufs, n, n_bytes, n_retries);
	return n;
}

#define VARIANT(name, traits)                                                      \
	static unsigned name(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max, \
			     unsigned n_retries)                                   \
	{                                                                          \
		return move(rxq, txq, max, n_retries, traits);                     \
	}

VARIANT(direct_bare, 0)
VARIANT(direct_bare_swap, SWAPS)
VARIANT(direct, CHECKS)
VARIANT(direct_swap, CHECKS | SWAPS)

bp_direct_fn dpdk_direct_choose(const struct bp_rxq *rxq, const struct bp_txq *txq,
				enum bp_engine_mode mode)
{
	const struct dpdk_rxq *rq = rxq->priv;
	const struct dpdk_txq *tq = txq->priv;
	/* net_null makes its packets: whole mbufs without flags, all of one length. */
	bool is_bare = rq->dp->kind == DPDK_NULL;

	if (tq->max_bytes < tq->min_bytes)
		return NULL;
	switch (mode) {
	case BP_ENGINE_IO:
		return is_bare ? direct_bare : direct;
	case BP_ENGINE_MACSWAP:
		return is_bare ? direct_bare_swap : direct_swap;
	}
	return NULL;
}
