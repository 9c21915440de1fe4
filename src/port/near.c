/* Which ports are polled from a core of another NUMA node than their device's. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/near.h"

#include "bypath/log.h"

#include "core/claim.h"
#include "core/cpu.h"
#include "core/netdev.h"
#include "core/numa.h"
#include "core/pci.h"

#include <stdio.h>

#define CORES_MAX 1024u

int bp_port_node(const struct bp_port_conf *conf)
{
	char address[BP_PCI_ADDRESS_BYTES];
	struct bp_claim claim;

	if (bp_claim_find(conf, BP_CLAIM_PCI, &claim) && bp_pci_parse(claim.name, address))
		return bp_pci_node(address);
	if (bp_claim_find(conf, BP_CLAIM_NETDEV, &claim) && !claim.is_far_end)
		return bp_netdev_node(claim.name);
	return BP_NO_NODE;
}

static bool polls(const struct bp_port *port, unsigned worker_id)
{
	for (unsigned i = 0; i < port->n_rxq; i++)
		if (port->rxq[i].worker_id == worker_id)
			return true;
	return false;
}

static bool sends_to(const struct bp_port *port, unsigned worker_id)
{
	for (unsigned i = 0; i < port->n_txq; i++)
		if (port->txq[i].worker_id == worker_id)
			return true;
	return false;
}

static bool are_apart(int a, int b)
{
	return a != BP_NO_NODE && b != BP_NO_NODE && a != b;
}

/* Has the worker a port on another node than this one's? */
static bool is_torn(const struct bp_env *env, const struct bp_port *port, unsigned worker_id)
{
	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		const struct bp_port *other = env->ports[i];

		if (other && are_apart(other->numa_node, port->numa_node) &&
		    (polls(other, worker_id) || sends_to(other, worker_id)))
			return true;
	}
	return false;
}

bool bp_far_find(const struct bp_env *env, const struct bp_port *port, const int *nodes,
		 struct bp_far *far)
{
	struct bp_far found = { .port = NULL };

	for (uint16_t w = 0; w < env->n_workers; w++) {
		if (!are_apart(port->numa_node, nodes[w]) ||
		    (!polls(port, w) && !sends_to(port, w)))
			continue;
		if (found.port)
			found.n_more++;
		else
			found = (struct bp_far){
				.port = port,
				.worker_id = w,
				.worker_node = nodes[w],
				.is_polled = polls(port, w),
				.is_torn = is_torn(env, port, w),
			};
	}
	if (found.port)
		*far = found;
	return found.port;
}

char *bp_far_text(const struct bp_far *far, unsigned core, const char *near, char *text,
		  size_t text_bytes)
{
	int node = far->port->numa_node;
	char more[32] = "", remedy[256];

	if (far->n_more)
		snprintf(more, sizeof(more), " (and %u more)", far->n_more);
	if (far->is_torn)
		snprintf(
			remedy, sizeof(remedy),
			"no core is near to all ports of that worker: forward between ports of one "
			"node");
	else if (near[0])
		snprintf(remedy, sizeof(remedy),
			 "choose [engine] cores = among those of node %d: %.160s", node, near);
	else
		snprintf(
			remedy, sizeof(remedy),
			"this process may use no core of node %d: allow it some (taskset, cpuset), "
			"or put the card into a slot of node %d",
			node, far->worker_node);
	snprintf(
		text, text_bytes,
		"port %s: %.40s is on NUMA node %d, but worker %u%s, which %s it, is on core %u of "
		"node %d: its packets cross between the nodes: %s",
		far->port->conf->name, far->port->conf->device, node, far->worker_id, more,
		far->is_polled ? "polls" : "sends to", core, far->worker_node, remedy);
	return text;
}

static void warn_about_port(const struct bp_env *env, const struct bp_port *port,
			    const uint16_t *cores, const int *nodes)
{
	unsigned on_node[CORES_MAX], n;
	char near[160], text[768];
	struct bp_far far;

	if (!bp_far_find(env, port, nodes, &far))
		return;
	n = bp_cpu_allowed_on(port->numa_node, on_node, CORES_MAX);
	bp_cpu_list(on_node, n, near, sizeof(near));
	bp_log(BP_LOG_WARN, "%s",
	       bp_far_text(&far, cores[far.worker_id], near, text, sizeof(text)));
}

void bp_ports_warn_far(const struct bp_env *env, const uint16_t *cores)
{
	int nodes[BP_WORKERS_MAX];

	for (unsigned w = 0; w < env->n_workers; w++)
		nodes[w] = bp_numa_of_core(cores[w]);
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		if (env->ports[i])
			warn_about_port(env, env->ports[i], cores, nodes);
}
