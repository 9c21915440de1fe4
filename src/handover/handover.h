/* A port takes over from another that hears the same interface, from one packet to the next. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_HANDOVER_H
#define BYPATH_HANDOVER_H

#include <stdbool.h>

struct bp_port;
struct bp_handover;

/*
 * Does the kernel let this process load the programs that it takes? With CAP_BPF it does, or as root. Where it does
 * not, one port ends before the other begins. Control thread; may block.
 */
bool bp_handover_can(void);

/*
 * Two started ports of one interface, both with bp_driver_ops.sockets; no worker has to yet. What to has received until now
 * is thrown away and not counted: from had it as well. From now on each packet that arrives is from's alone, and what either
 * sends comes to none of them. *list: those under way, to which this one is added. Control thread; blocks for a grace period of
 * the kernel's RCU, some 10 ms. 0, also where one of them receives nothing, or -errno (logged): nothing has changed.
 */
int bp_handover_begin(struct bp_handover **list, struct bp_port *from, struct bp_port *to);

/*
 * Each packet that arrives from now on is the other port's alone, none is lost or doubled. Of those from this port; returns
 * whether there was one. Control thread; never blocks.
 */
bool bp_handover_flip(struct bp_handover *list, const struct bp_port *from);

/* Before one of its ports stops (NULL: all, of all): sockets have the filter again that they had; but none that is from's
 * passes a packet, once that is flipped. Control thread. */
void bp_handover_end(struct bp_handover **list, const struct bp_port *port);

#endif
