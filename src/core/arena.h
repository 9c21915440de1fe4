/* The packet arena: one address range of equal frames, on hugepages when there are any. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_ARENA_H
#define BYPATH_CORE_ARENA_H

#include "bypath/config.h"

#define BP_NODES_MAX 8u

struct bp_arena {
	uint8_t *base; /* aligned to page_bytes */
	size_t bytes; /* n_frames * frame_bytes, rounded up to page_bytes */
	size_t page_bytes; /* read back from /proc/self/smaps */
	uint32_t frame_bytes; /* power of two, BP_HEADROOM included */
	uint32_t n_frames;
	unsigned n_nodes; /* NUMA nodes in use */
	uint8_t nodes[BP_NODES_MAX]; /* the kernel's id of each; frames are cut evenly, in order */
};

/*
 * Map the arena that conf->memory asks for, bind a slice to each NUMA node with memory, touch
 * every page. conf->memory.hugepages = BP_AUTO falls back to ordinary pages with one warning.
 * Control thread; blocks. *arena is the caller's. 0, -ENOMEM (logged, says what to do).
 */
int bp_arena_create(const struct bp_conf *conf, struct bp_arena **arena);
void bp_arena_destroy(struct bp_arena *arena);

/* PROT_NONE on every page: whoever touches a packet byte in user space dies. 0 or -errno. */
int bp_arena_protect(struct bp_arena *arena);

/* Index in arena->nodes of the node that holds the frame at this offset. */
static inline unsigned bp_arena_node_of(const struct bp_arena *arena, uint64_t offset)
{
	if (arena->n_nodes == 1)
		return 0;
	return (unsigned)(offset / (arena->bytes / arena->n_nodes)) % arena->n_nodes;
}

#endif
