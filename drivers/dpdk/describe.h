/* What the PMDs do with a packet's bytes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_DPDK_DESCRIBE_H
#define BYPATH_DRIVER_DPDK_DESCRIBE_H

#include "bypath/facts.h"

/* Of virtual devices, of network cards. */
extern const struct bp_model_row dpdk_rows_pmd[];
extern const struct bp_model_row dpdk_rows_nic[];

/* Of struct rte_eth_stats. */
enum dpdk_counter { DPDK_IMISSED, DPDK_RX_NOMBUF, DPDK_IERRORS, DPDK_OERRORS, DPDK_N_COUNTERS };
extern const struct bp_counter_row dpdk_counters[];

/*
 * The PMD that serves a DPDK device string ("net_memif0,role=client" → "net_memif"; a PCI device
 * → ""). Pure. name: room for BP_NAME_BYTES.
 */
void dpdk_pmd_name(const char *device, char *name);

#endif
