/* Reads names out of BTF and /proc/kallsyms. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/kernel_names.h"

#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBSYSTEM_SHIFT 16 /* SKB_DROP_REASON_SUBSYS_SHIFT: above it, whose reason it is */

/* Takes btf; NULL is nothing. */
static void add(struct bp_kernel_names *names, struct btf *btf)
{
	struct btf **more =
		btf ? reallocarray(names->btfs, names->n_btfs + 1, sizeof(*more)) : NULL;

	if (!more) {
		btf__free(btf);
		return;
	}
	names->btfs = more;
	more[names->n_btfs++] = btf;
}

void bp_kernel_names_open(struct bp_kernel_names *names)
{
	DIR *modules = opendir("/sys/kernel/btf");
	struct dirent *module;

	*names = (struct bp_kernel_names){ 0 };
	add(names, btf__load_vmlinux_btf());
	while (modules && names->n_btfs && (module = readdir(modules)))
		if (module->d_name[0] != '.' && strcmp(module->d_name, "vmlinux") != 0)
			add(names, btf__load_module_btf(module->d_name, names->btfs[0]));
	if (modules)
		closedir(modules);
}

void bp_kernel_names_close(struct bp_kernel_names *names)
{
	/* Modules' lean on the kernel's. */
	while (names->n_btfs)
		btf__free(names->btfs[--names->n_btfs]);
	free(names->btfs);
	*names = (struct bp_kernel_names){ 0 };
}

/* ---- types ----------------------------------------------------------------------------------- */

/* The first type that only the i-th has: a module's ids go on where the kernel's end. */
static __u32 first_of(const struct bp_kernel_names *names, size_t i)
{
	return i ? btf__type_cnt(names->btfs[0]) : 1;
}

/* The type of that name and kind, and the BTF that it is in; NULL: there is none. */
static const struct btf_type *find(const struct bp_kernel_names *names, const char *name,
				   unsigned kind, const struct btf **in)
{
	for (size_t i = 0; i < names->n_btfs; i++) {
		*in = names->btfs[i];
		for (__u32 id = first_of(names, i); id < btf__type_cnt(*in); id++) {
			const struct btf_type *type = btf__type_by_id(*in, id);

			if (btf_kind(type) == kind &&
			    !strcmp(btf__name_by_offset(*in, type->name_off), name))
				return type;
		}
	}
	return NULL;
}

/* The prototype of a function; NULL: the kernel has none of that name. */
static const struct btf_type *prototype_of(const struct bp_kernel_names *names,
					   const char *function, const struct btf **in)
{
	const struct btf_type *type = find(names, function, BTF_KIND_FUNC, in);

	return type ? btf__type_by_id(*in, type->type) : NULL;
}

int bp_kernel_n_params(const struct bp_kernel_names *names, const char *function)
{
	const struct btf *btf;
	const struct btf_type *type = prototype_of(names, function, &btf);

	return type ? (int)btf_vlen(type) : -ENOENT;
}

bool bp_kernel_is_double_pointer(const struct bp_kernel_names *names, const char *function,
				 unsigned param)
{
	const struct btf *btf;
	const struct btf_type *type = prototype_of(names, function, &btf);

	if (!type || param >= btf_vlen(type))
		return false;
	type = btf__type_by_id(btf, btf_params(type)[param].type);
	return btf_is_ptr(type) && btf_is_ptr(btf__type_by_id(btf, type->type));
}

int bp_kernel_tracepoint_args(const struct bp_kernel_names *names, const char *tracepoint)
{
	const struct btf_type *type;
	const struct btf *btf;
	char name[64];

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	type = find(names, name, BTF_KIND_TYPEDEF, &btf);
	if (!type)
		return -ENOENT;
	/* typedef → pointer → prototype, whose first parameter is the tracer's own. */
	type = btf__type_by_id(btf, btf__type_by_id(btf, type->type)->type);
	return btf_is_func_proto(type) ? (int)btf_vlen(type) - 1 : -ENOENT;
}

/* ---- reasons --------------------------------------------------------------------------------- */

static const char *value_name(const struct btf *btf, const struct btf_type *type, uint32_t value)
{
	const struct btf_enum *e = btf_enum(type);

	for (unsigned i = 0; i < btf_vlen(type); i++)
		if ((uint32_t)e[i].val == value)
			return btf__name_by_offset(btf, e[i].name_off);
	return NULL;
}

/* Is it an enum of reasons of the core's, or of a subsystem's: mac80211_drop_reason, ovs_drop_reason, …? */
static bool is_reasons(const struct btf *btf, const struct btf_type *type, bool is_core)
{
	const char *name = btf_is_enum(type) ? btf__name_by_offset(btf, type->name_off) : "";

	return is_core ? !strcmp(name, "skb_drop_reason")
		       : strstr(name, "drop_reason") && !strstr(name, "subsys");
}

const char *bp_kernel_reason(const struct bp_kernel_names *names, uint32_t reason)
{
	const char *found = NULL;

	for (size_t i = 0; i < names->n_btfs && !found; i++) {
		const struct btf *btf = names->btfs[i];

		for (__u32 id = first_of(names, i); id < btf__type_cnt(btf) && !found; id++) {
			const struct btf_type *type = btf__type_by_id(btf, id);

			if (is_reasons(btf, type, !(reason >> SUBSYSTEM_SHIFT)))
				found = value_name(btf, type, reason);
		}
	}
	return found;
}

/* ---- functions ------------------------------------------------------------------------------- */

static void take_symbol(struct bp_symbol *symbols, size_t n, uint64_t begin, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (begin > symbols[i].address || begin < symbols[i].begin || !begin)
			continue;
		symbols[i].begin = begin;
		snprintf(symbols[i].name, sizeof(symbols[i].name), "%.*s", (int)strcspn(name, "."),
			 name);
	}
}

void bp_kernel_symbols(struct bp_symbol *symbols, size_t n)
{
	FILE *in = fopen("/proc/kallsyms", "re");
	char line[512], name[256], kind;
	uint64_t begin;

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "%" SCNx64 " %c %255s", &begin, &kind, name) == 3 &&
		    (kind == 't' || kind == 'T' || kind == 'w' || kind == 'W'))
			take_symbol(symbols, n, begin, name);
	if (in)
		fclose(in);
}
