/* Medians and spreads of the rounds' values. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_STAT_H
#define BYPATH_COMPARE_STAT_H

#include "compare/comparison.h"

/* In ascending order. */
void bp_cmp_sort(double *v, unsigned n);

/* The median; 0 without a value. */
double bp_cmp_median(const struct bp_cmp_values *values);

/* {"median", "min", "max", "spread", "values"} of the values times scale; null without a value. A new reference. */
json_t *bp_cmp_stat(const struct bp_cmp_values *values, double scale);

#endif
