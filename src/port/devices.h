/* The devices that the ports of a process open: one port each, one process each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PORT_DEVICES_H
#define BYPATH_PORT_DEVICES_H

#include "bypath/port.h"

/*
 * The device of a port may have been made again since its lock was taken, or only now by the port's own
 * start(): take the lock of the one that is there. Control thread; before and after each start(). 0, or
 * -EBUSY: another process has it (logged once).
 */
int bp_locks_renew(struct bp_locks *locks, unsigned port_id, const char *port_name);

/* Release every lock. NULL is allowed. */
void bp_locks_free(struct bp_locks *locks);

#endif
