/* Sends through a PACKET_TX_RING: one copy in user space, one call per burst. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: one sendto() per burst, one more after each frame that the
 * kernel refuses; what does not fit a slot (super-frames, jumbo frames, frames at which the kernel
 * may take offence) goes the way of tx_send.c in between.
 *
 * sendto() walks the ring in the caller's context: when it returns, no slot that still says
 * TP_STATUS_SEND_REQUEST will be looked at before the next call. So leftovers are taken out of the
 * ring again, and only frames on their way (TP_STATUS_SENDING) are held.
 *
 * The metadata's hdr_len says how many bytes the kernel copies into its own buffer rather than
 * attaching the ring's page. Saying «all» costs a small copy and spares a page reference, and on
 * veth another copy into a page of its own: 2.4 instead of 1.9 Mpps at 64 bytes.
 */
#include "af_packet.h"

#include "bypath/log.h"

#include "core/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOT_BYTES      1984u
#define SLOTS_PER_BLOCK 64u /* so that a block is whole pages */
#define N_SLOTS         256u
#define META_AT         32u /* where the kernel looks for it */
#define FRAME_AT        (META_AT + AFP_VNET_OLD_BYTES)
#define FRAME_ROOM      (SLOT_BYTES - FRAME_AT)
#define TX_BUFFER_BYTES (4 << 20)
static_assert(META_AT == sizeof(struct tpacket2_hdr), "the kernel's layout");

static struct tpacket2_hdr *slot_at(const struct afp_tx_ring *ring, uint32_t i)
{
	return (void *)(ring->base + (size_t)(i % N_SLOTS) * SLOT_BYTES);
}

static uint32_t slot_status(const struct afp_tx_ring *ring, uint32_t i)
{
	/* Acquire: the kernel is done with the slot's bytes; pairs with its destructor's store. */
	return __atomic_load_n(&slot_at(ring, i)->tp_status, __ATOMIC_ACQUIRE);
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
	const struct bp_vnet_hdr *meta;

	if (len > FRAME_ROOM || !has_legal_length(port, pkt, len))
		return false;
	if (!(pkt->flags & BP_PKT_VNET))
		return true;
	meta = bp_pkt_vnet(pkt);
	if (meta->gso_type)
		return false;
	return !(meta->flags & BP_VNET_F_NEEDS_CSUM) ||
	       (uint32_t)meta->csum_start + meta->csum_offset + 2 <= len;
}

/*
 * Field by field into the slot: metadata put together on the stack would be read back in a wider
 * piece than its last store, which has to wait until the copy before it has left the store buffer.
 * So frames would be fetched from the other core's cache one after the other.
 */
static void place_meta(uint8_t *at, const struct bp_pkt *pkt, uint32_t len)
{
	static const struct bp_vnet_hdr none;
	const struct bp_vnet_hdr *meta = pkt->flags & BP_PKT_VNET ? bp_pkt_vnet(pkt) : &none;
	uint16_t hdr_len = (uint16_t)len;

	memcpy(at, meta, AFP_VNET_OLD_BYTES); /* header */
	memcpy(at + offsetof(struct bp_vnet_hdr, hdr_len), &hdr_len, sizeof(hdr_len)); /* header */
}

static void fill_slot(struct bp_txq *q, struct tpacket2_hdr *slot, struct bp_pkt *pkt,
		      unsigned n_views)
{
	uint8_t *at = (uint8_t *)slot + FRAME_AT;
	uint32_t len = 0;

	for (unsigned i = 0; i < n_views; i++) {
		bp_ledger_copy(&q->counters, pkt, i == 0, at + len, pkt[i].data, pkt[i].len);
		len += pkt[i].len;
	}
	place_meta((uint8_t *)slot + META_AT, pkt, len);
	slot->tp_len = len + AFP_VNET_OLD_BYTES;
	/* Release: the kernel finds the frame behind the status. */
	__atomic_store_n(&slot->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
}

static void reap(struct bp_txq *q)
{
	struct afp_tx_ring *ring = &((struct afp_txq *)q->priv)->ring;

	while (ring->tail != ring->head && slot_status(ring, ring->tail) == TP_STATUS_AVAILABLE)
		ring->tail++;
	atomic_store_explicit(&q->n_held, ring->head - ring->tail, memory_order_relaxed);
}

/* Fill slots with packets of pkts[0…n) that fit. Returns the views taken. */
static unsigned fill_slots(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct afp_tx_ring *ring = &((struct afp_txq *)q->priv)->ring;
	unsigned i = 0;

	while (i < n && ring->head - ring->tail < N_SLOTS) {
		unsigned n_views = bp_pkt_n_views(&pkts[i], n - i);

		if (!fits(q->port, &pkts[i], n_views))
			break;
		fill_slot(q, slot_at(ring, ring->head), &pkts[i], n_views);
		ring->head++;
		i += n_views;
	}
	return i;
}

/* Take slots from `first` on out of the ring again. */
static void unfill(struct afp_tx_ring *ring, uint32_t first)
{
	for (uint32_t i = first; i != ring->head; i++)
		__atomic_store_n(&slot_at(ring, i)->tp_status, TP_STATUS_AVAILABLE,
				 __ATOMIC_RELAXED);
	ring->head = first;
}

/*
 * The EtherType that all frames from slot `first` to head have, 0: none. Told that, the kernel does
 * not parse each frame for it (packet_parse_headers()), and comes to the same end.
 */
static uint16_t common_type(const struct afp_tx_ring *ring, uint32_t first)
{
	uint16_t type = 0, other;

	for (uint32_t i = first; i != ring->head; i++) {
		memcpy(&other, (uint8_t *)slot_at(ring, i) + FRAME_AT + 2 * ETH_ALEN, /* header */
		       sizeof(other));
		if (i == first)
			type = other;
		else if (other != type)
			return 0;
	}
	return type;
}

/* One call for all slots from `first` on. */
static ssize_t kick(struct afp_txq *tq, uint32_t first)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = tq->ap->ifindex,
	};

	/* Around the qdisc the driver would miss what else the kernel's parsing sets. */
	if (tq->fd == tq->fd_qdisc)
		to.sll_protocol = common_type(&tq->ring, first);
	return sendto(tq->ring.fd, NULL, 0, MSG_DONTWAIT,
		      to.sll_protocol ? (struct sockaddr *)&to : NULL,
		      to.sll_protocol ? sizeof(to) : 0);
}

/*
 * Let the kernel send the slots from `first` to head, which hold the n views pkts[]. What it left
 * comes out of the ring; what can never be sent is counted. Sets *is_stuck when the rest must wait.
 * Returns the views consumed.
 */
static unsigned flush(struct bp_txq *q, struct bp_pkt *pkts, unsigned n, uint32_t first,
		      bool *is_stuck)
{
	struct afp_tx_ring *ring = &((struct afp_txq *)q->priv)->ring;
	uint64_t begin = bp_clock_cycles();
	ssize_t rc = kick(q->priv, first);
	int err = errno;
	unsigned i = 0, n_sent = 0;
	uint64_t n_bytes = 0;

	afp_count_call(&q->counters, begin, bp_clock_cycles());
	*is_stuck = false;
	for (; first != ring->head; first++, n_sent++) {
		uint32_t status = slot_status(ring, first);

		if (status == TP_STATUS_SEND_REQUEST || status == TP_STATUS_WRONG_FORMAT)
			break;
		n_bytes += slot_at(ring, first)->tp_len - AFP_VNET_OLD_BYTES;
		i += bp_pkt_n_views(&pkts[i], n - i);
	}
	bp_count(&q->counters, BP_CNT_PKTS, n_sent);
	bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
	if (first == ring->head)
		return i;
	if (slot_status(ring, first) == TP_STATUS_WRONG_FORMAT) {
		bp_count(&q->counters, err == EMSGSIZE ? BP_DROP_TX_TOO_LONG : BP_DROP_TX_ERROR, 1);
		i += bp_pkt_n_views(&pkts[i], n - i);
	} else if (rc < 0 && (err == ENETDOWN || err == ENXIO || err == ENODEV)) {
		bp_count(&q->counters, BP_DROP_PORT_DOWN, bp_pkt_count(&pkts[i], n - i));
		i = n;
	} else {
		*is_stuck = true;
	}
	unfill(ring, first);
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
	return n_odd ? afp_send_views(q, pkts, n_odd) : 0;
}

static unsigned tx_ring(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct afp_tx_ring *ring = &((struct afp_txq *)q->priv)->ring;
	uint64_t before = bp_counter(&q->counters, BP_CNT_PKTS);
	bool is_stuck = false;
	unsigned k = 0;

	reap(q);
	while (k < n && !is_stuck) {
		uint32_t first = ring->head;
		unsigned n_filled = fill_slots(q, pkts + k, n - k);
		unsigned n_gone;

		if (n_filled) {
			n_gone = flush(q, pkts + k, n_filled, first, &is_stuck);
			bp_pool_put(q->worker_id, pkts + k, n_gone);
		} else {
			n_gone = send_odd(q, pkts + k, n - k);
			is_stuck = !n_gone;
		}
		k += n_gone;
	}
	reap(q);
	if (bp_counter(&q->counters, BP_CNT_PKTS) != before)
		bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return k;
}

static int map_ring(struct afp_tx_ring *ring)
{
	struct tpacket_req req = {
		.tp_block_size = SLOTS_PER_BLOCK * SLOT_BYTES,
		.tp_block_nr = N_SLOTS / SLOTS_PER_BLOCK,
		.tp_frame_size = SLOT_BYTES,
		.tp_frame_nr = N_SLOTS,
	};
	int version = TPACKET_V2;

	if (setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(ring->fd, SOL_PACKET, PACKET_TX_RING, &req, sizeof(req)))
		return -errno;
	ring->base = mmap(NULL, N_SLOTS * SLOT_BYTES, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, ring->fd, 0);
	if (ring->base == MAP_FAILED) {
		ring->base = NULL;
		return -errno;
	}
	return 0;
}

int afp_tx_ring_start(struct bp_txq *q)
{
	struct afp_txq *tq = q->priv;
	uint32_t vnet_bytes;
	int err;

	tq->ring = (struct afp_tx_ring){ .fd = afp_socket_open(false, &vnet_bytes) };
	if (tq->ring.fd < 0)
		return tq->ring.fd;
	afp_socket_set_buffer(tq->ring.fd, SO_SNDBUF, SO_SNDBUFFORCE, TX_BUFFER_BYTES);
	err = map_ring(&tq->ring);
	if (err) {
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot map a transmit ring of %u KiB on %s: %s: use tx = send",
		       q->port->conf->name, N_SLOTS * SLOT_BYTES >> 10, q->port->conf->device,
		       strerror(-err));
		return err;
	}
	err = afp_socket_bind_tx(tq->ap, tq->ring.fd, tq->fd != tq->fd_qdisc);
	if (!err)
		q->driver_burst = tx_ring;
	return err;
}

void afp_tx_ring_stop(struct bp_txq *q)
{
	struct afp_txq *tq = q->priv;

	if (tq->ring.base) {
		reap(q);
		bp_count(&q->counters, BP_DROP_TX_ABANDONED, tq->ring.head - tq->ring.tail);
		atomic_store_explicit(&q->n_held, 0, memory_order_relaxed);
		munmap(tq->ring.base, N_SLOTS * SLOT_BYTES);
	}
	if (tq->ring.fd >= 0)
		close(tq->ring.fd);
	tq->ring = (struct afp_tx_ring){ .fd = -1 };
}
