/* Driver `null`: a source of fresh frames on RX, a sink on TX: the engine's ceiling. */
/* SPDX-License-Identifier: BSD-3-Clause */
/* System calls on the packet path: none. */
/*
 * Frames come from the arena, where other packets were before them: every byte is written, or a port
 * beside this one would send what had been received by a third. 02:00:00:00:01:01 → 02:00:00:00:02:01,
 * EtherType 0x88b5 (IEEE 802, local experiments), zeros.
 */
#include "describe.h"

#include "bypath/driver.h"
#include "bypath/ledger.h"
#include "bypath/log.h"

#include "core/clock.h"
#include "core/frames.h"
#include "core/pace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t header[] = { 2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 1, 1, 0x88, 0xb5 };

/* One per RX queue. */
struct null_rxq {
	struct bp_frames *frames;
	uint32_t frame_bytes;
	uint64_t left; /* packets still to make; UINT64_MAX: no end */
	struct bp_pace pace;
};

/* How many packets may be made now; advances the schedule. */
static unsigned take_budget(struct null_rxq *nq, unsigned max)
{
	unsigned n = nq->left < max ? (unsigned)nq->left : max, due = 0;
	uint64_t now;

	if (!nq->pace.rate_pps)
		return n;
	now = bp_clock_cycles();
	bp_pace_skip_late(&nq->pace, now);
	for (; due < n && bp_pace_is_due(&nq->pace, now); due++)
		bp_pace_next(&nq->pace);
	return due;
}

static unsigned null_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct null_rxq *nq = q->priv;
	unsigned n = take_budget(nq, max);

	if (n)
		n = bp_frames_get(nq->frames, q->worker_id, pkts, n);
	if (!n) {
		bp_count(&q->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		memcpy(pkts[i].data, header, sizeof(header)); /* header */
		memset(pkts[i].data + sizeof(header), 0, nq->frame_bytes - sizeof(header));
		pkts[i].len = nq->frame_bytes;
	}
	if (nq->left != UINT64_MAX)
		nq->left -= n;
	bp_count(&q->counters, BP_CNT_PKTS, n);
	bp_count(&q->counters, BP_CNT_BYTES, (uint64_t)n * nq->frame_bytes);
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return n;
}

static unsigned null_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	if (!n)
		return 0;
	bp_count(&q->counters, BP_CNT_PKTS, bp_pkt_count(pkts, n));
	bp_count(&q->counters, BP_CNT_BYTES, bp_pkt_bytes(pkts, n));
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	bp_pool_put(q->worker_id, pkts, n);
	return n;
}

static int null_open(struct bp_port *port)
{
	if (null_conf(port->conf)->frame_bytes > bp_frames_room(port->env->frames)) {
		bp_log(BP_LOG_ERROR,
		       "port %s: frame_bytes = %u does not fit a frame of the arena (%u): set "
		       "[memory] frame_bytes = 4096",
		       port->conf->name, null_conf(port->conf)->frame_bytes,
		       bp_frames_room(port->env->frames));
		return -EINVAL;
	}
	if (!port->n_rxq)
		return 0;
	port->priv = calloc(port->n_rxq, sizeof(struct null_rxq));
	return port->priv ? 0 : -ENOMEM;
}

/* A port's count is cut over its queues, the rest one each to the first ones; 0: no end. */
static uint64_t share_of(uint64_t count, unsigned queue, unsigned n_queues)
{
	return count ? count / n_queues + (queue < count % n_queues) : UINT64_MAX;
}

static int null_start(struct bp_port *port)
{
	struct null_rxq *queues = port->priv;
	const struct null_conf *conf = null_conf(port->conf);

	for (unsigned i = 0; i < port->n_rxq; i++) {
		queues[i] = (struct null_rxq){
			.frames = port->env->frames,
			.frame_bytes = conf->frame_bytes,
			.left = share_of(conf->count, i, port->n_rxq),
		};
		bp_pace_begin(&queues[i].pace, conf->rate_pps, port->env->conf->engine.burst,
			      bp_clock_hz(), bp_clock_cycles());
		port->rxq[i].priv = &queues[i];
		port->rxq[i].driver_burst = null_rx;
	}
	for (unsigned i = 0; i < port->n_txq; i++)
		port->txq[i].driver_burst = null_tx;
	strcpy(port->info.mode, "null");
	port->info.caps = BP_CAP_VNET_TX | BP_CAP_MULTI_TX | BP_CAP_PLAIN_RX;
	return 0;
}

static void null_stop(struct bp_port *port)
{
	(void)port; /* holds no frames */
}

static void null_close(struct bp_port *port)
{
	free(port->priv);
}

static bool null_accepts(const struct bp_txq *q, const struct bp_pool *pool)
{
	(void)q;
	(void)pool;
	return true; /* only gives views back */
}

static const struct bp_driver_ops null_ops = {
	.open = null_open,
	.start = null_start,
	.stop = null_stop,
	.close = null_close,
	.accepts = null_accepts,
};

const struct bp_driver bp_driver_null = {
	.abi = BP_DRIVER_ABI,
	.name = "null",
	.ops = &null_ops,
};
