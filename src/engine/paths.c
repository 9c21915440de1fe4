/* Paths: each worker's, with what they need between their ports as those are now. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/internal.h"

#include "bypath/driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- making them ----------------------------------------------------------------------------- */

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
	struct bp_port *out = e->env.ports[in->conf->forward_to];
	struct bp_txq *txq = &out->txq[e->plan.ports[out->port_id].txq_of_worker[w->worker_id]];
	struct bp_path *path = &w->paths[w->n_paths++];

	path->rxq = rxq;
	path->txq = txq;
	path->edit = e->env.edit;
	path->burst = e->conf->engine.burst;
	path->tx_retries = e->conf->engine.tx_retries;
	add_port(w, in);
	add_port(w, out);
	add_txq(w, txq);
}

static unsigned count_rxqs(const struct bp_engine *e, unsigned worker_id)
{
	unsigned n = 0;

	for (unsigned i = 0; i < e->conf->n_ports; i++)
		for (unsigned q = 0; q < e->plan.ports[i].n_rxq; q++)
			n += e->plan.ports[i].rxq_workers[q] == worker_id;
	return n;
}

int bp_paths_make(struct bp_engine *e, struct bp_worker *w)
{
	size_t n_bytes = (count_rxqs(e, w->worker_id) + 1) * sizeof(struct bp_path);

	w->paths = aligned_alloc(BP_CACHE_LINE, n_bytes);
	if (!w->paths)
		return -ENOMEM;
	memset(w->paths, 0, n_bytes);
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		for (unsigned q = 0; q < e->plan.ports[i].n_rxq; q++)
			if (e->plan.ports[i].rxq_workers[q] == w->worker_id)
				add_path(e, w, &e->env.ports[i]->rxq[q]);
	return 0;
}

void bp_paths_destroy(struct bp_worker *w)
{
	for (unsigned i = 0; i < w->n_paths; i++)
		bp_offload_destroy(
			atomic_load_explicit(&w->paths[i].offload, memory_order_relaxed));
	free(w->paths);
}

/* ---- what they need -------------------------------------------------------------------------- */

static bool is_of(const struct bp_path *path, const struct bp_port *port)
{
	return !port || path->rxq->port == port || path->txq->port == port;
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
		bp_workers_quiesce(e);
	bp_offload_destroy(offload);
	return 0;
}

int bp_paths_bind_offloads(struct bp_engine *e, const struct bp_port *port)
{
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		for (unsigned j = 0; j < e->workers[i].n_paths; j++) {
			struct bp_path *path = &e->workers[i].paths[j];
			int err = 0;

			if (is_of(path, port))
				err = bind_offload(e, path);
			if (err)
				return err;
		}
	return 0;
}

static bool has_link(struct bp_port *port)
{
	return port->is_started &&
	       atomic_load_explicit(&port->link, memory_order_relaxed) == BP_LINK_UP;
}

/* A driver moves packets between two of its queues by itself, where the path asks for no more. */
static bp_direct_fn choose_direct(struct bp_path *path)
{
	struct bp_port *in = path->rxq->port, *out = path->txq->port;
	const struct bp_offload *offload =
		atomic_load_explicit(&path->offload, memory_order_relaxed);

	if (in->driver != out->driver || !in->driver->ops->direct || !has_link(in) ||
	    !has_link(out) || (offload && !bp_offload_is_guard(offload)))
		return NULL;
	return in->driver->ops->direct(path->rxq, path->txq, path->edit);
}

void bp_paths_bind_directs(struct bp_engine *e, const struct bp_port *port)
{
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		for (unsigned j = 0; j < e->workers[i].n_paths; j++) {
			struct bp_path *path = &e->workers[i].paths[j];

			if (!is_of(path, port))
				continue;
			/* Release: both ports' queues, as start() left them. */
			atomic_store_explicit(&path->direct, choose_direct(path),
					      memory_order_release);
		}
}
