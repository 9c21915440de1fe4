/* The ledger's model: which hops a packet makes, by driver, effective mode, device. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LEDGER_MODEL_H
#define BYPATH_LEDGER_MODEL_H

#include "bypath/facts.h"

#include "core/device.h"

/* What is known of one end of a path. All pointers are the caller's. See bp_model_end(). */
struct bp_model_end {
	const struct bp_port_conf *conf;
	const struct bp_port_info *info; /* effective mode, device driver, kind */
	/* The kernel interface that it opens, kind BP_DEVICE_NONE where there is none: below a PMD it decides
	 * where info says no more than BP_DEVICE_PMD. */
	struct bp_device device;
	uint32_t kernel; /* BP_KERNEL(), 0: the newest that the model knows */
	uint16_t n_txqs; /* it has no more TX queues than these, one for each worker; 0 not known */
	/* RX of a driver that writes into frames of the out-port (BP_FACT_FILLS_FRAMES) writes into the arena's here, as
	 * packets may go to several ports; */
	bool fills_arena;
	/* or into those of this port, the end of a chain whose functions send to others as well. NULL: of the out-port. */
	const struct bp_model_end *fills;
};

/* The row for one direction of a port, or NULL: not modelled. Pure; any thread. */
const struct bp_model_row *bp_model_row_find(const struct bp_model_end *end, enum bp_direction dir);

/*
 * Hops and sums of the path in → out. A side that no row matches becomes one hop with is_unknown
 * set and clears path->is_modelled. Pure; any thread. path->in_port and out_port stay 0.
 */
void bp_model_path(const struct bp_model_end *in, const struct bp_model_end *out,
		   struct bp_model_path *path);

/* What the kernel interface of an end is. Pure. */
enum bp_device_kind bp_model_kind(const struct bp_model_end *end);

#define BP_MOVER_BYTES 96u

/* Who moves the bytes of a hop, with the function that copies them: "tpacket_rcv → skb_copy_bits". Pure. */
void bp_model_mover(const struct bp_hop *hop, char text[BP_MOVER_BYTES]);

/* An end of its configuration and info, with what the kernel tells of its interface. Blocks for a moment. */
struct bp_model_end bp_model_end(const struct bp_port_conf *conf, const struct bp_port_info *info);

#endif
