/* A change of configuration as a document, as lines. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/change.h"

#include "bypath/config.h"
#include "bypath/facts.h"
#include "bypath/function.h"

#include "core/json.h"
#include "engine/change_values.h"

#include <stdio.h>
#include <string.h>

/* ---- values ---------------------------------------------------------------------------------- */

static size_t size_of_value(const struct bp_key *key)
{
	return key->type == BP_KEY_TEXT || key->type == BP_KEY_FILE || key->type == BP_KEY_DRIVER ||
			       key->type == BP_KEY_FUNCTION
		       ? 0
		       : key->size;
}

/* Their number stands beside them. */
static bool are_same_cores(const struct bp_conf *a, const struct bp_conf *b)
{
	return a->engine.n_cores == b->engine.n_cores &&
	       !memcmp(a->engine.cores, b->engine.cores,
		       a->engine.n_cores * sizeof(a->engine.cores[0]));
}

static void print_cores(const struct bp_conf *conf, char *text, size_t n_bytes)
{
	size_t at = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < conf->engine.n_cores && at < n_bytes; i++)
		at += (size_t)snprintf(text + at, n_bytes - at, "%s%u", i ? "," : "",
				       conf->engine.cores[i]);
}

bool bp_change_is_of_run(const struct bp_section *section)
{
	for (const struct bp_key *key = section->keys; !section->is_named && key->name; key++) {
		enum bp_reload reload = bp_schema_reload(section, key);

		if (reload == BP_RELOAD_LIVE || reload == BP_RELOAD_NEXT)
			return true;
	}
	return false;
}

bool bp_change_is_same(const struct bp_key *key, const void *a, const void *b)
{
	const char *of_a = (const char *)a + key->offset, *of_b = (const char *)b + key->offset;
	size_t n = size_of_value(key);

	if (key->type == BP_KEY_CORES)
		return are_same_cores(a, b);
	return n ? !memcmp(of_a, of_b, n) : !strcmp(of_a, of_b);
}

static void print_interval(const void *field, char *text, size_t n)
{
	double seconds;

	memcpy(&seconds, field, sizeof(seconds));
	if (seconds > 0)
		snprintf(text, n, "%g", seconds);
	else
		snprintf(text, n, "%s", seconds < 0 ? "auto" : "off");
}

static void print_rate(const void *field, char *text, size_t n)
{
	static const char *const units[] = { [BP_RATE_PPS] = "pps",
					     [BP_RATE_BPS_L2] = "bps",
					     [BP_RATE_BPS_L1] = "bpsl1",
					     [BP_RATE_PERCENT] = "%" };
	struct bp_rate rate;

	memcpy(&rate, field, sizeof(rate));
	if (rate.unit == BP_RATE_MAX || rate.unit > BP_RATE_PERCENT)
		snprintf(text, n, "max");
	else
		snprintf(text, n, "%.15g%s", rate.value, units[rate.unit]);
}

void bp_change_print(const struct bp_key *key, const void *base, char *text, size_t n)
{
	switch (key->type) {
	case BP_KEY_TEXT:
	case BP_KEY_FILE:
	case BP_KEY_DRIVER:
	case BP_KEY_FUNCTION:
		snprintf(text, n, "%s", (const char *)base + key->offset);
		break;
	case BP_KEY_CHOICE: {
		const char *word = bp_key_word_of(key, (unsigned)bp_key_value(key, base));

		snprintf(text, n, "%s", word ? word : "?");
		break;
	}
	case BP_KEY_NUMBER:
	case BP_KEY_AMOUNT:
		snprintf(text, n, "%llu", (unsigned long long)bp_key_value(key, base));
		break;
	case BP_KEY_SECONDS:
	case BP_KEY_FACTOR: {
		double value;

		memcpy(&value, (const char *)base + key->offset, sizeof(value));
		snprintf(text, n, "%g", value);
		break;
	}
	case BP_KEY_INTERVAL:
		print_interval((const char *)base + key->offset, text, n);
		break;
	case BP_KEY_RATE:
		print_rate((const char *)base + key->offset, text, n);
		break;
	case BP_KEY_CORES:
		print_cores(base, text, n);
		break;
	default:
		text[0] = '\0';
	}
}

/* ---- for people and programs ----------------------------------------------------------------- */

const char *bp_fate_name(enum bp_fate fate)
{
	static const char *const names[] = {
		[BP_FATE_GONE] = "gone",       [BP_FATE_KEPT] = "kept",
		[BP_FATE_ADDED] = "added",     [BP_FATE_REPLACED] = "replaced",
		[BP_FATE_REMOVED] = "removed",
	};

	return names[fate];
}

/* The keys of a list whose values differ; section: whose own they are, or NULL. */
static void add_keys(json_t *rows, const struct bp_section *section, const struct bp_key *keys,
		     const void *was, const void *is)
{
	char from[BP_PATH_BYTES], to[BP_PATH_BYTES];
	json_t *row;

	for (; keys && keys->name; keys++) {
		if (!strcmp(keys->name, "*") || bp_change_is_same(keys, was, is))
			continue;
		bp_change_print(keys, was, from, sizeof(from));
		bp_change_print(keys, is, to, sizeof(to));
		row = json_pack("{s:s, s:s, s:s}", "key", keys->name, "from", from, "to", to);
		if (section && bp_schema_reload(section, keys) == BP_RELOAD_NEXT)
			json_object_set_new(row, "next_start", json_true());
		json_array_append_new(rows, row);
	}
}

static json_t *port_change(const struct bp_change *change, const struct bp_conf *running,
			   unsigned i)
{
	const struct bp_port_conf *was = &running->ports[i], *is = &change->conf.ports[i];
	enum bp_fate fate = change->ports[i];
	json_t *keys = json_array();

	if (fate == BP_FATE_REPLACED) {
		add_keys(keys, NULL, bp_schema_section_of("port")->keys, was, is);
		if (!strcmp(was->driver, is->driver))
			add_keys(keys, NULL, bp_facts_find(is->driver)->keys, was, is);
		else if (strcmp(was->device, is->device))
			json_array_append_new(keys,
					      json_pack("{s:s, s:s, s:s}", "key", "device", "from",
							was->device, "to", is->device));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s}", "what", "port", "name",
			 fate == BP_FATE_REMOVED ? was->name : is->name, "fate", bp_fate_name(fate),
			 "driver", fate == BP_FATE_REMOVED ? was->driver : is->driver, "device",
			 fate == BP_FATE_REMOVED ? was->device : is->device, "keys", keys, "why",
			 fate == BP_FATE_REPLACED ? change->port_why[i] : "");
}

static json_t *list_ports(const struct bp_change *change, const struct bp_conf *running)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < change->conf.n_ports; i++) {
		if (change->ports[i] == BP_FATE_GONE || change->ports[i] == BP_FATE_KEPT)
			continue;
		if (change->renamed >> i & 1 && !running->ports[i].is_removed)
			json_array_append_new(
				rows,
				json_pack("{s:s, s:s, s:s, s:s, s:s, s:[], s:s}", "what", "port",
					  "name", running->ports[i].name, "fate", "removed",
					  "driver", running->ports[i].driver, "device",
					  running->ports[i].device, "keys", "why", ""));
		json_array_append_new(rows, port_change(change, running, i));
	}
	return rows;
}

static json_t *list_functions(const struct bp_change *change, const struct bp_conf *running)
{
	json_t *rows = json_array();
	uint32_t named = 0;

	for (unsigned i = 0; i < change->conf.n_functions; i++) {
		const struct bp_function_conf *is = &change->conf.functions[i];
		json_t *keys = json_array();

		if (change->function_was[i] >= 0)
			named |= UINT32_C(1) << change->function_was[i];
		if (change->functions[i] == BP_FATE_REPLACED)
			add_keys(keys, NULL, bp_function_find(is->type)->keys,
				 &running->functions[change->function_was[i]], is);
		if (change->functions[i] != BP_FATE_KEPT)
			json_array_append_new(
				rows, json_pack("{s:s, s:s, s:s, s:s, s:O, s:s}", "what",
						"function", "name", is->name, "fate",
						bp_fate_name(change->functions[i]), "type",
						is->type, "keys", keys, "why",
						change->functions[i] == BP_FATE_REPLACED &&
								!json_array_size(keys)
							? "its ports or its files are others"
							: ""));
		json_decref(keys);
	}
	for (unsigned k = 0; k < running->n_functions; k++)
		if (!(named >> k & 1))
			json_array_append_new(
				rows,
				json_pack("{s:s, s:s, s:s, s:s, s:[], s:s}", "what", "function",
					  "name", running->functions[k].name, "fate", "removed",
					  "type", running->functions[k].type, "keys", "why", ""));
	return rows;
}

/* Paths of ports that are there before and after. */
static json_t *list_paths(const struct bp_change *change, const struct bp_conf *running)
{
	char from[BP_CHAIN_BYTES], to[BP_CHAIN_BYTES];
	json_t *rows = json_array();

	for (unsigned i = 0; i < running->n_ports; i++) {
		if (running->ports[i].is_hop || running->ports[i].is_removed ||
		    change->renamed >> i & 1 || change->conf.ports[i].is_removed)
			continue;
		bp_config_chain(running, i, from);
		bp_config_chain(&change->conf, i, to);
		if (strcmp(from, to))
			json_array_append_new(
				rows, json_pack("{s:s, s:s, s:s, s:s}", "what", "path", "name",
						running->ports[i].name, "from", from, "to", to));
	}
	return rows;
}

json_t *bp_change_document(const struct bp_change *change, const struct bp_conf *running)
{
	json_t *document =
		json_pack("{s:s, s:b, s:o, s:o, s:o}", "schema", "bypath.change/1", "empty",
			  (int)change->is_empty, "ports", list_ports(change, running), "functions",
			  list_functions(change, running), "paths", list_paths(change, running));
	const struct bp_section *section;

	for (unsigned i = 0; (section = bp_schema_section(i)); i++) {
		json_t *keys = bp_change_is_of_run(section) ? json_array() : NULL;

		if (!keys)
			continue;
		add_keys(keys, section, section->keys, running, &change->conf);
		json_object_set_new(document, section->name, keys);
	}
	return document;
}

json_t *bp_change_refused(const char *why)
{
	return json_pack("{s:s, s:o}", "schema", "bypath.change/1", "refused", bp_json_lines(why));
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

/* "driver af_packet → af_xdp, device v0 → v1" */
static void print_keys(const json_t *keys, char *text, size_t n_bytes)
{
	const json_t *key;
	size_t i, at = 0;

	text[0] = '\0';
	json_array_foreach(keys, i, key) {
		const char *from = text_of(key, "from"), *to = text_of(key, "to");
		const char *when = json_is_true(json_object_get(key, "next_start"))
					   ? " (at the next start)"
					   : "";
		int n = *from || *to ? snprintf(text + at, n_bytes - at, "%s%s %s → %s%s",
						i ? ", " : "", text_of(key, "key"),
						*from ? from : "none", *to ? to : "none", when)
				     : snprintf(text + at, n_bytes - at, "%s%s is another%s",
						i ? ", " : "", text_of(key, "key"), when);

		if (n < 0 || (size_t)n >= n_bytes - at)
			return;
		at += (size_t)n;
	}
}

static void tell_named(const json_t *row, void (*say)(void *ctx, const char *line), void *ctx)
{
	const char *fate = text_of(row, "fate"), *why = text_of(row, "why");
	char keys[768], line[1024];

	print_keys(json_object_get(row, "keys"), keys, sizeof(keys));
	snprintf(line, sizeof(line), "%s %s: %s%s%s%s%s", text_of(row, "what"),
		 text_of(row, "name"), strcmp(fate, "replaced") ? fate : "made anew",
		 *keys || *why ? ": " : "", keys, *keys && *why ? ": " : "", why);
	say(ctx, line);
}

void bp_change_tell(const json_t *document, void (*say)(void *ctx, const char *line), void *ctx)
{
	static const char *const named[] = { "ports", "functions" };
	char keys[768], line[2 * BP_CHAIN_BYTES + 896];
	const struct bp_section *section;
	const json_t *row;
	size_t i;

	for (size_t k = 0; k < 2; k++)
		json_array_foreach(json_object_get(document, named[k]), i, row)
			tell_named(row, say, ctx);
	json_array_foreach(json_object_get(document, "paths"), i, row) {
		snprintf(line, sizeof(line), "path %s: '%s' → '%s'", text_of(row, "name"),
			 text_of(row, "from"), text_of(row, "to"));
		say(ctx, line);
	}
	for (unsigned k = 0; (section = bp_schema_section(k)); k++) {
		print_keys(json_object_get(document, section->name), keys, sizeof(keys));
		if (!*keys)
			continue;
		snprintf(line, sizeof(line), "[%s] %s", section->name, keys);
		say(ctx, line);
	}
}
