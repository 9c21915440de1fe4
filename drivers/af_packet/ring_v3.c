/* Receives from a TPACKET_V3 ring: views point into blocks that the kernel fills densely. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: none.
 *
 * A block is the kernel's until it is full or its timer (1 ms) has run out, then ours, with all of
 * its packets, until its last view has come back. Views may come back in any order, from any thread.
 */
#include "af_packet.h"

#include "bypath/log.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <sys/mman.h>

#define BLOCK_BYTES     AFP_BLOCK_BYTES
#define N_BLOCKS        512u /* default: 4 MiB */
#define N_BLOCKS_MIN    8u
#define TIMER_MS        1u
#define PKT_META_BYTES  48u /* struct tpacket3_hdr */
#define FRAME_SIZE_HINT 2048u /* the kernel wants one, and does not use it */

static struct tpacket_hdr_v1 *block_head(const struct afp_rx_blocks *rb, uint32_t i)
{
	struct tpacket_block_desc *desc = (void *)(rb->base + (size_t)i * BLOCK_BYTES);

	return &desc->hdr.bh1;
}

static void give_block(struct tpacket_hdr_v1 *head)
{
	/* So that afp_blocks_are_empty() does not see the last round's number. */
	__atomic_store_n(&head->num_pkts, 0, __ATOMIC_RELAXED);
	/* Release: everybody's reads of the block are done; pairs with the kernel's look at it. */
	__atomic_store_n(&head->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

/* n packets of a block are done with. */
static void put_back(struct afp_block *block, uint32_t n)
{
	/* Release our reads, acquire the others' before the block goes back. */
	if (atomic_fetch_sub_explicit(&block->n_out, n, memory_order_acq_rel) == n)
		give_block(block->head);
}

void afp_blocks_put(struct bp_pool *pool, unsigned worker_id, const struct bp_pkt *pkts, unsigned n)
{
	unsigned first = 0;

	(void)pool;
	(void)worker_id;
	for (unsigned i = 1; i <= n; i++) {
		if (i < n && pkts[i].token == pkts[first].token)
			continue;
		put_back((void *)(uintptr_t)pkts[first].token, i - first);
		first = i;
	}
}

/* Has the kernel handed over the next block? */
static bool is_ready(const struct afp_rx_blocks *rb)
{
	/* Acquire: the packets behind the status; pairs with the kernel's barrier. */
	return __atomic_load_n(&block_head(rb, rb->next)->block_status, __ATOMIC_ACQUIRE) &
	       TP_STATUS_USER;
}

bool afp_blocks_are_ready(const struct afp_rx_blocks *rb)
{
	return rb->n_left || is_ready(rb);
}

bool afp_blocks_are_empty(const struct afp_rx_blocks *rb)
{
	if (afp_blocks_are_ready(rb))
		return false;
	/* The kernel counts a packet in before it copies it. */
	return !__atomic_load_n(&block_head(rb, rb->next)->num_pkts, __ATOMIC_ACQUIRE);
}

/* Begin with the next block. */
static void open_block(struct afp_rx_blocks *rb)
{
	struct tpacket_hdr_v1 *head = block_head(rb, rb->next);

	rb->block = &rb->blocks[rb->next];
	rb->n_left = head->num_pkts;
	rb->at = (uint8_t *)head - offsetof(struct tpacket_block_desc, hdr) +
		 head->offset_to_first_pkt;
	rb->next = rb->next + 1 == rb->n_blocks ? 0 : rb->next + 1;
	atomic_store_explicit(&rb->block->n_out, rb->n_left, memory_order_relaxed);
	if (!rb->n_left)
		give_block(head);
}

/* The packet as a view; false, and counted, when it is none. */
static bool view_packet(struct bp_rxq *q, struct tpacket3_hdr *hdr, struct bp_pkt *pkt)
{
	struct afp_rxq *rq = q->priv;
	enum bp_cnt drop = BP_CNT_N;

	/* The kernel leaves an entry without status where it could not describe the metadata. */
	if (!(hdr->tp_status & TP_STATUS_USER))
		drop = BP_DROP_RX_BAD_META;
	else if (hdr->tp_snaplen < hdr->tp_len)
		drop = BP_DROP_RX_TRUNCATED;
	else if (hdr->tp_snaplen < ETH_HLEN)
		drop = BP_DROP_RUNT;
	if (__builtin_expect(drop != BP_CNT_N, 0)) {
		bp_count(&q->counters, drop, 1);
		put_back(rq->rb.block, 1);
		return false;
	}
	*pkt = (struct bp_pkt){
		.data = (uint8_t *)hdr + hdr->tp_mac,
		.token = (uintptr_t)rq->rb.block,
		.pool = rq->ap->block_pool,
		.len = hdr->tp_snaplen,
		.headroom = (uint16_t)(hdr->tp_mac - BP_VNET_BYTES - PKT_META_BYTES),
		.flags = BP_PKT_VNET,
	};
	__builtin_prefetch(pkt->data + BP_CACHE_LINE / 2);
	afp_place_meta(pkt);
	if (hdr->tp_status & TP_STATUS_VLAN_VALID)
		afp_tag_insert(pkt,
			       (hdr->tp_status & TP_STATUS_VLAN_TPID_VALID) ? hdr->hv1.tp_vlan_tpid
									    : ETH_P_8021Q,
			       (uint16_t)hdr->hv1.tp_vlan_tci, &q->counters);
	return true;
}

unsigned afp_blocks_read(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct afp_rx_blocks *rb = &((struct afp_rxq *)q->priv)->rb;
	unsigned n = 0;

	while (n < max) {
		struct tpacket3_hdr *hdr;

		if (!rb->n_left && !is_ready(rb))
			break;
		if (!rb->n_left)
			open_block(rb);
		if (!rb->n_left)
			continue;
		hdr = (void *)rb->at;
		rb->at += hdr->tp_next_offset;
		rb->n_left--;
		n += view_packet(q, hdr, &pkts[n]);
	}
	return n;
}

/* ---- control ---------------------------------------------------------------------------------- */

/* About as many bytes as the slots of the other ring would have at the least. */
static uint32_t choose_n_blocks(uint32_t ring_size)
{
	uint32_t n = ring_size / (BLOCK_BYTES / FRAME_SIZE_HINT);

	if (!ring_size)
		return N_BLOCKS;
	return n < N_BLOCKS_MIN ? N_BLOCKS_MIN : n;
}

static size_t ring_bytes(const struct afp_rx_blocks *rb)
{
	return (size_t)rb->n_blocks * BLOCK_BYTES;
}

int afp_blocks_start(struct bp_rxq *q)
{
	uint32_t n_blocks = choose_n_blocks(q->port->conf->ring_size);
	struct afp_rx_blocks *rb = &((struct afp_rxq *)q->priv)->rb;
	struct tpacket_req3 req = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = n_blocks,
		.tp_frame_size = FRAME_SIZE_HINT,
		.tp_frame_nr = n_blocks * (BLOCK_BYTES / FRAME_SIZE_HINT),
		.tp_retire_blk_tov = TIMER_MS,
	};
	int version = TPACKET_V3;
	uint32_t vnet_bytes;

	rb->fd = afp_socket_open(false, &vnet_bytes);
	if (rb->fd < 0)
		return rb->fd;
	if (setsockopt(rb->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(rb->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return -errno;
	rb->n_blocks = n_blocks;
	rb->blocks = calloc(n_blocks, sizeof(*rb->blocks));
	if (!rb->blocks)
		return -ENOMEM;
	rb->base = mmap(NULL, ring_bytes(rb), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			rb->fd, 0);
	if (rb->base == MAP_FAILED) {
		rb->base = NULL;
		return -errno;
	}
	rb->next = 0;
	rb->n_left = 0;
	for (uint32_t i = 0; i < rb->n_blocks; i++)
		rb->blocks[i].head = block_head(rb, i);
	return 0;
}

void afp_blocks_stop(struct bp_rxq *q)
{
	struct afp_rx_blocks *rb = &((struct afp_rxq *)q->priv)->rb;
	uint32_t n_out = 0;

	/* Packets of the open block that nobody was given. */
	if (rb->base && rb->n_left)
		put_back(rb->block, rb->n_left);
	for (uint32_t i = 0; rb->base && i < rb->n_blocks; i++)
		n_out += atomic_load_explicit(&rb->blocks[i].n_out, memory_order_acquire);
	if (n_out) {
		/* A late put writes to the block: better keep the pages than crash. */
		bp_log(BP_LOG_WARN,
		       "port %s: %u frames of its ring have not come back: the ring stays mapped",
		       q->port->conf->name, n_out);
	} else {
		if (rb->base)
			munmap(rb->base, ring_bytes(rb));
		free(rb->blocks);
	}
	rb->base = NULL;
	rb->blocks = NULL;
	rb->n_left = 0;
}
