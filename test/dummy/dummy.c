/* Driver `dummy`: makes frames of one byte, eats what is sent to it. */
/* SPDX-License-Identifier: BSD-3-Clause */
/* System calls on the packet path: none. */
#include "describe.h"

#include "bypath/driver.h"
#include "bypath/ledger.h"

#include "core/frames.h"

#include <string.h>

static const uint8_t header[14] = { 2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 1, 1, 0x88, 0xb5 };

static unsigned dummy_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	const struct dummy_conf *conf = dummy_conf(q->port->conf);
	unsigned n = bp_frames_get(q->port->env->frames, q->worker_id, pkts, max);

	if (!n) {
		bp_count(&q->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		memset(pkts[i].data, conf->mode == DUMMY_ONES ? 0xff : 0, conf->frame_bytes);
		memcpy(pkts[i].data, header, sizeof(header)); /* header */
		pkts[i].len = conf->frame_bytes;
	}
	bp_count(&q->counters, BP_CNT_PKTS, n);
	bp_count(&q->counters, BP_CNT_BYTES, (uint64_t)n * conf->frame_bytes);
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return n;
}

/* Frees the views; its counter is the packets' own. */
static unsigned dummy_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	if (!n)
		return 0;
	bp_count(&q->counters, BP_CNT_PKTS, bp_pkt_count(pkts, n));
	bp_count(&q->counters, BP_CNT_BYTES, bp_pkt_bytes(pkts, n));
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	bp_pool_put(q->worker_id, pkts, n);
	return n;
}

static int dummy_open(struct bp_port *port)
{
	(void)port; /* owns nothing */
	return 0;
}

static int dummy_start(struct bp_port *port)
{
	for (unsigned i = 0; i < port->n_rxq; i++)
		port->rxq[i].driver_burst = dummy_rx;
	for (unsigned i = 0; i < port->n_txq; i++)
		port->txq[i].driver_burst = dummy_tx;
	bp_facts_find("dummy")->predict(port->conf, NULL, &port->info);
	return 0;
}

static void dummy_stop(struct bp_port *port)
{
	(void)port; /* holds no frames */
}

static unsigned dummy_stats(struct bp_port *port, struct bp_reported *out, unsigned max)
{
	struct bp_reported eaten = { &dummy_counters[0], 0 };

	for (unsigned i = 0; i < port->n_txq; i++)
		eaten.value += bp_counter(&port->txq[i].counters, BP_CNT_PKTS);
	if (max)
		out[0] = eaten;
	return max > 0;
}

static bool dummy_accepts(const struct bp_txq *q, const struct bp_pool *pool)
{
	(void)q;
	(void)pool;
	return true; /* only gives views back */
}

static const struct bp_driver_ops dummy_ops = {
	.open = dummy_open,
	.start = dummy_start,
	.stop = dummy_stop,
	.close = dummy_stop,
	.stats = dummy_stats,
	.accepts = dummy_accepts,
};

const struct bp_driver bp_driver_dummy = {
	.abi = BP_DRIVER_ABI,
	.name = "dummy",
	.ops = &dummy_ops,
};
