/* What `mode` does to a burst between RX and TX. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/rewrite.h"

#include <string.h>

#define MAC_BYTES 6u

static void swap_macs(uint8_t *frame)
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

void bp_rewrite_macswap(struct bp_pkt *pkts, unsigned n)
{
	bool is_first = true;

	for (unsigned i = 0; i < n; i++) {
		if (i + 4 < n)
			__builtin_prefetch(pkts[i + 4].data, 1);
		if (is_first && pkts[i].len >= 2 * MAC_BYTES)
			swap_macs(pkts[i].data);
		is_first = !(pkts[i].flags & BP_PKT_MORE);
	}
}
