/* Loads a configuration: settings to values by the schema. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "bypath/driver.h"

#include "config/schema.h"
#include "config/spelling.h"
#include "config/value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_PREFIX   "port."
#define STREAM_PREFIX "stream."

void bp_load_section(const struct bp_port_conf *port, char section[BP_SECTION_BYTES])
{
	snprintf(section, BP_SECTION_BYTES, PORT_PREFIX "%s", port->name);
}

void bp_load_stream_section(const struct bp_stream_conf *stream, char section[BP_SECTION_BYTES])
{
	snprintf(section, BP_SECTION_BYTES, STREAM_PREFIX "%s", stream->name);
}

int bp_load_find_port(const struct bp_load *load, const char *name)
{
	for (unsigned i = 0; i < load->conf.n_ports; i++)
		if (!strcmp(load->conf.ports[i].name, name))
			return (int)i;
	return BP_NO_PORT;
}

/* Add a problem in the line where the key stands. */
static void complain_at(struct bp_load *load, const char *section, const char *key, const char *fmt,
			va_list args) __attribute__((format(printf, 4, 0)));
static void complain_at(struct bp_load *load, const char *section, const char *key, const char *fmt,
			va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, args);
	bp_problem(&load->problems, bp_ini_where(&load->ini, section, key), section, key, "%s",
		   text);
}

void bp_load_complain(struct bp_load *load, unsigned port_id, const char *key, const char *fmt, ...)
{
	char section[BP_SECTION_BYTES];
	va_list args;

	bp_load_section(&load->conf.ports[port_id], section);
	va_start(args, fmt);
	complain_at(load, section, key, fmt, args);
	va_end(args);
}

static bool is_given(const struct bp_check *check, const char *key)
{
	const struct bp_load_check *self = (const struct bp_load_check *)check;

	return bp_ini_find(&self->load->ini, check->section, key) != NULL;
}

static void complain(struct bp_check *check, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void complain(struct bp_check *check, const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain_at(((struct bp_load_check *)check)->load, check->section, key, fmt, args);
	va_end(args);
}

void bp_load_check_init(struct bp_load_check *check, struct bp_load *load, const char *section)
{
	check->check = (struct bp_check){ &load->conf, section, is_given, complain };
	check->load = load;
}

static bool is_port_section(const char *section)
{
	return !strncmp(section, PORT_PREFIX, strlen(PORT_PREFIX));
}

/* The port that a section speaks of, or BP_NO_PORT. */
static int port_of_section(const struct bp_load *load, const char *section)
{
	if (!is_port_section(section))
		return BP_NO_PORT;
	return bp_load_find_port(load, section + strlen(PORT_PREFIX));
}

static bool is_stream_section(const char *section)
{
	return !strncmp(section, STREAM_PREFIX, strlen(STREAM_PREFIX));
}

/* The stream that a section speaks of, or NULL. */
static struct bp_stream_conf *stream_of_section(struct bp_load *load, const char *section)
{
	if (!is_stream_section(section))
		return NULL;
	for (unsigned i = 0; i < load->conf.n_streams; i++)
		if (!strcmp(load->conf.streams[i].name, section + strlen(STREAM_PREFIX)))
			return &load->conf.streams[i];
	return NULL;
}

static bool is_fixed_section(const char *name)
{
	const struct bp_section *section = bp_schema_section_of(name);

	return section && !section->is_named;
}

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
	char port_section[BP_INI_LINE_BYTES + 8] = "", stream_section[BP_INI_LINE_BYTES + 8] = "";
	const char *dot = strchr(header->section, '.');
	char hint[BP_HINT_BYTES], allowed[256], named[BP_NAME_BYTES];
	const struct bp_section *section;

	if (dot) { /* [ports.wan] */
		snprintf(port_section, sizeof(port_section), "port%s", dot);
		bp_nearest_try(&nearest, port_section);
		snprintf(stream_section, sizeof(stream_section), "stream%s", dot);
		bp_nearest_try(&nearest, stream_section);
	}
	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		bp_nearest_try(&nearest, section->name);
	section = nearest.best ? bp_schema_section_of(nearest.best) : NULL;
	if (section)
		nearest.best = section_form(section, named);
	list_sections(allowed, sizeof(allowed));
	bp_problem(&load->problems, header->where, header->section, NULL,
		   "unknown section, allowed: %s%s", allowed, bp_hint(hint, nearest.best));
}

static void add_port(struct bp_load *load, const struct bp_ini_item *header)
{
	const char *name = header->section + strlen(PORT_PREFIX);
	struct bp_port_conf *port = &load->conf.ports[load->conf.n_ports];

	load->has_bad_port = true;
	if (!bp_is_name(name, "_-") || strlen(name) >= BP_NAME_BYTES) {
		bp_problem(&load->problems, header->where, header->section, NULL,
			   "found a port named '%.80s', allowed: 1..%u of a-z 0-9 _ -", name,
			   BP_NAME_BYTES - 1);
		return;
	}
	if (load->conf.n_ports == BP_PORTS_MAX) {
		bp_problem(&load->problems, header->where, header->section, NULL,
			   "one port too many, allowed: up to %u", BP_PORTS_MAX);
		return;
	}
	load->has_bad_port = false;
	load->conf.n_ports++;
	*port = (struct bp_port_conf){ .n_queues = 1,
				       .checksum = BP_AUTO,
				       .offload = BP_PASS_AUTO,
				       .forward_to = BP_NO_PORT };
	strcpy(port->name, name);
}

static void add_stream(struct bp_load *load, const struct bp_ini_item *header)
{
	const char *name = header->section + strlen(STREAM_PREFIX);
	struct bp_stream_conf *stream = &load->conf.streams[load->conf.n_streams];

	if (!bp_is_name(name, "_-") || strlen(name) >= BP_NAME_BYTES) {
		load->has_bad_stream = true;
		bp_problem(&load->problems, header->where, header->section, NULL,
			   "found a stream named '%.80s', allowed: 1..%u of a-z 0-9 _ -", name,
			   BP_NAME_BYTES - 1);
		return;
	}
	if (load->conf.n_streams == BP_STREAMS_MAX) {
		load->has_bad_stream = true;
		bp_problem(&load->problems, header->where, header->section, NULL,
			   "one stream too many, allowed: up to %u", BP_STREAMS_MAX);
		return;
	}
	load->conf.n_streams++;
	snprintf(stream->name, sizeof(stream->name), "%.*s", (int)sizeof(stream->name) - 1, name);
	bp_value_store_defaults(bp_schema_section_of("stream")->keys, stream);
}

static void read_sections(struct bp_load *load)
{
	bool has_bad_port = false;

	for (size_t i = 0; i < load->ini.n_items; i++) {
		const struct bp_ini_item *item = &load->ini.items[i];

		if (item->key || is_fixed_section(item->section))
			continue;
		if (is_port_section(item->section)) {
			add_port(load, item);
		} else if (is_stream_section(item->section)) {
			add_stream(load, item);
		} else {
			complain_section(load, item);
			load->has_bad_port = true; /* a port's section may have been meant */
		}
		has_bad_port |= load->has_bad_port;
	}
	load->has_bad_port = has_bad_port;
}

static bool any_driver_knows(const char *name)
{
	char drivers[8];

	bp_schema_print_drivers(name, drivers, sizeof(drivers));
	return drivers[0] != '\0';
}

/* List the sections that have a key of this name: "engine", "port.NAME] or [stream.NAME". */
static void list_places(const char *name, char *text, size_t text_bytes)
{
	const struct bp_section *section;
	char form[BP_NAME_BYTES];

	text[0] = '\0';
	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		if (bp_key_find(section->keys, name) ||
		    (!strcmp(section->name, "port") && any_driver_knows(name)))
			bp_list_add(text, text_bytes, "] or [", section_form(section, form));
}

static void try_keys(struct bp_nearest *nearest, const struct bp_key *keys)
{
	for (; keys->name; keys++)
		bp_nearest_try(nearest, keys->name);
}

/* Say that a section has no such key, and which one was probably meant: one of keys, the section's own; of the
 * keys of the driver that facts describe; with all, of any driver's. */
static void complain_key(struct bp_load *load, const struct bp_ini_item *item,
			 const struct bp_key *keys, const struct bp_facts *facts, bool all)
{
	struct bp_nearest nearest = { .word = item->key };
	char hint[BP_HINT_BYTES], places[96];

	list_places(item->key, places, sizeof(places));
	try_keys(&nearest, keys);
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++)
		if (all || entry->facts == facts)
			try_keys(&nearest, entry->facts->keys);
	if (places[0] && (!nearest.best || nearest.distance > 1))
		bp_problem(&load->problems, item->where, item->section, item->key,
			   "unknown key here: it belongs in [%s]", places);
	else
		bp_problem(&load->problems, item->where, item->section, item->key,
			   "unknown key%s%s", bp_hint(hint, nearest.best),
			   nearest.best ? "" : "; bypath check --reference lists all");
}

/* Does the port's driver read the key in the port's mode? Adds a problem if it does not. */
static bool check_mode(struct bp_load *load, unsigned port_id, const struct bp_key *key,
		       const struct bp_ini_item *item)
{
	const struct bp_port_conf *port = &load->conf.ports[port_id];
	const struct bp_key *mode = bp_facts_key(load->facts[port_id], "mode");
	char wanted[128];
	unsigned value;

	if (!key->modes || load->has_bad_mode[port_id])
		return true;
	value = (unsigned)bp_key_value(mode, port);
	if (key->modes & 1u << value)
		return true;
	bp_schema_print_words(mode, key->modes, wanted, sizeof(wanted));
	bp_problem(
		&load->problems, item->where, item->section, item->key,
		"found '%.80s', but driver %s knows this key with mode = %s only, and the mode is "
		"%s; delete the line",
		item->value, port->driver, wanted, bp_key_word_of(mode, value));
	return false;
}

/* Say that the port's driver has no such key, and which drivers have. */
static void complain_driver(struct bp_load *load, unsigned port_id, const struct bp_ini_item *item)
{
	char names[128];

	bp_schema_print_drivers(item->key, names, sizeof(names));
	bp_problem(&load->problems, item->where, item->section, item->key,
		   "found '%.80s', but driver %s does not know this key; drivers that do: %s; "
		   "delete the line",
		   item->value, load->conf.ports[port_id].driver, names);
}

/* Parse one value into its field. false: a problem was added. */
static bool store_item(struct bp_load *load, const struct bp_ini_item *item,
		       const struct bp_key *key, void *base)
{
	char why[BP_WHY_BYTES];

	if (!bp_value_store(key, item->value, base, why))
		return true;
	bp_problem(&load->problems, item->where, item->section, item->key, "%s", why);
	return false;
}

/* Read driver and mode of a port before its other keys, whose values depend on them. */
static void read_driver(struct bp_load *load, unsigned port_id)
{
	struct bp_port_conf *port = &load->conf.ports[port_id];
	const struct bp_ini_item *item;
	const struct bp_key *mode;
	char section[BP_SECTION_BYTES];

	bp_load_section(port, section);
	item = bp_ini_find(&load->ini, section, "driver");
	if (!item || !store_item(load, item, bp_schema_find("port", "driver"), port))
		return;
	load->facts[port_id] = bp_facts_find(port->driver);
	bp_value_store_defaults(load->facts[port_id]->keys, port);
	mode = bp_facts_key(load->facts[port_id], "mode");
	item = bp_ini_find(&load->ini, section, "mode");
	load->has_bad_mode[port_id] = mode && item && !store_item(load, item, mode, port);
}

static void read_port_key(struct bp_load *load, const struct bp_ini_item *item, unsigned port_id)
{
	const struct bp_facts *facts = load->facts[port_id];
	const struct bp_key *port_keys = bp_schema_section_of("port")->keys, *key;

	if (bp_key_find(port_keys, item->key))
		return; /* read_driver() has read it */
	if (!any_driver_knows(item->key)) {
		complain_key(load, item, port_keys, facts, !facts);
		return;
	}
	if (!facts)
		return; /* the driver is not known, which was said */
	key = bp_facts_key(facts, item->key);
	if (!key)
		complain_driver(load, port_id, item);
	else if (strcmp(key->name, "mode") && check_mode(load, port_id, key, item))
		store_item(load, item, key, &load->conf.ports[port_id]);
}

static void read_stream_key(struct bp_load *load, const struct bp_ini_item *item,
			    struct bp_stream_conf *stream)
{
	const struct bp_key *key = bp_schema_find("stream", item->key);

	if (key)
		load->has_bad_stream |= !store_item(load, item, key, stream);
	else
		complain_key(load, item, bp_schema_section_of("stream")->keys, NULL, false);
}

static void read_keys(struct bp_load *load)
{
	for (size_t i = 0; i < load->ini.n_items; i++) {
		const struct bp_ini_item *item = &load->ini.items[i];
		int port_id = port_of_section(load, item->section);
		struct bp_stream_conf *stream = stream_of_section(load, item->section);
		const struct bp_key *key;

		if (!item->key || !strcmp(item->section, "forward"))
			continue;
		if (port_id != BP_NO_PORT) {
			read_port_key(load, item, (unsigned)port_id);
			continue;
		}
		if (stream && item->key) {
			read_stream_key(load, item, stream);
			continue;
		}
		if (!is_fixed_section(item->section))
			continue; /* the section was refused, which was said */
		key = bp_schema_find(item->section, item->key);
		if (key)
			store_item(load, item, key, &load->conf);
		else
			complain_key(load, item, bp_schema_section_of(item->section)->keys, NULL,
				     false);
	}
}

/* Say that [forward] names a port that does not exist. */
static void complain_port(struct bp_load *load, const struct bp_ini_item *item, const char *name)
{
	struct bp_nearest nearest = { .word = name };
	char hint[BP_HINT_BYTES], names[256] = "";

	load->has_bad_forward = true;
	if (load->has_bad_port || load->ini.has_nonsense)
		return; /* the section of this port may be the one that was refused */
	for (unsigned i = 0; i < load->conf.n_ports; i++) {
		bp_nearest_try(&nearest, load->conf.ports[i].name);
		bp_list_add(names, sizeof(names), ", ", load->conf.ports[i].name);
	}
	bp_problem(&load->problems, item->where, item->section, item->key,
		   "found '%.80s', which is no port; allowed: %s%s", name,
		   names[0] ? names : "none, as there is no [port.NAME]",
		   bp_hint(hint, nearest.best));
}

static void read_forwards(struct bp_load *load)
{
	for (size_t i = 0; i < load->ini.n_items; i++) {
		const struct bp_ini_item *item = &load->ini.items[i];
		int from, to;

		if (!item->key || strcmp(item->section, "forward"))
			continue;
		from = bp_load_find_port(load, item->key);
		to = bp_load_find_port(load, item->value);
		if (from == BP_NO_PORT)
			complain_port(load, item, item->key);
		if (to == BP_NO_PORT)
			complain_port(load, item, item->value);
		if (from != BP_NO_PORT && to != BP_NO_PORT)
			load->conf.ports[from].forward_to = to;
	}
}

static void read_values(struct bp_load *load)
{
	const struct bp_section *section;

	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		if (!section->is_named)
			bp_value_store_defaults(section->keys, &load->conf);
	load->conf.gen.tx_port = load->conf.gen.rx_port = load->conf.gen.replay_port = BP_NO_PORT;
	read_sections(load);
	for (unsigned i = 0; i < load->conf.n_ports; i++)
		read_driver(load, i);
	read_keys(load);
	read_forwards(load);
	if (load->ini.has_nonsense)
		return; /* what the checks would miss may stand in a line that was left out */
	bp_check_workers(load);
	for (unsigned i = 0; i < load->conf.n_ports; i++)
		bp_check_port(load, i);
	bp_check_gen(load);
	bp_check_paths(load);
}

int bp_config_load(const char *path, const char *const *sets, size_t n_sets, struct bp_conf *conf,
		   char *errors, size_t errors_bytes)
{
	struct bp_load *load = calloc(1, sizeof(*load));
	int rc;

	if (!load) {
		snprintf(errors, errors_bytes, "%s: cannot be read: no memory\n", path);
		return -ENOMEM;
	}
	bp_problems_init(&load->problems, path);
	rc = bp_ini_read(path, sets, n_sets, &load->problems, &load->ini);
	if (!rc) {
		read_values(load);
		if (load->problems.n || load->problems.is_cut)
			rc = -EINVAL;
		else
			*conf = load->conf;
	}
	bp_problems_print(&load->problems, errors, errors_bytes);
	bp_problems_free(&load->problems);
	bp_ini_free(&load->ini);
	free(load);
	return rc;
}
