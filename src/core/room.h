/* How much memory this process may still take. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_ROOM_H
#define BYPATH_CORE_ROOM_H

#include <stdint.h>

/*
 * Bytes that are left before the kernel has to end somebody: what the machine has available, and what the process's cgroup (of
 * either version, wherever it is mounted) and those above it allow beyond what they use, whichever is least. Pages of files that
 * nobody has used lately (inactive_file) count as left. Cgroups that are not to be seen from here, as those around a container,
 * are not known, nor are limits that are no cgroup's (ulimit). proc: "/proc", or a test's. UINT64_MAX: nothing is known. Any
 * thread; reads some files.
 */
uint64_t bp_room_bytes(const char *proc);

#endif
