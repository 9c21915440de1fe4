/* What a probe looks at, from a configuration. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/scope.h"

#include "core/claim.h"
#include "core/netdev.h"

#include <string.h>
#include <sys/stat.h>

static bool has(const struct bp_probe_scope *scope, const char *port, uint32_t ifindex)
{
	for (unsigned i = 0; i < scope->n_ports; i++)
		if (scope->ports[i].ifindex == ifindex && !strcmp(scope->ports[i].port, port))
			return true;
	return false;
}

static const char *carried_to(const struct bp_conf *conf, const struct bp_port_conf *port)
{
	const struct bp_facts *facts = bp_facts_find(port->driver);
	bool is_carried = facts && facts->flags & BP_FACT_CARRIES;
	int to = bp_port_one_out(port);

	return is_carried && to != BP_NO_PORT ? conf->ports[to].name : NULL;
}

static void add(struct bp_probe_scope *scope, const struct bp_conf *conf, unsigned port_id,
		const struct bp_claim *claim)
{
	const struct bp_port_conf *port = &conf->ports[port_id];
	int ifindex = claim->kind == BP_CLAIM_NETDEV ? bp_netdev_index(-1, claim->name) : 0;
	struct bp_probe_port *p = &scope->ports[scope->n_ports];

	if (ifindex <= 0 || has(scope, port->name, (uint32_t)ifindex))
		return;
	if (scope->n_ports == BP_PROBE_PORTS_MAX) {
		scope->n_left_out++;
		return;
	}
	if (bp_netdev_name(-1, ifindex, p->ifname))
		return;
	p->port = port->name;
	p->receives = port->out_ports || conf->gen.rx_port == (int)port_id ||
		      conf->gen.monitor_port == (int)port_id;
	p->takes = claim->take >= (p->receives ? BP_TAKE_RECEIVED : BP_TAKE_ALWAYS);
	p->carried_to = carried_to(conf, port);
	p->is_wire = claim->is_far_end;
	p->ifindex = (uint32_t)ifindex;
	scope->n_ports++;
}

void bp_probe_scope_look(const struct bp_conf *conf, struct bp_probe_scope *scope)
{
	struct bp_claim claims[BP_CLAIMS_MAX];
	uint32_t netns = bp_netdev_netns();

	if (netns)
		scope->netns = netns;
	for (unsigned i = 0; i < conf->n_ports; i++) {
		unsigned n = bp_claims_of(&conf->ports[i], claims);

		for (unsigned k = 0; k < n; k++)
			add(scope, conf, i, &claims[k]);
	}
}
