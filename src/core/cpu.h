/* Cores: which there are, which node they are on, pinning. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_CPU_H
#define BYPATH_CORE_CPU_H

#include <stdbool.h>

/* Number of cores this process may run on, at most max written to cores[] in ascending order. */
unsigned bp_cpu_allowed(unsigned *cores, unsigned max);
/* Kernel's NUMA node of a core; 0 where unknown. */
unsigned bp_cpu_node(unsigned core);
/* Pin the calling thread. 0 or -errno. */
int bp_cpu_pin(unsigned core);

#endif
