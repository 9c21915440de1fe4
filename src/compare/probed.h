/* The kernel's copies of a row, observed. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_PROBED_H
#define BYPATH_COMPARE_PROBED_H

#include "compare/run.h"

/*
 * Run the row's forwarder once more, bypath run --probe, as fast as it goes, and keep what the probe saw as
 * row->probed. Of other forwarders, and of a row that has it already, nothing. A run of its own, so that no figure
 * of the row is slowed down. Its packets are accounted for as the row's; why it saw nothing is in row->probed, and ends
 * no row that has its figures. run: to use for it.
 */
void bp_cmp_probe(struct bp_cmp_run *run, struct bp_comparison *cmp, struct bp_cmp_row *row);

#endif
