/* Named ports: whether they may be taken, who loads them, how fast their line is. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_PORTS_H
#define BYPATH_COMPARE_PORTS_H

#include "compare/run.h"

#include <stdio.h>

/*
 * May the interfaces among the devices that the options name be taken? Refused: one that has an address (this
 * machine is reached by it), one that a bridge or bond has, one that is down. What is no interface is for the
 * row to judge. 0, or -EBUSY with a sentence in why that says what to do. Opens and changes nothing.
 */
int bp_cmp_ports_check(const struct bp_cmp_options *options, char *why, size_t why_bytes);

/*
 * Who loads the named ports: the generator, where its interfaces were named too; else another box, where frames
 * arrive at the first port (listens for up to two seconds). Then the comparison has one size, the one that arrives.
 */
void bp_cmp_ports_look(struct bp_comparison *cmp);

/* What the slower one of the named ports has for a line, or why that is not known, into the comparison. */
void bp_cmp_ports_ask_line(struct bp_comparison *cmp);

/* What to do where nobody sends: commands for another box and for this one. Nothing where somebody does. */
void bp_cmp_ports_advise(FILE *out, const struct bp_comparison *cmp);

/*
 * Saturation under the load of another box: what this machine's two interfaces count in a trial. The run has
 * begun. 0, or the row has ended; -EINTR: stopped.
 */
int bp_cmp_ports_saturate(struct bp_cmp_run *run);

#endif
