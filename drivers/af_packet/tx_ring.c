/* Sends through a PACKET_TX_RING: one copy in user space, one call per burst. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: one sendto() per burst; what does not fit a slot (super-frames,
 * jumbo frames, frames at which the kernel may take offence) and what stands behind a frame that the
 * kernel refused goes the way of tx_send.c.
 *
 * sendto() walks the ring in the caller's context: when it returns, no slot that still says
 * TP_STATUS_SEND_REQUEST will be looked at before the next call. So leftovers are taken out of the
 * ring again, and only frames on their way (TP_STATUS_SENDING) are held.
 *
 * A frame that was dropped below the ring leaves its slot at TP_STATUS_SEND_REQUEST as well, and the
 * kernel's head stays there (tpacket_snd(), out_status): only the call's result tells it from one that
 * was not tried. Either way that slot is the next to be filled. The frames behind a dropped one cannot
 * stay in their slots; they are sent from where they lie, so that none is copied twice.
 *
 * The metadata's hdr_len says how many bytes the kernel copies into its own buffer rather than
 * attaching the ring's page. Saying 'all' costs a small copy and spares a page reference, and on
 * veth another copy into a page of its own: 2.4 instead of 1.9 Mpps at 64 bytes.
 */
#include "slots.h"

#include "bypath/log.h"

#include "core/clock.h"
#include "core/closer.h"
#include "core/transmit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/mman.h>

#define SLOTS_PER_BLOCK 64u /* so that a block is whole pages */
#define TX_BUFFER_BYTES (4 << 20)

static uint32_t slot_status(const struct af_packet_tx_ring *ring, uint32_t i)
{
	/* Acquire: the kernel is done with the slot's bytes; pairs with its destructor's store. */
	return __atomic_load_n(&af_packet_tx_slot(ring, i)->tp_status, __ATOMIC_ACQUIRE);
}

/* Longer by a VLAN tag is allowed only with one. */
static bool has_legal_length(const struct bp_port *port, const struct bp_pkt *pkt, uint32_t len)
{
	uint16_t type;

	if (len < ETH_HLEN || pkt->len < ETH_HLEN)
		return false;
	/* The control thread follows the device's MTU (af_packet.c). */
	if (len <= __atomic_load_n(&port->info.mtu, __ATOMIC_RELAXED) + ETH_HLEN)
		return true;
	memcpy(&type, pkt->data + 2 * ETH_ALEN, sizeof(type)); /* header */
	return len <= __atomic_load_n(&port->info.max_frame_bytes, __ATOMIC_RELAXED) &&
	       (type == htons(ETH_P_8021Q) || type == htons(ETH_P_8021AD));
}

/* Does the ring take this packet for certain? */
static bool fits(const struct bp_port *port, const struct bp_pkt *pkt, unsigned n_views)
{
	uint32_t len = (uint32_t)bp_pkt_bytes(pkt, n_views);

	if (len > AF_PACKET_TX_FRAME_ROOM || !has_legal_length(port, pkt, len))
		return false;
	return !(pkt->flags & BP_PKT_VNET) || af_packet_tx_takes_meta(bp_pkt_vnet(pkt), len);
}

static void fill_slot(struct bp_txq *q, struct tpacket2_hdr *slot, struct bp_pkt *pkt,
		      unsigned n_views)
{
	static const struct bp_vnet_hdr none;
	uint8_t *at = (uint8_t *)slot + AF_PACKET_TX_FRAME_AT;
	uint32_t len = 0;

	for (unsigned i = 0; i < n_views; i++) {
		bp_ledger_copy(&q->counters, pkt, i == 0, at + len, pkt[i].data, pkt[i].len);
		len += pkt[i].len;
	}
	af_packet_tx_seal(slot, pkt->flags & BP_PKT_VNET ? bp_pkt_vnet(pkt) : &none, len);
}

void af_packet_tx_ring_reap(struct bp_txq *q)
{
	struct af_packet_tx_ring *ring = &((struct af_packet_txq *)q->priv)->ring;
	uint32_t tail = ring->tail;

	while (tail != ring->head && slot_status(ring, tail) == TP_STATUS_AVAILABLE)
		tail++;
	ring->tail = tail;
	atomic_store_explicit(&q->n_held, ring->head - tail, memory_order_relaxed);
}

uint32_t af_packet_tx_ring_room(struct bp_txq *q, uint32_t enough)
{
	struct af_packet_tx_ring *ring = &((struct af_packet_txq *)q->priv)->ring;

	if (AF_PACKET_TX_SLOTS - (ring->head - ring->tail) < enough)
		af_packet_tx_ring_reap(q);
	return AF_PACKET_TX_SLOTS - (ring->head - ring->tail);
}

/* Fill slots with packets of pkts[0…n) that fit. Returns the views taken. */
static unsigned fill_slots(struct bp_txq *q, struct bp_pkt *pkts, unsigned n,
			   struct af_packet_batch *batch)
{
	struct af_packet_tx_ring *ring = &((struct af_packet_txq *)q->priv)->ring;
	unsigned i = 0;

	while (i < n && ring->head - ring->tail < AF_PACKET_TX_SLOTS) {
		unsigned n_views = bp_pkt_n_views(&pkts[i], n - i);

		if (!fits(q->port, &pkts[i], n_views))
			break;
		fill_slot(q, af_packet_tx_slot(ring, ring->head), &pkts[i], n_views);
		af_packet_batch_add(batch, ring, pkts[i].data,
				    (uint32_t)bp_pkt_bytes(&pkts[i], n_views));
		i += n_views;
	}
	return i;
}

void af_packet_tx_ring_unfill(struct af_packet_tx_ring *ring, const struct af_packet_batch *batch)
{
	for (uint32_t i = batch->first; i != ring->head; i++)
		__atomic_store_n(&af_packet_tx_slot(ring, i)->tp_status, TP_STATUS_AVAILABLE,
				 __ATOMIC_RELAXED);
	ring->head = batch->first;
}

/*
 * One system call. Told the EtherType that all frames have, the kernel does not parse each of them
 * for it (packet_parse_headers()), and comes to the same end.
 */
static ssize_t call(struct bp_txq *q, const struct af_packet_batch *batch)
{
	const struct af_packet_txq *tq = q->priv;
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = tq->ap->ifindex,
	};
	uint64_t begin = bp_clock_cycles();
	ssize_t rc;

	/* Around the qdisc the driver would miss what else the kernel's parsing sets. */
	if (!tq->skips_qdisc && !batch->type_diff)
		to.sll_protocol = batch->type;
	rc = sendto(tq->ring.fd, NULL, 0, MSG_DONTWAIT,
		    to.sll_protocol ? (struct sockaddr *)&to : NULL,
		    to.sll_protocol ? sizeof(to) : 0);
	rc = rc < 0 ? -errno : rc;
	af_packet_count_call(&q->counters, begin, bp_clock_cycles());
	return rc;
}

static bool is_taken(const struct af_packet_tx_ring *ring, uint32_t i)
{
	uint32_t status = slot_status(ring, i);

	return status != TP_STATUS_SEND_REQUEST && status != TP_STATUS_WRONG_FORMAT;
}

/* What became of slot i, the first that the kernel has not taken, in a call that ended with rc. */
static enum af_packet_sent judge(struct bp_txq *q, uint32_t i, ssize_t rc)
{
	enum bp_cnt reason = bp_tx_errno_reason((int)-rc);
	uint32_t status = slot_status(&((struct af_packet_txq *)q->priv)->ring, i);

	if (rc >= 0 || bp_tx_errno_is_full((int)-rc))
		return AF_PACKET_SENT_FULL;
	if (status == TP_STATUS_SEND_REQUEST && reason == BP_DROP_PORT_DOWN)
		return AF_PACKET_SENT_DOWN;
	bp_count(&q->counters, reason, 1);
	return AF_PACKET_SENT_GONE;
}

enum af_packet_sent af_packet_tx_ring_kick(struct bp_txq *q, struct af_packet_batch *batch,
					   uint32_t *n_sent)
{
	struct af_packet_tx_ring *ring = &((struct af_packet_txq *)q->priv)->ring;
	ssize_t rc = call(q, batch);
	uint64_t n_bytes = batch->n_bytes;
	uint32_t i = ring->head;

	/* The kernel goes from slot to slot and stops at the first that it does not send. */
	if (!is_taken(ring, i - 1))
		for (n_bytes = 0, i = batch->first; is_taken(ring, i); i++)
			n_bytes += af_packet_tx_slot(ring, i)->tp_len - AF_PACKET_VNET_OLD_BYTES;
	*n_sent = i - batch->first;
	batch->first = i;
	batch->n_bytes -= n_bytes;
	bp_count(&q->counters, BP_CNT_PKTS, *n_sent);
	bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
	return i == ring->head ? AF_PACKET_SENT_ALL : judge(q, i, rc);
}

/*
 * Let the kernel send the batch, which holds the n views pkts[]; what it left comes out of the ring.
 * Returns the views consumed.
 */
static unsigned flush(struct bp_txq *q, struct bp_pkt *pkts, unsigned n,
		      struct af_packet_batch *batch, enum af_packet_sent *end)
{
	uint32_t n_done;
	unsigned i = 0;

	*end = af_packet_tx_ring_kick(q, batch, &n_done);
	if (*end == AF_PACKET_SENT_ALL)
		return n;
	af_packet_tx_ring_unfill(&((struct af_packet_txq *)q->priv)->ring, batch);
	for (n_done += *end == AF_PACKET_SENT_GONE; n_done; n_done--)
		i += bp_pkt_n_views(&pkts[i], n - i);
	if (*end == AF_PACKET_SENT_DOWN) {
		unsigned n_down = q->ends_at_drop ? bp_pkt_n_views(&pkts[i], n - i) : n - i;

		bp_count(&q->counters, BP_DROP_PORT_DOWN, bp_pkt_count(&pkts[i], n_down));
		i += n_down;
	}
	return i;
}

/* The packets at the front that do not fit: by the other socket, after all before them. */
static unsigned send_odd(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	unsigned n_odd = 0;

	while (n_odd < n) {
		unsigned n_views = bp_pkt_n_views(&pkts[n_odd], n - n_odd);

		if (fits(q->port, &pkts[n_odd], n_views))
			break;
		n_odd += n_views;
	}
	return n_odd ? af_packet_send_views(q, pkts, n_odd) : 0;
}

/* The packets at the front that leave together. Returns the views consumed. */
static unsigned send_run(struct bp_txq *q, struct bp_pkt *pkts, unsigned n,
			 enum af_packet_sent *end)
{
	struct af_packet_batch batch =
		af_packet_batch_begin(&((struct af_packet_txq *)q->priv)->ring);
	unsigned n_filled = fill_slots(q, pkts, n, &batch), n_done;

	if (!n_filled) {
		n_done = send_odd(q, pkts, n);
		*end = n_done ? AF_PACKET_SENT_ALL : AF_PACKET_SENT_FULL;
		return n_done;
	}
	n_done = flush(q, pkts, n_filled, &batch, end);
	bp_pool_put(q->worker_id, pkts, n_done);
	return n_done;
}

/*
 * A burst that ends at a dropped frame leaves those behind it to the next call. That one goes by
 * messages, or they would be copied again for each dropped frame before them.
 */
static unsigned tx_ring(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct af_packet_tx_ring *ring = &((struct af_packet_txq *)q->priv)->ring;
	uint64_t before = bp_counter(&q->counters, BP_CNT_PKTS);
	uint64_t n_dropped = q->ends_at_drop ? bp_counters_dropped(&q->counters) : 0;
	enum af_packet_sent end = ring->ended_at_drop ? AF_PACKET_SENT_GONE : AF_PACKET_SENT_ALL;
	unsigned k = 0;

	(void)af_packet_tx_ring_room(q, n);
	while (k < n && end != AF_PACKET_SENT_FULL && !(k && ring->ended_at_drop)) {
		if (end == AF_PACKET_SENT_GONE) {
			k += af_packet_send_views(q, pkts + k, n - k);
			end = AF_PACKET_SENT_FULL; /* or nothing is left */
		} else {
			k += send_run(q, pkts + k, n - k, &end);
		}
		/* Also when nobody asks for it any more: what it was then says nothing of this burst. */
		ring->ended_at_drop =
			q->ends_at_drop && bp_counters_dropped(&q->counters) != n_dropped;
	}
	af_packet_tx_ring_reap(q);
	if (bp_counter(&q->counters, BP_CNT_PKTS) != before)
		bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return k;
}

static int map_ring(struct af_packet_tx_ring *ring)
{
	struct tpacket_req req = {
		.tp_block_size = SLOTS_PER_BLOCK * AF_PACKET_TX_SLOT_BYTES,
		.tp_block_nr = AF_PACKET_TX_SLOTS / SLOTS_PER_BLOCK,
		.tp_frame_size = AF_PACKET_TX_SLOT_BYTES,
		.tp_frame_nr = AF_PACKET_TX_SLOTS,
	};
	int version = TPACKET_V2;

	if (setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(ring->fd, SOL_PACKET, PACKET_TX_RING, &req, sizeof(req)))
		return -errno;
	ring->base = mmap(NULL, AF_PACKET_TX_SLOTS * AF_PACKET_TX_SLOT_BYTES,
			  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, 0);
	if (ring->base == MAP_FAILED) {
		ring->base = NULL;
		return -errno;
	}
	return 0;
}

int af_packet_tx_ring_start(struct bp_txq *q)
{
	struct af_packet_txq *tq = q->priv;
	uint32_t vnet_bytes;
	int err;

	tq->ring = (struct af_packet_tx_ring){ .fd = af_packet_socket_open(false, &vnet_bytes) };
	if (tq->ring.fd < 0)
		return tq->ring.fd;
	af_packet_socket_set_buffer(tq->ring.fd, SO_SNDBUF, SO_SNDBUFFORCE, TX_BUFFER_BYTES);
	err = map_ring(&tq->ring);
	if (err) {
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot map a transmit ring of %u KiB on %s: %s: use tx = send",
		       q->port->conf->name, AF_PACKET_TX_SLOTS * AF_PACKET_TX_SLOT_BYTES >> 10,
		       q->port->conf->device, strerror(-err));
		return err;
	}
	err = af_packet_socket_bind_tx(tq->ap, tq->ring.fd, tq->skips_qdisc);
	if (!err)
		q->driver_burst = tx_ring;
	return err;
}

void af_packet_tx_ring_stop(struct bp_txq *q)
{
	struct af_packet_txq *tq = q->priv;

	if (tq->ring.base) {
		af_packet_tx_ring_reap(q);
		bp_count_lost_after(&q->counters, BP_DROP_TX_ABANDONED,
				    tq->ring.head - tq->ring.tail);
		atomic_store_explicit(&q->n_held, 0, memory_order_relaxed);
	}
	bp_closer_take(q->port->env->closer, tq->ring.fd, tq->ring.base,
		       (size_t)AF_PACKET_TX_SLOTS * AF_PACKET_TX_SLOT_BYTES);
	tq->ring = (struct af_packet_tx_ring){ .fd = -1 };
}
