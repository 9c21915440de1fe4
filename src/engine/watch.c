/* Ports that go away while workers run, come back, or come back as something else. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/engine.h"
#include "engine/internal.h"
#include "engine/trace.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/clock.h"

#include "handover/handover.h"

#include <time.h>

int bp_workers_settle(struct bp_engine *e, unsigned limit_ms)
{
	static const struct timespec nap = { .tv_nsec = 20000 };
	uint64_t begin[BP_WORKERS_MAX], begin_ns = bp_clock_ns();

	for (unsigned i = 0; i < e->n_running; i++)
		begin[i] = bp_worker_n_loops(&e->workers[i]);
	for (unsigned i = 0; i < e->n_running; i++)
		while (!bp_worker_is_past(&e->workers[i], begin[i])) {
			if (bp_clock_ns() - begin_ns >= limit_ms * UINT64_C(1000000))
				return (int)i;
			bp_idle_wake(&e->workers[i].idle);
			nanosleep(&nap, NULL);
		}
	return -1;
}

#define REOPEN_TICKS 50u
#define LINK_FIELDS  5u

/* What a program finds in the message that a port's device is up, down, lost or back. Returns fields. */
static const struct bp_log_field *link_fields(const struct bp_port *port, const char *state,
					      struct bp_log_field fields[LINK_FIELDS])
{
	fields[0] = (struct bp_log_field){ "event", "link", 0 };
	fields[1] = (struct bp_log_field){ "link", state, 0 };
	fields[2] = (struct bp_log_field){ "device", port->conf->device, 0 };
	fields[3] = (struct bp_log_field){ "driver", port->conf->driver, 0 };
	fields[4] = (struct bp_log_field){ NULL, NULL, 0 };
	return fields;
}

/* ---- out of the workers' hands, and back into them --------------------------------------------- */

static bool waits_one(const struct bp_engine *e)
{
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		if (e->turns[i].kind != BP_TURN_NONE)
			return true;
	return false;
}

/* false (logged): one stands still, and bp_port_go_on() goes on. */
static bool wait_for_turn(struct bp_engine *e, struct bp_port *port, enum bp_turn_kind kind)
{
	struct bp_turn *turn = &e->turns[port->port_id];
	unsigned limit_ms = waits_one(e) ? 0 : BP_TURN_MS;
	char text[BP_STALL_BYTES];
	int worker_id;

	for (unsigned i = 0; i < e->n_running; i++)
		turn->n_loops[i] = bp_worker_n_loops(&e->workers[i]);
	worker_id = bp_workers_settle(e, limit_ms);
	if (worker_id < 0)
		return true;
	turn->kind = kind;
	bp_stall_tell(e, (unsigned)worker_id, limit_ms ? BP_TURN_TEXT : "long", NULL, text);
	bp_log(BP_LOG_WARN, "port %s: %s when a worker goes on: %s", port->conf->name,
	       kind == BP_TURN_STOPS ? "stops" : "starts", text);
	return false;
}

bool bp_port_take_out(struct bp_engine *e, struct bp_port *port)
{
	atomic_store_explicit(&port->link, BP_LINK_LOST, memory_order_relaxed);
	bp_paths_bind_directs(e, port);
	bp_port_unpublish(port);
	return wait_for_turn(e, port, BP_TURN_STOPS);
}

static void stop(struct bp_engine *e, struct bp_port *port)
{
	bp_handover_end(&e->handovers, port);
	bp_port_stop(port);
}

bool bp_port_halt(struct bp_engine *e, struct bp_port *port)
{
	if (!bp_port_take_out(e, port))
		return false;
	stop(e, port);
	return true;
}

static void publish(struct bp_engine *e, struct bp_port *port)
{
	bp_port_publish(port);
	bp_paths_bind_directs(e, port);
	for (unsigned i = 0; i < e->n_running; i++)
		bp_idle_wake(&e->workers[i].idle);
}

bool bp_port_resume(struct bp_engine *e, struct bp_port *port)
{
	if (bp_port_make_ready(port))
		return false;
	if (bp_paths_bind_offloads(e, port))
		bp_log(BP_LOG_WARN, "port %s: no memory for its offloads: those of before stay",
		       port->conf->name);
	/* A worker's round that loaded the former offloads must not run with the new bursts. */
	if (!wait_for_turn(e, port, BP_TURN_STARTS))
		return false;
	publish(e, port);
	return true;
}

bool bp_port_go_on(struct bp_engine *e, struct bp_port *port)
{
	struct bp_turn *turn = &e->turns[port->port_id];
	enum bp_turn_kind kind = turn->kind;

	for (unsigned i = 0; kind != BP_TURN_NONE && i < e->n_running; i++)
		if (!bp_worker_is_past(&e->workers[i], turn->n_loops[i]))
			return false;
	turn->kind = BP_TURN_NONE;
	if (kind == BP_TURN_STOPS)
		stop(e, port);
	else if (kind == BP_TURN_STARTS)
		publish(e, port);
	return true;
}

/* ---- what a look at its device finds ----------------------------------------------------------- */

/* A device that was started anew and never got up has not come back: it is the same loss. */
static void take_port_out(struct bp_engine *e, struct bp_port *port)
{
	struct bp_log_field fields[LINK_FIELDS];

	if (!port->is_missed) {
		bp_log_with(BP_LOG_WARN, link_fields(port, "lost", fields),
			    "port %s: %s is gone: other ports go on, waiting for it to come back",
			    port->conf->name, port->conf->device);
		atomic_fetch_add_explicit(&port->n_losses, 1, memory_order_relaxed);
	}
	port->is_missed = true;
	(void)bp_port_halt(e, port);
}

/*
 * A device without a link takes frames and loses them: none are handed to it, by views or directly, so that
 * each has a name.
 */
static void note_link(struct bp_engine *e, struct bp_port *port, enum bp_link link)
{
	bool is_news = bp_port_set_link(port, link);
	struct bp_log_field fields[LINK_FIELDS];

	if (is_news)
		bp_paths_bind_directs(e, port);
	if (port->is_missed) {
		if (link != BP_LINK_UP)
			return;
		port->is_missed = false;
		bp_log_with(BP_LOG_INFO, link_fields(port, "back", fields),
			    "port %s: %s is back (%s)", port->conf->name, port->conf->device,
			    port->info.mode);
		return;
	}
	if (!is_news)
		return;
	if (link == BP_LINK_UP)
		bp_log_with(BP_LOG_INFO, link_fields(port, "up", fields), "port %s: %s is up",
			    port->conf->name, port->conf->device);
	else
		bp_log_with(BP_LOG_WARN, link_fields(port, "down", fields), "port %s: %s is down%s",
			    port->conf->name, port->conf->device,
			    port->n_txq && !(port->info.caps & BP_CAP_TX_WHEN_DOWN)
				    ? ": what is to be sent there is dropped as port_down"
				    : "");
}

static void check_port(struct bp_engine *e, struct bp_port *port)
{
	enum bp_link link = port->driver->ops->check ? port->driver->ops->check(port) : BP_LINK_UP;

	if (link == BP_LINK_LOST) {
		take_port_out(e, port);
		return;
	}
	if (link == BP_LINK_CHANGED) {
		if (!bp_port_halt(e, port) || !bp_port_resume(e, port))
			return;
		link = BP_LINK_UP;
	}
	note_link(e, port, link);
}

void bp_engine_tick(struct bp_engine *e)
{
	bp_ports_serve_locks(&e->env);
	bp_retired_free(e, false);
	bp_leaving_tick(e, false);
	e->n_ticks++;
	bp_trace_tick(e);
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		struct bp_port *port = e->env.ports[i];

		if (e->conf->ports[i].is_removed)
			continue;
		if (!bp_port_go_on(e, port))
			continue;
		/* One that a reload took out, and could not open again. */
		if (bp_port_is_closed(port) && (e->n_ticks % REOPEN_TICKS || bp_port_reopen(port)))
			continue;
		/* One that is back is looked at at once: it may have no link yet. */
		if (port->is_started || bp_port_resume(e, port))
			check_port(e, port);
	}
	bp_follow_tick(e);
	bp_functions_tick(e);
}
