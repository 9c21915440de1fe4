/* Checks one port's settings against each other. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "core/claim.h"

#include "config/schema.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

/* Source: Linux net/core/dev.c, dev_valid_name(). */
static void check_netdev(struct bp_load *load, unsigned port_id, const char *name)
{
	const char *device = load->conf.ports[port_id].device;
	bool is_address = strchr(name, ':') && !strcmp(name, device);

	if (strlen(name) >= IFNAMSIZ)
		bp_load_complain(
			load, port_id, "device",
			"found '%.80s', %zu bytes; allowed: the name of a network interface, up to "
			"%d bytes",
			name, strlen(name), IFNAMSIZ - 1);
	else if (strpbrk(name, "/: \t") || !strcmp(name, ".") || !strcmp(name, ".."))
		bp_load_complain(load, port_id, "device",
				 "found '%s'; allowed: the name of a network interface%s%s", name,
				 is_address ? "; a PCI address needs driver = " : "",
				 is_address ? bp_facts_named(BP_FACT_DEVICE_STRING) : "");
}

static void check_netdevs(struct bp_load *load, unsigned port_id)
{
	struct bp_claim claims[BP_CLAIMS_MAX];
	unsigned n = bp_claims_of(&load->conf.ports[port_id], claims);

	for (unsigned i = 0; i < n; i++)
		if (claims[i].kind == BP_CLAIM_NETDEV)
			check_netdev(load, port_id, claims[i].name);
}

bool bp_check_required(struct bp_load *load, const char *section, const struct bp_key *keys)
{
	bool is_missing = false;
	char allowed[256];

	for (const struct bp_key *key = keys; key->name; key++) {
		if (!(key->flags & BP_KEY_REQUIRED) || bp_ini_find(&load->ini, section, key->name))
			continue;
		is_missing = true;
		bp_schema_print_allowed(key, allowed, sizeof(allowed));
		bp_load_complain_of(load, section, key->name, "is missing: add '%s = …', %s%s%s",
				    key->name, key->help,
				    key->type == BP_KEY_TEXT ? "" : "; allowed: ",
				    key->type == BP_KEY_TEXT ? "" : allowed);
	}
	return is_missing;
}

void bp_check_port(struct bp_load *load, unsigned port_id)
{
	struct bp_port_conf *port = &load->conf.ports[port_id];
	const struct bp_facts *facts = load->facts[port_id];
	struct bp_load_check check;
	char section[BP_SECTION_BYTES];

	bp_named_section(BP_NAMED_PORT, port->name, section);
	if (bp_check_required(load, section, bp_schema_section_of("port")->keys) || !facts ||
	    bp_check_required(load, section, facts->keys) || load->has_bad_mode[port_id])
		return;
	check_netdevs(load, port_id);
	bp_load_check_init(&check, load, section);
	if (facts->check && !bp_load_has_refused(load, section))
		facts->check(port, &check.check);
}
