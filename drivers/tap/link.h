/* What a tap port asks of its network interface, by ioctl and rtnetlink. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_TAP_LINK_H
#define BYPATH_DRIVER_TAP_LINK_H

#include <stdint.h>

/*
 * All: control thread, never long. fd is what bp_tap_link_open() returned: a descriptor that
 * belongs to the caller, or -errno.
 */
int bp_tap_link_open(void);
/* The same, for the network namespace that the device of a tap descriptor is in. */
int bp_tap_link_open_beside(int tap_fd);
/* Interface index, or -ENODEV. */
int bp_tap_link_index(int fd, const char *name);
void bp_tap_link_set_up(int fd, const char *name);
/* MTU in bytes, 0 unknown. */
uint32_t bp_tap_link_mtu(int fd, const char *name);
/* Packets that the kernel could not queue towards us, and those of ours that it dropped. */
int bp_tap_link_drops(int fd, int ifindex, uint64_t *to_us, uint64_t *from_us);

#endif
