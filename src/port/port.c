/* Life of a port: queues, start, publication of its bursts, stop. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/driver.h"
#include "bypath/log.h"

#include "port/devices.h"

#include "core/capture.h"
#include "core/closer.h"
#include "core/numa.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a device that goes on receiving: after as many what comes is for its driver to stop. */
#define LEFT_BURSTS 1024u

/* The ids of pools that ports have registered. */
static uint64_t list_pools(const struct bp_env *env)
{
	uint64_t pools = 0;

	for (unsigned i = 0; i < env->n_pools; i++)
		if (env->pools[i] && !(env->shared_pools >> i & 1))
			pools |= UINT64_C(1) << i;
	return pools;
}

/* Forget the pools of a port that is gone. Their ids are used again when no queue's in_place has them: bp_env_bind_pools(). */
static void forget_pools(struct bp_env *env, uint64_t pools)
{
	for (unsigned i = 0; i < env->n_pools; i++)
		if (pools >> i & 1)
			env->pools[i] = NULL;
	env->old_pools |= pools;
}

unsigned bp_rx_down(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	(void)q;
	(void)pkts;
	(void)max;
	return 0;
}

unsigned bp_rx_set_down(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	unsigned n = q->driver_burst(q, pkts, max);

	if (n) {
		struct bp_capture_reason why = { BP_SIDE_RX, NULL,
						 bp_counter_rows[BP_DROP_SET_DOWN].name };

		bp_count(&q->counters, BP_DROP_SET_DOWN, bp_pkt_count(pkts, n));
		if (bp_capture_wants_drops(q->port))
			bp_capture_drop(q->port, q->worker_id, &why, pkts, n);
		bp_pool_put(q->worker_id, pkts, n);
	}
	return 0;
}

/* As the control thread: a worker's frames are its own. */
static void drop_received(struct bp_rxq *q)
{
	uint16_t worker_id = q->worker_id;
	uint64_t n_pkts = bp_counter(&q->counters, BP_CNT_PKTS);
	uint64_t n_bytes = bp_counter(&q->counters, BP_CNT_BYTES);
	uint64_t n_bursts = bp_counter(&q->counters, BP_CNT_BURSTS);
	struct bp_pkt pkts[BP_BURST_MAX];

	q->worker_id = BP_CONTROL_ID;
	for (unsigned i = 0; i < LEFT_BURSTS; i++) {
		unsigned n = q->driver_burst(q, pkts, BP_BURST_MAX);

		if (!n)
			break;
		bp_count(&q->counters, BP_DROP_PORT_DOWN, bp_pkt_count(pkts, n));
		bp_pool_put(BP_CONTROL_ID, pkts, n);
	}
	q->worker_id = worker_id;
	/* Nobody had them: a drop of a receiving queue is not among its packets. */
	atomic_store_explicit(&q->counters.v[BP_CNT_PKTS], n_pkts, memory_order_relaxed);
	atomic_store_explicit(&q->counters.v[BP_CNT_BYTES], n_bytes, memory_order_relaxed);
	atomic_store_explicit(&q->counters.v[BP_CNT_BURSTS], n_bursts, memory_order_relaxed);
}

void bp_port_drop_received(struct bp_port *port)
{
	struct bp_limits limits;

	bp_limits_of(port->conf, &limits);
	if (limits.invents ||
	    bp_facts_find(port->conf->driver)->flags & (BP_FACT_CARRIES | BP_FACT_PASSES_ON))
		return;
	for (unsigned i = 0; i < port->n_rxq; i++)
		drop_received(&port->rxq[i]);
}

unsigned bp_tx_down(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	if (!n)
		return 0;
	if (q->ends_at_drop)
		n = bp_pkt_n_views(pkts, n);
	bp_count(&q->counters, BP_DROP_PORT_DOWN, bp_pkt_count(pkts, n));
	bp_capture_dropped(q, pkts, n, BP_DROP_PORT_DOWN);
	bp_pool_put(q->worker_id, pkts, n);
	return n;
}

unsigned bp_tx_no_link(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	if (!n || atomic_load_explicit(&q->n_held, memory_order_relaxed))
		q->driver_burst(q, NULL, 0);
	return bp_tx_down(q, pkts, n);
}

unsigned bp_carried(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max, struct bp_pkt *left,
		    unsigned *n_left)
{
	(void)rxq;
	(void)txq;
	(void)max;
	(void)left;
	(void)n_left;
	return 0;
}

static void *alloc_queues(size_t n, size_t size)
{
	void *queues = aligned_alloc(BP_CACHE_LINE, (n ? n : 1) * size);

	if (queues)
		memset(queues, 0, (n ? n : 1) * size);
	return queues;
}

static void init_queues(struct bp_port *port, const struct bp_port_queues *queues)
{
	for (uint16_t i = 0; i < port->n_rxq; i++) {
		struct bp_rxq *q = &port->rxq[i];

		q->port = port;
		q->queue_id = i;
		q->worker_id = queues->rxq_workers[i];
		atomic_init(&q->fd, -1);
		atomic_init(&q->burst, bp_rx_down);
	}
	for (uint16_t i = 0; i < port->n_txq; i++) {
		struct bp_txq *q = &port->txq[i];

		q->port = port;
		q->queue_id = i;
		q->worker_id = queues->txq_workers[i];
		atomic_init(&q->burst, bp_tx_down);
	}
}

int bp_port_make(struct bp_env *env, uint16_t port_id, const struct bp_port_queues *queues,
		 struct bp_port **out)
{
	uint64_t pools = list_pools(env);
	const struct bp_port_conf *conf = &env->conf->ports[port_id];
	const char *why = NULL;
	const struct bp_driver *driver = bp_driver_find(conf->driver, &why);
	struct bp_port *port;
	int err = -ENOMEM;

	if (!driver) {
		bp_log(BP_LOG_ERROR, "port %s: driver %s: %s", conf->name, conf->driver, why);
		return -ENOTSUP;
	}
	port = calloc(1, sizeof(*port));
	if (!port)
		return -ENOMEM;
	*port = (struct bp_port){
		.driver = driver,
		.conf = conf,
		.env = env,
		.port_id = port_id,
		.numa_node = bp_port_node(conf),
		.n_rxq = queues->n_rxq,
		.n_txq = queues->n_txq,
		.rxq = alloc_queues(queues->n_rxq, sizeof(struct bp_rxq)),
		.txq = alloc_queues(queues->n_txq, sizeof(struct bp_txq)),
	};
	if (!port->rxq || !port->txq)
		goto free_port;
	init_queues(port, queues);
	err = driver->ops->open(port);
	port->pools = list_pools(env) & ~pools;
	if (err) {
		forget_pools(env, port->pools);
		env->old_pools &= ~port->pools; /* no queue has seen them */
		goto free_port;
	}
	*out = port;
	return 0;

free_port:
	free(port->rxq);
	free(port->txq);
	free(port);
	return err;
}

int bp_port_create(struct bp_env *env, uint16_t port_id, const struct bp_port_queues *queues,
		   struct bp_port **out)
{
	int err = bp_port_make(env, port_id, queues, out);

	if (!err)
		env->ports[port_id] = *out;
	return err;
}

/* ---- a port that is no more -------------------------------------------------------------------- */

static int refuse_open(struct bp_port *port)
{
	(void)port;
	return -ENOTSUP;
}

static int never_start(struct bp_port *port)
{
	(void)port;
	return -ENODEV; /* not yet */
}

static void do_nothing(struct bp_port *port)
{
	(void)port;
}

static const struct bp_driver_ops closed_ops = {
	.open = refuse_open,
	.start = never_start,
	.stop = do_nothing,
	.close = do_nothing,
};

static const struct bp_driver closed = { .abi = BP_DRIVER_ABI,
					 .name = "closed",
					 .ops = &closed_ops };

void bp_port_close(struct bp_port *port)
{
	port->driver->ops->close(port);
	forget_pools(port->env, port->pools);
	port->pools = 0;
	port->tx_pool = NULL;
	port->driver = &closed;
}

int bp_port_reopen(struct bp_port *port)
{
	const char *why = NULL;
	const struct bp_driver *driver = bp_driver_find(port->conf->driver, &why);
	uint64_t pools = list_pools(port->env);
	int err;

	if (!driver)
		return -ENOTSUP;
	port->driver = driver;
	err = driver->ops->open(port);
	port->pools = list_pools(port->env) & ~pools;
	if (!err)
		return 0;
	forget_pools(port->env, port->pools);
	port->pools = 0;
	port->driver = &closed;
	return err;
}

bool bp_port_is_closed(const struct bp_port *port)
{
	return port->driver == &closed;
}

void bp_port_destroy(struct bp_port *port)
{
	if (!port)
		return;
	bp_port_close(port);
	if (port->env->ports[port->port_id] == port)
		port->env->ports[port->port_id] = NULL;
	free(port->rxq);
	free(port->txq);
	free(port);
}

void bp_port_bind_pools(struct bp_port *port)
{
	const struct bp_driver_ops *ops = port->driver->ops;

	for (unsigned i = 0; i < port->n_txq; i++) {
		uint64_t bits = 0;

		for (unsigned p = 0; ops->accepts && p < port->env->n_pools; p++)
			if (port->env->pools[p] && ops->accepts(&port->txq[i], port->env->pools[p]))
				bits |= (uint64_t)1 << p;
		port->txq[i].in_place = bits;
	}
}

/* What the kernel allocates for the device's queues, AF_PACKET's rings for one, comes from its node. */
static int start_near_device(struct bp_port *port)
{
	struct bp_numa_policy policy;
	int err;

	port->numa_node = bp_port_node(port->conf);
	bp_numa_prefer(port->numa_node, &policy);
	err = port->driver->ops->start(port);
	bp_numa_restore(&policy);
	return err;
}

/* A device may have been made anew since, or is made by start() itself. */
static int start_alone(struct bp_port *port)
{
	struct bp_locks *locks = port->env->locks;
	int err = bp_locks_renew(locks, port->port_id, port->conf->name);

	if (!err)
		err = start_near_device(port);
	if (err)
		return err;
	err = bp_locks_renew(locks, port->port_id, port->conf->name);
	if (err)
		port->driver->ops->stop(port);
	return err;
}

int bp_port_renew_locks(struct bp_port *port)
{
	return bp_locks_renew(port->env->locks, port->port_id, port->conf->name);
}

int bp_port_make_ready(struct bp_port *port)
{
	int err = start_alone(port);

	if (err)
		return err;
	if (port->conf->offload == BP_PASS_OFF)
		port->info.caps &= ~(uint32_t)BP_CAP_VNET_TX;
	bp_port_bind_pools(port);
	port->is_started = true;
	return 0;
}

/* Release: everything start() wrote, for the workers that load burst with acquire. */
static void publish_tx(struct bp_port *port, bool has_link)
{
	bool sends = has_link && !port->is_set_down;

	for (unsigned i = 0; i < port->n_txq; i++)
		atomic_store_explicit(&port->txq[i].burst,
				      sends ? bp_capture_tx_burst(port, &port->txq[i])
					    : bp_tx_no_link,
				      memory_order_release);
}

/* Likewise. */
static void publish_rx(struct bp_port *port)
{
	struct bp_limits limits;
	bp_rx_fn set_down;

	bp_limits_of(port->conf, &limits);
	set_down = limits.invents ? bp_rx_down : bp_rx_set_down;
	for (unsigned i = 0; i < port->n_rxq; i++)
		atomic_store_explicit(&port->rxq[i].burst,
				      port->is_set_down ? set_down
							: bp_capture_rx_burst(port, &port->rxq[i]),
				      memory_order_release);
}

void bp_port_publish(struct bp_port *port)
{
	port->is_published = true;
	publish_tx(port, true);
	publish_rx(port);
	atomic_store_explicit(&port->link, BP_LINK_UP, memory_order_relaxed);
}

/* Does it send while its link is as it is? */
static bool sends_with(const struct bp_port *port, enum bp_link link)
{
	return link == BP_LINK_UP || (port->info.caps & BP_CAP_TX_WHEN_DOWN);
}

bool bp_port_set_link(struct bp_port *port, enum bp_link link)
{
	if (atomic_exchange_explicit(&port->link, link, memory_order_relaxed) == link)
		return false;
	if (port->is_published)
		publish_tx(port, sends_with(port, link));
	return true;
}

void bp_port_bind_captures(struct bp_port *port)
{
	enum bp_link link = (enum bp_link)atomic_load_explicit(&port->link, memory_order_relaxed);

	if (!port->is_published)
		return; /* bp_port_publish() will */
	publish_tx(port, sends_with(port, link));
	publish_rx(port);
}

void bp_port_set(struct bp_port *port, bool is_down, const char *by)
{
	enum bp_link link = atomic_load_explicit(&port->link, memory_order_relaxed);

	port->is_set_down = is_down;
	snprintf(port->set_by, sizeof(port->set_by), "%s", is_down ? by : "");
	if (!port->is_published)
		return; /* bp_port_publish() looks again */
	publish_tx(port, sends_with(port, link));
	publish_rx(port);
}

int bp_port_start(struct bp_port *port)
{
	int err = bp_port_make_ready(port);

	if (!err)
		bp_port_publish(port);
	return err;
}

void bp_port_unpublish(struct bp_port *port)
{
	port->is_published = false;
	for (unsigned i = 0; i < port->n_rxq; i++)
		atomic_store_explicit(&port->rxq[i].burst, bp_rx_down, memory_order_release);
	for (unsigned i = 0; i < port->n_txq; i++)
		atomic_store_explicit(&port->txq[i].burst, bp_tx_down, memory_order_release);
}

void bp_port_stop(struct bp_port *port)
{
	port->driver->ops->stop(port);
	bp_closer_wait(port->env->closer);
	port->is_started = false;
}
