/* Slots of ordinary memory whose bytes turn to poison the moment they are returned. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "private_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define POISON 0xdd

static void put_slots(struct bp_pool *base, unsigned worker_id, const struct bp_pkt *pkts,
		      unsigned n)
{
	struct private_pool *pool = (struct private_pool *)(void *)base;

	(void)worker_id;
	for (unsigned i = 0; i < n; i++) {
		uint64_t slot = pkts[i].token;

		pool->n_puts++;
		if (slot >= PRIVATE_SLOTS || !pool->is_out[slot]) {
			pool->n_bad_puts++;
			continue;
		}
		pool->is_out[slot] = false;
		pool->n_out--;
		memset(pool->base + slot * PRIVATE_SLOT_BYTES, POISON, PRIVATE_SLOT_BYTES);
	}
}

int private_pool_create(struct private_pool *pool)
{
	*pool = (struct private_pool){ .pool = { .put = put_slots, .name = "private" } };
	pool->base = aligned_alloc(4096, (size_t)PRIVATE_SLOTS * PRIVATE_SLOT_BYTES);
	if (!pool->base)
		return -ENOMEM;
	memset(pool->base, POISON, (size_t)PRIVATE_SLOTS * PRIVATE_SLOT_BYTES);
	return 0;
}

void private_pool_destroy(struct private_pool *pool)
{
	free(pool->base);
	pool->base = NULL;
}

bool private_pool_get(struct private_pool *pool, struct bp_pkt *pkt)
{
	for (unsigned slot = 0; slot < PRIVATE_SLOTS; slot++) {
		if (pool->is_out[slot])
			continue;
		pool->is_out[slot] = true;
		pool->n_out++;
		*pkt = (struct bp_pkt){
			.data = pool->base + slot * PRIVATE_SLOT_BYTES + BP_HEADROOM,
			.token = slot,
			.pool = &pool->pool,
			.headroom = BP_HEADROOM,
		};
		return true;
	}
	return false;
}
