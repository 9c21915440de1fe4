/* NUMA nodes: how many there are, which core is on which, where memory comes from. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/numa.h"

#include <inttypes.h>
#include <numa.h>
#include <numaif.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NODE_BITS (8 * sizeof(((struct bp_numa_policy *)0)->nodes))
#define WORD_BITS (8 * sizeof(unsigned long))

/* Is it a node that the system calls below take? libnuma's own functions print their errors to
 * standard error. */
static bool is_node(int node)
{
	return node >= 0 && (size_t)node < NODE_BITS - 1 && numa_available() >= 0;
}

static void set_bit(unsigned long *nodes, int node)
{
	nodes[(size_t)node / WORD_BITS] |= 1ul << ((size_t)node % WORD_BITS);
}

unsigned bp_numa_n_nodes(void)
{
	int n = numa_available() < 0 ? 1 : numa_num_configured_nodes();

	return n > 1 ? (unsigned)n : 1;
}

int bp_numa_of_core(unsigned core)
{
	int node = bp_numa_n_nodes() > 1 ? numa_node_of_cpu((int)core) : BP_NO_NODE;

	return node < 0 ? BP_NO_NODE : node;
}

int bp_numa_of_file(const char *path)
{
	FILE *f = bp_numa_n_nodes() > 1 ? fopen(path, "re") : NULL;
	int node = BP_NO_NODE;

	if (!f)
		return BP_NO_NODE;
	if (fscanf(f, "%d", &node) != 1 || node < 0)
		node = BP_NO_NODE;
	fclose(f);
	return node;
}

bool bp_numa_has_memory(int node)
{
	return is_node(node) && numa_bitmask_isbitset(numa_all_nodes_ptr, (unsigned)node);
}

/* ---- pages of a range ------------------------------------------------------------------------ */

void bp_numa_place(void *addr, size_t n_bytes, int node)
{
	struct bp_numa_policy policy = { .mode = MPOL_PREFERRED };

	if (!is_node(node))
		return;
	set_bit(policy.nodes, node);
	/* Where it is forbidden (seccomp), what bp_numa_bytes_on() reads tells. */
	(void)mbind(addr, n_bytes, policy.mode, policy.nodes, NODE_BITS, 0);
}

/* Bytes on the node by a line of numa_maps: "7f29… prefer:1 … huge … N1=8 kernelpagesize_kB=2048". */
static size_t read_mapping(const char *line, int node)
{
	size_t n_pages = 0, kib = 0;
	char word[24];
	const char *at;

	snprintf(word, sizeof(word), " N%d=", node);
	at = strstr(line, word);
	if (!at || sscanf(at + strlen(word), "%zu", &n_pages) != 1)
		return 0;
	at = strstr(line, " kernelpagesize_kB=");
	if (!at || sscanf(at, " kernelpagesize_kB=%zu", &kib) != 1)
		return 0;
	return n_pages * kib * 1024;
}

size_t bp_numa_bytes_on(const void *addr, size_t n_bytes, int node)
{
	FILE *f = fopen("/proc/self/numa_maps", "re");
	uintptr_t first = (uintptr_t)addr, start;
	size_t found = 0;
	char line[1024];

	if (!f)
		return n_bytes;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%" SCNxPTR " ", &start) == 1 && start >= first &&
		    start < first + n_bytes)
			found += read_mapping(line, node);
	fclose(f);
	return found < n_bytes ? found : n_bytes;
}

/* ---- what a thread allocates ----------------------------------------------------------------- */

void bp_numa_prefer(int node, struct bp_numa_policy *before)
{
	struct bp_numa_policy policy = { .mode = MPOL_PREFERRED };

	*before = (struct bp_numa_policy){ 0 };
	if (!is_node(node) || get_mempolicy(&before->mode, before->nodes, NODE_BITS, NULL, 0))
		return;
	set_bit(policy.nodes, node);
	before->is_set = !set_mempolicy(policy.mode, policy.nodes, NODE_BITS);
}

void bp_numa_restore(const struct bp_numa_policy *before)
{
	if (before->is_set)
		(void)set_mempolicy(before->mode, before->nodes, NODE_BITS);
}
