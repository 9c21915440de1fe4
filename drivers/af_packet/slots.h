/* Where the slots of the rings lie, with what stands in them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVERS_AF_PACKET_SLOTS_H
#define BYPATH_DRIVERS_AF_PACKET_SLOTS_H

#include "af_packet.h"

#include <linux/if_ether.h>

/* ---- receive: struct tpacket2_hdr, the kernel's address, metadata, frame at tp_mac ------------- */

static inline struct tpacket2_hdr *af_packet_rx_slot(const struct af_packet_rx_ring *ring,
						     uint32_t i)
{
	return (void *)(ring->base + (size_t)i * ring->slot_bytes);
}

static inline uint32_t af_packet_rx_next(const struct af_packet_rx_ring *ring, uint32_t i)
{
	return i + 1 == ring->n_slots ? 0 : i + 1;
}

static inline void af_packet_rx_give(struct tpacket2_hdr *slot)
{
	/* Release: our reads of the frame are done; pairs with the kernel's look at the status. */
	__atomic_store_n(&slot->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

/* ---- transmit: struct tpacket2_hdr, metadata, frame ------------------------------------------- */

#define AF_PACKET_TX_SLOT_BYTES 1984u
#define AF_PACKET_TX_SLOTS      256u
#define AF_PACKET_TX_META_AT    32u /* where the kernel looks for it */
#define AF_PACKET_TX_FRAME_AT   (AF_PACKET_TX_META_AT + AF_PACKET_VNET_OLD_BYTES)
#define AF_PACKET_TX_FRAME_ROOM (AF_PACKET_TX_SLOT_BYTES - AF_PACKET_TX_FRAME_AT)
static_assert(AF_PACKET_TX_META_AT == sizeof(struct tpacket2_hdr), "the kernel's layout");

static inline struct tpacket2_hdr *af_packet_tx_slot(const struct af_packet_tx_ring *ring,
						     uint32_t i)
{
	return (void *)(ring->base + (size_t)(i % AF_PACKET_TX_SLOTS) * AF_PACKET_TX_SLOT_BYTES);
}

#define AF_PACKET_SCTP_CSUM 8u /* from its header's begin: no other protocol has it there */

/*
 * Does the kernel send a frame of len bytes with this metadata out of a slot, for certain? It would
 * complete SCTP's checksum as if it were the Internet's.
 */
static inline bool af_packet_tx_takes_meta(const struct bp_vnet_hdr *meta, uint32_t len)
{
	return !meta->gso_type && (!(meta->flags & BP_VNET_F_NEEDS_CSUM) ||
				   ((uint32_t)meta->csum_start + meta->csum_offset + 2 <= len &&
				    meta->csum_offset != AF_PACKET_SCTP_CSUM));
}

/*
 * The slot's frame of len bytes is in place: add its metadata (AF_PACKET_VNET_OLD_BYTES at meta), hand it
 * to the kernel. hdr_len: tx_ring.c.
 *
 * Field by field into the slot: metadata put together on the stack would be read back in a wider
 * piece than its last store, which has to wait until the copy before it has left the store buffer.
 * So frames would be fetched from the other core's cache one after the other.
 */
static inline void af_packet_tx_seal(struct tpacket2_hdr *slot, const void *meta, uint32_t len)
{
	uint8_t *at = (uint8_t *)slot + AF_PACKET_TX_META_AT;
	uint16_t hdr_len = (uint16_t)len;

	memcpy(at, meta, AF_PACKET_VNET_OLD_BYTES); /* header */
	memcpy(at + offsetof(struct bp_vnet_hdr, hdr_len), &hdr_len, sizeof(hdr_len)); /* header */
	slot->tp_len = len + AF_PACKET_VNET_OLD_BYTES;
	/* Release: the kernel finds the frame behind the status. */
	__atomic_store_n(&slot->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
}

/* Slots filled one after the other that the kernel has not taken yet. */
struct af_packet_batch {
	uint64_t n_bytes; /* layer 2 */
	uint32_t first; /* the slots from here to the ring's head */
	uint16_t type; /* EtherType of the first frame that was added */
	uint16_t type_diff; /* not 0: others have another one */
};

static inline struct af_packet_batch af_packet_batch_begin(const struct af_packet_tx_ring *ring)
{
	return (struct af_packet_batch){ .first = ring->head };
}

/* The slot at the ring's head holds the frame at data, of len ≥ ETH_HLEN bytes. */
static inline void af_packet_batch_add(struct af_packet_batch *batch,
				       struct af_packet_tx_ring *ring, const uint8_t *data,
				       uint32_t len)
{
	uint16_t type;

	memcpy(&type, data + 2 * ETH_ALEN, sizeof(type)); /* header */
	if (ring->head == batch->first)
		batch->type = type;
	batch->type_diff = (uint16_t)(batch->type_diff | (type ^ batch->type));
	batch->n_bytes += len;
	ring->head++;
}

/* ---- between the files: the queue's worker only ----------------------------------------------- */

/* How many of the next slots are full, up to max. Asks for the first lines of their frames. */
unsigned af_packet_rx_ring_look(const struct af_packet_rx_ring *ring, unsigned max, uint64_t now);
/* Frames were taken from the ring; is_empty: it holds no more. */
void af_packet_rx_ring_took(struct af_packet_rx_ring *ring, uint64_t now, bool is_empty);

enum af_packet_sent {
	AF_PACKET_SENT_ALL,
	AF_PACKET_SENT_FULL, /* nothing was tried with the rest */
	AF_PACKET_SENT_GONE, /* the first of the rest is dropped and counted, nothing tried behind it */
	AF_PACKET_SENT_DOWN, /* the device is away */
};

/*
 * Let the kernel send the batch; *batch becomes what it left, *n_sent is counted as sent. The slot of
 * a frame that is gone is part of what is left: it comes out of the ring like the others.
 */
enum af_packet_sent af_packet_tx_ring_kick(struct bp_txq *q, struct af_packet_batch *batch,
					   uint32_t *n_sent);
/* Take what is left of a batch out of the ring again. */
void af_packet_tx_ring_unfill(struct af_packet_tx_ring *ring, const struct af_packet_batch *batch);
/* The number of free slots. Looks for further ones only when fewer than `enough` are known. */
uint32_t af_packet_tx_ring_room(struct bp_txq *q, uint32_t enough);
/* Take note of all that the kernel has sent; sets n_held. */
void af_packet_tx_ring_reap(struct bp_txq *q);

/* direct.c. As bp_driver_ops.direct. */
bp_direct_fn af_packet_direct_choose(struct bp_rxq *rxq, struct bp_txq *txq, bp_edit_fn edit);

#endif
