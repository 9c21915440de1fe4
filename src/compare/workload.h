/* Workloads: what a path is tried with instead of rates and latencies. Each has one figure a round. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_WORKLOAD_H
#define BYPATH_COMPARE_WORKLOAD_H

#include "compare/comparison.h"

#include <stdbool.h>
#include <stddef.h>

struct bp_cmp_run;

/* What stands at the ends of the wires. */
enum bp_cmp_ends {
	BP_CMP_ENDS_SOURCE, /* a source at one, nobody at the other: offloads off, counted at the interface */
	BP_CMP_ENDS_HOSTS, /* two hosts, offloads as the kernel makes them */
	BP_CMP_ENDS_HOSTS_PLAIN, /* two hosts, offloads off */
};

/* Which part of bypath's own generator a workload uses. */
enum bp_cmp_gen { BP_CMP_GEN_NONE, BP_CMP_GEN_SENDS, BP_CMP_GEN_BOTH };

/*
 * A row of the table that the comparison loops over. A workload runs on a path of the veth lab, whoever forwards:
 * bypath with its ports' drivers and devices and nothing else in its file, the kernel, or a peer with its own defaults.
 *
 * measure: one round; the test bed is there, the forwarder is not started. *figure is the round's, in SI units. 0; or
 * the row has ended; -EINTR: stopped. Blocks.
 */
struct bp_cmp_workload {
	const char *name, *title, *unit;
	double scale; /* figure × scale is in unit */
	enum bp_cmp_ends ends;
	enum bp_cmp_gen generator;
	unsigned n_streams; /* TCP streams */
	bool has_load; /* runs at half the lossless rate of load_of */
	bool has_size; /* its figure depends on the frame size */
	bool is_beyond_arena; /* the size of the forwarder's arena is subtracted */
	int (*measure)(struct bp_cmp_run *run, double *figure);
};

extern const struct bp_cmp_workload bp_cmp_workloads[];
extern const unsigned bp_cmp_n_workloads;

/* By its name; NULL: none has it. */
const struct bp_cmp_workload *bp_cmp_workload_find(const char *name);

/* One round of a row that has a workload: test bed, forwarder, figure; nothing is left. Failures are the row's. */
void bp_cmp_work(struct bp_comparison *cmp, struct bp_cmp_row *row);

#endif
