/* What the kernel says of another process's packet sockets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LAB_PACKET_STATS_H
#define BYPATH_LAB_PACKET_STATS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Packets that the process's AF_PACKET sockets on an interface did not take since they were asked
 * last (PACKET_STATISTICS, which clears on read: for a process that does not read it itself).
 *
 * pid      a process of ours: its descriptors are duplicated (pidfd_getfd, Linux 5.6)
 * ifindex  of the interface, in the process's namespace
 * n_drops  output
 *
 * Returns 0; -ENOENT: it has no such socket; else -errno. Any thread; never blocks.
 */
int bp_packet_drops(pid_t pid, int ifindex, uint64_t *n_drops);

#endif
