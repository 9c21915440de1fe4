/* The generator's ports: which there are, their set-up, what they counted. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/internal.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/netdev.h"
#include "core/numa.h"

#include <errno.h>
#include <string.h>

/* Workers that poll a port's RX queue or send on its TX queue; n is 0 or 1. */
struct queues {
	uint16_t n_rxq, n_txq;
	uint16_t rx_worker, tx_worker;
};

static uint16_t worker_of(const struct bp_gen *gen, bool is_tx)
{
	for (unsigned i = 0; i < gen->n_workers; i++)
		if (is_tx ? gen->workers[i].does_tx : gen->workers[i].does_rx)
			return (uint16_t)i;
	return 0;
}

static int port_of_role(const struct bp_gen_conf *conf, enum bp_gen_role role)
{
	switch (role) {
	case BP_GEN_TX:
		return conf->tx_port;
	case BP_GEN_RX:
		return conf->rx_port;
	case BP_GEN_REPLAY:
		return conf->replay_port;
	default:
		return conf->monitor_port;
	}
}

/* Create the port of one role, unless another role has it already. */
static int create_port(struct bp_gen *gen, enum bp_gen_role role)
{
	const struct bp_gen_conf *conf = &gen->conf->gen;
	int port_id = port_of_role(conf, role);
	bool does_announce = conf->announce && port_id == conf->rx_port;
	/* With a monitor the other two are swapped between trials: both do both. */
	bool is_swapped = role != BP_GEN_MONITOR && conf->monitor_port != BP_NO_PORT;
	bool is_tx = port_id == conf->tx_port || does_announce || is_swapped;
	bool is_rx = port_id != conf->tx_port || port_id == conf->rx_port || is_swapped;
	/* A replay is read by whoever sends. */
	uint16_t rx_worker = worker_of(gen, port_id == conf->replay_port), tx_worker;
	struct bp_gen_port *p = &gen->ports[gen->n_ports];
	int err;

	if (port_id == BP_NO_PORT)
		return 0;
	for (unsigned i = 0; i < gen->n_ports; i++)
		if (gen->ports[i].port->port_id == port_id) {
			gen->by_role[role] = &gen->ports[i];
			return 0;
		}
	tx_worker = worker_of(gen, !does_announce);
	if (gen->conf->ports[port_id].n_queues > 1) {
		bp_log(BP_LOG_ERROR,
		       "port %s: queues = %u, but the generator sends and receives with one: set "
		       "[port.%s] queues = 1",
		       gen->conf->ports[port_id].name, gen->conf->ports[port_id].n_queues,
		       gen->conf->ports[port_id].name);
		return -EINVAL;
	}
	err = bp_port_create(&gen->env, (uint16_t)port_id,
			     &(struct bp_port_queues){ is_rx, is_tx, &rx_worker, &tx_worker },
			     &p->port);
	if (err)
		return err;
	gen->by_role[role] = p;
	gen->n_ports++;
	return 0;
}

void bp_gen_port_nodes(const struct bp_conf *conf, int nodes[BP_PORTS_MAX])
{
	for (unsigned i = 0; i < conf->n_ports; i++)
		nodes[i] = BP_NO_NODE;
	for (unsigned role = 0; role < BP_GEN_ROLES; role++) {
		int id = port_of_role(&conf->gen, (enum bp_gen_role)role);

		if (id != BP_NO_PORT)
			nodes[id] = bp_port_node(&conf->ports[id]);
	}
}

/* The configuration may have further ports, for bypath run. */
static int claim_devices(struct bp_gen *gen)
{
	bool is_used[BP_PORTS_MAX] = { false };

	for (unsigned role = 0; role < BP_GEN_ROLES; role++) {
		int id = port_of_role(&gen->conf->gen, (enum bp_gen_role)role);

		if (id != BP_NO_PORT)
			is_used[id] = true;
	}
	return bp_ports_claim(&gen->env, is_used);
}

int bp_gen_open_ports(struct bp_gen *gen)
{
	uint16_t cores[] = { gen->workers[0].thread.core, gen->workers[1].thread.core };
	int nodes[BP_PORTS_MAX], err;

	bp_gen_port_nodes(gen->conf, nodes);
	err = bp_env_open(&gen->env, gen->conf, gen->n_workers, cores, nodes);
	if (!err)
		err = claim_devices(gen);
	for (unsigned role = 0; !err && role < BP_GEN_ROLES; role++)
		err = create_port(gen, (enum bp_gen_role)role);
	if (!err)
		err = bp_ports_start(&gen->env);
	if (!err)
		bp_ports_warn_far(&gen->env, cores);
	return err;
}

void bp_gen_close_ports(struct bp_gen *gen)
{
	bp_ports_stop(&gen->env);
	bp_ports_destroy(&gen->env);
	gen->n_ports = 0;
	bp_env_close(&gen->env);
}

/* ---- counters -------------------------------------------------------------------------------- */

static void read_counters(const struct bp_gen_port *p, uint64_t tx[BP_CNT_N], uint64_t rx[BP_CNT_N],
			  uint32_t *n_held)
{
	const struct bp_port *port = p->port;

	memset(tx, 0, BP_CNT_N * sizeof(*tx));
	memset(rx, 0, BP_CNT_N * sizeof(*rx));
	*n_held = 0;
	for (unsigned id = 0; id < BP_CNT_N; id++) {
		if (port->n_txq)
			tx[id] = bp_counter(&port->txq[0].counters, (enum bp_cnt)id);
		if (port->n_rxq)
			rx[id] = bp_counter(&port->rxq[0].counters, (enum bp_cnt)id);
	}
	if (port->n_txq)
		*n_held = atomic_load_explicit(&port->txq[0].n_held, memory_order_relaxed);
}

static unsigned read_reported(const struct bp_gen_port *p, struct bp_reported *out)
{
	const struct bp_driver_ops *ops = p->port->driver->ops;

	return ops->stats && p->port->is_started ? ops->stats(p->port, out, BP_REPORTED_MAX) : 0;
}

void bp_gen_mark_ports(struct bp_gen *gen)
{
	for (unsigned i = 0; i < gen->n_ports; i++) {
		struct bp_gen_port *p = &gen->ports[i];

		p->had_no_link = false;
		read_counters(p, p->tx_before, p->rx_before, &p->held_before);
		p->n_reported_before = read_reported(p, p->reported_before);
	}
}

void bp_gen_read_port(const struct bp_gen_port *p, struct bp_gen_port_row *row)
{
	row->conf = p->port->conf;
	row->info = p->port->info;
	read_counters(p, row->tx, row->rx, &row->n_held);
	for (unsigned id = 0; id < BP_CNT_N; id++) {
		row->tx[id] -= p->tx_before[id];
		row->rx[id] -= p->rx_before[id];
	}
	row->n_reported = read_reported(p, row->reported);
	for (unsigned i = 0; i < row->n_reported; i++)
		for (unsigned j = 0; j < p->n_reported_before; j++)
			if (row->reported[i].row == p->reported_before[j].row)
				row->reported[i].value -= p->reported_before[j].value;
}

uint64_t bp_gen_tx_dropped(const struct bp_gen *gen)
{
	const struct bp_gen_port *p = gen->by_role[BP_GEN_TX];
	uint64_t n = bp_counters_drops(&p->port->txq[0].counters);

	for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++)
		n -= p->tx_before[id];
	return n;
}

uint64_t bp_gen_rx_dropped(const struct bp_gen_port *p)
{
	struct bp_gen_port_row row = { 0 };
	uint64_t n = 0;

	bp_gen_read_port(p, &row);
	for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++)
		n += row.rx[id];
	for (unsigned i = 0; i < row.n_reported; i++)
		if (row.reported[i].row->kind == BP_KIND_DROP &&
		    (row.reported[i].row->side & BP_SIDE_RX))
			n += row.reported[i].value;
	return n;
}

/* ---- line rate ------------------------------------------------------------------------------- */

double bp_gen_line_bps(const struct bp_gen *gen)
{
	return bp_netdev_speed_mbps(gen->by_role[BP_GEN_TX]->port->conf->device) * 1e6;
}
