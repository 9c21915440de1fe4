/* Reads which sections there are. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "config/schema.h"
#include "config/spelling.h"
#include "config/value.h"

#include <stdio.h>
#include <string.h>

/* ---- sections that do not exist -------------------------------------------------------------- */

/* "engine", "port.NAME" */
static const char *section_form(const struct bp_section *section, char form[BP_NAME_BYTES])
{
	snprintf(form, BP_NAME_BYTES, "%s%s", section->name, section->is_named ? ".NAME" : "");
	return form;
}

/* List all sections: "engine, memory, port.NAME, …". */
static void list_sections(char *text, size_t text_bytes)
{
	const struct bp_section *section;
	char form[BP_NAME_BYTES];

	text[0] = '\0';
	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		bp_list_add(text, text_bytes, ", ", section_form(section, form));
}

static void complain_section(struct bp_load *load, const struct bp_ini_item *header)
{
	struct bp_nearest nearest = { .word = header->section };
	char others[BP_N_NAMED][BP_INI_LINE_BYTES + BP_SECTION_BYTES];
	const char *dot = strchr(header->section, '.');
	char hint[BP_HINT_BYTES], allowed[256], form[BP_NAME_BYTES];
	const struct bp_section *section;

	for (unsigned kind = 0; dot && kind < BP_N_NAMED; kind++) { /* [ports.wan] */
		snprintf(others[kind], sizeof(others[kind]), "%s%s", bp_named[kind].section, dot);
		bp_nearest_try(&nearest, others[kind]);
	}
	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		bp_nearest_try(&nearest, section->name);
	section = nearest.best ? bp_schema_section_of(nearest.best) : NULL;
	if (section)
		nearest.best = section_form(section, form);
	list_sections(allowed, sizeof(allowed));
	bp_problem(&load->problems, header->where, header->section, NULL,
		   "unknown section, allowed: %s%s", allowed, bp_hint(hint, nearest.best));
}

/* ---- sections that stand for many ------------------------------------------------------------ */

/* What no key sets, and no key of a driver that has none such. */
static void init_port(struct bp_port_conf *port)
{
	port->n_queues = 1;
	port->checksum = BP_AUTO;
	port->offload = BP_PASS_AUTO;
	port->forward_to = BP_NO_PORT;
}

/* Returns whether it was taken up. */
static bool add_named(struct bp_load *load, const struct bp_named *named, const char *name,
		      const struct bp_ini_item *header)
{
	unsigned n = bp_named_n(named, &load->conf);
	void *value;

	if (!bp_is_name(name, "_-") || strlen(name) >= BP_NAME_BYTES) {
		bp_problem(&load->problems, header->where, header->section, NULL,
			   "found a %s named '%.80s', allowed: 1..%u of a-z 0-9 _ -",
			   named->section, name, BP_NAME_BYTES - 1);
		return false;
	}
	if (named == &bp_named[BP_NAMED_PORT] && bp_schema_find("forward", name)) {
		bp_problem(
			&load->problems, header->where, header->section, NULL,
			"found a port named '%s', which is a key of [forward]: choose another name",
			name);
		return false;
	}
	if (n == named->max) {
		bp_problem(&load->problems, header->where, header->section, NULL,
			   "one %s too many, allowed: up to %u", named->section, named->max);
		return false;
	}
	value = bp_named_value(named, &load->conf, n);
	*(uint16_t *)(void *)((char *)&load->conf + named->n_at) = (uint16_t)(n + 1);
	strcpy(value, name);
	bp_value_store_defaults(bp_schema_section_of(named->section)->keys, value);
	if (named == &bp_named[BP_NAMED_PORT])
		init_port(value);
	return true;
}

static bool is_fixed(const char *name)
{
	const struct bp_section *section = bp_schema_section_of(name);

	return section && !section->is_named;
}

static void read_header(struct bp_load *load, const struct bp_ini_item *header)
{
	for (unsigned kind = 0; kind < BP_N_NAMED; kind++) {
		const char *name = bp_named_name(&bp_named[kind], header->section);

		if (!name)
			continue;
		if (!add_named(load, &bp_named[kind], name, header))
			load->has_bad_section[kind] = true;
		return;
	}
	if (is_fixed(header->section))
		return;
	complain_section(load, header);
	/* One that [forward] names may have been meant. */
	load->has_bad_section[BP_NAMED_PORT] = load->has_bad_section[BP_NAMED_FUNCTION] = true;
}

/* ---- what brings further keys ---------------------------------------------------------------- */

static void read_mode(struct bp_load *load, unsigned port_id, const char *section)
{
	const struct bp_facts *facts = bp_facts_find(load->conf.ports[port_id].driver);
	const struct bp_key *mode = facts ? bp_facts_key(facts, "mode") : NULL;
	const struct bp_ini_item *item = bp_ini_find(&load->ini, section, "mode");

	load->facts[port_id] = facts;
	load->has_bad_mode[port_id] =
		mode && item && !bp_load_store(load, item, mode, &load->conf.ports[port_id]);
}

/* Read a section's chooser, and a port's mode, before other keys, whose values depend on them. */
static void read_chooser(struct bp_load *load, enum bp_named_kind kind, unsigned i)
{
	const struct bp_named *named = &bp_named[kind];
	void *value = bp_named_value(named, &load->conf, i);
	const struct bp_ini_item *item;
	char section[BP_SECTION_BYTES];

	bp_named_section(kind, value, section);
	item = bp_ini_find(&load->ini, section, named->chooser);
	if (!item)
		return;
	if (!bp_load_store(load, item, bp_schema_find(named->section, named->chooser), value)) {
		load->has_bad_value[kind] = true;
		return;
	}
	bp_value_store_defaults(bp_named_keys(named, value), value);
	if (kind == BP_NAMED_PORT)
		read_mode(load, i, section);
}

void bp_read_sections(struct bp_load *load)
{
	for (size_t i = 0; i < load->ini.n_items; i++)
		if (!load->ini.items[i].key)
			read_header(load, &load->ini.items[i]);
	for (unsigned kind = 0; kind < BP_N_NAMED; kind++)
		for (unsigned i = 0; i < bp_named_n(&bp_named[kind], &load->conf); i++)
			if (bp_named[kind].chooser)
				read_chooser(load, kind, i);
}
