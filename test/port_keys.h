/* A port's keys as an INI would give them, for tests that make a configuration by hand. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_PORT_KEYS_H
#define BYPATH_TEST_PORT_KEYS_H

#include "bypath/facts.h"

#include "config/value.h"

#include <stdlib.h>

static inline const struct bp_key *port_key(const struct bp_port_conf *port, const char *name)
{
	const struct bp_facts *facts = bp_facts_find(port->driver);
	const struct bp_key *key = facts ? bp_facts_key(facts, name) : NULL;

	if (!key)
		abort();
	return key;
}

/* The driver's name is there already. */
static inline void set_key(struct bp_port_conf *port, const char *name, const char *value)
{
	char why[BP_WHY_BYTES];

	if (bp_value_store(port_key(port, name), value, port, why))
		abort();
}

/* Of a key with words or a number. */
static inline uint64_t key_value(const struct bp_port_conf *port, const char *name)
{
	return bp_key_value(port_key(port, name), port);
}

static inline const char *key_word(const struct bp_port_conf *port, const char *name)
{
	return bp_key_word_of(port_key(port, name), (unsigned)key_value(port, name));
}

static inline void set_default_keys(struct bp_port_conf *port)
{
	const struct bp_facts *facts = bp_facts_find(port->driver);

	if (facts)
		bp_value_store_defaults(facts->keys, port);
}

#endif
