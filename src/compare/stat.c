/* Medians and spreads. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/stat.h"

#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void bp_cmp_sort(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), by_value);
}

static void sort(const struct bp_cmp_values *values, double *sorted)
{
	memcpy(sorted, values->v, values->n * sizeof(*sorted));
	bp_cmp_sort(sorted, values->n);
}

double bp_cmp_median(const struct bp_cmp_values *values)
{
	double sorted[BP_CMP_ROUNDS_MAX];
	unsigned n = values->n;

	if (!n)
		return 0;
	sort(values, sorted);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

json_t *bp_cmp_stat(const struct bp_cmp_values *values, double scale)
{
	double sorted[BP_CMP_ROUNDS_MAX], median = bp_cmp_median(values), range;
	json_t *list;

	if (!values->n)
		return json_null();
	sort(values, sorted);
	range = sorted[values->n - 1] - sorted[0];
	list = json_array();
	for (unsigned i = 0; i < values->n; i++)
		json_array_append_new(list, json_real(values->v[i] * scale));
	return json_pack("{s:f, s:f, s:f, s:f, s:o}", "median", median * scale, "min",
			 sorted[0] * scale, "max", sorted[values->n - 1] * scale, "spread",
			 median > 0 ? range / median : 0, "values", list);
}
