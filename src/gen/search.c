/* Starts searches: names, defaults, validation, the whole's outcome. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search.h"

#include "bypath/log.h"
#include "core/clock.h"

#include "gen/rfc2544.h"
#include "gen/search_run.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		.is_checked = true,
		.n_repeats = 3,
		.burst_s = 2,
	};
	if (kind == BP_SEARCH_PDR)
		conf->loss_ratios[0] = 0.005;
	if (kind == BP_SEARCH_THROUGHPUT) {
		conf->explore_s = conf->sum_s = conf->trial_s;
		conf->exceed_ratio = 0;
		conf->is_checked = false;
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

/* NaN fails every comparison: the conditions say what is good. */
static int check_times(const struct bp_search_conf *c)
{
	if (!(c->trial_s > 0 && c->trial_s <= 1e5))
		return refuse("length of a trial", c->trial_s, "seconds above 0, up to 100000");
	if (!(c->explore_s > 0 && c->explore_s <= c->trial_s))
		return refuse("length of an exploratory trial", c->explore_s,
			      "seconds above 0, up to the length of a full trial");
	if (!(c->sum_s >= c->trial_s && c->sum_s <= 1e6))
		return refuse("sum of full trials", c->sum_s, "at least the length of a trial");
	if (!(c->budget_s >= 0 && c->budget_s <= 1e7))
		return refuse("time budget", c->budget_s, "seconds, 0 for no limit");
	if (!(c->settle_s >= 0 && c->settle_s <= 1000))
		return refuse("settle time", c->settle_s, "seconds, 0 … 1000");
	if (c->kind == BP_SEARCH_BACK_TO_BACK && !(c->burst_s > 0 && c->burst_s <= 1000))
		return refuse("longest burst", c->burst_s, "seconds above 0, up to 1000");
	return 0;
}

static int check_conf(const struct bp_search_conf *c)
{
	if (!c->trial || (unsigned)c->kind >= BP_SEARCH_KIND_N)
		return refuse("kind", (double)c->kind, "one of the searches, with a tester");
	if (!(c->width >= 0.0001 && c->width <= 0.5))
		return refuse("width", c->width, "0.0001 … 0.5");
	if (!(c->exceed_ratio >= 0 && c->exceed_ratio < 1))
		return refuse("exceed ratio", c->exceed_ratio, "0 … below 1");
	if (!c->n_goals || c->n_goals > BP_SEARCH_GOALS_MAX)
		return refuse("number of loss ratios", c->n_goals, "1 … 4");
	for (unsigned i = 0; i < c->n_goals; i++)
		if (!(c->loss_ratios[i] >= 0 && c->loss_ratios[i] < 1) ||
		    (i && !(c->loss_ratios[i] > c->loss_ratios[i - 1])))
			return refuse("loss ratio", c->loss_ratios[i], "0 … below 1, ascending");
	if (!c->n_repeats || c->n_repeats > BP_SEARCH_BURSTS_MAX)
		return refuse("repeats", c->n_repeats, "1 … 64");
	if (!(c->max_pps >= 0 && c->max_pps <= 1e12) || (c->max_pps > 0 && c->max_pps < 1))
		return refuse("highest rate", c->max_pps, "1 … 1e12 frames/s, 0: found out");
	if (!(c->min_pps >= 0) || (c->max_pps > 0 && c->min_pps > c->max_pps))
		return refuse("lowest rate", c->min_pps, "0 … the highest rate");
	if (!(c->ndr_pps >= 0 && c->ndr_pps <= 1e12))
		return refuse("NDR", c->ndr_pps, "0 … 1e12 frames/s");
	return check_times(c);
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
