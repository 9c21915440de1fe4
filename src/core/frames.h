/* The pool of the arena's frames: a LIFO per worker, behind it a depot shared 64 at a time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_FRAMES_H
#define BYPATH_CORE_FRAMES_H

#include "bypath/pkt.h"
#include "core/arena.h"

struct bp_frames; /* `struct bp_pool` is its first member: see bp_frames_pool() */

/* All frames of arena, free. Every worker_id may take some: those of workers, BP_CONTROL_ID, BP_OTHERS_ID. 0 or
 * -ENOMEM. */
int bp_frames_create(struct bp_arena *arena, struct bp_frames **frames);
void bp_frames_destroy(struct bp_frames *frames);

/* The pool that views of arena frames carry. */
struct bp_pool *bp_frames_pool(struct bp_frames *frames);

/* Say which slice (index in arena->nodes) a worker's core is near to. Before workers run. */
void bp_frames_set_node(struct bp_frames *frames, unsigned worker_id, unsigned slice);

/* A worker that does not run, and will not soon: the free frames that it kept for itself are anybody's. Control thread. */
void bp_frames_leave(struct bp_frames *frames, unsigned worker_id);

/* The slice of a NUMA node; where the arena has none of it, that of the worker. */
unsigned bp_frames_slice(const struct bp_frames *frames, int node, unsigned worker_id);

/*
 * Take n ≤ BP_BURST_MAX free frames as empty views: data at BP_HEADROOM, len 0, no flags, no
 * copies. worker_id: the caller's own. Never blocks. Returns how many: n, or fewer when the arena
 * is exhausted. Room for data: bp_frames_room().
 */
unsigned bp_frames_get(struct bp_frames *frames, unsigned worker_id, struct bp_pkt *pkts,
		       unsigned n);

/*
 * The same by frame offset from the arena's base (a UMEM address at the frame's start), for rings
 * that hold addresses. Any n; put takes offsets anywhere inside a frame. get_near: from a slice of the
 * caller's choice first (a device's own, for what the device is to write), not from the worker's.
 */
unsigned bp_frames_get_offsets(struct bp_frames *frames, unsigned worker_id, uint64_t *offsets,
			       unsigned n);
unsigned bp_frames_get_near(struct bp_frames *frames, unsigned slice, unsigned worker_id,
			    uint64_t *offsets, unsigned n);
void bp_frames_put_offsets(struct bp_frames *frames, unsigned worker_id, const uint64_t *offsets,
			   unsigned n);

/* Bytes for data behind BP_HEADROOM in one frame. */
uint32_t bp_frames_room(const struct bp_frames *frames);

/* Free frames in all caches and the depot. Exact only while no worker runs. */
uint32_t bp_frames_n_free(const struct bp_frames *frames);

#endif
