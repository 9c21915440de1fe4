/* What the bursts of one queue cost a path: the difference of that queue's counters around them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_COST_H
#define BYPATH_ENGINE_COST_H

#include "bypath/counters.h"
#include "bypath/report.h"

/* Written by the path's worker, read by snapshots: relaxed. */
struct bp_cost {
	_Atomic uint64_t copies, copy_bytes, calls, call_cycles;
};

/* What a queue has counted so far. */
struct bp_usage {
	uint64_t copies, copy_bytes, calls, call_cycles;
};

static inline struct bp_usage bp_usage_read(const struct bp_counters *c)
{
	return (struct bp_usage){
		.copies = bp_counter(c, BP_CNT_COPIES),
		.copy_bytes = bp_counter(c, BP_CNT_COPY_BYTES),
		.calls = bp_counter(c, BP_CNT_CALLS),
		.call_cycles = bp_counter(c, BP_CNT_CALL_CYCLES),
	};
}

/* One writer: the path's worker. */
static inline void bp_cost_add(_Atomic uint64_t *v, uint64_t n)
{
	atomic_store_explicit(v, atomic_load_explicit(v, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

/*
 * Count a burst that was received by its packets. hist[BP_BURST_CLASSES + 1]: one cell for each class, and one for what is
 * no burst, 0 packets, so that nothing is written behind it whatever a driver counted.
 */
static inline void bp_burst_note(_Atomic uint64_t *hist, uint64_t n_pkts)
{
	bp_cost_add(
		&hist[(63u - (unsigned)__builtin_clzll(2 * n_pkts - 1)) % (BP_BURST_CLASSES + 1)],
		1);
}

/* Charge what the queue has counted since `before`: most bursts copy nothing or call nothing. */
static inline void bp_cost_charge(struct bp_cost *cost, const struct bp_usage *before,
				  const struct bp_counters *c)
{
	struct bp_usage now = bp_usage_read(c);

	if (now.copy_bytes != before->copy_bytes || now.copies != before->copies) {
		bp_cost_add(&cost->copies, now.copies - before->copies);
		bp_cost_add(&cost->copy_bytes, now.copy_bytes - before->copy_bytes);
	}
	if (now.calls != before->calls) {
		bp_cost_add(&cost->calls, now.calls - before->calls);
		bp_cost_add(&cost->call_cycles, now.call_cycles - before->call_cycles);
	}
}

#endif
