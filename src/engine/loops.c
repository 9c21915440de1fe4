/* Paths on which frames go round for ever: what is said about them before they do. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/engine.h"

#include "bypath/log.h"

#include "core/claim.h"
#include "core/netdev.h"

/* Does it receive what it sends there? Not at the far end of an interface that the driver makes. */
static bool is_on_loopback(const struct bp_port_conf *port)
{
	struct bp_claim claim;

	return bp_claim_find(port, BP_CLAIM_NETDEV, &claim) && !claim.is_far_end &&
	       bp_netdev_is_loopback(claim.name);
}

void bp_engine_warn_loops(const struct bp_conf *conf)
{
	for (unsigned i = 0; i < conf->n_ports; i++) {
		const struct bp_port_conf *in = &conf->ports[i];
		uint64_t outs = in->out_ports;

		if (!outs || !is_on_loopback(in))
			continue;
		while (outs) {
			const struct bp_port_conf *out = &conf->ports[bp_ports_take(&outs)];

			if (!is_on_loopback(out))
				continue;
			bp_log(BP_LOG_WARN,
			       "port %s: what is sent to a loopback interface is received there again: each "
			       "frame goes round on the path to %s until it is lost: use a veth pair instead",
			       in->name, out->name);
		}
	}
}
