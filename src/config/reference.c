/* Prints the schema: as the reference INI, or as the tables of the documentation. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/schema.h"

#include <string.h>

/* The ports of reference.ini, one per driver: a name, an example of its device, where to. */
static const struct example {
	const char *driver;
	const char *port;
	const char *device;
	const char *to;
} examples[] = {
	{ "af_packet", "packet", "eth0", "xdp" },    { "af_xdp", "xdp", "eth1", "packet" },
	{ "dpdk", "nic", "0000:03:00.1", "kernel" }, { "tap", "kernel", "bypath0", "nic" },
	{ "pcap", "file", "traffic.pcap", "wire" },  { "ring", "wire", "ring0", NULL },
	{ "null", "source", NULL, "wire" },
};
#define N_EXAMPLES (sizeof(examples) / sizeof(examples[0]))

static const char *example_value(const struct bp_key *key, const struct example *example)
{
	const char *value = bp_schema_default(key, example ? bp_schema_driver(example->driver) : 0);

	if (value || !example || !(key->flags & BP_KEY_REQUIRED))
		return value;
	return !strcmp(key->name, "driver") ? example->driver : example->device;
}

/* Does a port without a `mode` of its own take the key, with nothing else given? */
static bool fits_alone(const struct bp_key *key, const struct example *example)
{
	const struct bp_key *mode = bp_schema_find("port", "mode");
	uint32_t driver = example ? bp_schema_driver(example->driver) : 0;

	if (key->flags & BP_KEY_BESIDE)
		return false;
	return !key->mode || !(mode->drivers & driver) ||
	       !strcmp(bp_schema_default(mode, driver), key->mode);
}

/* A key without a default, of another mode, or for use beside another key, stands there as a comment. */
static void print_key(FILE *out, const struct bp_key *key, const struct example *example)
{
	const char *value = example_value(key, example);
	char allowed[256];

	bp_schema_print_allowed(key, example ? bp_schema_driver(example->driver) : 0, allowed,
				sizeof(allowed));
	fprintf(out, "; %s\n; %s\n", key->help, allowed);
	fprintf(out, "%s%s = %s\n", value && fits_alone(key, example) ? "" : ";", key->name,
		value ? value : key->example);
}

static void print_port(FILE *out, const struct example *example)
{
	uint32_t driver = bp_schema_driver(example->driver);

	fprintf(out, "\n[port.%s]\n", example->port);
	for (const struct bp_key *key = bp_schema; key->section; key++)
		if (!strcmp(key->section, "port") && (key->drivers & driver))
			print_key(out, key, example);
}

static void print_forwards(FILE *out)
{
	for (size_t i = 0; i < N_EXAMPLES; i++)
		if (examples[i].to)
			fprintf(out, "%s = %s\n", examples[i].port, examples[i].to);
}

void bp_reference_print_ini(FILE *out)
{
	fprintf(out,
		"; Every section and key of bypath, with its default.\n"
		"; Made by: bypath check --reference > config/reference.ini\n"
		"; A line that begins with ;key shows an example of one without a default, or one that needs "
		"another mode.\n"
		"; One port per driver stands here, to show its keys: take what you need.\n");
	for (const struct bp_section *section = bp_schema_sections; section->name; section++) {
		fprintf(out, "\n; %s\n", section->help);
		if (!strcmp(section->name, "port")) {
			for (size_t i = 0; i < N_EXAMPLES; i++)
				print_port(out, &examples[i]);
			continue;
		}
		fprintf(out, "[%s]\n",
			strcmp(section->name, "stream") ? section->name : "stream.s1");
		for (const struct bp_key *key = bp_schema; key->section; key++)
			if (!strcmp(key->section, section->name) && key->type != BP_KEY_PORT)
				print_key(out, key, NULL);
		if (!strcmp(section->name, "forward"))
			print_forwards(out);
	}
}

/* A cell of a Markdown table: | is escaped. */
static void print_cell(FILE *out, const char *text)
{
	fputs(" ", out);
	for (; *text; text++)
		fprintf(out, "%s%c", *text == '|' ? "\\" : "", *text);
	fputs(" |", out);
}

static void print_default_cell(FILE *out, const struct bp_key *key)
{
	if (key->flags & BP_KEY_REQUIRED)
		print_cell(out, "required");
	else if (key->flags & BP_KEY_FIRST_WORD)
		print_cell(out, "see below");
	else
		print_cell(out, key->fallback ? key->fallback : "—");
}

static void print_row(FILE *out, const struct bp_key *key)
{
	char text[256];

	fputs("|", out);
	snprintf(text, sizeof(text), "`%s`", key->name);
	print_cell(out, text);
	bp_schema_print_allowed(key, 0, text, sizeof(text));
	print_cell(out, text);
	print_default_cell(out, key);
	if (key->drivers) {
		bp_schema_print_drivers(key->drivers, text, sizeof(text));
		print_cell(out, key->drivers == BP_SD_ALL ? "all" : text);
	}
	print_cell(out, key->help);
	fputs("\n", out);
}

static void print_modes(FILE *out)
{
	const struct bp_key *mode = bp_schema_find("port", "mode");
	char text[256];

	fputs("\n| driver | `mode` | default |\n|---|---|---|\n", out);
	for (unsigned i = 0; bp_schema_drivers[i].word; i++) {
		if (!(mode->drivers & 1u << i))
			continue;
		fputs("|", out);
		print_cell(out, bp_schema_drivers[i].word);
		bp_schema_print_allowed(mode, 1u << i, text, sizeof(text));
		print_cell(out, text);
		print_cell(out, bp_schema_default(mode, 1u << i));
		fputs("\n", out);
	}
	fputs("\n", out);
	for (const struct bp_key *key = bp_schema; key->section; key++)
		if (key->mode)
			fprintf(out, "- `%s` needs `mode = %s` where the driver has modes.\n",
				key->name, key->mode);
}

void bp_reference_print_tables(FILE *out)
{
	for (const struct bp_section *section = bp_schema_sections; section->name; section++) {
		bool is_port = !strcmp(section->name, "port");
		bool is_named = is_port || !strcmp(section->name, "stream");

		fprintf(out, "### [%s%s]\n\n%s.\n", section->name, is_named ? ".NAME" : "",
			section->help);
		if (strcmp(section->name, "forward")) {
			fprintf(out,
				"\n| key | allowed | default |%s what it does |\n|---|---|---|%s---|\n",
				is_port ? " drivers |" : "", is_port ? "---|" : "");
			for (const struct bp_key *key = bp_schema; key->section; key++)
				if (!strcmp(key->section, section->name))
					print_row(out, key);
		}
		if (is_port)
			print_modes(out);
		fputs("\n", out);
	}
}
