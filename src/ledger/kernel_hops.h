/* The hops between a driver's own and its device that the kernel makes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LEDGER_KERNEL_HOPS_H
#define BYPATH_LEDGER_KERNEL_HOPS_H

#include "ledger/model.h"

#define BP_KERNEL_HOPS_MAX 2u

/*
 * What `what` stands for at this end, in the order of the bytes: what the device, its driver and the kernel's version
 * decide is decided, and each hop says which case it is. Returns their number. Pure; any thread.
 */
unsigned bp_kernel_hops(const struct bp_model_end *end, enum bp_direction dir,
			enum bp_device_hop what, struct bp_hop hops[BP_KERNEL_HOPS_MAX]);

#endif
