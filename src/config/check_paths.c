/* Checks ports, paths, workers of one configuration against each other. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "bypath/driver.h"

#include "core/claim.h"

#include "config/schema.h"
#include "config/spelling.h"

#include <stdio.h>
#include <string.h>

/* The rule that two ports break by having both claims, or NULL. A ring has two ends: n_ring_ends counts the
 * other ports that have been found at it. */
static const char *find_fault(const struct bp_claim *mine, const struct bp_claim *other,
			      unsigned *n_ring_ends)
{
	if (!bp_claims_clash(mine, other) || (mine->kind == BP_CLAIM_RING && ++*n_ring_ends < 2))
		return NULL;
	return bp_claim_rule(mine->kind);
}

/* Compare a claim of a port with the claims of the ports before it. Returns whether a problem was added. */
static bool check_claim(struct bp_load *load, unsigned port_id, const struct bp_claim *mine)
{
	struct bp_claim others[BP_CLAIMS_MAX];
	unsigned n_ring_ends = 0;

	for (unsigned i = 0; i < port_id; i++) {
		unsigned n = bp_claims_of(&load->conf.ports[i], others);

		for (unsigned k = 0; k < n; k++) {
			const char *fault = find_fault(mine, &others[k], &n_ring_ends);

			if (!fault)
				continue;
			bp_load_complain(load, port_id, "device",
					 "found '%.80s', which port %s uses already: %s",
					 mine->name, load->conf.ports[i].name, fault);
			return true;
		}
	}
	return false;
}

/* Compare a port's devices with other ports' by spelling. bp_ports_claim() finds two spellings of one device
 * when a run starts. */
static void check_device(struct bp_load *load, unsigned port_id)
{
	struct bp_claim claims[BP_CLAIMS_MAX];
	unsigned n = bp_claims_of(&load->conf.ports[port_id], claims);

	for (unsigned i = 0; i < n; i++)
		if (check_claim(load, port_id, &claims[i]))
			return;
}

/* The text that the file has for a port's key, or the key's default. */
static const char *value_of(const struct bp_load *load, unsigned port_id, const char *name)
{
	char section[BP_SECTION_BYTES];
	const struct bp_ini_item *item;
	const struct bp_key *key = bp_facts_key(load->facts[port_id], name);

	bp_named_section(BP_NAMED_PORT, load->conf.ports[port_id].name, section);
	item = bp_ini_find(&load->ini, section, name);
	return item ? item->value : key ? key->fallback : "";
}

static bool is_other_driver(const struct bp_conf *conf, unsigned a, unsigned b)
{
	return strcmp(conf->ports[a].driver, conf->ports[b].driver) != 0;
}

/* Does a path from port from, that begins or ends at port_id, end at a port of another driver? */
static bool leads_astray(const struct bp_conf *conf, unsigned from, unsigned port_id)
{
	uint64_t outs = conf->ports[from].out_ports;

	while (outs) {
		unsigned to = bp_ports_take(&outs);

		if ((from == port_id || to == port_id) && is_other_driver(conf, from, to))
			return true;
	}
	return false;
}

/* Refuse paths between a port that stays among its own and one of another driver. */
static void check_own(struct bp_load *load, unsigned port_id, const struct bp_limits *limits,
		      const char *value)
{
	const struct bp_conf *conf = &load->conf;
	char chain[BP_CHAIN_BYTES];

	for (unsigned i = 0; limits->only_own && i < conf->n_ports; i++)
		if (leads_astray(conf, i, port_id))
			bp_load_complain(load, port_id, limits->key,
					 "found '%s', but [forward] %s leads to another driver: %s",
					 value, bp_config_chain(conf, i, chain), limits->only_own);
}

/* Refuse paths that a port cannot serve: a file goes one way only, a source takes no packets. */
static void check_limits(struct bp_load *load, unsigned port_id)
{
	const struct bp_conf *conf = &load->conf;
	const struct bp_port_conf *port = &conf->ports[port_id];
	bool is_named = port->out_ports != 0;
	char chain[BP_CHAIN_BYTES];
	struct bp_limits limits;
	const char *value;

	if (load->has_bad_mode[port_id] || !load->facts[port_id])
		return;
	bp_limits_of(port, &limits);
	value = value_of(load, port_id, limits.key);
	if (limits.no_rx && !limits.no_forward && is_named)
		bp_load_complain(load, port_id, limits.key,
				 "found '%s', but [forward] %s receives from here: %s", value,
				 bp_config_chain(conf, port_id, chain), limits.no_rx);
	for (unsigned i = 0; i < conf->n_ports; i++) {
		if (!(conf->ports[i].out_ports >> port_id & 1))
			continue;
		is_named = true;
		if (limits.no_tx)
			bp_load_complain(load, port_id, limits.key,
					 "found '%s', but [forward] %s sends to here: %s", value,
					 bp_config_chain(conf, i, chain), limits.no_tx);
	}
	check_own(load, port_id, &limits, value);
	if (limits.no_forward && is_named)
		bp_load_complain(load, port_id, limits.key,
				 "found '%s', but [forward] names the port: %s", value,
				 limits.no_forward);
}

static bool is_used(const struct bp_conf *conf, unsigned port_id)
{
	if (conf->gen.tx_port == (int)port_id || conf->gen.rx_port == (int)port_id ||
	    conf->gen.replay_port == (int)port_id || conf->gen.monitor_port == (int)port_id)
		return true;
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (conf->ports[i].out_ports >> port_id & 1)
			return true;
	return conf->ports[port_id].n_chain || conf->ports[port_id].out_ports;
}

/* --set with a misspelt port makes a new one: name the port that was probably meant. */
static void complain_unused(struct bp_load *load, unsigned port_id)
{
	const struct bp_conf *conf = &load->conf;
	struct bp_nearest nearest = { .word = conf->ports[port_id].name };
	char hint[BP_HINT_BYTES];

	for (unsigned i = 0; i < conf->n_ports; i++)
		if (i != port_id)
			bp_nearest_try(&nearest, conf->ports[i].name);
	bp_load_complain(load, port_id, NULL,
			 "is used nowhere: name it in [%s], or delete the section%s",
			 conf->gen.tx[0] || conf->gen.rx[0] ? "gen" : "forward",
			 bp_hint(hint, nearest.best));
}

static void check_map(struct bp_load *load)
{
	const struct bp_conf *conf = &load->conf;
	bool is_empty = true;

	for (size_t i = 0; i < load->ini.n_items; i++)
		if (load->ini.items[i].key && !strcmp(load->ini.items[i].section, "forward"))
			is_empty = false;
	if (!conf->n_ports && !load->has_bad_section[BP_NAMED_PORT])
		bp_problem(&load->problems, (struct bp_where){ 0 }, NULL, NULL,
			   "has no port: add a section [port.NAME] with driver and device");
	if (is_empty && !conf->gen.tx[0] && !conf->gen.rx[0]) {
		bp_problem(&load->problems, bp_ini_where(&load->ini, "forward", NULL), "forward",
			   NULL, "says nothing: add FROM = TO, both names of ports");
		return;
	}
	if (load->has_bad_forward || load->has_bad_value[BP_NAMED_FUNCTION])
		return; /* what was refused may have named a port that looks unused */
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (!is_used(conf, i))
			complain_unused(load, i);
}

void bp_check_workers(struct bp_load *load)
{
	struct bp_conf *conf = &load->conf;

	if (!conf->engine.n_cores)
		return;
	if (bp_ini_find(&load->ini, "engine", "workers") &&
	    conf->engine.n_workers != conf->engine.n_cores)
		bp_problem(&load->problems, bp_ini_where(&load->ini, "engine", "cores"), "engine",
			   "cores",
			   "found %u core(s) for workers = %u: give each worker one, or "
			   "delete 'workers'",
			   conf->engine.n_cores, conf->engine.n_workers);
	conf->engine.n_workers = conf->engine.n_cores;
}

/* List the drivers that leave the arena alone: "a, b". */
static void list_untouching(char *text, size_t text_bytes)
{
	text[0] = '\0';
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++)
		if (entry->facts->flags & BP_FACT_TOUCHES_NOTHING)
			bp_list_add(text, text_bytes, ", ", entry->name);
}

static void check_untouched(struct bp_load *load, unsigned port_id, struct bp_where where)
{
	const struct bp_port_conf *port = &load->conf.ports[port_id];
	const struct bp_facts *facts = load->facts[port_id];
	char names[128];

	if (facts && !(facts->flags & BP_FACT_TOUCHES_NOTHING)) {
		list_untouching(names, sizeof(names));
		bp_problem(&load->problems, where, "memory", "protect",
			   "found 'yes', but the driver of port %s touches the arena: use %s, or "
			   "delete the line",
			   port->name, names);
	} else if (facts && (facts->flags & BP_FACT_FILLS_FRAMES) && port->out_ports) {
		bp_problem(&load->problems, where, "memory", "protect",
			   "found 'yes', but port %s writes the packets that come from it into the "
			   "arena: let it only send, or delete the line",
			   port->name);
	} else if (facts && (facts->flags & BP_FACT_INFERS) && port->checksum != BP_NO) {
		bp_problem(&load->problems, where, "memory", "protect",
			   "found 'yes', but port %s looks at checksums: set [port.%s] checksum = "
			   "off",
			   port->name, port->name);
	}
}

/* With protect = yes nobody can access the arena: a mode or driver that touches frames would be killed by
 * SIGSEGV at the first packet. */
static void check_protect(struct bp_load *load)
{
	const struct bp_conf *conf = &load->conf;
	struct bp_where where = bp_ini_where(&load->ini, "memory", "protect");
	char chain[BP_CHAIN_BYTES];

	if (!conf->memory.protect)
		return;
	if (conf->engine.mode != BP_ENGINE_IO)
		bp_problem(&load->problems, where, "memory", "protect",
			   "found 'yes', which only [engine] mode = io can do: set one of the two");
	for (unsigned i = 0; i < conf->n_ports; i++) {
		if (conf->ports[i].n_chain)
			bp_problem(&load->problems, where, "memory", "protect",
				   "found 'yes', but functions touch packets, and [forward] %s has "
				   "some: delete the line",
				   bp_config_chain(conf, i, chain));
		check_untouched(load, i, where);
	}
}

/* A run that ends when its captures have been played needs a capture, and none that is endless. */
static void check_until(struct bp_load *load)
{
	bool has_capture = false;

	if (load->conf.engine.until != BP_UNTIL_REPLAYED || load->has_bad_forward ||
	    load->has_bad_section[BP_NAMED_PORT])
		return;
	for (unsigned i = 0; i < load->conf.n_ports; i++) {
		struct bp_limits limits;

		if (load->has_bad_mode[i])
			return;
		bp_limits_of(&load->conf.ports[i], &limits);
		if (!limits.is_capture || !load->conf.ports[i].out_ports)
			continue;
		has_capture = true;
		if (limits.is_endless)
			bp_load_complain(
				load, i, "loop",
				"found 'yes' beside [engine] until = replayed: it never ends; "
				"give the port rounds or a count");
	}
	if (!has_capture)
		bp_problem(
			&load->problems, bp_ini_where(&load->ini, "engine", "until"), "engine",
			"until",
			"found 'replayed', but no capture is played: forward from a port that plays one "
			"(driver = %s), or delete the line",
			bp_facts_named(BP_FACT_PLAYS));
}

/* It becomes the name of a file. */
static void check_name(struct bp_load *load)
{
	if (load->conf.engine.name[0] && !bp_is_name(load->conf.engine.name, "_-"))
		bp_problem(&load->problems, bp_ini_where(&load->ini, "engine", "name"), "engine",
			   "name", "found '%s', allowed: 1..%u of a-z 0-9 _ -",
			   load->conf.engine.name, BP_NAME_BYTES - 1);
}

static void check_sections(struct bp_load *load)
{
	const struct bp_section *section;
	struct bp_load_check check;

	for (unsigned i = 0; (section = bp_schema_section(i)); i++) {
		bp_load_check_init(&check, load, section->name);
		if (section->check && !bp_load_has_refused(load, section->name))
			section->check(&load->conf, &check.check);
	}
}

void bp_check_paths(struct bp_load *load)
{
	for (unsigned i = 0; i < load->conf.n_ports; i++) {
		check_device(load, i);
		check_limits(load, i);
	}
	check_map(load);
	check_until(load);
	check_name(load);
	check_sections(load);
	check_protect(load);
}
