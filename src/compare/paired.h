/* What the ratio of two paths is, from rounds in which both were measured side by side. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_PAIRED_H
#define BYPATH_COMPARE_PAIRED_H

#include "compare/comparison.h"

/* Fewer rounds carry no interval of 95 %: with five, the widest that there is has 93.75 %. */
#define BP_CMP_PAIRS_MIN 6u

struct bp_cmp_paired {
	double estimate; /* 0: no pair */
	double lo, hi, level; /* level: the interval's own, at least 0.95; 0: no interval */
};

/*
 * The Hodges-Lehmann estimate of a ratio and its interval by Wilcoxon's signed-rank test: of the logarithms of the
 * rounds' ratios, whose distribution need be symmetric and nothing else (M. Hollander, D. Wolfe, E. Chicken,
 * Nonparametric Statistical Methods, 3.2 and 3.3). Pairing takes out what drifts from round to round. The
 * distribution of the rank sum is exact, no approximation. ratios: one per round, above 0. Pure.
 */
void bp_cmp_pair(const struct bp_cmp_values *ratios, struct bp_cmp_paired *paired);

/* Round by round, where both have a figure. */
void bp_cmp_ratios(const struct bp_cmp_values *ours, const struct bp_cmp_values *theirs,
		   struct bp_cmp_values *ratios);

/* What a ratio is where ours is a lower bound, or theirs is, which makes it an upper one: "none", "lower", "upper",
 * "both". */
const char *bp_cmp_bound(bool is_lower, bool is_upper);

/* {"lo", "hi", "level"}; null where the rounds carry none, and of a bound. A new reference. */
json_t *bp_cmp_interval(const struct bp_cmp_paired *paired, const char *bound);

#endif
