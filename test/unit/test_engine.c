/* The engine on in-process ports: every packet accounted for, every frame home. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine_bed.h"

#include "bypath/log.h"
#include "core/frames.h"

#include <errno.h>

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
	set_key(&c->ports[0], "count", "12345");
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

/* ---- a port that comes back as another kind of device ----------------------------------------- */

/* Sends on a device that takes metadata at every other start only. */
static struct {
	unsigned n_starts;
	bool is_lost; /* what check() says: control thread */
	_Atomic uint64_t n_sent, n_unready; /* with metadata that this start cannot take */
} fickle;

static unsigned fickle_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if ((pkts[i].flags & BP_PKT_VNET) && !(q->port->info.caps & BP_CAP_VNET_TX))
			atomic_fetch_add(&fickle.n_unready, 1);
	atomic_fetch_add(&fickle.n_sent, n);
	if (n)
		bp_pool_put(q->worker_id, pkts, n);
	bp_count(&q->counters, BP_CNT_PKTS, n);
	return n;
}

static int fickle_start(struct bp_port *port)
{
	port->info.caps = BP_CAP_PLAIN_RX | (fickle.n_starts++ % 2 ? 0 : BP_CAP_VNET_TX);
	port->txq[0].driver_burst = fickle_tx;
	fickle.is_lost = false;
	return 0;
}

static void fickle_stop(struct bp_port *port)
{
	(void)port;
}

static enum bp_link fickle_check(struct bp_port *port)
{
	(void)port;
	return fickle.is_lost ? BP_LINK_LOST : BP_LINK_UP;
}

/* Frames of the arena with metadata before them, as af_packet and tap receive them. */
static unsigned meta_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	unsigned n = bp_frames_get(q->port->env->frames, q->worker_id, pkts, max);

	for (unsigned i = 0; i < n; i++) {
		memset(bp_pkt_vnet(&pkts[i]), 0, BP_VNET_BYTES);
		pkts[i].len = 64;
		pkts[i].flags = BP_PKT_VNET;
	}
	bp_count(&q->counters, BP_CNT_PKTS, n);
	return n;
}

static int meta_start(struct bp_port *port)
{
	port->info.caps = 0;
	port->rxq[0].driver_burst = meta_rx;
	return 0;
}

static void wait_for_sent(uint64_t n)
{
	struct timespec ts = { .tv_nsec = 100000 };

	for (unsigned i = 0; i < 100000 && atomic_load(&fickle.n_sent) < n; i++)
		nanosleep(&ts, NULL);
	assert_true(atomic_load(&fickle.n_sent) >= n);
}

static void a_returned_port_gets_only_what_it_can_take_now(void **state)
{
	struct bp_driver_ops in_ops = { .start = meta_start, .stop = fickle_stop };
	struct bp_driver_ops out_ops = { .start = fickle_start,
					 .stop = fickle_stop,
					 .check = fickle_check };
	struct bp_driver in, out;
	struct bp_conf *c = make_conf(1);
	struct bp_engine *e;

	(void)state;
	add_port(c, "in", "null", "", 1, 1);
	add_port(c, "out", "null", "", BP_NO_PORT, 1);
	assert_int_equal(bp_engine_create(c, &e), 0);
	disguise(e->env.ports[0], &in, &in_ops);
	disguise(e->env.ports[1], &out, &out_ops); /* its first start takes metadata */
	assert_int_equal(bp_engine_start(e), 0);
	bp_log_set_level(BP_LOG_ERROR);
	for (unsigned i = 0; i < 100; i++) {
		wait_for_sent(atomic_load(&fickle.n_sent) + 100);
		fickle.is_lost = true;
		bp_engine_tick(e); /* out */
		bp_engine_tick(e); /* in, as the other kind */
	}
	bp_log_set_level(BP_LOG_INFO);
	bp_engine_stop(e);
	assert_int_equal(fickle.n_starts, 101);
	assert_int_equal(atomic_load(&fickle.n_unready), 0);
	bp_engine_destroy(e);
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
		cmocka_unit_test(a_returned_port_gets_only_what_it_can_take_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
