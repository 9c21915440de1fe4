/* The plan: which worker polls which RX queue, and which TX queue it sends with. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/plan.h"

#include "bypath/facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void plan_rx(const struct bp_conf *conf, struct bp_plan *plan)
{
	unsigned next = 0;

	for (unsigned p = 0; p < conf->n_ports; p++) {
		struct bp_plan_port *port = &plan->ports[p];

		if (!conf->ports[p].out_ports)
			continue;
		port->n_rxq = conf->ports[p].n_queues;
		for (unsigned q = 0; q < port->n_rxq; q++)
			port->rxq_workers[q] = (uint16_t)(next++ % conf->engine.n_workers);
	}
}

static bool polls(const struct bp_plan_port *port, unsigned worker_id)
{
	for (unsigned q = 0; q < port->n_rxq; q++)
		if (port->rxq_workers[q] == worker_id)
			return true;
	return false;
}

/* A TX queue for the worker on each of these ports, where it has none yet. */
static void add_txqs(struct bp_plan *plan, unsigned worker_id, uint64_t ports)
{
	while (ports) {
		struct bp_plan_port *out = &plan->ports[bp_ports_take(&ports)];

		if (out->txq_of_worker[worker_id] != BP_NO_QUEUE)
			continue;
		out->txq_workers[out->n_txq] = (uint16_t)worker_id;
		out->txq_of_worker[worker_id] = out->n_txq++;
	}
}

static void plan_tx(const struct bp_conf *conf, struct bp_plan *plan)
{
	for (unsigned p = 0; p < conf->n_ports; p++)
		for (unsigned w = 0; w < BP_WORKERS_MAX; w++)
			plan->ports[p].txq_of_worker[w] = BP_NO_QUEUE;
	for (unsigned w = 0; w < conf->engine.n_workers; w++)
		for (unsigned p = 0; p < conf->n_ports; p++)
			if (polls(&plan->ports[p], w))
				add_txqs(plan, w, conf->ports[p].out_ports);
}

/* " (by [forward] p1 = sw)": the first chain that leads to the port, since of a function it does not show who sends where;
 * "": there is none. */
static const char *print_chain(const struct bp_conf *conf, unsigned port_id,
			       char text[BP_CHAIN_BYTES + 32])
{
	char chain[BP_CHAIN_BYTES];

	text[0] = '\0';
	for (unsigned i = 0; i < conf->n_ports && !text[0]; i++)
		if (conf->ports[i].n_chain && conf->ports[i].out_ports >> port_id & 1)
			snprintf(text, BP_CHAIN_BYTES + 32, " (by [forward] %s)",
				 bp_config_chain(conf, i, chain));
	return text;
}

/* What the port's driver cannot give. */
static int check_port(const struct bp_conf *all, unsigned port_id, const struct bp_plan_port *port,
		      char *why, size_t why_bytes)
{
	const struct bp_port_conf *conf = &all->ports[port_id];
	const struct bp_facts *facts = bp_facts_find(conf->driver);
	char chain[BP_CHAIN_BYTES + 32];

	if ((facts->flags & BP_FACT_PAIRED_QUEUES) && port->n_txq > conf->n_queues) {
		snprintf(why, why_bytes,
			 "port %s has %u queue(s) but %u workers send to it%s, and %s has one TX "
			 "queue per queue: set [port.%s] queues = %u, or fewer [engine] workers",
			 conf->name, conf->n_queues, port->n_txq, print_chain(all, port_id, chain),
			 conf->driver, conf->name, port->n_txq);
		return -EINVAL;
	}
	if ((facts->flags & BP_FACT_ONE_QUEUE) && (port->n_txq > 1 || conf->n_queues > 1)) {
		snprintf(why, why_bytes,
			 "port %s: %s has one queue per direction, but %u workers send to it%s and "
			 "queues = %u: use queues = 1 and send to it from one worker",
			 conf->name, conf->driver, port->n_txq, print_chain(all, port_id, chain),
			 conf->n_queues);
		return -EINVAL;
	}
	return 0;
}

int bp_plan_make(const struct bp_conf *conf, struct bp_plan *plan, char *why, size_t why_bytes)
{
	memset(plan, 0, sizeof(*plan));
	plan_rx(conf, plan);
	plan_tx(conf, plan);
	for (unsigned p = 0; p < conf->n_ports; p++) {
		int err = check_port(conf, p, &plan->ports[p], why, why_bytes);

		if (err)
			return err;
	}
	return 0;
}
