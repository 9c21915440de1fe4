/* How long a thread that wanted its core did not have it, with the cause. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_OFFCORE_H
#define BYPATH_CORE_OFFCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Above this share of a trial its figures are of the machine's other work, too. */
#define BP_OFF_LIMIT 0.02

enum bp_off_cause {
	BP_OFF_NONE,
	BP_OFF_OTHERS, /* other work ran on its core */
	BP_OFF_STOLEN, /* the hypervisor ran something else */
	BP_OFF_THROTTLED, /* its control group's CPU limit */
	BP_OFF_STOPPED, /* its loop stood still, and the kernel names no reason: a stop, a pause */
};

/* Of one thread in one span of time, in nanoseconds. Differences of readings. */
struct bp_off {
	double elapsed_ns;
	double waiting_ns; /* ready to run, but not let */
	double stolen_ns; /* of its core, at least: ticks of 10 ms, less the one that may be older */
	double throttled_ns; /* of its control group and those above: among waiting_ns, or not */
	double gap_ns; /* rounds of its loop that no work explains; contains what is above */
	bool is_waiting_known; /* the kernel keeps account of it (CONFIG_SCHED_INFO) */
};

/* A reading. */
struct bp_off_at {
	uint64_t now_ns, run_ns, waiting_ns;
	uint64_t softirqd_ns; /* what the core's ksoftirqd has run: its packets, not other work */
	uint64_t stolen_ns, throttled_ns;
	bool is_known;
	bool is_ready; /* it runs, or waits for its core: of a wait that goes on waiting_ns has nothing yet */
};

/* Where the kernel shows it: "/proc", "/sys/fs/cgroup"; a test has folders of its own. */
struct bp_off_places {
	const char *proc, *cgroups;
};
extern const struct bp_off_places bp_off_places;

/* Which thread, on which core. */
struct bp_off_thread {
	int pid, tid;
	unsigned core;
	int softirqd; /* process number of the core's ksoftirqd; 0: not to be seen from here */
};

/* Find the core's ksoftirqd. Reads all of /proc: once. */
void bp_off_thread_init(const struct bp_off_places *places, int pid, int tid, unsigned core,
			struct bp_off_thread *thread);

/* Any thread. What cannot be read is 0. */
void bp_off_read(const struct bp_off_places *places, const struct bp_off_thread *thread,
		 struct bp_off_at *at);

/*
 * What happened between two readings. kin_ns: time that threads of the same program ran on that core
 * by intent (a generator's receiver beside its sender): not other work.
 */
void bp_off_between(const struct bp_off_at *before, const struct bp_off_at *after, uint64_t kin_ns,
		    struct bp_off *off);

/* Add what happened in another span of the same thread's work. */
void bp_off_add(struct bp_off *sum, const struct bp_off *off);

/* Share of the span, 0 … 1. */
double bp_off_share(const struct bp_off *off);
enum bp_off_cause bp_off_cause(const struct bp_off *off);
/* "others", "stolen", …; for JSON. */
const char *bp_off_name(enum bp_off_cause cause);
/* The other way; BP_OFF_NONE for an unknown name, or NULL. */
enum bp_off_cause bp_off_by_name(const char *name);
/* "other work ran on its core", … */
const char *bp_off_text(enum bp_off_cause cause);

/* The time of a core in one state since boot, in nanoseconds, of 10 ms resolution; -1: not known. */
enum bp_off_state { BP_OFF_STATE_SOFTIRQ = 6, BP_OFF_STATE_STEAL = 7 };
double bp_off_core_ns(const struct bp_off_places *places, unsigned core, enum bp_off_state state);

/* The thread of a process that is bound to that core alone and has run longest. 0: none. */
int bp_off_thread_on(const struct bp_off_places *places, int pid, unsigned core);

#endif
