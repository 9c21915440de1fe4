/* The engine's life: what one configuration asks for, made, started, drained, taken down. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/engine.h"
#include "engine/internal.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/arena.h"
#include "core/clock.h"
#include "core/cpu.h"
#include "core/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_MS 500u

int bp_engine_check(const struct bp_conf *conf, char *why, size_t why_bytes)
{
	struct bp_plan plan;

	return bp_plan_make(conf, &plan, why, why_bytes);
}

static bool is_among(unsigned core, const unsigned *cores, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (cores[i] == core)
			return true;
	return false;
}

static int choose_cores(struct bp_engine *e)
{
	const struct bp_conf *conf = e->conf;
	unsigned allowed[1024], n_allowed = bp_cpu_allowed(allowed, 1024);
	unsigned n = conf->engine.n_workers;

	if (!n_allowed)
		return -ENOTSUP;
	for (unsigned i = 0; i < conf->engine.n_cores; i++)
		if (!is_among(conf->engine.cores[i], allowed, n_allowed)) {
			bp_log(BP_LOG_ERROR,
			       "[engine] cores: core %u is not there, or not for this process, which "
			       "may use %u from %u to %u: see «nproc» and «taskset -p $$»",
			       conf->engine.cores[i], n_allowed, allowed[0],
			       allowed[n_allowed - 1]);
			return -EINVAL;
		}
	if (!conf->engine.n_cores && n > n_allowed)
		bp_log(BP_LOG_WARN,
		       "%u workers on %u cores: they take turns, which costs throughput; set "
		       "[engine] workers = %u",
		       n, n_allowed, n_allowed);
	for (unsigned i = 0; i < n; i++) {
		/* The last cores: the first one has most of the machine's other work. */
		unsigned from_end = n <= n_allowed ? n_allowed - n + i : i % n_allowed;

		e->workers[i].core = (uint16_t)(conf->engine.n_cores ? conf->engine.cores[i]
								     : allowed[from_end]);
	}
	return 0;
}

static int make_memory(struct bp_engine *e)
{
	uint16_t cores[BP_WORKERS_MAX];
	unsigned n = e->conf->engine.n_workers;

	for (unsigned i = 0; i < n; i++)
		cores[i] = e->workers[i].core;
	return bp_env_open(&e->env, e->conf, n, cores);
}

static int make_ports(struct bp_engine *e)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		const struct bp_plan_port *plan = &e->plan.ports[i];
		int err = bp_port_create(&e->env, &e->conf->ports[i], (uint16_t)i, plan->n_rxq,
					 plan->rxq_workers, plan->n_txq, plan->txq_workers,
					 &e->env.ports[i]);

		if (err)
			return err;
	}
	return bp_ports_start(&e->env);
}

static int make_worker(struct bp_engine *e, struct bp_worker *w, uint16_t worker_id)
{
	int err;

	w->worker_id = worker_id;
	w->drain_cycles = DRAIN_MS * (bp_clock_hz() / 1000);
	err = bp_paths_make(e, w);
	return err ? err : bp_idle_init(&w->idle, e->conf->engine.idle, w->n_paths);
}

int bp_engine_create(const struct bp_conf *conf, struct bp_engine **out)
{
	char why[256];
	struct bp_engine *e = aligned_alloc(BP_CACHE_LINE, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	memset(e, 0, sizeof(*e));
	e->conf = conf;
	err = bp_plan_make(conf, &e->plan, why, sizeof(why));
	if (err)
		bp_log(BP_LOG_ERROR, "%s", why);
	if (!err)
		err = choose_cores(e);
	if (!err)
		err = make_memory(e);
	if (!err)
		err = make_ports(e);
	for (uint16_t i = 0; !err && i < conf->engine.n_workers; i++)
		err = make_worker(e, &e->workers[i], i);
	if (!err)
		err = bp_paths_bind_offloads(e, NULL);
	if (!err)
		bp_paths_bind_directs(e, NULL, false);
	if (!err && conf->memory.protect)
		err = bp_arena_protect(e->env.arena);
	if (err) {
		bp_engine_destroy(e);
		return err;
	}
	*out = e;
	return 0;
}

int bp_engine_start(struct bp_engine *e)
{
	e->start_ns = bp_clock_ns();
	e->start_cycles = bp_clock_cycles();
	for (; e->n_running < e->conf->engine.n_workers; e->n_running++) {
		int err = bp_worker_start(&e->workers[e->n_running]);

		if (err) {
			bp_engine_stop(e);
			return err;
		}
	}
	return 0;
}

void bp_engine_stop(struct bp_engine *e)
{
	uint64_t begin_ns = bp_clock_ns();

	for (unsigned i = 0; i < e->n_running; i++)
		bp_worker_ask_to_end(&e->workers[i]);
	for (unsigned i = 0; i < e->n_running; i++)
		bp_worker_join(&e->workers[i]);
	e->end_ns = bp_clock_ns();
	e->end_cycles = bp_clock_cycles();
	e->n_running = 0;
	e->is_stopped = true;
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		if (e->env.ports[i]->is_started)
			bp_snapshot_reported(e->env.ports[i]->driver, e->env.ports[i],
					     &e->reported[i]);
	bp_ports_stop(&e->env);
	e->drain_ns = bp_clock_ns() - begin_ns;
}

void bp_engine_destroy(struct bp_engine *e)
{
	if (!e)
		return;
	bp_ports_stop(&e->env);
	bp_ports_destroy(&e->env);
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++) {
		bp_idle_fini(&e->workers[i].idle);
		bp_paths_destroy(&e->workers[i]);
	}
	bp_env_close(&e->env);
	free(e);
}
