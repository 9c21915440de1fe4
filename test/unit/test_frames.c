/* The arena's pool: every frame is handed out once, wherever it comes home. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bypath/port.h"
#include "core/arena.h"
#include "core/frames.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define N_FRAMES 1024u

struct fixture {
	struct bp_arena *arena;
	struct bp_frames *frames;
};

/* An arena, no frames yet. */
static struct fixture *make_arena(void)
{
	static struct bp_conf conf;
	struct fixture *f = calloc(1, sizeof(*f));

	conf.memory.n_frames = N_FRAMES;
	conf.memory.frame_bytes = 2048;
	conf.memory.hugepages = BP_NO;
	assert_int_equal(bp_arena_create(&conf, NULL, 0, &f->arena), 0);
	return f;
}

static int setup(void **state)
{
	struct fixture *f = make_arena();

	assert_int_equal(bp_frames_create(f->arena, &f->frames), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	bp_frames_destroy(f->frames);
	bp_arena_destroy(f->arena);
	free(f);
	return 0;
}

static void every_frame_is_handed_out_once_and_comes_home(void **state)
{
	struct fixture *f = *state;
	static struct bp_pkt pkts[N_FRAMES];
	bool seen[N_FRAMES] = { false };
	unsigned n = 0, got;

	while ((got = bp_frames_get(f->frames, 0, &pkts[n], 7)) > 0)
		n += got;
	assert_int_equal(n, N_FRAMES);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(pkts[i].token % 2048, 0);
		assert_false(seen[pkts[i].token / 2048]);
		seen[pkts[i].token / 2048] = true;
		assert_ptr_equal(pkts[i].data, f->arena->base + pkts[i].token + BP_HEADROOM);
		assert_int_equal(pkts[i].headroom, BP_HEADROOM);
	}
	assert_int_equal(bp_frames_n_free(f->frames), 0);
	for (unsigned i = 0; i < n; i += 64)
		bp_pool_put(1, &pkts[i], 64);
	assert_int_equal(bp_frames_n_free(f->frames), N_FRAMES);
}

static void offsets_inside_a_frame_go_back_to_that_frame(void **state)
{
	struct fixture *f = *state;
	uint64_t offsets[3];

	assert_int_equal(bp_frames_get_offsets(f->frames, 0, offsets, 3), 3);
	for (unsigned i = 0; i < 3; i++)
		offsets[i] += 256 + i;
	bp_frames_put_offsets(f->frames, 0, offsets, 3);
	assert_int_equal(bp_frames_n_free(f->frames), N_FRAMES);
}

/* A worker that a reload takes away has some on its stack. */
static void what_a_worker_kept_is_anybody_s_when_it_is_gone(void **state)
{
	struct fixture *f = *state;
	static struct bp_pkt pkts[N_FRAMES];
	unsigned n = 0, got;

	assert_int_equal(bp_frames_get(f->frames, 1, pkts, 7), 7);
	bp_pool_put(1, pkts, 7);
	bp_frames_leave(f->frames, 1);
	assert_int_equal(bp_frames_n_free(f->frames), N_FRAMES);
	while ((got = bp_frames_get(f->frames, BP_CONTROL_ID, &pkts[n], 64)) > 0)
		n += got;
	assert_int_equal(n, N_FRAMES);
	for (unsigned i = 0; i < n; i += 64)
		bp_pool_put(0, &pkts[i], 64);
}

struct passing {
	struct bp_frames *frames;
	unsigned from, to;
	pthread_barrier_t *barrier;
};

/* Takes bursts as one worker id; the frames are put by the other thread's id. */
static struct bp_pkt exchanged[2][64];

static void *pass_frames(void *arg)
{
	struct passing *p = arg;

	for (unsigned round = 0; round < 20000; round++) {
		struct bp_pkt *mine = exchanged[p->from], *theirs = exchanged[p->to];

		if (bp_frames_get(p->frames, p->from, mine, 64) != 64)
			abort();
		pthread_barrier_wait(p->barrier);
		bp_pool_put(p->from, theirs, 64);
		pthread_barrier_wait(p->barrier);
	}
	return NULL;
}

static void frames_passed_between_workers_are_never_lost(void **state)
{
	struct fixture *f = *state;
	pthread_barrier_t barrier;
	pthread_t threads[2];
	struct passing passing[2];

	pthread_barrier_init(&barrier, NULL, 2);
	for (unsigned i = 0; i < 2; i++) {
		passing[i] = (struct passing){ f->frames, i, 1 - i, &barrier };
		assert_int_equal(pthread_create(&threads[i], NULL, pass_frames, &passing[i]), 0);
	}
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
	assert_int_equal(bp_frames_n_free(f->frames), N_FRAMES);
}

/* Two slices, as on a machine of two NUMA nodes: worker 0 is near to the first, worker 1 to the second. */
static int setup_nodes(void **state)
{
	struct fixture *f = make_arena();

	f->arena->n_nodes = 2;
	f->arena->nodes[0] = 4;
	f->arena->nodes[1] = 7;
	assert_int_equal(bp_frames_create(f->arena, &f->frames), 0);
	bp_frames_set_node(f->frames, 1, bp_frames_slice(f->frames, 7, 1));
	*state = f;
	return 0;
}

static unsigned slice_of(const struct fixture *f, uint64_t offset)
{
	return bp_arena_node_of(f->arena, offset);
}

static void frames_come_from_the_worker_s_node_then_from_others(void **state)
{
	struct fixture *f = *state;
	static struct bp_pkt pkts[N_FRAMES];

	assert_int_equal(bp_frames_get(f->frames, 1, pkts, 64), 64);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(slice_of(f, pkts[i].token), 1);
	bp_pool_put(1, pkts, 64);
	for (unsigned i = 0; i < N_FRAMES; i += 64)
		assert_int_equal(bp_frames_get(f->frames, 1, &pkts[i], 64), 64);
	for (unsigned i = 0; i < N_FRAMES; i++)
		assert_int_equal(slice_of(f, pkts[i].token), i < N_FRAMES / 2 ? 1 : 0);
	for (unsigned i = 0; i < N_FRAMES; i += 64)
		bp_pool_put(0, &pkts[i], 64);
	assert_int_equal(bp_frames_n_free(f->frames), N_FRAMES);
}

static void frames_for_a_device_come_from_its_node(void **state)
{
	struct fixture *f = *state;
	uint64_t offsets[64];

	/* The control thread, whose stack holds frames of both, and the far worker. */
	for (unsigned worker_id = 0; worker_id <= BP_CONTROL_ID; worker_id += BP_CONTROL_ID) {
		unsigned slice = bp_frames_slice(f->frames, 7, worker_id);

		assert_int_equal(bp_frames_get_near(f->frames, slice, worker_id, offsets, 64), 64);
		for (unsigned i = 0; i < 64; i++)
			assert_int_equal(slice_of(f, offsets[i]), 1);
		bp_frames_put_offsets(f->frames, worker_id, offsets, 64);
	}
	assert_int_equal(bp_frames_n_free(f->frames), N_FRAMES);
}

static void a_node_without_a_slice_stands_for_the_worker_s(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(bp_frames_slice(f->frames, 4, 1), 0);
	assert_int_equal(bp_frames_slice(f->frames, 7, 0), 1);
	assert_int_equal(bp_frames_slice(f->frames, 5, 1), 1);
	assert_int_equal(bp_frames_slice(f->frames, BP_NO_NODE, 1), 1);
	assert_int_equal(bp_frames_slice(f->frames, BP_NO_NODE, 0), 0);
}

static void page_size_is_read_back(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->arena->page_bytes, 4096);
	assert_int_equal(f->arena->bytes, N_FRAMES * 2048);
}

/* Every port may have a pool of its own, and one with those of its driver. */
static void pools_of_all_ports_find_room_and_no_more(void **state)
{
	static struct bp_pool pools[BP_POOLS_MAX + 1];
	static struct bp_env env;

	(void)state;
	for (unsigned i = 0; i < BP_POOLS_MAX; i++) {
		assert_int_equal(bp_env_add_pool(&env, &pools[i]), 0);
		assert_int_equal(pools[i].pool_id, i);
	}
	pools[BP_POOLS_MAX].name = "one too many";
	assert_int_equal(bp_env_add_pool(&env, &pools[BP_POOLS_MAX]), -ENOSPC);
	assert_int_equal(env.n_pools, BP_POOLS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools_of_all_ports_find_room_and_no_more),
		cmocka_unit_test_setup_teardown(every_frame_is_handed_out_once_and_comes_home,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_worker_kept_is_anybody_s_when_it_is_gone,
						setup, teardown),
		cmocka_unit_test_setup_teardown(offsets_inside_a_frame_go_back_to_that_frame, setup,
						teardown),
		cmocka_unit_test_setup_teardown(frames_passed_between_workers_are_never_lost, setup,
						teardown),
		cmocka_unit_test_setup_teardown(page_size_is_read_back, setup, teardown),
		cmocka_unit_test_setup_teardown(frames_come_from_the_worker_s_node_then_from_others,
						setup_nodes, teardown),
		cmocka_unit_test_setup_teardown(frames_for_a_device_come_from_its_node, setup_nodes,
						teardown),
		cmocka_unit_test_setup_teardown(a_node_without_a_slice_stands_for_the_worker_s,
						setup_nodes, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
