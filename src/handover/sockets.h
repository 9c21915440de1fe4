/* The packet sockets by which a port hears, with the filters that they had. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_HANDOVER_SOCKETS_H
#define BYPATH_HANDOVER_SOCKETS_H

#include "bypath/port.h"

#include <linux/filter.h>

/* Instructions of the filters that drivers have. */
#define BP_SOCKETS_INSNS 64u

/* All of it: control thread. The sockets stay the port's. */
struct bp_sockets {
	struct bp_port *port;
	unsigned n; /* 0: it receives nothing */
	int fds[BP_QUEUES_MAX];
	unsigned short n_old[BP_QUEUES_MAX]; /* 0: it had no filter */
	struct sock_filter old[BP_QUEUES_MAX][BP_SOCKETS_INSNS];
};

/* Of a started port whose driver has bp_driver_ops.sockets. */
void bp_sockets_find(struct bp_sockets *sockets, struct bp_port *port);

/* Keep the filter of socket i. 0 or -errno. */
int bp_sockets_remember(struct bp_sockets *sockets, unsigned i);

/* The first n have again what was kept. */
void bp_sockets_restore(struct bp_sockets *sockets, unsigned n);

/*
 * Throw away, uncounted, what the port has received until its sockets were deaf: they are, and no worker uses it yet. Blocks
 * for a grace period of the kernel's RCU, some 10 ms.
 */
void bp_sockets_forget(const struct bp_sockets *sockets);

/* Let none pass a packet: bp_sockets_restore() undoes it. 0 or -errno: nothing has changed. */
int bp_sockets_deafen(struct bp_sockets *sockets);

#endif
