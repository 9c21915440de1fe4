/* What TX leaves over: a budget, then tx_full; full, gone, sent are told apart. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/transmit.h"

#include <string.h>

#define N_RETRIES 5u

/* A port whose queue takes so many views of each call, and never a packet of the length NEVER. */
#define NEVER 66u

static struct {
	struct bp_port port;
	struct bp_txq q;
	struct bp_pool pool;
	unsigned n_calls;
	unsigned room; /* views that a call takes */
	unsigned n_seen; /* packets taken, in order: their tokens */
	uint64_t seen[BP_BURST_MAX];
	unsigned n_put;
	uint64_t put[BP_BURST_MAX]; /* tokens of views that came back to the pool */
} bed;

static void put(struct bp_pool *pool, unsigned worker_id, const struct bp_pkt *pkts, unsigned n)
{
	(void)pool;
	(void)worker_id;
	for (unsigned i = 0; i < n; i++)
		bed.put[bed.n_put++] = pkts[i].token;
}

/* Stops at a packet that it never takes, as some PMDs do. */
static unsigned take(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	unsigned k = 0;

	bed.n_calls++;
	while (k < n && k < bed.room && pkts[k].len != NEVER) {
		bed.seen[bed.n_seen++] = pkts[k].token;
		k++;
	}
	bp_count(&q->counters, BP_CNT_PKTS, k);
	return k;
}

static void begin(uint32_t caps)
{
	memset(&bed, 0, sizeof(bed));
	bed.port.info.caps = caps;
	bed.q.port = &bed.port;
	bed.pool.put = put;
	atomic_store(&bed.q.burst, take);
}

static void make(struct bp_pkt *pkts, unsigned n, const uint32_t *lens)
{
	for (unsigned i = 0; i < n; i++)
		pkts[i] = (struct bp_pkt){ .token = i,
					   .pool = &bed.pool,
					   .len = lens ? lens[i] : 60 };
}

static uint64_t n_full(void)
{
	return bp_counter(&bed.q.counters, BP_DROP_TX_FULL);
}

static void a_full_queue_is_tried_within_the_budget_then_dropped(void **state)
{
	struct bp_pkt pkts[8];

	(void)state;
	begin(0);
	make(pkts, 8, NULL);
	assert_int_equal(bp_tx_all(&bed.q, pkts, 8, N_RETRIES), 0);
	assert_int_equal(bed.n_calls, 1 + N_RETRIES);
	assert_int_equal(n_full(), 8);
	assert_int_equal(bed.n_put, 8);
}

static void a_stuck_queue_has_no_budget_until_it_took_a_whole_burst(void **state)
{
	struct bp_pkt pkts[8];

	(void)state;
	begin(0);
	make(pkts, 8, NULL);
	bp_tx_all(&bed.q, pkts, 8, N_RETRIES);
	for (unsigned round = 0; round < 3; round++) {
		bed.n_calls = bed.n_put = 0;
		make(pkts, 8, NULL);
		assert_int_equal(bp_tx_all(&bed.q, pkts, 8, N_RETRIES), 0);
		assert_int_equal(bed.n_calls, 1);
	}
	/* It takes some: still full, still without a budget. */
	bed.n_calls = bed.n_put = 0;
	bed.room = 3;
	make(pkts, 8, NULL);
	assert_int_equal(bp_tx_all(&bed.q, pkts, 8, N_RETRIES), 3);
	assert_int_equal(bed.n_calls, 1);
	assert_int_equal(bed.n_put, 5);
	bed.room = 8;
	make(pkts, 8, NULL);
	assert_int_equal(bp_tx_all(&bed.q, pkts, 8, N_RETRIES), 8);
	bed.n_calls = bed.n_put = bed.room = 0;
	make(pkts, 8, NULL);
	bp_tx_all(&bed.q, pkts, 8, N_RETRIES);
	assert_int_equal(bed.n_calls, 1 + N_RETRIES);
}

static void a_queue_that_makes_room_in_time_loses_nothing(void **state)
{
	struct bp_pkt pkts[8];

	(void)state;
	begin(0);
	bed.room = 2;
	make(pkts, 8, NULL);
	assert_int_equal(bp_tx_all(&bed.q, pkts, 8, N_RETRIES), 8);
	assert_int_equal(bed.n_calls, 4);
	assert_int_equal(n_full(), 0);
	assert_false(bed.q.is_stuck);
}

/* ---- ports that cannot tell -------------------------------------------------------------------- */

static void only_what_an_unsure_port_never_takes_is_given_up(void **state)
{
	static const uint32_t lens[8] = { 60, NEVER, 61, 62, NEVER, NEVER, 63, 64 };
	static const uint64_t taken[5] = { 0, 2, 3, 6, 7 };
	struct bp_pkt pkts[8];

	(void)state;
	begin(BP_CAP_TX_UNSURE);
	bed.room = 8;
	make(pkts, 8, lens);
	assert_int_equal(bp_tx_all(&bed.q, pkts, 8, N_RETRIES), 5);
	assert_int_equal(bed.n_seen, 5);
	assert_memory_equal(bed.seen, taken, sizeof(taken));
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(pkts[i].token, taken[i]);
	assert_int_equal(bed.n_put, 3);
	assert_int_equal(n_full(), 3);
	assert_false(bed.q.is_stuck);
}

static void a_port_that_can_tell_is_believed(void **state)
{
	static const uint32_t lens[3] = { 60, NEVER, 61 };
	struct bp_pkt pkts[3];

	(void)state;
	begin(0);
	bed.room = 8;
	make(pkts, 3, lens);
	assert_int_equal(bp_tx_all(&bed.q, pkts, 3, N_RETRIES), 1);
	assert_int_equal(n_full(), 2);
}

static void an_unsure_port_that_is_full_costs_a_few_calls_more(void **state)
{
	struct bp_pkt pkts[32];

	(void)state;
	begin(BP_CAP_TX_UNSURE);
	make(pkts, 32, NULL);
	assert_int_equal(bp_tx_all(&bed.q, pkts, 32, N_RETRIES), 0);
	assert_in_range(bed.n_calls, 2 + N_RETRIES, 5 + N_RETRIES);
	assert_int_equal(n_full(), 32);
	bed.n_calls = bed.n_put = 0;
	make(pkts, 32, NULL);
	assert_int_equal(bp_tx_all(&bed.q, pkts, 32, N_RETRIES), 0);
	assert_int_equal(bed.n_calls, 2);
	assert_int_equal(bed.n_put, 32);
}

/* Packets of two views are given up whole. */
static void what_is_given_up_is_a_whole_packet(void **state)
{
	static const uint32_t lens[5] = { NEVER, 60, 60, 61, 62 };
	struct bp_pkt pkts[5];

	(void)state;
	begin(BP_CAP_TX_UNSURE);
	bed.room = 8;
	make(pkts, 5, lens);
	pkts[0].flags = pkts[2].flags = BP_PKT_MORE;
	assert_int_equal(bp_tx_all(&bed.q, pkts, 5, 0), 3);
	assert_int_equal(n_full(), 1);
	assert_int_equal(bed.n_put, 2);
	assert_int_equal(bed.put[0] + bed.put[1], 1);
}

/* ---- one packet a call ------------------------------------------------------------------------- */

static int errs[8];

static enum bp_tx_outcome send_one(struct bp_txq *q, struct bp_pkt *pkts, unsigned n_views,
				   uint64_t n_bytes)
{
	(void)n_views;
	(void)n_bytes;
	return bp_tx_judge(q, errs[pkts->token]);
}

static unsigned send_each(const int *with, unsigned n)
{
	struct bp_pkt pkts[8];

	memcpy(errs, with, n * sizeof(*errs));
	bed.n_put = 0;
	make(pkts, n, NULL);
	return bp_tx_each(&bed.q, pkts, n, send_one);
}

static void a_dropped_packet_takes_none_of_those_behind_it(void **state)
{
	static const int some_gone[6] = { 0, ENOBUFS, 0, ENOMEM, EMSGSIZE, 0 };

	(void)state;
	begin(0);
	assert_int_equal(send_each(some_gone, 6), 6);
	assert_int_equal(bed.n_put, 6);
	assert_int_equal(bp_counter(&bed.q.counters, BP_CNT_PKTS), 3);
	assert_int_equal(bp_counter(&bed.q.counters, BP_CNT_BYTES), 180);
	assert_int_equal(bp_counter(&bed.q.counters, BP_DROP_TX_KERNEL), 2);
	assert_int_equal(bp_counter(&bed.q.counters, BP_DROP_TX_TOO_LONG), 1);
}

static void only_a_full_queue_leaves_a_tail(void **state)
{
	static const int full[6] = { 0, ENOBUFS, EAGAIN, 0, 0, 0 };

	(void)state;
	begin(0);
	assert_int_equal(send_each(full, 6), 2);
	assert_int_equal(bed.n_put, 2);
	assert_int_equal(bp_counters_drops(&bed.q.counters), 1);
}

static void a_burst_ends_behind_its_first_drop_where_that_is_asked_for(void **state)
{
	static const int some_gone[6] = { 0, 0, ENOBUFS, 0, ENOBUFS, 0 };

	(void)state;
	begin(0);
	bed.q.ends_at_drop = true;
	assert_int_equal(send_each(some_gone, 6), 3);
	assert_int_equal(bp_counters_dropped(&bed.q.counters), 1);
	assert_int_equal(bp_counter(&bed.q.counters, BP_CNT_PKTS), 2);
}

static void a_loss_after_the_count_is_no_second_packet(void **state)
{
	(void)state;
	begin(0);
	bp_count(&bed.q.counters, BP_CNT_PKTS, 10);
	bp_count_lost_after(&bed.q.counters, BP_DROP_TX_KERNEL, 3);
	bp_count(&bed.q.counters, BP_DROP_RUNT, 1);
	assert_int_equal(bp_counters_drops(&bed.q.counters), 4);
	assert_int_equal(bp_counters_dropped(&bed.q.counters), 1);
}

static void every_errno_has_one_meaning(void **state)
{
	(void)state;
	assert_true(bp_tx_errno_is_full(EAGAIN) && bp_tx_errno_is_full(EINTR));
	assert_false(bp_tx_errno_is_full(ENOBUFS) || bp_tx_errno_is_full(ENOMEM));
	assert_int_equal(bp_tx_errno_reason(ENOBUFS), BP_DROP_TX_KERNEL);
	assert_int_equal(bp_tx_errno_reason(ENOMEM), BP_DROP_TX_KERNEL);
	assert_int_equal(bp_tx_errno_reason(ENETDOWN), BP_DROP_PORT_DOWN);
	assert_int_equal(bp_tx_errno_reason(ENXIO), BP_DROP_PORT_DOWN);
	assert_int_equal(bp_tx_errno_reason(EMSGSIZE), BP_DROP_TX_TOO_LONG);
	assert_int_equal(bp_tx_errno_reason(EINVAL), BP_DROP_TX_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_queue_is_tried_within_the_budget_then_dropped),
		cmocka_unit_test(a_stuck_queue_has_no_budget_until_it_took_a_whole_burst),
		cmocka_unit_test(a_queue_that_makes_room_in_time_loses_nothing),
		cmocka_unit_test(only_what_an_unsure_port_never_takes_is_given_up),
		cmocka_unit_test(a_port_that_can_tell_is_believed),
		cmocka_unit_test(an_unsure_port_that_is_full_costs_a_few_calls_more),
		cmocka_unit_test(what_is_given_up_is_a_whole_packet),
		cmocka_unit_test(a_dropped_packet_takes_none_of_those_behind_it),
		cmocka_unit_test(only_a_full_queue_leaves_a_tail),
		cmocka_unit_test(a_burst_ends_behind_its_first_drop_where_that_is_asked_for),
		cmocka_unit_test(a_loss_after_the_count_is_no_second_packet),
		cmocka_unit_test(every_errno_has_one_meaning),
	};

	return cmocka_run_group_tests_name("transmit", tests, NULL, NULL);
}
