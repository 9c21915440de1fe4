/* Ports that a reload has taken off every path: what they hold goes, then they stop, then they are let go. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/internal.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HELD_MS 500u /* as a drain has */

/* ---- what was counted ------------------------------------------------------------------------ */

static void add_counters(uint64_t sum[BP_CNT_N], const struct bp_counters *counters)
{
	for (unsigned id = 0; id < BP_CNT_N; id++)
		sum[id] += bp_counter(counters, (enum bp_cnt)id);
}

static void add_port(struct bp_past_queues *past, const struct bp_port *port)
{
	for (unsigned q = 0; q < port->n_rxq; q++)
		add_counters(past->rx, &port->rxq[q].counters);
	for (unsigned q = 0; q < port->n_txq; q++)
		add_counters(past->tx, &port->txq[q].counters);
}

static void add_past(struct bp_past_queues *sum, struct bp_past_queues *past)
{
	for (unsigned id = 0; id < BP_CNT_N; id++) {
		sum->rx[id] += past->rx[id];
		sum->tx[id] += past->tx[id];
	}
	memset(past, 0, sizeof(*past));
}

void bp_past_add(struct bp_engine *e, const struct bp_port *port, bool keeps_name)
{
	if (!keeps_name)
		add_past(&e->past_others, &e->past[port->port_id]);
	add_port(keeps_name ? &e->past[port->port_id] : &e->past_others, port);
}

void bp_past_read(const struct bp_engine *e, unsigned port_id, struct bp_past_queues *past)
{
	*past = e->past[port_id];
	for (const struct bp_leaving *l = e->leaving; l; l = l->next)
		if (l->port->port_id == port_id && !l->stays)
			add_port(past, l->port);
}

/* ---- leaving --------------------------------------------------------------------------------- */

static uint32_t count_held(const struct bp_port *port)
{
	uint32_t n = 0;

	for (unsigned q = 0; q < port->n_txq; q++)
		n += atomic_load_explicit(&port->txq[q].n_held, memory_order_relaxed);
	return n;
}

/* Nobody else uses its queues: the control thread is their worker now. */
static void reap(struct bp_port *port)
{
	for (unsigned q = 0; q < port->n_txq; q++)
		if (atomic_load_explicit(&port->txq[q].n_held, memory_order_relaxed))
			bp_tx(&port->txq[q], NULL, 0);
}

/* A queue that takes one packet after another gives them back in that order. */
static bool has_given_back(const struct bp_txq *q, uint64_t n_sent)
{
	uint32_t n_held = atomic_load_explicit(&q->n_held, memory_order_relaxed);

	return !n_held || bp_counter(&q->counters, BP_CNT_PKTS) - n_held >= n_sent;
}

/* Has everything gone on that lay in in-process wires then? */
static bool are_wires_past(const struct bp_engine *e, const struct bp_leaving *l)
{
	uint64_t n_sent = 0, n_received = 0;

	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		const struct bp_port *port = e->env.ports[i];

		if (!(bp_facts_find(port->conf->driver)->flags & BP_FACT_KEEPS_VIEWS))
			continue;
		for (unsigned q = 0; q < port->n_txq; q++)
			n_sent += l->n_sent[i][q];
		for (unsigned q = 0; q < port->n_rxq; q++)
			n_received += bp_counter(&port->rxq[q].counters, BP_CNT_PKTS) +
				      bp_counters_drops(&port->rxq[q].counters);
	}
	return n_received >= n_sent;
}

/* Does no TX queue hold a frame any more that it may have had when the port left? */
bool bp_leaving_is_home(const struct bp_engine *e, const struct bp_leaving *l)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		const struct bp_port *port = e->env.ports[i];

		for (unsigned q = 0; port != l->port && q < port->n_txq; q++)
			if (!has_given_back(&port->txq[q], l->n_sent[i][q]))
				return false;
	}
	for (const struct bp_leaving *other = l->next; other; other = other->next)
		if (other->port->is_started)
			return false;
	return are_wires_past(e, l);
}

void bp_leaving_begin(struct bp_engine *e, struct bp_leaving *l)
{
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		for (unsigned q = 0; e->env.ports[i] && q < e->env.ports[i]->n_txq; q++)
			l->n_sent[i][q] =
				bp_counter(&e->env.ports[i]->txq[q].counters, BP_CNT_PKTS);
}

int bp_leaving_add(struct bp_engine *e, struct bp_port *port, const struct bp_port_conf *conf,
		   bool stays)
{
	struct bp_leaving *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	for (unsigned q = 0; q < port->n_txq; q++)
		port->txq[q].worker_id = (uint16_t)e->env.n_workers;
	for (unsigned q = 0; q < port->n_rxq; q++)
		port->rxq[q].worker_id = (uint16_t)e->env.n_workers;
	*l = (struct bp_leaving){ .next = e->leaving,
				  .port = port,
				  .stays = stays,
				  .conf = *conf,
				  .since_ns = bp_clock_ns() };
	port->conf = &l->conf;
	bp_leaving_begin(e, l);
	e->leaving = l;
	return 0;
}

static void let_go(struct bp_engine *e, struct bp_leaving *l)
{
	bp_port_close(l->port);
	l->port->conf = &e->conf->ports[l->port->port_id];
	if (!l->stays) {
		bp_past_add(e, l->port, true);
		bp_port_destroy(l->port);
	}
	free(l);
}

/* Returns whether the port has left. */
static bool go_on(struct bp_engine *e, struct bp_leaving *l, bool all)
{
	bool is_late = bp_clock_ns() - l->since_ns > HELD_MS * UINT64_C(1000000);

	if (l->port->is_started) {
		reap(l->port);
		if (!all && !is_late && (count_held(l->port) || !bp_leaving_is_home(e, l)))
			return false;
		bp_port_unpublish(l->port);
		if (l->stays)
			bp_snapshot_reported(l->port->driver, l->port,
					     &e->reported[l->port->port_id]);
		bp_port_stop(l->port);
		atomic_store_explicit(&l->port->link, BP_LINK_LOST, memory_order_relaxed);
	}
	if (!all && !bp_leaving_is_home(e, l))
		return false;
	let_go(e, l);
	return true;
}

void bp_leaving_tick(struct bp_engine *e, bool all)
{
	struct bp_leaving **at = &e->leaving;

	while (*at) {
		struct bp_leaving *l = *at, *next = l->next;

		if (go_on(e, l, all))
			*at = next;
		else
			at = &l->next;
	}
}

void bp_leaving_finish(struct bp_engine *e, const struct bp_port *port)
{
	for (struct bp_leaving **at = &e->leaving; *at; at = &(*at)->next) {
		struct bp_leaving *l = *at;

		if (l->port != port)
			continue;
		*at = l->next;
		(void)go_on(e, l, true);
		return;
	}
}
