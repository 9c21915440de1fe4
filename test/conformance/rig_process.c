/* Rigs that need nothing but this process: null, ring. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_port.h"
#include "rig.h"

#include <stdio.h>

static void configure_null(const struct rig *rig, struct bp_conf *conf)
{
	struct bp_port_conf *port = &conf->ports[0];

	snprintf(port->name, sizeof(port->name), "dut");
	snprintf(port->driver, sizeof(port->driver), "%s", rig->driver);
	set_default_keys(port);
	set_key(port, "frame_bytes", "128");
}

/* Two ports on one wire. */
static void configure_ring(const struct rig *rig, struct bp_conf *conf)
{
	static const char *const names[2] = { "dut", "peer" };

	conf->n_ports = 2;
	for (unsigned i = 0; i < 2; i++) {
		struct bp_port_conf *port = &conf->ports[i];

		snprintf(port->name, sizeof(port->name), "%s", names[i]);
		snprintf(port->driver, sizeof(port->driver), "%s", rig->driver);
		snprintf(port->device, sizeof(port->device), "wire");
	}
}

const struct rig rigs_process[] = {
	{
		.name = "null",
		.driver = "null",
		.flags = RIG_SOURCE | RIG_RX_NO_CALLS | RIG_TX_NO_CALLS,
		.max_frame_bytes = 9000,
		.min_frame_bytes = 14,
		.configure = configure_null,
	},
	{
		.name = "ring",
		.driver = "ring",
		.flags = RIG_RX | RIG_TX | RIG_RX_NO_CALLS | RIG_TX_NO_CALLS | RIG_RUNTS | RIG_VLAN,
		.max_frame_bytes = 9000,
		.min_frame_bytes = 1,
		.configure = configure_ring,
		.detach = peer_port_detach,
		.send = peer_port_send,
		.recv = peer_port_recv,
	},
	{ .name = NULL },
};
