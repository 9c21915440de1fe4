/* The packet path between two `dpdk` ports: mbufs from PMD to PMD, without views. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A burst whose packets all go out as they came costs one look at each mbuf's length. As soon as
 * one of them needs more (a tag put back, metadata, a copy, a named drop), the whole burst waits in
 * the stash for RX by views, so that there is one implementation of all that.
 */
#include "burst.h"

#include "core/macswap.h"

/* What a variant of the path does: known to the compiler, one function each. */
enum trait {
	CHECKS = 1u << 0, /* RX may hand over chains, have stripped tags, mix lengths */
	SWAPS = 1u << 1, /* the edit bp_macswap_burst() */
};

/* --- receive ---------------------------------------------------------------------------------- */

/* To where the stash lies, which is empty. Returns how many mbufs came. */
static inline unsigned receive(struct bp_rxq *q, unsigned max)
{
	struct dpdk_rxq *rq = q->priv;
	unsigned n;

	if (rq->is_guarded && unlikely(!dpdk_enter(&rq->inside, rq->dp)))
		return 0;
	n = rte_eth_rx_burst(rq->eth_id, rq->queue_id, rq->stash, (uint16_t)max);
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
	l->n_segs += m->nb_segs;
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
	if (unlikely(l.flags & rq->view_flags))
		return false;
	if (unlikely(l.n_segs > n_looks) && (!tq->multi_segs || l.n_segs > BP_BURST_MAX))
		return false;
	return likely(l.excess <= tq->max_bytes - min) || are_lengths_right(tq, mbufs, n);
}

/*
 * Of n packets that are not all plain, the first ones that are: where chains make more views than a burst
 * has, should TX leave them. The others become the stash. Returns how many.
 */
static __attribute__((noinline)) unsigned take_part(struct dpdk_rxq *rq, const struct dpdk_txq *tq,
						    unsigned n, uint64_t *n_bytes)
{
	unsigned n_views = 0, i = 0;

	while (i < n && (n_views += rq->stash[i]->nb_segs) <= BP_BURST_MAX)
		i++;
	if (!i || i == n || !is_plain(rq, tq, rq->stash, i, CHECKS, n_bytes))
		i = 0;
	rq->first_stash = (uint16_t)i;
	rq->n_stash = (uint16_t)(n - i);
	return i;
}

/* Views of the stash's first packet, which RX hands over whole if it can; 0: there is none. */
static unsigned first_views(const struct dpdk_rxq *rq)
{
	unsigned n = rq->n_stash ? rq->stash[rq->first_stash]->nb_segs : 0;

	return RTE_MIN(n, BP_BURST_MAX);
}

static inline void swap_all(struct rte_mbuf *const *mbufs, unsigned n, unsigned traits)
{
	for (unsigned i = 0; i < n; i++) {
		if (traits & CHECKS && i + 4 < n)
			rte_prefetch0(rte_pktmbuf_mtod(mbufs[i + 4], void *));
		if (!(traits & CHECKS) || likely(mbufs[i]->data_len >= BP_MACS_WIDE_BYTES))
			bp_macswap_wide(rte_pktmbuf_mtod(mbufs[i], uint8_t *));
		else if (mbufs[i]->data_len >= BP_MACS_BYTES)
			bp_macswap(rte_pktmbuf_mtod(mbufs[i], uint8_t *));
	}
}

static inline unsigned send_some(struct bp_txq *q, struct rte_mbuf **mbufs, unsigned n,
				 struct dpdk_gone *gone)
{
	struct dpdk_txq *tq = q->priv;
	unsigned k;

	if (tq->is_guarded && unlikely(!dpdk_enter(&tq->inside, tq->dp))) {
		if (atomic_load_explicit(&tq->dp->has_peer, memory_order_relaxed))
			return 0; /* as tx_guarded() */
		return dpdk_drop(q, mbufs, n, BP_DROP_PORT_DOWN, gone);
	}
	k = dpdk_burst_out(q, mbufs, n, gone);
	if (tq->is_guarded)
		dpdk_leave(&tq->inside);
	return k;
}

/* Views of what TX left. Returns their number. */
static __attribute__((noinline)) unsigned take_views(struct bp_pkt *left, const struct dpdk_rxq *rq,
						     struct rte_mbuf *const *mbufs, unsigned n)
{
	unsigned n_views = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned n_segs = mbufs[i]->nb_segs;

		dpdk_expand(&left[n_views], rq, mbufs[i]);
		n_views += n_segs;
	}
	return n_views;
}

/* --- both ------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) unsigned move(struct bp_rxq *rxq, struct bp_txq *txq,
							   unsigned max, struct bp_pkt *left,
							   unsigned *n_left, unsigned traits)
{
	struct dpdk_rxq *rq = rxq->priv;
	const struct dpdk_txq *tq = txq->priv;
	struct rte_mbuf **mbufs = rq->stash;
	struct dpdk_gone gone = { 0 };
	uint64_t n_bytes;
	unsigned n, k;

	if (unlikely(rq->n_stash) || unlikely(tq->n_backlog)) {
		*n_left = first_views(rq);
		return BP_DIRECT_BY_VIEWS;
	}
	n = receive(rxq, max);
	if (!n) {
		bp_count(&rxq->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	if (unlikely(!is_plain(rq, tq, mbufs, n, traits, &n_bytes))) {
		n = take_part(rq, tq, n, &n_bytes);
		if (!n) {
			*n_left = first_views(rq);
			return BP_DIRECT_BY_VIEWS;
		}
	}
	dpdk_count_rx(rxq, n, n_bytes);
	if (traits & SWAPS)
		swap_all(mbufs, n, traits);
	k = send_some(txq, mbufs, n, &gone);
	if (unlikely(k < n)) {
		*n_left = take_views(left, rq, mbufs + k, n - k);
		n_bytes -= bp_pkt_bytes(left, *n_left);
	}
	if (likely(k > gone.n)) {
		bp_count(&txq->counters, BP_CNT_PKTS, k - gone.n);
		bp_count(&txq->counters, BP_CNT_BYTES, n_bytes - gone.n_bytes);
		bp_count(&txq->counters, BP_CNT_BURSTS, 1);
	}
	return n;
}

#define VARIANT(name, traits)                                                      \
	static unsigned name(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max, \
			     struct bp_pkt *left, unsigned *n_left)                \
	{                                                                          \
		return move(rxq, txq, max, left, n_left, traits);                  \
	}

VARIANT(direct_bare, 0)
VARIANT(direct_bare_swap, SWAPS)
VARIANT(direct, CHECKS)
VARIANT(direct_swap, CHECKS | SWAPS)

bp_direct_fn dpdk_direct_choose(struct bp_rxq *rxq, struct bp_txq *txq, bp_edit_fn edit)
{
	const struct dpdk_rxq *rq = rxq->priv;
	const struct dpdk_txq *tq = txq->priv;
	/* net_null makes its packets: whole mbufs without flags, all of one length. */
	bool is_bare = rq->dp->kind == DPDK_NULL;

	if (tq->max_bytes < tq->min_bytes)
		return NULL;
	if (!edit)
		return is_bare ? direct_bare : direct;
	if (edit == bp_macswap_burst)
		return is_bare ? direct_bare_swap : direct_swap;
	return NULL;
}
