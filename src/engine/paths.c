/* Paths: each worker's, with what they need between their ports as those are now. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/chain.h"
#include "engine/internal.h"

#include "bypath/driver.h"

#include "core/clock.h"

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

static void add_edge(struct bp_engine *e, struct bp_worker *w, struct bp_edge *edge, int to)
{
	const struct bp_plan_port *plan = &e->plan.ports[to];
	struct bp_port *out;

	edge->port_id = (uint16_t)to;
	if (plan->txq_of_worker[w->worker_id] == BP_NO_QUEUE)
		to = plan->hop;
	out = e->env.ports[to];
	edge->txq = &out->txq[e->plan.ports[out->port_id].txq_of_worker[w->worker_id]];
	edge->tx_retries = e->conf->engine.tx_retries;
	add_port(w, out);
	add_txq(w, edge->txq);
}

/* Is all that the chain does an edit that direct bursts may know? */
static bp_edit_fn lone_edit(const struct bp_engine *e, const struct bp_port_conf *in)
{
	if (in->n_chain != 1 || in->forward_to == BP_NO_PORT || e->env.edit)
		return NULL;
	return e->functions[in->chain[0]].function->edit;
}

static int add_chain(struct bp_engine *e, struct bp_worker *w, struct bp_path *path)
{
	const struct bp_port_conf *in = path->rxq->port->conf;
	unsigned n_edges = (unsigned)__builtin_popcountll(in->out_ports);
	size_t n_bytes = sizeof(struct bp_chain) + n_edges * sizeof(struct bp_edge);
	struct bp_chain *chain = aligned_alloc(BP_CACHE_LINE, n_bytes);

	if (!chain)
		return -ENOMEM;
	memset(chain, 0, n_bytes);
	for (; chain->n_steps < in->n_chain; chain->n_steps++) {
		struct bp_engine_function *f = &e->functions[in->chain[chain->n_steps]];

		chain->steps[chain->n_steps].function = f->function;
		chain->steps[chain->n_steps].fn = &f->fns[w->worker_id];
		chain->steps[chain->n_steps].name = f->conf->name;
		chain->steps[chain->n_steps].env = &e->env;
	}
	for (int to = 0; to < e->conf->n_ports; to++) {
		if (!(in->out_ports & UINT64_C(1) << to))
			continue;
		chain->edge_of[to] = &chain->edges[chain->n_edges++];
		add_edge(e, w, chain->edge_of[to], to);
	}
	if (in->forward_to != BP_NO_PORT)
		chain->last = chain->edge_of[in->forward_to];
	path->chain = chain;
	return 0;
}

static bool has_chain(const struct bp_engine *e, const struct bp_port_conf *in)
{
	return in->n_chain && !lone_edit(e, in);
}

static int add_path(struct bp_engine *e, struct bp_worker *w, struct bp_rxq *rxq)
{
	const struct bp_port_conf *in = rxq->port->conf;
	struct bp_path *path = &w->paths[w->n_paths++];

	path->rxq = rxq;
	path->begin_s = e->start_ns ? (double)(bp_clock_ns() - e->start_ns) / 1e9 : 0;
	path->rx_pkts = bp_counter(&rxq->counters, BP_CNT_PKTS);
	path->rx_bytes = bp_counter(&rxq->counters, BP_CNT_BYTES);
	path->rx_bursts = bp_counter(&rxq->counters, BP_CNT_BURSTS);
	path->rx_carried = atomic_load_explicit(&rxq->n_carried, memory_order_relaxed);
	path->edit = e->env.edit;
	path->burst = e->conf->engine.burst;
	add_port(w, rxq->port);
	if (has_chain(e, in))
		return add_chain(e, w, path);
	if (in->n_chain)
		path->edit = lone_edit(e, in);
	add_edge(e, w, &path->edge, in->forward_to);
	return 0;
}

/* The edges of a path: its own, or its chain's. */
static unsigned edges_of(struct bp_path *path, struct bp_edge **edges)
{
	*edges = path->chain ? path->chain->edges : &path->edge;
	return path->chain ? path->chain->n_edges : 1;
}

static void find_edges_to(struct bp_worker *w, const struct bp_txq *txq, struct bp_edge **one,
			  unsigned *n)
{
	for (unsigned i = 0; i < w->n_paths; i++) {
		struct bp_edge *edges;
		unsigned n_edges = edges_of(&w->paths[i], &edges);

		for (unsigned k = 0; k < n_edges; k++) {
			if (edges[k].txq != txq)
				continue;
			*one = &edges[k];
			++*n;
		}
	}
}

/* Each TX queue is reaped by one: the path that has it for itself, or the worker. */
static void decide_reaping(struct bp_worker *w)
{
	for (unsigned i = 0; i < w->n_txqs; i++) {
		struct bp_edge *edge = NULL;
		unsigned n = 0, k = 0;

		find_edges_to(w, w->txqs[i], &edge, &n);
		while (k < w->n_paths && edge != &w->paths[k].edge)
			k++;
		if (n == 1 && k < w->n_paths)
			w->paths[k].reaps = true;
		else
			w->shared[w->n_shared++].edge = edge;
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

/* The worker's paths that have a chain, or those that have none. */
static int add_paths(struct bp_engine *e, struct bp_worker *w, bool with_chain)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		for (unsigned q = 0; q < e->plan.ports[i].n_rxq; q++) {
			int err = 0;

			if (e->plan.ports[i].rxq_workers[q] == w->worker_id &&
			    has_chain(e, &e->conf->ports[i]) == with_chain)
				err = add_path(e, w, &e->env.ports[i]->rxq[q]);
			if (err)
				return err;
		}
	return 0;
}

int bp_paths_make(struct bp_engine *e, struct bp_worker *w)
{
	size_t n_bytes = (count_rxqs(e, w->worker_id) + 1) * sizeof(struct bp_path);
	int err;

	w->paths = aligned_alloc(BP_CACHE_LINE, n_bytes);
	if (!w->paths)
		return -ENOMEM;
	memset(w->paths, 0, n_bytes);
	err = add_paths(e, w, false);
	w->n_plain = w->n_paths;
	if (!err)
		err = add_paths(e, w, true);
	if (err)
		return err;
	decide_reaping(w);
	w->has_more = w->n_plain < w->n_paths || w->n_shared;
	return 0;
}

void bp_paths_free(struct bp_paths *paths)
{
	for (unsigned i = 0; i < paths->n_paths; i++) {
		struct bp_edge *edges;
		unsigned n_edges = edges_of(&paths->paths[i], &edges);

		for (unsigned k = 0; k < n_edges; k++)
			bp_offload_destroy(
				atomic_load_explicit(&edges[k].offload, memory_order_relaxed));
		free(paths->paths[i].chain);
	}
	free(paths->paths);
	*paths = (struct bp_paths){ .paths = NULL };
}

void bp_paths_destroy(struct bp_worker *w)
{
	struct bp_paths paths;

	bp_paths_take(w, &paths);
	bp_paths_free(&paths);
}

/* ---- a reload -------------------------------------------------------------------------------- */

void bp_paths_take(struct bp_worker *w, struct bp_paths *paths)
{
	*paths = (struct bp_paths){ .paths = w->paths,
				    .n_paths = w->n_paths,
				    .n_plain = w->n_plain,
				    .n_txqs = w->n_txqs,
				    .n_shared = w->n_shared,
				    .n_ports = w->n_ports,
				    .has_more = w->has_more };
	memcpy(paths->txqs, w->txqs, sizeof(w->txqs));
	memcpy(paths->shared, w->shared, sizeof(w->shared));
	memcpy(paths->ports, w->ports, sizeof(w->ports));
	w->paths = NULL;
	w->n_paths = w->n_plain = w->n_txqs = w->n_shared = w->n_ports = 0;
	w->has_more = false;
}

void bp_paths_put(struct bp_worker *w, const struct bp_paths *paths)
{
	w->paths = paths->paths;
	w->n_paths = paths->n_paths;
	w->n_plain = paths->n_plain;
	w->n_txqs = paths->n_txqs;
	w->n_shared = paths->n_shared;
	w->n_ports = paths->n_ports;
	w->has_more = paths->has_more;
	memcpy(w->txqs, paths->txqs, sizeof(w->txqs));
	memcpy(w->shared, paths->shared, sizeof(w->shared));
	memcpy(w->ports, paths->ports, sizeof(w->ports));
}

/* What an edge, a step, a path has counted is the end of its struct, from the named member on. */
#define COUNTED_SINCE(type, member) (sizeof(type) - offsetof(type, member))

static void hand_over_edge(struct bp_edge *to, const struct bp_edge *from)
{
	memcpy(&to->cost, &from->cost, COUNTED_SINCE(struct bp_edge, cost));
}

static bool is_same_edge(const struct bp_edge *a, const struct bp_edge *b)
{
	return a->txq == b->txq && a->port_id == b->port_id;
}

/* The functions of a port's chain: the same in the same order as before? Those of before are in change->conf. */
static bool are_same_steps(const struct bp_engine *e, const struct bp_change *change,
			   unsigned port_id)
{
	const struct bp_port_conf *was = &change->conf.ports[port_id];
	const struct bp_port_conf *is = &e->conf->ports[port_id];

	if (was->n_chain != is->n_chain)
		return false;
	for (unsigned i = 0; i < is->n_chain; i++)
		if (change->functions[is->chain[i]] != BP_FATE_KEPT ||
		    change->function_was[is->chain[i]] != was->chain[i])
			return false;
	return true;
}

static struct bp_edge *find_edge(struct bp_chain *chain, const struct bp_edge *like)
{
	for (unsigned i = 0; i < chain->n_edges; i++)
		if (is_same_edge(&chain->edges[i], like))
			return &chain->edges[i];
	return NULL;
}

/* Where the path of before goes on as it was, its counters do. */
static bool hand_over(const struct bp_engine *e, const struct bp_change *change,
		      struct bp_path *from, struct bp_path *to)
{
	if (from->rxq != to->rxq || !from->chain != !to->chain ||
	    !are_same_steps(e, change, from->rxq->port->port_id) ||
	    (!from->chain && !is_same_edge(&from->edge, &to->edge)))
		return false;
	/* One row or several: the counters of the one are not those of the others. */
	if (from->chain && (from->chain->n_edges == 1) != (to->chain->n_edges == 1))
		return false;
	for (unsigned i = 0; from->chain && i < from->chain->n_edges; i++)
		if (!find_edge(to->chain, &from->chain->edges[i]))
			return false;
	memcpy(&to->rx_cost, &from->rx_cost, COUNTED_SINCE(struct bp_path, rx_cost));
	if (!from->chain) {
		hand_over_edge(&to->edge, &from->edge);
		return true;
	}
	for (unsigned i = 0; i < from->chain->n_edges; i++)
		hand_over_edge(find_edge(to->chain, &from->chain->edges[i]),
			       &from->chain->edges[i]);
	for (unsigned i = 0; i < from->chain->n_steps; i++)
		memcpy(&to->chain->steps[i].n_pkts, &from->chain->steps[i].n_pkts,
		       COUNTED_SINCE(struct bp_step, n_pkts));
	return true;
}

/* What the function that was functions[function_id] has done before: its own, or of one that is taken out. */
static struct bp_function_past *find_past(struct bp_engine *e, const struct bp_change *change,
					  unsigned function_id)
{
	for (unsigned i = 0; i < e->conf->n_functions; i++)
		if (change->function_was[i] == (int)function_id)
			return &e->functions[i].past;
	return bp_past_function(e, &change->conf.functions[function_id]);
}

/* What functions did on a path that is no more stays with them. */
static void keep_steps(struct bp_engine *e, const struct bp_change *change, struct bp_path *path)
{
	const struct bp_port_conf *was = &change->conf.ports[path->rxq->port->port_id];

	for (unsigned i = 0; path->chain && i < path->chain->n_steps; i++) {
		struct bp_step *s = &path->chain->steps[i];
		struct bp_function_past *past = find_past(e, change, was->chain[i]);

		for (unsigned k = 0; k < BP_FN_REASONS_MAX; k++)
			past->drops[k] += atomic_load_explicit(&s->drops[k], memory_order_relaxed);
		past->n_pkts += atomic_load_explicit(&s->n_pkts, memory_order_relaxed);
		past->busy_ns += bp_clock_cycles_to_ns(
			atomic_load_explicit(&s->busy_cycles, memory_order_relaxed));
	}
	if (!path->chain && was->n_chain)
		find_past(e, change, was->chain[0])->n_pkts +=
			bp_counter(&path->rxq->counters, BP_CNT_PKTS) - path->rx_pkts;
}

uint64_t bp_path_call_cycles(struct bp_path *path)
{
	struct bp_edge *edges;
	unsigned n_edges = edges_of(path, &edges);
	uint64_t cycles = atomic_load_explicit(&path->rx_cost.call_cycles, memory_order_relaxed);

	for (unsigned i = 0; i < n_edges; i++)
		cycles += atomic_load_explicit(&edges[i].cost.call_cycles, memory_order_relaxed);
	return cycles;
}

/* What a worker did on a path that is no more stays with it. */
static void keep_worker(struct bp_worker *w, struct bp_path *path)
{
	struct bp_edge *edges;
	unsigned n_edges = edges_of(path, &edges);

	w->past_call_cycles += bp_path_call_cycles(path);
	w->past_pkts += bp_counter(&path->rxq->counters, BP_CNT_PKTS) - path->rx_pkts;
	w->past_busy_cycles += atomic_load_explicit(&path->busy_cycles, memory_order_relaxed);
	for (unsigned i = 0; i < n_edges; i++)
		w->past_busy_cycles +=
			atomic_load_explicit(&edges[i].reap_cycles, memory_order_relaxed);
}

void bp_paths_hand_over(struct bp_engine *e, struct bp_paths *before, struct bp_worker *w,
			const struct bp_change *change)
{
	for (unsigned i = 0; i < before->n_paths; i++) {
		struct bp_path *from = &before->paths[i];
		bool goes_on = false;

		for (unsigned k = 0; k < w->n_paths && !goes_on; k++)
			goes_on = hand_over(e, change, from, &w->paths[k]);
		if (goes_on)
			continue;
		keep_steps(e, change, from);
		keep_worker(w, from);
		bp_snapshot_former(e, from, w->worker_id, &change->conf);
	}
}

/* ---- what they need -------------------------------------------------------------------------- */

static void free_offload(void *offload)
{
	bp_offload_destroy(offload);
}

/* Decide what packets need between two ports as they are now; the edge's worker may run. */
static int bind_offload(struct bp_engine *e, struct bp_port *in, struct bp_edge *edge)
{
	struct bp_port *out = edge->txq->port;
	const struct bp_port_info *behind = &e->env.ports[edge->port_id]->info;
	struct bp_port_info info = out->info;
	struct bp_offload *offload;
	int err;

	/* A hop's own link has no MTU: what is cut on the way to it is cut for the port behind. */
	info.mtu = behind->mtu;
	info.max_frame_bytes = behind->max_frame_bytes;
	err = bp_offload_create(bp_port_frames(out), &edge->txq->counters, edge->txq->worker_id,
				in->conf, &in->info, &info, &offload);

	if (err)
		return err;
	bp_offload_set_queue(offload, edge->txq);
	/* Release: the worker finds it filled in. */
	offload = atomic_exchange_explicit(&edge->offload, offload, memory_order_acq_rel);
	if (offload)
		bp_retire(e, offload, free_offload);
	return 0;
}

int bp_paths_bind_offloads(struct bp_engine *e, const struct bp_port *port)
{
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		for (unsigned j = 0; j < e->workers[i].n_paths; j++) {
			struct bp_port *in = e->workers[i].paths[j].rxq->port;
			struct bp_edge *edges;
			unsigned n_edges = edges_of(&e->workers[i].paths[j], &edges);

			for (unsigned k = 0; k < n_edges; k++) {
				int err = 0;

				if (!port || in == port || edges[k].txq->port == port)
					err = bind_offload(e, in, &edges[k]);
				if (err)
					return err;
			}
		}
	return 0;
}

static bool has_link(struct bp_port *port)
{
	return port->is_started && !port->is_set_down &&
	       atomic_load_explicit(&port->link, memory_order_relaxed) == BP_LINK_UP;
}

static bool is_captured(struct bp_port *port)
{
	return atomic_load_explicit(&port->capture_kinds, memory_order_relaxed) != 0;
}

/* The edge by which all packets leave, unless functions pick; NULL: they do. */
static struct bp_edge *last_edge(struct bp_path *path)
{
	return path->chain ? path->chain->last : &path->edge;
}

/* A chain is the workers' to run; or of a driver that carries the path and does what the functions say, or its ports would
 * not have been found right. */
static bool may_be_direct(struct bp_path *path)
{
	return !path->chain ||
	       (bp_facts_find(path->rxq->port->conf->driver)->flags & BP_FACT_CARRIES &&
		path->chain->last);
}

/* A driver moves packets between two of its queues by itself, where the path asks for no more. */
static bp_direct_fn choose_direct(struct bp_path *path)
{
	struct bp_edge *edge = last_edge(path);
	struct bp_port *in = path->rxq->port, *out = edge->txq->port;
	bp_direct_fn direct;
	const struct bp_offload *offload =
		atomic_load_explicit(&edge->offload, memory_order_relaxed);

	/* Who captures wants views. */
	if (is_captured(in) || is_captured(out))
		return NULL;
	if (in->driver != out->driver || !in->driver->ops->direct || !has_link(in) ||
	    !has_link(out) || (offload && !bp_offload_is_guard(offload)))
		return NULL;
	direct = in->driver->ops->direct(path->rxq, edge->txq, path->edit);
	/* Who traces wants to see them. */
	return direct == bp_carried || !atomic_load_explicit(&path->trace, memory_order_relaxed)
		       ? direct
		       : NULL;
}

void bp_paths_bind_directs(struct bp_engine *e, const struct bp_port *port)
{
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		for (unsigned j = 0; j < e->workers[i].n_paths; j++) {
			struct bp_path *path = &e->workers[i].paths[j];

			if (!may_be_direct(path) ||
			    (port && path->rxq->port != port && last_edge(path)->txq->port != port))
				continue;
			/* Release: both ports' queues, as start() left them. */
			atomic_store_explicit(&path->direct, choose_direct(path),
					      memory_order_release);
		}
}
