/* `bypath gen --search`: its options, and running it on a generator. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_GEN_SEARCH_H
#define BYPATH_CLI_GEN_SEARCH_H

#include "gen/gen.h"
#include "gen/search.h"

#include <signal.h>

#define BP_GEN_SEARCH_OPTIONS 11u
#define BP_GEN_SIZES_MAX      16u

/* Long options, all with an argument. */
extern const char *const bp_gen_search_options[BP_GEN_SEARCH_OPTIONS];

extern const char bp_gen_search_usage[];

/* What the options said. Zeroed: no search. */
struct bp_gen_search {
	const char *values[BP_GEN_SEARCH_OPTIONS]; /* as given, NULL: not given */
	bool is_asked;
	struct bp_search_conf conf;
	unsigned n_sizes;
	uint32_t sizes[BP_GEN_SIZES_MAX];
};

/* Understand the values. 0, or an exit code + 1 (said on standard error). */
int bp_gen_search_parse(struct bp_gen_search *search);

/*
 * Search for every frame size, print what came of it; JSON to json_path unless NULL. One of
 * `signals` (blocked) ends it early with what was measured. Control thread; blocks. An exit code.
 */
int bp_gen_search_run(struct bp_gen_search *search, struct bp_gen *gen, bool is_quiet,
		      const char *json_path, const sigset_t *signals);

#endif
