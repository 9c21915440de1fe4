/* Which kernel driver stands behind an interface, and what that says of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_NETDEV_H
#define BYPATH_CORE_NETDEV_H

#include "bypath/port.h"

/*
 * The kind that a driver's name, as `ethtool -i` tells it, stands for: on it depend the kernel's
 * copies and whether partial checksums may come without metadata. BP_DEVICE_OTHER for what is not
 * known, "" included. Pure; any thread.
 */
enum bp_device_kind bp_device_kind_of(const char *driver);

/*
 * The link of the interface that had the index `ifindex` when a port started on its name: BP_LINK_LOST when
 * another one has the name now, or none; BP_LINK_DOWN without carrier or set down, when the kernel drops what
 * is sent there, as a rule without a word to the sender (noop_enqueue() answers NET_XMIT_CN). fd: any socket
 * of the interface's network namespace; -1: of the calling thread's. Any thread; blocks for a moment.
 */
enum bp_link bp_netdev_link(int fd, const char *ifname, unsigned ifindex);

/*
 * Ask ethtool for the driver's name of an interface: driver[] becomes "" where it does not answer.
 * fd: any socket of the interface's network namespace; -1: of the calling thread's. Any thread;
 * blocks for a moment. Returns the kind.
 */
enum bp_device_kind bp_netdev_driver(int fd, const char *ifname, char driver[BP_NAME_BYTES]);

/*
 * Where ethtool says that an interface of the calling thread's network namespace stands, as
 * "0000:03:00.1" for a PCI device (virtio NICs included): bus[] becomes "" where it does not
 * answer. Any thread; blocks for a moment.
 */
void bp_netdev_bus(const char *ifname, char bus[BP_NAME_BYTES]);

/*
 * Do an interface's packets begin with Ethernet headers? Tunnels of IP packets (tun, wireguard, ppp)
 * have none: their IP headers would be read as addresses. 0, also for lo and for what is not there;
 * -EINVAL with a sentence in why. Of the calling thread's network namespace; any thread.
 */
int bp_netdev_need_ethernet(const char *ifname, char *why, size_t why_bytes);

/* Does an interface of the calling thread's network namespace hand what is sent there to its own receivers?
 * false where it cannot be told. Any thread. */
bool bp_netdev_is_loopback(const char *ifname);

/*
 * Make an interface of the calling thread's network namespace promiscuous for as long as the descriptor
 * returned is open: the kernel counts such wishes, and takes this one back however the process dies. A
 * device that is deleted or moved away ends it as well. Any thread. The descriptor, the caller's to
 * close, or -errno: -EPERM without CAP_NET_RAW, -ENODEV without such an interface.
 */
int bp_netdev_hold_promisc(int ifindex);

/* Is it a PCI virtual function, whose host decides what its NIC lets through? false where sysfs does
 * not tell. Any thread. */
bool bp_netdev_is_vf(const char *ifname);

/*
 * The NUMA node of the PCI device that an interface of the calling thread's network namespace stands on,
 * virtio NICs included; BP_NO_NODE where there is none or the machine has one only. Any thread; blocks
 * for a moment.
 */
int bp_netdev_node(const char *ifname);

/* The speed that an interface has now, in Mbit/s, as sysfs tells it; 0: none known (down, virtual).
 * Any thread; blocks for a moment. */
unsigned bp_netdev_speed_mbps(const char *ifname);

/*
 * An interface's count of packets that it or its driver dropped instead of sending (tx_dropped), over
 * the lives of a port, whatever becomes of the interface meanwhile. Control thread; blocks for a moment.
 */
struct bp_netdev_tx_dropped {
	uint64_t past; /* of earlier lives */
	uint64_t base, last; /* the interface's counter when this one began; when last read */
};

/* A life begins or ends. ifname: in the calling thread's network namespace. */
void bp_netdev_tx_dropped_begin(struct bp_netdev_tx_dropped *d, const char *ifname);
void bp_netdev_tx_dropped_end(struct bp_netdev_tx_dropped *d, const char *ifname);
/*
 * The sum of all lives until now, as a row of bp_driver_ops.stats(). is_named: the port's queues count
 * what the kernel drops under a reason (BP_KIND_EXPLAINS); else this is all that is known of it (BP_KIND_DROP).
 */
struct bp_reported bp_netdev_tx_dropped_row(struct bp_netdev_tx_dropped *d, const char *ifname,
					    bool is_named);

#endif
