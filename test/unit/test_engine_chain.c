/* Chains: what a function decides of a packet is what happens to it, and is accounted for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_bed.h"

#include "bypath/function.h"

#include "engine/chain.h"
#include "engine/replica.h"

#define N_PKTS    6400u
#define SINKS_MAX 4u
#define VIEW      64u /* bytes of a view */

/* ---- a source whose packets say what is to become of them --------------------------------------- */

/* The first bytes of each packet. */
struct mark {
	uint32_t number;
	uint8_t ports; /* bits of sinks */
	uint8_t goes_on, reason;
};

static _Atomic unsigned n_left;
static unsigned n_views; /* of each packet */
static bool has_meta;
static uint32_t n_made;
static struct mark (*make_mark)(uint32_t number);

static unsigned marked_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	unsigned n = 0, n_pkts = 0;

	while (n + n_views <= max && n_left) {
		struct mark mark = make_mark(n_made);

		if (bp_frames_get(q->port->env->frames, q->worker_id, &pkts[n], n_views) < n_views)
			abort();
		n_made++;
		n_left--;
		n_pkts++;
		for (unsigned v = 0; v < n_views; v++) {
			pkts[n + v].len = VIEW;
			memset(pkts[n + v].data, (int)(mark.number + v), VIEW);
			pkts[n + v].flags = v + 1 < n_views ? BP_PKT_MORE : 0;
		}
		memcpy(pkts[n].data, &mark, sizeof(mark));
		if (has_meta) {
			struct bp_vnet_hdr meta = { .flags = BP_VNET_F_NEEDS_CSUM,
						    .csum_start = 34,
						    .csum_offset = 16 };

			memcpy(pkts[n].data - BP_VNET_BYTES, &meta, sizeof(meta));
			pkts[n].flags |= BP_PKT_VNET;
			pkts[n].headroom = (uint16_t)(pkts[n].headroom - BP_VNET_BYTES);
		}
		n += n_views;
	}
	if (n) {
		bp_count(&q->counters, BP_CNT_PKTS, n_pkts);
		bp_count(&q->counters, BP_CNT_BYTES, (uint64_t)n * VIEW);
		bp_count(&q->counters, BP_CNT_BURSTS, 1);
	}
	return n;
}

static int start_source(struct bp_port *port)
{
	port->rxq[0].driver_burst = marked_rx;
	port->info.caps = BP_CAP_MULTI_TX;
	return 0;
}

static void hold_nothing(struct bp_port *port)
{
	(void)port;
}

/* ---- sinks that look at what comes ---------------------------------------------------------------- */

static struct sink {
	uint32_t n, next; /* packets; least number that may come now */
	uint64_t n_meta, n_copied, sum;
} sinks[SINKS_MAX + 1];

static unsigned looking_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct sink *s = &sinks[q->port->port_id];
	unsigned n_pkts = 0;

	for (unsigned i = 0, v; i < n; i += v) {
		uint64_t n_bytes;
		struct mark mark;

		v = bp_pkt_n_views(&pkts[i], n - i);
		n_bytes = bp_pkt_bytes(&pkts[i], v);
		memcpy(&mark, pkts[i].data, sizeof(mark));
		assert_true(mark.number >= s->next);
		s->next = mark.number + 1;
		assert_int_equal(n_bytes, n_views * VIEW);
		/* The last byte: of the last view that the source made. */
		assert_int_equal(pkts[i + v - 1].data[pkts[i + v - 1].len - 1],
				 (uint8_t)(mark.number + n_views - 1));
		if (pkts[i].flags & BP_PKT_VNET)
			s->n_meta += bp_pkt_vnet(&pkts[i])->csum_start == 34;
		s->n_copied += pkts[i].copies;
		s->n++;
		n_pkts++;
	}
	bp_pool_put(q->worker_id, pkts, n);
	if (n_pkts)
		bp_count(&q->counters, BP_CNT_PKTS, n_pkts);
	return n;
}

/* Port 1 takes nothing while packets of these numbers come. */
static uint32_t full_from, full_to;
static uint64_t n_full_seen; /* packets that were handed to it then */

static unsigned full_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	if (q->port->port_id == 1 && n && n_made > full_from && n_made <= full_to) {
		n_full_seen += bp_pkt_count(pkts, n);
		return 0;
	}
	return looking_tx(q, pkts, n);
}

static int start_sink(struct bp_port *port)
{
	if (port->n_txq)
		port->txq[0].driver_burst = full_tx;
	port->info.caps = BP_CAP_MULTI_TX | BP_CAP_VNET_TX;
	return 0;
}

/* ---- the function -------------------------------------------------------------------------------- */

static void decide(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out, uint8_t *why)
{
	assert_int_equal(fn->port_id, 0);
	for (unsigned i = 0, v; i < n; i += v) {
		struct mark mark;

		v = bp_pkt_n_views(&pkts[i], n - i);
		assert_true(out[i] == BP_OUT_NEXT && !why[i]);
		memcpy(&mark, pkts[i].data, sizeof(mark));
		out[i] = (uint64_t)mark.ports << 1 | (mark.goes_on ? BP_OUT_NEXT : 0);
		why[i] = mark.reason;
		for (unsigned k = i + 1; k < i + v; k++)
			out[k] = 0x5555; /* nobody looks at those */
	}
}

/* Nothing with an odd number leaves at port 2. */
static void refuse_odd(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out,
		       uint8_t *why)
{
	for (unsigned i = 0; i < n; i += bp_pkt_n_views(&pkts[i], n - i)) {
		struct mark mark;

		memcpy(&mark, pkts[i].data, sizeof(mark));
		if (fn->port_id == 2 && mark.number % 2) {
			out[i] = 0;
			why[i] = 5;
		}
	}
}

static void pass(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out, uint8_t *why)
{
	for (unsigned i = 0; i < n; i += bp_pkt_n_views(&pkts[i], n - i))
		assert_true(out[i] == BP_OUT_NEXT && !why[i] && fn->port_id == 0);
}

static const struct bp_fn_reason reasons[] = { { "a", "" }, { "b", "" }, { "c", "" },   { "d", "" },
					       { "e", "" }, { "f", "" }, { NULL, NULL } };
static const struct bp_function_ops decide_ops = { .process = decide };
static const struct bp_function_ops egress_ops = { .process = decide, .egress = refuse_odd };
static const struct bp_function_ops pass_ops = { .process = pass };
static const struct bp_function passer = { .name = "macswap", .ops = &pass_ops };
static const struct bp_function decider = { .name = "macswap",
					    .reasons = reasons,
					    .ops = &decide_ops };
static const struct bp_function egresser = { .name = "macswap",
					     .reasons = reasons,
					     .ops = &egress_ops };

/* ---- a run --------------------------------------------------------------------------------------- */

/*
 * Port 0 is the source, 1 … n_sinks are sinks; its chain is the function, one that lets all pass, then the port `last`,
 * or none. Returns the final report.
 */
static struct bp_report *run_chain(const struct bp_function *function, unsigned n_sinks, int last,
				   uint32_t n_frames)
{
	struct bp_driver_ops ops[SINKS_MAX + 1] = { { .start = start_source,
						      .stop = hold_nothing } };
	struct bp_driver drivers[SINKS_MAX + 1];
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_conf *c = make_conf(1);
	char name[8] = "p0";
	struct bp_engine *e;
	struct bp_chain *chain;

	c->memory.n_frames = n_frames;
	add_port(c, "in", "null", "", last, 1);
	c->ports[0].n_chain = 2;
	c->n_functions = 2;
	strcpy(c->functions[0].type, "macswap");
	strcpy(c->functions[1].type, "macswap");
	c->ports[0].chain[1] = 1;
	for (unsigned i = 1; i <= n_sinks; i++) {
		name[1] = (char)('0' + i);
		add_port(c, name, "null", "", BP_NO_PORT, 1);
		ops[i] = (struct bp_driver_ops){ .start = start_sink, .stop = hold_nothing };
	}
	c->ports[0].out_ports = ((UINT64_C(1) << n_sinks) - 1) << 1;
	memset(sinks, 0, sizeof(sinks));
	n_made = 0;
	n_left = N_PKTS;
	assert_int_equal(bp_engine_create(c, &e), 0);
	for (unsigned i = 0; i <= n_sinks; i++)
		disguise(e->env.ports[i], &drivers[i], &ops[i]);
	assert_int_equal(bp_paths_bind_offloads(e, NULL), 0);
	chain = e->workers[0].paths[0].chain;
	assert_non_null(chain);
	chain->steps[0].function = function;
	chain->steps[1].function = &passer;
	run_until(e, r, N_PKTS);
	assert_int_equal(r->unaccounted, 0);
	assert_int_equal(r->arena_frames_free, r->arena_frames);
	assert_int_equal(r->functions[0].n_pkts, N_PKTS);
	bp_engine_destroy(e);
	free(c);
	return r;
}

static const struct bp_report_path *edge(const struct bp_report *r, unsigned out_port)
{
	for (unsigned i = 0; i < r->n_paths; i++)
		if (r->paths[i].part == BP_PATH_EDGE && r->paths[i].out_port == out_port)
			return &r->paths[i];
	fail_msg("no row for port %u", out_port);
	return NULL;
}

/* ---- what may be decided -------------------------------------------------------------------------- */

static struct mark to_one(uint32_t number)
{
	return (struct mark){ number, (uint8_t)(1u << number % 3), 0, 0 };
}

static struct mark to_all(uint32_t number)
{
	return (struct mark){ number, 7, 0, 0 };
}

static struct mark all_to_second(uint32_t number)
{
	return (struct mark){ number, 2, 0, 0 };
}

/* In turn: goes on; a copy and goes on; dropped for 3; to one, to two. */
static struct mark mixed(uint32_t number)
{
	static const struct mark kinds[] = {
		{ 0, 0, 1, 0 }, { 0, 4, 1, 0 }, { 0, 0, 0, 3 }, { 0, 2, 0, 0 }, { 0, 6, 0, 0 }
	};
	struct mark mark = kinds[number % 5];

	mark.number = number;
	return mark;
}

static void each_goes_to_its_port_in_order(void **state)
{
	(void)state;
	make_mark = to_one;
	for (n_views = 1; n_views <= 5; n_views += 2) {
		struct bp_report *r = run_chain(&decider, 3, BP_NO_PORT, 4096);
		uint64_t n = 0;

		for (unsigned i = 1; i <= 3; i++) {
			assert_true(sinks[i].n == N_PKTS / 3 || sinks[i].n == N_PKTS / 3 + 1);
			assert_int_equal(edge(r, i)->n_pkts, sinks[i].n);
			assert_int_equal(edge(r, i)->hist_copies[0], sinks[i].n);
			assert_int_equal(edge(r, i)->n_bytes, sinks[i].n * n_views * VIEW);
			n += sinks[i].n;
		}
		assert_int_equal(n, N_PKTS);
		assert_int_equal(r->n_paths, 4);
		assert_int_equal(r->paths[0].part, BP_PATH_INTAKE);
		assert_int_equal(r->paths[0].n_pkts, N_PKTS);
		assert_int_equal(r->made, 0);
		free(r);
	}
}

static void a_burst_for_one_port_goes_as_it_is(void **state)
{
	struct bp_report *r;

	(void)state;
	make_mark = all_to_second;
	n_views = 1;
	r = run_chain(&decider, 3, BP_NO_PORT, 4096);
	assert_int_equal(sinks[2].n, N_PKTS);
	assert_int_equal(r->n_paths, 2); /* edges without packets have no row */
	free(r);
}

static void a_flood_copies_for_all_but_the_last(void **state)
{
	(void)state;
	make_mark = to_all;
	for (n_views = 1; n_views <= 5; n_views += 2)
		for (int meta = 0; meta < 2; meta++) {
			struct bp_report *r;

			has_meta = meta;
			r = run_chain(&decider, 3, BP_NO_PORT, 4096);
			for (unsigned i = 1; i <= 3; i++) {
				bool is_last = i == 3;

				assert_int_equal(sinks[i].n, N_PKTS);
				assert_int_equal(sinks[i].n_meta, meta ? N_PKTS : 0);
				assert_int_equal(sinks[i].n_copied, is_last ? 0 : N_PKTS);
				assert_int_equal(edge(r, i)->n_replicas, is_last ? 0 : N_PKTS);
				assert_int_equal(edge(r, i)->n_copies, is_last ? 0 : N_PKTS);
				assert_int_equal(edge(r, i)->hist_copies[1], is_last ? 0 : N_PKTS);
			}
			assert_int_equal(r->made, 2 * N_PKTS);
			assert_int_equal(r->sent, 3 * N_PKTS);
			free(r);
		}
	has_meta = false;
}

static void every_decision_is_accounted_for(void **state)
{
	(void)state;
	make_mark = mixed;
	for (n_views = 1; n_views <= 3; n_views++) {
		struct bp_report *r = run_chain(&decider, 3, 1, 4096);
		unsigned fifth = N_PKTS / 5;

		assert_int_equal(sinks[1].n, 2 * fifth); /* the chain's end */
		assert_int_equal(sinks[2].n, 2 * fifth);
		assert_int_equal(sinks[3].n, 2 * fifth);
		assert_int_equal(r->functions[0].drops[3], fifth);
		assert_int_equal(r->functions[1].n_pkts, 2 * fifth);
		assert_int_equal(r->paths[0].n_fn_drops, fifth);
		assert_int_equal(r->dropped, fifth);
		assert_int_equal(r->made, 2 * fifth);
		free(r);
	}
}

static void egress_runs_on_what_leaves_there(void **state)
{
	struct bp_report *r;

	(void)state;
	make_mark = to_all;
	n_views = 2;
	r = run_chain(&egresser, 3, BP_NO_PORT, 4096);
	assert_int_equal(sinks[1].n, N_PKTS);
	assert_int_equal(sinks[2].n, N_PKTS / 2);
	assert_int_equal(sinks[3].n, N_PKTS);
	assert_int_equal(r->functions[0].drops[5], N_PKTS / 2);
	free(r);
}

/* In turn: goes on, dropped for 1. */
static struct mark half(uint32_t number)
{
	return (struct mark){ number, 0, number % 2 == 0, 1 };
}

static void a_chain_with_one_way_out_is_one_row(void **state)
{
	struct bp_report *r;

	(void)state;
	make_mark = half;
	n_views = 1;
	r = run_chain(&decider, 1, 1, 4096);
	assert_int_equal(sinks[1].n, N_PKTS / 2);
	assert_int_equal(r->n_paths, 1);
	assert_int_equal(r->paths[0].part, BP_PATH_WHOLE);
	assert_int_equal(r->paths[0].n_pkts, N_PKTS);
	assert_int_equal(r->paths[0].hist_copies[0], N_PKTS / 2);
	assert_int_equal(r->paths[0].n_fn_drops, N_PKTS / 2);
	free(r);
}

/* Copies take frames from the pool that the source takes its own from. */
static void a_copy_without_a_frame_is_a_named_drop(void **state)
{
	struct bp_report *r;

	(void)state;
	make_mark = to_all;
	n_views = 1;
	r = run_chain(&decider, 3, BP_NO_PORT, 80);
	assert_int_equal(sinks[3].n, N_PKTS);
	assert_true(r->ports[1].txq[0].v[BP_DROP_TX_NO_MEM] > 0);
	assert_int_equal(sinks[1].n + r->ports[1].txq[0].v[BP_DROP_TX_NO_MEM], N_PKTS);
	assert_int_equal(edge(r, 1)->n_out_drops, r->ports[1].txq[0].v[BP_DROP_TX_NO_MEM]);
	assert_int_equal(edge(r, 3)->n_out_drops, 0);
	free(r);
}

/* Each burst shows it one copy, the others are not made; when it takes packets again it gets them all. */
static void a_full_port_costs_one_copy_of_a_burst(void **state)
{
	const struct bp_report_path *to;
	struct bp_report *r;
	uint64_t n_full;

	(void)state;
	make_mark = to_all;
	n_views = 1;
	full_from = N_PKTS / 4;
	full_to = N_PKTS / 2;
	n_full_seen = 0;
	r = run_chain(&decider, 3, BP_NO_PORT, 4096);
	full_to = 0;
	to = edge(r, 1);
	n_full = r->ports[1].txq[0].v[BP_DROP_TX_FULL];
	assert_int_equal(sinks[1].n + n_full, N_PKTS);
	assert_in_range(n_full, N_PKTS / 4 - BP_BURST_MAX, N_PKTS / 4 + BP_BURST_MAX);
	/* The packets that come and the copies of them add up as ever. */
	assert_int_equal(to->n_replicas, N_PKTS);
	assert_int_equal(to->n_out_drops, n_full);
	assert_int_equal(r->ports[1].txq[0].v[BP_CNT_REPLICAS], N_PKTS);
	/* The first burst, tried five times, then one copy of each; far from all. */
	assert_in_range(n_full_seen, 1, 5 * BP_BURST_MAX + N_PKTS / 16);
	assert_in_range(r->ports[1].txq[0].v[BP_CNT_COPIES], sinks[1].n,
			sinks[1].n + BP_BURST_MAX + N_PKTS / 16);
	for (unsigned i = 2; i <= 3; i++)
		assert_int_equal(sinks[i].n, N_PKTS);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_goes_to_its_port_in_order),
		cmocka_unit_test(a_burst_for_one_port_goes_as_it_is),
		cmocka_unit_test(a_flood_copies_for_all_but_the_last),
		cmocka_unit_test(every_decision_is_accounted_for),
		cmocka_unit_test(egress_runs_on_what_leaves_there),
		cmocka_unit_test(a_chain_with_one_way_out_is_one_row),
		cmocka_unit_test(a_copy_without_a_frame_is_a_named_drop),
		cmocka_unit_test(a_full_port_costs_one_copy_of_a_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
