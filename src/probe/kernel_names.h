/* What the running kernel says of itself: its functions and their parameters, the names of drop reasons, the functions
 * at addresses. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_KERNEL_NAMES_H
#define BYPATH_PROBE_KERNEL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;

/* BTF is the one source: what a name or a number means differs by kernel. */
struct bp_kernel_names {
	struct btf **btfs; /* the kernel's own, then its modules' */
	size_t n_btfs; /* 0: no BTF */
};

/* Control thread; blocks while it reads some MiB. Without BTF, or memory, nothing is found in names. */
void bp_kernel_names_open(struct bp_kernel_names *names);
void bp_kernel_names_close(struct bp_kernel_names *names);

/* How many parameters has a function, or -ENOENT. */
int bp_kernel_n_params(const struct bp_kernel_names *names, const char *function);
/* Is a parameter (from 0) a pointer to a pointer? */
bool bp_kernel_is_double_pointer(const struct bp_kernel_names *names, const char *function,
				 unsigned param);
/* How many arguments has a tracepoint, or -ENOENT. */
int bp_kernel_tracepoint_args(const struct bp_kernel_names *names, const char *tracepoint);

/* "SKB_DROP_REASON_NO_SOCKET"; NULL: the kernel has no name for that number; 0 has one where there are reasons
 * at all (Linux 5.17). */
const char *bp_kernel_reason(const struct bp_kernel_names *names, uint32_t reason);

#define BP_SYMBOL_BYTES 64u

struct bp_symbol {
	uint64_t address; /* within a function */
	uint64_t begin; /* that of the function; 0: not found, or not to be seen */
	char name[BP_SYMBOL_BYTES]; /* without what a compiler adds (".constprop.0") */
};

/* Find the functions at n addresses, all at once: /proc/kallsyms is read. Blocks. */
void bp_kernel_symbols(struct bp_symbol *symbols, size_t n);

#endif
