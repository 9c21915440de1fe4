/* Whole trials over in-process ports, with an impairment that drops, doubles, swaps known frames. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gen/gen.h"
#include "gen/internal.h"
#include "gen_streams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the port between sender and receiver does, by the count of frames that come through. */
struct impairment {
	unsigned drop_every, double_every, swap_every, spoil_every; /* 0: never */
	uint64_t n, n_dropped, n_doubled, n_swapped, n_spoiled;
	struct bp_frames *frames;
	bp_rx_fn rx; /* the driver's own */
	bool keeps_late; /* the last frame, waiting for a successor, stays until the next trial */
	bool has_late; /* a frame that waits to come after its successor */
	struct bp_pkt late;
};

/* The RX function finds it here: one test at a time, one RX queue. */
static struct impairment *impairment;

static bool is_turn(uint64_t n, unsigned every)
{
	return every && n % every == every - 1;
}

static struct bp_pkt twin(struct bp_rxq *q, const struct bp_pkt *pkt)
{
	struct bp_pkt copy;

	assert_int_equal(bp_frames_get(impairment->frames, q->worker_id, &copy, 1), 1);
	memcpy(copy.data, pkt->data, pkt->len);
	copy.len = pkt->len;
	return copy;
}

/* In place of the ring's: takes few frames, so that those it adds have room. */
static unsigned impaired_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct impairment *im = impairment;
	struct bp_pkt in[BP_BURST_MAX / 4];
	unsigned n_in = im->rx(q, in, max / 4), n_out = 0;

	for (unsigned i = 0; i < n_in; i++) {
		uint64_t n = im->n++;

		if (is_turn(n, im->drop_every)) {
			im->n_dropped++;
			bp_pool_put(q->worker_id, &in[i], 1);
			continue;
		}
		if (is_turn(n, im->spoil_every)) {
			im->n_spoiled++;
			in[i].data[in[i].len - 9] ^= 0x20;
		}
		if (is_turn(n, im->swap_every) && !im->has_late) {
			im->late = in[i];
			im->has_late = true;
			continue;
		}
		pkts[n_out++] = in[i];
		if (im->has_late) {
			pkts[n_out++] = im->late;
			im->has_late = false;
			im->n_swapped++;
		}
		if (is_turn(n, im->double_every)) {
			pkts[n_out++] = twin(q, &in[i]);
			im->n_doubled++;
			im->n_spoiled += is_turn(n, im->spoil_every);
		}
	}
	/* The last one waits for a successor that never comes: at the end it goes alone. */
	if (!n_in && im->has_late && !im->keeps_late) {
		pkts[n_out++] = im->late;
		im->has_late = false;
	}
	return n_out;
}

static struct bp_conf *make_conf(unsigned n_cores)
{
	struct bp_conf *c = calloc(1, sizeof(*c));

	c->memory.n_frames = 8192;
	c->memory.frame_bytes = 2048;
	c->memory.hugepages = BP_NO;
	c->engine.n_cores = (uint16_t)n_cores;
	c->engine.cores[1] = n_cores > 1;
	c->n_ports = 2;
	for (int i = 0; i < 2; i++) {
		struct bp_port_conf *p = &c->ports[i];

		strcpy(p->name, i ? "b" : "a");
		strcpy(p->driver, "ring");
		strcpy(p->device, "wire");
		p->n_queues = 1;
		p->forward_to = BP_NO_PORT;
		p->ring_size = 4096;
	}
	strcpy(c->gen.tx, "a");
	strcpy(c->gen.rx, "b");
	c->gen.rx_port = 1;
	c->gen.replay_port = BP_NO_PORT;
	c->gen.monitor_port = BP_NO_PORT;
	c->gen.burst = 32;
	c->gen.settle_s = 0.2;
	c->gen.payload_check = true;
	c->n_streams = 1;
	c->streams[0] = stream_of(BP_PROTO_UDP4, 200);
	return c;
}

static struct bp_gen *make_gen(struct bp_conf *conf, struct impairment *im)
{
	struct bp_gen *gen;
	struct bp_rxq *rxq;

	assert_int_equal(bp_gen_create(conf, &gen), 0);
	if (im) {
		rxq = &gen->by_role[BP_GEN_RX]->port->rxq[0];
		im->frames = gen->env.frames;
		im->rx = rxq->driver_burst;
		impairment = im;
		atomic_store_explicit(&rxq->burst, impaired_rx, memory_order_release);
	}
	return gen;
}

/* One trial of a new generator; its report stays with the test. */
static struct bp_gen_report *run(struct bp_conf *conf, struct impairment *im,
				 const struct bp_trial_request *request)
{
	struct bp_gen_report *report = malloc(sizeof(*report));
	struct bp_gen *gen = make_gen(conf, im);
	struct bp_trial_result result;

	assert_int_equal(bp_gen_trial(gen, request, &result), 0);
	bp_gen_report(gen, report);
	/* What still lies in the arena beside the rings would be a leak. */
	assert_int_equal(report->arena_frames_free, report->arena_frames);
	bp_gen_destroy(gen);
	return report;
}

/* The laws that every result obeys. */
static void check_law(const struct bp_gen_report *r)
{
	const struct bp_trial_result *v = &r->result;
	uint64_t n_sent = 0, n_received = 0, n_lost = 0;

	for (unsigned i = 0; i < r->n_streams; i++) {
		n_sent += r->streams[i].n_sent;
		n_received += r->streams[i].n_received;
		n_lost += r->streams[i].n_lost;
		assert_int_equal(r->streams[i].n_sent, r->streams[i].n_once + r->streams[i].n_lost);
	}
	assert_int_equal(v->n_offered, v->n_sent + r->n_tx_dropped);
	assert_int_equal(v->n_offered, n_sent);
	assert_int_equal(v->n_received, n_received);
	assert_int_equal(v->n_lost, n_lost);
	assert_int_equal(v->n_sent, v->n_received - v->n_duplicate + v->n_lost);
}

/* A schedule has few frames due at once; without one, the port's calls are what counts. */
static void a_burst_that_is_left_open_suits_the_rate(void **state)
{
	static struct bp_source s;

	(void)state;
	bp_source_begin(&s, &(struct bp_source_request){ .rate_pps = 1e6 });
	assert_int_equal(s.burst, 32);
	bp_source_begin(&s, &(struct bp_source_request){ .rate_pps = 0 });
	assert_int_equal(s.burst, BP_BURST_MAX);
	bp_source_begin(&s, &(struct bp_source_request){ .burst = 5 });
	assert_int_equal(s.burst, 5);
}

static void clean_wire_loses_nothing(void **state)
{
	const struct bp_trial_request request = { .rate_pps = 20000, .n_pkts = 5000 };

	(void)state;
	for (unsigned n_cores = 1; n_cores <= 2; n_cores++) {
		struct bp_conf *conf = make_conf(n_cores);
		struct bp_gen_report *r = run(conf, NULL, &request);
		const struct bp_trial_result *v = &r->result;

		check_law(r);
		assert_int_equal(v->n_sent, 5000);
		assert_int_equal(v->n_lost | v->n_duplicate | v->n_reordered | v->n_corrupt, 0);
		assert_int_equal(v->n_foreign | v->n_stale, 0);
		assert_int_equal(v->latency.n, v->n_sent);
		assert_true(v->latency.min_ns <= v->latency.p50_ns);
		assert_true(v->latency.p50_ns <= v->latency.p99_ns);
		assert_true(v->latency.p999_ns <= v->latency.max_ns);
		free(r);
		free(conf);
	}
}

static void impaired_frames_are_counted_exactly(void **state)
{
	struct impairment im = {
		.drop_every = 10, .double_every = 7, .swap_every = 13, .spoil_every = 17
	};
	const struct bp_trial_request request = { .n_pkts = 20000 };
	struct bp_conf *conf = make_conf(1);
	struct bp_gen_report *r;
	const struct bp_trial_result *v;

	(void)state;
	r = run(conf, &im, &request);
	v = &r->result;
	check_law(r);
	assert_int_equal(v->n_sent, 20000);
	assert_int_equal(im.n, v->n_sent);
	assert_true(im.n_dropped > 1000 && im.n_doubled > 1000 && im.n_swapped > 1000);
	assert_int_equal(v->n_lost, im.n_dropped);
	assert_int_equal(v->n_duplicate, im.n_doubled);
	assert_int_equal(v->n_reordered, im.n_swapped);
	assert_int_equal(v->n_corrupt, im.n_spoiled);
	assert_int_equal(r->streams[0].n_too_old, 0);
	assert_int_equal(v->latency.n, v->n_sent - v->n_lost);
	free(r);
	free(conf);
}

static void streams_are_counted_apart(void **state)
{
	struct impairment im = { .drop_every = 5 };
	const struct bp_trial_request request = { .n_pkts = 10000 };
	struct bp_conf *conf = make_conf(1);
	struct bp_gen_report *r;

	(void)state;
	conf->n_streams = 3;
	conf->streams[1] = stream_of(BP_PROTO_TCP6, 96);
	conf->streams[1].share = 3;
	conf->streams[2] = stream_of(BP_PROTO_ETH, 64);
	r = run(conf, &im, &request);
	check_law(r);
	assert_int_equal(r->n_streams, 3);
	assert_int_equal(r->result.n_lost, im.n_dropped);
	/* In turn: of five frames, three belong to the second stream. */
	assert_true(r->streams[1].n_sent >= 3 * r->streams[0].n_sent - 3);
	assert_true(r->streams[1].n_sent <= 3 * r->streams[0].n_sent + 3);
	free(r);
	free(conf);
}

static void sequence_wraps_in_a_trial(void **state)
{
	struct impairment im = { .drop_every = 9, .double_every = 8, .swap_every = 11 };
	const struct bp_trial_request request = { .n_pkts = 8000 };
	struct bp_conf *conf = make_conf(1);
	struct bp_gen_report *r;

	(void)state;
	conf->gen.first_seq = (UINT64_C(1) << 48) - 3000;
	r = run(conf, &im, &request);
	check_law(r);
	assert_int_equal(r->result.n_lost, im.n_dropped);
	assert_int_equal(r->result.n_duplicate, im.n_doubled);
	assert_int_equal(r->result.n_reordered, im.n_swapped);
	free(r);
	free(conf);
}

/* Jumbo frames in several views, IMIX in bursts that views fill. */
static void large_frames_take_several_views(void **state)
{
	const struct bp_trial_request request = { .rate_pps = 20000, .n_pkts = 4000 };
	const struct bp_trial_request sized = { .n_pkts = 2000, .frame_size = 9000 };
	struct bp_conf *conf = make_conf(1);
	struct bp_gen_report *r;

	(void)state;
	conf->streams[0].sizes =
		(struct bp_sizes){ .n = 4,
				   .v = { { 64, 7 }, { 1518, 1 }, { 3000, 2 }, { 9000, 1 } } };
	r = run(conf, NULL, &request);
	check_law(r);
	assert_int_equal(r->result.n_lost | r->result.n_corrupt, 0);
	free(r);
	r = run(conf, NULL, &sized);
	check_law(r);
	assert_true(r->mean_frame_bytes == 8996);
	assert_int_equal(r->result.n_sent, 2000);
	assert_int_equal(r->result.n_lost | r->result.n_corrupt, 0);
	free(r);
	free(conf);
}

static void rate_is_kept_or_said_not_to_be(void **state)
{
	const struct bp_trial_request request = { .rate_pps = 5000, .duration_s = 0.4 };
	struct bp_conf *conf = make_conf(1);
	struct bp_gen_report *r = run(conf, NULL, &request);
	const struct bp_trial_result *v = &r->result;

	(void)state;
	check_law(r);
	/* Every turn of the schedule is a frame, or is named as missed. */
	assert_int_equal(v->n_sent + v->n_missed, 2000);
	assert_true(v->elapsed_s >= 0.399);
	assert_true(v->sent_pps <= 5001);
	assert_int_equal(v->is_generator_bound, v->sent_pps < 0.995 * 5000);
	free(r);
	free(conf);
}

/* TX that takes 16 frames and no more. */
static bp_tx_fn ring_tx;
static _Atomic unsigned n_taken;

static unsigned stuck_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	unsigned left = 16 - n_taken, k;

	if (!n)
		return ring_tx(q, NULL, 0);
	k = ring_tx(q, pkts, n < left ? n : left);
	n_taken += k;
	return k;
}

static void stuck_port_is_the_bottleneck_and_nothing_is_lost(void **state)
{
	const struct bp_trial_request request = { .rate_pps = 10000, .duration_s = 0.1 };
	struct bp_conf *conf = make_conf(1);
	struct bp_gen *gen = make_gen(conf, NULL);
	struct bp_txq *txq = &gen->by_role[BP_GEN_TX]->port->txq[0];
	struct bp_trial_result v;
	struct bp_gen_report *r = malloc(sizeof(*r));

	(void)state;
	n_taken = 0;
	ring_tx = txq->driver_burst;
	atomic_store_explicit(&txq->burst, stuck_tx, memory_order_release);
	assert_int_equal(bp_gen_trial(gen, &request, &v), 0);
	assert_int_equal(v.n_sent, 16);
	assert_int_equal(v.n_received, 16);
	assert_int_equal(v.n_lost, 0);
	assert_true(v.is_generator_bound);
	assert_non_null(strstr(v.why, "did not take"));
	bp_gen_report(gen, r);
	assert_int_equal(r->n_missed_full + r->n_missed_cpu + 16, 1000);
	assert_true(r->n_missed_full > r->n_missed_cpu);
	assert_int_equal(r->arena_frames_free, r->arena_frames);
	free(r);
	bp_gen_destroy(gen);
	free(conf);
}

/* Frames longer than LONG are dropped, and end the burst as the generator asks for. */
#define LONG 1000u

static unsigned n_views_before_long(const struct bp_pkt *pkts, unsigned n)
{
	unsigned i = 0;

	while (i < n) {
		unsigned n_views = bp_pkt_n_views(&pkts[i], n - i);

		if (bp_pkt_bytes(&pkts[i], n_views) > LONG)
			break;
		i += n_views;
	}
	return i;
}

static unsigned refusing_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	unsigned n_short = n_views_before_long(pkts, n), k = 0, n_views;

	if (n_short || !n)
		k = ring_tx(q, pkts, n_short);
	if (k < n_short || k == n)
		return k;
	n_views = bp_pkt_n_views(pkts + k, n - k);
	bp_pool_put(q->worker_id, pkts + k, n_views);
	bp_count(&q->counters, BP_DROP_TX_KERNEL, 1);
	return k + n_views;
}

/* The same port, that does not say what it never takes. */
static unsigned silent_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	unsigned n_short = n_views_before_long(pkts, n);

	return n_short || !n ? ring_tx(q, pkts, n_short) : 0;
}

/* Whether what the port refuses has used up numbers, a receiver that knows nothing of it would tell. */
static void expect_no_gap(const struct bp_gen *gen, const struct bp_gen_report *r)
{
	for (unsigned i = 0; i < r->n_streams; i++) {
		assert_int_equal(bp_sink_gaps(gen->sink->streams[i]), 0);
		assert_int_equal(r->streams[i].n_lost, 0);
		assert_int_equal(r->streams[i].n_reordered + r->streams[i].n_corrupt, 0);
		assert_int_equal(r->streams[i].n_sent, r->streams[i].n_once);
	}
}

static void refuse(bp_tx_fn tx, uint32_t caps, unsigned n_streams, uint64_t n_pkts)
{
	const struct bp_trial_request request = { .rate_pps = 20000, .n_pkts = n_pkts };
	struct bp_gen_report *r = malloc(sizeof(*r));
	struct bp_conf *conf = make_conf(1);
	struct bp_trial_result v;
	struct bp_gen *gen;
	struct bp_txq *txq;

	/* Nine short frames, then one of a view or two that goes nowhere. */
	conf->streams[0].sizes = (struct bp_sizes){ .n = 2, .v = { { 64, 9 }, { 1518, 1 } } };
	conf->streams[1] = conf->streams[0];
	conf->streams[1].sizes.v[1].bytes = 3000;
	conf->n_streams = (uint16_t)n_streams;
	gen = make_gen(conf, NULL);
	txq = &gen->by_role[BP_GEN_TX]->port->txq[0];
	txq->port->info.caps |= caps;
	ring_tx = txq->driver_burst;
	atomic_store_explicit(&txq->burst, tx, memory_order_release);
	assert_int_equal(bp_gen_trial(gen, &request, &v), 0);
	bp_gen_report(gen, r);
	assert_int_equal(v.n_offered, n_pkts);
	assert_int_equal(r->n_tx_dropped, n_pkts / 10);
	assert_int_equal(v.n_sent + v.n_unsent, n_pkts);
	assert_int_equal(v.n_unsent, n_pkts / 10);
	assert_int_equal(v.n_lost + v.n_corrupt, 0);
	assert_true(r->is_unsent_known);
	expect_no_gap(gen, r);
	bp_gen_destroy(gen);
	free(conf);
	free(r);
}

static void what_the_port_dropped_takes_no_number_and_is_not_lost(void **state)
{
	(void)state;
	refuse(refusing_tx, 0, 1, 1000);
	refuse(refusing_tx, 0, 2, 1000);
}

static void what_an_unsure_port_never_takes_is_given_up(void **state)
{
	(void)state;
	refuse(silent_tx, BP_CAP_TX_UNSURE, 2, 100);
}

/* A port that drops keeps no schedule from being kept. */
static void a_refused_load_is_no_late_generator(void **state)
{
	const struct bp_trial_request request = { .rate_pps = 2000, .duration_s = 0.3 };
	struct bp_conf *conf = make_conf(1);
	struct bp_trial_result v;
	struct bp_gen *gen;
	struct bp_txq *txq;

	(void)state;
	conf->streams[0].sizes = (struct bp_sizes){ .n = 2, .v = { { 64, 1 }, { 1518, 1 } } };
	gen = make_gen(conf, NULL);
	txq = &gen->by_role[BP_GEN_TX]->port->txq[0];
	ring_tx = txq->driver_burst;
	atomic_store_explicit(&txq->burst, refusing_tx, memory_order_release);
	assert_int_equal(bp_gen_trial(gen, &request, &v), 0);
	assert_in_range(v.n_unsent, v.n_offered / 2 - 1, v.n_offered / 2 + 1);
	assert_int_equal(v.is_generator_bound, v.offered_pps < 0.995 * 2000);
	bp_gen_destroy(gen);
	free(conf);
}

/* RX that drops one packet in its own name, and says so. */
static bp_rx_fn ring_rx;
static _Atomic unsigned n_dropped;

static unsigned dropping_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	unsigned n = ring_rx(q, pkts, max);

	if (n && !n_dropped) {
		n_dropped = 1;
		bp_count(&q->counters, BP_DROP_RX_TRUNCATED, 1);
		bp_pool_put(q->worker_id, &pkts[--n], 1);
	}
	return n;
}

static void what_its_own_receiver_drops_is_the_generators_fault(void **state)
{
	const struct bp_trial_request request = { .rate_pps = 20000, .n_pkts = 1000 };
	struct bp_conf *conf = make_conf(1);
	struct bp_gen *gen = make_gen(conf, NULL);
	struct bp_rxq *rxq = &gen->by_role[BP_GEN_RX]->port->rxq[0];
	struct bp_trial_result v;

	(void)state;
	n_dropped = 0;
	ring_rx = rxq->driver_burst;
	atomic_store_explicit(&rxq->burst, dropping_rx, memory_order_release);
	assert_int_equal(bp_gen_trial(gen, &request, &v), 0);
	assert_int_equal(v.n_lost, 1);
	assert_int_equal(v.n_rx_dropped, 1);
	assert_true(v.is_generator_bound);
	assert_non_null(strstr(v.why, "its own port b dropped 1 frames"));
	bp_gen_destroy(gen);
	free(conf);
}

/* The receiver of each later trial meets a frame of the one before. */
static void trials_do_not_see_each_others_frames(void **state)
{
	struct bp_latency *latency = calloc(1, sizeof(*latency));
	const struct bp_trial_request request = { .n_pkts = 1000, .latency = latency };
	struct bp_conf *conf = make_conf(1);
	struct impairment im = { .swap_every = 1000, .keeps_late = true };
	struct bp_gen *gen = make_gen(conf, &im);
	struct bp_trial_result v;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(bp_gen_trial(gen, &request, &v), 0);
		assert_int_equal(v.n_sent, 1000);
		assert_int_equal(v.n_lost, 1); /* kept until the next trial */
		assert_int_equal(v.n_stale, i > 0);
		assert_int_equal(v.n_duplicate | v.n_reordered | v.n_corrupt, 0);
		assert_int_equal(v.latency.n, 999);
	}
	assert_int_equal(latency->n, 3 * 999);
	free(latency);
	bp_gen_destroy(gen);
	free(conf);
}

static void interrupted_trial_keeps_what_it_has(void **state)
{
	const struct bp_trial_request request = { .rate_pps = 10000, .duration_s = 60 };
	struct bp_conf *conf = make_conf(1);
	struct bp_gen *gen = make_gen(conf, NULL);
	struct bp_trial_result v;
	struct bp_gen_live live;

	(void)state;
	assert_int_equal(bp_gen_start(gen, &request), 0);
	do {
		assert_true(bp_gen_tick(gen));
		bp_gen_live(gen, &live);
	} while (live.n_once < 100);
	bp_gen_interrupt(gen);
	assert_false(bp_gen_tick(gen));
	assert_int_equal(bp_gen_finish(gen, &v), 0);
	assert_true(v.is_interrupted);
	assert_true(v.n_sent >= 100 && v.n_sent < 600000);
	assert_int_equal(v.n_lost, 0);
	assert_true(v.elapsed_s < 30);
	assert_string_equal(v.why, "interrupted");
	bp_gen_destroy(gen);
	free(conf);
}

/* TX of the receiving port, which announces: drops the first frame; or takes none. */
static _Atomic unsigned n_announced;

static unsigned announced_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	bool is_first = n && !n_announced;

	n = is_first ? 1 : n;
	n_announced += n;
	bp_pool_put(q->worker_id, pkts, n);
	bp_count(&q->counters, is_first ? BP_DROP_TX_KERNEL : BP_CNT_PKTS, n);
	return n;
}

static unsigned deaf_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	(void)q;
	(void)pkts;
	(void)n;
	return 0;
}

static struct bp_gen *make_announcer(struct bp_conf *conf, bp_tx_fn tx)
{
	struct bp_gen *gen;

	conf->gen.announce = true;
	conf->streams[0].dst_mac.n = 5;
	conf->streams[1] = conf->streams[0];
	conf->n_streams = 2;
	gen = make_gen(conf, NULL);
	n_announced = 0;
	atomic_store_explicit(&gen->by_role[BP_GEN_RX]->port->txq[0].burst, tx,
			      memory_order_release);
	return gen;
}

static void a_dropped_announcement_goes_once_more(void **state)
{
	const struct bp_trial_request request = { .rate_pps = 20000, .n_pkts = 100 };
	struct bp_trial_result v;

	(void)state;
	for (unsigned n_cores = 1; n_cores <= 2; n_cores++) {
		struct bp_conf *conf = make_conf(n_cores);
		struct bp_gen *gen = make_announcer(conf, announced_tx);

		assert_int_equal(bp_gen_trial(gen, &request, &v), 0);
		assert_int_equal(n_announced, 5 + 5 + 5);
		assert_int_equal(v.n_sent, 100);
		assert_int_equal(v.n_lost, 0);
		bp_gen_destroy(gen);
		free(conf);
	}
}

static void a_port_that_takes_no_announcement_fails_the_trial(void **state)
{
	const struct bp_trial_request request = { .rate_pps = 20000, .n_pkts = 100 };
	struct bp_conf *conf = make_conf(1);
	struct bp_gen *gen = make_announcer(conf, deaf_tx);
	struct bp_trial_result v;

	(void)state;
	assert_int_equal(bp_gen_trial(gen, &request, &v), -ETIMEDOUT);
	assert_int_equal(v.n_sent, 0);
	bp_gen_destroy(gen);
	free(conf);
}

static void announcing_ends_with_an_interrupt(void **state)
{
	const struct bp_trial_request request = { .rate_pps = 20000, .n_pkts = 100 };
	struct bp_trial_result v;

	(void)state;
	for (unsigned n_cores = 1; n_cores <= 2; n_cores++) {
		struct bp_conf *conf = make_conf(n_cores);
		struct bp_gen *gen = make_announcer(conf, deaf_tx);

		assert_int_equal(bp_gen_start(gen, &request), 0);
		bp_gen_interrupt(gen);
		assert_int_equal(bp_gen_finish(gen, &v), 0);
		assert_true(v.is_interrupted);
		assert_int_equal(v.n_sent, 0);
		bp_gen_destroy(gen);
		free(conf);
	}
}

static void rates_come_from_any_unit(void **state)
{
	static const struct {
		struct bp_rate rate;
		uint32_t size;
		double pps;
	} rows[] = { { { BP_RATE_MAX, 0 }, 0, 0 },
		     { { BP_RATE_PPS, 7 }, 0, 7 },
		     { { BP_RATE_BPS_L2, 1e9 }, 64, 1953125 }, /* 64 bytes */
		     { { BP_RATE_BPS_L1, 1e9 }, 64, 1488095.238 }, /* 84 bytes: RFC 2544 */
		     { { BP_RATE_BPS_L1, 1e9 }, 1518, 81274.382 } };
	struct bp_conf *conf = make_conf(1);
	struct bp_gen *gen = make_gen(conf, NULL);
	char why[256];
	double pps;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		conf->gen.rate = rows[i].rate;
		assert_int_equal(bp_gen_rate(gen, rows[i].size, &pps, why, sizeof(why)), 0);
		assert_true(pps >= rows[i].pps * 0.999999 && pps <= rows[i].pps * 1.000001);
	}
	conf->gen.rate = (struct bp_rate){ BP_RATE_PERCENT, 50 };
	assert_int_equal(bp_gen_rate(gen, 64, &pps, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "is not known"));
	bp_gen_destroy(gen);
	free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_that_is_left_open_suits_the_rate),
		cmocka_unit_test(clean_wire_loses_nothing),
		cmocka_unit_test(impaired_frames_are_counted_exactly),
		cmocka_unit_test(streams_are_counted_apart),
		cmocka_unit_test(sequence_wraps_in_a_trial),
		cmocka_unit_test(large_frames_take_several_views),
		cmocka_unit_test(rate_is_kept_or_said_not_to_be),
		cmocka_unit_test(stuck_port_is_the_bottleneck_and_nothing_is_lost),
		cmocka_unit_test(what_the_port_dropped_takes_no_number_and_is_not_lost),
		cmocka_unit_test(what_an_unsure_port_never_takes_is_given_up),
		cmocka_unit_test(a_refused_load_is_no_late_generator),
		cmocka_unit_test(what_its_own_receiver_drops_is_the_generators_fault),
		cmocka_unit_test(trials_do_not_see_each_others_frames),
		cmocka_unit_test(interrupted_trial_keeps_what_it_has),
		cmocka_unit_test(a_dropped_announcement_goes_once_more),
		cmocka_unit_test(a_port_that_takes_no_announcement_fails_the_trial),
		cmocka_unit_test(announcing_ends_with_an_interrupt),
		cmocka_unit_test(rates_come_from_any_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
