/* The contract between a port and the driver behind it: one const table, control thread only. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_H
#define BYPATH_DRIVER_H

#include "bypath/facts.h"
#include "bypath/port.h"

struct bp_ks_ops;

/* Moves with whatever a module built before would get wrong: the place, size or meaning of something in this
 * header or in those that it includes. Not with a name, nor with a type of the same size and values. */
#define BP_DRIVER_ABI 17u

/*
 * The pool to write received packets into, for a driver that may write them anywhere: bp_port_frames() of
 * the port that they go to (bp_port_main_out()), so that they leave in place; the arena's where that is none. It
 * has `get`, and outlives start() to stop(). After every open(). Control thread.
 */
struct bp_pool *bp_port_rx_frames(const struct bp_port *port);

/*
 * Every function: control thread (but thread_enter/leave), may block, returns 0 or -errno and logs
 * the cause once with port name, action, reason and remedy. Outputs untouched on failure.
 */
struct bp_driver_ops {
	/* What a process needs once for all ports of the driver, and takes time: before another port is taken out for this
	 * one (conf, of env->conf). open() does it where nobody did. NULL: nothing. */
	int (*prepare)(struct bp_env *env, const struct bp_port_conf *conf);
	/* Acquire what lasts for the port's whole life: priv, pools, tx_pool. May refuse the configuration
	 * against the system (no such interface, no permission). */
	int (*open)(struct bp_port *port);
	/* Make the queues ready: device, sockets, rings. Fills info, each queue's priv,
	 * driver_burst and fd. Called again after stop() when a lost device has come back; then
	 * -ENODEV, -ENETDOWN and -ENOENT mean 'not yet' and are not logged. */
	int (*start)(struct bp_port *port);
	/* Take no more packets from the device: from now on they go where they would go without this port. What was
	 * received before is still there to be polled, and sending goes on. Beside running bursts, before stop(). Returns
	 * whether it is so. NULL, false: stop() does it, and what was not polled by then is dropped. */
	bool (*rx_end)(struct bp_port *port);
	/* The packet sockets by which a started port hears its interface (bp_claim.is_heard), in fds[max]: filters on them let
	 * another port take over from it, or it from that one (src/handover). They stay the port's. Returns their number.
	 * NULL: it has none. */
	unsigned (*sockets)(const struct bp_port *port, int *fds, unsigned max);
	/* Where its packets go may be another port: write into bp_port_rx_frames() from now on, and return what it has of
	 * another pool to that, as worker BP_CONTROL_ID. Started; no worker runs. NULL: it does not ask for that pool. */
	void (*rx_renew)(struct bp_port *port);
	/* Give the device up; return every frame the queues hold to its pool, as worker BP_CONTROL_ID;
	 * frames consumed but never completed are counted as tx_abandoned (bp_count_lost_after(), if they
	 * were counted as sent); n_held becomes 0. Never fails. */
	void (*stop)(struct bp_port *port);
	/* Undo open(). The port is stopped. */
	void (*close)(struct bp_port *port);
	/* Called every 100 ms while workers poll. BP_LINK_DOWN: the device is there
	 * but carries nothing, the queues recover by themselves. BP_LINK_LOST, BP_LINK_CHANGED:
	 * stop() and start() are needed. NULL: always up. Must be safe beside running bursts. */
	enum bp_link (*check)(struct bp_port *port);
	/* Fill up to max reported counters; returns their number. Safe beside running bursts.
	 * NULL: none. */
	unsigned (*stats)(struct bp_port *port, struct bp_reported *out, unsigned max);
	/* Can this TX queue send views of pool without copying them? NULL: never. Views of the others come
	 * to tx as well, which copies them: bp_txq.in_place has the answers. Asked after start(), and again
	 * when all ports have started. */
	bool (*accepts)(const struct bp_txq *q, const struct bp_pool *pool);
	/* Called in each worker's own thread before its first and after its last burst. NULL: none. */
	int (*thread_enter)(struct bp_port *port, unsigned worker_id);
	void (*thread_leave)(struct bp_port *port, unsigned worker_id);
	/* The way round the engine between two started queues of this driver whose ports have a link, which does to
	 * each packet what edit does (NULL: nothing): a burst that the worker calls; bp_carried: from now on the
	 * driver moves the packets without a worker, until one of the ports stops, or has no link (port->link, which
	 * check() looks at); NULL where there is none, as for an edit that the driver does not know: the worker polls
	 * rx. A driver with BP_FACT_CARRIES also does what the chain of rxq's port says, by its functions' acts
	 * (bp_function_act()): its facts' check() refuses those that have none. Asked once per path when both ports
	 * are ready, and again after either was away. NULL: never. */
	bp_direct_fn (*direct)(struct bp_rxq *rxq, struct bp_txq *txq, bp_edit_fn edit);
	/* Take the link of a started port's device down, so that its far side sees none, or up again: for a device that
	 * the kernel has no interface of, or that the driver has made (bypath/carry.h sees to others). Beside running
	 * bursts. -EOPNOTSUPP: the device cannot. NULL: never. */
	int (*set_link)(struct bp_port *port, bool is_up);
};

/* What drivers/NAME/describe.c says of it (bypath/facts.h) is not repeated here. */
struct bp_driver {
	uint32_t abi; /* BP_DRIVER_ABI */
	const char *name;
	const struct bp_driver_ops *ops;
	/* NULL, or: makes its frames by itself and takes none (bypath/kernel_source.h). */
	const struct bp_ks_ops *kernel_source;
};

/* One row per driver known to the build, in the generated table driver_table.c. */
struct bp_driver_entry {
	const char *name;
	const struct bp_facts *facts;
	const struct bp_driver *driver; /* linked in, or NULL */
	const char *module; /* shared module that exports `bp_driver`, or NULL */
	const char *missing; /* why this build lacks it, or NULL */
};
extern const struct bp_driver_entry bp_driver_table[]; /* ends with name == NULL */

/*
 * Find a driver by name, loading its module if need be. Control thread; may block.
 * *why is set on failure (static or module-loader storage, valid until the next call).
 * Returns the driver or NULL.
 */
const struct bp_driver *bp_driver_find(const char *name, const char **why);

#endif
