/* A test bed for the engine: configurations of in-process ports, runs of them, ports in disguise. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_ENGINE_BED_H
#define BYPATH_TEST_ENGINE_BED_H

#include "../port_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bypath/driver.h"
#include "core/frames.h"
#include "engine/engine.h"
#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_MS 10000u /* for workers that are to go on */

static inline void add_port(struct bp_conf *c, const char *name, const char *driver,
			    const char *device, int to, uint16_t n_queues)
{
	struct bp_port_conf *p = &c->ports[c->n_ports++];

	strcpy(p->name, name);
	strcpy(p->driver, driver);
	strcpy(p->device, device);
	p->forward_to = to;
	p->out_ports = to == BP_NO_PORT ? 0 : UINT64_C(1) << to;
	set_default_keys(p);
	p->n_queues = n_queues;
}

static inline struct bp_conf *make_conf(uint16_t n_workers)
{
	struct bp_conf *c = calloc(1, sizeof(*c));

	c->engine.n_workers = n_workers;
	c->engine.idle = BP_IDLE_ADAPTIVE;
	c->engine.burst = 64;
	c->engine.tx_retries = 4;
	c->memory.n_frames = 4096;
	c->memory.frame_bytes = 2048;
	c->memory.hugepages = BP_NO;
	return c;
}

/* The burst of a source of *n_left frames of 64 bytes, out of the engine's arena. */
static inline unsigned take_from_source(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max,
					_Atomic unsigned *n_left)
{
	unsigned n = max < *n_left ? max : *n_left;

	if (!n)
		return 0;
	n = bp_frames_get(q->port->env->frames, q->worker_id, pkts, n);
	for (unsigned i = 0; i < n; i++)
		pkts[i].len = 64;
	*n_left -= n;
	bp_count(&q->counters, BP_CNT_PKTS, n);
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return n;
}

static inline bool wait_for_received(struct bp_engine *e, struct bp_report *r, uint64_t n)
{
	for (unsigned i = 0; i < 2000; i++) {
		struct timespec ts = { .tv_nsec = 10000000 };

		bp_engine_tick(e);
		bp_engine_report(e, r);
		if (r->received >= n)
			return true;
		nanosleep(&ts, NULL);
	}
	return false;
}

/* Start it, wait until n packets were received, stop, leave the final report in *r. */
static inline void run_until(struct bp_engine *e, struct bp_report *r, uint64_t n)
{
	assert_int_equal(bp_engine_start(e), 0);
	assert_true(wait_for_received(e, r, n));
	bp_engine_stop(e);
	bp_engine_report(e, r);
}

/* Runs conf until n packets were received, stops, leaves the final report. */
static inline struct bp_report *run(struct bp_conf *conf, uint64_t n)
{
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_engine *e;

	assert_int_equal(bp_engine_create(conf, &e), 0);
	run_until(e, r, n);
	assert_int_equal(r->unaccounted, 0);
	assert_int_equal(r->held, 0);
	assert_int_equal(r->arena_frames_free, r->arena_frames);
	bp_engine_destroy(e);
	return r;
}

/* Give a port of the driver `null` other operations, as if a driver had them. */
static inline void disguise(struct bp_port *port, struct bp_driver *driver,
			    struct bp_driver_ops *ops)
{
	ops->open = port->driver->ops->open;
	ops->close = port->driver->ops->close;
	*driver = *port->driver;
	driver->ops = ops;
	port->driver = driver;
	bp_port_unpublish(port);
	assert_int_equal(bp_port_start(port), 0);
}

#endif
