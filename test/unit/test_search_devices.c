/* Checks searches on 1000 simulated devices whose limit is known all the time, and on 1000 others. */
/* SPDX-License-Identifier: BSD-3-Clause */
/* usage: unit-search-devices [FIRST]    the number of the first of the others: each number makes another device */
#include "compare/lossless.h"
#include "gen/search_points.h"
#include "sim_device.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N_DEVICES 1000u
#define N_GOALS   2u /* of a search at most */

enum class { KNEE, NOISE, DRIFT, SPIKES, ALL, N_CLASSES };

static const char *const class_names[N_CLASSES] = { "knee", "noise", "drift", "spikes", "all" };

/* Simulated seconds that the search before (commit ac77d8a) took for NDR and PDR of the same devices. */
#define BEFORE_S 32432.0

static unsigned others = 20000; /* first of the other devices */

struct range {
	double low_pps, high_pps;
};

struct tally {
	unsigned n_devices, n_goals, n_measured, n_held, n_narrower, n_unbounded;
	unsigned n_trials;
	double time_s, width[N_DEVICES * N_GOALS];
};

/* 0 … 1, the same for the same device and property. */
static double share_of(unsigned device, unsigned property)
{
	uint64_t z = (device * 16ull + property + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static double between(unsigned device, unsigned property, double min, double max)
{
	return min + (max - min) * share_of(device, property);
}

/* 10 kpps to 10 Mpps, a generator twice to twenty times as fast; the same number of each class. */
static struct sim_device device_of(unsigned id)
{
	enum class class = (enum class)(id % N_CLASSES);
	double sign = share_of(id, 0) < 0.5 ? -1 : 1, part = class == ALL ? 0.5 : 1;
	struct sim_device d = { .knee_pps = pow(10, between(id, 1, 4, 7)),
				.settle_s = 0.05,
				.seed = id * 7919ull };

	d.generator_pps = d.knee_pps * between(id, 2, 2, 20);
	if (class == KNEE && id % 4 == 0)
		d.collapse = between(id, 3, 0, 0.5);
	if (class == NOISE || class == ALL)
		d.noise = part * between(id, 4, 0.001, 0.02);
	if (class == DRIFT || class == ALL)
		d.drift_per_s = part * sign * between(id, 5, 0.0001, 0.001);
	if (class == SPIKES || class == ALL)
		d.spike_share = part * between(id, 6, 0.02, 0.1);
	return d;
}

/* Highest load of which no more than the ratio is lost; an overloaded device may forward less than its knee. */
static double limit_of(const struct sim_device *d, double loss_ratio)
{
	double c = d->collapse, left = 1 - loss_ratio;
	double knee_share =
		c > 0 ? (c - 1 + sqrt((1 - c) * (1 - c) + 4 * c * left)) / (2 * c) : left;

	return d->knee_pps / knee_share;
}

/* Every value that the limit had from the first full trial at one of the bounds to the last. */
static struct range truth_of(const struct sim_device *d, const struct bp_search_result *r,
			     const struct bp_search_bounds *b)
{
	double begin_s = INFINITY, end_s = 0, first, last, limit = limit_of(d, b->loss_ratio);

	for (size_t i = 0; i < r->n_trials; i++) {
		const struct bp_search_trial *t = &r->trials[i];

		if (t->duration_s < r->trial_s || (fabs(t->load_pps - b->lower_asked_pps) > 0.5 &&
						   fabs(t->load_pps - b->upper_pps) > 0.5))
			continue;
		begin_s = fmin(begin_s, t->begin_s);
		end_s = fmax(end_s, t->begin_s);
	}
	first = limit * (1 + d->drift_per_s * begin_s);
	last = limit * (1 + d->drift_per_s * end_s);
	return (struct range){ fmin(first, last) * (1 - d->noise),
			       fmax(first, last) * (1 + d->noise) };
}

static void judge(struct tally *t, const struct sim_device *d, const struct bp_search_result *r,
		  const struct bp_search_bounds *b)
{
	struct range truth = truth_of(d, r, b);
	double frame_pps = 1 / r->trial_s; /* less than a frame of a trial cannot be lost */
	bool is_held;

	t->n_goals++;
	t->n_measured += b->outcome == BP_SEARCH_MEASURED;
	if (b->lower_pps <= 0 || b->upper_pps <= 0) {
		t->n_unbounded++;
		return;
	}
	is_held = b->lower_pps <= truth.low_pps + frame_pps && b->upper_pps >= truth.high_pps;
	t->n_held += is_held;
	t->n_narrower += b->upper_pps - b->lower_pps + frame_pps < truth.high_pps - truth.low_pps;
	t->width[t->n_goals - 1 - t->n_unbounded] = b->width;
}

static void search(struct tally *t, unsigned id, void (*fill)(struct bp_search_conf *conf))
{
	struct sim_device d = device_of(id);
	struct bp_search_conf conf;
	struct bp_search_result r;

	fill(&conf);
	sim_device_wire(&d, &conf);
	assert_int_equal(bp_search_run(&conf, &r), 0);
	for (unsigned i = 0; i < r.n_goals; i++)
		judge(t, &d, &r, &r.goals[i]);
	t->n_devices++;
	t->time_s += r.elapsed_s;
	t->n_trials += (unsigned)r.n_trials;
	bp_search_result_free(&r);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void show(const char *name, struct tally *t)
{
	unsigned n = t->n_goals - t->n_unbounded;

	qsort(t->width, n, sizeof(t->width[0]), compare_doubles);
	print_message("%-7s goals %4u  measured %4u  no bounds %u  held %5.2f %%  narrower %u  "
		      "width %.2f %% (p90 %.2f)  trials %.1f  time %.0f s\n",
		      name, t->n_goals, t->n_measured, t->n_unbounded,
		      100.0 * t->n_held / t->n_goals, t->n_narrower, 100 * t->width[n / 2],
		      100 * t->width[n * 9 / 10], (double)t->n_trials / t->n_devices, t->time_s);
}

/* Searches 1000 devices from that one on: at least 99 % of the goals hold, none is narrower. Returns simulated seconds. */
static double hold_all(const char *what, unsigned first, void (*fill)(struct bp_search_conf *conf))
{
	static struct tally of[N_CLASSES];
	unsigned n_held = 0, n_narrower = 0, n_goals = 0;
	double time_s = 0;

	memset(of, 0, sizeof(of));
	for (unsigned id = first; id < first + N_DEVICES; id++)
		search(&of[id % N_CLASSES], id, fill);
	for (unsigned i = 0; i < N_CLASSES; i++) {
		show(class_names[i], &of[i]);
		n_held += of[i].n_held;
		n_narrower += of[i].n_narrower;
		n_goals += of[i].n_goals;
		time_s += of[i].time_s;
	}
	print_message("%s, devices from %u: held %.2f %%, narrower %u of %u, %.0f s\n", what, first,
		      100.0 * n_held / n_goals, n_narrower, n_goals, time_s);
	assert_true(n_held * 100 >= n_goals * 99);
	assert_int_equal(n_narrower, 0);
	return time_s;
}

static void fill_ndr(struct bp_search_conf *conf)
{
	bp_search_defaults(BP_SEARCH_NDR, conf);
	conf->n_goals = 2;
	conf->loss_ratios[1] = 0.005;
}

static void fill_mlr(struct bp_search_conf *conf)
{
	bp_search_defaults(BP_SEARCH_MLR, conf);
}

static void fill_compare(struct bp_search_conf *conf)
{
	bp_cmp_lossless_conf(0.4, 0, conf);
}

static void ndr_and_pdr_hold_the_truth_in_less_time_than_before(void **state)
{
	(void)state;
	assert_true(hold_all("NDR and PDR", 0, fill_ndr) <= 0.8 * BEFORE_S);
	hold_all("NDR and PDR", others, fill_ndr);
}

static void mlr_holds_the_truth_by_its_own_defaults(void **state)
{
	(void)state;
	hold_all("mlr", 0, fill_mlr);
	hold_all("mlr", others, fill_mlr);
}

static void comparisons_hold_the_truth(void **state)
{
	(void)state;
	hold_all("compare", 0, fill_compare);
	hold_all("compare", others, fill_compare);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ndr_and_pdr_hold_the_truth_in_less_time_than_before),
		cmocka_unit_test(mlr_holds_the_truth_by_its_own_defaults),
		cmocka_unit_test(comparisons_hold_the_truth),
	};

	if (argc > 1)
		others = (unsigned)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
