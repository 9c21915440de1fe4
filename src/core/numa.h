/* NUMA nodes: how many there are, which core is on which, where memory comes from. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_NUMA_H
#define BYPATH_CORE_NUMA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Nodes are numbered as by the kernel; -1 everywhere: none is known, or the machine has one only, so
 * that nothing can be near or far. All of these: any thread; needs no privilege; a moment's blocking
 * on files of /sys or /proc. Where the kernel was built without NUMA, the machine has one node.
 */
#define BP_NO_NODE (-1)

/* Nodes that the machine has: 1 or more. */
unsigned bp_numa_n_nodes(void);

/* The node of a core. */
int bp_numa_of_core(unsigned core);

/* The file that tells the node of a device in sysfs, and BP_NO_NODE where there is none. */
int bp_numa_of_file(const char *path);

/* May this process have memory of the node? */
bool bp_numa_has_memory(int node);

/*
 * Let the pages of a range, which nobody has touched yet, come from a node, or from others when it has
 * none left (a strict binding would kill the process by SIGBUS where hugepages lack). Does nothing for
 * BP_NO_NODE.
 */
void bp_numa_place(void *addr, size_t n_bytes, int node);

/* Bytes of the range that lie on the node, as /proc/self/numa_maps tells; mappings that begin in the
 * range count. n_bytes where that cannot be read. */
size_t bp_numa_bytes_on(const void *addr, size_t n_bytes, int node);

/* A thread's memory policy, as bp_numa_prefer() found it. */
struct bp_numa_policy {
	bool is_set; /* false: there is nothing to restore */
	int mode;
	unsigned long nodes[16];
};

/*
 * Let what the calling thread, and the kernel on its behalf, allocates from now on come from a node
 * where it can. Does nothing for BP_NO_NODE. *before is for bp_numa_restore(), by the same thread.
 */
void bp_numa_prefer(int node, struct bp_numa_policy *before);
void bp_numa_restore(const struct bp_numa_policy *before);

#endif
