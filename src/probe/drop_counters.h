/* What interfaces and CPUs count of drops themselves, from one moment to another. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_DROP_COUNTERS_H
#define BYPATH_PROBE_DROP_COUNTERS_H

#include "probe/scope.h"

#include <jansson.h>
#include <linux/if_link.h>

/* Of one interface; ifindex 0: it cannot be read. */
struct bp_counted_device {
	uint32_t ifindex;
	struct rtnl_link_stats64 begin;
};

struct bp_drop_counters {
	bool has_begun;
	unsigned n_devices;
	struct bp_counted_device devices[BP_PROBE_PORTS_MAX]; /* as in the scope */
	uint64_t backlog_dropped, time_squeezed; /* of all CPUs, when it began */
};

/* Begin with the interfaces of the scope that there were not before (zeros at first). Blocks on the kernel only. */
void bp_drop_counters_begin(struct bp_drop_counters *counters, const struct bp_probe_scope *scope);

/*
 * "counters": a row for each of the ports' interfaces' counters of drops that has moved; "cpus": the CPUs' queues of
 * received packets. A new reference.
 */
json_t *bp_drop_counters_rows(const struct bp_drop_counters *counters,
			      const struct bp_probe_scope *scope);
json_t *bp_drop_counters_cpus(const struct bp_drop_counters *counters);

/* Packets that the interface of a port of the scope has sent since it began; false: not known. */
bool bp_drop_counters_sent(const struct bp_drop_counters *counters,
			   const struct bp_probe_scope *scope, unsigned port, uint64_t *packets);

#endif
