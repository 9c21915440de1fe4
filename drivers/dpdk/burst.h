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

/* One view per segment; the chain is undone, since views go back to their pool one by one. */
static inline void dpdk_expand(struct bp_pkt *pkts, struct bp_pool *pool, struct rte_mbuf *m)
{
	while (m) {
		struct rte_mbuf *next = m->next;

		m->next = NULL;
		m->nb_segs = 1;
		dpdk_fill_view(pkts, pool, m);
		pkts->flags = next ? BP_PKT_MORE : 0;
		pkts++;
		m = next;
	}
}

/* A tag that the PMD took out of the frame goes back in: views carry frames as on the wire. */
static inline struct rte_mbuf *dpdk_whole_frame(struct bp_rxq *q, struct rte_mbuf *m)
{
	if (unlikely(m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) && !rte_vlan_insert(&m))
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

static inline unsigned dpdk_burst_out(struct bp_txq *q, struct rte_mbuf **mbufs, unsigned n)
{
	struct dpdk_txq *tq = q->priv;
	unsigned k = rte_eth_tx_burst(tq->eth_id, tq->queue_id, mbufs, (uint16_t)n);

	if (tq->calls_per_burst | tq->calls_per_pkt)
		bp_count(&q->counters, BP_CNT_CALLS,
			 tq->calls_per_burst + (uint64_t)k * tq->calls_per_pkt);
	return k;
}

#endif
