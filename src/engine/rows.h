/* The parts of a run's document that files of their own make. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_ROWS_H
#define BYPATH_ENGINE_ROWS_H

#include "bypath/report.h"

#include <jansson.h>

/* All pure. */

/* Add a count's rates over elapsed_s: "mpps", "gbps_l1", "gbps_l2", "mean_burst". */
void bp_rows_add_rates(json_t *counted, uint64_t n_pkts, uint64_t n_bytes, uint64_t n_bursts,
		       double elapsed_s);

/* Can the path's time be split into user code and system calls? Not where a PMD makes calls that
 * are counted but whose time is not known. */
bool bp_rows_has_split(const struct bp_report_path *path);

/* Add "paths", "path_sums", "path_totals", "fan_outs", "former_paths", "paths_cut". 0 or -ENOMEM. */
int bp_rows_add_paths(json_t *document, const struct bp_report *report);

/* "functions": a new reference, NULL when memory lacks. */
json_t *bp_rows_functions(const struct bp_report *report);

/*
 * What a function said of itself (an object, or NULL) as rows: "what" ("green packets", "rules 3"), and "value", a
 * number, or "text". Of a long list the first ones, then a row that says how many more there are. A new reference.
 */
json_t *bp_rows_function_state(const json_t *doc);

#endif
