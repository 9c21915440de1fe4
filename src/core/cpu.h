/* Cores: which there are, what they are, pinning. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_CPU_H
#define BYPATH_CORE_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Number of cores this process may run on, at most max written to cores[] in ascending order: also those that bp_cpu_keep_off()
 * has kept the calling thread off. Control thread. */
unsigned bp_cpu_allowed(unsigned *cores, unsigned max);
/* Those that the calling thread may run on now, likewise: where threads that it creates are to be. Any thread. */
unsigned bp_cpu_own(unsigned *cores, unsigned max);
/* Those of the process that are on a NUMA node, likewise. Control thread. */
unsigned bp_cpu_allowed_on(int node, unsigned *cores, unsigned max);
/* Cores in ascending order as [engine] cores takes them, "1,4-7", cut at text_bytes. Pure. */
void bp_cpu_list(const unsigned *cores, unsigned n, char *text, size_t text_bytes);
/* Pin the calling thread. 0 or -errno. */
int bp_cpu_pin(unsigned core);
/*
 * Keep all threads of the process, and those that they create, off the cores where pinned ones are to poll (cores[n], n 0: off
 * none): they run on the others that the process may use; where none is left, on all. A thread that was pinned elsewhere, by a
 * library or by somebody from outside, stays there. Replaces what was asked for before. No pinned thread of ours runs: it pins
 * itself afterwards. Control thread; reads /proc.
 */
void bp_cpu_keep_off(const uint16_t *cores, unsigned n);
/* While none of those pinned threads runs: let the calling one on all cores, and off theirs again. Control thread. */
void bp_cpu_roam(bool is_on);
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
