/* Ports that a reload has taken off every path: what they hold goes, then they stop, then they are let go. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/internal.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/clock.h"

#include "handover/handover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HELD_MS 500u /* as a drain has */

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

/* Has everything gone on that lay in in-process wires then? What lies in those of a port that is no more nobody takes. */
static bool are_wires_past(const struct bp_engine *e, const struct bp_leaving *l)
{
	uint64_t n_sent = 0, n_received = 0;

	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		const struct bp_port *port = e->env.ports[i];

		if (!port->is_started || e->conf->ports[i].is_removed ||
		    !(bp_facts_find(port->conf->driver)->flags & BP_FACT_KEEPS_VIEWS))
			continue;
		for (unsigned q = 0; q < port->n_txq; q++)
			n_sent += l->n_sent[i][q];
		for (unsigned q = 0; q < port->n_rxq; q++)
			n_received += bp_counter(&port->rxq[q].counters, BP_CNT_PKTS) +
				      bp_counters_drops(&port->rxq[q].counters);
	}
	return n_received >= n_sent;
}

/* Does no TX queue hold a frame any more that it may have had when the port left? Those that leave beside it count, too. */
bool bp_leaving_is_home(const struct bp_engine *e, const struct bp_leaving *l)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		const struct bp_port *port = e->env.ports[i];

		for (unsigned q = 0; port != l->port && q < port->n_txq; q++)
			if (!has_given_back(&port->txq[q], l->n_sent[i][q]))
				return false;
	}
	for (const struct bp_leaving *other = e->leaving; other; other = other->next)
		if (other->port != l->port && other->port->is_started && count_held(other->port))
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
		port->txq[q].worker_id = BP_CONTROL_ID;
	for (unsigned q = 0; q < port->n_rxq; q++)
		port->rxq[q].worker_id = BP_CONTROL_ID;
	*l = (struct bp_leaving){ .next = e->leaving,
				  .port = port,
				  .stays = stays,
				  .conf = *conf,
				  .reported = e->reported[port->port_id],
				  .since_ns = bp_clock_ns() };
	port->conf = &l->conf;
	bp_leaving_begin(e, l);
	e->leaving = l;
	return 0;
}

static void let_go(struct bp_engine *e, struct bp_leaving *l)
{
	e->has_failed |= l->port->has_failed;
	bp_port_close(l->port);
	l->port->conf = &e->conf->ports[l->port->port_id];
	if (!l->stays) {
		bp_past_add(e, l->port, true);
		bp_port_destroy(l->port);
	}
	free(l);
}

/* What a port that hands out what was sent to it has not handed out: nobody takes it any more. */
static void drop_unclaimed(struct bp_port *port)
{
	if (!(bp_facts_find(port->conf->driver)->flags & BP_FACT_PASSES_ON))
		return;
	for (unsigned q = 0; q < port->n_rxq && q < port->n_txq; q++) {
		uint64_t n_sent = bp_counter(&port->txq[q].counters, BP_CNT_PKTS);
		uint64_t n_received = bp_counter(&port->rxq[q].counters, BP_CNT_PKTS) +
				      bp_counters_drops(&port->rxq[q].counters);

		if (n_sent > n_received)
			bp_count(&port->rxq[q].counters, BP_DROP_PORT_DOWN, n_sent - n_received);
	}
}

static void stop(struct bp_engine *e, struct bp_leaving *l)
{
	bp_port_unpublish(l->port);
	bp_port_drop_received(l->port);
	if (l->stays)
		bp_snapshot_reported(l->port->driver, l->port, &e->reported[l->port->port_id]);
	else
		bp_past_report(e, l);
	drop_unclaimed(l->port);
	bp_handover_end(&e->handovers, l->port);
	bp_port_stop(l->port);
	atomic_store_explicit(&l->port->link, BP_LINK_LOST, memory_order_relaxed);
}

static void stop_if_done(struct bp_engine *e, struct bp_leaving *l, bool all)
{
	bool is_late = bp_clock_ns() - l->since_ns > HELD_MS * UINT64_C(1000000);

	if (!l->port->is_started)
		return;
	reap(l->port);
	if (all || is_late || (!count_held(l->port) && bp_leaving_is_home(e, l)))
		stop(e, l);
}

static bool is_one_started(const struct bp_engine *e)
{
	for (const struct bp_leaving *l = e->leaving; l; l = l->next)
		if (l->port->is_started)
			return true;
	return false;
}

/* Is the queue on a path? */
static bool is_used(const struct bp_engine *e, const struct bp_txq *txq)
{
	for (unsigned i = 0; i < BP_WORKERS_MAX; i++)
		for (unsigned k = 0; k < e->workers[i].n_txqs; k++)
			if (e->workers[i].txqs[k] == txq)
				return true;
	return false;
}

/* TX queues of ports that stay, on no path any more: nobody else empties them. */
static void reap_unused(struct bp_engine *e)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		struct bp_port *port = e->env.ports[i];

		for (unsigned q = 0; port->is_started && q < port->n_txq; q++) {
			struct bp_txq *txq = &port->txq[q];

			if (!atomic_load_explicit(&txq->n_held, memory_order_relaxed) ||
			    is_used(e, txq))
				continue;
			txq->worker_id = BP_CONTROL_ID;
			bp_tx(txq, NULL, 0);
		}
	}
}

/*
 * First all stop, then they close: until then a port may know another one's queues, and hold its frames. With all the
 * frames are back as well: every other port has stopped.
 */
void bp_leaving_tick(struct bp_engine *e, bool all)
{
	struct bp_leaving **at = &e->leaving;

	if (e->reloads.n_done && !all)
		reap_unused(e);
	for (struct bp_leaving *l = e->leaving; l; l = l->next)
		stop_if_done(e, l, all);
	while (*at && !is_one_started(e)) {
		struct bp_leaving *l = *at;

		if (!all && !bp_leaving_is_home(e, l)) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		let_go(e, l);
	}
}

void bp_leaving_stop(struct bp_engine *e)
{
	for (struct bp_leaving *l = e->leaving; l; l = l->next)
		stop_if_done(e, l, true);
}

void bp_leaving_finish(struct bp_engine *e, const struct bp_port *port)
{
	for (struct bp_leaving **at = &e->leaving; *at; at = &(*at)->next) {
		struct bp_leaving *l = *at;

		if (l->port != port)
			continue;
		*at = l->next;
		if (l->port->is_started)
			stop(e, l);
		let_go(e, l);
		return;
	}
}
