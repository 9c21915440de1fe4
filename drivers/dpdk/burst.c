/* The packet path of the `dpdk` driver: mbufs to views, views to mbufs. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: none of ours but those of afp.c. PMDs over the kernel make their own
 * inside their bursts; those are counted where the PMD's source makes their number certain.
 */
#include "burst.h"
#include "vnet.h"

#include "bypath/ledger.h"

/* --- receive ---------------------------------------------------------------------------------- */

/* The frames at the start of the stash that are one mbuf each and nothing else, as nearly all are. Returns how many. */
static inline unsigned take_singles(struct dpdk_rxq *rq, struct bp_pkt *pkts, unsigned max,
				    uint64_t *n_bytes)
{
	struct rte_mbuf **mbufs = &rq->stash[rq->first_stash];
	const unsigned n_max = RTE_MIN(rq->n_stash, max);
	unsigned n = 0;

	while (n < n_max && likely(mbufs[n]->nb_segs == 1) &&
	       likely(!(mbufs[n]->ol_flags & rq->view_flags))) {
		dpdk_fill_received(&pkts[n], rq, mbufs[n]);
		*n_bytes += mbufs[n]->data_len;
		n++;
	}
	rq->first_stash = (uint16_t)(rq->first_stash + n);
	rq->n_stash = (uint16_t)(rq->n_stash - n);
	return n;
}

/* PMDs that may deliver chains: frames that no longer fit the caller's array wait in the stash. */
static inline unsigned rx_chains_body(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max,
				      bool is_virtio)
{
	struct dpdk_rxq *rq = q->priv;
	unsigned n, n_singles, n_pkts;
	uint64_t n_bytes = 0;

	if (!rq->n_stash) {
		rq->first_stash = 0;
		rq->n_stash = rte_eth_rx_burst(rq->eth_id, rq->queue_id, rq->stash, (uint16_t)max);
	}
	n = n_pkts = n_singles = take_singles(rq, pkts, max, &n_bytes);
	while (rq->n_stash) {
		struct rte_mbuf *m = rq->stash[rq->first_stash];
		unsigned n_segs = m->nb_segs;

		if (n + n_segs > max && n)
			break;
		rq->first_stash++;
		rq->n_stash--;
		if (unlikely(n_segs > max)) { /* no burst of this caller will ever hold it */
			bp_count(&q->counters, BP_DROP_RX_TRUNCATED, 1);
			rte_pktmbuf_free(m);
			continue;
		}
		if (is_virtio && (m->ol_flags & DPDK_VNET_MARKS))
			dpdk_vnet_expand(&pkts[n], rq, m);
		else
			dpdk_expand(&pkts[n], rq, dpdk_whole_frame(q, m));
		n += n_segs;
		n_pkts++;
	}
	if (!n) {
		bp_count(&q->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	dpdk_count_rx(q, n_pkts, n_bytes + bp_pkt_bytes(&pkts[n_singles], n - n_singles));
	return n;
}

/* PMDs that deliver one mbuf per frame. */
static unsigned rx_plain(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct dpdk_rxq *rq = q->priv;
	struct rte_mbuf *mbufs[BP_BURST_MAX];
	unsigned n;

	if (unlikely(rq->n_stash)) /* left by a direct burst */
		return rx_chains_body(q, pkts, max, false);
	n = rte_eth_rx_burst(rq->eth_id, rq->queue_id, mbufs, (uint16_t)max);
	if (!n) {
		bp_count(&q->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		if (i + 3 < n)
			rte_prefetch0(mbufs[i + 3]);
		dpdk_fill_received(&pkts[i], rq, dpdk_whole_frame(q, mbufs[i]));
	}
	dpdk_count_rx(q, n, bp_pkt_bytes(pkts, n));
	if (rq->reads_each) /* one call per packet, and one that finds no more */
		bp_count(&q->counters, BP_CNT_CALLS, n + (n < max));
	return n;
}

static unsigned rx_chains(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	return rx_chains_body(q, pkts, max, false);
}

/* PMDs whose mbufs may speak of offloads. */
static unsigned rx_virtio(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	return rx_chains_body(q, pkts, max, true);
}

static unsigned rx_guarded(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct dpdk_rxq *rq = q->priv;
	unsigned n;

	if (unlikely(!dpdk_enter(&rq->inside, rq->dp))) {
		bp_count(&q->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	n = rx_chains_body(q, pkts, max, false);
	dpdk_leave(&rq->inside);
	return n;
}

/* --- transmit --------------------------------------------------------------------------------- */

enum verdict { TX_IN_PLACE, TX_COPY, TX_RUNT, TX_TOO_LONG, TX_BAD_META, TX_DOWN };

static const enum bp_cnt reasons[] = {
	[TX_RUNT] = BP_DROP_RUNT,
	[TX_TOO_LONG] = BP_DROP_TX_TOO_LONG,
	[TX_BAD_META] = BP_DROP_GSO_UNSUPPORTED,
	[TX_DOWN] = BP_DROP_PORT_DOWN,
};

static inline bool is_tagged(const struct bp_pkt *pkt)
{
	return pkt->len >= 14 && pkt->data[12] == 0x81 && pkt->data[13] == 0x00;
}

/* What becomes of one packet of n_views views and len bytes. */
static inline enum verdict judge(const struct bp_txq *q, const struct bp_pkt *pkts,
				 unsigned n_views, uint64_t len)
{
	const struct dpdk_txq *tq = q->priv;
	uint64_t in_place = q->in_place >> pkts[0].pool->pool_id & 1;

	if (unlikely(len < RTE_ETHER_HDR_LEN))
		return TX_RUNT;
	if (unlikely(pkts[0].flags & BP_PKT_VNET)) {
		if (!dpdk_vnet_can_write(pkts))
			return TX_BAD_META;
		/* The peer that agreed to it has left: what the next one takes is not known yet. */
		if (atomic_load_explicit(&tq->dp->promise, memory_order_relaxed) !=
		    DPDK_PROMISE_KEPT)
			return TX_DOWN;
	}
	if (unlikely(len > tq->max_bytes) && !dpdk_vnet_is_super(pkts) &&
	    (len > tq->max_bytes + tq->vlan_bytes || !is_tagged(pkts)))
		return TX_TOO_LONG;
	for (unsigned i = 1; i < n_views; i++)
		in_place &= q->in_place >> pkts[i].pool->pool_id & 1;
	if (in_place && (n_views == 1 || tq->multi_segs))
		return TX_IN_PLACE;
	if (len > tq->mbufs->room && !tq->multi_segs)
		return TX_TOO_LONG;
	return TX_COPY;
}

/* Write a view's changes back to its mbuf. */
static inline struct rte_mbuf *take_view(const struct dpdk_txq *tq, const struct bp_pkt *pkt)
{
	struct rte_mbuf *m = dpdk_mbuf_of(tq, pkt);

	m->data_off = (uint16_t)(pkt->data - (uint8_t *)m->buf_addr);
	m->data_len = (uint16_t)pkt->len;
	m->pkt_len = pkt->len;
	return m;
}

/* The views of one packet as a chain. */
static inline struct rte_mbuf *link_views(const struct dpdk_txq *tq, const struct bp_pkt *pkts,
					  unsigned n_views, uint64_t len)
{
	struct rte_mbuf *head = take_view(tq, &pkts[0]);
	struct rte_mbuf *last = head;

	for (unsigned i = 1; i < n_views; i++) {
		last->next = take_view(tq, &pkts[i]);
		last = last->next;
	}
	head->nb_segs = (uint16_t)n_views;
	head->pkt_len = (uint32_t)len;
	return head;
}

/*
 * The tail stays the caller's: its views must be single mbufs again. What stands before the packet's
 * first one is the headers', for this attempt (vnet.c).
 */
static void unlink_views(const struct dpdk_txq *tq, struct rte_mbuf *m, const struct bp_pkt *first)
{
	if (unlikely(m != dpdk_mbuf_of(tq, first))) {
		struct rte_mbuf *headers = m;

		m = m->next;
		rte_pktmbuf_free_seg(headers);
	}
	while (m) {
		struct rte_mbuf *next = m->next;

		m->next = NULL;
		m->nb_segs = 1;
		m = next;
	}
}

static inline void pad(const struct dpdk_txq *tq, struct rte_mbuf *m)
{
	uint16_t missing = (uint16_t)(tq->pad_bytes - m->pkt_len);
	char *tail;

	if (m->nb_segs > 1)
		return;
	tail = rte_pktmbuf_append(m, missing);
	if (tail)
		memset(tail, 0, missing);
}

/* The metadata before the packet's first view, in its mbufs' flags. False: no mbuf left for that. */
static bool mark(const struct dpdk_txq *tq, struct rte_mbuf **m, const struct bp_pkt *first)
{
	struct rte_mbuf *marked = dpdk_vnet_write(tq, *m, first);

	if (marked)
		*m = marked;
	return marked;
}

/*
 * The mbufs of the packets at the start of pkts[] that leave just as they are, as nearly all do: one view each, of one pool,
 * without metadata, neither too short nor too long. Adds up their bytes. Returns how many.
 */
static inline unsigned take_plain(const struct bp_txq *q, const struct bp_pkt *pkts, unsigned n,
				  struct rte_mbuf **mbufs, uint64_t *n_bytes)
{
	const struct dpdk_txq *tq = q->priv;
	const struct bp_pool *pool = pkts[0].pool;
	const uint32_t min = RTE_MAX(tq->pad_bytes, (uint32_t)RTE_ETHER_HDR_LEN);
	unsigned i = 0;

	if (!(q->in_place >> pool->pool_id & 1))
		return 0;
	for (; i < n; i++) {
		if (pkts[i].pool != pool || pkts[i].flags || pkts[i].len < min ||
		    pkts[i].len > tq->max_bytes)
			break;
		mbufs[i] = take_view(tq, &pkts[i]);
		*n_bytes += pkts[i].len;
	}
	return i;
}

/* Those behind them that go out in place as well, chains, padded and marked ones among them. */
struct taken {
	unsigned n_pkts, n_views;
	uint64_t n_bytes;
	bool is_short; /* of mbufs: the next packet is not tried */
};

static __attribute__((noinline)) void take_others(const struct bp_txq *q, const struct bp_pkt *pkts,
						  unsigned n, struct rte_mbuf **mbufs,
						  struct taken *taken)
{
	const struct dpdk_txq *tq = q->priv;

	while (taken->n_views < n) {
		const struct bp_pkt *first = &pkts[taken->n_views];
		unsigned v = bp_pkt_n_views(first, n - taken->n_views);
		uint64_t len = bp_pkt_bytes(first, v);
		struct rte_mbuf **m = &mbufs[taken->n_pkts];

		if (judge(q, first, v, len) != TX_IN_PLACE)
			return;
		*m = link_views(tq, first, v, len);
		if (unlikely(len < tq->pad_bytes))
			pad(tq, *m);
		if (unlikely(first->flags & BP_PKT_VNET) && !mark(tq, m, first)) {
			unlink_views(tq, *m, first);
			taken->is_short = true;
			return;
		}
		taken->n_pkts++;
		taken->n_views += v;
		taken->n_bytes += len;
	}
}

/* The PMD has taken n_done of them: the others are the caller's again. */
static __attribute__((noinline)) void give_back(const struct bp_txq *q, const struct bp_pkt *pkts,
						struct rte_mbuf **mbufs, unsigned n_done,
						struct taken *taken)
{
	unsigned n_views = taken->n_views, at = 0;

	for (unsigned i = 0; i < taken->n_pkts; i++) {
		unsigned v = bp_pkt_n_views(&pkts[at], n_views - at);

		if (i == n_done)
			taken->n_views = at;
		if (i >= n_done) {
			taken->n_bytes -= bp_pkt_bytes(&pkts[at], v);
			unlink_views(q->priv, mbufs[i], &pkts[at]);
		}
		at += v;
	}
}

/* Send the packets at the start of pkts[] that go out in place. Returns views consumed. *is_over: no
 * more of this burst is to be tried. */
static inline unsigned send_in_place(struct bp_txq *q, struct bp_pkt *pkts, unsigned n,
				     bool *is_over)
{
	struct rte_mbuf *mbufs[BP_BURST_MAX];
	struct taken taken = { 0 };
	struct dpdk_gone gone = { 0 };
	unsigned n_done;

	dpdk_prefetch_headers(q->priv, pkts, n);
	taken.n_pkts = taken.n_views = take_plain(q, pkts, n, mbufs, &taken.n_bytes);
	if (unlikely(taken.n_views < n))
		take_others(q, pkts, n, mbufs, &taken);
	n_done = taken.n_pkts ? dpdk_burst_out(q, mbufs, taken.n_pkts, &gone) : 0;
	*is_over = n_done < taken.n_pkts || taken.is_short || (gone.n && q->ends_at_drop);
	if (unlikely(n_done < taken.n_pkts))
		give_back(q, pkts, mbufs, n_done, &taken);
	bp_count(&q->counters, BP_CNT_PKTS, n_done - gone.n);
	bp_count(&q->counters, BP_CNT_BYTES, taken.n_bytes - gone.n_bytes);
	return taken.n_views;
}

#define COPY_SEGS (RTE_MBUF_MAX_NB_SEGS / 1024)

/* Mbufs for len bytes. Returns how many; 0: there are none. */
static unsigned take_segs(const struct dpdk_mbufs *mbufs, uint64_t len, struct rte_mbuf **segs)
{
	unsigned n = (unsigned)((len + mbufs->room - 1) / mbufs->room);

	return n > COPY_SEGS || rte_pktmbuf_alloc_bulk(mbufs->mp, segs, n) ? 0 : n;
}

/* A copy of one packet in mbufs of our own; NULL when there are none. */
static struct rte_mbuf *copy_packet(struct bp_txq *q, struct bp_pkt *pkts, unsigned n_views,
				    uint64_t len)
{
	struct dpdk_txq *tq = q->priv;
	const struct dpdk_mbufs *mbufs = tq->mbufs, *super = &tq->dp->pool.super;
	struct rte_mbuf *segs[COPY_SEGS];
	unsigned n_segs = 0, s = 0;
	uint32_t room, used = 0;

	if (unlikely(len > mbufs->room) && super->mp && (n_segs = take_segs(super, len, segs)))
		mbufs = super;
	else
		n_segs = take_segs(mbufs, len, segs);
	if (!n_segs)
		return NULL;
	room = mbufs->room;
	for (unsigned i = 0; i < n_views; i++) {
		for (uint32_t done = 0; done < pkts[i].len;) {
			uint32_t part = RTE_MIN(pkts[i].len - done, room - used);

			bp_ledger_copy(&q->counters, pkts, i == 0 && done == 0,
				       rte_pktmbuf_mtod_offset(segs[s], uint8_t *, used),
				       pkts[i].data + done, part);
			done += part;
			used += part;
			segs[s]->data_len = (uint16_t)used;
			if (used == room) {
				used = 0;
				s++;
			}
		}
	}
	for (s = 0; s + 1 < n_segs; s++)
		segs[s]->next = segs[s + 1];
	segs[0]->nb_segs = (uint16_t)n_segs;
	segs[0]->pkt_len = (uint32_t)len;
	return segs[0];
}

/* The peer that agreed to offloads has left: what was marked for it is not for the next one. */
static void abandon_marked(struct bp_txq *q)
{
	struct dpdk_txq *tq = q->priv;
	struct rte_mbuf **backlog = &tq->backlog[tq->first_backlog];
	unsigned n = tq->n_backlog, n_kept = 0;

	for (unsigned i = 0; i < n; i++) {
		if (backlog[i]->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_L4_MASK))
			rte_pktmbuf_free(backlog[i]);
		else
			backlog[n_kept++] = backlog[i];
	}
	bp_count_lost_after(&q->counters, BP_DROP_TX_ABANDONED, n - n_kept);
	tq->n_backlog = (uint16_t)n_kept;
}

/*
 * A PMD that does not say why took nothing of the backlog, for as many calls in a row as a burst is tried again
 * ([engine] tx_retries: docs/decisions.md has why it counts here as well). It may never take the first packet, and all
 * others wait behind that one. Returns whether the first packet is given up.
 */
static bool pass_blocked(struct bp_txq *q)
{
	struct dpdk_txq *tq = q->priv;

	if (!(q->port->info.caps & BP_CAP_TX_UNSURE) || tq->n_blocked++ < q->port->env->tx_retries)
		return false;
	dpdk_drop(q, &tq->backlog[tq->first_backlog++], 1, BP_DROP_TX_ERROR, NULL);
	tq->n_backlog--;
	return true;
}

/* Send what was copied and consumed; gone: NULL when that was earlier, so that it was counted as sent. True when nothing of it
 * is left. */
static bool flush_backlog(struct bp_txq *q, struct dpdk_gone *gone)
{
	struct dpdk_txq *tq = q->priv;
	unsigned k;

	if (dpdk_vnet_is_on(tq->dp) &&
	    atomic_load_explicit(&tq->dp->promise, memory_order_relaxed) != DPDK_PROMISE_KEPT)
		abandon_marked(q);
	do {
		k = tq->n_backlog ? dpdk_burst_out(q, &tq->backlog[tq->first_backlog],
						   tq->n_backlog, gone)
				  : 0;
		tq->first_backlog = (uint16_t)(tq->first_backlog + k);
		tq->n_backlog = (uint16_t)(tq->n_backlog - k);
		if (k)
			tq->n_blocked = 0;
	} while (tq->n_backlog && !k && pass_blocked(q));
	dpdk_hold(q);
	return !tq->n_backlog;
}

/*
 * Copy and send the packets at the start of pkts[] that need it. All that were copied are
 * consumed: those that the PMD did not take stay in the backlog, so that nothing is copied twice.
 * With ends_at_drop one at a time: else those behind one that is dropped would be consumed as well.
 */
static unsigned send_copies(struct bp_txq *q, struct bp_pkt *pkts, unsigned n, bool *is_over)
{
	struct dpdk_txq *tq = q->priv;
	struct dpdk_gone gone = { 0 };
	unsigned n_pkts = 0, n_views = 0;
	uint64_t n_bytes = 0;
	bool ends = false;

	while (n_views < n && !ends && !(n_pkts && q->ends_at_drop)) {
		unsigned v = bp_pkt_n_views(&pkts[n_views], n - n_views);
		uint64_t len = bp_pkt_bytes(&pkts[n_views], v);
		struct rte_mbuf *m;

		if (judge(q, &pkts[n_views], v, len) != TX_COPY)
			break;
		m = copy_packet(q, &pkts[n_views], v, len);
		if (m && unlikely(pkts[n_views].flags & BP_PKT_VNET) &&
		    !mark(tq, &m, &pkts[n_views])) {
			rte_pktmbuf_free(m);
			m = NULL;
		}
		n_views += v;
		if (unlikely(!m)) {
			bp_count(&q->counters, BP_DROP_TX_NO_MEM, 1);
			ends = q->ends_at_drop;
			continue;
		}
		if (unlikely(len < tq->pad_bytes))
			pad(tq, m);
		n_bytes += len;
		tq->backlog[n_pkts++] = m;
	}
	tq->first_backlog = 0;
	tq->n_backlog = (uint16_t)n_pkts;
	*is_over = (n_pkts && !flush_backlog(q, &gone)) || ends || (gone.n && q->ends_at_drop);
	bp_count(&q->counters, BP_CNT_PKTS, n_pkts - gone.n);
	bp_count(&q->counters, BP_CNT_BYTES, n_bytes - gone.n_bytes);
	bp_pool_put(q->worker_id, pkts, n_views);
	return n_views;
}

/* Runs of packets of one verdict, in order, until the PMD takes no more. */
static inline unsigned tx_body(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct dpdk_txq *tq = q->priv;
	unsigned done = 0;
	bool is_over = false;

	if (unlikely(tq->n_backlog) && !flush_backlog(q, NULL))
		return 0;
	if (!n && tq->afp)
		dpdk_afp_kick(q);
	while (done < n && !is_over) {
		unsigned v = bp_pkt_n_views(&pkts[done], n - done);
		enum verdict verdict = judge(q, &pkts[done], v, bp_pkt_bytes(&pkts[done], v));

		if (likely(verdict == TX_IN_PLACE)) {
			done += send_in_place(q, &pkts[done], n - done, &is_over);
		} else if (verdict == TX_COPY) {
			done += send_copies(q, &pkts[done], n - done, &is_over);
		} else {
			bp_count(&q->counters, reasons[verdict], 1);
			bp_pool_put(q->worker_id, &pkts[done], v);
			done += v;
			is_over = q->ends_at_drop;
		}
	}
	if (done)
		bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return done;
}

static unsigned tx_plain(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	return tx_body(q, pkts, n);
}

static unsigned tx_guarded(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct dpdk_txq *tq = q->priv;
	unsigned k;

	if (unlikely(!dpdk_enter(&tq->inside, tq->dp))) {
		/* A window is over in a moment; a peer that is gone may stay away. */
		if (atomic_load_explicit(&tq->dp->has_peer, memory_order_relaxed))
			return 0;
		return bp_tx_down(q, pkts, n);
	}
	k = tx_body(q, pkts, n);
	dpdk_leave(&tq->inside);
	return k;
}

/* --- choice ----------------------------------------------------------------------------------- */

bp_rx_fn dpdk_rx_choose(const struct dpdk_port *dp)
{
	switch (dp->kind) {
	case DPDK_MEMIF:
		return rx_guarded;
	case DPDK_AF_PACKET:
	case DPDK_AF_XDP:
	case DPDK_NULL:
	case DPDK_TAP:
		return rx_plain;
	case DPDK_VHOST:
	case DPDK_VIRTIO_USER:
		return rx_virtio;
	case DPDK_PCI:
		return dp->dev_info.max_rx_pktlen > dp->pool.rx.room ? rx_chains : rx_plain;
	default:
		return rx_chains;
	}
}

bp_tx_fn dpdk_tx_choose(const struct dpdk_port *dp)
{
	return dp->kind == DPDK_MEMIF ? tx_guarded : tx_plain;
}
