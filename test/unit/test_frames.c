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

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define N_FRAMES  1024u
#define N_WORKERS 2u

struct fixture {
	struct bp_arena *arena;
	struct bp_frames *frames;
};

static int setup(void **state)
{
	static struct bp_conf conf;
	struct fixture *f = calloc(1, sizeof(*f));

	conf.memory.n_frames = N_FRAMES;
	conf.memory.frame_bytes = 2048;
	conf.memory.hugepages = BP_NO;
	assert_int_equal(bp_arena_create(&conf, &f->arena), 0);
	assert_int_equal(bp_frames_create(f->arena, N_WORKERS, &f->frames), 0);
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

static void page_size_is_read_back(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->arena->page_bytes, 4096);
	assert_int_equal(f->arena->bytes, N_FRAMES * 2048);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_frame_is_handed_out_once_and_comes_home,
						setup, teardown),
		cmocka_unit_test_setup_teardown(offsets_inside_a_frame_go_back_to_that_frame, setup,
						teardown),
		cmocka_unit_test_setup_teardown(frames_passed_between_workers_are_never_lost, setup,
						teardown),
		cmocka_unit_test_setup_teardown(page_size_is_read_back, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
