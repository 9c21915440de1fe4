/* Drops as rows: whose loss each is, and what it means. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_DROP_ROWS_H
#define BYPATH_PROBE_DROP_ROWS_H

#include "probe/drops.bpf.h"
#include "probe/kernel_names.h"
#include "probe/scope.h"

#include <jansson.h>

/* One key of the programs' map, summed over the CPUs. */
struct bp_drop {
	struct probe_drop_key key;
	struct probe_drop sum;
	struct bp_symbol function; /* that of key.location */
};

/* Whose loss a drop is. */
enum bp_drop_kind {
	BP_DROP_LOST, /* a packet that a port received or sent */
	BP_DROP_HEARD, /* perhaps lost: a packet socket may have had what the far end's stack dropped, or a copy lives */
	BP_DROP_OTHERS, /* of another sender on the port's interface */
	BP_DROP_NONE, /* no loss of the port's: it has been given the packet, or the kernel has made use of it */
};

/*
 * What the functions' names show: an skb that a veth gives to an XDP program looks like one on its way out, and has come
 * in. And the kernel tells twice of an skb that an XDP program fails on, or that it fails to redirect: by a tracepoint of
 * XDP's, then as it is freed. The second goes away. Pure.
 */
void bp_drops_put_right(struct bp_drop *drops, size_t n);

/* Of a drop of one of the scope's ports. name: of the reason, as the kernel has it; NULL: it has none. Pure. */
enum bp_drop_kind bp_drop_kind_of(const struct bp_drop *drop, const struct bp_probe_scope *scope,
				  const char *name);

/*
 * Put the drops of a port's packets into rows: one for each port, direction, interface and cause. Returns how
 * many packets were others'.
 */
uint64_t bp_drop_rows_add(json_t *rows, const struct bp_drop *drops, size_t n,
			  const struct bp_probe_scope *scope, const struct bp_kernel_names *names);

#endif
