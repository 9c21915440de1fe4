/* Sends through PMDs that make a system call per packet, whose errno tells what they do not. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * net_tap and net_pcap (on an interface) end their burst at the first packet that the kernel does not
 * take, whatever the reason, and come back with it for ever. Nothing follows the failed call in them,
 * so its errno is still there: full, or gone. A burst that ends without one is the PMD's own doing
 * (BP_CAP_TX_UNSURE).
 *
 * System calls on the packet path: the PMD's, one per packet tried; net_tap's are counted.
 * Source: DPDK 22.11 drivers/net/tap, pmd_tx_burst(); drivers/net/pcap, eth_pcap_tx(); libpcap 1.10
 * pcap-linux.c, pcap_inject_linux().
 */
#include "burst.h"

#include "core/transmit.h"

#include <errno.h>

unsigned dpdk_answer_out(struct bp_txq *q, struct rte_mbuf **mbufs, unsigned n,
			 struct dpdk_gone *gone)
{
	const struct dpdk_txq *tq = q->priv;
	unsigned done = 0;

	for (;;) {
		enum bp_cnt reason;
		unsigned k;
		int err;

		errno = 0;
		k = rte_eth_tx_burst(tq->eth_id, tq->queue_id, &mbufs[done], (uint16_t)(n - done));
		err = errno;
		done += k;
		if (tq->counts_calls)
			bp_count(&q->counters, BP_CNT_CALLS, k + (done < n && err));
		if (likely(done == n) || !err || bp_tx_errno_is_full(err))
			return done;
		reason = bp_tx_errno_reason(err);
		k = reason == BP_DROP_PORT_DOWN && !q->ends_at_drop ? n - done : 1;
		done += dpdk_drop(q, &mbufs[done], k, reason, gone);
		if (done == n || q->ends_at_drop)
			return done;
	}
}
