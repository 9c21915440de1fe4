/* Hugepages, mapped and taken without SIGBUS. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pages.h"

#include <linux/mman.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void *bp_pages_map_huge(size_t n_bytes)
{
	/* MAP_HUGETLB alone means the machine's default size, which may be 1 GiB. */
	void *base = mmap(BP_PAGES_HINT, n_bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB, -1, 0);

	return base == MAP_FAILED ? NULL : base;
}

/* Any system call will do that writes a few bytes and cannot fail otherwise. libc may answer its
 * own wrapper without a system call. */
static int take_page(void *page)
{
	long err = syscall(SYS_clock_getres, CLOCK_MONOTONIC, page);

	if (!err)
		memset(page, 0, sizeof(struct timespec));
	return (int)err;
}

size_t bp_pages_take_huge(void *base, size_t n_bytes)
{
	size_t at = 0;

	while (at < n_bytes && !take_page((uint8_t *)base + at))
		at += BP_HUGE_BYTES;
	return at;
}

size_t bp_pages_try_huge(size_t n_bytes)
{
	size_t n_all = (n_bytes + BP_HUGE_BYTES - 1) / BP_HUGE_BYTES * BP_HUGE_BYTES;
	void *base = n_all ? bp_pages_map_huge(n_all) : NULL;
	size_t n_taken;

	if (!base)
		return 0;
	n_taken = bp_pages_take_huge(base, n_all);
	munmap(base, n_all);
	return n_taken;
}
