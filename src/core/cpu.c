/* Cores: which there are, what they are, pinning. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/cpu.h"

#include "core/numa.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define PASSES_MAX 4u

/* What the process may use, and what threads beside the pinned ones were given of it; empty: nothing was taken away. */
static cpu_set_t whole, beside;

/* false: the kernel does not say. */
static bool read_whole(cpu_set_t *set)
{
	CPU_ZERO(set);
	if (sched_getaffinity(0, sizeof(*set), set) != 0)
		return false;
	/* Another set than it was given is somebody's wish. */
	if (CPU_COUNT(&whole) && CPU_EQUAL(set, &beside))
		*set = whole;
	return true;
}

static unsigned list_cores(const cpu_set_t *set, unsigned *cores, unsigned max)
{
	unsigned n = 0;

	for (unsigned core = 0; core < CPU_SETSIZE && n < max; core++)
		if (CPU_ISSET(core, set))
			cores[n++] = core;
	return n;
}

unsigned bp_cpu_allowed(unsigned *cores, unsigned max)
{
	cpu_set_t set;

	return read_whole(&set) ? list_cores(&set, cores, max) : 0;
}

unsigned bp_cpu_own(unsigned *cores, unsigned max)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	return sched_getaffinity(0, sizeof(set), &set) ? 0 : list_cores(&set, cores, max);
}

unsigned bp_cpu_allowed_on(int node, unsigned *cores, unsigned max)
{
	unsigned n_allowed = bp_cpu_allowed(cores, max), n = 0;

	for (unsigned i = 0; i < n_allowed; i++)
		if (bp_numa_of_core(cores[i]) == node)
			cores[n++] = cores[i];
	return n;
}

void bp_cpu_list(const unsigned *cores, unsigned n, char *text, size_t text_bytes)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned first = 0, last; first < n && len < text_bytes; first = last + 1) {
		for (last = first; last + 1 < n && cores[last + 1] == cores[last] + 1;)
			last++;
		len += (size_t)snprintf(text + len, text_bytes - len, "%s%u", first ? "," : "",
					cores[first]);
		if (last > first && len < text_bytes)
			len += (size_t)snprintf(text + len, text_bytes - len, "-%u", cores[last]);
	}
}

int bp_cpu_pin(unsigned core)
{
	cpu_set_t set;

	if (core >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&set);
	CPU_SET(core, &set);
	return -pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/* Those that have one of two sets get another. Returns how many did. */
static unsigned move_threads(const cpu_set_t *from, const cpu_set_t *or_from, const cpu_set_t *to)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	unsigned n = 0;

	while (dir && (entry = readdir(dir))) {
		int tid = atoi(entry->d_name);
		cpu_set_t set;

		CPU_ZERO(&set);
		if (tid <= 0 || sched_getaffinity(tid, sizeof(set), &set) != 0 ||
		    CPU_EQUAL(&set, to) || (!CPU_EQUAL(&set, from) && !CPU_EQUAL(&set, or_from)))
			continue;
		n += !sched_setaffinity(tid, sizeof(*to), to);
	}
	if (dir)
		closedir(dir);
	return n;
}

void bp_cpu_keep_off(const uint16_t *cores, unsigned n)
{
	cpu_set_t all, left, before;

	if (!read_whole(&all))
		return;
	left = all;
	for (unsigned i = 0; i < n; i++)
		if (cores[i] < CPU_SETSIZE)
			CPU_CLR(cores[i], &left);
	if (!CPU_COUNT(&left))
		left = all;
	before = CPU_COUNT(&whole) ? beside : all;
	whole = all;
	beside = left;
	/* This one first, so that what it creates has the new set; others may create some meanwhile. */
	(void)sched_setaffinity(0, sizeof(left), &left);
	for (unsigned i = 0; i < PASSES_MAX && move_threads(&before, &all, &left); i++)
		;
}

void bp_cpu_roam(bool is_on)
{
	cpu_set_t own;

	CPU_ZERO(&own);
	/* Another set than it was given is somebody's wish. */
	if (CPU_COUNT(&whole) && !sched_getaffinity(0, sizeof(own), &own) &&
	    CPU_EQUAL(&own, is_on ? &beside : &whole))
		(void)sched_setaffinity(0, sizeof(own), is_on ? &whole : &beside);
}

void bp_cpu_model(char *model, size_t model_bytes)
{
	char line[256], name[128] = "";
	FILE *f = fopen("/proc/cpuinfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "model name : %127[^\n]", name) == 1)
			break;
	if (f)
		fclose(f);
	snprintf(model, model_bytes, "%s", name);
}
