/* The step from a tunnel's outer packet to what it carries. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_FRAME_TUNNEL_H
#define BYPATH_ENGINE_FRAME_TUNNEL_H

#include "engine/frame_parse.h"

#include <stddef.h>

/* EtherTypes; that of a whole Ethernet frame is 'transparent Ethernet bridging'. */
#define BP_TYPE_V4             0x0800u
#define BP_TYPE_ETHERNET       0x6558u
#define BP_TYPE_8021Q          0x8100u
#define BP_TYPE_V6             0x86ddu
#define BP_TYPE_MPLS           0x8847u
#define BP_TYPE_MPLS_MULTICAST 0x8848u
#define BP_TYPE_8021AD         0x88a8u

/* A place in a frame, with what begins there. */
struct bp_cursor {
	const uint8_t *data;
	uint32_t first_bytes; /* may be read */
	uint32_t end; /* of what the header before holds; may lie behind first_bytes */
	uint32_t off;
	uint16_t type; /* BP_TYPE_… or another EtherType */
};

static inline uint16_t bp_get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* May n_bytes be read at the cursor? */
static inline bool bp_cursor_has(const struct bp_cursor *c, uint32_t n_bytes)
{
	return c->off + n_bytes <= c->first_bytes && c->off + n_bytes <= c->end;
}

/* Does a UDP tunnel have this port, as registered, or as Linux had VXLAN before? */
static inline bool bp_tunnel_has_port(uint16_t port)
{
	return port == 4789 || port == 4790 || port == 8472 || port == 6081 || port == 2152 ||
	       port == 6635;
}

/*
 * Go to what layer l carries: c->off, type, end. by_looks: a UDP tunnel may have any port. Sets l's
 * fields that only tunnels have. False: nothing known, c and l may have changed.
 */
bool bp_tunnel_enter(struct bp_cursor *c, struct bp_frame_layer *l, bool by_looks);

/* The cursor stands on an MPLS label: go behind the last one. False: cut short, unknown payload. */
bool bp_cursor_skip_labels(struct bp_cursor *c);

#endif
