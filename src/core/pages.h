/* Hugepages that are promised, told from those that can be had. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_PAGES_H
#define BYPATH_CORE_PAGES_H

#include <stddef.h>

#define BP_HUGE_BYTES ((size_t)2 << 20)

/*
 * Where the arena is to lie if nothing else does: within the 39 bits that the IOMMU of any PC translates, since
 * a device under DPDK sees our addresses; above those that EAL takes, from 4 GiB on.
 */
#define BP_PAGES_HINT ((void *)0x7000000000)

/* What the kernel checks only when a page is touched, in the words of a message. */
#define BP_PAGES_LIMITS \
	"its cgroup's limit (hugetlb.2MB.max) or its NUMA nodes (cpuset.mems) allow no more"

/*
 * Map n_bytes, a multiple of BP_HUGE_BYTES, of 2 MiB pages: private, zero, reserved, not yet there. A
 * reservation is no promise: a cgroup's limit (hugetlb.2MB.max) or the NUMA nodes that a process may
 * use are looked at when a page is first touched, and SIGBUS is their answer. Any thread. NULL: errno.
 */
void *bp_pages_map_huge(size_t n_bytes);

/*
 * Have the pages of a mapping of bp_pages_map_huge() that nobody has touched. The kernel writes to them
 * on our behalf, which is an error where our own access is a signal, on every kernel. They are zero
 * afterwards. Any thread; blocks. Returns the bytes from base that are there: n_bytes, or fewer.
 */
size_t bp_pages_take_huge(void *base, size_t n_bytes);

/* Bytes of 2 MiB pages, up to n_bytes rounded up to whole ones, that this process could have now: takes
 * them, gives them back. Any thread; blocks. */
size_t bp_pages_try_huge(size_t n_bytes);

#endif
