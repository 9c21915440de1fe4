/* Checks NDR and PDR, searched together, on 1000 simulated devices whose limit is known all the time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_points.h"
#include "sim_device.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define N_DEVICES 1000u
#define N_GOALS   2u

enum class { KNEE, NOISE, DRIFT, SPIKES, ALL, N_CLASSES };

static const char *const class_names[N_CLASSES] = { "knee", "noise", "drift", "spikes", "all" };

/* What the search before this one (commit ac77d8a) took for the same goals of the same devices, simulated seconds. */
static const double before_s[N_CLASSES] = { 4656, 7267, 8590, 4875, 7044 };

struct range {
	double low_pps, high_pps;
};

struct tally {
	unsigned n_goals, n_measured, n_regular, n_held, n_narrower, n_unbounded;
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

static void search_both(struct tally *t, unsigned id)
{
	struct sim_device d = device_of(id);
	struct bp_search_conf conf;
	struct bp_search_result r;

	sim_device_conf(&d, BP_SEARCH_NDR, &conf);
	conf.n_goals = N_GOALS;
	conf.loss_ratios[1] = 0.005;
	assert_int_equal(bp_search_run(&conf, &r), 0);
	for (unsigned i = 0; i < N_GOALS; i++)
		judge(t, &d, &r, &r.goals[i]);
	t->time_s += r.elapsed_s;
	t->n_trials += (unsigned)r.n_trials;
	bp_search_result_free(&r);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void show(const char *name, struct tally *t, double then_s)
{
	unsigned n = t->n_goals - t->n_unbounded;

	qsort(t->width, n, sizeof(t->width[0]), compare_doubles);
	print_message("%-7s goals %4u  measured %4u  no bounds %u  held %5.2f %%  narrower %u  "
		      "width %.2f %% (p90 %.2f)  trials %.1f  time %.0f s (%.2f×)\n",
		      name, t->n_goals, t->n_measured, t->n_unbounded,
		      100.0 * t->n_held / t->n_goals, t->n_narrower, 100 * t->width[n / 2],
		      100 * t->width[n * 9 / 10], (double)t->n_trials * N_GOALS / t->n_goals,
		      t->time_s, then_s > 0 ? t->time_s / then_s : 0);
}

static void bounds_hold_the_truth_of_1000_devices(void **state)
{
	static struct tally of[N_CLASSES];
	double time_s = 0, then_s = 0;
	unsigned n_held = 0, n_narrower = 0;

	(void)state;
	for (unsigned id = 0; id < N_DEVICES; id++)
		search_both(&of[id % N_CLASSES], id);
	for (unsigned i = 0; i < N_CLASSES; i++) {
		show(class_names[i], &of[i], before_s[i]);
		n_held += of[i].n_held;
		n_narrower += of[i].n_narrower;
		time_s += of[i].time_s;
		then_s += before_s[i];
	}
	print_message("all: held %.2f %%, narrower %u, %.0f s of %.0f\n",
		      100.0 * n_held / (N_DEVICES * N_GOALS), n_narrower, time_s, then_s);
	assert_true(n_held * 100 >= N_DEVICES * N_GOALS * 99);
	assert_int_equal(n_narrower, 0);
	assert_true(time_s <= 0.8 * then_s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_hold_the_truth_of_1000_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
