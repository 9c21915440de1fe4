/* net_af_packet's TX rings, seen beside the PMD. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_DPDK_AFP_H
#define BYPATH_DRIVER_DPDK_AFP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_txq;
struct dpdk_gone;
struct dpdk_port;
struct rte_mbuf;

/* One queue's. The worker's; the control thread's while the port is stopped. */
struct dpdk_afp {
	uint8_t *map; /* the socket's memory a second time: RX ring, TX ring; NULL: not open */
	size_t n_map_bytes;
	uint8_t *slots;
	uint32_t slot_bytes, n_slots;
	uint32_t tail; /* the oldest slot that is not known to be free */
	uint32_t n_used; /* from there on; the PMD fills the one behind them next */
	uint32_t n_waiting; /* of those: not taken by the kernel at its last call */
	int fd; /* the PMD's */
	bool is_new; /* nothing was received from it yet */
};

/* After the device was started: find the PMD's sockets (dpdk_port.sockets), of all its queue pairs. Control thread. */
void dpdk_afp_find(struct dpdk_port *dp);
/* Packets that came to them since the last call and found no room. Control thread. */
uint64_t dpdk_afp_take_drops(const struct dpdk_port *dp);

/*
 * After the device was probed: find the PMD's sockets and map their rings; does nothing when that is
 * done. Control thread. 0, -ENOMEM, or -ENOENT with a sentence in why.
 */
int dpdk_afp_open(struct dpdk_port *dp, char *why, size_t why_bytes);
/* After the device was started for the first time since: leave out what its sockets heard of other interfaces before the
 * PMD bound them to one. Control thread; no worker uses the port. */
void dpdk_afp_forget_others(struct dpdk_port *dp);
/* Before the device goes: or its sockets stay open. */
void dpdk_afp_close(struct dpdk_port *dp);

/* As dpdk_out_fn. */
unsigned dpdk_afp_out(struct bp_txq *q, struct rte_mbuf **mbufs, unsigned n,
		      struct dpdk_gone *gone);
/* Let the kernel go on with what waits. Returns whether nothing waits any more. The worker. */
bool dpdk_afp_kick(struct bp_txq *q);
/* What still waits shall not be sent. Returns how many packets that were. The port is stopped. */
uint32_t dpdk_afp_abandon(struct dpdk_afp *ring);

#endif
