/* The forwarding engine: ports, paths, workers of one configuration, from start to drain. */
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
					 &e->ports[i]);

		if (err)
			return err;
	}
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		int err = bp_port_start(e->ports[i]);

		if (err) {
			if (err == -ENODEV || err == -ENETDOWN || err == -ENOENT)
				bp_log(BP_LOG_ERROR,
				       "port %s: cannot start on %s: %s: bring the device up first",
				       e->conf->ports[i].name, e->conf->ports[i].device,
				       strerror(-err));
			return err;
		}
		e->is_started[i] = true;
	}
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		bp_port_bind_pools(e->ports[i]);
	return 0;
}

static void add_port(struct bp_worker *w, struct bp_port *port)
{
	for (unsigned i = 0; i < w->n_ports; i++)
		if (w->ports[i] == port)
			return;
	w->ports[w->n_ports++] = port;
}

static void add_txq(struct bp_worker *w, struct bp_txq *txq)
{
	for (unsigned i = 0; i < w->n_txqs; i++)
		if (w->txqs[i] == txq)
			return;
	w->txqs[w->n_txqs++] = txq;
}

static void add_path(struct bp_engine *e, struct bp_worker *w, struct bp_rxq *rxq)
{
	struct bp_port *in = rxq->port;
	struct bp_port *out = e->ports[in->conf->forward_to];
	struct bp_txq *txq = &out->txq[e->plan.ports[out->port_id].txq_of_worker[w->worker_id]];
	struct bp_path *path = &w->paths[w->n_paths++];

	path->rxq = rxq;
	path->txq = txq;
	path->rewrite = e->conf->engine.mode == BP_ENGINE_MACSWAP ? bp_rewrite_macswap : NULL;
	path->burst = e->conf->engine.burst;
	path->tx_retries = e->conf->engine.tx_retries;
	add_port(w, in);
	add_port(w, out);
	add_txq(w, txq);
}

static void quiesce_workers(struct bp_engine *e)
{
	for (unsigned i = 0; i < e->n_running; i++)
		bp_worker_quiesce(&e->workers[i]);
}

/* Decide what the path's packets need between its ports as they are now; its worker may run. */
static int bind_offload(struct bp_engine *e, struct bp_path *path)
{
	struct bp_port *in = path->rxq->port, *out = path->txq->port;
	struct bp_offload *offload;
	int err = bp_offload_create(bp_port_frames(out), &path->txq->counters, path->txq->worker_id,
				    in->conf, &in->info, &out->info, &offload);

	if (err)
		return err;
	/* Release: the worker finds it filled in. */
	offload = atomic_exchange_explicit(&path->offload, offload, memory_order_acq_rel);
	if (offload)
		quiesce_workers(e);
	bp_offload_destroy(offload);
	return 0;
}

/* For the paths from and to port; NULL: all. */
static int bind_offloads(struct bp_engine *e, const struct bp_port *port)
{
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		for (unsigned j = 0; j < e->workers[i].n_paths; j++) {
			struct bp_path *path = &e->workers[i].paths[j];
			int err = 0;

			if (!port || path->rxq->port == port || path->txq->port == port)
				err = bind_offload(e, path);
			if (err)
				return err;
		}
	return 0;
}

/* A driver moves packets between two of its queues by itself, where the path asks for no more. */
static bp_direct_fn choose_direct(const struct bp_engine *e, struct bp_path *path)
{
	const struct bp_port *in = path->rxq->port, *out = path->txq->port;

	if (in->driver != out->driver || !in->driver->ops->direct || !e->is_started[in->port_id] ||
	    !e->is_started[out->port_id] ||
	    atomic_load_explicit(&path->offload, memory_order_relaxed))
		return NULL;
	return in->driver->ops->direct(path->rxq, path->txq, e->conf->engine.mode);
}

/*
 * For the paths from and to port; NULL: all. A port that is about to leave takes them back to its
 * bursts, which are swapped one port at a time (is_leaving).
 */
static void bind_directs(struct bp_engine *e, const struct bp_port *port, bool is_leaving)
{
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		for (unsigned j = 0; j < e->workers[i].n_paths; j++) {
			struct bp_path *path = &e->workers[i].paths[j];

			if (port && path->rxq->port != port && path->txq->port != port)
				continue;
			/* Release: both ports' queues, as start() left them. */
			atomic_store_explicit(&path->direct,
					      is_leaving ? NULL : choose_direct(e, path),
					      memory_order_release);
		}
}

static unsigned count_rxqs(const struct bp_engine *e, unsigned worker_id)
{
	unsigned n = 0;

	for (unsigned i = 0; i < e->conf->n_ports; i++)
		for (unsigned q = 0; q < e->plan.ports[i].n_rxq; q++)
			n += e->plan.ports[i].rxq_workers[q] == worker_id;
	return n;
}

static int make_worker(struct bp_engine *e, struct bp_worker *w, uint16_t worker_id)
{
	unsigned n_rxqs = count_rxqs(e, worker_id);

	w->worker_id = worker_id;
	w->drain_cycles = DRAIN_MS * (bp_clock_hz() / 1000);
	w->paths = aligned_alloc(BP_CACHE_LINE, (n_rxqs + 1) * sizeof(struct bp_path));
	if (!w->paths)
		return -ENOMEM;
	memset(w->paths, 0, (n_rxqs + 1) * sizeof(struct bp_path));
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		for (unsigned q = 0; q < e->plan.ports[i].n_rxq; q++)
			if (e->plan.ports[i].rxq_workers[q] == worker_id)
				add_path(e, w, &e->ports[i]->rxq[q]);
	return bp_idle_init(&w->idle, e->conf->engine.idle, n_rxqs);
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
		err = bind_offloads(e, NULL);
	if (!err)
		bind_directs(e, NULL, false);
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

/* ---- ports that go away and come back -------------------------------------------------------- */

static void halt_port(struct bp_engine *e, struct bp_port *port)
{
	bind_directs(e, port, true);
	bp_port_unpublish(port);
	quiesce_workers(e);
	bp_port_stop(port);
	e->is_started[port->port_id] = false;
}

static void take_port_out(struct bp_engine *e, struct bp_port *port)
{
	bp_log(BP_LOG_WARN, "port %s: %s is gone: other ports go on, waiting for it to come back",
	       port->conf->name, port->conf->device);
	atomic_fetch_add_explicit(&port->n_losses, 1, memory_order_relaxed);
	halt_port(e, port);
	atomic_store_explicit(&port->link, BP_LINK_LOST, memory_order_relaxed);
}

/* Start a port that is halted. False: not yet. */
static bool resume_port(struct bp_engine *e, struct bp_port *port)
{
	if (bp_port_make_ready(port))
		return false;
	if (bind_offloads(e, port))
		bp_log(BP_LOG_WARN, "port %s: no memory for its offloads: those of before stay",
		       port->conf->name);
	/* A round that loaded the offloads of before must not meet the bursts that come now. */
	quiesce_workers(e);
	bp_port_publish(port);
	e->is_started[port->port_id] = true;
	bind_directs(e, port, false);
	for (unsigned i = 0; i < e->n_running; i++)
		bp_idle_wake(&e->workers[i].idle);
	return true;
}

static void take_port_in(struct bp_engine *e, struct bp_port *port)
{
	if (resume_port(e, port))
		bp_log(BP_LOG_INFO, "port %s: %s is back (%s)", port->conf->name,
		       port->conf->device, port->info.mode);
}

static void note_link(struct bp_port *port, unsigned link)
{
	if (link == atomic_load_explicit(&port->link, memory_order_relaxed))
		return;
	atomic_store_explicit(&port->link, link, memory_order_relaxed);
	bp_log(link == BP_LINK_UP ? BP_LOG_INFO : BP_LOG_WARN, "port %s: %s is %s",
	       port->conf->name, port->conf->device, link == BP_LINK_UP ? "up" : "down");
}

void bp_engine_tick(struct bp_engine *e)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		struct bp_port *port = e->ports[i];
		unsigned link = BP_LINK_UP;

		if (!e->is_started[i]) {
			take_port_in(e, port);
			continue;
		}
		if (port->driver->ops->check)
			link = (unsigned)port->driver->ops->check(port);
		if (link == BP_LINK_CHANGED) {
			halt_port(e, port);
			link = resume_port(e, port) ? BP_LINK_UP : BP_LINK_DOWN;
		}
		if (link == BP_LINK_LOST)
			take_port_out(e, port);
		else
			note_link(port, link);
	}
}

/* ---- the end --------------------------------------------------------------------------------- */

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
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		if (!e->is_started[i])
			continue;
		bp_port_unpublish(e->ports[i]);
		bp_snapshot_reported(e->ports[i]->driver, e->ports[i], &e->reported[i]);
		bp_port_stop(e->ports[i]);
		e->is_started[i] = false;
	}
	e->drain_ns = bp_clock_ns() - begin_ns;
}

void bp_engine_destroy(struct bp_engine *e)
{
	if (!e)
		return;
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		if (e->ports[i] && e->is_started[i])
			bp_port_stop(e->ports[i]);
	}
	/* Not before all have stopped: a port may hold another one's frames. */
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		bp_port_destroy(e->ports[i]);
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++) {
		bp_idle_fini(&e->workers[i].idle);
		for (unsigned j = 0; j < e->workers[i].n_paths; j++)
			bp_offload_destroy(atomic_load_explicit(&e->workers[i].paths[j].offload,
								memory_order_relaxed));
		free(e->workers[i].paths);
	}
	bp_env_close(&e->env);
	free(e);
}
