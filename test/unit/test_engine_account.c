/* What the engine charges to a path: the histogram of copies, by views and by direct bursts. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_bed.h"

#include "bypath/ledger.h"
#include "core/frames.h"

#define N_PKTS 6400u /* whole bursts */

static void hold_nothing(struct bp_port *port)
{
	(void)port;
}

/* ---- a packet that two paths copy, one after the other ----------------------------------------- */

static _Atomic unsigned n_left; /* for the sources below: their worker's */

static unsigned plain_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	return take_from_source(q, pkts, max, &n_left);
}

/* As a library's reader does: each packet has been copied when it comes. */
static unsigned copying_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	unsigned n = plain_rx(q, pkts, max);

	for (unsigned i = 0; i < n; i++)
		bp_ledger_note_copy(&q->counters, &pkts[i], 64);
	return n;
}

static unsigned copying_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		bp_ledger_note_copy(&q->counters, &pkts[i], 64);
	bp_pool_put(q->worker_id, pkts, n);
	bp_count(&q->counters, BP_CNT_PKTS, n);
	return n;
}

static int start_copying_source(struct bp_port *port)
{
	port->rxq[0].driver_burst = copying_rx;
	return 0;
}

static int start_copying_sink(struct bp_port *port)
{
	port->txq[0].driver_burst = copying_tx;
	return 0;
}

/* What a path's packets went through on another path is that path's. */
static void each_path_has_its_own_copies_in_its_histogram(void **state)
{
	struct bp_driver_ops in_ops = { .start = start_copying_source, .stop = hold_nothing };
	struct bp_driver_ops out_ops = { .start = start_copying_sink, .stop = hold_nothing };
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_conf *c = make_conf(1);
	struct bp_driver in, out;
	struct bp_engine *e;

	(void)state;
	n_left = N_PKTS;
	add_port(c, "in", "null", "", 1, 1);
	add_port(c, "r0", "ring", "wire", BP_NO_PORT, 1);
	add_port(c, "r1", "ring", "wire", 3, 1);
	add_port(c, "out", "null", "", BP_NO_PORT, 1);
	assert_int_equal(bp_engine_create(c, &e), 0);
	disguise(e->env.ports[0], &in, &in_ops);
	disguise(e->env.ports[3], &out, &out_ops);
	run_until(e, r, 2 * N_PKTS);
	assert_int_equal(r->n_paths, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(r->paths[i].n_copies, N_PKTS);
		assert_int_equal(r->paths[i].hist_copies[1], N_PKTS);
	}
	bp_engine_destroy(e);
	free(r);
	free(c);
}

/* ---- a port that takes some, drops some, leaves some -------------------------------------------- */

/* Of each burst half is copied and sent, a quarter dropped under a name, a quarter left. */
static unsigned choosy_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	for (unsigned i = 0; i < n / 2; i++)
		bp_ledger_note_copy(&q->counters, &pkts[i], 64);
	bp_count(&q->counters, BP_CNT_PKTS, n / 2);
	bp_count(&q->counters, BP_DROP_PORT_DOWN, n / 4);
	bp_pool_put(q->worker_id, pkts, n / 2 + n / 4);
	return n / 2 + n / 4;
}

static unsigned choosy_direct(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max,
			      struct bp_pkt *left, unsigned *n_left_over)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n = plain_rx(rxq, pkts, max), k = choosy_tx(txq, pkts, n);

	*n_left_over = n - k;
	memcpy(left, pkts + k, (n - k) * sizeof(*pkts));
	return n;
}

static int start_plain_source(struct bp_port *port)
{
	port->rxq[0].driver_burst = plain_rx;
	return 0;
}

static int start_choosy_sink(struct bp_port *port)
{
	port->txq[0].driver_burst = choosy_tx;
	return 0;
}

static struct bp_worker *worker; /* of the run below */

/* N_PKTS from a source to a sink, by this direct burst (NULL: by views). The final report. */
static struct bp_report *run_choosy(bp_direct_fn direct)
{
	struct bp_driver_ops in_ops = { .start = start_plain_source, .stop = hold_nothing };
	struct bp_driver_ops out_ops = { .start = start_choosy_sink, .stop = hold_nothing };
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_conf *c = make_conf(1);
	struct bp_driver in, out;
	struct bp_engine *e;

	n_left = N_PKTS;
	c->engine.tx_retries = 0;
	add_port(c, "in", "null", "", 1, 1);
	add_port(c, "out", "null", "", BP_NO_PORT, 1);
	assert_int_equal(bp_engine_create(c, &e), 0);
	disguise(e->env.ports[0], &in, &in_ops);
	disguise(e->env.ports[1], &out, &out_ops);
	worker = &e->workers[0];
	atomic_store(&worker->paths[0].direct, direct);
	run_until(e, r, N_PKTS);
	/* Several direct ones in a round are not one. */
	assert_int_equal(r->paths[0].n_bursts, N_PKTS / BP_BURST_MAX);
	assert_int_equal(r->unaccounted, 0);
	bp_engine_destroy(e);
	free(c);
	return r;
}

static void check_choosy(bp_direct_fn direct)
{
	struct bp_report *r = run_choosy(direct);

	assert_int_equal(r->ports[1].txq[0].v[BP_DROP_TX_FULL], N_PKTS / 4);
	assert_int_equal(r->ports[1].txq[0].v[BP_DROP_PORT_DOWN], N_PKTS / 4);
	assert_int_equal(r->paths[0].hist_copies[0], N_PKTS / 4);
	assert_int_equal(r->paths[0].hist_copies[1], N_PKTS / 2);
	free(r);
}

/* 'Packets out' are those that the out-port took, whatever became of them: both ways the same. */
static void direct_bursts_count_the_same_packets_out_as_views(void **state)
{
	(void)state;
	check_choosy(NULL);
	check_choosy(choosy_direct);
}

/* ---- direct bursts in a round ------------------------------------------------------------------- */

/* The worker's until it has ended. */
static uint64_t last_loop;
static unsigned n_in_loop, most_in_loop;

static void note_loop(void)
{
	uint64_t loop = atomic_load(&worker->n_loops);

	n_in_loop = loop == last_loop ? n_in_loop + 1 : 1;
	last_loop = loop;
	if (n_in_loop > most_in_loop)
		most_in_loop = n_in_loop;
}

/* Sends all. */
static unsigned plain_direct(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max,
			     struct bp_pkt *left, unsigned *n_left_over)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n = plain_rx(rxq, pkts, max);

	(void)left;
	(void)n_left_over;
	note_loop();
	bp_count(&txq->counters, BP_CNT_PKTS, n);
	bp_pool_put(txq->worker_id, pkts, n);
	return n;
}

static unsigned calling_direct(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max,
			       struct bp_pkt *left, unsigned *n_left_over)
{
	bp_count(&txq->counters, BP_CNT_CALLS, 1);
	return plain_direct(rxq, txq, max, left, n_left_over);
}

static unsigned leaving_direct(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max,
			       struct bp_pkt *left, unsigned *n_left_over)
{
	note_loop();
	return choosy_direct(rxq, txq, max, left, n_left_over);
}

static unsigned find_most_in_loop(bp_direct_fn direct)
{
	most_in_loop = 0;
	free(run_choosy(direct));
	return most_in_loop;
}

static void full_direct_bursts_go_on_a_few_times_but_not_after_a_system_call(void **state)
{
	(void)state;
	assert_int_equal(find_most_in_loop(plain_direct), 4);
	assert_int_equal(find_most_in_loop(calling_direct), 1);
}

static void no_direct_burst_follows_one_that_tx_refused(void **state)
{
	(void)state;
	assert_int_equal(find_most_in_loop(leaving_direct), 1);
}

/* ---- what RX is asked for behind a direct burst that took nothing -------------------------------- */

static unsigned first_views, most_asked; /* the worker's */

static unsigned declining_direct(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max,
				 struct bp_pkt *left, unsigned *n_left_over)
{
	(void)rxq;
	(void)txq;
	(void)max;
	(void)left;
	*n_left_over = first_views;
	return BP_DIRECT_BY_VIEWS;
}

static unsigned asked_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	most_asked = max > most_asked ? max : most_asked;
	return plain_rx(q, pkts, max);
}

static int start_asked_source(struct bp_port *port)
{
	port->rxq[0].driver_burst = asked_rx;
	return 0;
}

/* With [engine] burst = 4, and a first packet of so many views. */
static unsigned find_most_asked(unsigned n_views)
{
	struct bp_driver_ops in_ops = { .start = start_asked_source, .stop = hold_nothing };
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_conf *c = make_conf(1);
	struct bp_driver in;
	struct bp_engine *e;

	n_left = N_PKTS;
	first_views = n_views;
	most_asked = 0;
	c->engine.burst = 4;
	add_port(c, "in", "null", "", 1, 1);
	add_port(c, "out", "null", "", BP_NO_PORT, 1);
	assert_int_equal(bp_engine_create(c, &e), 0);
	disguise(e->env.ports[0], &in, &in_ops);
	atomic_store(&e->workers[0].paths[0].direct, declining_direct);
	run_until(e, r, N_PKTS);
	assert_int_equal(r->unaccounted, 0);
	bp_engine_destroy(e);
	free(r);
	free(c);
	return most_asked;
}

/* The configured burst, unless one packet has more views. */
static void burst_bounds_what_goes_by_views_too(void **state)
{
	(void)state;
	assert_int_equal(find_most_asked(0), 4);
	assert_int_equal(find_most_asked(33), 33);
}

/* ---- a port that takes nothing ------------------------------------------------------------------ */

static unsigned n_tries; /* its worker's */

static unsigned full_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	(void)q;
	(void)pkts;
	n_tries += n != 0;
	return 0;
}

static int start_full_sink(struct bp_port *port)
{
	port->txq[0].driver_burst = full_tx;
	return 0;
}

/* The budget is spent once, not in each round: a stuck port never stalls the worker's others. */
static void a_stuck_port_costs_one_call_a_burst(void **state)
{
	struct bp_driver_ops in_ops = { .start = start_plain_source, .stop = hold_nothing };
	struct bp_driver_ops out_ops = { .start = start_full_sink, .stop = hold_nothing };
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_conf *c = make_conf(1);
	struct bp_driver in, out;
	struct bp_engine *e;

	(void)state;
	n_left = N_PKTS;
	n_tries = 0;
	add_port(c, "in", "null", "", 1, 1);
	add_port(c, "out", "null", "", BP_NO_PORT, 1);
	assert_int_equal(bp_engine_create(c, &e), 0);
	disguise(e->env.ports[0], &in, &in_ops);
	disguise(e->env.ports[1], &out, &out_ops);
	run_until(e, r, N_PKTS);
	assert_int_equal(r->ports[1].txq[0].v[BP_DROP_TX_FULL], N_PKTS);
	assert_int_equal(n_tries, N_PKTS / BP_BURST_MAX + c->engine.tx_retries);
	assert_int_equal(r->unaccounted, 0);
	bp_engine_destroy(e);
	free(r);
	free(c);
}

/* ---- bursts by their packets ------------------------------------------------------------------------ */

static const unsigned sizes[] = { 1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 64 };
#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))
static _Atomic unsigned next_size;

/* Packets of two views each, where a burst has room for them. */
static unsigned sized_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	unsigned n_pkts = next_size < N_SIZES ? sizes[next_size++] : 0;
	unsigned n_views = 2 * n_pkts <= max ? 2 : 1, n = n_pkts * n_views;

	if (!n)
		return 0;
	assert_int_equal(bp_frames_get(q->port->env->frames, q->worker_id, pkts, n), n);
	for (unsigned i = 0; i < n; i++) {
		pkts[i].len = 64;
		pkts[i].flags = n_views == 2 && i % 2 == 0 ? BP_PKT_MORE : 0;
	}
	bp_count(&q->counters, BP_CNT_PKTS, n_pkts);
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return n;
}

static unsigned taking_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	if (n)
		bp_count(&q->counters, BP_CNT_PKTS, bp_pkt_count(pkts, n));
	bp_pool_put(q->worker_id, pkts, n);
	return n;
}

static unsigned sized_direct(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max,
			     struct bp_pkt *left, unsigned *n_left_over)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n = sized_rx(rxq, pkts, max), n_pkts = bp_pkt_count(pkts, n);

	(void)left;
	(void)n_left_over;
	taking_tx(txq, pkts, n);
	return n_pkts;
}

static int start_sized_source(struct bp_port *port)
{
	port->rxq[0].driver_burst = sized_rx;
	return 0;
}

static int start_taking_sink(struct bp_port *port)
{
	port->txq[0].driver_burst = taking_tx;
	return 0;
}

static void check_bursts(bp_direct_fn direct)
{
	static const uint64_t expected[BP_BURST_CLASSES] = { 1, 1, 2, 2, 2, 2, 2 };
	struct bp_driver_ops in_ops = { .start = start_sized_source, .stop = hold_nothing };
	struct bp_driver_ops out_ops = { .start = start_taking_sink, .stop = hold_nothing };
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_conf *c = make_conf(1);
	struct bp_driver in, out;
	struct bp_engine *e;
	unsigned n_pkts = 0;

	next_size = 0;
	for (unsigned i = 0; i < N_SIZES; i++)
		n_pkts += sizes[i];
	add_port(c, "in", "null", "", 1, 1);
	add_port(c, "out", "null", "", BP_NO_PORT, 1);
	assert_int_equal(bp_engine_create(c, &e), 0);
	disguise(e->env.ports[0], &in, &in_ops);
	disguise(e->env.ports[1], &out, &out_ops);
	atomic_store(&e->workers[0].paths[0].direct, direct);
	run_until(e, r, n_pkts);
	assert_int_equal(r->unaccounted, 0);
	assert_int_equal(r->paths[0].n_bursts, N_SIZES);
	assert_memory_equal(r->paths[0].hist_bursts, expected, sizeof(expected));
	bp_engine_destroy(e);
	free(r);
	free(c);
}

static void bursts_are_counted_by_their_packets(void **state)
{
	(void)state;
	check_bursts(NULL);
	check_bursts(sized_direct);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_path_has_its_own_copies_in_its_histogram),
		cmocka_unit_test(direct_bursts_count_the_same_packets_out_as_views),
		cmocka_unit_test(a_stuck_port_costs_one_call_a_burst),
		cmocka_unit_test(full_direct_bursts_go_on_a_few_times_but_not_after_a_system_call),
		cmocka_unit_test(no_direct_burst_follows_one_that_tx_refused),
		cmocka_unit_test(burst_bounds_what_goes_by_views_too),
		cmocka_unit_test(bursts_are_counted_by_their_packets),
	};

	return cmocka_run_group_tests_name("engine-account", tests, NULL, NULL);
}
