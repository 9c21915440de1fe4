/* What ports, paths and functions that reloads have ended have counted: it stays with their names, so that no counter falls. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/internal.h"

#include "bypath/driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* By in-port; of each, by out-port, none (an intake) last; of each two: paths and intakes, edges. */
#define N_OUTS      (BP_PORTS_MAX + 1)
#define N_PAST_ROWS (BP_PORTS_MAX * N_OUTS * 2u)

static struct bp_report_path *rows_of(const struct bp_engine *e, unsigned in, unsigned out)
{
	return &e->past_paths[2 * (in * N_OUTS + out)];
}

/* Memory that nobody has written to takes none: of these two little is. */
int bp_past_reserve(struct bp_engine *e, const struct bp_change *change)
{
	if (!e->past_paths)
		e->past_paths = calloc(N_PAST_ROWS, sizeof(*e->past_paths));
	if (!e->ended)
		e->ended = calloc(1, sizeof(*e->ended));
	if (!e->past_paths || !e->ended)
		return -ENOMEM;
	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		bool is_new =
			change->ports[i] == BP_FATE_ADDED || change->ports[i] == BP_FATE_REPLACED;

		if (!is_new || !e->env.ports[i] || e->past[i])
			continue;
		e->past[i] = calloc(1, sizeof(*e->past[i]));
		if (!e->past[i])
			return -ENOMEM;
	}
	return 0;
}

void bp_past_free(struct bp_engine *e)
{
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		free(e->past[i]);
	free(e->past_paths);
	free(e->ended);
}

/* ---- queues ---------------------------------------------------------------------------------- */

static void add_counters(uint64_t sum[BP_CNT_N], const struct bp_counters *counters)
{
	for (unsigned id = 0; id < BP_CNT_N; id++)
		sum[id] += bp_counter(counters, (enum bp_cnt)id);
}

static void add_values(uint64_t sum[BP_CNT_N], const uint64_t v[BP_CNT_N])
{
	for (unsigned id = 0; id < BP_CNT_N; id++)
		sum[id] += v[id];
}

/* The account of a port's queues: of each its own, or (to NULL) of all of them one. */
static void add_port(struct bp_engine *e, struct bp_past_port *to, const struct bp_port *port)
{
	for (unsigned q = 0; q < port->n_rxq; q++)
		add_counters(to ? to->rx[q] : e->past_others.rx, &port->rxq[q].counters);
	for (unsigned q = 0; q < port->n_txq; q++)
		add_counters(to ? to->tx[q] : e->past_others.tx, &port->txq[q].counters);
	if (to)
		to->n_losses += atomic_load_explicit(&port->n_losses, memory_order_relaxed);
}

/* The place is another name's from now on, which begins at 0. */
static void forget_place(struct bp_engine *e, unsigned place)
{
	struct bp_past_port *past = e->past[place];

	for (unsigned q = 0; past && q < BP_QUEUES_MAX; q++) {
		add_values(e->past_others.rx, past->rx[q]);
		add_values(e->past_others.tx, past->tx[q]);
	}
	if (past)
		memset(past, 0, sizeof(*past));
	e->past_reported[place].n = 0;
	memset(rows_of(e, place, 0), 0, 2 * N_OUTS * sizeof(*e->past_paths));
	for (unsigned in = 0; in < BP_PORTS_MAX; in++)
		memset(rows_of(e, in, place), 0, 2 * sizeof(*e->past_paths));
}

void bp_past_add(struct bp_engine *e, const struct bp_port *port, bool keeps_name)
{
	if (!keeps_name)
		forget_place(e, port->port_id);
	add_port(e, keeps_name ? e->past[port->port_id] : NULL, port);
}

/* Of these a reload has put others in their place; they are their own still. */
static bool is_leaving_from(const struct bp_leaving *l, unsigned place)
{
	return l->port->port_id == place && !l->stays;
}

void bp_past_read(const struct bp_engine *e, unsigned place, enum bp_side side, unsigned queue_id,
		  uint64_t sum[BP_CNT_N])
{
	const struct bp_past_port *past = e->past[place];

	if (past)
		add_values(sum, side == BP_SIDE_RX ? past->rx[queue_id] : past->tx[queue_id]);
	for (const struct bp_leaving *l = e->leaving; l; l = l->next) {
		if (!is_leaving_from(l, place))
			continue;
		if (side == BP_SIDE_RX && queue_id < l->port->n_rxq)
			add_counters(sum, &l->port->rxq[queue_id].counters);
		if (side == BP_SIDE_TX && queue_id < l->port->n_txq)
			add_counters(sum, &l->port->txq[queue_id].counters);
	}
}

bool bp_past_has(const struct bp_engine *e, unsigned place)
{
	const struct bp_leaving *l = e->leaving;

	while (l && !is_leaving_from(l, place))
		l = l->next;
	return l || e->past[place];
}

uint32_t bp_past_losses(const struct bp_engine *e, unsigned place)
{
	uint32_t n = e->past[place] ? e->past[place]->n_losses : 0;

	for (const struct bp_leaving *l = e->leaving; l; l = l->next)
		if (is_leaving_from(l, place))
			n += atomic_load_explicit(&l->port->n_losses, memory_order_relaxed);
	return n;
}

/* ---- what devices report --------------------------------------------------------------------- */

void bp_reported_add(struct bp_reported_set *sum, const struct bp_reported_set *set)
{
	for (unsigned i = 0; i < set->n; i++) {
		unsigned k = 0;

		while (k < sum->n && sum->v[k].row != set->v[i].row)
			k++;
		if (k == BP_REPORTED_MAX)
			return;
		if (k == sum->n)
			sum->v[sum->n++] = (struct bp_reported){ .row = set->v[i].row };
		sum->v[k].value += set->v[i].value;
	}
}

static void add_report(struct bp_reported_set *sum, struct bp_leaving *l)
{
	bp_snapshot_reported(l->port->driver, l->port, &l->reported);
	bp_reported_add(sum, &l->reported);
}

void bp_past_report(struct bp_engine *e, struct bp_leaving *l)
{
	add_report(&e->past_reported[l->port->port_id], l);
}

void bp_past_reported(const struct bp_engine *e, unsigned place, struct bp_reported_set *sum)
{
	bp_reported_add(sum, &e->past_reported[place]);
	for (struct bp_leaving *l = e->leaving; l; l = l->next)
		if (is_leaving_from(l, place) && l->port->is_started)
			add_report(sum, l);
}

/* ---- paths ----------------------------------------------------------------------------------- */

void bp_past_add_path(struct bp_engine *e, const struct bp_report_path *row)
{
	unsigned out = row->part == BP_PATH_INTAKE ? BP_PORTS_MAX : row->out_port;
	struct bp_report_path *sum = rows_of(e, row->in_port, out) + (row->part == BP_PATH_EDGE);

	/* One that is not there has worker 0. */
	if (sum->worker_id != BP_REPORT_NO_WORKER)
		*sum = (struct bp_report_path){ .part = row->part,
						.in_port = row->in_port,
						.out_port = row->out_port,
						.worker_id = BP_REPORT_NO_WORKER,
						.since_s = row->since_s };
	bp_report_add_path(sum, row);
}

void bp_past_read_paths(const struct bp_engine *e, struct bp_report *r)
{
	for (unsigned in = 0; e->past_paths && in < r->n_ports; in++)
		for (unsigned i = 0; i < 2 * N_OUTS; i++)
			if (rows_of(e, in, 0)[i].worker_id == BP_REPORT_NO_WORKER)
				r->paths[r->n_paths++] = rows_of(e, in, 0)[i];
}
static_assert(N_PAST_ROWS <= BP_PATHS_MAX, "all rows of the past have room");

/* ---- functions ------------------------------------------------------------------------------- */

void bp_past_add_function(struct bp_function_past *sum, const struct bp_function_past *past)
{
	sum->n_pkts += past->n_pkts;
	sum->busy_ns += past->busy_ns;
	for (unsigned k = 0; k < BP_FN_REASONS_MAX; k++)
		sum->drops[k] += past->drops[k];
}

static uint64_t drops_of(const struct bp_function_past *past)
{
	uint64_t n = 0;

	for (unsigned k = 0; k < BP_FN_REASONS_MAX; k++)
		n += past->drops[k];
	return n;
}

static bool is_of(const struct bp_former_function *former, const struct bp_function_conf *conf)
{
	return !strcmp(former->name, conf->name) && !strcmp(former->type, conf->type);
}

static void forget_former(struct bp_engine *e, unsigned i)
{
	e->n_former_functions--;
	memmove(&e->former_functions[i], &e->former_functions[i + 1],
		(e->n_former_functions - i) * sizeof(e->former_functions[0]));
}

struct bp_function_past *bp_past_function(struct bp_engine *e, const struct bp_function_conf *conf)
{
	struct bp_former_function *former;

	for (unsigned i = 0; i < e->n_former_functions; i++)
		if (is_of(&e->former_functions[i], conf))
			return &e->former_functions[i].past;
	if (e->n_former_functions == BP_FORMER_FUNCTIONS_MAX) {
		e->past_fn_drops += drops_of(&e->former_functions[0].past);
		forget_former(e, 0);
	}
	former = &e->former_functions[e->n_former_functions++];
	*former = (struct bp_former_function){ .past = { .n_pkts = 0 } };
	memcpy(former->name, conf->name, sizeof(former->name));
	memcpy(former->type, conf->type, sizeof(former->type));
	return &former->past;
}

void bp_past_take_function(struct bp_engine *e, const struct bp_function_conf *conf,
			   struct bp_function_past *past)
{
	for (unsigned i = 0; i < e->n_former_functions; i++) {
		if (!is_of(&e->former_functions[i], conf))
			continue;
		bp_past_add_function(past, &e->former_functions[i].past);
		forget_former(e, i);
		return;
	}
}

uint64_t bp_past_fn_drops(const struct bp_engine *e)
{
	uint64_t n = e->past_fn_drops;

	for (unsigned i = 0; i < e->n_former_functions; i++)
		n += drops_of(&e->former_functions[i].past);
	return n;
}
