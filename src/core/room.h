/* How much memory this process may still take. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_ROOM_H
#define BYPATH_CORE_ROOM_H

#include <stdint.h>

/*
 * Bytes that are left before the kernel has to end somebody: what the machine has available, and what the process's cgroup (of
 * version 2) and those above it allow beyond what they use, whichever is least. proc, cgroups: "/proc", "/sys/fs/cgroup", or a
 * test's. UINT64_MAX: neither is known. Any thread; reads some files.
 */
uint64_t bp_room_bytes(const char *proc, const char *cgroups);

#endif
