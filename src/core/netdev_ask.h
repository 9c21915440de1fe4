/* An ioctl about an interface: for the files of core/netdev, and of the lab. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_NETDEV_ASK_H
#define BYPATH_CORE_NETDEV_ASK_H

struct ifreq;

/*
 * Ask for an interface by name: ifr's name is filled in, the rest of it is the caller's. fd: as in
 * core/netdev.h. What the kernel returned, ≥ 0, or -errno; -ENODEV for what is no name.
 */
int bp_netdev_ask(int fd, const char *ifname, unsigned long request, struct ifreq *ifr);

#endif
