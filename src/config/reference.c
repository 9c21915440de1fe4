/* Prints the schema: as the reference INI, or as the tables of the documentation. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/schema.h"

#include "bypath/driver.h"
#include "bypath/function.h"

#include "config/named.h"
#include "config/value.h"

#include <string.h>

#define TEXT_BYTES 256u

/* ---- reference.ini --------------------------------------------------------------------------- */

/* Does a port without `mode` in its section take the key? */
static bool fits_alone(const struct bp_key *keys, const struct bp_key *key)
{
	const struct bp_key *mode = bp_key_find(keys, "mode");

	if (key->flags & BP_KEY_BESIDE)
		return false;
	return !key->modes || (key->modes & 1u << bp_key_word(mode, mode->fallback)->value);
}

/* Print a key; as a comment where it has no default, needs another mode, or another key beside it. */
static void print_key(FILE *out, const struct bp_section *section, const struct bp_key *key,
		      const char *value, bool is_active)
{
	bool is_read = bp_schema_reload(section, key) != BP_RELOAD_NONE;
	char allowed[TEXT_BYTES];

	bp_schema_print_allowed(key, allowed, sizeof(allowed));
	fprintf(out, "; %s\n; %s%s%s\n%s%s = %s\n", key->help, allowed, is_read ? "; reload: " : "",
		is_read ? bp_schema_reload_word(section, key) : "", is_active ? "" : ";", key->name,
		value ? value : key->example);
}

static void print_keys(FILE *out, const struct bp_section *section)
{
	const struct bp_key *keys = section->keys;

	for (const struct bp_key *key = keys; key->name; key++)
		if (key->type != BP_KEY_PORT)
			print_key(out, section, key, key->fallback,
				  key->fallback && fits_alone(keys, key));
}

/* Print a driver's port with all its keys. */
static void print_port(FILE *out, const struct bp_section *section,
		       const struct bp_driver_entry *entry)
{
	const struct bp_key *keys = entry->facts->keys;

	fprintf(out, "\n[port.%s]\n", entry->facts->example);
	for (const struct bp_key *key = section->keys; key->name; key++)
		print_key(out, section, key, entry->name, true);
	for (const struct bp_key *key = keys; key->name; key++) {
		const char *value = key->flags & BP_KEY_REQUIRED ? key->example : key->fallback;

		print_key(out, section, key, value, value && fits_alone(keys, key));
	}
}

/* What the driver's port in reference.ini cannot be used for, with its defaults. false: it has none there. */
static bool find_limits(const struct bp_driver_entry *entry, struct bp_limits *limits)
{
	struct bp_port_conf port = { .forward_to = BP_NO_PORT };

	if (!entry->name || !entry->facts->example)
		return false;
	snprintf(port.driver, sizeof(port.driver), "%s", entry->name);
	bp_value_store_defaults(entry->facts->keys, &port);
	bp_limits_of(&port, limits);
	return true;
}

/* The next driver in the table, from its start again behind its end, whose port can be sent to: the given one itself
 * where its packets go to no other; NULL: there is none. */
static const struct bp_driver_entry *next_target(const struct bp_driver_entry *from)
{
	const struct bp_driver_entry *entry = from;
	struct bp_limits limits;

	if (find_limits(from, &limits) && limits.only_own)
		return from;
	do {
		entry = entry[1].name ? entry + 1 : bp_driver_table;
		if (find_limits(entry, &limits) && !limits.no_tx && !limits.no_forward &&
		    !limits.only_own)
			break;
	} while (entry != from);
	return entry == from ? NULL : entry;
}

/* ---- functions ------------------------------------------------------------------------------- */

/* Does a section with nothing but its type say enough, wherever it stands? Not what needs a file, or ports to choose. */
static bool is_enough(const struct bp_function *function)
{
	for (const struct bp_key *key = function->keys; key->name; key++)
		if (key->flags & BP_KEY_REQUIRED)
			return false;
	return !(function->flags & BP_FN_PICKS);
}

/* Print a function with all its keys, named by its type; as a comment where more is needed. */
static void print_function(FILE *out, const struct bp_section *section,
			   const struct bp_function *function)
{
	bool is_active = is_enough(function);

	fprintf(out, "\n%s[function.%s]\n", is_active ? "" : ";", function->name);
	for (const struct bp_key *key = section->keys; key->name; key++)
		print_key(out, section, key, function->name, is_active);
	for (const struct bp_key *key = function->keys; key->name; key++)
		print_key(out, section, key, key->fallback, is_active && key->fallback);
}

/* Those that are active: "a, b, ". */
static void print_chain(FILE *out)
{
	for (const struct bp_function *const *f = bp_function_table; *f; f++)
		if (is_enough(*f))
			fprintf(out, "%s, ", (*f)->name);
}

/* The functions go where first packets come to a process. */
static void print_forwards(FILE *out)
{
	bool has_chain = false;

	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++) {
		const struct bp_driver_entry *to = next_target(entry);
		struct bp_limits limits;

		if (!to || !find_limits(entry, &limits) || limits.no_rx || limits.no_forward)
			continue;
		fprintf(out, "%s = ", entry->facts->example);
		if (!has_chain && !limits.only_own) {
			print_chain(out);
			has_chain = true;
		}
		fprintf(out, "%s\n", to->facts->example);
	}
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Print what stands for many: one for each word of the chooser. */
static bool print_many(FILE *out, const struct bp_section *section)
{
	const struct bp_named *named = bp_named_of(section->name);

	if (named == &bp_named[BP_NAMED_PORT]) {
		for (const struct bp_driver_entry *e = bp_driver_table; e->name; e++)
			if (e->facts->example)
				print_port(out, section, e);
	} else if (named == &bp_named[BP_NAMED_FUNCTION]) {
		for (const struct bp_function *const *f = bp_function_table; *f; f++)
			print_function(out, section, *f);
	} else {
		return false;
	}
	return true;
}

void bp_reference_print_ini(FILE *out)
{
	const struct bp_section *section;

	fprintf(out,
		"; Every section and key of bypath, with its default.\n"
		"; Made by: bypath check --reference > config/reference.ini\n"
		"; reload: what bypath reload does with another value: live: takes it up; made anew: the port or function is,\n"
		"; under its name; restart: refused; next start: counts then.\n"
		"; A line that begins with ;key shows an example of one without a default, or one that needs "
		"another mode;\n"
		"; a section that begins with ;[ needs more than is here.\n"
		"; Here is one port per driver, one function per type, to show their keys: take what you need.\n");
	for (unsigned i = 0; (section = bp_schema_section(i)); i++) {
		fprintf(out, "\n; %s\n", section->help);
		if (print_many(out, section))
			continue;
		fprintf(out, "[%s%s]\n", section->name, section->is_named ? ".s1" : "");
		print_keys(out, section);
		if (!strcmp(section->name, "forward"))
			print_forwards(out);
	}
}

/* ---- the tables of the documentation ---------------------------------------------------------- */

/* Print a cell of a Markdown table, with | escaped. */
static void print_cell(FILE *out, const char *text)
{
	fputs(" ", out);
	for (; *text; text++)
		fprintf(out, "%s%c", *text == '|' ? "\\" : "", *text);
	fputs(" |", out);
}

static void print_row(FILE *out, const struct bp_section *section, const struct bp_key *key,
		      const char *help)
{
	char text[TEXT_BYTES];

	fputs("|", out);
	snprintf(text, sizeof(text), "`%s`", key->type == BP_KEY_PORT ? "PORT" : key->name);
	print_cell(out, text);
	bp_schema_print_allowed(key, text, sizeof(text));
	print_cell(out, text);
	print_cell(out, key->flags & BP_KEY_REQUIRED ? "required"
			: key->fallback              ? key->fallback
						     : "—");
	print_cell(out, bp_schema_reload_word(section, key));
	print_cell(out, help);
	fputs("\n", out);
}

static void print_head(FILE *out)
{
	fputs("\n| key | allowed | default | reload | what it does |\n|---|---|---|---|---|\n",
	      out);
}

/* Print the keys that a word of a chooser brings, with the modes that they need. */
static void print_word(FILE *out, const struct bp_section *section, const char *chooser,
		       const struct bp_named_word *word)
{
	const struct bp_key *mode = bp_key_find(word->keys, "mode");

	fprintf(out, "\n#### %s = %s\n\n%s.\n", chooser, word->word, word->summary);
	if (word->keys->name)
		print_head(out);
	for (const struct bp_key *key = word->keys; key->name; key++) {
		char help[2 * TEXT_BYTES], words[TEXT_BYTES];

		if (key->modes)
			bp_schema_print_words(mode, key->modes, words, sizeof(words));
		snprintf(help, sizeof(help), "%s%s%s", key->help, key->modes ? " (mode = " : "",
			 key->modes ? words : "");
		if (key->modes)
			strcat(help, ")");
		print_row(out, section, key, help);
	}
}

void bp_reference_print_tables(FILE *out)
{
	const struct bp_section *section;
	const struct bp_named *named;
	struct bp_named_word word;

	for (unsigned i = 0; (section = bp_schema_section(i)); i++) {
		fprintf(out, "### [%s%s]\n\n%s.\n", section->name, section->is_named ? ".NAME" : "",
			section->help);
		print_head(out);
		for (const struct bp_key *key = section->keys; key->name; key++)
			print_row(out, section, key, key->help);
		named = bp_named_of(section->name);
		for (unsigned k = 0; named && bp_named_word_at(named, k, &word); k++)
			print_word(out, section, named->chooser, &word);
		fputs("\n", out);
	}
}

/* ---- the manual page ------------------------------------------------------------------------- */

/* Print text of a manual page, with a backslash, and a dot or an apostrophe at the beginning, escaped. */
static void print_man_text(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++)
		fputs(*text == '\\' ? "\\e" : (char[]){ *text, '\0' }, out);
}

static void print_man_keys(FILE *out, const struct bp_section *section, const struct bp_key *keys)
{
	const struct bp_key *mode = bp_key_find(keys, "mode");
	char text[TEXT_BYTES];

	fputs(".Bl -tag -width Ds\n", out);
	for (const struct bp_key *key = keys; key->name; key++) {
		fprintf(out, ".It Ic %s\n", strcmp(key->name, "*") ? key->name : "PORT");
		print_man_text(out, key->help);
		bp_schema_print_allowed(key, text, sizeof(text));
		fputs(".\n.br\nAllowed: ", out);
		print_man_text(out, text);
		if (key->fallback || (key->flags & BP_KEY_REQUIRED))
			fprintf(out, "; %s%s", key->fallback ? "default: " : "required",
				key->fallback ? key->fallback : "");
		if (key->modes) {
			bp_schema_print_words(mode, key->modes, text, sizeof(text));
			fprintf(out, "; with mode = %s", text);
		}
		if (bp_schema_reload(section, key) != BP_RELOAD_NONE)
			fprintf(out, "; reload: %s", bp_schema_reload_word(section, key));
		fputs(".\n", out);
	}
	fputs(".El\n", out);
}

static void print_man_word(FILE *out, const struct bp_section *section, const char *chooser,
			   const struct bp_named_word *word)
{
	fprintf(out, ".Ss %s = %s\n", chooser, word->word);
	print_man_text(out, word->summary);
	fputs(".\n", out);
	if (word->keys->name)
		print_man_keys(out, section, word->keys);
}

void bp_reference_print_man(FILE *out)
{
	const char *driver = bp_facts_named(BP_FACT_ANY_NETDEV);
	const struct bp_section *section;
	const struct bp_named *named;
	struct bp_named_word word;

	fputs(".\\\" SPDX-License-Identifier: BSD-3-Clause\n"
	      ".\\\" Made by: bypath check --reference=man > docs/bypath.ini.5\n"
	      ".Dd $Mdocdate$\n.Dt BYPATH.INI 5\n.Os\n"
	      ".Sh NAME\n.Nm bypath.ini\n.Nd a deployment of bypath: ports, paths, traffic\n"
	      ".Sh DESCRIPTION\n"
	      "Sections\n.Li [section]\nhold lines\n.Li key = value ;\n"
	      "comments begin with ; or #.\n"
	      "reload: what bypath reload does with another value: it is taken up live; the port or the function is made\n"
	      "anew under its name; it is refused, as only a restart takes it up; it counts at the next start.\n"
	      "Sections and keys are lower case; unknown ones are errors.\n"
	      ".Bd -literal -offset indent\n",
	      out);
	fprintf(out,
		"[port.wan]\ndriver = %s\ndevice = eth0\n\n[port.lan]\ndriver = %s\ndevice = eth1\n\n"
		"[forward]\nwan = lan\nlan = wan\n.Ed\n",
		driver, driver);
	for (unsigned i = 0; (section = bp_schema_section(i)); i++) {
		fprintf(out, ".Sh [%s%s]\n", section->name, section->is_named ? ".NAME" : "");
		print_man_text(out, section->help);
		fputs(".\n", out);
		print_man_keys(out, section, section->keys);
		named = bp_named_of(section->name);
		for (unsigned k = 0; named && bp_named_word_at(named, k, &word); k++)
			print_man_word(out, section, named->chooser, &word);
	}
	fputs(".Sh SEE ALSO\n.Xr bypath 1\n", out);
}
