/* Bursts of the tap driver: one read or write of the kernel per packet, never a copy in user space. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: readv() per packet received and one more that finds nothing,
 * writev() per packet sent.
 */
#include "tap.h"

#include "bypath/driver.h"
#include "bypath/ledger.h"

#include "core/clock.h"
#include "core/transmit.h"

#include <errno.h>

/* The first view's buffer begins with the vnet header, which the kernel writes before the frame. */
static void point_iov(struct tap_rxq *rq, unsigned i)
{
	uint32_t before = i == 0 ? BP_VNET_BYTES : 0;

	rq->iov[i].iov_base = rq->stash[i].data - before;
	rq->iov[i].iov_len = rq->room + before;
}

/* Have enough frames for the longest packet. False when not even an ordinary frame fits. */
static bool fill_stash(struct tap_rxq *rq, unsigned worker_id)
{
	unsigned n_want = atomic_load_explicit(&rq->n_want, memory_order_relaxed);
	unsigned got;

	if (rq->n_stash < n_want) {
		got = rq->frames->get(rq->frames, worker_id, &rq->stash[rq->n_stash],
				      n_want - rq->n_stash);
		for (unsigned i = 0; i < got; i++)
			point_iov(rq, rq->n_stash + i);
		rq->n_stash = (uint16_t)(rq->n_stash + got);
	}
	return rq->n_stash >= atomic_load_explicit(&rq->n_need, memory_order_relaxed);
}

/* Move the first n frames of the stash out as the views of a packet of len bytes. */
static void take_views(struct tap_rxq *rq, unsigned worker_id, struct bp_pkt *pkts, unsigned n,
		       uint32_t len)
{
	unsigned fresh;

	for (unsigned i = 0; i < n; i++, len -= rq->room) {
		pkts[i] = rq->stash[i];
		pkts[i].len = i + 1 < n ? rq->room : len;
		pkts[i].flags = i + 1 < n ? BP_PKT_MORE : 0;
	}
	pkts[0].flags |= BP_PKT_VNET;
	pkts[0].headroom = (uint16_t)(pkts[0].headroom - BP_VNET_BYTES);
	bp_pkt_vnet(&pkts[0])->num_buffers = 0; /* the kernel skips these two bytes */
	/* New frames in the same places: the rest of the stash stays as it is. */
	fresh = rq->frames->get(rq->frames, worker_id, rq->stash, n);
	for (unsigned i = fresh; i < n && rq->n_stash > n; i++, fresh++)
		rq->stash[i] = rq->stash[--rq->n_stash];
	if (fresh < n)
		rq->n_stash = (uint16_t)fresh;
	for (unsigned i = 0; i < fresh; i++)
		point_iov(rq, i);
}

static ssize_t read_packet(struct bp_rxq *q, struct tap_rxq *rq)
{
	uint64_t began = bp_clock_cycles();
	ssize_t n = readv(rq->fd, rq->iov, rq->n_stash);

	bp_count(&q->counters, BP_CNT_CALL_CYCLES, bp_clock_cycles() - began);
	bp_count(&q->counters, BP_CNT_CALLS, 1);
	return n;
}

/* What one read brought, and what to do with it. */
enum verdict { TAKE, DROP, KEEP };

static enum verdict judge(struct bp_rxq *q, const struct tap_rxq *rq, size_t n_bytes, unsigned n,
			  unsigned n_done, unsigned max)
{
	if (n_bytes < BP_VNET_BYTES + 14u) {
		bp_count(&q->counters, BP_DROP_RUNT, 1);
		return DROP;
	}
	/* A packet that fills the buffers to the last byte may have been cut there. Neither can
	 * one be handed over that takes more views than the caller asks for at best. */
	if (n_bytes == BP_VNET_BYTES + (size_t)rq->n_stash * rq->room || (n > max && !n_done)) {
		bp_count(&q->counters, BP_DROP_RX_TRUNCATED, 1);
		return DROP;
	}
	return n > max - n_done ? KEEP : TAKE;
}

/* The packet that the last burst had no room for. */
static unsigned take_ready(struct bp_rxq *q, struct tap_rxq *rq, struct bp_pkt *pkts, unsigned max)
{
	unsigned n = rq->n_ready;

	rq->n_ready = 0;
	if (n > max) {
		bp_count(&q->counters, BP_DROP_RX_TRUNCATED, 1);
		bp_pool_put(q->worker_id, rq->ready, n);
		return 0;
	}
	for (unsigned i = 0; i < n; i++)
		pkts[i] = rq->ready[i];
	return n;
}

unsigned tap_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct tap_rxq *rq = q->priv;
	unsigned n_done = take_ready(q, rq, pkts, max);

	while (n_done < max && !rq->n_ready && fill_stash(rq, q->worker_id)) {
		ssize_t n_bytes = read_packet(q, rq);
		uint32_t len;
		unsigned n;

		if (n_bytes < 0)
			break; /* EAGAIN: empty. Others: the device is away, check() tells */
		len = (uint32_t)n_bytes - BP_VNET_BYTES;
		for (n = 1; (size_t)n * rq->room < len; n++)
			;
		switch (judge(q, rq, (size_t)n_bytes, n, n_done, max)) {
		case TAKE:
			take_views(rq, q->worker_id, &pkts[n_done], n, len);
			n_done += n;
			break;
		case KEEP:
			take_views(rq, q->worker_id, rq->ready, n, len);
			rq->n_ready = (uint16_t)n;
			break;
		case DROP:
			break;
		}
	}
	if (!n_done) {
		bp_count(&q->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	bp_count(&q->counters, BP_CNT_PKTS, bp_pkt_count(pkts, n_done));
	bp_count(&q->counters, BP_CNT_BYTES, bp_pkt_bytes(pkts, n_done));
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return n_done;
}

/* 0 or the errno of writev(). */
static int write_packet(struct bp_txq *q, int fd, const struct bp_pkt *pkts, unsigned n)
{
	static const struct bp_vnet_hdr no_metadata;
	struct iovec iov[BP_BURST_MAX + 1];
	unsigned n_iov = 0;
	uint64_t began;
	int err;

	if (pkts[0].flags & BP_PKT_VNET) {
		iov[n_iov].iov_base = pkts[0].data - BP_VNET_BYTES;
		iov[n_iov++].iov_len = pkts[0].len + BP_VNET_BYTES;
	} else {
		iov[n_iov].iov_base = (void *)(uintptr_t)&no_metadata;
		iov[n_iov++].iov_len = sizeof(no_metadata);
		iov[n_iov].iov_base = pkts[0].data;
		iov[n_iov++].iov_len = pkts[0].len;
	}
	for (unsigned i = 1; i < n; i++) {
		iov[n_iov].iov_base = pkts[i].data;
		iov[n_iov++].iov_len = pkts[i].len;
	}
	began = bp_clock_cycles();
	err = writev(fd, iov, (int)n_iov) < 0 ? errno : 0;
	bp_count(&q->counters, BP_CNT_CALL_CYCLES, bp_clock_cycles() - began);
	bp_count(&q->counters, BP_CNT_CALLS, 1);
	return err;
}

/* Metadata of a super-frame lifts the bound of the MTU. */
static bool is_too_long(const struct tap_txq *tq, const struct bp_pkt *pkts, uint64_t n_bytes)
{
	if ((pkts[0].flags & BP_PKT_VNET) && bp_pkt_vnet(pkts)->gso_type != BP_VNET_GSO_NONE)
		return n_bytes > BP_TAP_PACKET_MAX;
	return n_bytes > atomic_load_explicit(tq->max_frame_bytes, memory_order_relaxed);
}

static enum bp_tx_outcome send_packet(struct bp_txq *q, struct bp_pkt *pkts, unsigned n_views,
				      uint64_t n_bytes)
{
	const struct tap_txq *tq = q->priv;

	if (n_bytes < 14) {
		bp_count(&q->counters, BP_DROP_RUNT, 1);
		return BP_TX_GONE;
	}
	if (is_too_long(tq, pkts, n_bytes)) {
		bp_count(&q->counters, BP_DROP_TX_TOO_LONG, 1);
		return BP_TX_GONE;
	}
	return bp_tx_judge(q, write_packet(q, tq->fd, pkts, n_views));
}

unsigned tap_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	return bp_tx_each(q, pkts, n, send_packet);
}

/* Frames that hold n_bytes and one byte more, as many as a burst has views at most. */
static uint16_t frames_for(uint32_t n_bytes, uint32_t room)
{
	uint32_t n = n_bytes / room + 1;

	return (uint16_t)(n < BP_BURST_MAX ? n : BP_BURST_MAX);
}

void tap_rxq_resize(struct tap_rxq *rq, bool has_gso, uint32_t mtu)
{
	uint16_t n_need = frames_for(mtu + BP_TAP_FRAME_EXTRA + 4, rq->room);
	uint16_t n_gso = frames_for(BP_TAP_PACKET_MAX, rq->room);

	atomic_store_explicit(&rq->n_need, n_need, memory_order_relaxed);
	atomic_store_explicit(&rq->n_want, has_gso && n_gso > n_need ? n_gso : n_need,
			      memory_order_relaxed);
}

void tap_rxq_init(struct tap_rxq *rq, struct bp_port *port, int fd, bool has_gso, uint32_t mtu)
{
	rq->fd = fd;
	rq->frames = bp_port_rx_frames(port);
	rq->room = rq->frames->room;
	rq->n_stash = 0;
	rq->n_ready = 0;
	tap_rxq_resize(rq, has_gso, mtu);
}

void tap_rxq_release(struct tap_rxq *rq, unsigned worker_id)
{
	bp_pool_put(worker_id, rq->stash, rq->n_stash);
	bp_pool_put(worker_id, rq->ready, rq->n_ready);
	rq->n_stash = 0;
	rq->n_ready = 0;
}
