/* Carries the loss of a link to the far side of a port. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CARRY_H
#define BYPATH_CARRY_H

#include "bypath/port.h"

/* How a port's device is held, so that it can be let go whatever becomes of the port. */
struct bp_carry {
	bool is_held;
	bool by_driver; /* bp_driver_ops.set_link() */
	bool shows; /* the port's own link tells whether somebody else has set it up meanwhile */
	int ifindex; /* else the interface, and src/core/netdev_hold.h's way */
	int how;
};

struct bp_driver;

/*
 * Can the far side of a port with this driver be made to see a lost link? 0, or -errno logged with the port's name: its
 * device is seen by nobody beyond it, or the host itself needs it. What may not be seen is warned of. The port need not
 * be there yet, its interface need be unless the driver makes it. Control thread; blocks.
 */
int bp_port_may_carry(const struct bp_port_conf *conf, const struct bp_driver *driver);

/* Is a port started whose driver, and no interface, carries a loss: ask it whether this device can. 0, or -errno logged, as
 * above. */
int bp_port_can_carry(struct bp_port *port);

/* Are the devices of both the two ends of one veth? Then neither has a link without the other. Control thread; blocks. */
bool bp_ports_are_one_wire(const struct bp_port_conf *a, const struct bp_port_conf *b);

/*
 * From now on the far side of the port sees no link; *carry (zeros) says how that is undone. Workers may run. Control thread;
 * blocks for as long as somebody changes interfaces. 0 or -errno.
 */
int bp_port_carry(struct bp_port *port, struct bp_carry *carry);

/* Let the far side see a link again; nothing where nothing is held, or where the device is gone. As above. */
int bp_port_carry_end(struct bp_port *port, struct bp_carry *carry);

/* Is what was held gone, with its device? What comes back in its place has a link. As above. */
bool bp_port_carry_is_gone(const struct bp_port *port, const struct bp_carry *carry);

/* The devices of a configuration whose locks are held: let go of what a process that was killed has left held. Logged.
 * Control thread. */
void bp_ports_mend(const struct bp_conf *conf);

#endif
