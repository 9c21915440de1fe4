/* Frames through the port under test, compared byte for byte at the other end. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_TRAFFIC_H
#define BYPATH_TEST_TRAFFIC_H

#include "world.h"

/* Where the views of a sent packet come from. */
enum origin { FROM_ARENA, FROM_PRIVATE, FROM_OWN /* port->tx_pool */ };

/*
 * The peer offers one frame of each length; the port receives them max views at a time. Every
 * frame must arrive once, in order, unchanged. False as soon as an expectation failed.
 */
bool traffic_to_port(struct world *w, const uint32_t *lens, unsigned n, unsigned max, bool is_vlan);

/*
 * The port sends one frame of each length, in views no longer than view_bytes (0: whole frames of
 * the arena); the peer must see every frame once, in order, unchanged.
 */
bool traffic_from_port(struct world *w, const uint32_t *lens, unsigned n, enum origin origin,
		       uint32_t view_bytes);

/*
 * The peer offers one frame of each length, the port sends it back by its direct burst, and the peer
 * must see every frame once, in order: unchanged, or with its addresses swapped and nothing else.
 */
bool traffic_direct(struct world *w, const uint32_t *lens, unsigned n, bp_direct_fn direct,
		    bp_edit_fn edit);

/* The peer offers n frames of 60 bytes; those that do not fit are left. */
void traffic_offer(struct world *w, unsigned n);

/* The bytes of one packet of n views in one piece; its length, 0 when it is longer than room. */
uint32_t traffic_gather(const struct bp_pkt *pkts, unsigned n, uint8_t *frame, uint32_t room);

/* A few frames each way that the rig allows: is the port alive? */
bool traffic_both_ways(struct world *w);

/* Send n views whole; leftovers are retried for a bounded time. Returns whether all were consumed. */
bool traffic_send(struct world *w, struct bp_pkt *pkts, unsigned n);

/* Receive and discard whatever is on its way to the port: packets of the suite seen. */
unsigned traffic_discard(struct world *w, uint64_t quiet_ns);

#endif
