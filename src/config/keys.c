/* Reads the keys of sections, each into its field. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "config/schema.h"
#include "config/spelling.h"
#include "config/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The path as bypath opens it: one that is relative begins in the folder of the INI file, wherever bypath was started; not
 * in /dev, whose files are descriptors. */
static char *find_path(const struct bp_load *load, const char *value)
{
	const char *ini = load->problems.path, *slash = strrchr(ini, '/');
	char *path;

	if (value[0] == '/' || !value[0] || !slash || !strncmp(ini, "/dev/", 5))
		return strdup(value);
	return asprintf(&path, "%.*s%s", (int)(slash + 1 - ini), ini, value) < 0 ? NULL : path;
}

static int store_path(const struct bp_load *load, const struct bp_key *key, const char *value,
		      void *base, char why[BP_WHY_BYTES])
{
	char *path = find_path(load, value);
	int err = path ? bp_value_store(key, path, base, why) : -ENOMEM;

	if (!path)
		snprintf(why, BP_WHY_BYTES, "found '%.80s', but no memory to keep it", value);
	free(path);
	return err;
}

bool bp_load_store(struct bp_load *load, const struct bp_ini_item *item, const struct bp_key *key,
		   void *base)
{
	char why[BP_WHY_BYTES];
	int err = key->type == BP_KEY_FILE ? store_path(load, key, item->value, base, why)
					   : bp_value_store(key, item->value, base, why);

	if (!err)
		return true;
	bp_problem(&load->problems, item->where, item->section, item->key, "%s", why);
	bp_ini_find(&load->ini, item->section, item->key)->is_refused = true;
	return false;
}

bool bp_load_has_refused(const struct bp_load *load, const char *section)
{
	for (size_t i = 0; i < load->ini.n_items; i++)
		if (load->ini.items[i].is_refused && !strcmp(load->ini.items[i].section, section))
			return true;
	return false;
}

/* ---- unknown keys ---------------------------------------------------------------------------- */

/* Has any word of the chooser a key of this name? */
static bool any_word_knows(const struct bp_named *named, const char *key)
{
	char words[8];

	if (!named)
		return false;
	bp_named_print_words(named, key, words, sizeof(words));
	return words[0] != '\0';
}

/* List the sections that have a key of this name: "engine", "port.NAME] or [stream.NAME". */
static void list_places(const char *name, char *text, size_t text_bytes)
{
	const struct bp_section *section;
	char form[BP_NAME_BYTES];

	text[0] = '\0';
	for (unsigned i = 0; (section = bp_schema_section(i)); i++) {
		if (!bp_key_find(section->keys, name) &&
		    !any_word_knows(bp_named_of(section->name), name))
			continue;
		snprintf(form, sizeof(form), "%s%s", section->name,
			 section->is_named ? ".NAME" : "");
		bp_list_add(text, text_bytes, "] or [", form);
	}
}

static void try_keys(struct bp_nearest *nearest, const struct bp_key *keys)
{
	for (; keys->name; keys++)
		bp_nearest_try(nearest, keys->name);
}

/* Of all words that a chooser allows. */
static void try_any_keys(struct bp_nearest *nearest, const struct bp_named *named)
{
	struct bp_named_word word;

	for (unsigned i = 0; bp_named_word_at(named, i, &word); i++)
		try_keys(nearest, word.keys);
}

/* Say that a section has no such key, and which one was probably meant: one of keys, the section's own; of more, those
 * that its chooser brings, or where that is not known (NULL) of any word's. named NULL: no chooser. */
static void complain_key(struct bp_load *load, const struct bp_ini_item *item,
			 const struct bp_key *keys, const struct bp_named *named,
			 const struct bp_key *more)
{
	struct bp_nearest nearest = { .word = item->key };
	char hint[BP_HINT_BYTES], places[96];

	list_places(item->key, places, sizeof(places));
	try_keys(&nearest, keys);
	if (more)
		try_keys(&nearest, more);
	else if (named)
		try_any_keys(&nearest, named);
	if (places[0] && (!nearest.best || nearest.distance > 1))
		bp_problem(&load->problems, item->where, item->section, item->key,
			   "unknown key here: it belongs in [%s]", places);
	else
		bp_problem(&load->problems, item->where, item->section, item->key,
			   "unknown key%s%s", bp_hint(hint, nearest.best),
			   nearest.best ? "" : "; bypath check --reference lists all");
}

/* ---- keys of sections that stand for many ---------------------------------------------------- */

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

/* Say that what the chooser says has no such key, and what has. */
static void complain_chosen(struct bp_load *load, const struct bp_named *named, const void *value,
			    const struct bp_ini_item *item)
{
	const struct bp_key *chooser = bp_schema_find(named->section, named->chooser);
	char words[128];

	bp_named_print_words(named, item->key, words, sizeof(words));
	bp_problem(&load->problems, item->where, item->section, item->key,
		   "found '%.80s', but %s %s does not know this key; %ss that do: %s; delete the "
		   "line",
		   item->value, named->chooser, (const char *)value + chooser->offset,
		   named->chooser, words);
}

static void read_named_key(struct bp_load *load, enum bp_named_kind kind, unsigned i,
			   const struct bp_ini_item *item)
{
	const struct bp_named *named = &bp_named[kind];
	void *value = bp_named_value(named, &load->conf, i);
	const struct bp_key *own = bp_schema_section_of(named->section)->keys;
	const struct bp_key *more = bp_named_keys(named, value);
	const struct bp_key *key = bp_key_find(own, item->key);

	if (key) {
		if (named->chooser && !strcmp(key->name, named->chooser))
			return; /* bp_read_sections() has read it */
		load->has_bad_value[kind] |= !bp_load_store(load, item, key, value);
		return;
	}
	if (!any_word_knows(named, item->key)) {
		complain_key(load, item, own, named, more);
		return;
	}
	if (!more)
		return; /* what brings the key is not known, which was said */
	key = bp_key_find(more, item->key);
	if (!key) {
		complain_chosen(load, named, value, item);
		return;
	}
	if (kind == BP_NAMED_PORT &&
	    (!strcmp(key->name, "mode") || !check_mode(load, i, key, item)))
		return; /* bp_read_sections() has read the mode */
	load->has_bad_value[kind] |= !bp_load_store(load, item, key, value);
}

/* Is the item in such a section, or one that was refused? */
static bool read_named(struct bp_load *load, const struct bp_ini_item *item)
{
	for (unsigned kind = 0; kind < BP_N_NAMED; kind++) {
		const char *name = bp_named_name(&bp_named[kind], item->section);
		int i = name ? bp_named_find(&bp_named[kind], &load->conf, name) : -1;

		if (i >= 0)
			read_named_key(load, kind, (unsigned)i, item);
		if (name)
			return true;
	}
	return false;
}

/* ---- all of them ----------------------------------------------------------------------------- */

void bp_read_keys(struct bp_load *load)
{
	for (size_t i = 0; i < load->ini.n_items; i++) {
		const struct bp_ini_item *item = &load->ini.items[i];
		const struct bp_section *section;
		const struct bp_key *key;

		if (!item->key || !strcmp(item->section, "forward") || read_named(load, item))
			continue;
		section = bp_schema_section_of(item->section);
		if (!section || section->is_named)
			continue; /* the section was refused, which was said */
		key = bp_key_find(section->keys, item->key);
		if (key)
			bp_load_store(load, item, key, &load->conf);
		else
			complain_key(load, item, section->keys, NULL, NULL);
	}
}
