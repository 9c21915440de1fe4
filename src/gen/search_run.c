/* Runs a search's trials within its budget. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_run.h"

#include "core/clock.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a tester waits by default for stragglers (trial.h): the cost of a trial that none showed. */
#define SETTLE_S        0.2
#define DISTURBED_TRIES 2u /* more attempts, where other work took a core */

static uint64_t now_ns(const struct bp_search_state *state)
{
	return state->conf->now_ns ? state->conf->now_ns(state->conf->trial_ctx) : bp_clock_ns();
}

double bp_search_elapsed_s(const struct bp_search_state *state)
{
	return (double)(now_ns(state) - state->begin_ns) * 1e-9;
}

const char *bp_search_cause_text(enum bp_search_cause cause)
{
	switch (cause) {
	case BP_SEARCH_CAUSE_TIME:
		return "the time budget ended first: give it more, or shorter trials";
	case BP_SEARCH_CAUSE_INTERRUPTED:
		return "interrupted";
	case BP_SEARCH_CAUSE_FAILED:
		return "a trial could not run: the log says which port or device failed";
	case BP_SEARCH_CAUSE_GENERATOR:
		return "the generator is slower than the device";
	case BP_SEARCH_CAUSE_NOISE:
		return "the device's rate moves by more than the width asked for";
	case BP_SEARCH_CAUSE_DISTURBED:
		return "other work took a packet thread's core while frames were lost: what was lost "
		       "may be the machine's doing";
	case BP_SEARCH_CAUSE_LOSSY:
		return "frames are lost at the lowest rate as well";
	case BP_SEARCH_CAUSE_NONE:
		break;
	}
	return "";
}

static double budget_left_s(const struct bp_search_state *state)
{
	return state->limit_s > 0 ? state->limit_s - bp_search_elapsed_s(state) : INFINITY;
}

static double overhead_s(const struct bp_search_state *state)
{
	double settle_s = state->conf->settle_s > 0 ? state->conf->settle_s : SETTLE_S;

	return state->overhead_s > settle_s ? state->overhead_s : settle_s;
}

static bool may_try(struct bp_search_state *state, double duration_s)
{
	if (state->cause)
		return false;
	if (state->conf->stop && atomic_load_explicit(state->conf->stop, memory_order_relaxed))
		state->cause = BP_SEARCH_CAUSE_INTERRUPTED;
	else if (duration_s + overhead_s(state) > budget_left_s(state) ||
		 state->result->n_trials == BP_SEARCH_TRIALS_MAX)
		state->cause = BP_SEARCH_CAUSE_TIME;
	return !state->cause;
}

static void show_progress(const struct bp_search_state *state, const struct bp_search_ask *ask)
{
	const struct bp_search_result *r = state->result;
	double left_s = state->conf->budget_s - bp_search_elapsed_s(state);
	double remaining_s = state->remaining_s + state->reserved_s;
	struct bp_search_progress progress = {
		.kind = r->kind,
		.frame_size = r->frame_size,
		.phase = state->phase,
		.loss_ratio = state->loss_ratio,
		.next_pps = ask->rate_pps,
		.next_s = ask->duration_s,
		.n_trials = r->n_trials,
		.last = r->n_trials ? &r->trials[r->n_trials - 1] : NULL,
		.lower_pps = state->lower_pps,
		.upper_pps = state->upper_pps,
		.elapsed_s = bp_search_elapsed_s(state),
	};

	/* The trial about to run is certain; what comes after it is guessed. */
	progress.remaining_s = fmax(remaining_s, ask->duration_s + overhead_s(state));
	if (state->conf->budget_s > 0)
		progress.remaining_s = fmin(progress.remaining_s, fmax(left_s, 0));
	if (state->conf->progress)
		state->conf->progress(state->conf->progress_ctx, &progress);
}

static struct bp_search_trial *append(struct bp_search_result *r)
{
	if (r->n_trials == r->trials_room) {
		size_t room = r->trials_room ? 2 * r->trials_room : 32;
		struct bp_search_trial *trials = realloc(r->trials, room * sizeof(*trials));

		if (!trials)
			return NULL;
		r->trials = trials;
		r->trials_room = room;
	}
	r->trials[r->n_trials] = (struct bp_search_trial){ 0 };
	return &r->trials[r->n_trials++];
}

/* What did not come, or came damaged. */
static uint64_t n_not_carried(const struct bp_trial_result *got)
{
	uint64_t n = got->n_lost + got->n_damaged;

	return n < got->n_sent ? n : got->n_sent;
}

static void record(struct bp_search_trial *trial, const struct bp_search_ask *ask,
		   const struct bp_trial_result *got)
{
	trial->asked_pps = ask->rate_pps;
	trial->load_pps = ask->rate_pps > 0 ? ask->rate_pps : floor(got->sent_pps);
	trial->duration_s = ask->duration_s;
	trial->asked_pkts = ask->n_pkts;
	trial->sent_pps = got->sent_pps;
	trial->received_pps = got->received_pps;
	trial->n_sent = got->n_sent;
	trial->n_corrupt = got->n_damaged;
	trial->n_lost = n_not_carried(got);
	trial->loss_ratio = got->n_sent ? (double)trial->n_lost / (double)got->n_sent : 0;
	trial->n_unsent = got->n_unsent;
	trial->n_rx_dropped = got->n_rx_dropped;
	if (got->latency.n) {
		trial->p50_ns = got->latency.p50_ns;
		trial->p99_ns = got->latency.p99_ns;
		trial->max_ns = got->latency.max_ns;
	}
	trial->off_share = got->off_share;
	trial->off_cause = got->off_cause;
	trial->is_generator_bound = got->is_generator_bound;
	trial->is_interrupted = got->is_interrupted;
}

/* One attempt, with its latency into a histogram of its own (NULL where none was asked for). */
static int attempt(struct bp_search_state *state, const struct bp_search_ask *ask,
		   struct bp_latency *latency, struct bp_trial_result *got)
{
	struct bp_trial_request request = {
		.rate_pps = ask->rate_pps,
		.duration_s = ask->n_pkts ? 0 : ask->duration_s,
		.n_pkts = ask->n_pkts,
		.settle_s = state->conf->settle_s,
		.frame_size = state->conf->frame_size,
		.latency = latency,
	};

	if (latency)
		memset(latency, 0, sizeof(*latency));
	return state->conf->trial(state->conf->trial_ctx, &request, got);
}

/* Other work took a core, and it may show: in what was lost, in a rate that nobody set, in latency. */
static bool is_worth_repeating(const struct bp_search_state *state, const struct bp_search_ask *ask,
			       const struct bp_trial_result *got)
{
	bool may_show = n_not_carried(got) || ask->rate_pps <= 0 || ask->latency;

	if (!bp_trial_is_disturbed(got) || !may_show || got->is_interrupted)
		return false;
	if (state->conf->stop && atomic_load_explicit(state->conf->stop, memory_order_relaxed))
		return false;
	return ask->duration_s + overhead_s(state) <= budget_left_s(state);
}

/* Attempts until one is not disturbed, a few at most: the last one counts. 0 or -errno. */
static int run_trial(struct bp_search_state *state, const struct bp_search_ask *ask,
		     struct bp_search_trial *trial)
{
	struct bp_latency *latency = ask->latency ? calloc(1, sizeof(*latency)) : NULL;
	struct bp_trial_result got = { 0 };
	unsigned n_disturbed = 0;
	double begin_s;
	int err = ask->latency && !latency ? -ENOMEM : 0;

	do {
		begin_s = bp_search_elapsed_s(state);
		err = err ? err : attempt(state, ask, latency, &got);
	} while (!err && n_disturbed < DISTURBED_TRIES && is_worth_repeating(state, ask, &got) &&
		 ++n_disturbed);
	if (!err) {
		state->overhead_s = fmax(state->overhead_s,
					 bp_search_elapsed_s(state) - begin_s - ask->duration_s);
		trial->begin_s = begin_s;
		trial->n_disturbed = n_disturbed;
		record(trial, ask, &got);
		if (latency)
			bp_latency_merge(ask->latency, latency);
	}
	free(latency);
	return err;
}

struct bp_search_trial *bp_search_try(struct bp_search_state *state,
				      const struct bp_search_ask *ask)
{
	struct bp_search_trial *trial;

	if (!may_try(state, ask->duration_s))
		return NULL;
	show_progress(state, ask);
	trial = append(state->result);
	if (!trial || run_trial(state, ask, trial)) {
		state->result->n_trials -= trial ? 1 : 0;
		state->cause = BP_SEARCH_CAUSE_FAILED;
		return NULL;
	}
	if (trial->is_interrupted)
		state->cause = BP_SEARCH_CAUSE_INTERRUPTED;
	return state->cause ? NULL : trial;
}

bool bp_search_find_ceiling(struct bp_search_state *state)
{
	struct bp_search_ask ask = { .duration_s = state->conf->explore_s };
	const struct bp_search_trial *trial;

	if (state->ceiling_pps > 0)
		return true;
	state->ceiling_pps = state->result->max_pps = floor(state->conf->max_pps);
	if (state->ceiling_pps > 0)
		return true;
	state->phase = "fastest";
	trial = bp_search_try(state, &ask);
	if (!trial)
		return false;
	if (!trial->n_sent || trial->load_pps < 1) {
		state->cause = BP_SEARCH_CAUSE_GENERATOR;
		return false;
	}
	state->result->is_generator_max = true;
	state->result->max_pps = trial->load_pps;
	/* Nothing lost: paced, a little below, the generator may well hold the rate. */
	state->ceiling_pps =
		trial->is_generator_bound ? floor(trial->sent_pps * 0.99) : trial->load_pps;
	return state->ceiling_pps >= 1;
}
