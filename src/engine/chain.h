/* Chains: the functions of a path, and the edges that its packets leave by. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_CHAIN_H
#define BYPATH_ENGINE_CHAIN_H

#include "bypath/function.h"
#include "engine/worker.h"

/* One function of a chain. */
struct bp_step {
	const struct bp_function *function;
	struct bp_fn *fn; /* the worker's: its other steps of this function have it too */
	const char *name; /* of the function */
	struct bp_env *env; /* the ports, for those who look at drops */
	/* Written by the worker, read by snapshots: relaxed. */
	_Atomic uint64_t n_pkts, busy_cycles; /* that came to process(); within it */
	_Atomic uint64_t
		begin_cycles; /* when its last burst came: of the worker's steps the latest is where it is, or was */
	_Atomic uint64_t drops[BP_FN_REASONS_MAX];
};

/* Set up before the worker runs. */
struct bp_chain {
	unsigned n_steps, n_edges;
	struct bp_step steps[BP_CHAIN_MAX];
	struct bp_edge *last; /* to the port at the end; NULL: the last function picks */
	struct bp_edge *edge_of[BP_PORTS_MAX]; /* by port_id; NULL: nothing goes there */
	struct bp_edge edges[]; /* n_edges */
};

/* The reason of this index; NULL: the function has none of it. Pure. */
const struct bp_fn_reason *bp_function_reason(const struct bp_function *function, unsigned why);

/* One burst along a path that has a chain: *now as of run_path() (worker.c). Returns whether packets moved. Its worker. */
bool bp_chain_run(struct bp_path *path, uint64_t *now);

/* Kick and reap the edge's TX queue. *now is the cycle count at its begin, then at its end. Its worker. */
void bp_edge_reap(struct bp_edge *edge, uint64_t *now);

#endif
