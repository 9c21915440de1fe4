/* `bypath gen --search`: its options, and running it on a generator. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_GEN_SEARCH_H
#define BYPATH_CLI_GEN_SEARCH_H

#include "gen/gen.h"
#include "gen/search.h"

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
	unsigned n_sizes;
	uint32_t sizes[BP_GEN_SIZES_MAX];
};

/* Understand the values. 0, or an exit code + 1 (said on standard error). */
int bp_gen_search_parse(struct bp_gen_search *search);

/*
 * Search for every frame size with a generator of conf, print what came of it; JSON to json_path unless NULL.
 * One of `signals` (blocked) ends it early with what was measured. Control thread; blocks. An exit code.
 */
int bp_gen_search_run(struct bp_gen_search *search, struct bp_gen *gen, const struct bp_conf *conf,
		      bool is_quiet, const char *json_path, const sigset_t *signals);

#endif
