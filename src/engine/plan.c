/* The plan: which worker polls which RX queue, and which TX queue it sends with. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/plan.h"

#include "bypath/facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What stays as it was when a configuration follows another one. */
struct kept {
	const struct bp_plan *plan; /* NULL: nothing */
	uint64_t ports;
};

static bool is_kept(const struct kept *kept, unsigned port_id)
{
	return kept->ports >> port_id & 1;
}

/* Has the worker a TX queue already of each of the ports that is kept? */
static bool can_send(const struct kept *kept, unsigned worker_id, uint64_t ports)
{
	for (ports &= kept->ports; ports;)
		if (kept->plan->ports[bp_ports_take(&ports)].txq_of_worker[worker_id] ==
		    BP_NO_QUEUE)
			return false;
	return true;
}

/* In turn; but one that needs no new TX queue of a port that is kept, if there is one. */
static uint16_t choose_worker(const struct bp_conf *conf, const struct kept *kept, uint64_t outs,
			      unsigned *next)
{
	unsigned n_workers = conf->engine.n_workers;

	for (unsigned k = 0; k < n_workers; k++) {
		unsigned worker_id = (*next + k) % n_workers;

		if (!can_send(kept, worker_id, outs))
			continue;
		*next = worker_id + 1;
		return (uint16_t)worker_id;
	}
	return (uint16_t)((*next)++ % n_workers);
}

/* The workers are others in number: none has anything for itself. */
static bool is_dealt_anew(const struct bp_conf *conf, const struct kept *kept)
{
	return kept->plan && kept->plan->n_workers != conf->engine.n_workers;
}

/* No worker has anything to do with the packets of such a port: all of them are the first one's, so that the others' are
 * dealt among all, and none sends where another one does. */
static bool is_nobodys(const struct bp_port_conf *port)
{
	return bp_facts_find(port->driver)->flags & BP_FACT_CARRIES;
}

static void plan_rx(const struct bp_conf *conf, const struct kept *kept, struct bp_plan *plan)
{
	static const struct kept nothing = { NULL, 0 };
	unsigned next = 0;

	if (is_dealt_anew(conf, kept))
		kept = &nothing;
	for (unsigned p = 0; p < conf->n_ports; p++) {
		struct bp_plan_port *port = &plan->ports[p];

		if (!conf->ports[p].out_ports || conf->ports[p].is_hop)
			continue;
		port->n_rxq = conf->ports[p].n_queues;
		for (unsigned q = 0; q < port->n_rxq; q++) {
			if (is_kept(kept, p))
				port->rxq_workers[q] = kept->plan->ports[p].rxq_workers[q];
			else if (!is_nobodys(&conf->ports[p]))
				port->rxq_workers[q] =
					choose_worker(conf, kept, conf->ports[p].out_ports, &next);
		}
	}
}

/* The TX queues that a port has: those of workers that send there no more stay, too. */
static void keep_tx(const struct bp_conf *conf, const struct kept *kept, struct bp_plan *plan)
{
	for (unsigned p = 0; p < conf->n_ports; p++) {
		struct bp_plan_port *port = &plan->ports[p];

		if (!is_kept(kept, p))
			continue;
		port->n_workers = kept->plan->ports[p].n_workers;
		port->n_txq = kept->plan->ports[p].n_txq;
		memcpy(port->txq_workers, kept->plan->ports[p].txq_workers,
		       sizeof(port->txq_workers));
		memcpy(port->txq_of_worker, kept->plan->ports[p].txq_of_worker,
		       sizeof(port->txq_of_worker));
	}
}

static bool polls(const struct bp_plan_port *port, unsigned worker_id)
{
	for (unsigned q = 0; q < port->n_rxq; q++)
		if (port->rxq_workers[q] == worker_id)
			return true;
	return false;
}

/* The TX queues that a port of this configuration can have. */
static unsigned count_txqs(const struct bp_port_conf *port)
{
	uint32_t flags = bp_facts_find(port->driver)->flags;

	if (flags & BP_FACT_ONE_QUEUE)
		return 1;
	return flags & BP_FACT_PAIRED_QUEUES ? port->n_queues : BP_WORKERS_MAX;
}

/* The workers that send to each port, a bit each; what goes to a port may go by its hop. */
static void find_senders(const struct bp_conf *conf, const struct bp_plan *plan,
			 uint32_t senders[BP_PORTS_MAX])
{
	static_assert(BP_WORKERS_MAX <= 32, "a bit each");
	memset(senders, 0, BP_PORTS_MAX * sizeof(*senders));
	for (unsigned p = 0; p < conf->n_ports; p++)
		for (unsigned q = 0; q < plan->ports[p].n_rxq; q++) {
			uint64_t outs = conf->ports[p].out_ports;

			while (outs)
				senders[bp_ports_take(&outs)] |= UINT32_C(1)
								 << plan->ports[p].rxq_workers[q];
		}
	for (unsigned p = 0; p < conf->n_ports; p++)
		if (conf->ports[p].is_hop)
			senders[p] = senders[conf->ports[p].forward_to];
}

/* The port's TX queue whose worker sends there no more; n_txq: there is none. */
static uint16_t spare_txq(const struct bp_plan_port *out, uint32_t senders)
{
	uint16_t q = 0;

	while (q < out->n_txq && senders >> out->txq_workers[q] & 1)
		q++;
	return q;
}

static void add_txq(struct bp_plan_port *out, unsigned worker_id, uint32_t senders)
{
	uint16_t q = spare_txq(out, senders);

	if (q == out->n_txq)
		out->n_txq++;
	else
		out->txq_of_worker[out->txq_workers[q]] = BP_NO_QUEUE;
	out->txq_workers[q] = (uint16_t)worker_id;
	out->txq_of_worker[worker_id] = q;
}

/* A TX queue for the worker on each of these ports, or on the hop before it, where it has none yet. */
static void add_txqs(const struct bp_conf *conf, struct bp_plan *plan, const uint32_t *senders,
		     unsigned worker_id, uint64_t ports)
{
	while (ports) {
		unsigned port_id = bp_ports_take(&ports);
		struct bp_plan_port *out = &plan->ports[port_id];

		if (out->txq_of_worker[worker_id] != BP_NO_QUEUE)
			continue;
		if (out->hop != BP_NO_PORT &&
		    spare_txq(out, senders[port_id]) == count_txqs(&conf->ports[port_id]))
			out = &plan->ports[out->hop];
		if (out->txq_of_worker[worker_id] == BP_NO_QUEUE)
			add_txq(out, worker_id, senders[port_id]);
	}
}

/* What comes out of a hop, queue by queue, is the business of those that have a TX queue behind it. */
static void plan_hop(const struct bp_conf *conf, struct bp_plan *plan, unsigned port_id,
		     uint32_t senders)
{
	struct bp_plan_port *hop = &plan->ports[port_id];
	const struct bp_plan_port *out = &plan->ports[conf->ports[port_id].forward_to];

	uint16_t behind[BP_WORKERS_MAX];
	unsigned n = 0;

	for (unsigned q = 0; q < out->n_txq; q++)
		if (senders >> out->txq_workers[q] & 1)
			behind[n++] = out->txq_workers[q];
	hop->n_rxq = hop->n_txq;
	for (unsigned q = 0; n && q < hop->n_rxq; q++)
		hop->rxq_workers[q] = behind[q % n];
}

static void plan_queues(const struct bp_conf *conf, const struct kept *kept, struct bp_plan *plan)
{
	uint32_t senders[BP_PORTS_MAX];

	memset(plan, 0, sizeof(*plan));
	plan->n_workers = conf->engine.n_workers;
	for (unsigned p = 0; p < conf->n_ports; p++) {
		plan->ports[p].n_workers = conf->engine.n_workers;
		plan->ports[p].hop = BP_NO_PORT;
		for (unsigned w = 0; w < BP_WORKERS_MAX; w++)
			plan->ports[p].txq_of_worker[w] = BP_NO_QUEUE;
	}
	for (unsigned p = 0; p < conf->n_ports; p++)
		if (conf->ports[p].is_hop)
			plan->ports[conf->ports[p].forward_to].hop = (int)p;
	plan_rx(conf, kept, plan);
	keep_tx(conf, kept, plan);
	find_senders(conf, plan, senders);
	for (unsigned w = 0; w < conf->engine.n_workers; w++)
		for (unsigned p = 0; p < conf->n_ports; p++)
			if (polls(&plan->ports[p], w))
				add_txqs(conf, plan, senders, w, conf->ports[p].out_ports);
	for (unsigned p = 0; p < conf->n_ports; p++)
		if (conf->ports[p].is_hop)
			plan_hop(conf, plan, p, senders[p]);
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

/* Does a function choose the port, rather than a chain end there? */
static bool is_chosen(const struct bp_conf *conf, unsigned port_id)
{
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (conf->ports[i].out_ports >> port_id & 1 &&
		    conf->ports[i].forward_to != (int)port_id)
			return true;
	return false;
}

static bool has_port(const struct bp_conf *conf, const char *name)
{
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (!strcmp(conf->ports[i].name, name) || !strcmp(conf->ports[i].device, name))
			return true;
	return false;
}

static void name_hop(const struct bp_conf *conf, unsigned port_id, char name[BP_NAME_BYTES])
{
	snprintf(name, BP_NAME_BYTES, "%.*s-hop", (int)BP_NAME_BYTES - 5,
		 conf->ports[port_id].name);
}

/* What kept the hop away that a function's port gets; "" without a function. */
static const char *say_hop(const struct bp_conf *conf, unsigned port_id,
			   char text[BP_NAME_BYTES + 128])
{
	char name[BP_NAME_BYTES];

	text[0] = '\0';
	name_hop(conf, port_id, name);
	if (is_chosen(conf, port_id))
		snprintf(text, BP_NAME_BYTES + 128,
			 "; a port %s between the workers cannot be made: %s", name,
			 has_port(conf, name)
				 ? "another port has that name or device: rename one of the two"
				 : "there are as many ports as there may be");
	return text;
}

/* What the port's driver cannot give. */
static int check_port(const struct bp_conf *all, unsigned port_id, const struct bp_plan_port *port,
		      char *why, size_t why_bytes)
{
	const struct bp_port_conf *conf = &all->ports[port_id];
	const struct bp_facts *facts = bp_facts_find(conf->driver);
	char chain[BP_CHAIN_BYTES + 32], hop[BP_NAME_BYTES + 128];

	if ((facts->flags & BP_FACT_PAIRED_QUEUES) && port->n_txq > conf->n_queues) {
		snprintf(why, why_bytes,
			 "port %s has %u queue(s) but %u workers send to it%s, and %s has one TX "
			 "queue per queue: set [port.%s] queues = %u, or fewer [engine] workers%s",
			 conf->name, conf->n_queues, port->n_txq, print_chain(all, port_id, chain),
			 conf->driver, conf->name, port->n_txq, say_hop(all, port_id, hop));
		return -EINVAL;
	}
	if ((facts->flags & BP_FACT_ONE_QUEUE) && (port->n_txq > 1 || conf->n_queues > 1)) {
		snprintf(why, why_bytes,
			 "port %s: %s has one queue per direction, but %u workers send to it%s and "
			 "queues = %u: use queues = 1 and send to it from one worker%s",
			 conf->name, conf->driver, port->n_txq, print_chain(all, port_id, chain),
			 conf->n_queues, say_hop(all, port_id, hop));
		return -EINVAL;
	}
	return 0;
}

int bp_plan_make(const struct bp_conf *conf, struct bp_plan *plan, char *why, size_t why_bytes)
{
	return bp_plan_follow(conf, NULL, 0, plan, why, why_bytes);
}

int bp_plan_follow(const struct bp_conf *conf, const struct bp_plan *before, uint64_t kept,
		   struct bp_plan *plan, char *why, size_t why_bytes)
{
	const struct kept all = { before, kept };

	plan_queues(conf, &all, plan);
	for (unsigned p = 0; p < conf->n_ports; p++) {
		int err = check_port(conf, p, &plan->ports[p], why, why_bytes);

		if (err)
			return err;
	}
	return 0;
}

/* ---- hops ------------------------------------------------------------------------------------ */

static void add_hop(struct bp_conf *conf, unsigned port_id, unsigned n_queues)
{
	const char *driver = bp_facts_named(BP_FACT_PASSES_ON);
	struct bp_port_conf hop = { .n_queues = (uint16_t)n_queues,
				    .checksum = BP_AUTO,
				    .offload = BP_PASS_AUTO,
				    .forward_to = (int)port_id,
				    .out_ports = UINT64_C(1) << port_id,
				    .is_hop = true };

	name_hop(conf, port_id, hop.name);
	snprintf(hop.driver, sizeof(hop.driver), "%s", driver);
	snprintf(hop.device, sizeof(hop.device), "%s", hop.name);
	if (*driver && conf->n_ports < BP_PORTS_MAX && !has_port(conf, hop.name))
		conf->ports[conf->n_ports++] = hop;
}

void bp_plan_add_hops(struct bp_conf *conf)
{
	unsigned n_ports = conf->n_ports;
	const struct kept none = { NULL, 0 };
	struct bp_plan plan;

	plan_queues(conf, &none, &plan);
	for (unsigned p = 0; p < n_ports; p++) {
		unsigned most = count_txqs(&conf->ports[p]);

		if (plan.ports[p].n_txq > most && is_chosen(conf, p))
			add_hop(conf, p, plan.ports[p].n_txq - most);
	}
}
