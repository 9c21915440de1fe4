/* Checks the functions of a configuration. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "bypath/function.h"

#include "config/schema.h"
#include "config/spelling.h"

#include <string.h>

/* [forward] names ports and functions alike. Returns whether it can tell them apart. */
static bool check_name(struct bp_load *load, const struct bp_function_conf *fn, const char *section)
{
	if (bp_load_find_port(load, fn->name) == BP_NO_PORT)
		return true;
	bp_load_complain_of(
		load, section, NULL,
		"is also the name of a port, and [forward] could mean either: rename one "
		"of the two");
	return false;
}

/* Its own keys, then what it says of them itself. */
static void check_values(struct bp_load *load, const struct bp_function_conf *fn,
			 const char *section)
{
	const struct bp_function *function = bp_function_find(fn->type);
	struct bp_load_check check;

	if (bp_check_required(load, section, bp_schema_section_of("function")->keys) || !function ||
	    bp_check_required(load, section, function->keys) || !function->check ||
	    bp_load_has_refused(load, section))
		return;
	bp_load_check_init(&check, load, section);
	function->check(fn, &check.check);
}

static void check_use(struct bp_load *load, const struct bp_function_conf *fn, const char *section)
{
	const struct bp_conf *conf = &load->conf;
	struct bp_nearest nearest = { .word = fn->name };
	char hint[BP_HINT_BYTES];

	if (bp_function_in_ports(conf, fn))
		return;
	for (unsigned i = 0; i < conf->n_functions; i++)
		if (&conf->functions[i] != fn)
			bp_nearest_try(&nearest, conf->functions[i].name);
	bp_load_complain_of(load, section, NULL,
			    "is used nowhere: name it in [forward], or delete the section%s",
			    bp_hint(hint, nearest.best));
}

/* A chain that ends with a function needs a port that this may choose. */
static void check_choice(struct bp_load *load, unsigned port_id)
{
	const struct bp_port_conf *port = &load->conf.ports[port_id];
	const char *name;

	if (!port->n_chain || port->forward_to != BP_NO_PORT ||
	    bp_load_outs_of(load, port->chain[port->n_chain - 1], port_id))
		return;
	name = load->conf.functions[port->chain[port->n_chain - 1]].name;
	bp_load_complain_of(load, "forward", port->name,
			    "found '%s', which has no other port to choose: name it for another "
			    "port as well, as PORT = %s",
			    name, name);
}

void bp_check_functions(struct bp_load *load)
{
	size_t n_problems = load->problems.n;

	for (unsigned i = 0; i < load->conf.n_functions; i++) {
		const struct bp_function_conf *fn = &load->conf.functions[i];
		char section[BP_SECTION_BYTES];

		bp_named_section(BP_NAMED_FUNCTION, fn->name, section);
		check_values(load, fn, section);
		/* What was refused may have named it. */
		if (check_name(load, fn, section) && !load->has_bad_forward)
			check_use(load, fn, section);
	}
	if (load->problems.n > n_problems)
		load->has_bad_value[BP_NAMED_FUNCTION] = true;
	if (load->has_bad_forward || load->has_bad_value[BP_NAMED_FUNCTION] ||
	    load->has_bad_section[BP_NAMED_PORT])
		return; /* more ports to choose may have been meant */
	for (unsigned i = 0; i < load->conf.n_ports; i++)
		check_choice(load, i);
}
