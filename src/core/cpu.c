/* Cores: which there are, which node they are on, pinning. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/cpu.h"

#include <errno.h>
#include <numa.h>
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

unsigned bp_cpu_node(unsigned core)
{
	int node = numa_available() < 0 ? 0 : numa_node_of_cpu((int)core);

	return node < 0 ? 0 : (unsigned)node;
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
