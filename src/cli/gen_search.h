/* `bypath gen --search`: its options, and running it on a generator. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_GEN_SEARCH_H
#define BYPATH_CLI_GEN_SEARCH_H

#include "gen/gen.h"
#include "gen/rfc2889.h"
#include "gen/search.h"

#include <jansson.h>
#include <signal.h>

#define BP_GEN_SIZES_MAX 16u

/* Options of the search, all with a value. */
enum bp_gen_search_option {
	BP_GEN_SEARCH_KIND,
	BP_GEN_SEARCH_SIZES,
	BP_GEN_SEARCH_BUDGET,
	BP_GEN_SEARCH_LOSS,
	BP_GEN_SEARCH_WIDTH,
	BP_GEN_SEARCH_TRIAL,
	BP_GEN_SEARCH_EXPLORE,
	BP_GEN_SEARCH_SUM,
	BP_GEN_SEARCH_EXCEED,
	BP_GEN_SEARCH_REPEATS,
	BP_GEN_SEARCH_NDR,
	BP_GEN_SEARCH_ADDRESSES,
	BP_GEN_SEARCH_AGEING,
	BP_GEN_SEARCH_OPTIONS
};

/* An option as it was given. */
struct bp_gen_search_value {
	const char *name; /* of the option */
	const char *text; /* NULL: not given */
};

extern const char bp_gen_search_usage[];

/* What the options said. Zeroed: no search. */
struct bp_gen_search {
	struct bp_gen_search_value values[BP_GEN_SEARCH_OPTIONS];
	bool is_asked;
	struct bp_search_conf conf;
	bool is_rfc2889; /* another kind of search: rfc2889 instead of conf */
	struct bp_rfc2889_conf rfc2889;
	unsigned n_sizes;
	uint32_t sizes[BP_GEN_SIZES_MAX];
};

/* A search that runs: what its trials and its progress need. */
struct bp_gen_search_run {
	struct bp_gen *gen;
	const struct bp_conf *conf;
	const sigset_t *signals; /* blocked; one of them ends the search */
	atomic_bool stop; /* one has come */
	bool is_terminal, is_quiet;
};

/* A bp_trial_fn; ctx is a struct bp_gen_search_run. */
int bp_gen_search_trial(void *ctx, const struct bp_trial_request *request,
			struct bp_trial_result *result);

/* --search rfc2889: print what came of it, append it to root's searches. 0; 1: it failed; -errno. */
int bp_gen_rfc2889(const struct bp_gen_search *search, struct bp_gen_search_run *run, json_t *root);

/* Understand the values. 0, or an exit code + 1 (said on standard error). */
int bp_gen_search_parse(struct bp_gen_search *search);

/*
 * Search for every frame size with a generator of conf, print what came of it; JSON to json_path unless NULL.
 * One of `signals` (blocked) ends it early with what was measured. Control thread; blocks. An exit code.
 */
int bp_gen_search_run(struct bp_gen_search *search, struct bp_gen *gen, const struct bp_conf *conf,
		      bool is_quiet, const char *json_path, const sigset_t *signals);

#endif
