/* Reads from the kernel how long threads waited for their cores. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sources: Linux Documentation/scheduler/sched-stats.rst (/proc/PID/task/TID/schedstat: time run, time
 * waited to run, in ns), Documentation/filesystems/proc.rst (/proc/stat), Documentation/admin-guide/
 * cgroup-v2.rst (cpu.stat, throttled_usec), Documentation/scheduler/sched-bwc.rst (version 1).
 */
#include "core/offcore.h"

#include "core/cgroup.h"
#include "core/clock.h"

#include <dirent.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 512u

const struct bp_off_places bp_off_places = { .proc = "/proc", .cgroups = "/sys/fs/cgroup" };

/* ---- readers --------------------------------------------------------------------------------- */

static bool read_schedstat(const char *path, uint64_t *run_ns, uint64_t *waiting_ns)
{
	FILE *file = fopen(path, "re");
	bool is_read = file && fscanf(file, "%" SCNu64 " %" SCNu64, run_ns, waiting_ns) == 2;

	if (file)
		fclose(file);
	/* Without CONFIG_SCHED_INFO it is three zeros. */
	return is_read && *run_ns;
}

double bp_off_core_ns(const struct bp_off_places *places, unsigned core, enum bp_off_state state)
{
	char path[PATH_BYTES], line[256];
	unsigned long long ticks[8];
	double ns = -1;
	FILE *file;
	unsigned id;

	snprintf(path, sizeof(path), "%s/stat", places->proc);
	file = fopen(path, "re");
	while (file && ns < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "cpu%u %llu %llu %llu %llu %llu %llu %llu %llu", &id, &ticks[0],
			   &ticks[1], &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6],
			   &ticks[7]) == 9 &&
		    id == core)
			ns = (double)ticks[state] * 1e9 / (double)sysconf(_SC_CLK_TCK);
	if (file)
		fclose(file);
	return ns;
}

/* Of one control group: cpu.stat's line, of either version. */
static uint64_t read_throttled(const char *folder)
{
	char path[PATH_BYTES + 16], line[128];
	uint64_t n, ns = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/cpu.stat", folder);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "throttled_usec %" SCNu64, &n) == 1)
			ns = n * 1000;
		if (sscanf(line, "throttled_time %" SCNu64, &n) == 1)
			ns = n;
	}
	if (file)
		fclose(file);
	return ns;
}

/* Of a control group and all above it: a limit of each of them holds. */
static uint64_t sum_throttled(const char *mount, const char *group)
{
	char folder[PATH_BYTES];
	uint64_t ns = 0;
	char *end;

	if (snprintf(folder, sizeof(folder), "%s%s", mount, group) >= (int)sizeof(folder))
		return 0;
	while (strlen(folder) > strlen(mount)) {
		ns += read_throttled(folder);
		end = strrchr(folder, '/');
		*end = '\0';
	}
	return ns + read_throttled(folder);
}

static uint64_t read_throttled_of(const struct bp_off_places *places, int pid)
{
	char path[PATH_BYTES], line[PATH_BYTES];
	uint64_t ns = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%d/cgroup", places->proc, pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		char *list = strchr(line, ':'), *group = list ? strchr(list + 1, ':') : NULL;

		if (!group)
			continue;
		*list++ = '\0';
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		if (strcmp(group, "/") == 0)
			*group = '\0';
		/* Version 1 mounts each controller in a folder of its name, version 2 all in one. */
		if (!*list)
			snprintf(path, sizeof(path), "%s", places->cgroups);
		else if (bp_cgroup_has(list, "cpu"))
			snprintf(path, sizeof(path), "%s/cpu", places->cgroups);
		else
			continue;
		ns += sum_throttled(path, group);
	}
	if (file)
		fclose(file);
	return ns;
}

/* ---- which thread ---------------------------------------------------------------------------- */

static bool is_named(const char *proc, const char *id, const char *name)
{
	char path[PATH_BYTES], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/%.32s/comm", proc, id);
	file = fopen(path, "re");
	if (file && fgets(comm, sizeof(comm), file))
		comm[strcspn(comm, "\n")] = '\0';
	if (file)
		fclose(file);
	return strcmp(comm, name) == 0;
}

void bp_off_thread_init(const struct bp_off_places *places, int pid, int tid, unsigned core,
			struct bp_off_thread *thread)
{
	char name[32];
	struct dirent *entry;
	DIR *dir = opendir(places->proc);

	*thread = (struct bp_off_thread){ .pid = pid, .tid = tid, .core = core };
	snprintf(name, sizeof(name), "ksoftirqd/%u", core);
	while (dir && !thread->softirqd && (entry = readdir(dir)))
		if (strspn(entry->d_name, "0123456789") == strlen(entry->d_name) &&
		    is_named(places->proc, entry->d_name, name))
			thread->softirqd = atoi(entry->d_name);
	if (dir)
		closedir(dir);
}

static bool is_bound_to(int tid, unsigned core)
{
	cpu_set_t set;

	return sched_getaffinity(tid, sizeof(set), &set) == 0 && CPU_COUNT(&set) == 1 &&
	       CPU_ISSET(core, &set);
}

int bp_off_thread_on(const struct bp_off_places *places, int pid, unsigned core)
{
	char path[PATH_BYTES], file[PATH_BYTES + 64];
	uint64_t run_ns, waiting_ns, most_ns = 0;
	struct dirent *entry;
	int found = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%d/task", places->proc, pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		int tid = atoi(entry->d_name);

		snprintf(file, sizeof(file), "%s/%d/schedstat", path, tid);
		if (tid <= 0 || !is_bound_to(tid, core) ||
		    !read_schedstat(file, &run_ns, &waiting_ns) || run_ns < most_ns)
			continue;
		most_ns = run_ns;
		found = tid;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The state behind the name, which may have any letters: "41 (name) R …". */
static bool is_ready(const char *path)
{
	char line[PATH_BYTES];
	FILE *file = fopen(path, "re");
	const char *end = file && fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;

	if (file)
		fclose(file);
	return end && strncmp(end, ") R", 3) == 0;
}

/* ---- readings -------------------------------------------------------------------------------- */

void bp_off_read(const struct bp_off_places *places, const struct bp_off_thread *thread,
		 struct bp_off_at *at)
{
	char path[PATH_BYTES];
	uint64_t unused;
	double stolen_ns = bp_off_core_ns(places, thread->core, BP_OFF_STATE_STEAL);

	*at = (struct bp_off_at){ .now_ns = bp_clock_ns() };
	snprintf(path, sizeof(path), "%s/%d/task/%d/schedstat", places->proc, thread->pid,
		 thread->tid);
	at->is_known = read_schedstat(path, &at->run_ns, &at->waiting_ns);
	snprintf(path, sizeof(path), "%s/%d/task/%d/stat", places->proc, thread->pid, thread->tid);
	at->is_ready = is_ready(path);
	snprintf(path, sizeof(path), "%s/%d/schedstat", places->proc, thread->softirqd);
	if (thread->softirqd)
		(void)read_schedstat(path, &at->softirqd_ns, &unused);
	at->stolen_ns = stolen_ns > 0 ? (uint64_t)stolen_ns : 0;
	at->throttled_ns = read_throttled_of(places, thread->pid);
}

/* Counters only grow; one that could not be read is 0. */
static double grown(uint64_t before, uint64_t after)
{
	return after > before ? (double)(after - before) : 0;
}

/* The kernel adds a wait up when it ends: one that lasted from reading to reading is not there yet. */
static double waited_ns(const struct bp_off_at *before, const struct bp_off_at *after,
			double tick_ns)
{
	double elapsed_ns = grown(before->now_ns, after->now_ns);

	if (before->is_ready && after->is_ready && after->run_ns == before->run_ns &&
	    elapsed_ns > 2 * tick_ns)
		return elapsed_ns;
	return grown(before->waiting_ns, after->waiting_ns);
}

void bp_off_between(const struct bp_off_at *before, const struct bp_off_at *after, uint64_t kin_ns,
		    struct bp_off *off)
{
	double tick_ns = 1e9 / (double)sysconf(_SC_CLK_TCK);

	*off = (struct bp_off){
		.elapsed_ns = grown(before->now_ns, after->now_ns),
		.waiting_ns = waited_ns(before, after, tick_ns) - (double)kin_ns -
			      grown(before->softirqd_ns, after->softirqd_ns),
		.stolen_ns = grown(before->stolen_ns, after->stolen_ns) - tick_ns,
		.throttled_ns = grown(before->throttled_ns, after->throttled_ns),
		.is_waiting_known = before->is_known && after->is_known,
	};
	if (!off->is_waiting_known || off->waiting_ns < 0)
		off->waiting_ns = 0;
	if (off->stolen_ns < 0)
		off->stolen_ns = 0;
}

/* ---- what they mean -------------------------------------------------------------------------- */

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* Kernels differ in whether a throttled thread waits: the larger one contains the other. */
static double named_ns(const struct bp_off *off)
{
	return larger(off->waiting_ns, off->throttled_ns) + off->stolen_ns;
}

void bp_off_add(struct bp_off *sum, const struct bp_off *off)
{
	sum->elapsed_ns += off->elapsed_ns;
	sum->waiting_ns += off->waiting_ns;
	sum->stolen_ns += off->stolen_ns;
	sum->throttled_ns += off->throttled_ns;
	sum->gap_ns += off->gap_ns;
}

double bp_off_share(const struct bp_off *off)
{
	double ns = larger(named_ns(off), off->gap_ns);

	return off->elapsed_ns <= 0 ? 0 : ns > off->elapsed_ns ? 1 : ns / off->elapsed_ns;
}

enum bp_off_cause bp_off_cause(const struct bp_off *off)
{
	if (bp_off_share(off) <= 0)
		return BP_OFF_NONE;
	if (off->gap_ns > 2 * named_ns(off))
		return BP_OFF_STOPPED;
	if (2 * off->throttled_ns > larger(off->waiting_ns, off->stolen_ns))
		return BP_OFF_THROTTLED;
	return off->stolen_ns > off->waiting_ns ? BP_OFF_STOLEN : BP_OFF_OTHERS;
}

static const char *const names[] = { "none", "others", "stolen", "throttled", "stopped" };

const char *bp_off_name(enum bp_off_cause cause)
{
	return names[cause];
}

enum bp_off_cause bp_off_by_name(const char *name)
{
	for (unsigned i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return (enum bp_off_cause)i;
	return BP_OFF_NONE;
}

const char *bp_off_text(enum bp_off_cause cause)
{
	static const char *const texts[] = {
		"it had its core",
		"other work ran on its core",
		"the hypervisor took its core away",
		"the CPU limit of its control group held it back",
		"its loop stood still: it was stopped, or the machine was",
	};

	return texts[cause];
}
