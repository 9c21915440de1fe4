/* Searches: what a device can do at most, found by trials at varied load. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_SEARCH_H
#define BYPATH_GEN_SEARCH_H

#include "gen/trial.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BP_SEARCH_GOALS_MAX  4u
#define BP_SEARCH_ROWS_MAX   16u
#define BP_SEARCH_TRIALS_MAX 1024u
#define BP_SEARCH_BURSTS_MAX 64u

enum bp_search_kind {
	BP_SEARCH_NDR, /* highest rate without loss */
	BP_SEARCH_PDR, /* the same at a tolerated loss ratio */
	BP_SEARCH_THROUGHPUT, /* RFC 2544 §26.1: binary search, each rate once */
	BP_SEARCH_LATENCY, /* RFC 2544 §26.2, at 10, 50, 90 % of NDR */
	BP_SEARCH_LOSS, /* RFC 2544 §26.3: frame loss rate */
	BP_SEARCH_BACK_TO_BACK, /* RFC 2544 §26.4, RFC 9004 */
	BP_SEARCH_MLR, /* RFC 9971: several loss ratios in one search */
	BP_SEARCH_KIND_N
};

/* How a search, or one goal of it, ended. */
enum bp_search_outcome {
	BP_SEARCH_MEASURED, /* both bounds, as close as was asked; every row */
	BP_SEARCH_BOUNDED, /* true bounds, but further apart than asked; some of the rows */
	BP_SEARCH_NOT_MEASURABLE, /* no figure; `why` says the reason */
};

/* Why it is not BP_SEARCH_MEASURED. */
enum bp_search_cause {
	BP_SEARCH_CAUSE_NONE,
	BP_SEARCH_CAUSE_GENERATOR, /* the generator is slower than the device */
	BP_SEARCH_CAUSE_NOISE, /* the device moves, or its trials contradict each other: no closer bounds hold */
	BP_SEARCH_CAUSE_DISTURBED, /* other work took a packet thread's core in trials that decide */
	BP_SEARCH_CAUSE_LOSSY, /* more loss than allowed at the lowest rate as well */
	BP_SEARCH_CAUSE_TIME, /* the budget is spent */
	BP_SEARCH_CAUSE_INTERRUPTED, /* the stop flag */
	BP_SEARCH_CAUSE_FAILED, /* a trial could not run: port lost, device gone */
};

/* One trial as it was. Rates in frames per second. */
struct bp_search_trial {
	double begin_s; /* since the search began */
	double load_pps; /* the load that it speaks for: asked, or sent where asked is 0 */
	double asked_pps; /* 0: as fast as it goes */
	double duration_s; /* of sending, asked */
	uint64_t asked_pkts; /* a burst's length; 0: no burst */
	double sent_pps, received_pps;
	double loss_ratio;
	uint64_t n_sent, n_lost; /* lost: damaged ones included */
	uint64_t n_corrupt; /* of n_lost: came, but damaged or cut off */
	uint64_t n_unsent; /* dropped by the generator's own TX port: the load was not offered */
	uint64_t n_rx_dropped; /* by the generator's own RX port */
	double p50_ns, p99_ns, max_ns; /* latency; 0 where none was measured */
	double off_share; /* of the time a packet thread was off its core: struct bp_trial_result */
	enum bp_off_cause off_cause;
	unsigned n_disturbed; /* attempts before this one that were disturbed, and are forgotten */
	bool is_generator_bound; /* has a vote only where it sent nearly what was asked */
	bool is_interrupted; /* has no vote either */
};

/* Bounds for one loss ratio. */
struct bp_search_bounds {
	double loss_ratio; /* tolerated */
	enum bp_search_outcome outcome;
	enum bp_search_cause cause;
	char why[240]; /* a sentence; "" where there is nothing to say */
	/* The relevant lower bound: the highest load within the ratio below which none exceeded it,
	 * as the rate really sent there (median of the trials within the ratio). The relevant upper
	 * bound: the lowest load that exceeded it, as asked. 0: there is none. */
	double lower_pps, upper_pps;
	double lower_asked_pps; /* what was asked at the lower bound: RFC 9971's Relevant Lower Bound */
	double width; /* (upper − lower) / upper; 0 where a bound is missing */
	/* RFC 9971's Regular Goal Result: both bounds are decided by the goal's full rule, and the loads
	 * asked there are no further apart than its width. */
	bool is_regular;
	double conditional_pps; /* RFC 9971's Conditional Throughput at the lower bound; 0: none */
	/* Where the limit itself lay, as far as overloaded trials showed it. 0: they did not. */
	double limit_min_pps, limit_max_pps;
	unsigned n_trials; /* made for this goal; those of earlier goals count for it as well */
	double spent_s; /* on them */
	bool is_at_max; /* no upper bound: max_pps, the line rate, was passed */
	bool is_exploratory; /* full trials have not decided a bound: the search ended too early */
	bool is_lower_exploratory; /* the lower one, too: by RFC 9971 that load is no lower bound */
	/* Spread, over the trials at the lower bound. */
	unsigned n_lower_trials, n_lower_lossy; /* lossy: above the ratio */
	double received_min_pps, received_median_pps, received_max_pps;
	double loss_min_ratio, loss_max_ratio;
	unsigned n_upper_trials, n_upper_clean; /* at the upper bound; clean: within the ratio */
	double off_share; /* the worst of the trials that lost frames at the upper bound: see there */
	enum bp_off_cause off_cause;
	unsigned n_contradictions; /* loads left undecided: their trials contradicted each other */
};

/* Latency at a share of NDR, or loss at a share of the highest rate. */
struct bp_search_row {
	double share; /* 0.1 … 1 */
	double load_pps, sent_pps, received_pps; /* medians of the trials but for the load */
	double loss_ratio; /* over all trials */
	unsigned n_trials;
	bool is_generator_bound; /* a figure of the generator: not to be used */
	struct bp_latency_summary latency; /* of all trials together; n 0 where not asked */
	double p50_min_ns, p50_max_ns; /* spread of the trials' medians */
};

/* Longest burst without loss. */
struct bp_search_burst {
	unsigned n_runs; /* searches that ended */
	uint64_t n_pkts[BP_SEARCH_BURSTS_MAX]; /* of each run */
	double mean_pkts, stddev_pkts;
	uint64_t min_pkts, max_pkts;
	uint64_t limit_pkts; /* longest burst tried */
	double rate_pps; /* within bursts, mean */
	double buffer_s; /* RFC 9004: corrected buffer time; 0 without NDR */
};

struct bp_search_result {
	enum bp_search_kind kind;
	uint32_t frame_size; /* 0: as the streams say */
	enum bp_search_outcome outcome; /* of the whole */
	enum bp_search_cause cause;
	char why[240];
	unsigned n_goals; /* NDR, PDR, throughput, MLR; latency: the NDR that it rests on */
	struct bp_search_bounds goals[BP_SEARCH_GOALS_MAX];
	unsigned n_rows; /* latency, loss */
	struct bp_search_row rows[BP_SEARCH_ROWS_MAX];
	struct bp_search_burst burst; /* back-to-back */
	double trial_s; /* length of a full trial */
	/* The attributes that all goals share: struct bp_search_conf. */
	double explore_s, sum_s, exceed_ratio, goal_width;
	double max_pps; /* highest load that could be asked; 0: not known */
	bool is_generator_max; /* max_pps is the generator's own limit, not the line rate */
	double elapsed_s, budget_s;
	size_t n_trials, trials_room;
	struct bp_search_trial *trials; /* in order of time; bp_search_result_free() */
};

/* A moment of a search. Pointers live for the call only. */
struct bp_search_progress {
	enum bp_search_kind kind;
	uint32_t frame_size;
	const char *phase; /* "fastest", "sampling", "exploring", "final trials", … */
	double loss_ratio; /* of the goal in work */
	double next_pps; /* load about to be tried; 0: as fast as it goes */
	double next_s; /* how long that trial takes */
	size_t n_trials; /* done */
	const struct bp_search_trial *last; /* NULL before the first */
	double lower_pps, upper_pps; /* known so far; 0: not yet */
	double elapsed_s;
	double remaining_s; /* an estimate, never more than the budget leaves */
};

typedef void (*bp_search_progress_fn)(void *ctx, const struct bp_search_progress *progress);

struct bp_search_conf {
	enum bp_search_kind kind;
	bp_trial_fn trial;
	void *trial_ctx;
	bp_search_progress_fn progress; /* before each trial, in the caller's thread; or NULL */
	void *progress_ctx;
	/* Set by another thread or a signal handler: the search ends after the trial in work (which
	 * its tester ends early by itself) and keeps what was measured. NULL: never. */
	const atomic_bool *stop;
	uint64_t (*now_ns)(void *ctx); /* clock, given trial_ctx; NULL: CLOCK_MONOTONIC */

	uint32_t frame_size; /* 64 … 9000, FCS included; 0: as the streams say */
	double max_pps; /* never ask for more: the line rate. 0: what the generator can send */
	double min_pps; /* never ask for less; 0: a thousandth of the highest */
	double ndr_pps; /* latency, back-to-back: known NDR; 0: latency searches it first */
	double budget_s; /* for everything; 0: no limit */
	double settle_s; /* wait after each trial's last frame; 0: the tester's default */

	unsigned n_goals;
	double loss_ratios[BP_SEARCH_GOALS_MAX]; /* ascending, 0 … below 1 */
	double width; /* relative width of the bounds to reach, 0.0001 … 0.5 */
	double trial_s; /* a full trial */
	double explore_s; /* an exploratory one, ≤ trial_s; equal: no exploration, no samples */
	double sum_s; /* full trials decide a load once they last so long together */
	double exceed_ratio; /* share of that time that may exceed the loss ratio, 0 … below 1 */
	unsigned n_samples; /* short trials that tell how far the device moves, ≤ 64; 0: none */
	unsigned n_repeats; /* latency: trials per row; back-to-back: searches; ≤ 64 */
	double burst_s; /* back-to-back: longest burst, as time at the highest rate */
};

/* "ndr", "pdr", "throughput", "latency", "loss", "back-to-back", "mlr". */
const char *bp_search_name(enum bp_search_kind kind);

/* BP_SEARCH_KIND_N where there is no such search. */
enum bp_search_kind bp_search_by_name(const char *name);

/* The ratio nearest to a percentage as it is written: 0.7 / 100 is a little less, and a loss of 7 in 1000 exceeds it. */
double bp_search_ratio(double percent);

/* Fill *conf for the kind; trial and trial_ctx are left NULL. docs/searches.md has the values. */
void bp_search_defaults(enum bp_search_kind kind, struct bp_search_conf *conf);

/*
 * Search. One thread; blocks until found, out of budget, or stopped: at most budget_s, as no trial
 * begins that would not end in time.
 *
 * conf     the caller's, for the call
 * result   overwritten; owns its trials: bp_search_result_free(), also after an error
 *
 * Returns 0 where a search took place, however it ended (result->outcome); -EINVAL: conf is out of
 * range (logged); -ENOMEM. Sources: RFC 1242, RFC 2544 §26, RFC 9004, RFC 9971.
 */
int bp_search_run(const struct bp_search_conf *conf, struct bp_search_result *result);

/* Free what a result owns. NULL is allowed. */
void bp_search_result_free(struct bp_search_result *result);

#endif
