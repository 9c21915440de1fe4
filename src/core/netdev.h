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
 * Ask ethtool for the driver's name of an interface: driver[] becomes "" where it does not answer.
 * fd: any socket of the interface's network namespace; -1: of the calling thread's. Any thread;
 * blocks for a moment. Returns the kind.
 */
enum bp_device_kind bp_netdev_driver(int fd, const char *ifname, char driver[BP_NAME_BYTES]);

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
 * what the kernel drops under a reason (explains); else this is all that is known of it (is_drop).
 */
struct bp_reported bp_netdev_tx_dropped_row(struct bp_netdev_tx_dropped *d, const char *ifname,
					    bool is_named);

#endif
