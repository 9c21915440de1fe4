/* Ports that an operator sets down, or up again. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/engine.h"
#include "engine/internal.h"

#include "bypath/log.h"

#include "core/list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct bp_port *find_port(const struct bp_engine *e, const char *name)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		if (!e->conf->ports[i].is_hop && !e->conf->ports[i].is_removed &&
		    !strcmp(e->conf->ports[i].name, name))
			return e->env.ports[i];
	return NULL;
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
	(void)bp_workers_settle(e, BP_SETTLE_MS);
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
	text[0] = '\0';
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		if (!e->conf->ports[i].is_hop && !e->conf->ports[i].is_removed)
			bp_list_add(text, text_bytes, ", ", e->conf->ports[i].name);
}
