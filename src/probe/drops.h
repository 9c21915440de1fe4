/* What the kernel dropped of the ports' packets, by its own reasons. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_DROPS_H
#define BYPATH_PROBE_DROPS_H

#include "probe/scope.h"

#include <jansson.h>

struct bp_kernel_names;
struct bp_probe_drops;

/*
 * Load and attach: the raw tracepoints kfree_skb (with a reason since Linux 5.17), xdp_exception, xdp_redirect_err,
 * xdp_devmap_xmit, before 6.11 udp_fail_queue_rcv_skb. What the kernel refuses is no failure: the document says so, and
 * without kfree_skb nothing is observed, and no sum is told. Counting begins with the first bp_probe_drops_look(), that
 * of the interfaces and CPUs as well. 0 or -ENOMEM. As bp_probe_open(). kernel outlives drops.
 */
int bp_probe_drops_open(const struct bp_kernel_names *kernel, struct bp_probe_drops **drops);

/* The ports are open, or have changed. An interface that comes back under its name is counted again by itself. */
void bp_probe_drops_look(struct bp_probe_drops *drops, const struct bp_probe_scope *scope);

/* The ports are about to close: what comes in from now on is not theirs to lose. */
void bp_probe_drops_end(struct bp_probe_drops *drops);

/*
 * "kernel_drops" of a run's document (docs/report.md), whose counters of packets sent tell whether others sent by
 * the same interfaces. A new reference, NULL when memory lacks. Blocks on the kernel only.
 */
json_t *bp_probe_drops_document(const struct bp_probe_drops *drops,
				const struct bp_probe_scope *scope, const json_t *document);

void bp_probe_drops_close(struct bp_probe_drops *drops);

#endif
