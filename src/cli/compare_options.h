/* The options of `bypath compare`, and what it does with the documents of earlier runs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_COMPARE_OPTIONS_H
#define BYPATH_CLI_COMPARE_OPTIONS_H

#include "bypath/config.h"

#include "compare/comparison.h"

/* What the command line said; strings are argv's unless they were cut. */
struct bp_compare_arguments {
	const char *paths, *workloads, *goals, *json_path, *html_path, *ports, *gen_ports;
	bool is_quick, is_kept, is_probed, is_tcp, with_peers, is_diff, has_sizes, has_rounds,
		has_duration, is_listed;
	const char *before, *after; /* --diff */
	const char *from; /* --html-from */
	char pairs[2][2 * BP_PATH_BYTES]; /* --ports and --gen-ports, cut at the comma */
	struct bp_cmp_options *o; /* the caller's; gets its defaults too */
};

/* 0 to go on, or an exit code + 1 (said on standard error). */
int bp_compare_parse(int argc, char **argv, struct bp_compare_arguments *a);

/* Is the text printed? Not where the JSON goes to standard output. Pure. */
bool bp_compare_has_text(const struct bp_compare_arguments *a);

/* --diff: print what changed between two runs. Returns an exit code. */
int bp_compare_show_diff(const struct bp_compare_arguments *a);

/* --html-from: the page of an earlier run. Returns an exit code. */
int bp_compare_write_html(const struct bp_compare_arguments *a);

#endif
