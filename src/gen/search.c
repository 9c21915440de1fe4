/* Starts searches: names, defaults, validation, the whole's outcome. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search.h"

#include "bypath/log.h"
#include "core/clock.h"

#include "gen/rfc2544.h"
#include "gen/search_run.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ABOVE_0 DBL_TRUE_MIN /* the smallest number above 0 */
#define BELOW_1 (1 - DBL_EPSILON / 2) /* the largest number below 1 */

static const char *const names[BP_SEARCH_KIND_N] = {
	[BP_SEARCH_NDR] = "ndr",
	[BP_SEARCH_PDR] = "pdr",
	[BP_SEARCH_THROUGHPUT] = "throughput",
	[BP_SEARCH_LATENCY] = "latency",
	[BP_SEARCH_LOSS] = "loss",
	[BP_SEARCH_BACK_TO_BACK] = "back-to-back",
	[BP_SEARCH_MLR] = "mlr",
};

const char *bp_search_name(enum bp_search_kind kind)
{
	return (unsigned)kind < BP_SEARCH_KIND_N ? names[kind] : "?";
}

enum bp_search_kind bp_search_by_name(const char *name)
{
	unsigned kind = 0;

	while (kind < BP_SEARCH_KIND_N && strcmp(names[kind], name))
		kind++;
	return (enum bp_search_kind)kind;
}

double bp_search_ratio(double percent)
{
	return round(percent * 1e10) / 1e12;
}

void bp_search_defaults(enum bp_search_kind kind, struct bp_search_conf *conf)
{
	*conf = (struct bp_search_conf){
		.kind = kind,
		.n_goals = 1,
		.width = 0.01,
		.trial_s = 2,
		.explore_s = 0.25,
		.sum_s = 6,
		.exceed_ratio = 0.5,
		.n_samples = 48,
		.n_repeats = 3,
		.burst_s = 2,
	};
	if (kind == BP_SEARCH_PDR)
		conf->loss_ratios[0] = 0.005;
	if (kind == BP_SEARCH_THROUGHPUT) {
		conf->explore_s = conf->sum_s = conf->trial_s;
		conf->exceed_ratio = 0;
	}
	if (kind == BP_SEARCH_MLR) {
		conf->n_goals = 2;
		conf->loss_ratios[1] = 0.005;
		conf->width = 0.005;
		conf->trial_s = 1;
		conf->sum_s = 21;
	}
	if (kind == BP_SEARCH_BACK_TO_BACK)
		conf->n_repeats = 10;
}

static int refuse(const char *key, double found, const char *allowed)
{
	bp_log(BP_LOG_ERROR, "search: %s: found %g, allowed: %s", key, found, allowed);
	return -EINVAL;
}

/* A number of the configuration, what it may be. */
struct limit {
	const char *key;
	double found, min, max;
	const char *allowed;
};

/* NaN fails every comparison: the condition says what is good. */
static int check_limits(const struct limit *limits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(limits[i].found >= limits[i].min && limits[i].found <= limits[i].max))
			return refuse(limits[i].key, limits[i].found, limits[i].allowed);
	return 0;
}

static int check_times(const struct bp_search_conf *c)
{
	double burst_s = c->kind == BP_SEARCH_BACK_TO_BACK ? c->burst_s : 1;
	const struct limit limits[] = {
		{ "length of a trial", c->trial_s, ABOVE_0, 1e5, "seconds above 0, up to 100000" },
		{ "length of an exploratory trial", c->explore_s, ABOVE_0, c->trial_s,
		  "seconds above 0, up to the length of a full trial" },
		{ "sum of full trials", c->sum_s, c->trial_s, 1e6,
		  "at least the length of a trial" },
		{ "time budget", c->budget_s, 0, 1e7, "seconds, 0 for no limit" },
		{ "settle time", c->settle_s, 0, 1000, "seconds, 0 … 1000" },
		{ "longest burst", burst_s, ABOVE_0, 1000, "seconds above 0, up to 1000" },
	};

	return check_limits(limits, sizeof(limits) / sizeof(limits[0]));
}

static int check_rates(const struct bp_search_conf *c)
{
	const struct limit limits[] = {
		{ "highest rate", c->max_pps, c->max_pps > 0 ? 1 : 0, 1e12,
		  "1 … 1e12 frames/s, 0: found out" },
		{ "lowest rate", c->min_pps, 0, c->max_pps > 0 ? c->max_pps : HUGE_VAL,
		  "0 … the highest rate" },
		{ "NDR", c->ndr_pps, 0, 1e12, "0 … 1e12 frames/s" },
	};

	return check_limits(limits, sizeof(limits) / sizeof(limits[0]));
}

static int check_goals(const struct bp_search_conf *c)
{
	double min = 0;

	for (unsigned i = 0; i < c->n_goals; i++) {
		const struct limit ratio = { "loss ratio", c->loss_ratios[i], min, BELOW_1,
					     "0 … below 1, ascending" };

		if (check_limits(&ratio, 1))
			return -EINVAL;
		min = nextafter(c->loss_ratios[i], 1);
	}
	return 0;
}

static int check_conf(const struct bp_search_conf *c)
{
	const struct limit limits[] = {
		{ "width", c->width, 0.0001, 0.5, "0.0001 … 0.5" },
		{ "exceed ratio", c->exceed_ratio, 0, BELOW_1, "0 … below 1" },
		{ "number of loss ratios", c->n_goals, 1, BP_SEARCH_GOALS_MAX, "1 … 4" },
		{ "repeats", c->n_repeats, 1, BP_SEARCH_BURSTS_MAX, "1 … 64" },
		{ "samples", c->n_samples, 0, 64, "0 … 64" },
	};
	int err;

	if (!c->trial || (unsigned)c->kind >= BP_SEARCH_KIND_N)
		return refuse("kind", (double)c->kind, "one of the searches, with a tester");
	err = check_limits(limits, sizeof(limits) / sizeof(limits[0]));
	if (!err)
		err = check_goals(c);
	if (!err)
		err = check_rates(c);
	return err ? err : check_times(c);
}

/* The whole is as good as its worst goal, unless that leaves out bounds that others have. */
static void settle_goals(struct bp_search_result *r)
{
	unsigned n_of[3] = { 0 };

	for (unsigned i = 0; i < r->n_goals; i++) {
		const struct bp_search_bounds *goal = &r->goals[i];

		n_of[goal->outcome]++;
		if (goal->outcome >= r->outcome && goal->cause) {
			r->outcome = goal->outcome;
			r->cause = goal->cause;
			snprintf(r->why, sizeof(r->why), "%s", goal->why);
		}
	}
	if (n_of[BP_SEARCH_NOT_MEASURABLE] && n_of[BP_SEARCH_NOT_MEASURABLE] < r->n_goals)
		r->outcome = BP_SEARCH_BOUNDED;
}

static int dispatch(struct bp_search_state *state)
{
	switch (state->conf->kind) {
	case BP_SEARCH_LATENCY:
		return bp_rfc2544_latency(state);
	case BP_SEARCH_LOSS:
		return bp_rfc2544_loss(state);
	case BP_SEARCH_BACK_TO_BACK:
		return bp_rfc2544_back_to_back(state);
	default:
		bp_search_goals(state);
		settle_goals(state->result);
		return 0;
	}
}

int bp_search_run(const struct bp_search_conf *conf, struct bp_search_result *result)
{
	struct bp_search_state state = { .conf = conf, .result = result, .phase = "starting" };
	int err;

	*result = (struct bp_search_result){ .kind = conf->kind };
	err = check_conf(conf);
	if (err)
		return err;
	result->frame_size = conf->frame_size;
	result->trial_s = conf->trial_s;
	result->explore_s = conf->explore_s;
	result->sum_s = conf->sum_s;
	result->exceed_ratio = conf->exceed_ratio;
	result->goal_width = conf->width;
	result->budget_s = state.limit_s = conf->budget_s;
	state.begin_ns = conf->now_ns ? conf->now_ns(conf->trial_ctx) : bp_clock_ns();
	err = dispatch(&state);
	result->elapsed_s = bp_search_elapsed_s(&state);
	return err;
}

void bp_search_result_free(struct bp_search_result *result)
{
	if (!result)
		return;
	free(result->trials);
	result->trials = NULL;
	result->n_trials = result->trials_room = 0;
}
