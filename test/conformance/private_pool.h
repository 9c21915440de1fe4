/* A pool that no driver knows: it poisons what comes back to it and counts each return. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_PRIVATE_POOL_H
#define BYPATH_TEST_PRIVATE_POOL_H

#include "bypath/pkt.h"

#define PRIVATE_SLOTS      128u
#define PRIVATE_SLOT_BYTES 10240u /* BP_HEADROOM and a jumbo frame */

struct private_pool {
	struct bp_pool pool; /* first: found from the view */
	uint8_t *base;
	bool is_out[PRIVATE_SLOTS];
	uint64_t n_out; /* views given out and not yet back */
	uint64_t n_puts;
	uint64_t n_bad_puts; /* twice, or never given out */
};

/* 0 or -ENOMEM. */
int private_pool_create(struct private_pool *pool);
void private_pool_destroy(struct private_pool *pool);
/* An empty view of a free slot; false when there is none. */
bool private_pool_get(struct private_pool *pool, struct bp_pkt *pkt);

#endif
