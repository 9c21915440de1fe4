/* What one worker of a function counts, and show() reads beside it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FUNCTIONS_TALLY_H
#define BYPATH_FUNCTIONS_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

/* One writer, its worker: relaxed on both sides. */
static inline void bp_tally_add(_Atomic uint64_t *v, uint64_t n)
{
	atomic_store_explicit(v, atomic_load_explicit(v, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static inline uint64_t bp_tally_read(const _Atomic uint64_t *v)
{
	return atomic_load_explicit((_Atomic uint64_t *)(uintptr_t)v, memory_order_relaxed);
}

#endif
