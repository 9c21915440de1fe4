/* The table of the ports, with what is to be said of each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/text_ports.h"

#include "core/numa.h"

#include <string.h>

#define N_OF(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

static const char *link_name(enum bp_link link)
{
	static const char *const names[] = {
		[BP_LINK_UP] = "up", [BP_LINK_DOWN] = "DOWN", [BP_LINK_LOST] = "LOST"
	};

	return names[link];
}

bool bp_report_has_nodes(const struct bp_report *r)
{
	return r->n_numa_nodes > 1;
}

void bp_report_put_node(struct bp_table *table, const struct bp_report *r, int node)
{
	if (!bp_report_has_nodes(r))
		return;
	if (node == BP_NO_NODE)
		bp_table_cell(table, "-");
	else
		bp_table_cell(table, "%d", node);
}

/* The first worker of these queues whose core is on another node than the port. */
static const struct bp_report_worker *find_far(const struct bp_report *r, int node,
					       const struct bp_report_queue *queues, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct bp_report_worker *w = &r->workers[queues[i].worker_id];

		if (node != BP_NO_NODE && w->numa_node != BP_NO_NODE && w->numa_node != node)
			return w;
	}
	return NULL;
}

static void put_notes(FILE *out, const struct bp_report *r)
{
	for (unsigned i = 0; i < r->n_ports; i++) {
		const struct bp_report_port *port = &r->ports[i];
		const struct bp_report_worker *w =
			find_far(r, port->numa_node, port->rxq, port->n_rxq);

		if (!w)
			w = find_far(r, port->numa_node, port->txq, port->n_txq);
		if (bp_report_has_nodes(r) && w)
			fprintf(out,
				"  note on %s: it is on NUMA node %d, worker %u on node %d: its packets "
				"cross between the nodes\n",
				port->conf->name, port->numa_node, w->worker_id, w->numa_node);
		if (port->info.note[0])
			fprintf(out, "  note on %s: %s\n", port->conf->name, port->info.note);
	}
}

void bp_report_text_ports(FILE *out, const struct bp_report *r)
{
	static const struct bp_table_column columns[] = {
		{ "port", NULL, 'l' },   { "driver", NULL, 'l' }, { "effective mode", NULL, 'l' },
		{ "device", NULL, 'l' }, { "behind", NULL, 'l' }, { "MTU", NULL, 'r' },
		{ "link", NULL, 'l' },   { "lost", NULL, 'r' },   { "node", NULL, 'r' },
	};
	struct bp_table table;

	fputs("\nPORTS\n", out);
	bp_table_begin(&table, columns, N_OF(columns) - !bp_report_has_nodes(r));
	for (unsigned i = 0; i < r->n_ports; i++) {
		const struct bp_report_port *port = &r->ports[i];

		bp_table_cell(&table, "%s", port->conf->name);
		bp_table_cell(&table, "%s", port->conf->driver);
		bp_table_cell(&table, "%s", port->info.mode);
		bp_table_cell(&table, "%.40s%s", port->conf->device[0] ? port->conf->device : "-",
			      strlen(port->conf->device) > 40 ? "…" : "");
		bp_table_cell(&table, "%s",
			      port->info.device_driver[0] ? port->info.device_driver : "-");
		bp_table_ratio(&table, port->info.mtu, port->info.mtu ? 1 : 0, 0);
		bp_table_cell(&table, "%s", link_name(port->link));
		bp_table_cell(&table, "%u×", port->n_losses);
		bp_report_put_node(&table, r, port->numa_node);
	}
	bp_table_end(&table, out);
	put_notes(out, r);
}
