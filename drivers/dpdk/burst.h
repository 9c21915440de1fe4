/* What the two packet paths of the `dpdk` driver share: by views, and direct. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_DPDK_BURST_H
#define BYPATH_DRIVER_DPDK_BURST_H

#include "dpdk.h"

/* --- net_memif's guard: see guard.c ----------------------------------------------------------- */

/*
 * The worker says that it is inside before it looks at `open`; guard.c closes `open` before it
 * looks at `inside`. Both in one total order: one of the two sees the other.
 */
static inline bool dpdk_enter(_Atomic bool *inside, const struct dpdk_port *dp)
{
	atomic_store_explicit(inside, true, memory_order_seq_cst);
	if (atomic_load_explicit(&((struct dpdk_port *)(uintptr_t)dp)->open, memory_order_seq_cst))
		return true;
	atomic_store_explicit(inside, false, memory_order_release);
	return false;
}

/* Release: what the burst did in the shared regions is over when guard.c sees it. */
static inline void dpdk_leave(_Atomic bool *inside)
{
	atomic_store_explicit(inside, false, memory_order_release);
}

/* --- mbufs and views -------------------------------------------------------------------------- */

static inline void dpdk_fill_view(struct bp_pkt *pkt, struct bp_pool *pool, struct rte_mbuf *m)
{
	*pkt = (struct bp_pkt){
		.data = rte_pktmbuf_mtod(m, uint8_t *),
		.token = (uintptr_t)m,
		.pool = pool,
		.len = m->data_len,
		.headroom = m->data_off,
	};
}

/* The view of what a queue received. One of an arena's frame is the arena's from here on. */
static inline void dpdk_fill_received(struct bp_pkt *pkt, const struct dpdk_rxq *rq,
				      struct rte_mbuf *m)
{
	dpdk_fill_view(pkt, rq->pool, m);
	if (rq->arena)
		pkt->token = (uint64_t)((uint8_t *)m->buf_addr - rq->arena->base);
}

/* The mbuf that a view stands for. A frame of the arena gets its header back as free mbufs have it. */
static inline struct rte_mbuf *dpdk_mbuf_of(const struct dpdk_txq *tq, const struct bp_pkt *pkt)
{
	const struct dpdk_arena *arena = tq->arena;
	struct rte_mbuf *m;

	if (!arena || pkt->pool != arena->pool)
		return (struct rte_mbuf *)(uintptr_t)pkt->token;
	m = (struct rte_mbuf *)(void *)(arena->first +
					(pkt->token >> arena->frame_shift) * arena->stride_bytes);
	m->ol_flags = RTE_MBUF_F_EXTERNAL;
	return m;
}

/*
 * The headers of the arena's frames come round as rarely as the frames do: three lines of each are not in the cache when they are
 * written, sent and freed. Ask for those of a burst at once.
 */
static inline void dpdk_prefetch_headers(const struct dpdk_txq *tq, const struct bp_pkt *pkts,
					 unsigned n)
{
	const struct dpdk_arena *arena = tq->arena;

	/* A burst comes from one queue, nearly always. */
	if (!arena || pkts[0].pool != arena->pool)
		return;
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *header;

		if (pkts[i].pool != arena->pool)
			continue;
		header = arena->first + (pkts[i].token >> arena->frame_shift) * arena->stride_bytes;
		rte_prefetch0(header);
		rte_prefetch0(header + RTE_CACHE_LINE_SIZE);
		rte_prefetch0(header + 2 * RTE_CACHE_LINE_SIZE);
	}
}

/* One view per segment; the chain is undone, since views go back to their pool one by one. */
static inline void dpdk_expand(struct bp_pkt *pkts, const struct dpdk_rxq *rq, struct rte_mbuf *m)
{
	while (m) {
		struct rte_mbuf *next = m->next;

		m->next = NULL;
		m->nb_segs = 1;
		dpdk_fill_received(pkts, rq, m);
		pkts->flags = next ? BP_PKT_MORE : 0;
		pkts++;
		m = next;
	}
}

/* A tag that the PMD took out of the frame goes back in: views carry frames as on the wire. */
static inline struct rte_mbuf *dpdk_whole_frame(struct bp_rxq *q, struct rte_mbuf *m)
{
	if (likely(!(m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)))
		return m;
	if (((struct dpdk_rxq *)q->priv)->arena) /* ours to write to, though an external buffer */
		m->ol_flags &= ~RTE_MBUF_F_EXTERNAL;
	if (!rte_vlan_insert(&m))
		bp_count(&q->counters, BP_CNT_VLAN, 1);
	return m;
}

/* --- PMD calls -------------------------------------------------------------------------------- */

static inline void dpdk_count_rx(struct bp_rxq *q, unsigned n_pkts, uint64_t n_bytes)
{
	bp_count(&q->counters, BP_CNT_PKTS, n_pkts);
	bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
}

/* Packets that a call consumed and dropped: what its caller must not count as sent. */
struct dpdk_gone {
	unsigned n;
	uint64_t n_bytes;
};

/* Account for n packets that are dropped; gone: NULL when they have been counted as sent. */
static inline void dpdk_count_gone(struct bp_txq *q, enum bp_cnt reason, unsigned n,
				   uint64_t n_bytes, struct dpdk_gone *gone)
{
	if (!gone) {
		bp_count_lost_after(&q->counters, reason, n);
		return;
	}
	bp_count(&q->counters, reason, n);
	gone->n += n;
	gone->n_bytes += n_bytes;
}

/* Drop n mbufs, as above. Returns n. */
static inline unsigned dpdk_drop(struct bp_txq *q, struct rte_mbuf **mbufs, unsigned n,
				 enum bp_cnt reason, struct dpdk_gone *gone)
{
	uint64_t n_bytes = 0;

	for (unsigned i = 0; i < n; i++)
		n_bytes += mbufs[i]->pkt_len;
	dpdk_count_gone(q, reason, n, n_bytes, gone);
	rte_pktmbuf_free_bulk(mbufs, n);
	return n;
}

/* What is consumed and not on its way yet. */
static inline void dpdk_hold(struct bp_txq *q)
{
	struct dpdk_txq *tq = q->priv;

	atomic_store_explicit(&q->n_held, tq->n_backlog + (tq->afp ? tq->afp->n_waiting : 0),
			      memory_order_relaxed);
}

/*
 * Hand n ≥ 1 mbufs to the PMD. Returns how many are consumed: sent, or dropped, counted under a reason
 * and added to *gone (lost_after_sent where gone is NULL). Less than n: the rest is full; or, of a queue
 * with ends_at_drop, the last of them is dropped; or the PMD does not tell (BP_CAP_TX_UNSURE).
 */
static inline unsigned dpdk_burst_out(struct bp_txq *q, struct rte_mbuf **mbufs, unsigned n,
				      struct dpdk_gone *gone)
{
	struct dpdk_txq *tq = q->priv;

	if (tq->out)
		return tq->out(q, mbufs, n, gone);
	return rte_eth_tx_burst(tq->eth_id, tq->queue_id, mbufs, (uint16_t)n);
}

/* answer.c: of PMDs that make a system call per packet, whose errno tells what they do not. */
unsigned dpdk_answer_out(struct bp_txq *q, struct rte_mbuf **mbufs, unsigned n,
			 struct dpdk_gone *gone);

#endif
