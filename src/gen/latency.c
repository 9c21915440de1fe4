/* Reads percentiles out of latency histograms. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/latency.h"

/* Middle of a bucket. */
static double middle_of(unsigned bucket)
{
	unsigned shift;
	uint64_t low;

	if (bucket < 2u << BP_LATENCY_SUB_BITS)
		return bucket;
	shift = (bucket >> BP_LATENCY_SUB_BITS) - 1;
	low = ((uint64_t)bucket - ((uint64_t)shift << BP_LATENCY_SUB_BITS)) << shift;
	return (double)low + (double)((1ull << shift) - 1) / 2;
}

void bp_latency_merge(struct bp_latency *to, const struct bp_latency *from)
{
	if (!from->n)
		return;
	to->min_ns = !to->n || from->min_ns < to->min_ns ? from->min_ns : to->min_ns;
	to->max_ns = from->max_ns > to->max_ns ? from->max_ns : to->max_ns;
	to->n += from->n;
	to->sum_ns += from->sum_ns;
	to->n_diffs += from->n_diffs;
	to->sum_diff_ns += from->sum_diff_ns;
	to->last_ns = from->last_ns;
	for (unsigned i = 0; i < BP_LATENCY_BUCKETS; i++)
		to->buckets[i] += from->buckets[i];
}

double bp_latency_percentile(const struct bp_latency *l, double share)
{
	double wanted = share * (double)l->n, middle;
	uint64_t seen = 0;
	unsigned i = 0;

	if (!l->n)
		return 0;
	for (; i < BP_LATENCY_BUCKETS - 1; i++) {
		seen += l->buckets[i];
		if (seen && (double)seen >= wanted)
			break;
	}
	/* The extremes are known exactly, and the last bucket holds whatever is longer. */
	middle = i == BP_LATENCY_BUCKETS - 1 ? (double)l->max_ns : middle_of(i);
	if (middle < (double)l->min_ns)
		return (double)l->min_ns;
	return middle > (double)l->max_ns ? (double)l->max_ns : middle;
}

void bp_latency_summarise(const struct bp_latency *l, struct bp_latency_summary *summary)
{
	*summary = (struct bp_latency_summary){ .n = l->n };
	if (!l->n)
		return;
	summary->min_ns = (double)l->min_ns;
	summary->max_ns = (double)l->max_ns;
	summary->mean_ns = (double)l->sum_ns / (double)l->n;
	summary->p50_ns = bp_latency_percentile(l, 0.5);
	summary->p90_ns = bp_latency_percentile(l, 0.9);
	summary->p99_ns = bp_latency_percentile(l, 0.99);
	summary->p999_ns = bp_latency_percentile(l, 0.999);
	if (l->n_diffs)
		summary->jitter_ns = (double)l->sum_diff_ns / (double)l->n_diffs;
}
