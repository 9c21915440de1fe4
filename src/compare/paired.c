/* Hodges-Lehmann estimate and signed-rank interval of the ratios of paired rounds. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/paired.h"

#include "compare/stat.h"

#include <math.h>
#include <string.h>

#define N_MAX     BP_CMP_ROUNDS_MAX
#define MEANS_MAX (N_MAX * (N_MAX + 1) / 2)
#define TAIL      0.025

/* The means of every pair of logarithms, each with itself as well, in order. Returns how many. */
static unsigned pair_means(const struct bp_cmp_values *ratios, double means[MEANS_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < ratios->n; i++)
		for (unsigned j = i; j < ratios->n; j++)
			means[n++] = (log(ratios->v[i]) + log(ratios->v[j])) / 2;
	bp_cmp_sort(means, n);
	return n;
}

/*
 * How many means may be cut off at each end so that a rank sum as extreme has a probability of at most TAIL; *tail:
 * that probability. Each of the ranks 1 … n is in the sum or not, with equal chances.
 */
static unsigned count_cut(unsigned n, double *tail)
{
	double ways[MEANS_MAX + 1] = { 1 }, all = ldexp(1, (int)n), sum = 0;
	unsigned n_cut = 0;

	for (unsigned rank = 1; rank <= n; rank++)
		for (unsigned w = rank * (rank + 1) / 2; w >= rank; w--)
			ways[w] += ways[w - rank];
	*tail = 0;
	while ((sum += ways[n_cut]) / all <= TAIL) {
		*tail = sum / all;
		n_cut++;
	}
	return n_cut;
}

void bp_cmp_pair(const struct bp_cmp_values *ratios, struct bp_cmp_paired *paired)
{
	double means[MEANS_MAX], tail;
	unsigned n, n_cut;

	*paired = (struct bp_cmp_paired){ 0 };
	for (unsigned i = 0; i < ratios->n; i++)
		if (!(ratios->v[i] > 0))
			return;
	if (!ratios->n)
		return;
	n = pair_means(ratios, means);
	paired->estimate = exp(n % 2 ? means[n / 2] : (means[n / 2 - 1] + means[n / 2]) / 2);
	n_cut = count_cut(ratios->n, &tail);
	if (ratios->n < BP_CMP_PAIRS_MIN || !n_cut)
		return;
	paired->lo = exp(means[n_cut - 1]);
	paired->hi = exp(means[n - n_cut]);
	paired->level = 1 - 2 * tail;
}

void bp_cmp_ratios(const struct bp_cmp_values *ours, const struct bp_cmp_values *theirs,
		   struct bp_cmp_values *ratios)
{
	*ratios = (struct bp_cmp_values){ 0 };
	for (unsigned i = 0; i < ours->n && i < theirs->n; i++)
		if (theirs->v[i] > 0)
			bp_cmp_values_add(ratios, ours->v[i] / theirs->v[i]);
}

const char *bp_cmp_bound(bool is_lower, bool is_upper)
{
	return is_lower && is_upper ? "both" : is_lower ? "lower" : is_upper ? "upper" : "none";
}

json_t *bp_cmp_interval(const struct bp_cmp_paired *paired, const char *bound)
{
	if (!(paired->level > 0) || strcmp(bound, "none") != 0)
		return json_null();
	return json_pack("{s:f, s:f, s:f}", "lo", paired->lo, "hi", paired->hi, "level",
			 paired->level);
}
