/* Medians and spreads of the rounds' values. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_STAT_H
#define BYPATH_COMPARE_STAT_H

#include "compare/comparison.h"

/* In ascending order. */
void bp_cmp_sort(double *v, unsigned n);

/* 0 where there is no value. */
double bp_cmp_median(const struct bp_cmp_values *values);

/* {"median", "min", "max", "spread", "values"}, each times scale; null without a value. New. */
json_t *bp_cmp_stat(const struct bp_cmp_values *values, double scale);

#endif
