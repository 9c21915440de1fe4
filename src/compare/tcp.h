/* TCP between two hosts that are connected by nothing but the path. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_TCP_H
#define BYPATH_COMPARE_TCP_H

struct bp_cmp_run;

/* iperf3 for as long as a trial, a second at least; *figure: bits per second that the server received. As a workload's
 * measure (compare/workload.h). */
int bp_cmp_measure_tcp(struct bp_cmp_run *run, double *figure);

#endif
