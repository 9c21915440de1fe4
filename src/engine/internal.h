/* The engine's own state, shared by the files of this folder only. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_INTERNAL_H
#define BYPATH_ENGINE_INTERNAL_H

#include "engine/plan.h"
#include "engine/worker.h"

/* Last reading of a port's reported counters: kept beyond its stop. */
struct bp_reported_set {
	unsigned n;
	struct bp_reported v[BP_REPORTED_MAX];
};

/* Everything here is the control thread's; workers reach only their own struct bp_worker. */
struct bp_engine {
	const struct bp_conf *conf;
	struct bp_plan plan;
	struct bp_env env;
	struct bp_port *ports[BP_PORTS_MAX];
	bool is_started[BP_PORTS_MAX];
	struct bp_reported_set reported[BP_PORTS_MAX];
	struct bp_worker workers[BP_WORKERS_MAX];
	unsigned n_running;
	bool is_stopped;
	uint64_t start_ns, end_ns, drain_ns;
	uint64_t start_cycles, end_cycles;
};

/* Read a started port's reported counters. */
void bp_snapshot_reported(const struct bp_driver *driver, struct bp_port *port,
			  struct bp_reported_set *set);

#endif
