/* Packet views: the values that stand for a frame's bytes, with the pools that own those bytes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PKT_H
#define BYPATH_PKT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BP_BURST_MAX  64u /* views per burst, the bound of every burst array */
#define BP_HEADROOM   256u /* bytes kept free before the data of every frame of the arena */
#define BP_POOLS_MAX  64u /* one bit each in bp_txq.in_place */
#define BP_VNET_BYTES 12u /* struct virtio_net_hdr_mrg_rxbuf, little endian as virtio 1.0 */
#define BP_COPIES_MAX 3u /* bp_pkt.copies saturates here: the histogram's '3+' */

enum bp_pkt_flag {
	/* The packet goes on in the next view of the burst. */
	BP_PKT_MORE = 1u << 0,
	/* A struct bp_vnet_hdr of BP_VNET_BYTES lies directly before data (first view only). It is
	 * counted neither in len nor in headroom. */
	BP_PKT_VNET = 1u << 1,
};

/*
 * The metadata that virtio, AF_PACKET and tap share. Offsets count from data[0]. Multi-byte fields
 * are in host order (little-endian hosts only: checked by the build).
 * Source: Linux include/uapi/linux/virtio_net.h, struct virtio_net_hdr_mrg_rxbuf.
 */
struct bp_vnet_hdr {
	uint8_t flags; /* BP_VNET_F_* */
	uint8_t gso_type; /* BP_VNET_GSO_* */
	uint16_t hdr_len; /* bytes of link, network and transport header */
	uint16_t gso_size; /* payload bytes per segment */
	uint16_t csum_start; /* byte where checksumming starts */
	uint16_t csum_offset; /* bytes from csum_start to the checksum field */
	uint16_t num_buffers; /* 0 here: one packet, one header */
};
static_assert(sizeof(struct bp_vnet_hdr) == BP_VNET_BYTES, "the kernel's layout");

#define BP_VNET_F_NEEDS_CSUM 1u /* the L4 checksum field holds the pseudo-header's sum only */
#define BP_VNET_F_DATA_VALID 2u /* the L4 checksum has been verified */
#define BP_VNET_GSO_NONE     0u
#define BP_VNET_GSO_TCPV4    1u
#define BP_VNET_GSO_UDP      3u
#define BP_VNET_GSO_TCPV6    4u
#define BP_VNET_GSO_UDP_L4   5u
#define BP_VNET_GSO_ECN      0x80u

struct bp_pool;

/*
 * A view. A packet is one view, or consecutive views of which all but the last carry BP_PKT_MORE.
 * The value lives in the worker's burst array; the bytes belong to pool, and the view must go back
 * there (bp_pool_put) or into a TX queue exactly once.
 */
struct bp_pkt {
	uint8_t *data; /* first byte of the frame (of this segment) */
	uint64_t token; /* the pool's own handle: opaque to everybody else */
	struct bp_pool *pool; /* owner of the bytes */
	uint32_t len; /* bytes valid at data */
	uint16_t headroom; /* writable bytes before data (before the vnet header, if any) */
	uint8_t flags; /* enum bp_pkt_flag */
	uint8_t copies; /* user-space copies on this packet's path so far, saturating (first view) */
};
static_assert(sizeof(struct bp_pkt) == 32, "two views per cache line");

/*
 * Owner of packet memory. Embedded by whoever implements it (the arena's frames in src/core, an
 * AF_PACKET ring, a DPDK mempool); found by pointer from each view.
 */
struct bp_pool {
	/*
	 * Take back n views (1 ≤ n ≤ BP_BURST_MAX, all of this pool). Any worker may call it with
	 * its own worker_id (control thread: BP_CONTROL_ID), concurrently with other ids. Never
	 * blocks, never fails. The views are invalid afterwards.
	 */
	void (*put)(struct bp_pool *pool, unsigned worker_id, const struct bp_pkt *pkts,
		    unsigned n);
	/*
	 * Give n free frames (1 ≤ n ≤ BP_BURST_MAX) as empty views, to write packets into: `room`
	 * writable bytes at data, len 0, no flags, no copies; the headroom is the pool's. They are
	 * the caller's. Callers as of put, also while the pool's port is away. Never blocks.
	 * Returns how many: n, or fewer when the pool is exhausted. NULL: its frames come with
	 * received packets only.
	 */
	unsigned (*get)(struct bp_pool *pool, unsigned worker_id, struct bp_pkt *pkts, unsigned n);
	uint32_t room; /* with get: bytes for data in one frame; fixed */
	const char *name; /* for the report, static or owned by the pool's owner */
	uint8_t pool_id; /* index given by bp_env_add_pool(), < BP_POOLS_MAX */
	/* The views are scarce receive slots (an AF_PACKET ring): whoever would hold them longer
	 * than the TX call must copy instead. */
	bool is_loan;
};

/*
 * Return views to their pools, grouped by runs of equal pool. Views of one packet may lie in any
 * pools. worker_id: the caller's own (control thread: BP_CONTROL_ID). n may be 0.
 */
static inline void bp_pool_put(unsigned worker_id, const struct bp_pkt *pkts, unsigned n)
{
	for (unsigned first = 0, i = 1; first < n; i++) {
		if (i < n && pkts[i].pool == pkts[first].pool)
			continue;
		pkts[first].pool->put(pkts[first].pool, worker_id, &pkts[first], i - first);
		first = i;
	}
}

/* Number of views of the packet that starts at pkts[0]; at most n (n ≥ 1). */
static inline unsigned bp_pkt_n_views(const struct bp_pkt *pkts, unsigned n)
{
	unsigned i = 0;

	while (i + 1 < n && (pkts[i].flags & BP_PKT_MORE))
		i++;
	return i + 1;
}

/* Number of whole packets in a burst of n views. */
static inline unsigned bp_pkt_count(const struct bp_pkt *pkts, unsigned n)
{
	unsigned n_pkts = 0;

	for (unsigned i = 0; i < n; i++)
		n_pkts += !(pkts[i].flags & BP_PKT_MORE);
	return n_pkts;
}

/* Bytes of all views of a burst. */
static inline uint64_t bp_pkt_bytes(const struct bp_pkt *pkts, unsigned n)
{
	uint64_t n_bytes = 0;

	for (unsigned i = 0; i < n; i++)
		n_bytes += pkts[i].len;
	return n_bytes;
}

/* The metadata before the data of a view that carries BP_PKT_VNET. */
static inline struct bp_vnet_hdr *bp_pkt_vnet(const struct bp_pkt *pkt)
{
	return (struct bp_vnet_hdr *)(void *)(pkt->data - BP_VNET_BYTES);
}

#endif
