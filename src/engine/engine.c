/* The engine's life: what one configuration asks for, made, started, drained, taken down. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/engine.h"
#include "engine/cores.h"
#include "engine/internal.h"
#include "engine/trace.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/arena.h"
#include "core/clock.h"
#include "core/cpu.h"
#include "core/frames.h"
#include "core/macswap.h"
#include "core/numa.h"

#include "handover/handover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_MS   500u
#define END_MS     5000u /* for workers to end, the drain in it: more than a busy host takes */
#define GAP_MIN_US 2000u

int bp_engine_check(const struct bp_conf *conf, char *why, size_t why_bytes)
{
	struct bp_plan plan;

	return bp_plan_make(conf, &plan, why, why_bytes);
}

/* The workers' cores, with the nodes of the ports that they are to be near to. */
static int choose_cores(struct bp_engine *e)
{
	uint16_t cores[BP_WORKERS_MAX];
	int err;

	for (unsigned i = 0; i < e->conf->n_ports; i++)
		e->port_nodes[i] = bp_port_node(&e->conf->ports[i]);
	err = bp_cores_find(e->conf, &e->plan, e->port_nodes, cores);
	for (unsigned i = 0; !err && i < e->conf->engine.n_workers; i++) {
		e->workers[i].thread.core = cores[i];
		e->workers[i].numa_node = bp_numa_of_core(cores[i]);
	}
	return err;
}

static void list_cores(const struct bp_engine *e, uint16_t cores[BP_WORKERS_MAX])
{
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		cores[i] = e->workers[i].thread.core;
}

/* What is beside the workers is not to take their cores from them. None of them runs. */
void bp_workers_claim_cores(const struct bp_engine *e, unsigned n)
{
	uint16_t cores[BP_WORKERS_MAX] = { 0 };

	for (unsigned i = 0; i < n; i++)
		cores[i] = e->workers[i].thread.core;
	bp_cpu_keep_off(cores, n);
}

static int make_memory(struct bp_engine *e)
{
	uint16_t cores[BP_WORKERS_MAX];
	int err;

	list_cores(e, cores);
	err = bp_env_open(&e->env, e->conf, e->conf->engine.n_workers, cores, e->port_nodes);
	e->env.edit = e->conf->engine.mode == BP_ENGINE_MACSWAP ? bp_macswap_burst : NULL;
	e->env.count_act = bp_carried_count;
	return err;
}

static int make_ports(struct bp_engine *e)
{
	uint16_t cores[BP_WORKERS_MAX];
	int err = bp_ports_claim(&e->env, NULL);

	if (err)
		return err;
	bp_ports_mend(e->conf);
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		const struct bp_plan_port *plan = &e->plan.ports[i];
		const struct bp_port_queues queues = { plan->n_rxq, plan->n_txq, plan->rxq_workers,
						       plan->txq_workers };

		err = bp_port_create(&e->env, (uint16_t)i, &queues, &e->env.ports[i]);
		if (err)
			return err;
	}
	err = bp_ports_start(&e->env);
	if (err)
		return err;
	list_cores(e, cores);
	bp_ports_warn_far(&e->env, cores);
	bp_ports_warn_host(&e->env);
	return bp_follow_begin(e);
}

int bp_worker_make(struct bp_engine *e, struct bp_worker *w, uint16_t worker_id)
{
	int err;

	w->worker_id = worker_id;
	w->gap_min_cycles = GAP_MIN_US * (bp_clock_hz() / 1000000);
	w->drain_cycles = DRAIN_MS * (bp_clock_hz() / 1000);
	err = bp_paths_make(e, w);
	return err ? err : bp_idle_init(&w->idle, e->conf->engine.idle, w->n_paths);
}

int bp_engine_create(const struct bp_conf *conf, struct bp_engine **out)
{
	char why[BP_PLAN_WHY_BYTES];
	struct bp_engine *e = aligned_alloc(BP_CACHE_LINE, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	memset(e, 0, sizeof(*e));
	e->conf = malloc(sizeof(*e->conf));
	e->functions = calloc(BP_FUNCTIONS_MAX, sizeof(*e->functions));
	if (!e->conf || !e->functions) {
		bp_engine_destroy(e);
		return -ENOMEM;
	}
	*e->conf = *conf;
	conf = e->conf;
	e->end_limit_ms = END_MS;
	err = bp_plan_make(conf, &e->plan, why, sizeof(why));
	if (err)
		bp_log(BP_LOG_ERROR, "%s", why);
	if (!err)
		err = choose_cores(e);
	if (!err)
		bp_engine_warn_loops(conf);
	if (!err)
		err = make_memory(e);
	if (!err)
		err = make_ports(e);
	if (!err)
		err = bp_functions_open(e);
	for (uint16_t i = 0; !err && i < conf->engine.n_workers; i++)
		err = bp_worker_make(e, &e->workers[i], i);
	if (!err)
		err = bp_paths_bind_offloads(e, NULL);
	if (!err)
		bp_paths_bind_directs(e, NULL);
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
	bp_engine_tick(e); /* a port may have no link from the start */
	bp_workers_claim_cores(e, e->conf->engine.n_workers);
	for (; e->n_running < e->conf->engine.n_workers; e->n_running++) {
		struct bp_worker *w = &e->workers[e->n_running];
		int err;

		bp_thread_init(&w->thread, w->thread.core);
		w->begin_ns = e->start_ns;
		err = bp_worker_start(w);
		if (err) {
			bp_engine_stop(e);
			return err;
		}
	}
	return 0;
}

const struct bp_conf *bp_engine_conf(const struct bp_engine *e)
{
	return e->conf;
}

/* Does everything that was sent to hops wait there no more? */
static bool are_hops_empty(const struct bp_engine *e)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		const struct bp_port *hop = e->env.ports[i];

		/* TX queue q feeds RX queue q. */
		for (unsigned q = 0; hop->conf->is_hop && q < hop->n_rxq; q++)
			if (bp_counter(&hop->txq[q].counters, BP_CNT_PKTS) !=
			    bp_counter(&hop->rxq[q].counters, BP_CNT_PKTS) +
				    bp_counters_drops(&hop->rxq[q].counters))
				return false;
	}
	return true;
}

/*
 * What one worker sent to a hop another one has to take from there: let it, while nothing more is received. What a driver
 * carries by itself comes by no hop.
 */
static void empty_hops(struct bp_engine *e)
{
	uint64_t begin_ns = bp_clock_ns();

	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		for (unsigned k = 0; k < e->workers[i].n_paths; k++) {
			struct bp_path *path = &e->workers[i].paths[k];

			if (path->rxq->port->conf->is_hop ||
			    atomic_load_explicit(&path->direct, memory_order_relaxed) == bp_carried)
				continue;
			atomic_store_explicit(&path->direct, NULL, memory_order_release);
			atomic_store_explicit(&path->rxq->burst, bp_rx_down, memory_order_release);
		}
	while (bp_workers_settle(e, DRAIN_MS) < 0 && !are_hops_empty(e) &&
	       bp_clock_ns() - begin_ns < DRAIN_MS * 1000000ull)
		;
}

static void park(struct bp_engine *e, unsigned worker_id)
{
	char text[BP_STALL_BYTES];

	bp_stall_tell(e, worker_id, "long", NULL, text);
	bp_log(BP_LOG_ERROR,
	       "the run ends without one of its workers; what that had in hand is lost: %s", text);
	bp_worker_park(&e->workers[worker_id]);
	e->n_parked++;
}

/* One that does not end is left where it stands, never to run on, so that everything else can end. */
static void end_workers(struct bp_engine *e)
{
	uint64_t begin_ns = bp_clock_ns();

	for (unsigned i = 0; i < e->n_running; i++)
		bp_worker_ask_to_end(&e->workers[i]);
	for (unsigned i = 0; i < e->n_running; i++) {
		uint64_t waited_ms = (bp_clock_ns() - begin_ns) / 1000000;

		if (!bp_worker_join(&e->workers[i], waited_ms < e->end_limit_ms
							    ? e->end_limit_ms - (unsigned)waited_ms
							    : 0))
			park(e, i);
	}
	e->n_running = 0;
}

bool bp_engine_lacks_workers(const struct bp_engine *e)
{
	return e->n_parked;
}

static bool has_hops(const struct bp_conf *conf)
{
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (conf->ports[i].is_hop)
			return true;
	return false;
}

void bp_engine_stop(struct bp_engine *e)
{
	uint64_t begin_ns = bp_clock_ns();

	if (e->n_running && has_hops(e->conf))
		empty_hops(e);
	end_workers(e);
	bp_workers_claim_cores(e, 0);
	e->end_ns = bp_clock_ns();
	e->end_cycles = bp_clock_cycles();
	bp_follow_end(e);
	e->is_stopped = true;
	bp_retired_free(e, true);
	bp_handover_end(&e->handovers, NULL);
	bp_leaving_stop(e);
	/* What failed since the last tick, too. */
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		if (e->env.ports[i]->is_started && e->env.ports[i]->driver->ops->check)
			(void)e->env.ports[i]->driver->ops->check(e->env.ports[i]);
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		if (e->env.ports[i]->is_started)
			bp_snapshot_reported(e->env.ports[i]->driver, e->env.ports[i],
					     &e->reported[i]);
	bp_ports_stop(&e->env);
	bp_leaving_tick(e, true);
	e->drain_ns = bp_clock_ns() - begin_ns;
}

bool bp_engine_has_failed(const struct bp_engine *e)
{
	bool has_failed = e->has_failed || e->n_parked;

	for (unsigned i = 0; i < e->conf->n_ports; i++)
		has_failed |= e->env.ports[i]->has_failed;
	return has_failed;
}

void bp_engine_destroy(struct bp_engine *e)
{
	if (!e)
		return;
	if (!e->conf || !e->functions) {
		free(e->functions);
		free(e->conf);
		free(e);
		return;
	}
	bp_trace_drop(e);
	bp_leaving_tick(e, true);
	bp_follow_end(e);
	bp_ports_stop(&e->env);
	bp_functions_close(e); /* drivers that carry packets count to them until they stop */
	bp_retired_free(e, true);
	bp_ports_destroy(&e->env);
	for (unsigned i = 0; i < BP_WORKERS_MAX; i++) {
		bp_idle_fini(&e->workers[i].idle);
		bp_paths_destroy(&e->workers[i]);
	}
	bp_env_close(&e->env);
	bp_past_free(e);
	free(e->functions);
	free(e->conf);
	if (!e->n_parked) /* a thread that was held may come to its signal yet, and writes that it has */
		free(e);
}
