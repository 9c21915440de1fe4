/* Exchange of a frame's two MAC addresses. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_MACSWAP_H
#define BYPATH_CORE_MACSWAP_H

#include "bypath/port.h"

#include <string.h>

#define BP_MACS_BYTES 12u

/* Swap destination and source of a frame of at least BP_MACS_BYTES bytes, and touch no other. */
static inline void bp_macswap(uint8_t *frame)
{
	uint64_t lo; /* d0..d5 s0 s1 */
	uint32_t hi; /* s2..s5 */

	/* Loads of the same bytes as the stores: a frame swapped again soon is forwarded to them. */
	memcpy(&lo, frame, 8);
	memcpy(&hi, frame + 8, 4);
	uint64_t new_lo = lo >> 48 | (uint64_t)hi << 16 | lo << 48; /* s0..s5 d0 d1 */
	uint32_t new_hi = (uint32_t)(lo >> 16); /* d2..d5 */

	memcpy(frame, &new_lo, 8);
	memcpy(frame + 8, &new_hi, 4);
}

#define BP_MACS_WIDE_BYTES 16u
typedef uint8_t bp_macs_wide __attribute__((vector_size(BP_MACS_WIDE_BYTES)));

/* The same in a buffer of at least BP_MACS_WIDE_BYTES: one load, one shuffle, one store. */
static inline void bp_macswap_wide(uint8_t *frame)
{
	bp_macs_wide v;

	memcpy(&v, frame, sizeof(v)); /* header */
	v = __builtin_shufflevector(v, v, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 12, 13, 14, 15);
	memcpy(frame, &v, sizeof(v)); /* header */
}

/* [engine] mode = macswap. A bp_edit_fn; runts stay as they are. */
void bp_macswap_burst(struct bp_pkt *pkts, unsigned n);

#endif
