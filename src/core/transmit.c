/* What TX leaves over: tried again within a budget, then dropped; what the errno of a send means. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/transmit.h"

#include "core/capture.h"

#include <string.h>

enum bp_cnt bp_tx_errno_reason(int err)
{
	switch (err) {
	case ENOBUFS: /* whatever dropped it: net_xmit_errno() makes this of every verdict */
	case ENOMEM:
		return BP_DROP_TX_KERNEL;
	case ENETDOWN:
	case ENXIO:
	case ENODEV:
	case EIO: /* of a tap: its interface is down */
	case EBADFD: /* of a tap: it is gone */
		return BP_DROP_PORT_DOWN;
	case EMSGSIZE:
		return BP_DROP_TX_TOO_LONG;
	default:
		return BP_DROP_TX_ERROR;
	}
}

static void drop_full(struct bp_txq *q, const struct bp_pkt *pkts, unsigned n)
{
	bp_count(&q->counters, BP_DROP_TX_FULL, bp_pkt_count(pkts, n));
	bp_capture_dropped(q, pkts, n, BP_DROP_TX_FULL);
	bp_pool_put(q->worker_id, pkts, n);
}

/*
 * Give up the packet at the head of a tail, pkts[k…n), and try those behind it, which move up. Sets
 * *n to the views that are left in pkts[]. Returns how many more were consumed.
 */
static unsigned pass_head(struct bp_txq *q, struct bp_pkt *pkts, unsigned k, unsigned *n)
{
	unsigned n_views = bp_pkt_n_views(&pkts[k], *n - k);

	drop_full(q, &pkts[k], n_views);
	*n -= n_views;
	memmove(&pkts[k], &pkts[k + n_views], (*n - k) * sizeof(*pkts)); /* views */
	return *n > k ? bp_tx(q, &pkts[k], *n - k) : 0;
}

/* Packets that a port may refuse in a row, after the budget, before it counts as full. */
static unsigned count_passes(const struct bp_txq *q)
{
	if (!(q->port->info.caps & BP_CAP_TX_UNSURE))
		return 0;
	return q->is_stuck ? 1 : 4;
}

unsigned bp_tx_rest(struct bp_txq *q, struct bp_pkt *pkts, unsigned k, unsigned n,
		    unsigned n_retries)
{
	unsigned passes = count_passes(q);

	for (unsigned left = q->is_stuck ? 0 : n_retries; k < n && left; left--)
		k += bp_tx(q, &pkts[k], n - k);
	q->is_stuck = k < n;
	for (unsigned n_failed = 0; k < n && n_failed < passes;) {
		unsigned more = pass_head(q, pkts, k, &n);

		k += more;
		n_failed = more ? 0 : n_failed + 1;
		q->is_stuck = !more;
	}
	drop_full(q, &pkts[k], n - k);
	return k;
}
