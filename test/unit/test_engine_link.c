/* What the engine does with a port whose device has no link: drops by name, by views or directly. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_bed.h"

#include "core/frames.h"

#include <errno.h>

#define N_PKTS 6400u /* whole bursts */

/* Read by the source's worker, written by the test. */
static _Atomic unsigned n_left;
static _Atomic int link_now; /* enum bp_link: of the sink */
/* Of the sink's worker. */
static _Atomic unsigned n_given, n_kicks, n_direct;

static void hold_nothing(struct bp_port *port)
{
	(void)port;
}

static unsigned source_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	return take_from_source(q, pkts, max, &n_left);
}

/* Takes whatever it is given for sent, as a device without a link does. */
static unsigned careless_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	if (!n) {
		n_kicks++;
		atomic_store(&q->n_held, 0);
		return 0;
	}
	n_given += n;
	bp_pool_put(q->worker_id, pkts, n);
	bp_count(&q->counters, BP_CNT_PKTS, n);
	return n;
}

static unsigned careless_direct(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max,
				struct bp_pkt *left, unsigned *n_left_over)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n = source_rx(rxq, pkts, max);

	(void)left;
	(void)n_left_over;
	n_direct += n;
	return n ? careless_tx(txq, pkts, n) : 0;
}

static bp_direct_fn choose_direct(struct bp_rxq *rxq, struct bp_txq *txq, bp_edit_fn edit)
{
	(void)rxq;
	(void)txq;
	(void)edit;
	return careless_direct;
}

static int start_source(struct bp_port *port)
{
	port->rxq[0].driver_burst = source_rx;
	return 0;
}

static int start_sink(struct bp_port *port)
{
	port->txq[0].driver_burst = careless_tx;
	return 0;
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

/* in → out, whose device has the link given from the start. */
static void make_bed(struct bed *b, bool has_direct, enum bp_link link)
{
	*b = (struct bed){
		.in_ops = { .start = start_source, .stop = hold_nothing },
		.out_ops = { .start = start_sink, .stop = hold_nothing, .check = check_sink },
		.conf = make_conf(1),
		.report = calloc(1, sizeof(*b->report)),
	};
	b->in_ops.direct = has_direct ? choose_direct : NULL;
	n_left = n_given = n_kicks = n_direct = 0;
	atomic_store(&link_now, link);
	add_port(b->conf, "in", "null", "", 1, 1);
	add_port(b->conf, "out", "null", "", BP_NO_PORT, 1);
	assert_int_equal(bp_engine_create(b->conf, &b->engine), 0);
	disguise(b->engine->env.ports[0], &b->in, &b->in_ops);
	disguise(b->engine->env.ports[1], &b->out, &b->out_ops);
	assert_int_equal(bp_engine_start(b->engine), 0);
}

/* Send N_PKTS more; the report then. */
static const uint64_t *send_more(struct bed *b)
{
	uint64_t n_before;

	bp_engine_report(b->engine, b->report);
	n_before = b->report->received;
	n_left = N_PKTS;
	assert_true(wait_for_received(b->engine, b->report, n_before + N_PKTS));
	assert_int_equal(bp_workers_settle(b->engine, PATIENCE_MS), -1);
	bp_engine_report(b->engine, b->report);
	return b->report->ports[1].txq[0].v;
}

static void set_link(struct bed *b, enum bp_link link)
{
	atomic_store(&link_now, link);
	bp_engine_tick(b->engine);
	/* A round that has loaded the burst of before is over. */
	assert_int_equal(bp_workers_settle(b->engine, PATIENCE_MS), -1);
}

static void end_bed(struct bed *b)
{
	bp_engine_stop(b->engine);
	bp_engine_report(b->engine, b->report);
	assert_int_equal(b->report->unaccounted, 0);
	assert_int_equal(b->report->arena_frames_free, b->report->arena_frames);
	bp_engine_destroy(b->engine);
	free(b->report);
	free(b->conf);
}

static void a_port_without_link_is_given_nothing_until_it_has_one(void **state)
{
	struct bed b;

	(void)state;
	make_bed(&b, false, BP_LINK_UP);
	assert_int_equal(send_more(&b)[BP_CNT_PKTS], N_PKTS);
	set_link(&b, BP_LINK_DOWN);
	assert_int_equal(send_more(&b)[BP_DROP_PORT_DOWN], N_PKTS);
	assert_int_equal(n_given, N_PKTS);
	assert_int_equal(b.report->ports[1].link, BP_LINK_DOWN);
	assert_int_equal(b.report->ports[1].n_losses, 0);
	set_link(&b, BP_LINK_UP);
	assert_int_equal(send_more(&b)[BP_CNT_PKTS], 2 * N_PKTS);
	assert_int_equal(b.report->ports[1].txq[0].v[BP_DROP_PORT_DOWN], N_PKTS);
	end_bed(&b);
}

/* As a file on a full disk: only trying tells that there is room again. */
static void a_port_that_must_try_is_given_packets_without_link(void **state)
{
	struct bed b;

	(void)state;
	make_bed(&b, false, BP_LINK_UP);
	b.engine->env.ports[1]->info.caps |= BP_CAP_TX_WHEN_DOWN;
	set_link(&b, BP_LINK_DOWN);
	assert_int_equal(b.engine->env.ports[1]->link, BP_LINK_DOWN);
	assert_int_equal(send_more(&b)[BP_DROP_PORT_DOWN], 0);
	assert_int_equal(n_given, N_PKTS);
	end_bed(&b);
}

static void a_port_that_starts_without_link_is_given_nothing(void **state)
{
	struct bed b;

	(void)state;
	make_bed(&b, false, BP_LINK_DOWN);
	assert_int_equal(send_more(&b)[BP_DROP_PORT_DOWN], N_PKTS);
	assert_int_equal(n_given, 0);
	end_bed(&b);
}

static void what_a_port_without_link_holds_is_still_reaped(void **state)
{
	struct bed b;

	(void)state;
	make_bed(&b, false, BP_LINK_UP);
	set_link(&b, BP_LINK_DOWN);
	atomic_store(&b.engine->env.ports[1]->txq[0].n_held, 1);
	send_more(&b);
	assert_true(n_kicks >= 1);
	assert_int_equal(n_given, 0);
	end_bed(&b);
}

static void direct_bursts_end_and_come_back_with_the_link(void **state)
{
	struct bed b;

	(void)state;
	make_bed(&b, true, BP_LINK_UP);
	b.engine->env.ports[1]->driver = b.engine->env.ports[0]->driver = &b.in;
	b.in_ops.start = start_sink;
	b.in_ops.check = check_sink; /* both ports' links go together here */
	bp_paths_bind_directs(b.engine, NULL);
	assert_int_equal(bp_workers_settle(b.engine, PATIENCE_MS), -1);
	send_more(&b);
	assert_int_equal(n_direct, N_PKTS);
	set_link(&b, BP_LINK_DOWN);
	assert_int_equal(send_more(&b)[BP_DROP_PORT_DOWN], N_PKTS);
	assert_int_equal(n_direct, N_PKTS);
	set_link(&b, BP_LINK_UP);
	send_more(&b);
	assert_int_equal(n_direct, 2 * N_PKTS);
	assert_int_equal(n_given, 2 * N_PKTS);
	end_bed(&b);
}

static void a_port_that_is_set_down_is_given_nothing_whatever_its_link(void **state)
{
	struct bed b;

	(void)state;
	make_bed(&b, true, BP_LINK_UP);
	b.engine->env.ports[1]->driver = b.engine->env.ports[0]->driver = &b.in;
	b.in_ops.start = start_sink;
	b.in_ops.check = check_sink;
	bp_paths_bind_directs(b.engine, NULL);
	send_more(&b);
	assert_int_equal(n_direct, N_PKTS);
	assert_int_equal(bp_engine_set_port(b.engine, "out", true, "me"), 0);
	assert_int_equal(send_more(&b)[BP_DROP_PORT_DOWN], N_PKTS);
	assert_string_equal(b.report->ports[1].set_down_by, "me");
	set_link(&b, BP_LINK_DOWN);
	set_link(&b, BP_LINK_UP);
	assert_int_equal(send_more(&b)[BP_DROP_PORT_DOWN], 2 * N_PKTS);
	assert_int_equal(n_given, N_PKTS);
	assert_int_equal(bp_engine_set_port(b.engine, "out", false, "me"), 0);
	assert_int_equal(send_more(&b)[BP_DROP_PORT_DOWN], 2 * N_PKTS);
	assert_int_equal(n_direct, 2 * N_PKTS);
	assert_null(b.report->ports[1].set_down_by);
	assert_int_equal(bp_engine_set_port(b.engine, "none", true, "me"), -ENOENT);
	end_bed(&b);
}

/* A reload takes the port out: nobody polls what its device has received by then. */
static void what_a_port_that_ends_has_received_is_dropped_by_name(void **state)
{
	struct bp_port *in;
	struct bed b;

	(void)state;
	make_bed(&b, false, BP_LINK_UP);
	send_more(&b);
	in = b.engine->env.ports[0];
	assert_true(bp_port_take_out(b.engine, in));
	n_left = 100;
	strcpy(b.engine->conf->ports[0].driver,
	       "af_packet"); /* one whose packets come from outside */
	bp_port_drop_received(in);
	bp_engine_report(b.engine, b.report);
	assert_int_equal(n_left, 0);
	assert_int_equal(b.report->ports[0].rxq[0].v[BP_DROP_PORT_DOWN], 100);
	assert_int_equal(b.report->received, N_PKTS + 100);
	assert_int_equal(n_given, N_PKTS);
	n_left = 100;
	strcpy(b.engine->conf->ports[0].driver,
	       "null"); /* and one that makes them: there is no end to that */
	bp_port_drop_received(in);
	assert_int_equal(n_left, 100);
	end_bed(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_without_link_is_given_nothing_until_it_has_one),
		cmocka_unit_test(a_port_that_must_try_is_given_packets_without_link),
		cmocka_unit_test(a_port_that_starts_without_link_is_given_nothing),
		cmocka_unit_test(what_a_port_without_link_holds_is_still_reaped),
		cmocka_unit_test(direct_bursts_end_and_come_back_with_the_link),
		cmocka_unit_test(a_port_that_is_set_down_is_given_nothing_whatever_its_link),
		cmocka_unit_test(what_a_port_that_ends_has_received_is_dropped_by_name),
	};

	return cmocka_run_group_tests_name("engine-link", tests, NULL, NULL);
}
