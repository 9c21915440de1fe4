/* Exchange of the two MAC addresses in a burst. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/macswap.h"

void bp_macswap_burst(struct bp_pkt *pkts, unsigned n)
{
	bool is_first = true;

	for (unsigned i = 0; i < n; i++) {
		if (i + 4 < n)
			__builtin_prefetch(pkts[i + 4].data, 1);
		if (is_first && pkts[i].len >= BP_MACS_BYTES)
			bp_macswap(pkts[i].data);
		is_first = !(pkts[i].flags & BP_PKT_MORE);
	}
}
