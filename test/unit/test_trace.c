/* Traces: what is recorded of a packet is what happened to it, and nothing changes for it or the others. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_bed.h"

#include "bypath/function.h"

#include "core/capture.h"
#include "core/headline.h"
#include "engine/record.h"
#include "engine/trace_control.h"

#include <errno.h>
#include <sched.h>

#define N_PKTS  6400u
#define N_SINKS 3u
#define VIEW    80u /* bytes of a view */

/* ---- a source of numbered packets ---------------------------------------------------------------- */

static _Atomic unsigned n_left;
static unsigned n_views; /* of each packet */
static uint32_t n_made;

/* The worker stands still in RX; it has come there. */
static _Atomic bool stands_still, is_standing;

static unsigned numbered_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	unsigned n = 0, n_pkts = 0;

	while (stands_still) {
		is_standing = true;
		sched_yield();
	}
	while (n + n_views <= max && n_left) {
		if (bp_frames_get(q->port->env->frames, q->worker_id, &pkts[n], n_views) < n_views)
			abort();
		for (unsigned v = 0; v < n_views; v++) {
			pkts[n + v].len = VIEW;
			memset(pkts[n + v].data, (int)v, VIEW);
			pkts[n + v].flags = v + 1 < n_views ? BP_PKT_MORE : 0;
		}
		memcpy(pkts[n].data, &n_made, sizeof(n_made));
		n_made++;
		n_left--;
		n_pkts++;
		n += n_views;
	}
	if (n) {
		bp_count(&q->counters, BP_CNT_PKTS, n_pkts);
		bp_count(&q->counters, BP_CNT_BURSTS, 1);
	}
	return n;
}

static int start_source(struct bp_port *port)
{
	port->rxq[0].driver_burst = numbered_rx;
	port->info.caps = BP_CAP_MULTI_TX;
	return 0;
}

static void hold_nothing(struct bp_port *port)
{
	(void)port;
}

static uint32_t number_of(const struct bp_pkt *pkt)
{
	uint32_t number;

	memcpy(&number, pkt->data, sizeof(number));
	return number;
}

/* ---- sinks that want them in order; the second loses every eighth ------------------------------ */

/* Of each kind of packets: within a burst what a function sends to a port goes before what comes to the chain's end. */
static uint32_t next_number[N_SINKS + 1][4], n_come[N_SINKS + 1];

static unsigned ordered_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	unsigned id = q->port->port_id, done = 0;

	for (unsigned v; done < n; done += v) {
		uint32_t *next = &next_number[id][number_of(&pkts[done]) % 4];

		v = bp_pkt_n_views(&pkts[done], n - done);
		if (id == 2 && number_of(&pkts[done]) % 8 == 6) {
			bp_count(&q->counters, BP_DROP_TX_KERNEL, 1);
			continue;
		}
		assert_true(number_of(&pkts[done]) >= *next);
		*next = number_of(&pkts[done]) + 1;
		n_come[id]++;
		bp_count(&q->counters, BP_CNT_PKTS, 1);
	}
	bp_pool_put(q->worker_id, pkts, done);
	return done;
}

static int start_sink(struct bp_port *port)
{
	if (port->n_txq)
		port->txq[0].driver_burst = ordered_tx;
	port->info.caps = BP_CAP_MULTI_TX;
	return 0;
}

/* ---- functions ----------------------------------------------------------------------------------- */

/* By number, in turn: goes on; dropped for 2; to all; to the second and on. The first two bytes behind the number become 7s. */
static void decide(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out, uint8_t *why)
{
	(void)fn;
	for (unsigned i = 0; i < n; i += bp_pkt_n_views(&pkts[i], n - i)) {
		static const uint64_t decisions[] = { BP_OUT_NEXT, 0, 2 | 4 | 8, 4 | BP_OUT_NEXT };

		out[i] = decisions[number_of(&pkts[i]) % 4];
		why[i] = 2;
		memset(pkts[i].data + 4, 7, 2);
	}
}

/* The third port's begin 2 bytes later; the first takes none of 2 modulo 16. */
static void leave(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out, uint8_t *why)
{
	for (unsigned i = 0; i < n; i += bp_pkt_n_views(&pkts[i], n - i)) {
		uint32_t number = number_of(&pkts[i]);

		if (fn->port_id == 1 && number % 16 == 2) {
			out[i] = 0;
			why[i] = 1;
		}
		if (fn->port_id == 3) {
			bp_pkt_pull(&pkts[i], 2);
			memcpy(pkts[i].data, &number, sizeof(number));
		}
	}
}

static const struct bp_fn_reason reasons[] = {
	{ "a", "" }, { "b", "" }, { "c", "" }, { NULL, NULL }
};
static const struct bp_function_ops ops_of_decider = { .process = decide, .egress = leave };
static const struct bp_function decider = { .name = "macswap",
					    .reasons = reasons,
					    .ops = &ops_of_decider };

static void let_pass(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out, uint8_t *why)
{
	(void)fn;
	(void)pkts;
	(void)n;
	(void)out;
	(void)why;
}

static const struct bp_function_ops ops_of_passer = { .process = let_pass };
static const struct bp_function passer = { .name = "macswap", .ops = &ops_of_passer };

#define MATCH_BYTES (VIEW + 1)

/* ---- a run --------------------------------------------------------------------------------------- */

static bool is_chosen(const void *filter, const uint8_t *bytes, uint32_t wire_bytes,
		      uint32_t n_bytes)
{
	uint32_t number;

	assert_int_equal(wire_bytes, n_views * VIEW);
	assert_int_equal(n_bytes, n_views > 1 ? MATCH_BYTES : VIEW);
	if (n_views > 1)
		assert_int_equal(bytes[VIEW], 1); /* the next view's */
	memcpy(&number, bytes, sizeof(number));
	return number % *(const unsigned *)filter == 0;
}

static void free_nothing(void *filter)
{
	(void)filter;
}

static struct bp_engine *make_engine(struct bp_conf **conf, struct bp_driver *drivers,
				     struct bp_driver_ops *ops, bool has_chain)
{
	struct bp_conf *c = make_conf(1);
	char name[8] = "p0";
	struct bp_engine *e;

	add_port(c, "in", "null", "", 1, 1);
	if (has_chain) {
		c->ports[0].n_chain = 2; /* macswap alone would be an edit */
		c->ports[0].chain[1] = 1;
		c->n_functions = 2;
		strcpy(c->functions[0].type, "macswap");
		strcpy(c->functions[1].type, "macswap");
		strcpy(c->functions[0].name, "fn");
		c->ports[0].out_ports = ((UINT64_C(1) << N_SINKS) - 1) << 1;
	}
	ops[0] = (struct bp_driver_ops){ .start = start_source, .stop = hold_nothing };
	for (unsigned i = 1; i <= N_SINKS; i++) {
		name[1] = (char)('0' + i);
		add_port(c, name, "null", "", BP_NO_PORT, 1);
		ops[i] = (struct bp_driver_ops){ .start = start_sink, .stop = hold_nothing };
	}
	memset(next_number, 0, sizeof(next_number));
	memset(n_come, 0, sizeof(n_come));
	n_made = 0;
	n_left = N_PKTS;
	assert_int_equal(bp_engine_create(c, &e), 0);
	for (unsigned i = 0; i <= N_SINKS; i++)
		disguise(e->env.ports[i], &drivers[i], &ops[i]);
	assert_int_equal(bp_paths_bind_offloads(e, NULL), 0);
	bp_paths_bind_directs(e, NULL);
	if (has_chain) {
		e->workers[0].paths[0].chain->steps[0].function = &decider;
		e->workers[0].paths[0].chain->steps[1].function = &passer;
	}
	*conf = c;
	return e;
}

static struct bp_trace_ask every(unsigned *modulus, unsigned n)
{
	return (struct bp_trace_ask){ .n_pkts = n,
				      .filter = modulus,
				      .matches = is_chosen,
				      .match_bytes = MATCH_BYTES,
				      .free_filter = free_nothing };
}

/* The trace of a run of all packets, of every so manieth; what the others did is checked against a run without. */
static struct bp_trace *run_traced(bool has_chain, unsigned modulus, unsigned n,
				   struct bp_report *r)
{
	struct bp_driver_ops ops[N_SINKS + 1];
	struct bp_driver drivers[N_SINKS + 1];
	struct bp_trace_ask ask = every(&modulus, n);
	uint32_t untraced[N_SINKS + 1];
	struct bp_trace *t = NULL;
	struct bp_conf *c;
	char why[256];
	unsigned id;

	for (int is_traced = 0; is_traced < 2; is_traced++) {
		struct bp_engine *e = make_engine(&c, drivers, ops, has_chain);

		if (is_traced)
			assert_int_equal(bp_trace_begin(e, &ask, &id, why, sizeof(why)), 0);
		run_until(e, r, N_PKTS);
		assert_int_equal(r->unaccounted, 0);
		assert_int_equal(r->arena_frames_free, r->arena_frames);
		if (is_traced)
			assert_memory_equal(untraced, n_come, sizeof(n_come));
		memcpy(untraced, n_come, sizeof(n_come));
		if (is_traced)
			t = bp_trace_end(e, id);
		assert_null(bp_trace_end(e, id));
		bp_engine_destroy(e);
		free(c);
	}
	assert_non_null(t);
	return t;
}

/* The steps of a packet, in the order in which they were made: one worker. Returns how many. */
static unsigned steps_of(const struct bp_trace *t, unsigned journey,
			 const struct bp_trace_step *steps[8])
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->n_steps; i++)
		if (t->steps[i].journey == journey) {
			assert_true(n < 8);
			steps[n++] = &t->steps[i];
		}
	return n;
}

static uint32_t number_seen(const struct bp_trace *t, unsigned journey)
{
	uint32_t number;

	memcpy(&number, t->journeys[journey].head, sizeof(number));
	return number;
}

/* ---- tests ----------------------------------------------------------------------------------------- */

static void check_edit(const struct bp_trace_edit *edit, unsigned at, unsigned n_old,
		       unsigned n_new)
{
	assert_int_equal(edit->at, at);
	assert_int_equal(edit->n_old, n_old);
	assert_int_equal(edit->n_new, n_new);
}

/* A step to port id of a packet that the function sent to `ports`. */
static void check_sent(const struct bp_trace_step *s, uint32_t number, unsigned id, bool is_copy)
{
	bool is_refused = id == 1 && number % 16 == 2, is_lost = id == 2 && number % 8 == 6;

	assert_int_equal(s->kind, BP_TRACE_TX);
	assert_int_equal(s->port_id, id);
	assert_int_equal(s->queue_port_id, id);
	assert_int_equal(s->n_replicas, is_copy);
	assert_int_equal(s->n_copies, is_copy);
	assert_int_equal(s->n_copy_bytes, is_copy ? n_views * VIEW : 0);
	assert_int_equal(s->is_dropped_leaving, is_refused);
	assert_int_equal(s->n_sent, !is_refused && !is_lost);
	assert_int_equal(s->n_dropped, is_lost);
	if (is_lost)
		assert_int_equal(s->drop, BP_DROP_TX_KERNEL);
	if (is_refused)
		assert_int_equal(s->why, 1);
	assert_true(s->end >= s->begin);
}

static void a_journey_is_what_the_functions_decided(void **state)
{
	(void)state;
	for (n_views = 1; n_views <= 3; n_views += 2) {
		struct bp_report *r = calloc(1, sizeof(*r));
		struct bp_trace *t = run_traced(true, 3, 1000, r);
		const struct bp_trace_step *s[8];

		assert_int_equal(t->n_done, 1000);
		for (unsigned j = 0; j < 1000; j++) {
			uint32_t number = number_seen(t, j);
			unsigned n = steps_of(t, j, s);

			assert_int_equal(number, 3 * j);
			assert_int_equal(t->journeys[j].n_bytes, n_views * VIEW);
			assert_int_equal(t->journeys[j].n_lost, 0);
			assert_int_equal(s[0]->kind, BP_TRACE_RX);
			assert_in_range(s[0]->n_burst, 1, BP_BURST_MAX);
			assert_int_equal(s[1]->kind, BP_TRACE_FUNCTION);
			assert_int_equal(s[1]->function_id, 0);
			check_edit(&s[1]->edit, 4, 2, 2);
			assert_int_equal(s[1]->edit.new_bytes[0], 7);
			switch (number % 4) {
			case 0: /* the chain's end */
				assert_int_equal(n, 4);
				assert_true(s[1]->out == BP_OUT_NEXT);
				assert_int_equal(s[2]->function_id, 1);
				assert_true(!s[2]->edit.n_old && !s[2]->edit.n_new);
				check_sent(s[3], 0, 1, false);
				assert_int_equal(s[3]->function_id, BP_TRACE_NO_ID);
				break;
			case 1:
				assert_int_equal(n, 2);
				assert_true(!s[1]->out);
				assert_int_equal(s[1]->why, 2);
				break;
			case 2:
				assert_int_equal(n, 5);
				for (unsigned i = 1; i <= 3; i++) {
					check_sent(s[i + 1], number, i, i < 3);
					assert_int_equal(s[i + 1]->function_id, 0);
				}
				/* The third lacks its first two bytes. */
				assert_int_equal(s[4]->n_bytes, n_views * VIEW - 2);
				assert_int_equal(s[4]->edit.n_old, s[4]->edit.n_new + 2);
				break;
			default:
				assert_int_equal(n, 5);
				check_sent(s[2], number, 2, true);
				assert_int_equal(s[3]->function_id, 1);
				check_sent(s[4], 0, 1, false);
				assert_int_equal(s[4]->function_id, BP_TRACE_NO_ID);
			}
		}
		bp_trace_free(t);
		free(r);
	}
}

/* All that were seen add up to what the ledger has, when all are seen. */
static void copies_are_those_of_the_account(void **state)
{
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_trace *t;
	uint64_t n_copies = 0, n_counted = 0, n_replicas = 0;

	(void)state;
	n_views = 1;
	t = run_traced(true, 7, 1000, r);
	assert_int_equal(t->n_done, (N_PKTS + 6) / 7);
	for (unsigned i = 0; i < t->n_steps; i++)
		n_copies += t->steps[i].n_copies;
	for (unsigned i = 0; i < r->n_paths; i++) {
		n_counted += r->paths[i].n_copies;
		n_replicas += r->paths[i].n_replicas;
	}
	/* Of four packets in turn two are copied for one port more, one of them for another. */
	assert_int_equal(n_counted, n_replicas);
	assert_in_range(n_copies, n_counted / 7 - 3, n_counted / 7 + 3);
	bp_trace_free(t);
	free(r);
}

static void a_path_without_functions_is_traced(void **state)
{
	struct bp_report *r = calloc(1, sizeof(*r));
	const struct bp_trace_step *s[8];
	struct bp_trace *t;

	(void)state;
	n_views = 1;
	t = run_traced(false, 1, 5, r);
	for (unsigned j = 0; j < 5; j++) {
		assert_int_equal(number_seen(t, j), j);
		assert_int_equal(steps_of(t, j, s), 2);
		check_sent(s[1], 0, 1, false);
	}
	assert_int_equal(n_come[1], N_PKTS);
	bp_trace_free(t);
	free(r);
}

/* One at a time, by number, for as long as somebody asks for it. */
static void a_trace_is_one_client_s_for_as_long_as_it_asks(void **state)
{
	struct bp_driver_ops ops[N_SINKS + 1];
	struct bp_driver drivers[N_SINKS + 1];
	unsigned modulus = 1, id, other;
	struct bp_trace_ask ask = every(&modulus, 3);
	struct bp_trace_state at;
	struct bp_conf *c;
	struct bp_engine *e;
	char why[256];

	(void)state;
	n_views = 1;
	e = make_engine(&c, drivers, ops, true);
	ask.port = "p2";
	assert_int_equal(bp_trace_begin(e, &ask, &id, why, sizeof(why)), -ENOENT);
	assert_string_equal(why,
			    "found \"port\" 'p2', allowed, since packets are received there: in");
	ask.port = "in";
	assert_int_equal(bp_trace_begin(e, &ask, &id, why, sizeof(why)), 0);
	assert_int_equal(bp_trace_begin(e, &ask, &other, why, sizeof(why)), -EBUSY);
	assert_non_null(strstr(why, "3 packets from port in, 0 of them seen"));
	assert_int_equal(bp_trace_look(e, id + 1, &at), -ENOENT);
	assert_int_equal(bp_trace_look(e, id, &at), 0);
	assert_false(at.is_over);
	assert_int_equal(at.n_wanted, 3);
	bp_trace_tick(e);
	assert_int_equal(bp_trace_look(e, id, &at), 0);
	e->trace->control->asked_ns -= (BP_TRACE_PATIENCE_MS + 1000) * UINT64_C(1000000);
	bp_trace_tick(e);
	assert_int_equal(bp_trace_look(e, id, &at), -ENOENT);
	assert_null((void *)e->workers[0].paths[0].trace);
	/* Aborted: what there is can be fetched. */
	assert_int_equal(bp_trace_begin(e, &ask, &other, why, sizeof(why)), 0);
	assert_int_not_equal(other, id);
	bp_trace_abort(e);
	assert_null((void *)e->workers[0].paths[0].trace);
	assert_int_equal(bp_trace_look(e, other, &at), 0);
	assert_true(at.is_over && !at.n_seen);
	bp_trace_free(bp_trace_end(e, other));
	bp_engine_destroy(e);
	free(c);
}

static void note_gone(struct bp_capture *capture)
{
	capture->is_held = false;
}

/* Whoever ends a trace or a capture goes on; what the worker may be in is kept until it has gone on, too. */
static void a_worker_that_stands_still_holds_nobody(void **state)
{
	struct bp_capture *capture = calloc(1, sizeof(*capture));
	struct bp_driver_ops ops[N_SINKS + 1];
	struct bp_driver drivers[N_SINKS + 1];
	unsigned modulus = 1, id, other;
	struct bp_trace_ask ask = every(&modulus, 3);
	struct bp_trace_state at;
	struct bp_conf *c;
	struct bp_engine *e;
	char why[256];

	(void)state;
	n_views = 1;
	e = make_engine(&c, drivers, ops, false);
	n_left = 0;
	*capture = (struct bp_capture){
		.kinds = BP_CAPTURE_RX, .snap_bytes = 64, .sample = 1, .let_go = note_gone
	};
	assert_int_equal(bp_capture_open(capture, 1, BP_CAPTURE_RING_MIN), 0);
	stands_still = true;
	assert_int_equal(bp_engine_start(e), 0);
	while (!is_standing)
		sched_yield();
	assert_int_equal(bp_engine_capture(e, capture, NULL, 0, why, sizeof(why)), 0);
	assert_int_equal(bp_trace_begin(e, &ask, &id, why, sizeof(why)), 0);
	assert_null(bp_trace_end(e, id));
	assert_int_equal(bp_trace_look(e, id, &at), -ENOENT);
	assert_int_equal(bp_trace_begin(e, &ask, &other, why, sizeof(why)), 0);
	bp_engine_uncapture(e, capture);
	assert_true(capture->is_held);
	bp_engine_tick(e);
	assert_true(capture->is_held);
	assert_non_null(e->retired);
	stands_still = false;
	while (capture->is_held || e->retired)
		bp_engine_tick(e);
	/* And at the end of a run: what is still kept then is given back. */
	is_standing = false;
	stands_still = true;
	while (!is_standing)
		sched_yield();
	assert_int_equal(bp_engine_capture(e, capture, NULL, 0, why, sizeof(why)), 0);
	bp_engine_uncapture(e, capture);
	assert_true(capture->is_held);
	stands_still = false;
	bp_engine_stop(e);
	assert_false(capture->is_held);
	bp_capture_close(capture);
	free(capture);
	bp_engine_destroy(e);
	free(c);
}

static void headers_are_one_line(void **state)
{
	static const struct {
		const char *hex, *text;
	} rows[] = {
		{ "020000000002020000000001080045000054000040004001000"
		  "00a4d00010a4d0002080000000007000a",
		  "02:00:00:00:00:01 > 02:00:00:00:00:02 · IPv4 10.77.0.1 > 10.77.0.2 ttl 64 · ICMP echo request id 7 seq 10" },
		{ "0200000000020200000000018100000a0800450000280000000040060000c0000201c6336401"
		  "0050c0000000000100000002501200ff00000000",
		  "02:00:00:00:00:01 > 02:00:00:00:00:02 · VLAN 10 · IPv4 192.0.2.1 > 198.51.100.1 ttl 64 · TCP 80 > 49152 S." },
		{ "ffffffffffff02000000000108060001080006040001020000000001"
		  "0a4d00010000000000000a4d0002",
		  "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff · ARP who has 10.77.0.2, by 10.77.0.1" },
		{ "02000000000202000000000186dd6000000000080040fe800000000000000000000000000001"
		  "fe80000000000000000000000000000211000000000000000035003500080000",
		  "02:00:00:00:00:01 > 02:00:00:00:00:02 · IPv6 fe80::1 > fe80::2 hops 64 · UDP 53 > 53" },
		{ "02000000000202000000000108004500",
		  "02:00:00:00:00:01 > 02:00:00:00:00:02 · IPv4 · cut short" },
		{ "0200", "shorter than an Ethernet header" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[BP_HEADLINE_BYTES];
		uint8_t bytes[128];
		size_t n = strlen(rows[i].hex) / 2;

		for (size_t k = 0; k < n; k++) {
			unsigned byte;

			assert_int_equal(sscanf(&rows[i].hex[2 * k], "%2x", &byte), 1);
			bytes[k] = (uint8_t)byte;
		}
		bp_headline(bytes, n, text);
		assert_string_equal(text, rows[i].text);
		/* However short: no byte further on is read (valgrind, address sanitizer). */
		for (size_t k = 0; k < n; k++) {
			uint8_t *less = malloc(k + 1);

			memcpy(less, bytes, k);
			bp_headline(less, k, text);
			free(less);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_journey_is_what_the_functions_decided),
		cmocka_unit_test(copies_are_those_of_the_account),
		cmocka_unit_test(a_path_without_functions_is_traced),
		cmocka_unit_test(a_trace_is_one_client_s_for_as_long_as_it_asks),
		cmocka_unit_test(a_worker_that_stands_still_holds_nobody),
		cmocka_unit_test(headers_are_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
