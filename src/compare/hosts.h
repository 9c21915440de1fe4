/* What two hosts see that are joined by the path only: TCP, pings, a file. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_HOSTS_H
#define BYPATH_COMPARE_HOSTS_H

struct bp_cmp_run;

/* As a workload's measure (compare/workload.h). */

/* iperf3 for as long as a trial, a second at least; *figure: bits per second that the server received. */
int bp_cmp_measure_tcp(struct bp_cmp_run *run, double *figure);

/* The same; then, on the idle path, pings, of which none may be lost, and a file by HTTP, whose SHA-256 must be the
 * same on both sides: counted in row->traffic. */
int bp_cmp_measure_traffic(struct bp_cmp_run *run, double *figure);

#endif
