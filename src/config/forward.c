/* Reads [forward]: where the packets of each port go, and through what. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "bypath/function.h"

#include "config/schema.h"
#include "config/spelling.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One line while it is read. */
struct chain {
	struct bp_load *load;
	const struct bp_ini_item *item;
	uint8_t n, functions[BP_CHAIN_MAX];
	int to; /* BP_NO_PORT: no word has been a port */
};

/* ---- what is wrong with a word --------------------------------------------------------------- */

/* What may stand in a place of a line. */
enum place {
	PLACE_FROM, /* a port */
	PLACE_LAST, /* a port, or a function */
	PLACE_BEFORE, /* a function */
};

/* List the sections of a kind, and look whether one is nearer to the word. */
static void try_names(struct bp_load *load, enum bp_named_kind kind, struct bp_nearest *nearest,
		      char *names, size_t names_bytes)
{
	for (unsigned i = 0; i < bp_named_n(&bp_named[kind], &load->conf); i++) {
		const char *name = bp_named_value(&bp_named[kind], &load->conf, i);

		bp_nearest_try(nearest, name);
		bp_list_add(names, names_bytes, ", ", name);
	}
}

/* Say that [forward] names what does not exist. */
static void complain_word(struct bp_load *load, const struct bp_ini_item *item, const char *word,
			  enum place place)
{
	bool is_function = place == PLACE_BEFORE || (place == PLACE_LAST && load->conf.n_functions);
	struct bp_nearest nearest = { .word = word };
	char hint[BP_HINT_BYTES], ports[256] = "", functions[256] = "";

	load->has_bad_forward = true;
	if (load->has_bad_section[BP_NAMED_PORT] || load->ini.has_nonsense ||
	    (place != PLACE_FROM && load->has_bad_section[BP_NAMED_FUNCTION]))
		return; /* the section that it names may be the one that was refused */
	try_names(load, BP_NAMED_PORT, &nearest, ports, sizeof(ports));
	if (is_function)
		try_names(load, BP_NAMED_FUNCTION, &nearest, functions, sizeof(functions));
	if (place == PLACE_BEFORE)
		bp_problem(
			&load->problems, item->where, item->section, item->key,
			"found '%.80s' before the last word, which is no function; allowed: %s%s",
			word, functions[0] ? functions : "none, as there is no [function.NAME]",
			bp_hint(hint, nearest.best));
	else
		bp_problem(&load->problems, item->where, item->section, item->key,
			   "found '%.80s', which is no port%s; allowed: %s%s%s%s", word,
			   is_function ? " and no function" : "",
			   ports[0] ? ports : "none, as there is no [port.NAME]",
			   functions[0] ? ", " : "", functions, bp_hint(hint, nearest.best));
}

static bool refuse(struct chain *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(struct chain *c, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	bp_problem(&c->load->problems, c->item->where, c->item->section, c->item->key, "%s", text);
	return false;
}

/* List the types of functions that choose ports: "a, b". */
static const char *list_pickers(char *text, size_t text_bytes)
{
	text[0] = '\0';
	for (const struct bp_function *const *f = bp_function_table; *f; f++)
		if ((*f)->flags & BP_FN_PICKS)
			bp_list_add(text, text_bytes, ", ", (*f)->name);
	return text;
}

/* ---- a line, word by word -------------------------------------------------------------------- */

static bool take_function(struct chain *c, unsigned function_id, bool is_last)
{
	const struct bp_function_conf *fn = &c->load->conf.functions[function_id];
	const struct bp_function *function = bp_function_find(fn->type);
	char types[128];

	for (unsigned i = 0; i < c->n; i++)
		if (c->functions[i] == function_id)
			return refuse(
				c,
				"found '%s' twice: packets go through a function once; delete "
				"one, or add another section of its type",
				fn->name);
	if (c->n == BP_CHAIN_MAX)
		return refuse(c, "found more than %u functions, allowed: up to %u", BP_CHAIN_MAX,
			      BP_CHAIN_MAX);
	c->functions[c->n++] = (uint8_t)function_id;
	if (!function)
		return !is_last; /* its type is not known, which is said of its section */
	if (!is_last && (function->flags & BP_FN_PICKS))
		return refuse(c,
			      "found '%s' before the end, but type = %s chooses the ports by "
			      "itself: delete what stands behind it",
			      fn->name, fn->type);
	if (!is_last || (function->flags & BP_FN_PICKS))
		return true;
	list_pickers(types, sizeof(types));
	return refuse(
		c,
		"found '%s' at the end, but type = %s chooses no port: name one behind it, as "
		"%s, PORT%s%s",
		fn->name, fn->type, fn->name,
		types[0] ? ", or a function of a type that does: " : "", types);
}

static bool take_word(struct chain *c, const char *word, bool is_last)
{
	int port_id = bp_load_find_port(c->load, word), function_id;

	if (port_id != BP_NO_PORT && is_last) {
		c->to = port_id;
		return true;
	}
	if (port_id != BP_NO_PORT)
		return refuse(
			c,
			"found port '%s' before the end, allowed there: functions; delete what "
			"stands behind it, or name a function",
			word);
	function_id = bp_named_find(&bp_named[BP_NAMED_FUNCTION], &c->load->conf, word);
	if (function_id >= 0)
		return take_function(c, (unsigned)function_id, is_last);
	if (!*word)
		return refuse(c,
			      "found '%.80s', where a word is missing: the names of functions, "
			      "then of a port, each with a comma before the next",
			      c->item->value);
	complain_word(c->load, c->item, word, is_last ? PLACE_LAST : PLACE_BEFORE);
	return false;
}

/* Cut the first word of a list with commas off, without the blanks around it. Returns the rest, NULL: it was the last. */
static char *cut_word(char *list, char **word)
{
	char *comma = strchr(list, ','), *end = comma ? comma : list + strlen(list);

	*word = list + strspn(list, " \t");
	while (end > *word && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	return comma ? comma + 1 : NULL;
}

/* Every word is looked at only until one is wrong: what stands behind it may be wrong for the same reason. */
static bool read_chain(struct chain *c)
{
	char list[BP_INI_LINE_BYTES + 1], *rest = list, *word;

	snprintf(list, sizeof(list), "%s", c->item->value);
	while (rest) {
		rest = cut_word(rest, &word);
		if (!take_word(c, word, !rest))
			return false;
	}
	return true;
}

static void read_forward(struct bp_load *load, const struct bp_ini_item *item)
{
	struct chain c = { .load = load, .item = item, .to = BP_NO_PORT };
	int from = bp_load_find_port(load, item->key);
	struct bp_port_conf *port;

	if (from == BP_NO_PORT)
		complain_word(load, item, item->key, PLACE_FROM);
	if (!read_chain(&c)) {
		load->has_bad_forward = true;
		return;
	}
	if (from == BP_NO_PORT)
		return;
	port = &load->conf.ports[from];
	port->n_chain = c.n;
	memcpy(port->chain, c.functions, sizeof(port->chain));
	port->forward_to = c.to;
}

/* The section's own keys are no ports: bp_read_sections() refuses a port of such a name. */
static void read_item(struct bp_load *load, const struct bp_ini_item *item)
{
	const struct bp_key *key = bp_schema_find("forward", item->key);

	if (key && key->type != BP_KEY_PORT)
		bp_load_store(load, item, key, &load->conf);
	else
		read_forward(load, item);
}

/* ---- where packets may end up ---------------------------------------------------------------- */

uint64_t bp_load_outs_of(const struct bp_load *load, unsigned function_id, unsigned in_port)
{
	const struct bp_function_conf *fn = &load->conf.functions[function_id];
	const struct bp_function *function = bp_function_find(fn->type);
	uint64_t outs = function && function->outs ? function->outs(&load->conf, fn, in_port) : 0;

	/* What chooses ports sends nothing back to where it came from. */
	if (function && (function->flags & BP_FN_PICKS))
		outs &= ~(UINT64_C(1) << in_port);
	return outs;
}

void bp_read_forwards(struct bp_load *load)
{
	struct bp_conf *conf = &load->conf;

	for (size_t i = 0; i < load->ini.n_items; i++)
		if (load->ini.items[i].key && !strcmp(load->ini.items[i].section, "forward"))
			read_item(load, &load->ini.items[i]);
	/* A function may look at the chains of all ports: these are complete now. */
	for (unsigned i = 0; i < conf->n_ports; i++) {
		struct bp_port_conf *port = &conf->ports[i];

		if (port->forward_to != BP_NO_PORT)
			port->out_ports = UINT64_C(1) << port->forward_to;
		for (unsigned k = 0; k < port->n_chain; k++)
			port->out_ports |= bp_load_outs_of(load, port->chain[k], i);
	}
}

/* ---- for people ------------------------------------------------------------------------------ */

const char *bp_config_chain(const struct bp_conf *conf, unsigned port_id, char text[BP_CHAIN_BYTES])
{
	const struct bp_port_conf *port = &conf->ports[port_id];
	const char *between = " = ";
	size_t len;

	text[0] = '\0';
	if (!port->n_chain && port->forward_to == BP_NO_PORT)
		return text;
	len = (size_t)snprintf(text, BP_CHAIN_BYTES, "%s", port->name);
	for (unsigned i = 0; i < port->n_chain; i++) {
		len += (size_t)snprintf(text + len, BP_CHAIN_BYTES - len, "%s%s", between,
					conf->functions[port->chain[i]].name);
		between = ", ";
	}
	if (port->forward_to != BP_NO_PORT)
		snprintf(text + len, BP_CHAIN_BYTES - len, "%s%s", between,
			 conf->ports[port->forward_to].name);
	return text;
}
