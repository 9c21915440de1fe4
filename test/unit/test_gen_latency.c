/* The latency histogram against exact sorting. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gen/latency.h"

#include <stdlib.h>
#include <string.h>

#define N_VALUES 200000u

static uint64_t state = 0x243f6a8885a308d3u;

/* xorshift64*: the same values in every run. */
static uint64_t random_bits(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1du;
}

static double random_unit(void)
{
	return (double)(random_bits() >> 11) / (double)(1ull << 53);
}

/* -log2 of a uniform value, without libm: the leading zeros are geometric, the rest uniform. */
static double random_exponential(void)
{
	return (double)__builtin_clzll(random_bits() | 1) + random_unit();
}

static uint64_t uniform(void)
{
	return (uint64_t)(random_unit() * 5e6);
}

static uint64_t exponential(void)
{
	return (uint64_t)(random_exponential() * 20000);
}

/* Every power of two from 1 ns to 100 s equally often. */
static uint64_t log_uniform(void)
{
	return (1ull << (random_bits() % 36)) + random_bits() % (1ull << (random_bits() % 36));
}

/* Most at 5 µs, one in 50 behind a stall. */
static uint64_t bimodal(void)
{
	return random_bits() % 50 ? 5000 + random_bits() % 400 : 4000000 + random_bits() % 1000000;
}

static uint64_t tiny(void)
{
	return random_bits() % 300;
}

static uint64_t constant(void)
{
	return 123456789;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void assert_near(double found, double exact, const char *what)
{
	double error = found > exact ? found - exact : exact - found;

	if (error > exact * 0.01)
		fail_msg("%s: %f instead of %f", what, found, exact);
}

static void check_percentiles(uint64_t (*draw)(void), const char *what)
{
	static const double shares[] = { 0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1 };
	uint64_t *values = malloc(N_VALUES * sizeof(*values)), sum = 0;
	struct bp_latency *l = calloc(1, sizeof(*l));
	struct bp_latency_summary s;

	for (unsigned i = 0; i < N_VALUES; i++) {
		values[i] = draw();
		sum += values[i];
		bp_latency_add(l, values[i]);
	}
	qsort(values, N_VALUES, sizeof(*values), compare);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		/* The smallest value that at least this share did not exceed. */
		double rank = shares[i] * N_VALUES;
		size_t at = (size_t)rank + ((double)(size_t)rank < rank);

		assert_near(bp_latency_percentile(l, shares[i]), (double)values[at ? at - 1 : 0],
			    what);
	}
	bp_latency_summarise(l, &s);
	assert_int_equal(s.n, N_VALUES);
	assert_true(s.min_ns == (double)values[0]);
	assert_true(s.max_ns == (double)values[N_VALUES - 1]);
	assert_true(s.mean_ns == (double)sum / N_VALUES);
	free(values);
	free(l);
}

static void percentiles_are_within_1_percent_of_sorting(void **unused)
{
	(void)unused;
	check_percentiles(uniform, "uniform");
	check_percentiles(exponential, "exponential");
	check_percentiles(log_uniform, "log-uniform");
	check_percentiles(bimodal, "bimodal");
	check_percentiles(tiny, "tiny");
	check_percentiles(constant, "constant");
}

/* Every edge of a bucket up to 100 s: a histogram of one value says it within 1 %. */
static void every_octave_is_covered(void **unused)
{
	struct bp_latency *l = calloc(1, sizeof(*l));
	unsigned last = 0;

	(void)unused;
	for (uint64_t base = 1; base <= 100000000000u; base *= 2)
		for (uint64_t v = base - 1; v <= base + 1; v++) {
			unsigned bucket = bp_latency_bucket(v);

			assert_true(bucket >= last || v + 1 == base);
			assert_true(bucket < BP_LATENCY_BUCKETS);
			last = bucket;
			memset(l, 0, sizeof(*l));
			bp_latency_add(l, v);
			l->min_ns = 0; /* the extremes would hide the bucket's middle */
			l->max_ns = UINT64_MAX;
			assert_near(bp_latency_percentile(l, 0.5), (double)v, "edge");
		}
	free(l);
}

static void longest_latencies_keep_their_maximum(void **unused)
{
	struct bp_latency *l = calloc(1, sizeof(*l));

	(void)unused;
	bp_latency_add(l, 10);
	bp_latency_add(l, 500000000000u);
	assert_true(bp_latency_percentile(l, 1) == 5e11);
	assert_true(bp_latency_percentile(l, 0.5) == 10);
	free(l);
}

static void merged_is_as_if_counted_in_one(void **unused)
{
	struct bp_latency *all = calloc(1, sizeof(*all)), *a = calloc(1, sizeof(*a)),
			  *b = calloc(1, sizeof(*b));

	(void)unused;
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t v = bimodal();

		bp_latency_add(all, v);
		bp_latency_add(i < 5000 ? a : b, v);
	}
	bp_latency_merge(a, b);
	assert_int_equal(a->n, all->n);
	assert_int_equal(a->sum_ns, all->sum_ns);
	assert_int_equal(a->min_ns, all->min_ns);
	assert_int_equal(a->max_ns, all->max_ns);
	assert_memory_equal(a->buckets, all->buckets, sizeof(a->buckets));
	assert_int_equal(a->n_diffs, all->n_diffs - 1); /* the pair at the seam */
	free(all);
	free(a);
	free(b);
}

static void jitter_is_the_mean_difference_of_neighbours(void **unused)
{
	static const uint64_t values[] = { 100, 130, 110, 110, 210 }; /* 30 + 20 + 0 + 100 */
	struct bp_latency *l = calloc(1, sizeof(*l));
	struct bp_latency_summary s;

	(void)unused;
	for (size_t i = 0; i < 5; i++)
		bp_latency_add(l, values[i]);
	bp_latency_summarise(l, &s);
	assert_true(s.jitter_ns == 150.0 / 4);
	free(l);
}

static void empty_histogram_says_nothing(void **unused)
{
	struct bp_latency *l = calloc(1, sizeof(*l)), *other = calloc(1, sizeof(*other));
	struct bp_latency_summary s;

	(void)unused;
	bp_latency_merge(l, other);
	bp_latency_summarise(l, &s);
	assert_int_equal(s.n, 0);
	assert_true(s.p99_ns == 0 && s.max_ns == 0 && s.jitter_ns == 0);
	free(l);
	free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_within_1_percent_of_sorting),
		cmocka_unit_test(every_octave_is_covered),
		cmocka_unit_test(longest_latencies_keep_their_maximum),
		cmocka_unit_test(merged_is_as_if_counted_in_one),
		cmocka_unit_test(jitter_is_the_mean_difference_of_neighbours),
		cmocka_unit_test(empty_histogram_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
