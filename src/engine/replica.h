/* Copies of packets for further ports. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_REPLICA_H
#define BYPATH_ENGINE_REPLICA_H

#include "bypath/port.h"

/* How many views a copy of the packet has in frames that the port sends from (bp_port_frames()). Pure. */
unsigned bp_replica_n_views(const struct bp_txq *txq, const struct bp_pkt *views, unsigned n_views);

/*
 * Copy a packet of n_views views into frames that the port sends from, metadata and all: one user copy more than it had.
 * to: room for bp_replica_n_views(), at most BP_BURST_MAX. Counts BP_CNT_REPLICAS of txq; with the drop port_down where the
 * port is away, and nothing is copied then; with tx_no_mem where there are too few frames, or the packet has more than
 * BP_BURST_MAX views. The queue's worker only; never blocks. Returns the copy's views, or 0.
 */
unsigned bp_replicate(struct bp_txq *txq, const struct bp_pkt *views, unsigned n_views,
		      struct bp_pkt *to);

/* Count a copy of a packet that is not made because its port is full: BP_CNT_REPLICAS, and the drop tx_full. The queue's
 * worker only. */
void bp_replica_drop_full(struct bp_txq *txq, const struct bp_pkt *views, unsigned n_views);

#endif
