/* Rigs: the surroundings that let the suite stand at the other end of a port. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_RIG_H
#define BYPATH_TEST_RIG_H

#include "../port_keys.h"

#include "bypath/config.h"

#include <stddef.h>
#include <stdint.h>

struct world;

enum rig_flag {
	RIG_RX = 1u << 0, /* the suite can offer frames of its own to the port */
	RIG_TX = 1u << 1, /* the suite sees the frames that the port sends */
	RIG_SOURCE = 1u << 2, /* RX makes frames by itself */
	RIG_RX_CALLS = 1u << 3, /* RX makes system calls */
	RIG_TX_CALLS = 1u << 4, /* TX makes system calls */
	RIG_RX_NO_CALLS = 1u << 5, /* RX makes none, ever */
	RIG_TX_NO_CALLS = 1u << 6, /* TX makes none, ever */
	RIG_IO_FILES = 1u << 7, /* its calls are read/write: /proc counts them independently */
	RIG_RUNTS = 1u << 8, /* the medium carries frames under 14 bytes to the port */
	RIG_VLAN = 1u << 9, /* the medium carries frames with VLAN tags */
	RIG_NO_RXQ = 1u << 10, /* the port has no RX queues (a capture that is written) */
	RIG_NO_TXQ = 1u << 11, /* the port has no TX queues (a capture that is read) */
	RIG_ROOT = 1u << 12, /* needs root */
	RIG_REFUSES = 1u << 13, /* the far end can be made to take shorter frames only */
	RIG_CUTS = 1u << 14, /* super-frames arrive cut short, and the PMD does not say so */
};

struct rig {
	const char *name;
	const char *driver; /* skipped with the reason when the build lacks it */
	uint32_t flags; /* enum rig_flag */
	uint32_t max_frame_bytes; /* longest frame the medium carries */
	uint32_t min_frame_bytes; /* shortest one */
	/* Once per process, before any world: namespaces, devices. 0, 77 with a reason, -errno. */
	int (*setup)(const struct rig *rig, char *why, size_t why_bytes);
	/* Fill conf->ports[0] (under test) and, if the peer is a port too, ports[1]. */
	void (*configure)(const struct rig *rig, struct bp_conf *conf);
	/* After each start and before each stop of the port. May be NULL. */
	int (*attach)(struct world *w);
	void (*detach)(struct world *w);
	/* Offer one frame to the port: 0, -EAGAIN (full), other -errno. */
	int (*send)(struct world *w, const uint8_t *frame, uint32_t len);
	/* Let the port see what send() took. May be NULL. */
	void (*commit)(struct world *w);
	/* Take one frame that the port sent: length, or -EAGAIN. */
	int (*recv)(struct world *w, uint8_t *frame, uint32_t room);
	/* With RIG_REFUSES: the far end's MTU. 0 or -errno. */
	int (*set_far_mtu)(unsigned mtu);
	void (*teardown)(const struct rig *rig);
	const char *arg; /* the rig's own */
	const char *arg2;
};

/* Tables of rigs, each ended by name == NULL. */
extern const struct rig rigs_process[]; /* null, ring */
extern const struct rig rigs_net[]; /* tap, and what stands on a veth pair */
extern const struct rig rigs_file[]; /* pcap files */
extern const struct rig rigs_dpdk[];

#endif
