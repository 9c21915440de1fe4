/* On which core each worker runs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/cores.h"

#include "bypath/log.h"

#include "core/cpu.h"
#include "core/numa.h"

#include <errno.h>
#include <string.h>

static bool is_among(uint16_t worker_id, const uint16_t *workers, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (workers[i] == worker_id)
			return true;
	return false;
}

/* The node of the ports that the worker polls, or sends to; -1: none known. False: they differ. */
static bool find_node(const struct bp_plan *plan, unsigned n_ports, const int *port_nodes,
		      unsigned worker_id, bool is_rx, int *node)
{
	*node = BP_NO_NODE;
	for (unsigned p = 0; p < n_ports; p++) {
		const struct bp_plan_port *port = &plan->ports[p];

		if (port_nodes[p] == BP_NO_NODE || port_nodes[p] == *node ||
		    !is_among((uint16_t)worker_id, is_rx ? port->rxq_workers : port->txq_workers,
			      is_rx ? port->n_rxq : port->n_txq))
			continue;
		if (*node != BP_NO_NODE)
			return false;
		*node = port_nodes[p];
	}
	return true;
}

int bp_cores_near(const struct bp_plan *plan, unsigned n_ports, const int *port_nodes,
		  unsigned worker_id)
{
	int node;

	if (!find_node(plan, n_ports, port_nodes, worker_id, true, &node))
		return BP_NO_NODE;
	if (node == BP_NO_NODE && !find_node(plan, n_ports, port_nodes, worker_id, false, &node))
		return BP_NO_NODE;
	return node;
}

/* The last free core of the node, BP_NO_NODE: of all; n_allowed: there is none. */
static unsigned last_free(const struct bp_core *allowed, unsigned n_allowed, const bool *is_taken,
			  int node)
{
	for (unsigned i = n_allowed; i-- > 0;)
		if (!is_taken[i] && (node == BP_NO_NODE || allowed[i].node == node))
			return i;
	return n_allowed;
}

void bp_cores_choose(const struct bp_core *allowed, unsigned n_allowed, const int *near, unsigned n,
		     uint16_t *cores)
{
	bool is_taken[BP_CORES_MAX] = { false }, is_placed[BP_WORKERS_MAX] = { false };
	unsigned at;

	/* From the last worker to the first, so that cores ascend with the workers. */
	for (unsigned i = n; i-- > 0;) {
		at = near[i] == BP_NO_NODE ? n_allowed
					   : last_free(allowed, n_allowed, is_taken, near[i]);
		is_placed[i] = at < n_allowed;
		if (!is_placed[i])
			continue;
		is_taken[at] = true;
		cores[i] = (uint16_t)allowed[at].id;
	}
	for (unsigned i = n; i-- > 0;) {
		if (is_placed[i])
			continue;
		at = last_free(allowed, n_allowed, is_taken, BP_NO_NODE);
		if (at == n_allowed)
			at = i % n_allowed;
		is_taken[at] = true;
		cores[i] = (uint16_t)allowed[at].id;
	}
}

/* Cores that the configuration names: each must be allowed. */
static int take_given(const struct bp_conf *conf, const struct bp_core *allowed, unsigned n_allowed,
		      uint16_t *cores)
{
	for (unsigned i = 0; i < conf->engine.n_cores; i++) {
		unsigned at = 0;

		while (at < n_allowed && allowed[at].id != conf->engine.cores[i])
			at++;
		if (at == n_allowed) {
			bp_log(BP_LOG_ERROR,
			       "[engine] cores: core %u is not there, or not for this process, which "
			       "may use %u from %u to %u: see 'nproc' and 'taskset -p $$'",
			       conf->engine.cores[i], n_allowed, allowed[0].id,
			       allowed[n_allowed - 1].id);
			return -EINVAL;
		}
		cores[i] = conf->engine.cores[i];
	}
	return 0;
}

static unsigned list_allowed(struct bp_core *allowed)
{
	unsigned ids[BP_CORES_MAX], n = bp_cpu_allowed(ids, BP_CORES_MAX);

	for (unsigned i = 0; i < n; i++)
		allowed[i] = (struct bp_core){ .id = ids[i], .node = bp_numa_of_core(ids[i]) };
	return n;
}

int bp_cores_find(const struct bp_conf *conf, const struct bp_plan *plan, const int *port_nodes,
		  uint16_t cores[BP_WORKERS_MAX])
{
	struct bp_core allowed[BP_CORES_MAX];
	unsigned n_allowed = list_allowed(allowed), n = conf->engine.n_workers;
	int near[BP_WORKERS_MAX];

	if (!n_allowed)
		return -ENOTSUP;
	if (conf->engine.n_cores)
		return take_given(conf, allowed, n_allowed, cores);
	if (n > n_allowed)
		bp_log(BP_LOG_WARN,
		       "%u workers on %u cores: they take turns, which costs throughput; set "
		       "[engine] workers = %u",
		       n, n_allowed, n_allowed);
	for (unsigned i = 0; i < n; i++)
		near[i] = bp_cores_near(plan, conf->n_ports, port_nodes, i);
	bp_cores_choose(allowed, n_allowed, near, n, cores);
	return 0;
}
