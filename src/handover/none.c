/* Without the BPF toolchain: one port ends before another one of its interface begins. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "handover/handover.h"

#include <errno.h>

bool bp_handover_can(void)
{
	return false;
}

int bp_handover_begin(struct bp_handover **list, struct bp_port *from, struct bp_port *to)
{
	(void)list;
	(void)from;
	(void)to;
	return -ENOTSUP;
}

bool bp_handover_flip(struct bp_handover *list, const struct bp_port *from)
{
	(void)list;
	(void)from;
	return false;
}

void bp_handover_end(struct bp_handover **list, const struct bp_port *port)
{
	(void)list;
	(void)port;
}
