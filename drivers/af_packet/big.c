/* Buffers that hold a whole super-frame (64 KiB), one free bit each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_packet.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

static void big_put(struct bp_pool *pool, unsigned worker_id, const struct bp_pkt *pkts, unsigned n)
{
	struct af_packet_big *big = (struct af_packet_big *)pool;

	(void)worker_id;
	for (unsigned i = 0; i < n; i++) {
		unsigned id = (unsigned)pkts[i].token;
		struct af_packet_big_queue *q = &big->queues[id / AF_PACKET_BIG_N];

		id %= AF_PACKET_BIG_N;
		/* Release: whoever read the buffer is done; pairs with the acquire in get. */
		atomic_fetch_or_explicit(&q->free[id / 64], UINT64_C(1) << (id % 64),
					 memory_order_release);
	}
}

bool af_packet_big_get(struct af_packet_big *big, uint16_t queue_id, struct bp_pkt *pkt)
{
	struct af_packet_big_queue *q = &big->queues[queue_id];

	for (unsigned word = 0; word < AF_PACKET_BIG_N / 64; word++) {
		/* Acquire: pairs with big_put(). Only this queue's worker clears bits. */
		uint64_t free = atomic_load_explicit(&q->free[word], memory_order_acquire);
		unsigned id;

		if (!free)
			continue;
		id = (unsigned)__builtin_ctzll(free);
		atomic_fetch_and_explicit(&q->free[word], ~(UINT64_C(1) << id),
					  memory_order_relaxed);
		id += queue_id * AF_PACKET_BIG_N + word * 64;
		*pkt = (struct bp_pkt){
			.data = big->base + (size_t)id * AF_PACKET_BIG_BYTES +
				AF_PACKET_BIG_HEADROOM,
			.token = id,
			.pool = &big->pool,
			.headroom = AF_PACKET_BIG_HEADROOM,
		};
		return true;
	}
	return false;
}

int af_packet_big_open(struct af_packet_big *big, uint16_t n_queues)
{
	size_t n_bytes = (size_t)n_queues * AF_PACKET_BIG_N * AF_PACKET_BIG_BYTES;
	void *base;

	big->queues = calloc(n_queues, sizeof(*big->queues));
	if (!big->queues)
		return -ENOMEM;
	base = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED) {
		free(big->queues);
		big->queues = NULL;
		return -errno;
	}
	/* Whole huge pages would make one small super-frame cost 2 MiB. */
	(void)madvise(base, n_bytes, MADV_NOHUGEPAGE);
	for (unsigned i = 0; i < n_queues; i++)
		for (unsigned word = 0; word < AF_PACKET_BIG_N / 64; word++)
			atomic_init(&big->queues[i].free[word], UINT64_MAX);
	big->base = base;
	big->n_queues = n_queues;
	big->pool.put = big_put;
	big->pool.name = "af_packet-big";
	return 0;
}

void af_packet_big_close(struct af_packet_big *big)
{
	if (big->base)
		munmap(big->base, (size_t)big->n_queues * AF_PACKET_BIG_N * AF_PACKET_BIG_BYTES);
	free(big->queues);
	big->base = NULL;
	big->queues = NULL;
}
