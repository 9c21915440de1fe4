/* Takes the carrier of an interface's far side down, in a way that can be undone by whoever comes next. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_NETDEV_HOLD_H
#define BYPATH_CORE_NETDEV_HOLD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What is held has an alternative name that says so (`ip link` shows it), put there before and taken away after: it is gone
 * with the interface, and stays where a process dies, for bp_netdev_mend(). All here are of the calling thread's network
 * namespace, need CAP_NET_ADMIN and block for as long as somebody changes interfaces.
 */
#define BP_HOLD_MARK "bypath-holds-"

enum bp_hold {
	BP_HOLD_CARRIER, /* the interface lost its carrier (IFLA_CARRIER): addresses and routes of the host stay */
	BP_HOLD_DOWN, /* it was set down: what is beyond it sees no carrier, the host loses its IPv6 addresses */
};

/* The way that an interface of this kind (struct bp_netif.kind) is held; -EOPNOTSUPP: nobody beyond one would see it. Pure. */
int bp_hold_of_kind(const char *kind);

/*
 * May the interface be held? 0, *how becomes the way, and doubt a sentence where that may not be seen beyond it, else "";
 * or -errno with half a sentence in why: -ENODEV, -EOPNOTSUPP (its kind).
 */
int bp_netdev_may_hold(const char *ifname, enum bp_hold *how, char *why, char *doubt, size_t bytes);

/* Hold the interface of an index. 0 or -errno; then nothing is held. */
int bp_netdev_hold(int ifindex, enum bp_hold how);

/* Let it go. 0, also where it is gone; -errno: it is held still. */
int bp_netdev_let_go(int ifindex, enum bp_hold how);

/* Let go of what somebody who is no more has held; the interface is the caller's (its lock). Whether it was held. */
bool bp_netdev_mend(const char *ifname);

#endif
