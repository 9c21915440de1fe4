/* Partial checksums: recognising them in a layer of a frame, completing them in place. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_PARTIAL_H
#define BYPATH_ENGINE_PARTIAL_H

#include "engine/frame_parse.h"

struct bp_counters;
struct bp_pkt;

/*
 * Does the layer's field hold what a host leaves there for its device to complete: the pseudo-header's
 * sum, with SCTP and GRE 0? frame: its first view, with all headers. True for one valid frame in 65535 (SCTP:
 * in 2^32): completing changes nothing then. Any thread.
 */
bool bp_partial_is(const uint8_t *frame, const struct bp_frame_layer *l);

/*
 * True: the frame is plain Ethernet, IPv4 without options or IPv6 without extension headers, TCP or UDP to
 * no tunnel's port, and its checksum is not left over. So most frames are told, without a walk through
 * their headers. False says nothing. Reads no byte past first_bytes. Any thread.
 */
bool bp_partial_is_ruled_out(const uint8_t *frame, uint32_t first_bytes);

/*
 * Turn the sum in the field into the Internet checksum of n_bytes from `start` on; the field lies in the
 * first view. The result does not depend on who put that sum there. Counts csum if bytes changed. The
 * counters' worker.
 */
void bp_partial_complete(struct bp_pkt *views, unsigned n_views, uint32_t start, uint32_t n_bytes,
			 uint32_t field_off, struct bp_counters *counters);

/* The same for a layer, whatever its checksum is: CRC32c with SCTP. Its field is not 0 (none). */
void bp_partial_complete_layer(struct bp_pkt *views, unsigned n_views,
			       const struct bp_frame_layer *l, struct bp_counters *counters);

#endif
