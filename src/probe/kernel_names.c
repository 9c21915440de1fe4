/* Reads names out of BTF and /proc/kallsyms. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/kernel_names.h"

#include <bpf/btf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SUBSYSTEM_SHIFT 16 /* SKB_DROP_REASON_SUBSYS_SHIFT: above it, whose reason it is */

/* Modules that register reasons of their own (drop_reasons_register_subsys()). */
static const char *const with_reasons[] = { "mac80211", "openvswitch" };

int bp_kernel_names_open(struct bp_kernel_names *names)
{
	*names = (struct bp_kernel_names){ .kernel = btf__load_vmlinux_btf() };
	if (!names->kernel)
		return -ENOTSUP;
	for (size_t i = 0; i < sizeof(with_reasons) / sizeof(with_reasons[0]); i++)
		names->modules[i] = btf__load_module_btf(with_reasons[i], names->kernel);
	return 0;
}

void bp_kernel_names_close(struct bp_kernel_names *names)
{
	for (size_t i = 0; i < sizeof(names->modules) / sizeof(names->modules[0]); i++)
		btf__free(names->modules[i]);
	btf__free(names->kernel);
	*names = (struct bp_kernel_names){ 0 };
}

static const struct btf_type *core_reasons(const struct bp_kernel_names *names)
{
	int id = btf__find_by_name_kind(names->kernel, "skb_drop_reason", BTF_KIND_ENUM);

	return id > 0 ? btf__type_by_id(names->kernel, (__u32)id) : NULL;
}

bool bp_kernel_has_reasons(const struct bp_kernel_names *names)
{
	return core_reasons(names) != NULL;
}

int bp_kernel_tracepoint_args(const struct bp_kernel_names *names, const char *tracepoint)
{
	const struct btf_type *type;
	char name[64];
	int id;

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	id = btf__find_by_name_kind(names->kernel, name, BTF_KIND_TYPEDEF);
	if (id <= 0)
		return -ENOENT;
	/* typedef → pointer → prototype, whose first parameter is the tracer's own. */
	type = btf__type_by_id(names->kernel, btf__type_by_id(names->kernel, (__u32)id)->type);
	type = btf__type_by_id(names->kernel, type->type);
	return btf_is_func_proto(type) ? (int)btf_vlen(type) - 1 : -ENOENT;
}

static const char *value_name(const struct btf *btf, const struct btf_type *type, uint32_t value)
{
	const struct btf_enum *e = btf_enum(type);

	for (unsigned i = 0; i < btf_vlen(type); i++)
		if ((uint32_t)e[i].val == value)
			return btf__name_by_offset(btf, e[i].name_off);
	return NULL;
}

/* Of any enum of reasons in btf: subsystems name theirs mac80211_drop_reason, ovs_drop_reason, … */
static const char *find_value(const struct btf *btf, uint32_t value)
{
	const char *found = NULL;

	for (__u32 id = 1; btf && id < btf__type_cnt(btf) && !found; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name = btf__name_by_offset(btf, type->name_off);

		if (btf_is_enum(type) && name && strstr(name, "drop_reason") &&
		    !strstr(name, "subsys"))
			found = value_name(btf, type, value);
	}
	return found;
}

const char *bp_kernel_reason(const struct bp_kernel_names *names, uint32_t reason)
{
	const struct btf_type *type = core_reasons(names);
	const char *found;

	if (!(reason >> SUBSYSTEM_SHIFT))
		return type ? value_name(names->kernel, type, reason) : NULL;
	found = find_value(names->kernel, reason);
	for (size_t i = 0; i < sizeof(names->modules) / sizeof(names->modules[0]) && !found; i++)
		found = find_value(names->modules[i], reason);
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
