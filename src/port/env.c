/* What the ports of a process share: packet memory, start with end, the threads that poll them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/driver.h"
#include "bypath/log.h"

#include "port/devices.h"

#include "core/arena.h"
#include "core/closer.h"
#include "core/frames.h"
#include "core/numa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---------------------------------------------------------------------------------- */

/* The NUMA nodes in use, doubles included. Returns their number. */
static unsigned list_nodes(const struct bp_conf *conf, unsigned n_workers, const uint16_t *cores,
			   const int *port_nodes, int nodes[BP_WORKERS_MAX + BP_PORTS_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_workers; i++)
		nodes[n++] = bp_numa_of_core(cores[i]);
	for (unsigned i = 0; port_nodes && i < conf->n_ports; i++)
		nodes[n++] = port_nodes[i];
	return n;
}

void bp_env_set_cores(struct bp_env *env, const uint16_t *cores)
{
	for (unsigned i = 0; i < env->n_workers; i++)
		bp_frames_set_node(env->frames, i,
				   bp_frames_slice(env->frames, bp_numa_of_core(cores[i]), i));
}

int bp_env_open(struct bp_env *env, const struct bp_conf *conf, unsigned n_workers,
		const uint16_t *cores, const int *port_nodes)
{
	int nodes[BP_WORKERS_MAX + BP_PORTS_MAX];
	unsigned n = list_nodes(conf, n_workers, cores, port_nodes, nodes);
	int err;

	*env = (struct bp_env){ .conf = conf,
				.n_workers = n_workers,
				.tx_retries = conf->engine.tx_retries };
	env->closer = bp_closer_open();
	err = bp_arena_create(conf, nodes, n, &env->arena);
	if (!err)
		err = bp_frames_create(env->arena, &env->frames);
	if (!err)
		err = bp_env_add_pool(env, bp_frames_pool(env->frames));
	if (err) {
		bp_env_close(env);
		return err;
	}
	bp_env_set_cores(env, cores);
	return 0;
}

void bp_env_close(struct bp_env *env)
{
	bp_closer_close(env->closer);
	bp_locks_free(env->locks);
	for (unsigned i = 0; i < env->n_pools; i++)
		if (env->shared_pools >> i & 1)
			free(env->pools[i]);
	bp_frames_destroy(env->frames);
	bp_arena_destroy(env->arena);
	*env = (struct bp_env){ 0 };
}

/* An id that was never given, or one that no TX queue knows any more; BP_POOLS_MAX: none. */
static unsigned find_pool_id(struct bp_env *env)
{
	unsigned id = 0;

	while (id < env->n_pools && (env->pools[id] || env->old_pools >> id & 1))
		id++;
	return id;
}

unsigned bp_env_pool_ids_left(const struct bp_env *env)
{
	unsigned n = 0;

	for (unsigned id = 0; id < BP_POOLS_MAX; id++)
		n += !env->pools[id] && !(env->old_pools >> id & 1);
	return n;
}

int bp_env_add_pool(struct bp_env *env, struct bp_pool *pool)
{
	unsigned id = find_pool_id(env);

	if (id == BP_POOLS_MAX) {
		bp_log(BP_LOG_ERROR,
		       "packet memory %s: there are %u pools already, which is the most: use fewer ports",
		       pool->name, BP_POOLS_MAX);
		return -ENOSPC;
	}
	pool->pool_id = (uint8_t)id;
	env->pools[id] = pool;
	if (id == env->n_pools)
		env->n_pools++;
	return 0;
}

int bp_env_share_pool(struct bp_env *env, const struct bp_pool *like, struct bp_pool **pool)
{
	struct bp_pool *own;
	int err;

	for (unsigned i = 0; i < env->n_pools; i++)
		if (env->shared_pools >> i & 1 && env->pools[i]->put == like->put) {
			*pool = env->pools[i];
			return 0;
		}
	own = malloc(sizeof(*own));
	if (!own)
		return -ENOMEM;
	*own = *like;
	err = bp_env_add_pool(env, own);
	if (err) {
		free(own);
		return err;
	}
	env->shared_pools |= UINT64_C(1) << own->pool_id;
	*pool = own;
	return 0;
}

void bp_env_bind_pools(struct bp_env *env)
{
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		if (env->ports[i] && env->ports[i]->is_started)
			bp_port_bind_pools(env->ports[i]);
	env->old_pools = 0;
}

struct bp_pool *bp_port_frames(const struct bp_port *port)
{
	return port->tx_pool ? port->tx_pool : bp_frames_pool(port->env->frames);
}

struct bp_pool *bp_port_rx_frames(const struct bp_port *port)
{
	int to = bp_port_main_out(port->conf);
	const struct bp_port *out = to == BP_NO_PORT ? NULL : port->env->ports[to];

	return out ? bp_port_frames(out) : bp_frames_pool(port->env->frames);
}

/* ---- ports ----------------------------------------------------------------------------------- */

int bp_ports_start(struct bp_env *env)
{
	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		struct bp_port *port = env->ports[i];
		int err = port ? bp_port_start(port) : 0;

		if (err == -ENODEV || err == -ENETDOWN || err == -ENOENT)
			bp_log(BP_LOG_ERROR,
			       "port %s: cannot start on %s: %s: bring the device up first",
			       port->conf->name, port->conf->device, strerror(-err));
		if (err)
			return err;
	}
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		if (env->ports[i])
			bp_port_bind_pools(env->ports[i]);
	return 0;
}

void bp_ports_stop(struct bp_env *env)
{
	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		if (!env->ports[i] || !env->ports[i]->is_started)
			continue;
		bp_port_unpublish(env->ports[i]);
		env->ports[i]->driver->ops->stop(env->ports[i]);
		env->ports[i]->is_started = false;
	}
	bp_closer_wait(env->closer); /* once for all of them */
}

void bp_ports_destroy(struct bp_env *env)
{
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		bp_port_destroy(env->ports[i]);
}

/* ---- threads --------------------------------------------------------------------------------- */

int bp_ports_enter(struct bp_port *const *ports, unsigned n, unsigned worker_id)
{
	for (unsigned i = 0; i < n; i++) {
		const struct bp_driver_ops *ops = ports[i]->driver->ops;
		int err = ops->thread_enter ? ops->thread_enter(ports[i], worker_id) : 0;

		if (err) {
			bp_ports_leave(ports, i, worker_id);
			return err;
		}
	}
	return 0;
}

void bp_ports_leave(struct bp_port *const *ports, unsigned n, unsigned worker_id)
{
	while (n-- > 0) {
		const struct bp_driver_ops *ops = ports[n]->driver->ops;

		if (ops->thread_leave)
			ops->thread_leave(ports[n], worker_id);
	}
}
