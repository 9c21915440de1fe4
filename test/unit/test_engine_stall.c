/* A worker that stands still: nobody waits for it for ever, nothing is taken from under it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_bed.h"

#include "core/clock.h"

#include <errno.h>
#include <jansson.h>

#define N_PKTS 640u

/* Where the source's worker stands, when it is told to. */
enum where { NOWHERE, HERE, WHILE_IT_IS_TO_PAUSE };

static _Atomic unsigned n_left;
static _Atomic int where; /* enum where */
static _Atomic bool is_standing, has_gone_on;
static _Atomic int link_now; /* enum bp_link: of the sink */
static unsigned n_stops; /* of the sink */
static struct bp_worker *worker;

static bool has_to_stand(void)
{
	switch (atomic_load(&where)) {
	case HERE:
		return true;
	case WHILE_IT_IS_TO_PAUSE:
		return atomic_load(&worker->asked) == BP_ASKED_TO_PAUSE;
	default:
		return false;
	}
}

/* It is hardly anywhere else, so that it is there when it is asked. */
static void wait_to_be_asked(void)
{
	uint64_t begin_ns = bp_clock_ns();

	while (atomic_load(&where) == WHILE_IT_IS_TO_PAUSE && !atomic_load(&worker->asked) &&
	       bp_clock_ns() - begin_ns < 50000000)
		;
}

static unsigned source_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	wait_to_be_asked();
	if (has_to_stand()) {
		atomic_store(&is_standing, true);
		while (has_to_stand())
			;
		atomic_store(&is_standing, false);
		atomic_store(&has_gone_on, true);
	}
	return take_from_source(q, pkts, max, &n_left);
}

static unsigned sink_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	bp_pool_put(q->worker_id, pkts, n);
	bp_count(&q->counters, BP_CNT_PKTS, n);
	return n;
}

static int start_source(struct bp_port *port)
{
	port->rxq[0].driver_burst = source_rx;
	return 0;
}

static int start_sink(struct bp_port *port)
{
	port->txq[0].driver_burst = sink_tx;
	return 0;
}

static void hold_nothing(struct bp_port *port)
{
	(void)port;
}

static void stop_sink(struct bp_port *port)
{
	(void)port;
	n_stops++;
}

static enum bp_link check_sink(struct bp_port *port)
{
	(void)port;
	return (enum bp_link)atomic_load(&link_now);
}

struct bed {
	struct bp_driver_ops in_ops, out_ops;
	struct bp_driver in, out;
	struct bp_conf *conf;
	struct bp_engine *engine;
	struct bp_report *report;
};

static void make_bed(struct bed *b)
{
	*b = (struct bed){
		.in_ops = { .start = start_source, .stop = hold_nothing },
		.out_ops = { .start = start_sink, .stop = stop_sink, .check = check_sink },
		.conf = make_conf(1),
		.report = calloc(1, sizeof(*b->report)),
	};
	b->conf->engine.idle = BP_IDLE_BUSY;
	n_left = 0;
	atomic_store(&where, NOWHERE);
	atomic_store(&is_standing, false);
	atomic_store(&has_gone_on, false);
	atomic_store(&link_now, BP_LINK_UP);
	add_port(b->conf, "in", "null", "", 1, 1);
	add_port(b->conf, "out", "null", "", BP_NO_PORT, 1);
	assert_int_equal(bp_engine_create(b->conf, &b->engine), 0);
	worker = &b->engine->workers[0];
	disguise(b->engine->env.ports[0], &b->in, &b->in_ops);
	disguise(b->engine->env.ports[1], &b->out, &b->out_ops);
	assert_int_equal(bp_engine_start(b->engine), 0);
	n_stops = 0;
}

static void free_bed(struct bed *b)
{
	bp_engine_destroy(b->engine);
	free(b->report);
	free(b->conf);
}

static void end_bed(struct bed *b)
{
	bp_engine_stop(b->engine);
	bp_engine_report(b->engine, b->report);
	assert_false(bp_engine_lacks_workers(b->engine));
	assert_int_equal(b->report->unaccounted, 0);
	assert_int_equal(b->report->arena_frames_free, b->report->arena_frames);
	free_bed(b);
}

static void stand(void)
{
	atomic_store(&where, HERE);
	while (!atomic_load(&is_standing))
		;
}

static void go_on(void)
{
	atomic_store(&where, NOWHERE);
}

/* Packets move from one port to the other. */
static void expect_moving(struct bed *b)
{
	uint64_t n_before;

	bp_engine_report(b->engine, b->report);
	n_before = b->report->sent;
	n_left = N_PKTS;
	for (unsigned i = 0; i < 1000 && b->report->sent < n_before + N_PKTS; i++) {
		struct timespec nap = { .tv_nsec = 10000000 };

		nanosleep(&nap, NULL);
		bp_engine_report(b->engine, b->report);
	}
	assert_int_equal(b->report->sent, n_before + N_PKTS);
}

/* Tick until the sink is in the workers' hands, or is not. */
static void tick_until(struct bed *b, bool is_published)
{
	const struct bp_port *out = b->engine->env.ports[1];

	for (unsigned i = 0; i < 1000 && out->is_published != is_published; i++) {
		struct timespec nap = { .tv_nsec = 10000000 };

		nanosleep(&nap, NULL);
		bp_engine_tick(b->engine);
	}
	assert_int_equal(out->is_published, is_published);
}

static void a_port_that_is_lost_stops_when_its_worker_goes_on(void **state)
{
	const struct bp_port *out;
	struct bed b;

	(void)state;
	make_bed(&b);
	out = b.engine->env.ports[1];
	stand();
	atomic_store(&link_now, BP_LINK_LOST);
	bp_engine_tick(b.engine);
	assert_false(out->is_published);
	assert_true(out->is_started);
	/* Nor does anybody else give its bursts back meanwhile. */
	assert_int_equal(bp_engine_set_port(b.engine, "out", true, "test"), 0);
	assert_int_equal(bp_engine_set_port(b.engine, "out", false, "test"), 0);
	bp_engine_tick(b.engine);
	assert_ptr_equal(out->txq[0].burst, bp_tx_down);
	assert_int_equal(n_stops, 0);
	atomic_store(&link_now, BP_LINK_UP);
	bp_engine_tick(b.engine);
	assert_int_equal(n_stops, 0);
	go_on();
	tick_until(&b, true);
	assert_int_equal(n_stops, 1);
	expect_moving(&b);
	assert_int_equal(b.report->ports[1].n_losses, 1);
	end_bed(&b);
}

static void a_port_that_is_back_is_used_when_its_worker_goes_on(void **state)
{
	const struct bp_port *out;
	struct bed b;

	(void)state;
	make_bed(&b);
	out = b.engine->env.ports[1];
	atomic_store(&link_now, BP_LINK_LOST);
	bp_engine_tick(b.engine);
	atomic_store(&link_now, BP_LINK_UP);
	stand();
	tick_until(&b, false);
	for (unsigned i = 0; i < 3; i++)
		bp_engine_tick(b.engine);
	assert_true(out->is_started);
	assert_false(out->is_published);
	go_on();
	tick_until(&b, true);
	expect_moving(&b);
	end_bed(&b);
}

static int reload(struct bed *b, unsigned tx_retries)
{
	struct bp_conf *conf = malloc(sizeof(*conf));
	json_t *document = NULL;
	int err;

	*conf = *b->conf;
	conf->engine.tx_retries = (uint16_t)tx_retries;
	err = bp_engine_reload(b->engine, conf, false, &document);
	assert_non_null(document);
	json_decref(document);
	free(conf);
	return err;
}

static void a_reload_is_refused_where_a_worker_does_not_pause(void **state)
{
	struct bed b;

	(void)state;
	make_bed(&b);
	expect_moving(&b);
	atomic_store(&where, WHILE_IT_IS_TO_PAUSE);
	assert_int_equal(reload(&b, 7), -ETIMEDOUT);
	while (!atomic_load(&has_gone_on))
		;
	assert_int_equal(bp_engine_conf(b.engine)->engine.tx_retries, b.conf->engine.tx_retries);
	atomic_store(&where, NOWHERE);
	expect_moving(&b);
	assert_int_equal(reload(&b, 7), 0);
	assert_int_equal(bp_engine_conf(b.engine)->engine.tx_retries, 7);
	expect_moving(&b);
	end_bed(&b);
}

static void a_pause_is_taken_back_until_it_is_answered(void **state)
{
	struct bed b;

	(void)state;
	make_bed(&b);
	stand();
	bp_worker_ask_to_pause(worker);
	assert_false(bp_worker_join(worker, 20));
	assert_true(bp_worker_take_back(worker));
	go_on();
	expect_moving(&b);
	bp_worker_ask_to_pause(worker);
	assert_true(bp_worker_join(worker, PATIENCE_MS));
	assert_false(bp_worker_take_back(worker));
	assert_int_equal(bp_worker_start(worker), 0);
	expect_moving(&b);
	end_bed(&b);
}

/* The engine's memory is gone when the worker could go on: it does not. */
static void an_end_goes_on_without_it(void **state)
{
	struct timespec nap = { .tv_nsec = 50000000 };
	struct bed b;

	(void)state;
	make_bed(&b);
	b.engine->end_limit_ms = 100;
	stand();
	bp_engine_stop(b.engine);
	assert_int_equal(n_stops, 1);
	assert_true(bp_engine_lacks_workers(b.engine));
	assert_true(bp_engine_has_failed(b.engine));
	bp_engine_report(b.engine, b.report);
	free_bed(&b);
	atomic_store(&where, NOWHERE);
	nanosleep(&nap, NULL);
	assert_false(atomic_load(&has_gone_on));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_that_is_lost_stops_when_its_worker_goes_on),
		cmocka_unit_test(a_port_that_is_back_is_used_when_its_worker_goes_on),
		cmocka_unit_test(a_reload_is_refused_where_a_worker_does_not_pause),
		cmocka_unit_test(a_pause_is_taken_back_until_it_is_answered),
		cmocka_unit_test(an_end_goes_on_without_it), /* the last: its thread stays */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
