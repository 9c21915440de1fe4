/* Checks the search for a switch's capacity and learning rate on simulated switches. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/rfc2889.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A switch and the generator before it, in simulated time. */
struct sim {
	uint32_t capacity; /* of learnt addresses; more are not taken */
	double learns_pps; /* above, it misses some; 0: any rate */
	double sends_pps; /* the generator's highest rate */
	double ageing_s;
	bool forgets_others; /* which it holds when full varies from trial to trial */
	bool drops; /* what it does not know, instead of flooding it */
	uint32_t n_strange; /* addresses of others, there before the search */
	uint32_t n_visitors; /* likewise, which speak before each trial of the rate */
	unsigned n_void; /* first trials that say nothing */
	unsigned fails_after; /* 0: never */
	/* State. */
	uint32_t n_known; /* the first ones of the set */
	double now_s, last_s;
	unsigned n_trials;
	atomic_bool stop;
};

static void age(struct sim *s)
{
	if (s->now_s - s->last_s <= s->ageing_s)
		return;
	s->n_known = 0;
	s->n_strange = 0;
}

static int trial(void *ctx, const struct bp_learning_request *q, struct bp_learning_result *r)
{
	struct sim *s = ctx;
	double pps = q->learn_pps > 0 && q->learn_pps < s->sends_pps ? q->learn_pps : s->sends_pps;
	uint32_t room, n;

	age(s);
	if (q->learn_pps <= 0 || q->learn_pps > q->test_pps)
		s->n_strange += s->n_visitors;
	room = s->capacity - s->n_strange;
	n = q->n_addresses < room ? q->n_addresses : room;
	s->n_trials++;
	if (s->fails_after && s->n_trials > s->fails_after)
		return -1;
	if (s->learns_pps > 0 && pps > s->learns_pps)
		n = (uint32_t)(n * s->learns_pps / pps);
	if (s->forgets_others && n < q->n_addresses)
		n -= n / (3 + s->n_trials % 5);
	if (n > s->n_known)
		s->n_known = n;
	n = s->n_known < q->n_addresses ? s->n_known : q->n_addresses;
	*r = (struct bp_learning_result){
		.n_learn_sent = q->n_addresses,
		.n_learn_received = q->n_addresses,
		.learn_pps = pps,
		.n_sent = q->n_addresses,
		.n_received = s->drops ? n : q->n_addresses,
		.n_flooded = s->drops ? 0 : q->n_addresses - n,
		.is_late = q->learn_pps > s->sends_pps,
		.is_void = s->n_trials <= s->n_void,
		.why = "void",
	};
	s->now_s += q->n_addresses / pps + q->n_addresses / q->test_pps;
	s->last_s = s->now_s;
	return 0;
}

static bool rest(void *ctx, double seconds)
{
	struct sim *s = ctx;

	s->now_s += seconds;
	return !atomic_load(&s->stop);
}

static uint64_t now(void *ctx)
{
	return (uint64_t)(((struct sim *)ctx)->now_s * 1e9);
}

static const struct bp_rfc2889_result *run(struct sim *s, uint32_t n_initial, double budget_s)
{
	static struct bp_rfc2889_result result;
	struct bp_rfc2889_conf conf;

	bp_rfc2889_defaults(&conf);
	conf.trial = trial;
	conf.rest = rest;
	conf.ctx = s;
	conf.stop = &s->stop;
	conf.now_ns = now;
	conf.n_initial = n_initial;
	conf.ageing_s = s->ageing_s;
	conf.budget_s = budget_s;
	assert_int_equal(bp_rfc2889_run(&conf, &result), 0);
	return &result;
}

static struct sim switch_of(uint32_t capacity)
{
	return (struct sim){ .capacity = capacity, .sends_pps = 1e6, .ageing_s = 300 };
}

static void is_exactly(const struct bp_rfc2889_bounds *b, uint32_t n)
{
	assert_int_equal(b->outcome, BP_SEARCH_MEASURED);
	assert_int_equal((uint32_t)b->lower, n);
	assert_int_equal((uint32_t)b->upper, n + 1);
}

static void capacity_is_exact_from_any_first_number(void **state)
{
	static const uint32_t capacities[] = {
		1, 2, 3, 999, 1000, 1001, 1023, 8191, 65535, 300000
	};
	static const uint32_t firsts[] = { 1, 2, 1000, 100000 };

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		for (unsigned j = 0; j < 4; j++) {
			struct sim s = switch_of(capacities[i]);
			const struct bp_rfc2889_result *r = run(&s, firsts[j], 0);

			is_exactly(&r->capacity, capacities[i]);
			assert_true(r->capacity.n_trials <= 24);
		}
}

static void capacity_is_exact_where_the_known_ones_vary(void **state)
{
	(void)state;
	for (uint32_t n = 500; n < 1500; n += 7) {
		struct sim s = switch_of(n);

		s.forgets_others = true;
		is_exactly(&run(&s, 1000, 0)->capacity, n);
	}
}

static void addresses_of_others_are_waited_out(void **state)
{
	struct sim s = switch_of(1023);

	(void)state;
	s.n_strange = 24; /* 999 fit at first */
	is_exactly(&run(&s, 1000, 0)->capacity, 1023);
}

static void what_is_not_forgotten_is_not_counted_twice(void **state)
{
	struct sim s = switch_of(1023);
	const struct bp_rfc2889_result *r = run(&s, 700, 0);
	bool has_failed = false;

	(void)state;
	for (unsigned i = 0; i < r->n_trials; i++) {
		const struct bp_rfc2889_trial *t = &r->trials[i];

		if (has_failed || t->test == BP_RFC2889_RATE)
			assert_true(t->waited_s > s.ageing_s);
		has_failed = t->result.n_flooded > 0;
	}
	assert_int_equal(r->capacity.n_trials, 4); /* 700, 1400, 1023, 1024 */
}

static void a_hub_is_not_measurable(void **state)
{
	struct sim s = switch_of(0);
	const struct bp_rfc2889_result *r = run(&s, 1000, 0);

	(void)state;
	assert_int_equal(r->capacity.outcome, BP_SEARCH_NOT_MEASURABLE);
	assert_non_null(strstr(r->capacity.why, "floods"));
	assert_int_equal(r->rate.outcome, BP_SEARCH_NOT_MEASURABLE);
	assert_int_equal(r->rate.n_trials, 0);
}

static void a_table_larger_than_all_that_is_tried_is_bounded(void **state)
{
	struct sim s = switch_of(2 * BP_RFC2889_ADDRESSES_MAX);
	const struct bp_rfc2889_result *r = run(&s, 1000, 0);

	(void)state;
	assert_int_equal(r->capacity.outcome, BP_SEARCH_BOUNDED);
	assert_int_equal((uint32_t)r->capacity.lower, BP_RFC2889_ADDRESSES_MAX);
	assert_int_equal((uint32_t)r->capacity.upper, 0);
}

static void unknown_ones_that_are_dropped_leave_it_open(void **state)
{
	struct sim s = switch_of(1023);
	const struct bp_rfc2889_result *r;

	(void)state;
	s.drops = true;
	r = run(&s, 1000, 0);
	assert_int_equal(r->capacity.outcome, BP_SEARCH_BOUNDED);
	assert_int_equal(r->capacity.cause, BP_SEARCH_CAUSE_LOSSY);
	assert_int_equal((uint32_t)r->capacity.lower, 1000);
}

static void void_trials_are_made_again_three_times(void **state)
{
	struct sim s = switch_of(1023), worse = switch_of(1023);

	(void)state;
	s.n_void = 2;
	is_exactly(&run(&s, 1000, 0)->capacity, 1023);
	worse.n_void = 3;
	assert_int_equal(run(&worse, 1000, 0)->capacity.cause, BP_SEARCH_CAUSE_GENERATOR);
}

static void budget_signal_and_failure_keep_what_was_found(void **state)
{
	struct sim s = switch_of(1023), stopped = switch_of(1023), failed = switch_of(1023);
	const struct bp_rfc2889_result *r = run(&s, 1000, 60);

	(void)state;
	assert_int_equal(r->capacity.cause, BP_SEARCH_CAUSE_TIME);
	assert_true(r->elapsed_s < 60 && r->capacity.lower >= 1000);
	atomic_store(&stopped.stop, true);
	assert_int_equal(run(&stopped, 1000, 0)->capacity.cause, BP_SEARCH_CAUSE_INTERRUPTED);
	failed.fails_after = 1;
	r = run(&failed, 1000, 0);
	assert_int_equal(r->capacity.cause, BP_SEARCH_CAUSE_FAILED);
	assert_int_equal((uint32_t)r->capacity.lower, 1000);
}

static void frames_that_take_longer_than_ageing_end_it(void **state)
{
	struct sim s = switch_of(8191);
	const struct bp_rfc2889_result *r;

	(void)state;
	s.ageing_s = 0.5; /* 2500 addresses at 10,000 frames/s */
	r = run(&s, 1000, 0);
	assert_int_equal(r->capacity.cause, BP_SEARCH_CAUSE_TIME);
	assert_non_null(strstr(r->capacity.why, "forgets after"));
	assert_int_equal((uint32_t)r->capacity.lower, 2000);
}

static void learning_rate_is_within_its_bounds(void **state)
{
	(void)state;
	for (double pps = 12345; pps < 900000; pps *= 1.7) {
		struct sim s = switch_of(1023);
		const struct bp_rfc2889_result *r;

		s.learns_pps = pps;
		r = run(&s, 1000, 0);
		assert_int_equal(r->rate.outcome, BP_SEARCH_MEASURED);
		assert_true(r->rate.lower <= pps && pps <= r->rate.upper);
		assert_true((r->rate.upper - r->rate.lower) / r->rate.upper <= 0.05);
		assert_int_equal(r->n_rate_addresses, 959);
	}
}

/* A host that nobody asked speaks: its address is not one that the rate was too high for. */
static void an_address_of_somebody_else_is_no_bound_of_the_rate(void **state)
{
	struct sim s = switch_of(1023);
	const struct bp_rfc2889_result *r;

	(void)state;
	s.n_visitors = 3;
	r = run(&s, 1000, 0);
	is_exactly(&r->capacity, 1023);
	assert_int_equal(r->rate.outcome, BP_SEARCH_BOUNDED);
	assert_int_equal(r->rate.cause, BP_SEARCH_CAUSE_GENERATOR);
}

static void a_generator_that_is_slower_is_no_figure_of_the_device(void **state)
{
	struct sim s = switch_of(1023);
	const struct bp_rfc2889_result *r = run(&s, 1000, 0);

	(void)state;
	assert_int_equal(r->rate.outcome, BP_SEARCH_BOUNDED);
	assert_int_equal(r->rate.cause, BP_SEARCH_CAUSE_GENERATOR);
	assert_true(r->rate.lower >= 1e6 && r->rate.upper <= 0);
	assert_int_equal(r->rate.n_trials, 1);
}

static void nonsense_is_refused(void **state)
{
	struct bp_rfc2889_result result;
	struct bp_rfc2889_conf conf;

	(void)state;
	bp_rfc2889_defaults(&conf);
	conf.trial = trial;
	conf.rest = rest;
	conf.n_initial = 0;
	assert_int_not_equal(bp_rfc2889_run(&conf, &result), 0);
	bp_rfc2889_defaults(&conf);
	assert_int_not_equal(bp_rfc2889_run(&conf, &result), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capacity_is_exact_from_any_first_number),
		cmocka_unit_test(capacity_is_exact_where_the_known_ones_vary),
		cmocka_unit_test(addresses_of_others_are_waited_out),
		cmocka_unit_test(what_is_not_forgotten_is_not_counted_twice),
		cmocka_unit_test(a_hub_is_not_measurable),
		cmocka_unit_test(a_table_larger_than_all_that_is_tried_is_bounded),
		cmocka_unit_test(unknown_ones_that_are_dropped_leave_it_open),
		cmocka_unit_test(void_trials_are_made_again_three_times),
		cmocka_unit_test(budget_signal_and_failure_keep_what_was_found),
		cmocka_unit_test(frames_that_take_longer_than_ageing_end_it),
		cmocka_unit_test(learning_rate_is_within_its_bounds),
		cmocka_unit_test(an_address_of_somebody_else_is_no_bound_of_the_rate),
		cmocka_unit_test(a_generator_that_is_slower_is_no_figure_of_the_device),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
