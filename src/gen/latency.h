/* Latencies of many packets in constant memory: log-linear histogram, mean, extremes, jitter. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_LATENCY_H
#define BYPATH_GEN_LATENCY_H

#include <stdint.h>

/*
 * Buckets: exact up to 255 ns, then 128 per power of two. A bucket's middle is at most 1/256 of its
 * value (0.4 %) away from anything in it. The last power of two ends at 137 s; what is longer lands
 * in the last bucket (max stays exact).
 */
#define BP_LATENCY_SUB_BITS 7u
#define BP_LATENCY_OCTAVES  37u /* values below 2^37 ns */
#define BP_LATENCY_BUCKETS  ((BP_LATENCY_OCTAVES - BP_LATENCY_SUB_BITS + 1u) << BP_LATENCY_SUB_BITS)

/* One writer. Zeroed memory is an empty histogram. */
struct bp_latency {
	uint64_t n;
	uint64_t sum_ns;
	uint64_t min_ns, max_ns; /* of n ≥ 1 values */
	/* Jitter: the mean of |latency − latency of the packet received before|, over n_diffs
	 * pairs; RFC 3550's D without its smoothing. */
	uint64_t n_diffs;
	uint64_t sum_diff_ns;
	uint64_t last_ns; /* of the packet received last */
	uint64_t buckets[BP_LATENCY_BUCKETS];
};

/* What is printed of it. All 0 where n is 0. */
struct bp_latency_summary {
	uint64_t n;
	double min_ns, mean_ns, p50_ns, p90_ns, p99_ns, p999_ns, max_ns, jitter_ns;
};

/* Index of a value's bucket. */
static inline unsigned bp_latency_bucket(uint64_t ns)
{
	unsigned shift;

	if (ns < 2u << BP_LATENCY_SUB_BITS)
		return (unsigned)ns;
	if (ns >> BP_LATENCY_OCTAVES)
		return BP_LATENCY_BUCKETS - 1;
	shift = 63u - (unsigned)__builtin_clzll(ns) - BP_LATENCY_SUB_BITS;
	return (shift << BP_LATENCY_SUB_BITS) + (unsigned)(ns >> shift);
}

/* Add one packet's latency, in the order of arrival. The histogram's writer only. */
static inline void bp_latency_add(struct bp_latency *l, uint64_t ns)
{
	uint64_t diff = ns > l->last_ns ? ns - l->last_ns : l->last_ns - ns;

	if (l->n) {
		l->n_diffs++;
		l->sum_diff_ns += diff;
	}
	l->last_ns = ns;
	l->min_ns = !l->n || ns < l->min_ns ? ns : l->min_ns;
	l->max_ns = ns > l->max_ns ? ns : l->max_ns;
	l->sum_ns += ns;
	l->n++;
	l->buckets[bp_latency_bucket(ns)]++;
}

/* Add all of `from` to `to`; the pair at the seam adds nothing to the jitter. No writer may run. */
void bp_latency_merge(struct bp_latency *to, const struct bp_latency *from);

/*
 * The smallest latency that at least `share` (0 … 1) of the packets did not exceed, within 1 %;
 * 0 of an empty histogram.
 */
double bp_latency_percentile(const struct bp_latency *l, double share);

void bp_latency_summarise(const struct bp_latency *l, struct bp_latency_summary *summary);

#endif
