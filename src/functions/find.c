/* Finding functions, and what a configuration says of them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/function.h"

#include <string.h>

const struct bp_function *bp_function_find(const char *type)
{
	for (const struct bp_function *const *f = bp_function_table; *f; f++)
		if (!strcmp((*f)->name, type))
			return *f;
	return NULL;
}

const char *bp_function_missing(const char *type)
{
	for (const struct bp_function_gap *gap = bp_function_gaps; gap->name; gap++)
		if (!strcmp(gap->name, type))
			return gap->why;
	return NULL;
}

static bool names(const struct bp_port_conf *port, unsigned function_id)
{
	for (unsigned i = 0; i < port->n_chain; i++)
		if (port->chain[i] == function_id)
			return true;
	return false;
}

uint64_t bp_function_in_ports(const struct bp_conf *conf, const struct bp_function_conf *fn)
{
	unsigned function_id = (unsigned)(fn - conf->functions);
	uint64_t ports = 0;

	for (unsigned i = 0; i < conf->n_ports; i++)
		if (names(&conf->ports[i], function_id))
			ports |= UINT64_C(1) << i;
	return ports;
}

int bp_function_port(const struct bp_conf *conf, const char *name, size_t n_chars)
{
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (strlen(conf->ports[i].name) == n_chars &&
		    !strncmp(conf->ports[i].name, name, n_chars))
			return (int)i;
	return BP_NO_PORT;
}

bool bp_function_act(const struct bp_conf *conf, unsigned function_id, struct bp_act *act)
{
	const struct bp_function_conf *fn = &conf->functions[function_id];
	const struct bp_function *function = bp_function_find(fn->type);

	memset(act, 0, sizeof(*act));
	if (!function || !function->as_act)
		return false;
	function->as_act(fn, act);
	return true;
}
