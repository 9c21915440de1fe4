/* Exchange of a frame's two MAC addresses. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_MACSWAP_H
#define BYPATH_CORE_MACSWAP_H

#include <stdint.h>
#include <string.h>

#define BP_MACS_BYTES 12u

/* Swap destination and source of a frame of at least BP_MACS_BYTES bytes, and touch no other. */
static inline void bp_macswap(uint8_t *frame)
{
	uint64_t lo, hi;

	/* Two words that overlap in bytes 4..7: 12 bytes are read, 12 written. */
	memcpy(&lo, frame, 8);
	memcpy(&hi, frame + 4, 8);
	/* lo = d0..d5 s0 s1; hi = d4 d5 s0..s5 */
	uint64_t src = hi >> 16; /* s0..s5 */
	uint64_t dst = lo & 0xffffffffffffu; /* d0..d5 */
	uint64_t new_lo = src | dst << 48; /* s0..s5 d0 d1 */
	uint32_t new_hi = (uint32_t)(dst >> 16); /* d2..d5 */

	memcpy(frame, &new_lo, 8);
	memcpy(frame + 8, &new_hi, 4);
}

#endif
