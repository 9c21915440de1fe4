/* The engine on in-process ports: every packet accounted for, every frame home. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void add_port(struct bp_conf *c, const char *name, const char *driver, const char *device,
		     int to, uint16_t n_queues)
{
	struct bp_port_conf *p = &c->ports[c->n_ports++];

	strcpy(p->name, name);
	strcpy(p->driver, driver);
	strcpy(p->device, device);
	p->forward_to = to;
	p->n_queues = n_queues;
	p->frame_bytes = 64;
}

static struct bp_conf *make_conf(uint16_t n_workers)
{
	struct bp_conf *c = calloc(1, sizeof(*c));

	c->engine.n_workers = n_workers;
	c->engine.idle = BP_IDLE_ADAPTIVE;
	c->engine.burst = 64;
	c->engine.tx_retries = 4;
	c->memory.n_frames = 4096;
	c->memory.frame_bytes = 2048;
	c->memory.hugepages = BP_NO;
	return c;
}

static bool wait_for_received(struct bp_engine *e, struct bp_report *r, uint64_t n)
{
	for (unsigned i = 0; i < 2000; i++) {
		struct timespec ts = { .tv_nsec = 10000000 };

		bp_engine_tick(e);
		bp_engine_report(e, r);
		if (r->received >= n)
			return true;
		nanosleep(&ts, NULL);
	}
	return false;
}

/* Runs conf until n packets were received, stops, leaves the final report. */
static struct bp_report *run(struct bp_conf *conf, uint64_t n)
{
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_engine *e;

	assert_int_equal(bp_engine_create(conf, &e), 0);
	assert_int_equal(bp_engine_start(e), 0);
	assert_true(wait_for_received(e, r, n));
	bp_engine_stop(e);
	bp_engine_report(e, r);
	assert_int_equal(r->unaccounted, 0);
	assert_int_equal(r->held, 0);
	assert_int_equal(r->arena_frames_free, r->arena_frames);
	bp_engine_destroy(e);
	return r;
}

static void null_to_null_accounts_for_every_packet(void **state)
{
	struct bp_conf *c = make_conf(1);
	struct bp_report *r;

	(void)state;
	add_port(c, "a", "null", "", 1, 1);
	add_port(c, "b", "null", "", 0, 1);
	r = run(c, 100000);
	assert_int_equal(r->received, r->sent);
	assert_int_equal(r->n_paths, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(r->paths[i].hist_copies[0], r->paths[i].n_pkts);
		assert_int_equal(r->paths[i].n_bytes, r->paths[i].n_pkts * 64);
		assert_int_equal(r->paths[i].n_copies, 0);
		assert_true(r->paths[i].busy_ns > 0);
	}
	free(r);
	free(c);
}

static void two_workers_share_a_ring_wire(void **state)
{
	/* null -> ring r0 -> (wire) -> ring r1 -> null: worker 0 fills what worker 1 empties. */
	struct bp_conf *c = make_conf(2);
	struct bp_report *r;

	(void)state;
	add_port(c, "source", "null", "", 1, 1);
	add_port(c, "r0", "ring", "wire", BP_NO_PORT, 1);
	add_port(c, "r1", "ring", "wire", 3, 1);
	add_port(c, "sink", "null", "", BP_NO_PORT, 1);
	c->engine.mode = BP_ENGINE_MACSWAP;
	r = run(c, 200000);
	assert_int_equal(r->n_paths, 2);
	assert_int_not_equal(r->paths[0].worker_id, r->paths[1].worker_id);
	assert_true(r->paths[1].n_pkts > 0);
	free(r);
	free(c);
}

static void a_full_port_drops_under_tx_full_and_stalls_nobody(void **state)
{
	/* Nobody empties the ring `stuck`; the other pair goes on. */
	struct bp_conf *c = make_conf(1);
	struct bp_report *r;

	(void)state;
	add_port(c, "a", "null", "", 1, 1);
	add_port(c, "stuck", "ring", "w", BP_NO_PORT, 1);
	add_port(c, "b", "null", "", 3, 1);
	add_port(c, "sink", "null", "", BP_NO_PORT, 1);
	r = run(c, 100000);
	assert_int_equal(r->ports[1].txq[0].v[BP_CNT_PKTS], 1024);
	assert_true(r->ports[1].txq[0].v[BP_DROP_TX_FULL] > 0);
	assert_true(r->ports[3].txq[0].v[BP_CNT_PKTS] > 10000);
	free(r);
	free(c);
}

static void count_ends_a_source(void **state)
{
	struct bp_conf *c = make_conf(1);
	struct bp_report *r;

	(void)state;
	add_port(c, "a", "null", "", 1, 1);
	add_port(c, "b", "null", "", BP_NO_PORT, 1);
	c->ports[0].count = 12345;
	r = run(c, 12345);
	assert_int_equal(r->received, 12345);
	assert_int_equal(r->sent, 12345);
	free(r);
	free(c);
}

static void one_worker_polls_every_queue_of_every_port(void **state)
{
	struct bp_conf *c = make_conf(1);
	struct bp_report *r;

	(void)state;
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		add_port(c, "p", "null", "", (int)((i + 1) % BP_PORTS_MAX), BP_QUEUES_MAX);
	r = run(c, 1000000);
	assert_int_equal(r->n_paths, BP_PORTS_MAX);
	free(r);
	free(c);
}

static void too_many_workers_for_a_ring_are_refused_with_the_remedy(void **state)
{
	struct bp_conf *c = make_conf(2);
	struct bp_engine *e;

	(void)state;
	add_port(c, "a", "null", "", 1, 2);
	add_port(c, "b", "ring", "w", BP_NO_PORT, 1);
	assert_int_equal(bp_engine_create(c, &e), -EINVAL);
	free(c);
}

static void a_core_that_is_not_there_is_refused_before_anything_opens(void **state)
{
	struct bp_conf *c = make_conf(1);
	struct bp_engine *e;

	(void)state;
	add_port(c, "a", "null", "", 1, 1);
	add_port(c, "b", "null", "", BP_NO_PORT, 1);
	c->engine.n_cores = 1;
	c->engine.cores[0] = 1023;
	assert_int_equal(bp_engine_create(c, &e), -EINVAL);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_to_null_accounts_for_every_packet),
		cmocka_unit_test(two_workers_share_a_ring_wire),
		cmocka_unit_test(a_full_port_drops_under_tx_full_and_stalls_nobody),
		cmocka_unit_test(count_ends_a_source),
		cmocka_unit_test(one_worker_polls_every_queue_of_every_port),
		cmocka_unit_test(too_many_workers_for_a_ring_are_refused_with_the_remedy),
		cmocka_unit_test(a_core_that_is_not_there_is_refused_before_anything_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
