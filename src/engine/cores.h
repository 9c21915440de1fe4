/* On which core each worker runs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_CORES_H
#define BYPATH_ENGINE_CORES_H

#include "engine/plan.h"

#define BP_CORES_MAX 1024u

/* A core that this process may use. */
struct bp_core {
	unsigned id;
	int node; /* NUMA node, BP_NO_NODE: none known */
};

/*
 * The NUMA node that a worker should be on, by the nodes of its ports (port_nodes[n_ports]): that of the
 * ports it polls; where none of those has one, that of the ports it sends to. BP_NO_NODE: any, also where
 * they differ. Pure.
 */
int bp_cores_near(const struct bp_plan *plan, unsigned n_ports, const int *port_nodes,
		  unsigned worker_id);

/*
 * Choose a core for each of n workers, near[i] being the node that worker i should be on (BP_NO_NODE: any),
 * from the end of allowed[n_allowed ≥ 1] (ascending): the first core has most of the machine's other work.
 * Those with a node choose first; where it has no free core left, and for the rest, any free one will do.
 * With fewer cores than workers they take turns. Pure.
 */
void bp_cores_choose(const struct bp_core *allowed, unsigned n_allowed, const int *near, unsigned n,
		     uint16_t *cores);

/*
 * The workers' cores: [engine] cores, or chosen near to the ports. Control thread. 0, -ENOTSUP: this
 * process may use no core, -EINVAL: one that is not there, or not for it (logged).
 */
int bp_cores_find(const struct bp_conf *conf, const struct bp_plan *plan, const int *port_nodes,
		  uint16_t cores[BP_WORKERS_MAX]);

#endif
