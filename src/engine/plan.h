/* The plan: which worker polls which RX queue, and which TX queue it sends with. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_PLAN_H
#define BYPATH_ENGINE_PLAN_H

#include "bypath/config.h"

#include <stddef.h>

#define BP_NO_QUEUE       UINT16_MAX
#define BP_PLAN_WHY_BYTES 1024u /* for the sentence of bp_plan_make(), with a chain in it */

struct bp_plan_port {
	uint16_t n_rxq, n_txq;
	uint16_t rxq_workers[BP_QUEUES_MAX]; /* worker of each RX queue */
	uint16_t txq_workers[BP_QUEUES_MAX]; /* worker of each TX queue */
	uint16_t txq_of_worker[BP_WORKERS_MAX]; /* TX queue of each worker, or BP_NO_QUEUE */
	uint16_t n_workers; /* of the configuration that the port was made for */
	int hop; /* the port that workers without a TX queue here send to in its stead, or BP_NO_PORT */
};

struct bp_plan {
	uint16_t n_workers;
	struct bp_plan_port ports[BP_PORTS_MAX];
};

/*
 * Where a function that chooses ports makes more workers send to one than it has TX queues (BP_FACT_PAIRED_QUEUES,
 * BP_FACT_ONE_QUEUE), append a port of an in-process wire to conf: the workers without a queue send there, the others take
 * it from there to the port. It counts and is shown as any port is. Ports at the end of a chain, and of paths without
 * functions, get none: bp_plan_make() refuses these, with what to set. conf is loaded and not in use yet. Any thread.
 */
void bp_plan_add_hops(struct bp_conf *conf);

/*
 * RX queues go to the workers in turn; each worker gets its own TX queue of each port that it sends
 * to. Refuses what a driver cannot give (BP_FACT_PAIRED_QUEUES, BP_FACT_ONE_QUEUE). Any thread. 0, or
 * -EINVAL with a sentence.
 */
int bp_plan_make(const struct bp_conf *conf, struct bp_plan *plan, char *why, size_t why_bytes);

/*
 * The same for a configuration whose ports have the places of another one's, where those of kept (a bit each) are the same
 * ports: they lose no TX queue, and one whose worker sends there no more goes to one that does. With as many workers as before
 * their RX queues stay with these, and a new one goes to a worker that has the TX queues it needs, if there is one; with others
 * all go to the workers in turn. A kept port may get more TX queues: it cannot be kept then.
 */
int bp_plan_follow(const struct bp_conf *conf, const struct bp_plan *before, uint64_t kept,
		   struct bp_plan *plan, char *why, size_t why_bytes);

#endif
