/* The engine's own state, shared by the files of this folder only. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_INTERNAL_H
#define BYPATH_ENGINE_INTERNAL_H

#include "bypath/function.h"

#include "engine/plan.h"
#include "engine/worker.h"

/* Last reading of a port's reported counters: kept beyond its stop. */
struct bp_reported_set {
	unsigned n;
	struct bp_reported v[BP_REPORTED_MAX];
};

/* One function with what its workers have of it. */
struct bp_engine_function {
	const struct bp_function *function;
	const struct bp_function_conf *conf;
	bool is_open;
	unsigned n_entered; /* of fns[], by worker_id */
	struct bp_fn fns[BP_WORKERS_MAX]; /* each the worker's own, once it runs */
};

/* Everything here is the control thread's; workers reach only their own struct bp_worker. */
struct bp_engine {
	const struct bp_conf *conf;
	struct bp_plan plan;
	struct bp_env env;
	int port_nodes[BP_PORTS_MAX]; /* bp_port_node() of each, before anything was opened */
	struct bp_reported_set reported[BP_PORTS_MAX];
	struct bp_engine_function functions[BP_FUNCTIONS_MAX]; /* as conf->functions */
	struct bp_retired *retired; /* newest first */
	struct bp_worker workers[BP_WORKERS_MAX];
	unsigned n_running;
	bool is_stopped;
	uint64_t start_ns, end_ns, drain_ns;
	uint64_t start_cycles, end_cycles;
};

/* Read a started port's reported counters. */
void bp_snapshot_reported(const struct bp_driver *driver, struct bp_port *port,
			  struct bp_reported_set *set);

/* ---- paths.c --------------------------------------------------------------------------------- */

/* The paths of worker->worker_id, with the TX queues and ports that they use. 0 or -ENOMEM. */
int bp_paths_make(struct bp_engine *e, struct bp_worker *worker);
/* Its worker has ended. */
void bp_paths_destroy(struct bp_worker *worker);

/*
 * Decide what packets need on the paths from and to port (NULL: on all) between the ports as they are
 * now; workers may run. 0 or -ENOMEM: some have what they had before.
 */
int bp_paths_bind_offloads(struct bp_engine *e, const struct bp_port *port);

/*
 * Choose direct bursts for the paths from and to port; NULL: for all. Only between ports that are started
 * and have a link: others' packets go by their queues' bursts, which are swapped one port at a time.
 */
void bp_paths_bind_directs(struct bp_engine *e, const struct bp_port *port);

/* ---- functions.c ----------------------------------------------------------------------------- */

/* Open every function for every worker; the ports are started. 0 or -errno (logged); bp_functions_close() undoes it. */
int bp_functions_open(struct bp_engine *e);
/* The workers have ended. */
void bp_functions_close(struct bp_engine *e);
/* Every 100 ms. */
void bp_functions_tick(struct bp_engine *e);

/* ---- retire.c -------------------------------------------------------------------------------- */

/*
 * Free what workers no longer find, when each has begun a new round or does not run. Never blocks, but where there is
 * no memory to remember it by.
 */
void bp_retire(struct bp_engine *e, void *old, void (*free_old)(void *old));
/* Free what may be freed by now. With all: the workers have ended. */
void bp_retired_free(struct bp_engine *e, bool all);

/* ---- watch.c --------------------------------------------------------------------------------- */

/* Wait until every running worker has begun a new round: bp_worker_quiesce(). */
void bp_workers_quiesce(struct bp_engine *e);

#endif
