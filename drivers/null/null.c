/* Driver `null`: a source of fresh frames on RX, a sink on TX: the engine's ceiling. */
/* SPDX-License-Identifier: BSD-3-Clause */
/* System calls on the packet path: none. */
/*
 * Frames are those of the port that sends them, or of the arena, where other packets were before them: every byte
 * is written, or a port beside this one would send what had been received by a third. 02:00:00:00:01:01 → 02:00:00:00:02:01,
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
	struct bp_pool *frames;
	uint32_t frame_bytes;
	unsigned n_views; /* of one packet */
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

static inline void make_packet(const struct null_rxq *nq, struct bp_pkt *pkts, unsigned n_views)
{
	uint32_t left = nq->frame_bytes;

	for (unsigned i = 0; i < n_views; i++) {
		bool is_last = i + 1 == n_views;

		pkts[i].len = is_last ? left : nq->frames->room;
		pkts[i].flags = is_last ? 0 : BP_PKT_MORE;
		memset(pkts[i].data, 0, pkts[i].len);
		left -= pkts[i].len;
	}
	memcpy(pkts[0].data, header, sizeof(header)); /* header */
}

static inline unsigned rx_body(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max,
			       unsigned n_views)
{
	struct null_rxq *nq = q->priv;
	unsigned n = take_budget(nq, max / n_views);
	unsigned n_got = n ? nq->frames->get(nq->frames, q->worker_id, pkts, n * n_views) : 0;

	n = n_got / n_views;
	bp_pool_put(q->worker_id, &pkts[n * n_views], n_got - n * n_views);
	if (!n) {
		bp_count(&q->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	for (unsigned i = 0; i < n; i++)
		make_packet(nq, &pkts[i * n_views], n_views);
	if (nq->left != UINT64_MAX)
		nq->left -= n;
	bp_count(&q->counters, BP_CNT_PKTS, n);
	bp_count(&q->counters, BP_CNT_BYTES, (uint64_t)n * nq->frame_bytes);
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return n * n_views;
}

static unsigned null_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	return rx_body(q, pkts, max, 1);
}

/* Of packets that take several of the sender's frames. */
static unsigned null_rx_long(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	return rx_body(q, pkts, max, ((struct null_rxq *)q->priv)->n_views);
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

/* Where packets are made, and in how many views each. */
static struct bp_pool *choose_frames(const struct bp_port *port, unsigned *n_views)
{
	struct bp_pool *frames = bp_port_rx_frames(port);

	*n_views = (null_conf(port->conf)->frame_bytes + frames->room - 1) / frames->room;
	if (*n_views <= port->env->conf->engine.burst)
		return frames;
	*n_views = 1; /* open() has seen to that */
	return bp_frames_pool(port->env->frames);
}

/* Frames are taken as they are needed: none is there yet. */
static void null_rx_renew(struct bp_port *port)
{
	struct null_rxq *queues = port->priv;
	unsigned n_views;
	struct bp_pool *frames = choose_frames(port, &n_views);

	for (unsigned i = 0; i < port->n_rxq; i++) {
		queues[i].frames = frames;
		queues[i].n_views = n_views;
		port->rxq[i].driver_burst = n_views == 1 ? null_rx : null_rx_long;
	}
}

static int null_start(struct bp_port *port)
{
	struct null_rxq *queues = port->priv;
	const struct null_conf *conf = null_conf(port->conf);
	unsigned n_views;
	struct bp_pool *frames = choose_frames(port, &n_views);

	for (unsigned i = 0; i < port->n_rxq; i++) {
		queues[i] = (struct null_rxq){
			.frames = frames,
			.frame_bytes = conf->frame_bytes,
			.n_views = n_views,
			.left = share_of(conf->count, i, port->n_rxq),
		};
		bp_pace_begin(&queues[i].pace, conf->rate_pps, port->env->conf->engine.burst,
			      bp_clock_hz(), bp_clock_cycles());
		port->rxq[i].priv = &queues[i];
		port->rxq[i].driver_burst = n_views == 1 ? null_rx : null_rx_long;
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
	.rx_renew = null_rx_renew,
	.stop = null_stop,
	.close = null_close,
	.accepts = null_accepts,
};

const struct bp_driver bp_driver_null = {
	.abi = BP_DRIVER_ABI,
	.name = "null",
	.ops = &null_ops,
};
