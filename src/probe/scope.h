/* What a probe looks at: the kernel interfaces of a configuration's ports. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_SCOPE_H
#define BYPATH_PROBE_SCOPE_H

#include "bypath/config.h"

#include <net/if.h>
#include <stdbool.h>

/* An interface of a port. One port can have several: net_pcap names more than one, and what is made again under the
 * same name is another one. */
struct bp_probe_port {
	const char *port; /* its name, the configuration's */
	char ifname[IF_NAMESIZE];
	uint32_t ifindex;
	bool receives; /* the port receives packets */
	bool takes; /* and those do not reach the kernel's stack any more */
	/* The port to which the kernel itself carries what this one receives; NULL: a worker moves it. */
	const char *carried_to;
	bool is_wire; /* the driver makes the interface: what the port receives is sent there, by the host */
};

#define BP_PROBE_PORTS_MAX 128u

/* Interfaces are told apart by network namespace and index: an index alone is another interface in another
 * namespace. */
struct bp_probe_scope {
	uint32_t netns; /* inode of the calling thread's network namespace */
	unsigned n_ports;
	unsigned n_left_out; /* for which there was no room */
	struct bp_probe_port ports[BP_PROBE_PORTS_MAX];
};

/*
 * Add the interfaces that the ports of conf name, that exist now, and that the scope (zeros at first) does not have;
 * those that a driver makes itself (tap) exist once the ports are open. conf outlives the scope. Control thread; blocks
 * on the kernel only.
 */
void bp_probe_scope_look(const struct bp_conf *conf, struct bp_probe_scope *scope);

#endif
