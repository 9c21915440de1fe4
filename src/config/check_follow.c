/* Finds the pairs of ports that [forward] link = follow joins. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "config/schema.h"
#include "core/claim.h"

int bp_config_partner(const struct bp_conf *conf, unsigned port_id)
{
	const struct bp_port_conf *port = &conf->ports[port_id];
	int partner = BP_NO_PORT;

	if (port->is_hop)
		return BP_NO_PORT;
	if (port->out_ports) {
		if (port->forward_to == BP_NO_PORT || port->forward_to == (int)port_id)
			return BP_MANY_PORTS;
		partner = port->forward_to;
	}
	/* Those that only get copies, as a mirror's port, are at no chain's end. */
	for (int i = 0; i < conf->n_ports; i++) {
		if (conf->ports[i].forward_to != (int)port_id || conf->ports[i].is_hop)
			continue;
		if (partner != BP_NO_PORT && partner != i)
			return BP_MANY_PORTS;
		partner = i;
	}
	return partner;
}

/* Has the port something whose link can be lost, and taken down: an interface, or a NIC? By spelling. */
static bool has_link(const struct bp_port_conf *port)
{
	struct bp_claim claim;

	return bp_claim_find(port, BP_CLAIM_NETDEV, &claim) ||
	       bp_claim_find(port, BP_CLAIM_PCI, &claim);
}

void bp_check_follow(struct bp_conf *conf, struct bp_check *check)
{
	const struct bp_load *load = ((const struct bp_load_check *)check)->load;
	char chain[BP_CHAIN_BYTES];

	if (!conf->forward.follows_link || load->has_bad_forward ||
	    load->has_bad_section[BP_NAMED_PORT] || load->has_bad_section[BP_NAMED_FUNCTION])
		return;
	for (unsigned i = 0; i < conf->n_ports; i++) {
		const struct bp_port_conf *port = &conf->ports[i];
		int partner = bp_config_partner(conf, i);

		if (partner == BP_MANY_PORTS)
			check->complain(
				check, "link",
				"found 'follow', but port %s has not one port on its other side%s%s: a lost "
				"link is carried on between two ports that each lead to the other alone; "
				"delete the line",
				port->name, port->out_ports ? ": " : "",
				bp_config_chain(conf, i, chain));
		else if (partner != BP_NO_PORT && load->facts[i] && !has_link(port))
			check->complain(
				check, "link",
				"found 'follow', but port %s (driver = %s, device = %.80s) has no link that "
				"could be taken down; delete the line",
				port->name, port->driver, port->device);
	}
}
