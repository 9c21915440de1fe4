/* Snapshots: the engine's counters as the plain values of a report. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/chain.h"
#include "engine/engine.h"
#include "engine/internal.h"

#include "bypath/driver.h"

#include "core/arena.h"
#include "core/clock.h"
#include "core/frames.h"
#include "core/numa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A driver may tell less when the ports beside it are others: what it told before stays. */
static void keep_reported(struct bp_reported_set *set, const struct bp_reported *was)
{
	unsigned k = 0;

	while (k < set->n && set->v[k].row != was->row)
		k++;
	if (k == set->n && k < BP_REPORTED_MAX)
		set->v[set->n++] = *was;
}

void bp_snapshot_reported(const struct bp_driver *driver, struct bp_port *port,
			  struct bp_reported_set *set)
{
	struct bp_reported_set was = *set;

	if (!driver->ops->stats)
		return;
	set->n = driver->ops->stats(port, set->v, BP_REPORTED_MAX);
	for (unsigned i = 0; i < was.n; i++)
		keep_reported(set, &was.v[i]);
}

static void read_counters(const struct bp_counters *c, uint64_t v[BP_CNT_N])
{
	for (unsigned id = 0; id < BP_CNT_N; id++)
		v[id] = bp_counter(c, (enum bp_cnt)id);
}

static bool has_counted(const uint64_t v[BP_CNT_N])
{
	for (unsigned id = 0; id < BP_CNT_N; id++)
		if (v[id])
			return true;
	return false;
}

/* What queues of this number have counted that the port had before is this one's. One that is gone has a row if it counted. */
static void add_past_queue(const struct bp_engine *e, unsigned i, enum bp_side side, unsigned q,
			   struct bp_report_queue *queues, uint16_t *n)
{
	uint64_t v[BP_CNT_N] = { 0 };

	bp_past_read(e, i, side, q, v);
	if (!has_counted(v))
		return;
	for (; *n <= q; ++*n)
		queues[*n] = (struct bp_report_queue){ .queue_id = *n,
						       .worker_id = BP_REPORT_NO_WORKER };
	for (unsigned id = 0; id < BP_CNT_N; id++)
		queues[q].v[id] += v[id];
}

/* Nothing is ever reset. */
static void add_past(const struct bp_engine *e, unsigned i, struct bp_report_port *out)
{
	if (!bp_past_has(e, i))
		return;
	for (unsigned q = 0; q < BP_QUEUES_MAX; q++) {
		add_past_queue(e, i, BP_SIDE_RX, q, out->rxq, &out->n_rxq);
		add_past_queue(e, i, BP_SIDE_TX, q, out->txq, &out->n_txq);
	}
	out->n_losses += bp_past_losses(e, i);
}

static void read_port(struct bp_engine *e, unsigned i, struct bp_report_port *out)
{
	struct bp_port *port = e->env.ports[i];
	struct bp_reported_set reported;

	/* First: a driver that carries paths by itself counts then. */
	if (port->is_started)
		bp_snapshot_reported(port->driver, port, &e->reported[i]);
	reported = e->reported[i];
	bp_past_reported(e, i, &reported);
	out->conf = &e->conf->ports[i];
	out->is_removed = out->conf->is_removed;
	out->info = port->info;
	out->link = (enum bp_link)atomic_load_explicit(&port->link, memory_order_relaxed);
	out->set_down_by = port->is_set_down ? port->set_by : NULL;
	out->held_for = e->follows[i].carry.is_held ? e->follows[i].partner : BP_NO_PORT;
	out->n_losses = atomic_load_explicit(&port->n_losses, memory_order_relaxed);
	out->numa_node = port->numa_node;
	out->n_rxq = port->n_rxq;
	out->n_txq = port->n_txq;
	for (unsigned q = 0; q < port->n_rxq; q++) {
		out->rxq[q].queue_id = (uint16_t)q;
		out->rxq[q].worker_id = port->rxq[q].worker_id;
		read_counters(&port->rxq[q].counters, out->rxq[q].v);
	}
	for (unsigned q = 0; q < port->n_txq; q++) {
		out->txq[q].queue_id = (uint16_t)q;
		out->txq[q].worker_id = port->txq[q].worker_id;
		out->txq[q].n_held =
			atomic_load_explicit(&port->txq[q].n_held, memory_order_relaxed);
		read_counters(&port->txq[q].counters, out->txq[q].v);
	}
	add_past(e, i, out);
	out->n_reported = reported.n;
	memcpy(out->reported, reported.v, sizeof(out->reported));
}

/* The report's row for a path of this worker: queues of one port pair add up. NULL: no room for another. */
static struct bp_report_path *find_path(struct bp_report *r, enum bp_path_part part,
					const struct bp_path *path, uint16_t out,
					uint16_t worker_id)
{
	uint16_t in = path->rxq->port->port_id;
	struct bp_report_path *row;

	for (unsigned i = r->n_paths; i-- > 0;) {
		row = &r->paths[i];
		if (row->worker_id != worker_id)
			break; /* of a worker before: this one's rows are the last */
		if (row->in_port == in && row->out_port == out)
			return row;
	}
	if (r->n_paths == BP_PATHS_MAX) {
		r->n_paths_cut++;
		return NULL;
	}
	row = &r->paths[r->n_paths++];
	*row = (struct bp_report_path){ .part = part,
					.in_port = in,
					.out_port = out,
					.worker_id = worker_id,
					.since_s = path->begin_s };
	return row;
}

static uint64_t read_cell(_Atomic uint64_t *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

/* Returns the time in calls. */
static double add_cost(struct bp_report_path *row, struct bp_cost *cost)
{
	row->n_copies += read_cell(&cost->copies);
	row->n_copy_bytes += read_cell(&cost->copy_bytes);
	row->n_calls += read_cell(&cost->calls);
	return bp_clock_cycles_to_ns(read_cell(&cost->call_cycles));
}

static bool is_carried(struct bp_path *path)
{
	return read_cell(&path->rxq->n_carried) != path->rx_carried ||
	       atomic_load_explicit(&path->direct, memory_order_relaxed) == bp_carried;
}

/* Has the worker nothing to do with packets? Whether it was on its core matters to none, then. */
static bool is_idle_by_design(struct bp_worker *w)
{
	for (unsigned i = 0; i < w->n_paths; i++)
		if (!is_carried(&w->paths[i]))
			return false;
	return true;
}

static void add_received(struct bp_report_path *row, struct bp_path *path)
{
	/* First what is counted last: no burst is told of whose packets are not. */
	for (unsigned i = 0; i < BP_BURST_CLASSES; i++)
		row->hist_bursts[i] += read_cell(&path->hist_bursts[i]);
	row->n_pkts += bp_counter(&path->rxq->counters, BP_CNT_PKTS) - path->rx_pkts;
	row->n_bytes += bp_counter(&path->rxq->counters, BP_CNT_BYTES) - path->rx_bytes;
	row->n_bursts += bp_counter(&path->rxq->counters, BP_CNT_BURSTS) - path->rx_bursts;
	row->hist_copies[0] += read_cell(&path->rxq->n_carried) - path->rx_carried;
	row->is_carried |= is_carried(path);
}

static void add_sent(struct bp_report_path *row, struct bp_edge *edge, double on_share)
{
	for (unsigned i = 0; i <= BP_COPIES_MAX; i++)
		row->hist_copies[i] += read_cell(&edge->hist_copies[i]);
	row->call_ns += on_share * add_cost(row, &edge->cost);
}

/* The chain's steps: added to the functions' rows, drops to the path's as well. */
static void read_steps(struct bp_report *r, struct bp_report_path *row, struct bp_path *path,
		       double on_share)
{
	for (unsigned i = 0; i < path->chain->n_steps; i++) {
		struct bp_step *s = &path->chain->steps[i];
		struct bp_report_function *f = &r->functions[path->rxq->port->conf->chain[i]];

		f->n_pkts += read_cell(&s->n_pkts);
		f->is_disturbed |= read_cell(&s->n_pkts) && on_share < 1 - BP_OFF_LIMIT;
		f->busy_ns += on_share * bp_clock_cycles_to_ns(read_cell(&s->busy_cycles));
		for (unsigned k = 0; k < BP_FN_REASONS_MAX; k++) {
			f->drops[k] += read_cell(&s->drops[k]);
			if (row)
				row->n_fn_drops += read_cell(&s->drops[k]);
		}
	}
}

static double gauge_ns(_Atomic uint64_t *cycles)
{
	return bp_clock_cycles_to_ns(read_cell(cycles));
}

/* Returns how long sending took. */
static double read_edge(struct bp_report *r, struct bp_path *path, struct bp_edge *edge,
			uint16_t worker_id, double on_share)
{
	double busy_ns = on_share * gauge_ns(&edge->busy_cycles);
	struct bp_report_path *row;

	/* Of copies it may have had none but those that were not made. */
	if (!read_cell(&edge->n_pkts) && !read_cell(&edge->n_replicas) &&
	    !read_cell(&edge->reap_cycles))
		return 0;
	row = find_path(r, BP_PATH_EDGE, path, edge->txq->port->port_id, worker_id);
	if (!row)
		return busy_ns;
	row->n_pkts += read_cell(&edge->n_pkts);
	row->n_bytes += read_cell(&edge->n_bytes);
	row->n_replicas += read_cell(&edge->n_replicas);
	row->n_out_drops += read_cell(&edge->n_drops);
	row->has_out_drops = true;
	row->busy_ns += busy_ns + on_share * gauge_ns(&edge->reap_cycles);
	add_sent(row, edge, on_share);
	return busy_ns;
}

/* A path whose packets all go by one edge is one row; of others receiving is one, each edge another. */
static void read_chain(struct bp_report *r, struct bp_path *path, uint16_t worker_id,
		       double busy_ns, double on_share)
{
	struct bp_chain *chain = path->chain;
	bool is_whole = chain->n_edges == 1;
	struct bp_report_path *row = find_path(
		r, is_whole ? BP_PATH_WHOLE : BP_PATH_INTAKE, path,
		is_whole ? chain->edges[0].txq->port->port_id : BP_PATH_NO_OUT, worker_id);

	read_steps(r, row, path, on_share);
	for (unsigned i = 0; i < chain->n_edges && !is_whole; i++)
		busy_ns -= read_edge(r, path, &chain->edges[i], worker_id, on_share);
	if (!row)
		return;
	add_received(row, path);
	row->has_out_drops = !is_carried(path); /* the driver tells of them by the port */
	if (is_whole) {
		row->n_out_drops += read_cell(&chain->edges[0].n_drops);
		add_sent(row, &chain->edges[0], on_share);
		row->busy_ns += on_share * gauge_ns(&chain->edges[0].reap_cycles);
	}
	row->busy_ns += busy_ns > 0 ? busy_ns : 0;
	row->call_ns += on_share * add_cost(row, &path->rx_cost);
}

/* on_share: of its time, how much the worker was on its core. Spread evenly: it is not known in which
 * rounds it was not, nor how often it was late to wake up. */
static double read_path(struct bp_report *r, struct bp_path *path, uint16_t worker_id,
			double on_share)
{
	double busy_ns = on_share * gauge_ns(&path->busy_cycles);
	const struct bp_port_conf *in = path->rxq->port->conf;
	struct bp_report_path *row;

	if (path->chain) {
		read_chain(r, path, worker_id, busy_ns, on_share);
		for (unsigned i = 0; i < path->chain->n_edges; i++)
			busy_ns += on_share * gauge_ns(&path->chain->edges[i].reap_cycles);
		return busy_ns;
	}
	busy_ns += on_share * gauge_ns(&path->edge.reap_cycles);
	row = find_path(r, BP_PATH_WHOLE, path, path->edge.txq->port->port_id, worker_id);
	if (!row)
		return busy_ns;
	add_received(row, path);
	add_sent(row, &path->edge, on_share);
	row->busy_ns += busy_ns;
	row->call_ns += on_share * add_cost(row, &path->rx_cost);
	if (in->n_chain)
		r->functions[in->chain[0]].n_pkts +=
			bp_counter(&path->rxq->counters, BP_CNT_PKTS) - path->rx_pkts;
	return busy_ns;
}

/* How long it was off its core since it began, and why. */
static void read_off(struct bp_worker *w, struct bp_report_worker *out)
{
	/* Acquire: off_begin, off_end. */
	unsigned state = atomic_load_explicit(&w->thread.state, memory_order_acquire);
	struct bp_off_at now;
	struct bp_off off;

	if (state == BP_THREAD_ENDED)
		now = w->thread.off_end;
	else
		bp_off_read(&bp_off_places, &w->thread.off, &now);
	bp_off_between(&w->thread.off_begin, &now, 0, &off);
	bp_off_add(&off, &w->off_before);
	out->n_gaps = atomic_load_explicit(&w->n_gaps, memory_order_relaxed);
	out->gap_ns = off.gap_ns = gauge_ns(&w->gap_cycles);
	out->gap_max_ns = gauge_ns(&w->gap_max_cycles);
	out->off_waiting_ns = off.waiting_ns;
	out->off_stolen_ns = off.stolen_ns;
	out->off_throttled_ns = off.throttled_ns;
	out->is_off_known = off.is_waiting_known;
	out->off_share = bp_off_share(&off);
	out->off_ns = out->off_share * off.elapsed_ns;
	out->off_cause = bp_off_name(bp_off_cause(&off));
	out->off_text = bp_off_text(bp_off_cause(&off));
}

static void read_worker(struct bp_worker *w, uint64_t now_ns, struct bp_report *r)
{
	struct bp_report_worker *out = &r->workers[r->n_workers++];
	double elapsed_ns = bp_worker_lived_ns(w, now_ns), round_ns, on_share;

	*out = (struct bp_report_worker){
		.worker_id = w->worker_id,
		.core = w->thread.core,
		.numa_node = w->numa_node,
		.tid = atomic_load_explicit(&w->thread.tid, memory_order_relaxed),
		.n_past_pkts = w->past_pkts,
		.n_loops = atomic_load_explicit(&w->n_loops, memory_order_relaxed),
		.n_waits = atomic_load_explicit(&w->idle.n_waits, memory_order_relaxed),
		.wait_ns = bp_clock_cycles_to_ns(
			atomic_load_explicit(&w->idle.wait_cycles, memory_order_relaxed)),
		.idle_by_fd = atomic_load_explicit(&w->idle.is_by_fd, memory_order_relaxed),
	};
	if (!is_idle_by_design(w))
		read_off(w, out);
	on_share = elapsed_ns > out->off_ns ? 1 - out->off_ns / elapsed_ns : 0;
	round_ns = elapsed_ns > out->wait_ns ? (elapsed_ns - out->wait_ns) * on_share : 0;
	out->wait_ns *= on_share;
	out->busy_ns = on_share * bp_clock_cycles_to_ns(w->past_busy_cycles);
	out->call_ns = on_share * bp_clock_cycles_to_ns(w->past_call_cycles);
	for (unsigned i = 0; i < w->n_paths; i++) {
		out->busy_ns += read_path(r, &w->paths[i], w->worker_id, on_share);
		out->call_ns += on_share * bp_clock_cycles_to_ns(bp_path_call_cycles(&w->paths[i]));
	}
	out->idle_ns = round_ns - out->busy_ns;
	if (out->idle_ns < 0)
		out->idle_ns = 0;
}

/* received + made = sent + dropped + held: what RX itself dropped was received, too. */
static void conserve_rx(struct bp_conserved *sum, const uint64_t v[BP_CNT_N])
{
	sum->received += v[BP_CNT_PKTS] + bp_report_drops(v) - v[BP_DROP_SET_DOWN];
	sum->dropped += bp_report_drops(v);
	sum->made += v[BP_CNT_GSO_SEGS] - v[BP_CNT_GSO_PKTS];
}

static void conserve_tx(struct bp_conserved *sum, const uint64_t v[BP_CNT_N], uint64_t n_held)
{
	sum->sent += v[BP_CNT_PKTS] - v[BP_CNT_LOST_AFTER] - n_held;
	sum->held += n_held;
	sum->dropped += bp_report_drops(v);
	sum->made += v[BP_CNT_GSO_SEGS] - v[BP_CNT_GSO_PKTS] + v[BP_CNT_REPLICAS];
}

/* Of ports and functions whose places others have. */
static void conserve_past(const struct bp_engine *e, struct bp_conserved *sum)
{
	conserve_rx(sum, e->past_others.rx);
	conserve_tx(sum, e->past_others.tx, 0);
	sum->dropped += bp_past_fn_drops(e);
	/* What a port that is being removed holds is not in the row of its name. */
	for (const struct bp_leaving *l = e->leaving; l; l = l->next)
		for (unsigned q = 0; !l->stays && q < l->port->n_txq; q++) {
			uint64_t n_held =
				atomic_load_explicit(&l->port->txq[q].n_held, memory_order_relaxed);

			sum->held += n_held;
			sum->sent -= n_held;
		}
}

static void apply_conservation_law(const struct bp_engine *e, struct bp_report *r)
{
	struct bp_conserved sum = { 0 };

	conserve_past(e, &sum);
	for (unsigned i = 0; i < r->n_ports; i++) {
		const struct bp_report_port *port = &r->ports[i];

		for (unsigned q = 0; q < port->n_rxq; q++)
			conserve_rx(&sum, port->rxq[q].v);
		for (unsigned q = 0; q < port->n_txq; q++)
			conserve_tx(&sum, port->txq[q].v, port->txq[q].n_held);
	}
	for (unsigned i = 0; i < r->n_functions; i++)
		for (unsigned k = 0; k < BP_FN_REASONS_MAX; k++)
			sum.dropped += r->functions[i].drops[k];
	r->received = sum.received;
	r->made = sum.made;
	r->sent = sum.sent;
	r->dropped = sum.dropped;
	r->held = sum.held;
	r->unaccounted = (int64_t)(sum.received + sum.made - sum.sent - sum.dropped - sum.held);
}

/* ---- the same of the counters themselves, for those who want nothing else ---------------------- */

static void conserve_port(const struct bp_engine *e, unsigned i, struct bp_conserved *sum)
{
	const struct bp_port *port = e->env.ports[i];
	uint64_t v[BP_CNT_N];

	for (unsigned q = 0; q < BP_QUEUES_MAX && bp_past_has(e, i); q++) {
		uint64_t rx[BP_CNT_N] = { 0 }, tx[BP_CNT_N] = { 0 };

		bp_past_read(e, i, BP_SIDE_RX, q, rx);
		bp_past_read(e, i, BP_SIDE_TX, q, tx);
		conserve_rx(sum, rx);
		conserve_tx(sum, tx, 0);
	}
	for (unsigned q = 0; q < port->n_rxq; q++) {
		read_counters(&port->rxq[q].counters, v);
		conserve_rx(sum, v);
	}
	for (unsigned q = 0; q < port->n_txq; q++) {
		read_counters(&port->txq[q].counters, v);
		conserve_tx(sum, v,
			    atomic_load_explicit(&port->txq[q].n_held, memory_order_relaxed));
	}
}

static uint64_t worker_fn_drops(const struct bp_worker *w)
{
	uint64_t n = 0;

	for (unsigned i = w->n_plain; i < w->n_paths; i++)
		for (unsigned k = 0; k < w->paths[i].chain->n_steps; k++)
			for (unsigned d = 0; d < BP_FN_REASONS_MAX; d++)
				n += read_cell(&w->paths[i].chain->steps[k].drops[d]);
	return n;
}

void bp_snapshot_conserved(const struct bp_engine *e, struct bp_conserved *sum)
{
	conserve_past(e, sum);
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		conserve_port(e, i, sum);
	for (unsigned i = 0; i < e->conf->n_functions; i++)
		for (unsigned d = 0; d < BP_FN_REASONS_MAX; d++)
			sum->dropped += e->functions[i].past.drops[d];
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		sum->dropped += worker_fn_drops(&e->workers[i]);
}

/* ---- paths that a reload ended ---------------------------------------------------------------- */

static struct bp_report_former *add_former(struct bp_engine *e)
{
	if (e->n_former == BP_FORMER_MAX) {
		memmove(&e->former[0], &e->former[1], (BP_FORMER_MAX - 1) * sizeof(e->former[0]));
		e->n_former--;
		e->n_former_cut++;
	}
	return &e->former[e->n_former++];
}

static void name_end(const struct bp_port *port, const struct bp_conf *before,
		     char name[BP_NAME_BYTES], char driver[BP_NAME_BYTES], char mode[BP_NAME_BYTES])
{
	memcpy(name, before->ports[port->port_id].name, BP_NAME_BYTES);
	memcpy(driver, before->ports[port->port_id].driver, BP_NAME_BYTES);
	memcpy(mode, port->info.mode, BP_NAME_BYTES);
}

/* The out-port of a row, which the path has an edge to. */
static const struct bp_port *find_out(const struct bp_path *path, uint16_t port_id)
{
	if (!path->chain)
		return path->edge.txq->port;
	for (unsigned i = 0; i < path->chain->n_edges; i++)
		if (path->chain->edges[i].txq->port->port_id == port_id)
			return path->chain->edges[i].txq->port;
	return NULL;
}

void bp_snapshot_former(struct bp_engine *e, struct bp_path *path, uint16_t worker_id,
			const struct bp_conf *before)
{
	struct bp_report *r = e->ended;

	r->n_paths = 0;
	(void)read_path(r, path, worker_id, 1);
	for (unsigned i = 0; i < r->n_paths; i++) {
		const struct bp_port *out = find_out(path, r->paths[i].out_port);
		struct bp_report_former *former;

		bp_past_add_path(e, &r->paths[i]);
		if (!r->paths[i].n_pkts)
			continue;
		former = add_former(e);
		memset(former, 0, sizeof(*former));
		former->path = r->paths[i];
		former->from_s = path->begin_s;
		former->until_s = (double)(bp_clock_ns() - e->start_ns) / 1e9;
		name_end(path->rxq->port, before, former->in, former->in_driver, former->in_mode);
		if (out)
			name_end(out, before, former->out, former->out_driver, former->out_mode);
	}
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void read_functions(struct bp_engine *e, struct bp_report *r)
{
	r->n_functions = e->conf->n_functions;
	for (unsigned i = 0; i < r->n_functions; i++) {
		struct bp_engine_function *f = &e->functions[i];

		r->functions[i] = (struct bp_report_function){ .conf = f->conf,
							       .function = f->function,
							       .n_pkts = f->past.n_pkts,
							       .busy_ns = f->past.busy_ns };
		memcpy(r->functions[i].drops, f->past.drops, sizeof(f->past.drops));
	}
}

void bp_engine_report_states(struct bp_engine *e, struct bp_report *r)
{
	for (unsigned i = 0; i < r->n_functions; i++) {
		struct bp_engine_function *f = &e->functions[i];
		const struct bp_function_ops *ops = f->function->ops;

		if (ops && ops->show && !r->functions[i].doc)
			r->functions[i].doc = ops->show(f->fns[0].state);
	}
}

void bp_engine_report(struct bp_engine *e, struct bp_report *r)
{
	uint64_t now_ns = e->is_stopped ? e->end_ns : bp_clock_ns();

	memset(r, 0, sizeof(*r));
	r->conf = e->conf;
	r->n_numa_nodes = bp_numa_n_nodes();
	r->elapsed_s = (double)(now_ns - e->start_ns) / 1e9;
	r->is_final = e->is_stopped;
	r->drain_ms = (double)e->drain_ns / 1e6;
	r->arena_bytes = e->env.arena->bytes;
	r->arena_page_bytes = e->env.arena->page_bytes;
	r->arena_frames = e->env.arena->n_frames;
	if (e->is_stopped)
		r->arena_frames_free = bp_frames_n_free(e->env.frames);
	r->n_ports = e->conf->n_ports;
	for (unsigned i = 0; i < r->n_ports; i++)
		read_port(e, i, &r->ports[i]);
	read_functions(e, r);
	bp_past_read_paths(e, r);
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		read_worker(&e->workers[i], now_ns, r);
	apply_conservation_law(e, r);
	r->reloads = e->reloads;
	r->n_former = e->n_former;
	r->n_former_cut = e->n_former_cut;
	memcpy(r->former, e->former, sizeof(r->former));
}
