/* A stream's headers as bytes: templates, the checksums in them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_TEMPLATE_H
#define BYPATH_GEN_TEMPLATE_H

#include "gen/frame.h"

#define BP_ENTROPY_SEED 0x9e3779b97f4a7c15ull

/*
 * Write the headers of a frame of `size` bytes, FCS included, into *t; with the first template the
 * stream's fields, checksums and header_bytes are set as well. s->conf is a checked configuration. Pure.
 */
void bp_template_make(struct bp_stream *s, struct bp_frame_template *t, unsigned size,
		      bool is_first);

/* Write every checksum; sums[i]: what csums[i] covers, but for one that is summed anew. */
void bp_template_put_csums(const struct bp_stream *s, uint8_t *frame, const uint64_t *sums);

/* The next step of the inner flow's hash, and its 14 bits as the tunnel's source port (RFC 7348, 5). */
static inline uint64_t bp_entropy_add(uint64_t hash, uint64_t v)
{
	return (hash ^ v) * BP_ENTROPY_SEED;
}

static inline void bp_entropy_put(uint8_t *to, uint64_t hash)
{
	unsigned port = 0xc000u | (unsigned)(hash >> 50);

	to[0] = (uint8_t)(port >> 8);
	to[1] = (uint8_t)port;
}

#endif
