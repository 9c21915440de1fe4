/* Workloads of bypath's own generator in the veth lab: highest rate with hardly any loss, latency at a peer's load. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_LOSSLESS_H
#define BYPATH_COMPARE_LOSSLESS_H

#include <stdint.h>

struct bp_cmp_run;
struct bp_search_conf;
struct bp_trial_result;

/* As a workload's measure (compare/workload.h). */

/* Frames per second with at most 0.1 % loss: a generator that only sends, on one core, counted at the far interface. */
int bp_cmp_measure_lossless(struct bp_cmp_run *run, double *figure);

/* Fill *conf for that search but for what makes trials: trials of trial_s at most, search_s of budget at least. */
void bp_cmp_lossless_conf(double trial_s, double search_s, struct bp_search_conf *conf);

/* The 99th percentile of latency, in seconds, at half the last such rate of row->load_of in this comparison. */
int bp_cmp_measure_p99(struct bp_cmp_run *run, double *figure);

/*
 * Put what an interface counted in a trial in place of what the generator received; it has said what it sent. 0;
 * -ERANGE: the counter went backwards, and *result is as it was. Pure.
 */
int bp_cmp_far_count(uint64_t before, uint64_t after, struct bp_trial_result *result);

#endif
