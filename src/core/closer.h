/* Closes descriptors that take long, many at a time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_CLOSER_H
#define BYPATH_CORE_CLOSER_H

#include <stddef.h>

/*
 * The end of a packet socket waits for several grace periods of the kernel's RCU, some 10 ms each (packet_release(),
 * packet_set_ring()). Those that wait at once wait for the same ones: 62 ports take as long as one does.
 */
struct bp_closer;

/* NULL where memory lacks: bp_closer_take() closes at once then. */
struct bp_closer *bp_closer_open(void);

/*
 * Close fd and unmap what it maps (map NULL: nothing), of which nothing may be used any more, in a thread of its own; at once
 * where no thread can be had. Control thread.
 */
void bp_closer_take(struct bp_closer *closer, int fd, void *map, size_t n_bytes);

/* Wait until all is closed. Control thread; NULL does nothing. */
void bp_closer_wait(struct bp_closer *closer);

/* The same, and give the closer up. */
void bp_closer_close(struct bp_closer *closer);

#endif
