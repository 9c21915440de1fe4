/* The packet arena: mapping, NUMA binding, page size read back from the kernel. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/log.h"

#include "core/arena.h"
#include "core/cpu.h"

#include <errno.h>
#include <inttypes.h>
#include <numa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_BYTES ((size_t)2 << 20)

static size_t round_up(size_t v, size_t to)
{
	return (v + to - 1) / to * to;
}

/* The kernel's word for the page size of the mapping that starts at addr; 0 if not found. */
static size_t read_page_bytes(const void *addr)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[256];
	bool inside = false;
	size_t kib = 0;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		uintptr_t start, end;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2)
			inside = (uintptr_t)addr >= start && (uintptr_t)addr < end;
		else if (inside && sscanf(line, "KernelPageSize: %zu kB", &kib) == 1)
			break;
	}
	fclose(f);
	return kib * 1024;
}

/* Nodes of the cores this process may use. */
static void find_nodes(struct bp_arena *arena)
{
	unsigned cores[1024], n_cores = bp_cpu_allowed(cores, 1024);

	for (unsigned i = 0; i < n_cores; i++) {
		uint8_t node = (uint8_t)bp_cpu_node(cores[i]);
		unsigned j = 0;

		while (j < arena->n_nodes && arena->nodes[j] != node)
			j++;
		if (j == arena->n_nodes && arena->n_nodes < BP_NODES_MAX)
			arena->nodes[arena->n_nodes++] = node;
	}
	if (!arena->n_nodes)
		arena->n_nodes = 1;
}

static void *map_huge(size_t n_bytes)
{
	void *base = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	return base == MAP_FAILED ? NULL : base;
}

/* Ordinary pages, aligned to a hugepage so that the kernel may still merge them. */
static void *map_ordinary(size_t n_bytes)
{
	size_t span = n_bytes + HUGE_BYTES;
	uint8_t *raw = mmap(NULL, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *base;

	if (raw == MAP_FAILED)
		return NULL;
	base = (uint8_t *)round_up((uintptr_t)raw, HUGE_BYTES);
	if (base > raw)
		munmap(raw, (size_t)(base - raw));
	if (base + n_bytes < raw + span)
		munmap(base + n_bytes, (size_t)(raw + span - base) - n_bytes);
	madvise(base, n_bytes, MADV_HUGEPAGE);
	return base;
}

static int map_arena(struct bp_arena *arena, enum bp_tristate hugepages)
{
	size_t need = (size_t)arena->n_frames * arena->frame_bytes;
	size_t unit = HUGE_BYTES * arena->n_nodes;

	arena->bytes = round_up(need, unit);
	if (hugepages != BP_NO)
		arena->base = map_huge(arena->bytes);
	if (arena->base)
		return 0;
	if (hugepages == BP_YES) {
		bp_log(BP_LOG_ERROR,
		       "arena: %zu MiB of 2 MiB hugepages are not available: run «sysctl "
		       "vm.nr_hugepages=%zu» more, or set [memory] hugepages = auto",
		       arena->bytes >> 20, arena->bytes / HUGE_BYTES);
		return -ENOMEM;
	}
	arena->base = map_ordinary(arena->bytes);
	if (arena->base)
		return 0;
	bp_log(BP_LOG_ERROR, "arena: cannot map %zu MiB: %s: lower [memory] frames",
	       arena->bytes >> 20, strerror(errno));
	return -ENOMEM;
}

int bp_arena_create(const struct bp_conf *conf, struct bp_arena **arena)
{
	struct bp_arena *a = calloc(1, sizeof(*a));
	size_t slice;
	int err;

	if (!a)
		return -ENOMEM;
	a->n_frames = conf->memory.n_frames;
	a->frame_bytes = conf->memory.frame_bytes;
	find_nodes(a);
	err = map_arena(a, conf->memory.hugepages);
	if (err) {
		free(a);
		return err;
	}
	slice = a->bytes / a->n_nodes;
	for (unsigned i = 0; a->n_nodes > 1 && i < a->n_nodes; i++)
		numa_tonode_memory(a->base + i * slice, slice, a->nodes[i]);
	for (size_t at = 0; at < a->bytes; at += 4096)
		*(volatile uint8_t *)(a->base + at) = 0; /* fault in now, on the bound node */
	a->page_bytes = read_page_bytes(a->base);
	if (!a->page_bytes)
		a->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	*arena = a;
	return 0;
}

void bp_arena_destroy(struct bp_arena *arena)
{
	if (!arena)
		return;
	munmap(arena->base, arena->bytes);
	free(arena);
}

int bp_arena_protect(struct bp_arena *arena)
{
	return mprotect(arena->base, arena->bytes, PROT_NONE) ? -errno : 0;
}
