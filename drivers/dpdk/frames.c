/* A port's mbufs as the engine's pool: empty views out of it, views back into it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

/* Take up to n mbufs, as many as there are. */
static unsigned take(struct rte_mempool *mp, struct rte_mbuf **mbufs, unsigned n)
{
	unsigned k = 0;

	if (likely(!rte_pktmbuf_alloc_bulk(mp, mbufs, n)))
		return n;
	/* That is all or nothing. */
	while (k < n && (mbufs[k] = rte_pktmbuf_alloc(mp)))
		k++;
	return k;
}

/* Threads that are not registered (the control thread) go past the per-lcore caches. */
unsigned dpdk_pool_get(struct bp_pool *pool, unsigned worker_id, struct bp_pkt *pkts, unsigned n)
{
	struct dpdk_pool *dpool = (struct dpdk_pool *)pool;
	/* Acquire: the mempool is filled. Pairs with dpdk_pool_renew(), beside which we may run. */
	struct rte_mempool *mp = atomic_load_explicit(&dpool->frames, memory_order_acquire);
	struct rte_mbuf *mbufs[BP_BURST_MAX];

	(void)worker_id;
	n = take(mp, mbufs, n);
	for (unsigned i = 0; i < n; i++)
		dpdk_fill_view(&pkts[i], pool, mbufs[i]);
	return n;
}

void dpdk_pool_put(struct bp_pool *pool, unsigned worker_id, const struct bp_pkt *pkts, unsigned n)
{
	struct rte_mbuf *mbufs[BP_BURST_MAX];

	(void)pool;
	(void)worker_id;
	for (unsigned i = 0; i < n; i++)
		mbufs[i] = (struct rte_mbuf *)(uintptr_t)pkts[i].token;
	rte_pktmbuf_free_bulk(mbufs, n);
}
