/* State of a tap port, shared by its control functions and its bursts. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_TAP_H
#define BYPATH_DRIVER_TAP_H

#include "describe.h"

#include "bypath/port.h"

#include <sys/uio.h>

/* The longest packet that a tap hands out: 64 KiB of IP packet, Ethernet header, two VLAN tags. */
#define BP_TAP_PACKET_MAX (65535u + 14u + 8u)
/* What a frame may have beyond the MTU: Ethernet header, one VLAN tag. */
#define BP_TAP_FRAME_EXTRA 18u

struct tap_rxq {
	int fd;
	struct bp_pool *frames; /* of the port that packets go to, or of the arena */
	uint32_t room; /* data bytes of one frame */
	/* Frames that hold the longest packet and a byte more, and those that hold a frame of the
	 * MTU. Written by the control thread when the MTU changes, read by RX: relaxed. */
	_Atomic uint16_t n_want, n_need;
	uint16_t n_stash; /* frames at the queue's disposal: stash[0 … n_stash-1], iov alike */
	uint16_t n_ready; /* views of a whole packet that did not fit into the last burst */
	struct bp_pkt stash[BP_BURST_MAX];
	struct bp_pkt ready[BP_BURST_MAX];
	struct iovec iov[BP_BURST_MAX];
};

struct tap_txq {
	int fd;
	_Atomic uint32_t *max_frame_bytes; /* the port's */
};

struct tap_port {
	int control_fd; /* of bp_netdev_open(): where the device is */
	bool is_ours; /* absent before this process made it */
	bool is_deaf; /* a filter of ours passes nothing */
	bool has_gso; /* super-frames come through */
	unsigned n_fds;
	int fds[BP_QUEUES_MAX];
	int ifindex;
	char name[16]; /* as configured */
	char current[16]; /* its owner may rename it */
	/* Written by the control thread when the MTU changes, read by TX: relaxed. */
	_Atomic uint32_t max_frame_bytes;
	uint64_t base_to_us_dropped, base_from_us_dropped; /* of devices that are gone */
	uint64_t last_to_us_dropped, last_from_us_dropped;
	struct tap_rxq rxq[BP_QUEUES_MAX];
	struct tap_txq txq[BP_QUEUES_MAX];
};

/* Bursts: bp_rx_fn and bp_tx_fn. */
unsigned tap_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max);
unsigned tap_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n);

/* Prepare a queue around fd; follow the MTU; return its frames to their pool. Control thread. */
void tap_rxq_init(struct tap_rxq *rq, struct bp_port *port, int fd, bool has_gso, uint32_t mtu);
void tap_rxq_resize(struct tap_rxq *rq, bool has_gso, uint32_t mtu);
void tap_rxq_release(struct tap_rxq *rq, unsigned worker_id);

#endif
