/* The packet path between two rings of `af_packet` ports: from slot to slot, without views. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: one sendto() per burst, as in tx_ring.c.
 *
 * The first frame that needs more than a copy (a tag put back, segments to be made of it, a checksum
 * that metadata cannot name, a buffer of its own, a named drop) ends the burst; a burst that begins
 * with one is the engine's, by views, so there is one implementation of all that. Slots of the receive
 * ring go back when it is known what became of their frames; those that did not leave become views.
 */
#include "slots.h"

#include "core/clock.h"
#include "core/transmit.h"

#define N_AHEAD 4u /* frames that are on their way into the cache while one is copied */
#define N_FETCHED \
	(3u * BP_CACHE_LINE) /* bytes of each slot that af_packet_rx_ring_look() asks for */

/* Can the frame leave as it came? The lengths: tx_ring.c; by views there is a second look. */
static inline bool is_plain(const struct tpacket2_hdr *slot, const struct bp_vnet_hdr *meta,
			    uint32_t max_bytes)
{
	uint32_t len = slot->tp_snaplen;

	return !(slot->tp_status & (TP_STATUS_COPY | TP_STATUS_VLAN_VALID)) &&
	       len >= slot->tp_len && len >= ETH_HLEN && len <= max_bytes &&
	       af_packet_tx_takes_meta(meta, len);
}

/* The hardware's own prefetching begins anew with each frame, and most are over before it helps. */
static inline void fetch_rest(const struct tpacket2_hdr *slot)
{
	uint32_t end = slot->tp_mac + slot->tp_snaplen;

	for (uint32_t at = N_FETCHED; at < end && at < AF_PACKET_TX_SLOT_BYTES; at += BP_CACHE_LINE)
		__builtin_prefetch((const uint8_t *)slot + at);
}

static inline void copy_frame(struct bp_counters *c, struct tpacket2_hdr *out, const uint8_t *data,
			      uint32_t len)
{
	struct bp_pkt pkt = { 0 };

	/* Knowing bounds of the length, the compiler would copy in line by 'rep movsq', which takes
	 * twice as long here as the C library does. */
	__asm__("" : "+r"(len));
	bp_ledger_copy(c, &pkt, true, (uint8_t *)out + AF_PACKET_TX_FRAME_AT, data, len);
}

/* Copy up to n frames into as many free slots. Returns how many. */
static unsigned fill(const struct af_packet_rx_ring *from, struct bp_txq *q, unsigned n,
		     struct af_packet_batch *batch)
{
	struct af_packet_tx_ring *to = &((struct af_packet_txq *)q->priv)->ring;
	uint32_t max_bytes = __atomic_load_n(&q->port->info.mtu, __ATOMIC_RELAXED) + ETH_HLEN;
	uint32_t at = from->head, ahead = from->head;
	unsigned n_ahead = 0, i;

	if (max_bytes > AF_PACKET_TX_FRAME_ROOM)
		max_bytes = AF_PACKET_TX_FRAME_ROOM;
	for (i = 0; i < n; i++, at = af_packet_rx_next(from, at)) {
		const struct tpacket2_hdr *in = af_packet_rx_slot(from, at);
		struct tpacket2_hdr *out = af_packet_tx_slot(to, to->head);
		const uint8_t *data = (const uint8_t *)in + in->tp_mac;
		const void *meta = data - AF_PACKET_VNET_OLD_BYTES;
		uint32_t len = in->tp_snaplen;

		for (; n_ahead < n && n_ahead <= i + N_AHEAD; n_ahead++) {
			fetch_rest(af_packet_rx_slot(from, ahead));
			ahead = af_packet_rx_next(from, ahead);
		}
		if (__builtin_expect(!is_plain(in, meta, max_bytes), 0))
			break;
		copy_frame(&q->counters, out, data, len);
		af_packet_tx_seal(out, meta, len);
		af_packet_batch_add(batch, to, data, len);
	}
	return i;
}

/*
 * Send the batch of n frames. Returns the frames that are done with: less than n behind one that is gone
 * or where the kernel is full, and *end says which.
 */
static unsigned send_batch(struct bp_txq *q, struct af_packet_batch *batch, unsigned n,
			   enum af_packet_sent *end)
{
	uint32_t n_sent = 0, n_more;

	/* As long as the kernel takes some: what leaves the slots is copied again. */
	do {
		*end = af_packet_tx_ring_kick(q, batch, &n_more);
		n_sent += n_more;
	} while (*end == AF_PACKET_SENT_FULL && n_more);
	if (n_sent)
		bp_count(&q->counters, BP_CNT_BURSTS, 1);
	if (*end != AF_PACKET_SENT_ALL)
		af_packet_tx_ring_unfill(&((struct af_packet_txq *)q->priv)->ring, batch);
	af_packet_tx_ring_reap(q);
	if (*end == AF_PACKET_SENT_DOWN) {
		bp_count(&q->counters, BP_DROP_PORT_DOWN, n - n_sent);
		return n;
	}
	return n_sent + (*end == AF_PACKET_SENT_GONE);
}

/* n frames are done with: their slots are the kernel's again. */
static void give_slots(struct bp_rxq *q, struct af_packet_rx_ring *ring, unsigned n)
{
	uint32_t at = ring->head;
	uint64_t n_bytes = 0;

	for (unsigned i = 0; i < n; i++, at = af_packet_rx_next(ring, at)) {
		struct tpacket2_hdr *slot = af_packet_rx_slot(ring, at);

		n_bytes += slot->tp_snaplen;
		af_packet_rx_give(slot);
	}
	ring->head = at;
	bp_count(&q->counters, BP_CNT_PKTS, n);
	bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
}

/*
 * n plain frames that were in slots and did not leave, as views. Behind one that the kernel dropped they are
 * tried at once, around the ring, in order. Returns the views that TX left.
 */
static __attribute__((noinline)) unsigned take_views(struct bp_rxq *rxq, struct bp_txq *txq,
						     struct bp_pkt *left, unsigned n,
						     enum af_packet_sent end)
{
	unsigned k;

	n = rxq->driver_burst(rxq, left, n);
	k = end == AF_PACKET_SENT_GONE ? af_packet_tx_send(txq, left, n) : 0;
	for (unsigned i = k; i < n; i++) {
		left[i - k] = left[i];
		left[i - k].copies = 1; /* into a slot that was taken back */
	}
	return n - k;
}

static unsigned direct(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max, struct bp_pkt *left,
		       unsigned *n_left)
{
	struct af_packet_rx_ring *from = &((struct af_packet_rxq *)rxq->priv)->ring;
	uint64_t now = bp_clock_cycles();
	unsigned n_full = af_packet_rx_ring_look(from, max, now), n = 0, n_done;
	struct af_packet_batch batch;
	enum af_packet_sent end;

	if (!n_full) {
		bp_count(&rxq->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	if (af_packet_tx_ring_room(txq, n_full) >= n_full) {
		batch = af_packet_batch_begin(&((struct af_packet_txq *)txq->priv)->ring);
		n = fill(from, txq, n_full, &batch);
	}
	if (!n)
		return BP_DIRECT_BY_VIEWS;
	n_done = send_batch(txq, &batch, n, &end);
	if (n_done)
		give_slots(rxq, from, n_done);
	if (n_done < n)
		*n_left = take_views(rxq, txq, left, n - n_done, end);
	af_packet_rx_ring_took(from, now, n_full < max);
	return n;
}

bp_direct_fn af_packet_direct_choose(struct bp_rxq *rxq, struct bp_txq *txq, bp_edit_fn edit)
{
	const struct af_packet_rxq *rq = rxq->priv;
	const struct af_packet_txq *tq = txq->priv;

	return !edit && rq->ring.base && tq->ring.base ? direct : NULL;
}
