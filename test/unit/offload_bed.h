/* A test bed for the offload stage: an arena, a pool that checks, views cut from frames. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_OFFLOAD_BED_H
#define BYPATH_TEST_OFFLOAD_BED_H

#include "engine/offload.h"

#include "bypath/ledger.h"
#include "core/arena.h"
#include "core/frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BED_VIEWS_MAX 4096u

/* Hands out views in heap blocks of exactly their size; their token is an index of n_puts[]. */
struct bed {
	struct bp_pool pool; /* first: found by cast */
	unsigned n_views;
	uint8_t *blocks[BED_VIEWS_MAX];
	unsigned n_puts[BED_VIEWS_MAX];
	struct bp_conf conf;
	struct bp_arena *arena;
	struct bp_frames *frames;
	struct bp_pool *tx_pool; /* of segments: the arena's unless a test says otherwise */
	struct bp_counters counters;
	struct bp_port_conf rx_conf;
	struct bp_port_info rx, tx;
	struct bp_offload *o;
};

static inline void bed_put(struct bp_pool *pool, unsigned worker_id, const struct bp_pkt *pkts,
			   unsigned n)
{
	struct bed *bed = (struct bed *)pool;

	(void)worker_id;
	for (unsigned i = 0; i < n; i++)
		bed->n_puts[pkts[i].token]++;
}

static inline void bed_free_views(struct bed *bed)
{
	for (unsigned i = 0; i < bed->n_views; i++) {
		free(bed->blocks[i]);
		bed->n_puts[i] = 0;
	}
	bed->n_views = 0;
}

/* (Again) a stage between ports with these capabilities; all counts at 0, all views gone. */
static inline bool bed_bind(struct bed *bed, uint32_t rx_caps, uint32_t tx_caps, uint32_t mtu)
{
	bed_free_views(bed);
	bp_offload_destroy(bed->o);
	memset(&bed->counters, 0, sizeof(bed->counters));
	bed->rx.caps = rx_caps;
	bed->tx.caps = tx_caps;
	bed->rx.mtu = bed->tx.mtu = mtu;
	bed->tx.max_frame_bytes = mtu + 18;
	return !bp_offload_create(bed->tx_pool, &bed->counters, 0, &bed->rx_conf, &bed->rx,
				  &bed->tx, &bed->o);
}

/* tx_caps and rx_caps as in bp_port_info; n_frames of 2048 bytes. NULL: no memory. */
static inline struct bed *bed_open(uint32_t n_frames, uint32_t rx_caps, uint32_t tx_caps,
				   uint32_t mtu)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	if (!bed)
		return NULL;
	bed->pool.put = bed_put;
	bed->pool.name = "bed";
	bed->conf.memory.n_frames = n_frames;
	bed->conf.memory.frame_bytes = 2048;
	bed->conf.memory.hugepages = BP_NO;
	bed->rx_conf.checksum = BP_AUTO;
	if (bp_arena_create(&bed->conf, NULL, 0, &bed->arena) ||
	    bp_frames_create(bed->arena, &bed->frames))
		return NULL;
	bed->tx_pool = bp_frames_pool(bed->frames);
	if (!bed_bind(bed, rx_caps, tx_caps, mtu))
		return NULL;
	return bed;
}

static inline void bed_close(struct bed *bed)
{
	bed_free_views(bed);
	bp_offload_destroy(bed->o);
	bp_frames_destroy(bed->frames);
	bp_arena_destroy(bed->arena);
	free(bed);
}

/* A view that holds these bytes, with room for nothing but headroom. meta may be NULL. */
static inline struct bp_pkt bed_view(struct bed *bed, const uint8_t *bytes, uint32_t n_bytes,
				     uint16_t headroom, const struct bp_vnet_hdr *meta)
{
	uint32_t before = headroom + (meta ? BP_VNET_BYTES : 0);
	uint8_t *block = malloc(before + n_bytes + 1);
	struct bp_pkt pkt = {
		.data = block + before,
		.token = bed->n_views,
		.pool = &bed->pool,
		.len = n_bytes,
		.headroom = headroom,
		.flags = meta ? BP_PKT_VNET : 0,
	};

	/* Shrunk, so that ASan sees the first byte behind it. */
	if (before + n_bytes) {
		block = realloc(block, before + n_bytes);
		pkt.data = block + before;
	}
	if (n_bytes)
		memcpy(pkt.data, bytes, n_bytes);
	if (meta)
		memcpy(pkt.data - BP_VNET_BYTES, meta, BP_VNET_BYTES);
	bed->blocks[bed->n_views++] = block;
	return pkt;
}

/* The packet cut into views of at most chunk bytes. Returns their number. */
static inline unsigned bed_chain(struct bed *bed, struct bp_pkt *pkts, const uint8_t *bytes,
				 uint32_t n_bytes, uint32_t chunk, const struct bp_vnet_hdr *meta)
{
	unsigned n = 0;

	for (uint32_t at = 0; at < n_bytes || !n; at += chunk) {
		uint32_t left = n_bytes - at;

		pkts[n] =
			bed_view(bed, bytes + at, left < chunk ? left : chunk, 64, n ? NULL : meta);
		if (left > chunk)
			pkts[n].flags |= BP_PKT_MORE;
		n++;
	}
	return n;
}

/* ---- a TX port with frames of its own --------------------------------------------------------- */

#define OWN_FRAMES_MAX 64u

/* n_free of them to be had, each in a heap block of exactly `room` bytes; the token is its slot. */
struct own_pool {
	struct bp_pool pool; /* first: found by cast */
	unsigned n_free;
	uint8_t *blocks[OWN_FRAMES_MAX]; /* NULL: in its pool */
};

static inline unsigned own_get(struct bp_pool *pool, unsigned worker_id, struct bp_pkt *pkts,
			       unsigned n)
{
	struct own_pool *own = (struct own_pool *)pool;
	unsigned got = 0;

	(void)worker_id;
	for (unsigned i = 0; i < OWN_FRAMES_MAX && got < n && own->n_free; i++) {
		if (own->blocks[i])
			continue;
		own->blocks[i] = malloc(pool->room);
		own->n_free--;
		pkts[got++] = (struct bp_pkt){ .data = own->blocks[i], .token = i, .pool = pool };
	}
	return got;
}

static inline void own_put(struct bp_pool *pool, unsigned worker_id, const struct bp_pkt *pkts,
			   unsigned n)
{
	struct own_pool *own = (struct own_pool *)pool;

	(void)worker_id;
	for (unsigned i = 0; i < n; i++) {
		free(own->blocks[pkts[i].token]);
		own->blocks[pkts[i].token] = NULL;
		own->n_free++;
	}
}

static inline struct own_pool own_pool(uint32_t room, unsigned n_frames)
{
	return (struct own_pool){
		.pool = { .put = own_put, .get = own_get, .room = room, .name = "own" },
		.n_free = n_frames,
	};
}

static inline uint64_t bed_count(const struct bed *bed, enum bp_cnt id)
{
	return bp_counter(&bed->counters, id);
}

#endif
