/* The running kernel's own names: of drop reasons, of the functions at addresses. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_KERNEL_NAMES_H
#define BYPATH_PROBE_KERNEL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;

/* Reasons have other numbers in other kernels: they come from the running one's BTF. */
struct bp_kernel_names {
	struct btf *kernel;
	struct btf *modules[2]; /* of those that have reasons of their own; NULL: not loaded */
};

/* 0; -ENOTSUP: no BTF. Control thread; blocks while it reads some MiB. */
int bp_kernel_names_open(struct bp_kernel_names *names);
void bp_kernel_names_close(struct bp_kernel_names *names);

/* Has the kernel drop reasons at all (Linux 5.17)? */
bool bp_kernel_has_reasons(const struct bp_kernel_names *names);
/* How many arguments has a tracepoint, or -ENOENT. */
int bp_kernel_tracepoint_args(const struct bp_kernel_names *names, const char *tracepoint);
/* "SKB_DROP_REASON_NO_SOCKET"; NULL: the kernel has no name for that number. */
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
