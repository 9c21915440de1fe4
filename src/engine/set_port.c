/* Ports that an operator sets down, or up again. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/engine.h"
#include "engine/internal.h"

#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SETTLE_NS 100000000u

static struct bp_port *find_port(const struct bp_engine *e, const char *name)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		if (!e->conf->ports[i].is_hop && !e->conf->ports[i].is_removed &&
		    !strcmp(e->conf->ports[i].name, name))
			return e->env.ports[i];
	return NULL;
}

/* Wait until no worker uses what it found before, for a bounded time: one that stands still must not hold who asks. */
static void settle_workers(struct bp_engine *e)
{
	static const struct timespec nap = { .tv_nsec = 20000 };
	uint64_t begin[BP_WORKERS_MAX], begin_ns = bp_clock_ns();

	for (unsigned i = 0; i < e->n_running; i++)
		begin[i] = bp_worker_n_loops(&e->workers[i]);
	for (unsigned i = 0; i < e->n_running; i++)
		while (!bp_worker_is_past(&e->workers[i], begin[i]) &&
		       bp_clock_ns() - begin_ns < SETTLE_NS) {
			bp_idle_wake(&e->workers[i].idle);
			nanosleep(&nap, NULL);
		}
}

int bp_engine_set_port(struct bp_engine *e, const char *name, bool is_down, const char *by)
{
	struct bp_port *port = find_port(e, name);

	if (!port)
		return -ENOENT;
	if (port->is_set_down == is_down)
		return 0;
	bp_port_set(port, is_down, by);
	bp_paths_bind_directs(e, port);
	settle_workers(e);
	bp_log_with(BP_LOG_INFO,
		    ((const struct bp_log_field[]){ { "event", "set_port", 0 },
						    { "state", is_down ? "down" : "up", 0 },
						    { "by", by, 0 },
						    { NULL, NULL, 0 } }),
		    "port %s: set %s by %s", name, is_down ? "down" : "up", by);
	/* What looks at ports sees it now: a driver that carries packets by itself, a function's table, a link that
	 * follows another. */
	bp_engine_tick(e);
	return 0;
}

void bp_engine_list_ports(const struct bp_engine *e, char *text, size_t text_bytes)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < e->conf->n_ports && len < text_bytes; i++)
		if (!e->conf->ports[i].is_hop && !e->conf->ports[i].is_removed)
			len += (size_t)snprintf(text + len, text_bytes - len, "%s%s",
						len ? ", " : "", e->conf->ports[i].name);
}
