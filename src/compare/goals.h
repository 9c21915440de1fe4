/* What paths must reach: a file of goals, and what the figures make of each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_GOALS_H
#define BYPATH_COMPARE_GOALS_H

#include "compare/comparison.h"

/* "64" … "9018", with FCS, or "imix". false: none of these. */
bool bp_cmp_parse_size(const char *text, struct bp_cmp_size *size);

/*
 * Read goals, one a line: workload, frame size or "-", path, peer or "-", ">=" or "<=", number:
 *
 *   rate   64  af_packet-mmap  testpmd-af_packet  >=  1.35
 *   start  -   af_xdp-native   -                  <=  150
 *
 * With a peer the number is a ratio to the peer's figure, without it is in the workload's unit. "#" begins a comment.
 * 0 (cmp->goals are filled), or -EINVAL with file, line and what is allowed in why.
 */
int bp_cmp_goals_read(const char *path, struct bp_comparison *cmp, char *why, size_t why_bytes);

/* The rows that the goals need, each once, in their order: cmp->figures. 0 or -ENOMEM. */
int bp_cmp_goals_rows(struct bp_comparison *cmp);

/* One row for each chosen path and workload of a list ("tcp-1,start"; sizes of the options where they matter), in
 * the order of bp_cmp_workloads: what is a load comes before what runs under it. 0, -ENOMEM, or -EINVAL with a sentence
 * in why. */
int bp_cmp_workload_rows(struct bp_comparison *cmp, const char *list, const bool *chosen, char *why,
			 size_t why_bytes);

/* The path at half of whose lossless rate the goal's workload runs, where it has a load: the peer, else its own. */
const struct bp_cmp_path *bp_cmp_goal_load_of(const struct bp_cmp_goal *goal);

/* "figures" and "goals" of bypath.compare/1 (docs/compare.md). New references. */
json_t *bp_cmp_figures_document(const struct bp_comparison *cmp);
json_t *bp_cmp_goals_document(const struct bp_comparison *cmp);

#endif
