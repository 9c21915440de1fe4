/* Receives from a TPACKET_V2 ring: views point into the slots that the kernel fills. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: none, but one recvmsg() per frame that does not fit a slot.
 *
 * A slot holds a frame of the device's MTU. Longer ones (super-frames) the kernel also queues whole
 * on the socket (PACKET_COPY_THRESH), in the order of the slots that it marks TP_STATUS_COPY; they
 * are read into big buffers. So the ring stays small, and super-frames cost one call each. Without
 * that mark the socket's queue had no room (tpacket_rcv() compares sk_rmem_alloc): as lost as a frame
 * that finds no slot, but the kernel does not count it.
 *
 * Slot states: TP_STATUS_KERNEL the kernel's; TP_STATUS_USER set: full; SLOT_LENT: a view is out.
 * The kernel takes only slots that are exactly TP_STATUS_KERNEL, so lent ones can come back in any
 * order, from any thread.
 */
#include "slots.h"

#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <sys/mman.h>

#define SLOT_LENT        (1u << 27)
#define SLOT_META_BYTES  32u /* struct tpacket2_hdr: not to be overwritten while a view is out */
#define SLOT_EXTRA_BYTES 96u /* the kernel's headers before the frame */
#define SLOT_MIN_BYTES   2048u
#define SLOT_MAX_BYTES   10240u
#define SLOT_ALIGN       512u /* so that SLOTS_PER_BLOCK of them make whole pages */
#define SLOTS_PER_BLOCK  8u
#define RING_BYTES       (4u << 20) /* default: two ports stay small beside the arena */
#define RING_SLOTS_MIN   1024u /* by default, whatever the MTU: as many packets fit a burst's wait */
#define QUEUE_BYTES      (8 << 20) /* of super-frames waiting to be read */
#define HOLD_NS          8000u
#define LOAD_NS          32000u

void af_packet_ring_put(struct bp_pool *pool, unsigned worker_id, const struct bp_pkt *pkts,
			unsigned n)
{
	(void)pool;
	(void)worker_id;
	for (unsigned i = 0; i < n; i++)
		af_packet_rx_give((void *)(uintptr_t)pkts[i].token);
}

/* Metadata as the contract has it: 12 bytes before the data, where the kernel left 10. */
static void place_meta(struct bp_pkt *pkt)
{
	struct bp_vnet_hdr *meta = bp_pkt_vnet(pkt);
	static const struct bp_vnet_hdr none;

	/* Mostly zeros in either place: a line that is not written stays shared with the core that
	 * will fill it again. */
	if (!memcmp(meta, &none, sizeof(none)))
		return;
	memmove(meta, pkt->data - AF_PACKET_VNET_OLD_BYTES, AF_PACKET_VNET_OLD_BYTES); /* header */
	meta->num_buffers = 0;
}

static void restore_tag(const struct tpacket2_hdr *slot, struct bp_pkt *pkt, struct bp_counters *c)
{
	uint16_t tpid =
		(slot->tp_status & TP_STATUS_VLAN_TPID_VALID) ? slot->tp_vlan_tpid : ETH_P_8021Q;

	af_packet_tag_insert(pkt, tpid, slot->tp_vlan_tci, c);
}

/* Lend the slot. */
static void view_slot(struct bp_rxq *q, struct tpacket2_hdr *slot, struct bp_pkt *pkt)
{
	struct af_packet_port *ap = ((struct af_packet_rxq *)q->priv)->ap;

	*pkt = (struct bp_pkt){
		.data = (uint8_t *)slot + slot->tp_mac,
		.token = (uintptr_t)slot,
		.pool = ap->ring_pool,
		.len = slot->tp_snaplen,
		.headroom = (uint16_t)(slot->tp_mac - BP_VNET_BYTES - SLOT_META_BYTES),
		.flags = BP_PKT_VNET,
	};
	place_meta(pkt);
	if (slot->tp_status & TP_STATUS_VLAN_VALID)
		restore_tag(slot, pkt, &q->counters);
	__atomic_store_n(&slot->tp_status, SLOT_LENT, __ATOMIC_RELAXED);
}

/* The whole of a frame too long for its slot. 1: read, 0: no buffer now, -1: lost and counted. */
static int read_big(struct bp_rxq *q, struct tpacket2_hdr *slot, struct bp_pkt *pkt)
{
	struct af_packet_rxq *rq = q->priv;
	uint32_t vnet_bytes = AF_PACKET_VNET_OLD_BYTES;
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	uint64_t begin;
	ssize_t n_bytes;

	if (!af_packet_big_get(&rq->ap->big, rq->queue_id, pkt))
		return 0;
	iov = (struct iovec){ pkt->data - vnet_bytes, AF_PACKET_BIG_ROOM + vnet_bytes };
	begin = bp_clock_cycles();
	n_bytes = recvmsg(rq->fd, &msg, MSG_DONTWAIT);
	af_packet_count_call(&q->counters, begin, bp_clock_cycles());
	if (n_bytes < (ssize_t)vnet_bytes + ETH_HLEN || msg.msg_flags & MSG_TRUNC) {
		bp_count(&q->counters, n_bytes > 0 ? BP_DROP_RX_TRUNCATED : BP_DROP_RX_BAD_META, 1);
		bp_pool_put(q->worker_id, pkt, 1);
		return -1;
	}
	pkt->len = (uint32_t)n_bytes - vnet_bytes;
	pkt->flags = BP_PKT_VNET;
	pkt->headroom = (uint16_t)(pkt->headroom - BP_VNET_BYTES);
	place_meta(pkt);
	if (slot->tp_status & TP_STATUS_VLAN_VALID)
		restore_tag(slot, pkt, &q->counters);
	return 1;
}

/* A slot that is not simply a whole frame. As read_big(). */
static int take_odd(struct bp_rxq *q, struct tpacket2_hdr *slot, struct bp_pkt *pkt)
{
	struct af_packet_rxq *rq = q->priv;
	int got = -1;

	if (slot->tp_status & TP_STATUS_COPY)
		got = read_big(q, slot, pkt);
	else if (slot->tp_snaplen < slot->tp_len)
		atomic_fetch_add_explicit(&rq->n_not_queued, 1, memory_order_relaxed);
	else
		bp_count(&q->counters, BP_DROP_RUNT, 1);
	if (got)
		af_packet_rx_give(slot);
	return got;
}

/*
 * Under load a look at the next slot takes its cache line from the core that is about to fill it,
 * once per frame: the sender slows down and bursts shrink to one. So when frames come closely one
 * after the other, an emptied ring is left alone for a moment. A lone frame never waits.
 */
void af_packet_rx_ring_took(struct af_packet_rx_ring *ring, uint64_t now, bool is_empty)
{
	if (is_empty && now - ring->last_got < ring->load_cycles)
		ring->hold_until = now + ring->hold_cycles;
	ring->last_got = now;
}

/*
 * How many of the next slots are full, up to max. The looks depend on nothing but each other's
 * outcome, so the processor waits for many of the cache lines at once; it also asks for the lines
 * that will be read next.
 */
unsigned af_packet_rx_ring_look(const struct af_packet_rx_ring *ring, unsigned max, uint64_t now)
{
	uint32_t at = ring->head;
	unsigned n;

	if (now < ring->hold_until)
		return 0;
	for (n = 0; n < max; n++) {
		const struct tpacket2_hdr *slot = af_packet_rx_slot(ring, at);

		if (!(__atomic_load_n(&slot->tp_status, __ATOMIC_RELAXED) & TP_STATUS_USER))
			break;
		__builtin_prefetch((const uint8_t *)slot + BP_CACHE_LINE);
		__builtin_prefetch((const uint8_t *)slot + 2 * BP_CACHE_LINE);
		at = af_packet_rx_next(ring, at);
	}
	/* The frames behind the statuses; pairs with the kernel's barrier. */
	atomic_thread_fence(memory_order_acquire);
	return n;
}

static unsigned read_ring(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max, uint64_t now)
{
	struct af_packet_rx_ring *ring = &((struct af_packet_rxq *)q->priv)->ring;
	unsigned n_full = af_packet_rx_ring_look(ring, max, now);
	uint32_t head = ring->head;
	unsigned n = 0, n_seen;

	for (n_seen = 0; n_seen < n_full; n_seen++) {
		struct tpacket2_hdr *slot = af_packet_rx_slot(ring, head);
		int got = 1;

		if (__builtin_expect(slot->tp_status & TP_STATUS_COPY ||
					     slot->tp_snaplen < slot->tp_len ||
					     slot->tp_snaplen < ETH_HLEN,
				     0))
			got = take_odd(q, slot, &pkts[n]);
		else
			view_slot(q, slot, &pkts[n]);
		if (!got)
			break;
		n += got > 0;
		head = af_packet_rx_next(ring, head);
	}
	ring->head = head;
	if (n_seen)
		af_packet_rx_ring_took(ring, now, n < max);
	return n;
}

static unsigned rx_ring(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	unsigned n = read_ring(q, pkts, max, bp_clock_cycles());

	if (!n) {
		bp_count(&q->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	bp_count(&q->counters, BP_CNT_PKTS, n);
	bp_count(&q->counters, BP_CNT_BYTES, bp_pkt_bytes(pkts, n));
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return n;
}

/* ---- control ---------------------------------------------------------------------------------- */

static uint32_t choose_slot_bytes(uint32_t max_frame_bytes)
{
	uint32_t n = max_frame_bytes + SLOT_EXTRA_BYTES;

	if (n > SLOT_MAX_BYTES)
		n = SLOT_MAX_BYTES;
	if (n < SLOT_MIN_BYTES)
		n = SLOT_MIN_BYTES;
	return (n + SLOT_ALIGN - 1) / SLOT_ALIGN * SLOT_ALIGN;
}

/* A slot has room for the MTU, but a packet touches no more than it is long: a jumbo MTU makes the
 * ring bigger, not one that holds fewer packets. */
static uint32_t choose_n_slots(uint32_t slot_bytes)
{
	uint32_t n = RING_SLOTS_MIN;

	while (2 * n * slot_bytes <= RING_BYTES)
		n *= 2;
	return n;
}

static int map_ring(struct bp_rxq *q)
{
	struct af_packet_rxq *rq = q->priv;
	struct af_packet_rx_ring *ring = &rq->ring;
	struct tpacket_req req = {
		.tp_block_size = SLOTS_PER_BLOCK * ring->slot_bytes,
		.tp_block_nr = ring->n_slots / SLOTS_PER_BLOCK,
		.tp_frame_size = ring->slot_bytes,
		.tp_frame_nr = ring->n_slots,
	};

	ring->n_bytes = (size_t)ring->n_slots * ring->slot_bytes;
	if (setsockopt(rq->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return -errno;
	ring->base = mmap(NULL, ring->n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			  rq->fd, 0);
	if (ring->base == MAP_FAILED) {
		ring->base = NULL;
		return -errno;
	}
	return 0;
}

int af_packet_rx_ring_start(struct bp_rxq *q)
{
	const struct bp_port_conf *conf = q->port->conf;
	struct af_packet_rxq *rq = q->priv;
	struct af_packet_rx_ring *ring = &rq->ring;
	int version = TPACKET_V2, copy_above = SLOT_MAX_BYTES;
	int err;

	*ring = (struct af_packet_rx_ring){
		.slot_bytes = choose_slot_bytes(q->port->info.max_frame_bytes),
		.hold_cycles = HOLD_NS * (bp_clock_hz() / 1000000u) / 1000u,
		.load_cycles = LOAD_NS * (bp_clock_hz() / 1000000u) / 1000u,
	};
	ring->n_slots = conf->ring_size ? conf->ring_size : choose_n_slots(ring->slot_bytes);
	if (setsockopt(rq->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(rq->fd, SOL_PACKET, PACKET_COPY_THRESH, &copy_above, sizeof(copy_above)))
		return -errno;
	af_packet_socket_set_buffer(rq->fd, SO_RCVBUF, SO_RCVBUFFORCE, QUEUE_BYTES);
	err = map_ring(q);
	if (err) {
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot map a receive ring of %u slots (%zu KiB) on %s: %s: set a "
		       "smaller ring_size",
		       conf->name, ring->n_slots, ring->n_bytes >> 10, conf->device,
		       strerror(-err));
		return err;
	}
	q->driver_burst = rx_ring;
	return 0;
}

void *af_packet_rx_ring_stop(struct bp_rxq *q)
{
	struct af_packet_rx_ring *ring = &((struct af_packet_rxq *)q->priv)->ring;
	void *base = ring->base;
	uint32_t n_lent = 0;

	for (uint32_t i = 0; ring->base && i < ring->n_slots; i++)
		n_lent += __atomic_load_n(&af_packet_rx_slot(ring, i)->tp_status,
					  __ATOMIC_ACQUIRE) == SLOT_LENT;
	/* A late put writes to the slot: better keep the pages than crash. */
	if (n_lent)
		bp_log(BP_LOG_WARN,
		       "port %s: %u frames of its ring have not come back: the ring stays mapped",
		       q->port->conf->name, n_lent);
	ring->base = NULL;
	return n_lent ? NULL : base;
}
