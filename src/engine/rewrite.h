/* What `mode` does to a burst between RX and TX. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_REWRITE_H
#define BYPATH_ENGINE_REWRITE_H

#include "bypath/pkt.h"

/* Rewrites headers of n views in place. The worker that owns the burst. */
typedef void (*bp_rewrite_fn)(struct bp_pkt *pkts, unsigned n);

/* mode = macswap: exchange source and destination MAC address. Runts stay as they are. */
void bp_rewrite_macswap(struct bp_pkt *pkts, unsigned n);

#endif
