/* The switch's address table: exact capacity, and workers that share it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <pthread.h>

/* The n-th address: far from its neighbours or next to them, as makers number them. */
static uint64_t nth_key(uint32_t n, bool is_scattered)
{
	uint64_t mac = is_scattered ? (n + 1) * UINT64_C(0x9e3779b97f4a) : n + 1;

	return bp_fdb_key((mac << 8 | 2) & UINT64_C(0xffffffffffff), (uint16_t)(n % 4095));
}

static enum bp_fdb_learned learn(struct bp_fdb *fdb, uint64_t key, unsigned port_id, uint32_t now_s)
{
	return bp_fdb_learn(fdb, key, bp_fdb_hash(fdb, key), port_id, now_s);
}

/* The port of an address, or -1. */
static int port_of(const struct bp_fdb *fdb, uint64_t key)
{
	uint64_t value;

	if (!bp_fdb_find(fdb, key, bp_fdb_hash(fdb, key), &value))
		return -1;
	return (int)bp_fdb_port(value);
}

static void capacity_is_exact(void **state)
{
	static const uint32_t sizes[] = {
		1, 2, 3, 16, 17, 1000, 8192, 8193, 65536, 100000, 1048576
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		const uint32_t n = sizes[i / 2];
		struct bp_fdb *fdb;

		assert_int_equal(bp_fdb_create(n, 0, &fdb), 0);
		for (uint32_t k = 0; k < n; k++)
			assert_int_equal(learn(fdb, nth_key(k, i & 1), k % 3, 5), BP_FDB_ADDED);
		assert_int_equal(learn(fdb, nth_key(n, i & 1), 0, 5), BP_FDB_FULL);
		assert_int_equal(learn(fdb, nth_key(n + 1, i & 1), 1, 5), BP_FDB_FULL);
		assert_int_equal(bp_fdb_n(fdb), n);
		for (uint32_t k = 0; k < n; k++)
			assert_int_equal(port_of(fdb, nth_key(k, i & 1)), k % 3);
		assert_int_equal(port_of(fdb, nth_key(n, i & 1)), -1);
		bp_fdb_destroy(fdb);
	}
}

/* What came and went leaves no trace: ways through full buckets, counts. */
static void a_table_that_was_full_can_be_filled_again(void **state)
{
	struct bp_fdb *fdb;

	(void)state;
	assert_int_equal(bp_fdb_create(5000, 0, &fdb), 0);
	for (unsigned round = 0; round < 50; round++) {
		for (uint32_t k = 0; k < 5000; k++)
			assert_int_equal(learn(fdb, nth_key(k + 5000 * round, false), k % 2, round),
					 BP_FDB_ADDED);
		assert_int_equal(learn(fdb, nth_key(0xffffff, false), 0, round), BP_FDB_FULL);
		assert_int_equal(bp_fdb_flush(fdb, 2), 2500);
		assert_int_equal(bp_fdb_n_of_port(fdb, 1), 0);
		assert_int_equal(bp_fdb_n(fdb), 2500);
		for (uint32_t k = 0; k < 5000; k++)
			assert_int_equal(port_of(fdb, nth_key(k + 5000 * round, false)),
					 k % 2 ? -1 : 0);
		assert_int_equal(bp_fdb_age(fdb, 7, fdb->mask + 1, round + 11, 10), 2500);
	}
	for (uint32_t at = 0; at <= fdb->mask; at++)
		assert_int_equal(atomic_load(&fdb->buckets[at].n_passed), 0);
	bp_fdb_destroy(fdb);
}

static void an_address_ages_when_it_was_not_seen_for_longer(void **state)
{
	struct bp_fdb *fdb;

	(void)state;
	assert_int_equal(bp_fdb_create(16, 0, &fdb), 0);
	learn(fdb, nth_key(1, false), 0, 100);
	learn(fdb, nth_key(2, false), 0, 105);
	assert_int_equal(bp_fdb_age(fdb, 0, fdb->mask + 1, 110, 10), 0);
	learn(fdb, nth_key(1, false), 0, 110);
	assert_int_equal(bp_fdb_age(fdb, 0, fdb->mask + 1, 116, 10), 1);
	assert_int_equal(port_of(fdb, nth_key(1, false)), 0);
	assert_int_equal(port_of(fdb, nth_key(2, false)), -1);
	/* A clock behind the worker's ages nothing. */
	assert_int_equal(bp_fdb_age(fdb, 0, fdb->mask + 1, 109, 10), 0);
	bp_fdb_destroy(fdb);
}

static void permanent_addresses_stay_where_they_are(void **state)
{
	struct bp_fdb *fdb;
	struct bp_fdb_entry entry;
	unsigned n = 0;

	(void)state;
	assert_int_equal(bp_fdb_create(1, 0, &fdb), 0);
	assert_int_equal(bp_fdb_add_permanent(fdb, nth_key(1, false), 3), 0);
	assert_int_equal(bp_fdb_add_permanent(fdb, nth_key(1, false), 3), -EEXIST);
	assert_int_equal(bp_fdb_add_permanent(fdb, nth_key(2, false), 3), -ENOSPC);
	assert_int_equal(learn(fdb, nth_key(1, false), 0, 100), BP_FDB_HELD);
	assert_int_equal(learn(fdb, nth_key(1, false), 3, 100), BP_FDB_KNOWN);
	assert_int_equal(bp_fdb_age(fdb, 0, fdb->mask + 1, 1000000, 10), 0);
	assert_int_equal(bp_fdb_flush(fdb, UINT64_MAX), 0);
	assert_int_equal(port_of(fdb, nth_key(1, false)), 3);
	for (uint32_t i = 0; i < bp_fdb_n_slots(fdb); i++)
		if (bp_fdb_read(fdb, i, &entry)) {
			assert_true(entry.is_permanent);
			n++;
		}
	assert_int_equal(n, 1);
	bp_fdb_destroy(fdb);
}

static void permanent_addresses_take_nothing_of_the_limit(void **state)
{
	struct bp_fdb *fdb;

	(void)state;
	assert_int_equal(bp_fdb_create(8, 1, &fdb), 0);
	assert_int_equal(bp_fdb_add_permanent(fdb, nth_key(1, false), 3), 0);
	assert_int_equal(bp_fdb_add_permanent(fdb, nth_key(2, false), 3), 0);
	assert_int_equal(learn(fdb, nth_key(3, false), 3, 100), BP_FDB_ADDED);
	assert_int_equal(learn(fdb, nth_key(4, false), 3, 100), BP_FDB_LIMITED);
	assert_int_equal(bp_fdb_n_of_port(fdb, 3), 3);
	bp_fdb_destroy(fdb);
}

static void moves_keep_the_ports_counts(void **state)
{
	struct bp_fdb *fdb;

	(void)state;
	assert_int_equal(bp_fdb_create(16, 2, &fdb), 0);
	learn(fdb, nth_key(1, false), 0, 1);
	learn(fdb, nth_key(2, false), 1, 1);
	learn(fdb, nth_key(3, false), 1, 1);
	assert_int_equal(learn(fdb, nth_key(4, false), 1, 1), BP_FDB_LIMITED);
	assert_int_equal(learn(fdb, nth_key(1, false), 1, 1), BP_FDB_LIMITED);
	assert_int_equal(port_of(fdb, nth_key(1, false)), 0);
	assert_int_equal(learn(fdb, nth_key(2, false), 0, 1), BP_FDB_MOVED);
	assert_int_equal(bp_fdb_n_of_port(fdb, 0), 2);
	assert_int_equal(bp_fdb_n_of_port(fdb, 1), 1);
	assert_int_equal(learn(fdb, nth_key(4, false), 1, 1), BP_FDB_ADDED);
	assert_int_equal(bp_fdb_n(fdb), 4);
	bp_fdb_destroy(fdb);
}

/* ---- threads ---------------------------------------------------------------------------------- */

#define N_THREADS 3u
#define N_KEYS    400u
#define N_ROUNDS  300u

struct sharing {
	struct bp_fdb *fdb;
	pthread_barrier_t barrier;
	_Atomic bool is_over;
	_Atomic unsigned next_id;
};

/* All threads see all addresses, each at its own port, at once. */
static void *learn_all(void *arg)
{
	struct sharing *s = arg;
	const unsigned id = atomic_fetch_add(&s->next_id, 1);

	for (uint32_t round = 0; round < N_ROUNDS; round++) {
		pthread_barrier_wait(&s->barrier);
		for (uint32_t k = 0; k < N_KEYS; k++)
			learn(s->fdb, nth_key(k, false), id, round);
		pthread_barrier_wait(&s->barrier);
		pthread_barrier_wait(&s->barrier);
	}
	return NULL;
}

/* Each address once, and all counts right. */
static void expect_consistent(const struct bp_fdb *fdb, uint32_t n)
{
	struct bp_fdb_entry entry;
	uint32_t n_found = 0, n_of_port[BP_PORTS_MAX] = { 0 };
	bool has[N_KEYS] = { false };

	for (uint32_t i = 0; i < bp_fdb_n_slots(fdb); i++) {
		unsigned k;

		if (!bp_fdb_read(fdb, i, &entry))
			continue;
		k = (unsigned)(entry.mac[1] | entry.mac[2] << 8) - 1;
		assert_in_range(k, 0, N_KEYS - 1);
		assert_false(has[k]);
		has[k] = true;
		n_of_port[entry.port_id]++;
		n_found++;
	}
	assert_int_equal(n_found, n);
	assert_int_equal(bp_fdb_n(fdb), n);
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		assert_int_equal(bp_fdb_n_of_port(fdb, i), n_of_port[i]);
}

static void start(pthread_t threads[N_THREADS], void *(*run)(void *), struct sharing *s)
{
	for (unsigned i = 0; i < N_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run, s), 0);
}

static void join(pthread_t threads[N_THREADS])
{
	for (unsigned i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void an_address_that_three_workers_learn_at_once_is_there_once(void **state)
{
	struct sharing s = { 0 };
	pthread_t threads[N_THREADS];

	(void)state;
	assert_int_equal(bp_fdb_create(2 * N_KEYS, 0, &s.fdb), 0);
	pthread_barrier_init(&s.barrier, NULL, N_THREADS + 1);
	start(threads, learn_all, &s);
	for (uint32_t round = 0; round < N_ROUNDS; round++) {
		pthread_barrier_wait(&s.barrier);
		pthread_barrier_wait(&s.barrier);
		expect_consistent(s.fdb, N_KEYS);
		assert_int_equal(bp_fdb_flush(s.fdb, UINT64_MAX), N_KEYS);
		expect_consistent(s.fdb, 0);
		pthread_barrier_wait(&s.barrier);
	}
	join(threads);
	pthread_barrier_destroy(&s.barrier);
	bp_fdb_destroy(s.fdb);
}

/* Learn, move, look, until the control thread has swept often enough. A full table, so that slots change hands. */
static void *churn(void *arg)
{
	struct sharing *s = arg;
	const unsigned id = atomic_fetch_add(&s->next_id, 1);
	uint64_t x = id + 1;
	uint32_t round = 0;

	while (!atomic_load_explicit(&s->is_over, memory_order_relaxed)) {
		for (unsigned i = 0; i < 1000; i++) {
			x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
			/* Every address has two ports at most: no lookup finds a third. */
			const uint32_t k = (uint32_t)(x >> 33) % N_KEYS;
			const unsigned port = 2 * (k % 16) + (x >> 60 & 1);
			int found;

			learn(s->fdb, nth_key(k, false), port, round / 4);
			found = port_of(s->fdb, nth_key(k, false));
			if (found >= 0 && found / 2 != (int)(k % 16))
				abort();
		}
		round++;
	}
	return NULL;
}

static void sweeps_beside_three_workers_lose_no_count(void **state)
{
	struct sharing s = { 0 };
	pthread_t threads[N_THREADS];

	(void)state;
	assert_int_equal(bp_fdb_create(N_KEYS / 2, N_KEYS / 20, &s.fdb), 0);
	start(threads, churn, &s);
	for (uint32_t sweep = 0; sweep < 3000; sweep++) {
		bp_fdb_flush(s.fdb, UINT64_C(1) << sweep % 32);
		bp_fdb_age(s.fdb, sweep, s.fdb->mask / 2, sweep, 1);
		assert_in_range(bp_fdb_n(s.fdb), 0, N_KEYS / 2);
	}
	atomic_store_explicit(&s.is_over, true, memory_order_relaxed);
	join(threads);
	expect_consistent(s.fdb, bp_fdb_n(s.fdb));
	bp_fdb_flush(s.fdb, UINT64_MAX);
	expect_consistent(s.fdb, 0);
	for (uint32_t at = 0; at <= s.fdb->mask; at++)
		assert_int_equal(atomic_load(&s.fdb->buckets[at].n_passed), 0);
	bp_fdb_destroy(s.fdb);
}

/* ---- workers ---------------------------------------------------------------------------------- */

struct working {
	struct sb *b;
	uint16_t worker_id;
	uint64_t n_out, n_drops;
};

#define N_BURSTS 2000u

/* A worker of its own port: hosts behind it speak with all others. */
static void *work(void *arg)
{
	struct working *w = arg;
	struct bp_fn fn = { .state = w->b->sw, .worker_id = w->worker_id };
	struct sb_frame *f = calloc(1, sizeof(*f));
	uint64_t x = w->worker_id + 1u;

	if (!f || bp_function_switch.ops->enter(&fn))
		abort();
	fn.port_id = w->worker_id;
	for (unsigned i = 0; i < N_BURSTS; i++) {
		uint64_t out = BP_OUT_NEXT;
		uint8_t why = 0;

		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		fn.now = bp_clock_cycles();
		sb_make(f, SB_MAC(x >> 40 & 0x3ff),
			SB_MAC((x >> 50 & 0xff) | (uint64_t)fn.port_id << 8), 60);
		bp_function_switch.ops->process(&fn, &f->pkt, 1, &out, &why);
		if (out & (UINT64_C(1) << fn.port_id | BP_OUT_NEXT))
			abort();
		w->n_out += out != 0;
		w->n_drops += !out;
	}
	free(f);
	return NULL;
}

static void three_workers_share_a_switch(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ .entries = 256, .storm_pps = 1e6 });
	struct working w[N_THREADS] = { 0 };
	pthread_t threads[N_THREADS];
	uint64_t n_floods = 0, n_out = 0;

	(void)state;
	for (unsigned i = 0; i < N_THREADS; i++) {
		w[i] = (struct working){ .b = b, .worker_id = (uint16_t)i };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &w[i]), 0);
	}
	for (unsigned i = 0; i < 200; i++) {
		b->has_link = i % 3 ? UINT64_MAX : ~SB_P(2);
		sb_pass(b, 100);
		json_decref(bp_function_switch.ops->show(b->sw));
	}
	for (unsigned i = 0; i < N_THREADS; i++) {
		pthread_join(threads[i], NULL);
		n_out += w[i].n_out;
		assert_int_equal(w[i].n_out + w[i].n_drops, N_BURSTS);
	}
	for (unsigned i = 0; i < N_THREADS; i++)
		n_floods += atomic_load(&b->sw->workers[i]->counts.floods[BP_SWITCH_UNKNOWN]);
	assert_in_range(n_floods, 1, n_out);
	assert_in_range(bp_fdb_n(b->sw->fdb), 0, 256);
	sb_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capacity_is_exact),
		cmocka_unit_test(a_table_that_was_full_can_be_filled_again),
		cmocka_unit_test(an_address_ages_when_it_was_not_seen_for_longer),
		cmocka_unit_test(permanent_addresses_stay_where_they_are),
		cmocka_unit_test(permanent_addresses_take_nothing_of_the_limit),
		cmocka_unit_test(moves_keep_the_ports_counts),
		cmocka_unit_test(an_address_that_three_workers_learn_at_once_is_there_once),
		cmocka_unit_test(sweeps_beside_three_workers_lose_no_count),
		cmocka_unit_test(three_workers_share_a_switch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
