/* What TX leaves over: tried again within a budget, then dropped; what the errno of a send means. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_TRANSMIT_H
#define BYPATH_CORE_TRANSMIT_H

#include "bypath/port.h"

#include <errno.h>

/*
 * Did the call that sends fail before it tried anything? Else its packet is gone, and
 * bp_tx_errno_reason() says under which name. Pure.
 */
static inline bool bp_tx_errno_is_full(int err)
{
	return err == EAGAIN || err == EINTR;
}

/*
 * The drop reason of the packet whose send failed with this errno. BP_DROP_PORT_DOWN holds for those
 * behind it as well. Pure. Source: Linux net/packet/af_packet.c, net/core/dev.c (net_xmit_errno()),
 * drivers/net/tun.c.
 */
enum bp_cnt bp_tx_errno_reason(int err);

/* What became of one packet: enum bp_cnt has why it is gone. */
enum bp_tx_outcome { BP_TX_SENT, BP_TX_GONE, BP_TX_FULL };

/*
 * Send the packet of n_views views and n_bytes bytes by one call, or count it under a drop reason.
 * The queue's worker only. Never blocks.
 */
typedef enum bp_tx_outcome (*bp_tx_one_fn)(struct bp_txq *q, struct bp_pkt *pkts, unsigned n_views,
					   uint64_t n_bytes);

/* Count what became of a send that ended with errno err (0: it went). As a bp_tx_one_fn. */
static inline enum bp_tx_outcome bp_tx_judge(struct bp_txq *q, int err)
{
	if (__builtin_expect(!err, 1))
		return BP_TX_SENT;
	if (bp_tx_errno_is_full(err))
		return BP_TX_FULL;
	bp_count(&q->counters, bp_tx_errno_reason(err), 1);
	return BP_TX_GONE;
}

/* The TX burst (bp_tx_fn) of a driver that sends its packets one by one. */
static inline unsigned bp_tx_each(struct bp_txq *q, struct bp_pkt *pkts, unsigned n,
				  bp_tx_one_fn send)
{
	uint64_t n_sent = 0, n_sent_bytes = 0;
	unsigned done = 0;

	while (done < n) {
		unsigned n_views = bp_pkt_n_views(&pkts[done], n - done);
		uint64_t n_bytes = bp_pkt_bytes(&pkts[done], n_views);
		enum bp_tx_outcome outcome = send(q, &pkts[done], n_views, n_bytes);

		if (outcome == BP_TX_FULL)
			break;
		done += n_views;
		if (outcome == BP_TX_SENT) {
			n_sent++;
			n_sent_bytes += n_bytes;
		} else if (q->ends_at_drop) {
			break;
		}
	}
	if (n_sent) {
		bp_count(&q->counters, BP_CNT_PKTS, n_sent);
		bp_count(&q->counters, BP_CNT_BYTES, n_sent_bytes);
		bp_count(&q->counters, BP_CNT_BURSTS, 1);
	}
	bp_pool_put(q->worker_id, pkts, done);
	return done;
}

/* bp_tx_all() behind a first attempt, of tx() or of a direct burst, that took k < n of the n views. */
unsigned bp_tx_rest(struct bp_txq *q, struct bp_pkt *pkts, unsigned k, unsigned n,
		    unsigned n_retries);

/*
 * Send n ≥ 1 views, whole packets, all of which are the queue's afterwards. What its burst leaves
 * over is tried again, n_retries times at most and not at all while the queue is stuck: a port that
 * takes nothing never stalls others. The rest is dropped as tx_full. Where the port cannot
 * tell 'full' from 'never' (BP_CAP_TX_UNSURE), only the first packet is given up then, and those behind
 * it are tried, until a few attempts in a row have taken none.
 *
 * The queue's worker only. Never blocks. Returns how many views the burst consumed; they stand first in
 * pkts[], in their order, to read `copies` from.
 */
static inline unsigned bp_tx_all(struct bp_txq *q, struct bp_pkt *pkts, unsigned n,
				 unsigned n_retries)
{
	unsigned k = bp_tx(q, pkts, n);

	if (__builtin_expect(k < n, 0))
		return bp_tx_rest(q, pkts, k, n, n_retries);
	q->is_stuck = false;
	return n;
}

#endif
