/* The options of `bypath gen`. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_GEN_OPTIONS_H
#define BYPATH_CLI_GEN_OPTIONS_H

#include "cli/gen_search.h"
#include "cli/log_options.h"

#include <stdbool.h>
#include <stddef.h>

#define BP_GEN_SETS_MAX  96u
#define BP_GEN_SET_BYTES 512u

/* What the command line said; strings are argv's, or stand in `own`. */
struct bp_gen_arguments {
	const char *file; /* NULL: everything is said by options */
	const char *json_path; /* NULL: none */
	const char *tx_port, *rx_port, *monitor_port, *replay, *pace; /* as given */
	bool is_output_taken; /* by a capture: see cli/page.h */
	bool is_quiet, is_tx_only, is_rx_only;
	bool has_stream; /* an option that describes frames was given */
	size_t n_sets;
	const char *sets[BP_GEN_SETS_MAX];
	char own[BP_GEN_SETS_MAX][BP_GEN_SET_BYTES]; /* sets made of options */
	size_t n_own;
	struct bp_cli_log log;
	uint64_t interval_ns; /* between two lines of figures; 0: none */
	struct bp_gen_search search;
};

/* o: zeroed by the caller. 0 to go on, or an exit code + 1 (said on standard error). */
int bp_gen_parse(int argc, char **argv, struct bp_gen_arguments *o);

#endif
