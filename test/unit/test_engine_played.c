/* A run that ends with what it plays: when it is over, and that nothing waits behind it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_bed.h"

#define N_FINITE  100u
#define N_WAITING 3000u

static void hold_nothing(struct bp_port *port)
{
	(void)port;
}

/* The worker's. */
static _Atomic unsigned n_left, n_waiting;

static unsigned finite_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	unsigned n = take_from_source(q, pkts, max, &n_left);

	if (!n_left)
		atomic_store_explicit(&q->is_over, true, memory_order_release);
	return n;
}

/* As a ring that another worker has filled: it empties with the rounds, one packet in each. */
static unsigned waiting_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	(void)max;
	return take_from_source(q, pkts, 1, &n_waiting);
}

static int start_finite(struct bp_port *port)
{
	port->info.caps |= BP_CAP_FINITE;
	port->rxq[0].driver_burst = finite_rx;
	return 0;
}

static int start_waiting(struct bp_port *port)
{
	port->info.caps &= ~(uint32_t)BP_CAP_FINITE;
	port->rxq[0].driver_burst = waiting_rx;
	return 0;
}

struct bed {
	struct bp_conf *conf;
	struct bp_engine *engine;
	struct bp_driver_ops finite_ops, waiting_ops;
	struct bp_driver finite, waiting;
	struct bp_report *report;
};

static void make_bed(struct bed *b, bool has_finite)
{
	*b = (struct bed){ .conf = make_conf(1), .report = calloc(1, sizeof(*b->report)) };
	b->finite_ops = (struct bp_driver_ops){ .start = start_finite, .stop = hold_nothing };
	b->waiting_ops = (struct bp_driver_ops){ .start = start_waiting, .stop = hold_nothing };
	n_left = N_FINITE;
	n_waiting = N_WAITING;
	add_port(b->conf, "capture", "null", "", 2, 1);
	add_port(b->conf, "ring", "null", "", 2, 1);
	add_port(b->conf, "out", "null", "", BP_NO_PORT, 1);
	assert_int_equal(bp_engine_create(b->conf, &b->engine), 0);
	disguise(b->engine->env.ports[0], &b->finite,
		 has_finite ? &b->finite_ops : &b->waiting_ops);
	disguise(b->engine->env.ports[1], &b->waiting, &b->waiting_ops);
}

static void end_bed(struct bed *b)
{
	bp_engine_stop(b->engine);
	bp_engine_report(b->engine, b->report);
	assert_int_equal(b->report->unaccounted, 0);
	bp_engine_destroy(b->engine);
	free(b->report);
	free(b->conf);
}

static void a_run_is_over_with_its_last_capture(void **state)
{
	struct bed b;

	(void)state;
	make_bed(&b, true);
	assert_false(bp_engine_is_played(b.engine));
	assert_int_equal(bp_engine_start(b.engine), 0);
	assert_true(wait_for_received(b.engine, b.report, N_FINITE + N_WAITING));
	assert_true(bp_engine_is_played(b.engine));
	end_bed(&b);
}

static void what_waits_in_rings_is_let_through(void **state)
{
	struct bed b;

	(void)state;
	make_bed(&b, true);
	assert_int_equal(bp_engine_start(b.engine), 0);
	while (!bp_engine_is_played(b.engine))
		bp_engine_tick(b.engine);
	bp_engine_settle(b.engine);
	assert_int_equal(n_waiting, 0);
	end_bed(&b);
	assert_int_equal(n_left, 0);
}

static void a_run_without_captures_is_never_over(void **state)
{
	struct bed b;

	(void)state;
	make_bed(&b, false);
	assert_int_equal(bp_engine_start(b.engine), 0);
	assert_true(wait_for_received(b.engine, b.report, N_WAITING));
	assert_false(bp_engine_is_played(b.engine));
	end_bed(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_over_with_its_last_capture),
		cmocka_unit_test(what_waits_in_rings_is_let_through),
		cmocka_unit_test(a_run_without_captures_is_never_over),
	};

	return cmocka_run_group_tests_name("engine-played", tests, NULL, NULL);
}
