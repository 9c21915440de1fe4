/* Which processes have a device's files open. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_BIND_HOLDERS_H
#define BYPATH_BIND_HOLDERS_H

#include "core/pci.h"

#include <sys/types.h>

#define BP_HOLDERS_MAX 8u

struct bp_holder {
	pid_t pid;
	char program[16]; /* as /proc/PID/comm says */
	char file[64]; /* "/dev/vfio/5" */
};

/*
 * Find the processes that have open what gives a process the device: the file of its VFIO group or
 * of itself, a UIO file, the verbs of RDMA. By device number, whatever the path. Sees the other
 * processes of the caller's PID namespace, without root only those of the same user. Any thread;
 * blocks for a moment. Returns how many were put into holders, whose room is BP_HOLDERS_MAX.
 */
unsigned bp_holders_find(const struct bp_pci_device *device, struct bp_holder *holders);

/* Find one process that has a socket open, by its inode; false: none is visible. holder->file is its
 * "socket:[N]". As bp_holders_find(). */
bool bp_holders_of_socket(unsigned long inode, struct bp_holder *holder);

/*
 * Does a process, whether visible or not, hold the VFIO group? Opens it for an instant: for those
 * who mean to unbind the device. false also where there is no group or no permission.
 */
bool bp_holders_group_is_busy(const struct bp_pci_device *device);

/* The file of the device's VFIO group, into path: /dev/vfio/N, or /dev/vfio/noiommu-N. false: there
 * is none; path is what it would be. As bp_pci_look(). */
bool bp_holders_group_file(const struct bp_pci_device *device, char *path, size_t path_bytes);

#endif
