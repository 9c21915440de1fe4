/* Cores: which there are, what they are, pinning. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/cpu.h"

#include "core/numa.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

unsigned bp_cpu_allowed(unsigned *cores, unsigned max)
{
	cpu_set_t set;
	unsigned n = 0;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 0;
	for (unsigned core = 0; core < CPU_SETSIZE && n < max; core++)
		if (CPU_ISSET(core, &set))
			cores[n++] = core;
	return n;
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
