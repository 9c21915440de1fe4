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

/*
 * May mbufs whose bytes lie in the arena be given to this port's PMD, to send and to fill? Not where the PMD
 * lends its mempool's memory to a peer or to the kernel, keeps mbufs beyond the port's life, or is not known;
 * nor where NICs would hold most of the arena's frames in their rings. Pure.
 */
bool dpdk_takes_arena(const struct bp_conf *conf, const struct bp_port_conf *port);

/* [memory] frames from which on the rings of all NICs together leave most of the arena to others. Pure. */
uint64_t dpdk_arena_frames_needed(const struct bp_conf *conf);

/* Bytes of an mbuf's buffer before the data that is received: RTE_PKTMBUF_HEADROOM. */
#define DPDK_HEADROOM 128u

/* Does the port that its packets go to send frames of the arena in place, but no mbufs, and would the PMD
 * receive into such frames? Pure. */
bool dpdk_arena_is_wanted(const struct bp_conf *conf, const struct bp_port_conf *port);

/* The same, and a frame has the room that an mbuf needs: it receives into the arena. Pure. */
bool dpdk_receives_arena(const struct bp_conf *conf, const struct bp_port_conf *port);

/* What check() learns of the rest of the configuration, for predict(). */
struct dpdk_conf {
	bool takes_arena, receives_arena;
};

#endif
