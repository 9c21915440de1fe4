/* Cores: which there are, which node they are on, what they are, pinning. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_CPU_H
#define BYPATH_CORE_CPU_H

#include <stddef.h>

/* Number of cores this process may run on, at most max written to cores[] in ascending order. */
unsigned bp_cpu_allowed(unsigned *cores, unsigned max);
/* Kernel's NUMA node of a core; 0 where unknown. */
unsigned bp_cpu_node(unsigned core);
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
