/* How much CPU the forwarder takes in a trial. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_CPU_H
#define BYPATH_COMPARE_CPU_H

#include <stdint.h>

struct bp_cmp_run;
struct bp_cmp_values;

/* Of one trial. */
struct bp_cmp_cpu {
	/* CPU time of all threads of the forwarder's process, user and system, per second: 1 is a whole core. What
	 * the kernel does for it in softirqs on another core (on veth: the sender's) is not in it, and what it does in
	 * softirqs on its own core is, unless the kernel keeps account of them apart (CONFIG_IRQ_TIME_ACCOUNTING). A
	 * worker that polls without sleeping has 1 at any load. Below 0: no process forwards. */
	double cores;
	/* Share of the time of sending that bypath's workers spent in rounds that moved packets. Below 0: not known. */
	double busy;
};

/* A trial that goes on: CPU time used until two moments in the middle of its sending. */
struct bp_cmp_cpu_span {
	uint64_t from_ns, to_ns; /* the middle */
	uint64_t at_ns[2], used_ns[2];
	double busy_ns; /* of the workers, before the trial; below 0: not known, or not asked for */
};

/*
 * Before the generator is asked for a trial of so many seconds; again and again while it goes on; when its answer
 * has come, with the time of sending. What a look in the middle does not catch is taken from the ends of the trial.
 * None of them disturbs the trial: a worker's busy time is asked before it and after it, for which bp_cmp_cpu_begin()
 * and bp_cmp_cpu_end() may block for some milliseconds, and only if run->is_busy_asked.
 */
void bp_cmp_cpu_begin(struct bp_cmp_run *run, double duration_s, struct bp_cmp_cpu_span *span);
void bp_cmp_cpu_look(const struct bp_cmp_run *run, struct bp_cmp_cpu_span *span);
void bp_cmp_cpu_end(struct bp_cmp_run *run, double elapsed_s, const struct bp_cmp_cpu_span *span,
		    struct bp_cmp_cpu *cpu);

/* Packets per second for each core that they took; nothing where that is not known. */
void bp_cmp_add_per_core(struct bp_cmp_values *values, double pps, double cores);

#endif
