/* Which ports are polled from a core of another NUMA node than their device's. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PORT_NEAR_H
#define BYPATH_PORT_NEAR_H

#include "bypath/port.h"

/* A port with a worker that is far from it. */
struct bp_far {
	const struct bp_port *port;
	uint16_t worker_id; /* the first such worker */
	int worker_node;
	bool is_polled; /* by that worker; false: it sends only */
	bool is_torn; /* that worker has a port on another node as well: no core is near to both */
	unsigned n_more; /* further such workers */
};

/*
 * Find the workers far from a port; nodes[n_workers] has the node of each worker's core. Nodes that are
 * not known are never far. false: there is none, *far is untouched. Pure.
 */
bool bp_far_find(const struct bp_env *env, const struct bp_port *port, const int *nodes,
		 struct bp_far *far);

/*
 * The warning, cut at text_bytes. core: the worker's; near: the cores that the process may use on the
 * port's node, as bp_cpu_list() writes them, "" without any. Returns text. Pure.
 */
char *bp_far_text(const struct bp_far *far, unsigned core, const char *near, char *text,
		  size_t text_bytes);

#endif
