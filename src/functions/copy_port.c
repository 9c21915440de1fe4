/* The port that a function sends copies to, and whether it may. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/copy_port.h"

#include "core/list.h"

#include <stdio.h>
#include <string.h>

static void list_ports(const struct bp_conf *conf, char *text, size_t text_bytes)
{
	text[0] = '\0';
	for (unsigned i = 0; i < conf->n_ports; i++)
		bp_list_add(text, text_bytes, ", ", conf->ports[i].name);
}

/* The first of the ports whose packets leave at port_id once the chain is done, or BP_NO_PORT. */
static int sender_to(const struct bp_conf *conf, uint64_t in_ports, int port_id)
{
	for (unsigned i = 0; i < conf->n_ports; i++)
		if ((in_ports & UINT64_C(1) << i) && conf->ports[i].forward_to == port_id)
			return (int)i;
	return BP_NO_PORT;
}

int bp_copy_port(const struct bp_conf *conf, const struct bp_function_conf *fn, const char *name,
		 size_t n_chars, char why[BP_COPY_PORT_WHY_BYTES])
{
	int port_id = bp_function_port(conf, name, n_chars), sender;
	uint64_t in_ports = bp_function_in_ports(conf, fn);
	char names[160];

	if (port_id == BP_NO_PORT) {
		list_ports(conf, names, sizeof(names));
		snprintf(why, BP_COPY_PORT_WHY_BYTES, "found '%.*s', which is no port; allowed: %s",
			 n_chars < 80 ? (int)n_chars : 80, name, names);
		return BP_NO_PORT;
	}
	name = conf->ports[port_id].name;
	if (in_ports & UINT64_C(1) << port_id) {
		snprintf(
			why, BP_COPY_PORT_WHY_BYTES,
			"found '%s', whose own packets come here: copies would go back to their sender; "
			"name another port",
			name);
		return BP_NO_PORT;
	}
	sender = sender_to(conf, in_ports, port_id);
	if (sender == BP_NO_PORT)
		return port_id;
	snprintf(
		why, BP_COPY_PORT_WHY_BYTES,
		"found '%s', where the chain of %s ends: each packet would be sent there twice; name "
		"another port",
		name, conf->ports[sender].name);
	return BP_NO_PORT;
}
