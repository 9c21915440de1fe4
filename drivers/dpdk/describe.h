/* What the PMDs do with a packet's bytes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_DPDK_DESCRIBE_H
#define BYPATH_DRIVER_DPDK_DESCRIBE_H

#include "bypath/facts.h"

/* Of virtual devices, of network cards. */
extern const struct bp_model_row dpdk_rows_pmd[];
extern const struct bp_model_row dpdk_rows_nic[];

enum dpdk_kind {
	DPDK_PCI,
	DPDK_MEMIF,
	DPDK_AF_PACKET,
	DPDK_AF_XDP,
	DPDK_TAP,
	DPDK_NULL,
	DPDK_RING,
	DPDK_PCAP,
	DPDK_VHOST,
	DPDK_VIRTIO_USER,
	DPDK_OTHER,
};

enum dpdk_pmd_flag {
	/* Done with an mbuf when the call that sends it returns: may be given the arena's. */
	DPDK_SENDS_AT_ONCE = 1u << 0,
	/* Keeps no mbufs in rings, beyond the call that it got them in. */
	DPDK_KEEPS_NONE = 1u << 1,
	/* Sends and receives by a network interface that is there without it: iface=. */
	DPDK_ON_IFACE = 1u << 2,
	/* Takes and gives metadata as far as its peer negotiates it. */
	DPDK_IS_VIRTIO = 1u << 3,
};

/* A PMD of virtual devices that bypath knows. */
struct dpdk_pmd {
	const char *name; /* the device's begins with it, as EAL has it */
	enum dpdk_kind kind;
	uint32_t flags; /* enum dpdk_pmd_flag */
};
extern const struct dpdk_pmd dpdk_pmds[]; /* ends with name NULL */

/* Of a device string. The flags of a PCI device, or of a PMD that is not known: 0. Pure. */
enum dpdk_kind dpdk_kind_of(const char *device);
bool dpdk_pmd_has(const char *device, enum dpdk_pmd_flag flag);

/* Of struct rte_eth_stats, but DPDK_RING_FULL: of net_af_packet's sockets. */
enum dpdk_counter {
	DPDK_IMISSED,
	DPDK_RX_NOMBUF,
	DPDK_IERRORS,
	DPDK_OERRORS,
	DPDK_RING_FULL,
	DPDK_N_COUNTERS
};
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

/* It would with larger frames, which DPDK_LACKS_ROOM says. Pure. */
bool dpdk_arena_lacks_room(const struct bp_conf *conf, const struct bp_port_conf *port);
#define DPDK_LACKS_ROOM "received frames are copied: [memory] frame_bytes = 4096 would spare that"

/* What check() learns of the rest of the configuration, for predict(). */
struct dpdk_conf {
	bool takes_arena, receives_arena, lacks_room;
};

#endif
