/* Cores: which there are, what they are, pinning. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_CPU_H
#define BYPATH_CORE_CPU_H

#include <stddef.h>

/* Number of cores this process may run on, at most max written to cores[] in ascending order. */
unsigned bp_cpu_allowed(unsigned *cores, unsigned max);
/* Those of them that are on a NUMA node, likewise. */
unsigned bp_cpu_allowed_on(int node, unsigned *cores, unsigned max);
/* Cores in ascending order as [engine] cores takes them, "1,4-7", cut at text_bytes. Pure. */
void bp_cpu_list(const unsigned *cores, unsigned n, char *text, size_t text_bytes);
/* Pin the calling thread. 0 or -errno. */
int bp_cpu_pin(unsigned core);
/* The model's name as the kernel tells it, cut at model_bytes; "" where it tells none. */
void bp_cpu_model(char *model, size_t model_bytes);

/* A spinning thread's hint to its core. */
static inline void bp_cpu_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif
