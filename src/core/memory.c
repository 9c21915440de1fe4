/* The packet arena: mapping, NUMA slices, page size and nodes read back from the kernel. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/log.h"

#include "core/arena.h"
#include "core/pages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* The slices: a node each that has memory. */
static void choose_slices(struct bp_arena *arena, const int *nodes, unsigned n)
{
	for (unsigned i = 0; i < n && arena->n_nodes < BP_NODES_MAX; i++)
		if (bp_numa_has_memory(nodes[i]) &&
		    bp_arena_find_node(arena, nodes[i]) == arena->n_nodes)
			arena->nodes[arena->n_nodes++] = nodes[i];
	if (!arena->n_nodes)
		arena->nodes[arena->n_nodes++] = BP_NO_NODE;
}

/* Let each slice come from its node. Before a page is touched. */
static void place_slices(const struct bp_arena *arena)
{
	size_t slice = arena->bytes / arena->n_nodes;

	for (unsigned i = 0; i < arena->n_nodes; i++)
		bp_numa_place(arena->base + i * slice, slice, arena->nodes[i]);
}

/* 0, -ENOMEM: too few are free, -EPERM: they are, but not for this process; then nothing is mapped. */
static int map_huge(struct bp_arena *arena, size_t *n_taken)
{
	*n_taken = 0;
	arena->base = bp_pages_map_huge(arena->bytes);
	if (!arena->base)
		return -ENOMEM;
	place_slices(arena);
	*n_taken = bp_pages_take_huge(arena->base, arena->bytes);
	if (*n_taken == arena->bytes)
		return 0;
	munmap(arena->base, arena->bytes);
	arena->base = NULL;
	return -EPERM;
}

/* Ordinary pages, aligned to a hugepage so that the kernel may still merge them. */
static void *map_ordinary(size_t n_bytes)
{
	size_t span = n_bytes + BP_HUGE_BYTES;
	uint8_t *raw = mmap(BP_PAGES_HINT, span, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *base;

	if (raw == MAP_FAILED)
		return NULL;
	base = (uint8_t *)round_up((uintptr_t)raw, BP_HUGE_BYTES);
	if (base > raw)
		munmap(raw, (size_t)(base - raw));
	if (base + n_bytes < raw + span)
		munmap(base + n_bytes, (size_t)(raw + span - base) - n_bytes);
	madvise(base, n_bytes, MADV_HUGEPAGE);
	return base;
}

/* Where they were demanded, or are free and yet not to be had. */
static void say_why_not_huge(const struct bp_arena *arena, enum bp_tristate hugepages, int err,
			     size_t n_taken)
{
	bool is_demanded = hugepages == BP_YES;

	if (err == -EPERM)
		bp_log(is_demanded ? BP_LOG_ERROR : BP_LOG_WARN,
		       "arena: %zu MiB of 2 MiB hugepages are free, but this process gets %zu of them: " BP_PAGES_LIMITS
		       ": %s",
		       arena->bytes >> 20, n_taken >> 20,
		       is_demanded ? "raise that, or set [memory] hugepages = auto"
				   : "ordinary pages are used");
	else if (is_demanded)
		bp_log(BP_LOG_ERROR,
		       "arena: %zu MiB of 2 MiB hugepages are not available: run 'sysctl "
		       "vm.nr_hugepages=%zu' more, or set [memory] hugepages = auto",
		       arena->bytes >> 20, arena->bytes / BP_HUGE_BYTES);
}

static int map_arena(struct bp_arena *arena, enum bp_tristate hugepages)
{
	size_t need = (size_t)arena->n_frames * arena->frame_bytes;
	size_t unit = BP_HUGE_BYTES * arena->n_nodes;
	int err = -ENOMEM;
	size_t n_taken = 0;

	arena->bytes = round_up(need, unit);
	if (hugepages != BP_NO)
		err = map_huge(arena, &n_taken);
	if (!err)
		return 0;
	say_why_not_huge(arena, hugepages, err, n_taken);
	if (hugepages == BP_YES)
		return -ENOMEM;
	arena->base = map_ordinary(arena->bytes);
	if (arena->base) {
		place_slices(arena);
		return 0;
	}
	bp_log(BP_LOG_ERROR, "arena: cannot map %zu MiB: %s: lower [memory] frames",
	       arena->bytes >> 20, strerror(errno));
	return -ENOMEM;
}

static void warn_about_slice(const struct bp_arena *arena, unsigned i)
{
	size_t slice = arena->bytes / arena->n_nodes;
	size_t found = bp_numa_bytes_on(arena->base + i * slice, slice, arena->nodes[i]);
	char remedy[160] = "free memory there, or lower [memory] frames";

	if (found >= slice)
		return;
	if (arena->page_bytes == BP_HUGE_BYTES)
		snprintf(remedy, sizeof(remedy),
			 "run 'echo N >/sys/devices/system/node/node%d/hugepages/"
			 "hugepages-2048kB/nr_hugepages' with %zu more than there are",
			 arena->nodes[i], (slice - found) / BP_HUGE_BYTES);
	bp_log(BP_LOG_WARN,
	       "arena: %zu of the %zu MiB for NUMA node %d lie on another node, where access costs "
	       "more: it has too few free pages: %s",
	       (slice - found) >> 20, slice >> 20, arena->nodes[i], remedy);
}

/* Touch every page, see what the kernel gave. */
static void fill_slices(struct bp_arena *arena)
{
	for (size_t at = 0; at < arena->bytes; at += 4096)
		*(volatile uint8_t *)(arena->base + at) = 0;
	arena->page_bytes = read_page_bytes(arena->base);
	if (!arena->page_bytes)
		arena->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	for (unsigned i = 0; i < arena->n_nodes; i++)
		if (arena->nodes[i] != BP_NO_NODE)
			warn_about_slice(arena, i);
}

int bp_arena_create(const struct bp_conf *conf, const int *nodes, unsigned n,
		    struct bp_arena **arena)
{
	struct bp_arena *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return -ENOMEM;
	a->n_frames = conf->memory.n_frames;
	a->frame_bytes = conf->memory.frame_bytes;
	choose_slices(a, nodes, n);
	err = map_arena(a, conf->memory.hugepages);
	if (err) {
		free(a);
		return err;
	}
	fill_slices(a);
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
