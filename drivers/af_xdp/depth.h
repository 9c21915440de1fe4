/* How many frames a receive queue leaves with the kernel: many for bursts, few under overload. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel takes free frames in the order in which they were given, so a queue works its way
 * through all that it has, however few packets wait. Many frames carry a burst over a pause of the
 * worker. Once more arrives than the worker can ever take, they carry nothing: every packet waits
 * behind a full ring and is then read from memory that has left the caches. So the level falls when
 * the kernel has been without a free frame for long, and rises again in the first lull.
 */
#ifndef BYPATH_DRIVERS_AF_XDP_DEPTH_H
#define BYPATH_DRIVERS_AF_XDP_DEPTH_H

#include <stdbool.h>
#include <stdint.h>

/* Fewer gain nothing more, by measurement (docs/performance.md). */
#define AF_XDP_SHALLOW 512u
/* The level falls when this many times the full level has come through a starved ring: no burst is
 * that long. */
#define AF_XDP_STARVED_TIMES 4u
/* So many empty polls in a row count as a lull; a worker near its limit never sees two. */
#define AF_XDP_LULL_POLLS 64u
/* Free frames that the kernel may still have and count as starved: what arrived meanwhile. */
#define AF_XDP_STARVED_SLACK 64u

/* The receiving worker's alone. */
struct af_xdp_depth {
	uint32_t target; /* as many frames as are to be with the kernel: full or shallow */
	uint32_t full; /* what ring and arena allow */
	uint32_t shallow; /* at most full */
	uint32_t n_starved; /* packets in a row that came through a starved ring */
	uint32_t n_empty; /* polls in a row that found none */
};

/* can_fall: false where frames given to the kernel are the device's own ring (zero-copy). */
static inline struct af_xdp_depth af_xdp_depth_of(uint32_t full, bool can_fall)
{
	return (struct af_xdp_depth){
		.target = full,
		.full = full,
		.shallow = can_fall && full > AF_XDP_SHALLOW ? AF_XDP_SHALLOW : full,
	};
}

/* The RX ring was looked at: n_ready packets of the n_filled frames with the kernel wait in it. */
static inline void af_xdp_depth_saw(struct af_xdp_depth *depth, uint32_t n_ready, uint32_t n_filled)
{
	depth->n_empty = 0;
	if (n_ready + AF_XDP_STARVED_SLACK < n_filled) {
		depth->n_starved = 0;
		return;
	}
	depth->n_starved += n_ready;
	if (depth->n_starved < AF_XDP_STARVED_TIMES * depth->full)
		return;
	depth->n_starved = 0;
	depth->target = depth->shallow;
}

/* A poll found nothing. */
static inline void af_xdp_depth_saw_nothing(struct af_xdp_depth *depth)
{
	depth->n_starved = 0;
	if (++depth->n_empty == AF_XDP_LULL_POLLS)
		depth->target = depth->full;
}

#endif
