/* What the programs in the kernel and the driver share: one cell of counts per CPU, what the path is now. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_KERNEL_SHARED_H
#define BYPATH_DRIVER_KERNEL_SHARED_H

/* Types by their kernel names: also compiled for BPF, which has no libc. */
#include <linux/types.h>

#include "bypath/act_kind.h"

#define KERNEL_CPUS_MAX \
	1024 /* a power of two; the cells of machines with more are shared, and lose counts */

#define KERNEL_ACTS_MAX 8 /* a chain's functions */

/* struct bp_act (bypath/act.h). */
struct kernel_act {
	__u16 kind, id, to, tpid, priority, has_ids;
	__u32 unused;
	__u64 ids[64];
};

/* By the program that carries, on one CPU: struct bp_act_count, never reset. n_pkts is written first and read last. */
struct kernel_act_cell {
	__u64 drops[BP_ACT_DROPS], n_changed, n_untouched, n_pkts;
};

/* Written by the programs on one CPU, never reset; a cell is two cache lines, so that CPUs do not meet. */
struct kernel_cell {
	/* By the program that carries: all that came while it was attached. What it does not refuse goes to the out-device. */
	__u64 in_pkts, in_bytes;
	__u64 n_closed; /* refused: the path was not open */
	__u64 n_too_long; /* refused: longer than the out-device takes */
	__u64 n_gone; /* refused: the out-device is not there */
	__u64 n_acted; /* dropped by an act */
	__u64 refused_bytes; /* of those four, as long as they were then */
	__u64 added_bytes; /* by acts, to those that no act dropped; wraps */
	/* By tracepoints, of those that were handed to the out-device. */
	__u64 n_sent, n_refused; /* the device took it, or did not */
	__u64 err_too_long, err_down, err_other; /* the redirect failed before */
	__u64 unused[3];
};

struct kernel_state {
	/* By the driver, read for each packet. */
	__u32 max_bytes; /* that the out-device takes; 0: the path is closed */
	__u32 swaps_macs;
	__u32 to_ifindex;
	__u32 n_acts; /* what is done to each packet, in this order; written while the path is closed */
	/* By the driver, for the tracepoints. */
	__u32 from_ifindex, netns, map_ids[2];
	__u32 era; /* one more each time that a device may be another; never 0 */
	/* By them: where the kernel keeps the path's devices, and the last two that are not; of that era. */
	__u32 known_era, foreign_era;
	__u64 from_device, to_device, foreign_from, foreign_to;
	struct kernel_cell cells[KERNEL_CPUS_MAX] __attribute__((aligned(128)));
};

#endif
