/* Paths on which frames go round for ever: what is said about them before they do. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/engine.h"

#include "bypath/log.h"

#include "core/devargs.h"
#include "core/netdev.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

/* The kernel interface that a port of this configuration receives from and sends to, "" for none. */
static void find_interface(const struct bp_port_conf *port, char ifname[IF_NAMESIZE])
{
	static const char *const by_name[] = { "af_packet", "af_xdp" };
	const char *device = "";

	ifname[0] = '\0';
	for (size_t i = 0; i < sizeof(by_name) / sizeof(by_name[0]); i++)
		if (!strcmp(port->driver, by_name[i]))
			device = port->device;
	if (!strcmp(port->driver, "pcap") && !strcmp(port->mode, "live"))
		device = port->device;
	if (strlen(device) < IF_NAMESIZE)
		strcpy(ifname, device);
	if (!strcmp(port->driver, "dpdk"))
		(void)bp_devargs_get(port->device, "iface", ifname, IF_NAMESIZE);
}

static bool is_on_loopback(const struct bp_port_conf *port)
{
	char ifname[IF_NAMESIZE];

	find_interface(port, ifname);
	return ifname[0] && bp_netdev_is_loopback(ifname);
}

void bp_engine_warn_loops(const struct bp_conf *conf)
{
	for (unsigned i = 0; i < conf->n_ports; i++) {
		const struct bp_port_conf *in = &conf->ports[i];

		if (in->forward_to == BP_NO_PORT || !is_on_loopback(in) ||
		    !is_on_loopback(&conf->ports[in->forward_to]))
			continue;
		bp_log(BP_LOG_WARN,
		       "port %s: what is sent to a loopback interface is received there again: each "
		       "frame goes round on the path to %s until it is lost: use a veth pair instead",
		       in->name, conf->ports[in->forward_to].name);
	}
}
