/* Captures of a running engine: on which of its ports they are, whose packets then go by views. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/engine.h"
#include "engine/internal.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/capture.h"
#include "core/refuse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_carried(const struct bp_port *port)
{
	const struct bp_facts *facts = bp_facts_find(port->conf->driver);

	return facts && facts->flags & BP_FACT_CARRIES;
}

static struct bp_port *find_port(const struct bp_engine *e, const char *name)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		if (e->env.ports[i] && !e->conf->ports[i].is_removed &&
		    !strcmp(e->conf->ports[i].name, name))
			return e->env.ports[i];
	return NULL;
}

static void describe(const struct bp_port *port, struct bp_capture_interface *interface)
{
	snprintf(interface->name, sizeof(interface->name), "%s", port->conf->name);
	snprintf(interface->description, sizeof(interface->description), "driver %.31s, %.255s",
		 port->conf->driver, port->conf->device[0] ? port->conf->device : "no device");
}

static int refuse_carried(const struct bp_port *port, char *why, size_t why_bytes)
{
	return bp_refuse(
		why, why_bytes, -ENOTSUP,
		"port %s: its packets do not pass through bypath, driver %s carries them: run its paths with "
		"another driver, as %s, to capture them",
		port->conf->name, port->conf->driver, bp_facts_named(BP_FACT_ANY_NETDEV));
}

/* All ports whose packets pass here, but for hops. */
static int choose_all(const struct bp_engine *e, uint64_t *ports, char *why, size_t why_bytes)
{
	const struct bp_port *carried = NULL;

	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		const struct bp_port *port = e->env.ports[i];

		if (!port || e->conf->ports[i].is_removed || port->conf->is_hop)
			continue;
		if (is_carried(port))
			carried = port;
		else
			*ports |= UINT64_C(1) << i;
	}
	if (*ports)
		return 0;
	return carried ? refuse_carried(carried, why, why_bytes)
		       : bp_refuse(why, why_bytes, -ENOENT, "the run has no port to capture at");
}

static int choose_named(const struct bp_engine *e, const char *const *names, unsigned n_names,
			uint64_t *ports, char *why, size_t why_bytes)
{
	for (unsigned i = 0; i < n_names; i++) {
		const struct bp_port *port = find_port(e, names[i]);

		if (!port)
			return bp_refuse(why, why_bytes, -ENOENT,
					 "found no port '%.40s': bypath show ports lists them",
					 names[i]);
		if (is_carried(port))
			return refuse_carried(port, why, why_bytes);
		*ports |= UINT64_C(1) << port->port_id;
	}
	return 0;
}

/* The ports of these names, each once; n_names 0: all. Each has a place for another capture. 0 or -errno with why. */
static int choose_ports(const struct bp_engine *e, const char *const *names, unsigned n_names,
			uint64_t *ports, char *why, size_t why_bytes)
{
	int err;

	*ports = 0;
	err = n_names ? choose_named(e, names, n_names, ports, why, why_bytes)
		      : choose_all(e, ports, why, why_bytes);
	for (uint64_t left = *ports; !err && left;) {
		const struct bp_port *port = e->env.ports[bp_ports_take(&left)];

		if (!bp_capture_has_place(port))
			err = bp_refuse(why, why_bytes, -EBUSY,
					"port %s: %u captures look at it already: end one first",
					port->conf->name, BP_PORT_CAPTURES_MAX);
	}
	return err;
}

static void let_go(void *capture)
{
	struct bp_capture *c = capture;

	c->let_go(c);
}

void bp_engine_uncapture(struct bp_engine *e, struct bp_capture *c)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		struct bp_port *port = e->env.ports[i];

		if (!port || !bp_capture_detach(c, port))
			continue;
		bp_port_bind_captures(port);
		if (!e->is_stopped)
			bp_paths_bind_directs(e, port);
	}
	if (bp_workers_settle(e, BP_SETTLE_MS) < 0)
		return;
	/* Before: the tick, or the lack of memory to wait for it, ends that. */
	atomic_store_explicit(&c->is_held, true, memory_order_relaxed);
	bp_retire(e, c, let_go);
}

void bp_captures_follow(struct bp_port *from, struct bp_port *to)
{
	if (!atomic_load_explicit(&from->capture_kinds, memory_order_relaxed))
		return;
	if (!to || is_carried(to)) {
		bp_log(BP_LOG_WARN, "port %s: captures see its packets no more: %s",
		       from->conf->name,
		       to ? "its new driver carries them past bypath" : "it was removed");
		bp_capture_move(from, NULL);
		return;
	}
	bp_capture_move(from, to);
	bp_port_bind_captures(to);
}

/* Is there one on the port that has no buffer for the last of so many workers? */
static bool has_narrow(const struct bp_port *port, unsigned n_workers)
{
	for (unsigned i = 0; port && i < BP_PORT_CAPTURES_MAX; i++) {
		const struct bp_capture *c = atomic_load_explicit(
			&((struct bp_port *)(uintptr_t)port)->captures[i].capture,
			memory_order_relaxed);

		if (c && c->n_rings < n_workers)
			return true;
	}
	return false;
}

int bp_captures_allow(const struct bp_engine *e, unsigned n_workers)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		if (!has_narrow(e->env.ports[i], n_workers))
			continue;
		bp_log(BP_LOG_ERROR,
		       "reload: [engine] workers: %u → %u: a capture runs at port %s, which has a buffer for each worker "
		       "that there was when it began: end it first: bypath show captures",
		       e->conf->engine.n_workers, n_workers, e->conf->ports[i].name);
		return -EBUSY;
	}
	return 0;
}

int bp_engine_capture(struct bp_engine *e, struct bp_capture *c, const char *const *names,
		      unsigned n_names, char *why, size_t why_bytes)
{
	uint64_t ports;
	int err;

	if (c->n_rings < e->conf->engine.n_workers)
		return bp_refuse(why, why_bytes, -EAGAIN,
				 "a reload has just made the workers more: try again");
	if (e->conf->memory.protect)
		return bp_refuse(
			why, why_bytes, -EPERM,
			"[memory] protect = yes takes away access to packets' bytes: a capture needs it: "
			"start with protect = no");
	err = choose_ports(e, names, n_names, &ports, why, why_bytes);
	if (err)
		return err;
	c->n_interfaces = 0;
	while (ports) {
		struct bp_port *port = e->env.ports[bp_ports_take(&ports)];

		describe(port, &c->interfaces[c->n_interfaces]);
		(void)bp_capture_attach(c, port, (uint16_t)c->n_interfaces++);
		/* Before the bursts: a driver that moves packets by itself shows them to nobody. */
		bp_paths_bind_directs(e, port);
		bp_port_bind_captures(port);
	}
	return 0;
}
