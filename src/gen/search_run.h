/* The trials of one search: budget, stop flag, progress, list of results. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_SEARCH_RUN_H
#define BYPATH_GEN_SEARCH_RUN_H

#include "gen/search.h"

/* One thread. */
struct bp_search_state {
	const struct bp_search_conf *conf;
	struct bp_search_result *result;
	uint64_t begin_ns;
	double overhead_s; /* longest that a trial took beyond its sending: settling, set-up */
	double limit_s; /* this part of the search ends then; 0: never */
	double reserved_s; /* estimate of the parts that come later */
	enum bp_search_cause cause; /* why no further trial may run; NONE: it may */
	double ceiling_pps; /* highest load worth asking; 0: not known yet */
	unsigned n_lowered; /* times that a slow generator lowered it */
	/* For the progress callback only. */
	const char *phase;
	double loss_ratio, lower_pps, upper_pps, remaining_s;
};

/* What to try. */
struct bp_search_ask {
	double rate_pps; /* 0: as fast as it goes */
	double duration_s;
	uint64_t n_pkts; /* a burst; duration_s is then what it should take */
	struct bp_latency *latency; /* or NULL */
};

/*
 * Run a trial if budget and stop flag allow, append it to the list, which may move. Returns it, for
 * as long as no other trial runs, or NULL where none ran to its end; state->cause says why.
 */
struct bp_search_trial *bp_search_try(struct bp_search_state *state,
				      const struct bp_search_ask *ask);

/*
 * Find out state->ceiling_pps and the result's max_pps: the configured one, or what the generator
 * sends as fast as it goes. False where no trial could tell; state->cause says why.
 */
bool bp_search_find_ceiling(struct bp_search_state *state);

/* Seconds since the search began. */
double bp_search_elapsed_s(const struct bp_search_state *state);

/* Search the bounds of every loss ratio into result->goals. state->cause says if it was cut off. */
void bp_search_goals(struct bp_search_state *state);

/* A sentence for a cause that ends everything; "" for NONE. */
const char *bp_search_cause_text(enum bp_search_cause cause);

#endif
