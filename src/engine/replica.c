/* Copies of packets for further ports. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/replica.h"

#include "bypath/ledger.h"

#include "core/capture.h"

#include <string.h>

unsigned bp_replica_n_views(const struct bp_txq *txq, const struct bp_pkt *views, unsigned n_views)
{
	uint32_t room = bp_port_frames(txq->port)->room;
	uint64_t n_bytes = bp_pkt_bytes(views, n_views);

	return n_bytes > room ? (unsigned)((n_bytes + room - 1) / room) : 1;
}

/* Fill empty frames of `room` bytes one after the other. */
static void copy_bytes(struct bp_counters *c, const struct bp_pkt *views, unsigned n_views,
		       struct bp_pkt *to, uint32_t room)
{
	struct bp_pkt *frame = to;
	bool is_first = true;

	for (unsigned v = 0; v < n_views; v++)
		for (uint32_t done = 0, n; done < views[v].len; done += n) {
			if (frame->len == room)
				frame++;
			n = views[v].len - done;
			if (n > room - frame->len)
				n = room - frame->len;
			bp_ledger_copy(c, to, is_first, frame->data + frame->len,
				       views[v].data + done, n);
			frame->len += n;
			is_first = false;
		}
}

static void copy_meta(const struct bp_pkt *from, struct bp_pkt *to)
{
	memcpy(to->data - BP_VNET_BYTES, from->data - BP_VNET_BYTES, BP_VNET_BYTES); /* header */
	to->headroom = (uint16_t)(to->headroom - BP_VNET_BYTES);
	to->flags |= BP_PKT_VNET;
}

/* Would it be dropped for that at once? Then its bytes need not be copied first. */
static bool is_away(const struct bp_txq *txq)
{
	bp_tx_fn burst = atomic_load_explicit(&((struct bp_txq *)(uintptr_t)txq)->burst,
					      memory_order_relaxed);

	return burst == bp_tx_down || burst == bp_tx_no_link;
}

static void drop(struct bp_txq *txq, const struct bp_pkt *views, unsigned n_views,
		 enum bp_cnt reason)
{
	bp_count(&txq->counters, reason, 1);
	bp_capture_dropped(txq, views, n_views, reason);
}

void bp_replica_drop_full(struct bp_txq *txq, const struct bp_pkt *views, unsigned n_views)
{
	bp_count(&txq->counters, BP_CNT_REPLICAS, 1);
	drop(txq, views, n_views, BP_DROP_TX_FULL);
}

unsigned bp_replicate(struct bp_txq *txq, const struct bp_pkt *views, unsigned n_views,
		      struct bp_pkt *to)
{
	struct bp_pool *pool = bp_port_frames(txq->port);
	unsigned n_wanted = bp_replica_n_views(txq, views, n_views), n = 0;
	bool has_meta = views[0].flags & BP_PKT_VNET;

	bp_count(&txq->counters, BP_CNT_REPLICAS, 1);
	if (is_away(txq)) {
		drop(txq, views, n_views, BP_DROP_PORT_DOWN);
		return 0;
	}
	if (n_wanted <= BP_BURST_MAX)
		n = pool->get(pool, txq->worker_id, to, n_wanted);
	if (n < n_wanted || (has_meta && to[0].headroom < BP_VNET_BYTES)) {
		drop(txq, views, n_views, BP_DROP_TX_NO_MEM);
		bp_pool_put(txq->worker_id, to, n);
		return 0;
	}
	to[0].copies = views[0].copies;
	copy_bytes(&txq->counters, views, n_views, to, pool->room);
	for (unsigned k = 0; k + 1 < n; k++)
		to[k].flags |= BP_PKT_MORE;
	if (has_meta)
		copy_meta(&views[0], &to[0]);
	return n;
}
