/* The packet arena: one address range of equal frames, on hugepages when there are any. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_ARENA_H
#define BYPATH_CORE_ARENA_H

#include "bypath/config.h"

#include "core/numa.h"

#define BP_NODES_MAX 8u

struct bp_arena {
	uint8_t *base; /* aligned to page_bytes */
	size_t bytes; /* n_frames * frame_bytes, rounded up to page_bytes */
	size_t page_bytes; /* read back from /proc/self/smaps */
	uint32_t frame_bytes; /* power of two, BP_HEADROOM included */
	uint32_t n_frames;
	unsigned n_nodes; /* slices, cut evenly, in order; at least 1 */
	int nodes[BP_NODES_MAX]; /* NUMA node of each, or BP_NO_NODE: wherever the kernel puts it */
};

/*
 * Map the arena that conf->memory asks for, with a slice from each of the n NUMA nodes that has memory
 * (BP_NO_NODE, doubles and more than BP_NODES_MAX are passed over; without any: one slice anywhere), and
 * touch every page. conf->memory.hugepages = BP_AUTO falls back to ordinary pages, with a warning where
 * hugepages are free that this process may not have; what a node lacks comes from others, with a warning
 * for each.
 * Control thread; blocks. *arena is the caller's. 0, -ENOMEM (logged, says what to do).
 */
int bp_arena_create(const struct bp_conf *conf, const int *nodes, unsigned n,
		    struct bp_arena **arena);
void bp_arena_destroy(struct bp_arena *arena);

/* PROT_NONE on every page: whoever touches a packet byte in user space dies. 0 or -errno. */
int bp_arena_protect(struct bp_arena *arena);

/* Index in arena->nodes of a NUMA node; n_nodes where the arena has no slice of it. */
static inline unsigned bp_arena_find_node(const struct bp_arena *arena, int node)
{
	unsigned i = 0;

	while (i < arena->n_nodes && arena->nodes[i] != node)
		i++;
	return i;
}

/* Index in arena->nodes of the node that holds the frame at this offset. */
static inline unsigned bp_arena_node_of(const struct bp_arena *arena, uint64_t offset)
{
	if (arena->n_nodes == 1)
		return 0;
	return (unsigned)(offset / (arena->bytes / arena->n_nodes)) % arena->n_nodes;
}

#endif
