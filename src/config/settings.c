/* The settings that a configuration was made of, as a document. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/settings.h"

#include "config/load.h"
#include "config/schema.h"

#include "core/json.h"

#include <stdio.h>
#include <string.h>

/* The keys of a section, and where their values are. */
struct place {
	const struct bp_key *own, *more; /* more: those that its chooser brings, or NULL */
	const void *base;
};

/* false: the section is none of the schema's, as [forward], whose keys are ports. */
static bool find_place(struct bp_load *load, const char *section, struct place *place)
{
	const struct bp_section *fixed = bp_schema_section_of(section);

	if (fixed && !fixed->is_named) {
		*place = (struct place){ fixed->keys, NULL, &load->conf };
		return true;
	}
	for (unsigned kind = 0; kind < BP_N_NAMED; kind++) {
		const struct bp_named *named = &bp_named[kind];
		const char *name = bp_named_name(named, section);
		int i = name ? bp_named_find(named, &load->conf, name) : -1;

		if (i < 0)
			continue;
		place->base = bp_named_value(named, &load->conf, (unsigned)i);
		place->own = bp_schema_section_of(named->section)->keys;
		place->more = bp_named_keys(named, place->base);
		return true;
	}
	return false;
}

static const struct bp_key *find_key(const struct place *place, const char *name)
{
	const struct bp_key *key = bp_key_find(place->own, name);

	return key || !place->more ? key : bp_key_find(place->more, name);
}

/* As an INI file has it. Text that has both kinds of quotes and what begins a comment stays as it was. */
static json_t *quoted(const char *value)
{
	if (!value[strcspn(value, ";#")] && !strchr("\"'", value[0]))
		return json_string(value);
	return json_sprintf(strchr(value, '"') ? "'%s'" : "\"%s\"", value);
}

static void add_setting(json_t *rows, const char *key, const char *value, json_t *from,
			const char *kind, unsigned line)
{
	json_array_append_new(rows, json_pack("{s:s, s:o, s:o, s:o, s:s, s:o}", "key", key, "value",
					      bp_json_text(value), "text", quoted(value), "from",
					      from, "kind", kind, "line",
					      line ? json_integer(line) : json_null()));
}

static void add_given(json_t *rows, struct bp_load *load, const struct bp_ini_item *item,
		      const struct bp_key *key, const struct place *place)
{
	const char *path = load->problems.path, *slash = strrchr(path, '/');
	const char *value = item->value;

	if (key && key->type == BP_KEY_FILE) /* a text in its field, as it is opened */
		value = (const char *)place->base + key->offset;
	if (item->where.set)
		add_setting(rows, item->key, value, json_string("command line"), "override", 0);
	else
		add_setting(rows, item->key, value,
			    json_sprintf("%s:%u", slash ? slash + 1 : path, item->where.line),
			    "file", item->where.line);
}

/* Does the key apply in the port's mode? */
static bool applies(const struct bp_key *keys, const struct bp_key *key, const void *base)
{
	const struct bp_key *mode = key->modes ? bp_key_find(keys, "mode") : NULL;

	if (key->flags & BP_KEY_BESIDE)
		return false;
	return !mode || key->modes >> bp_key_value(mode, base) & 1;
}

static void add_defaults(json_t *rows, const struct bp_ini *ini, const char *section,
			 const struct bp_key *keys, const void *base)
{
	for (const struct bp_key *key = keys; key && key->name; key++)
		if (key->fallback && key->fallback[0] && !bp_ini_find(ini, section, key->name) &&
		    applies(keys, key, base))
			add_setting(rows, key->name, key->fallback, json_string("default"),
				    "default", 0);
}

static void add_section(json_t *sections, struct bp_load *load, const char *section)
{
	struct place place = { NULL, NULL, NULL };
	bool is_known = find_place(load, section, &place);
	json_t *rows = json_array();

	for (size_t i = 0; i < load->ini.n_items; i++) {
		const struct bp_ini_item *item = &load->ini.items[i];

		if (item->key && !strcmp(item->section, section))
			add_given(rows, load, item, is_known ? find_key(&place, item->key) : NULL,
				  &place);
	}
	if (is_known) {
		add_defaults(rows, &load->ini, section, place.own, place.base);
		add_defaults(rows, &load->ini, section, place.more, place.base);
	}
	json_array_append_new(sections,
			      json_pack("{s:s, s:o}", "section", section, "settings", rows));
}

json_t *bp_settings_make(struct bp_load *load)
{
	json_t *sections = json_array();
	const struct bp_section *section;

	for (size_t i = 0; i < load->ini.n_items; i++)
		if (!load->ini.items[i].key)
			add_section(sections, load, load->ini.items[i].section);
	/* What is not given at all has its defaults. */
	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		if (!section->is_named && !bp_ini_find(&load->ini, section->name, NULL) &&
		    section->keys->type != BP_KEY_PORT)
			add_section(sections, load, section->name);
	return json_pack("{s:o, s:o}", "file", bp_json_text(load->problems.path), "sections",
			 sections);
}
