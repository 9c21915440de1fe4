/* What the drivers of this build say of themselves. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/driver.h"
#include "bypath/facts.h"

#include <string.h>

const struct bp_facts *bp_facts_find(const char *driver)
{
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++)
		if (!strcmp(entry->name, driver))
			return entry->facts;
	return NULL;
}

const char *bp_facts_named(uint32_t flags)
{
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++)
		if ((entry->facts->flags & flags) == flags)
			return entry->name;
	return "";
}

void bp_limits_of(const struct bp_port_conf *port, struct bp_limits *limits)
{
	const struct bp_facts *facts = bp_facts_find(port->driver);

	*limits = (struct bp_limits){ .key = "driver" };
	if (facts && facts->limits)
		facts->limits(port, limits);
}
