/* `bypath check`: say whether a configuration is right, and whether it fits this machine. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/check_against.h"
#include "cli/cmd.h"
#include "cli/common.h"

#include "bypath/config.h"
#include "bypath/driver.h"
#include "bypath/port.h"

#include "config/schema.h"
#include "config/spelling.h"
#include "control/hook.h"
#include "core/claim.h"
#include "core/netdev.h"
#include "core/netifs.h"
#include "core/pci.h"
#include "engine/engine.h"
#include "engine/plan.h"
#include "core/json.h"

#include <jansson.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERRORS_BYTES 65536u

struct options {
	const char *file;
	const char *reference; /* "ini", "tables", "man", NULL: check a file */
	bool is_json;
	bool is_offline; /* ask nothing about this machine */
	const char *against; /* an instance, or NULL */
	struct bp_cli_sets sets;
};

/* What was found, a line each. */
struct findings {
	struct bp_conf conf;
	bool is_loaded;
	char errors[ERRORS_BYTES];
	char notes[ERRORS_BYTES]; /* remarks that are no faults of the file */
	json_t *change; /* what a reload would do, or NULL */
};

static void print_usage(FILE *out)
{
	fprintf(out,
		"usage: bypath check FILE.ini [options]\n"
		"       bypath check --reference[=ini|tables|man]\n"
		"  --set SECTION.KEY=VALUE   override the file (no VALUE: take the key away); "
		"may be repeated\n"
		"  --offline                 do not ask whether this machine has the interfaces "
		"and drivers\n"
		"  --against NAME            say what a reload of that instance with this file would change\n"
		"  --json                    the findings as one JSON object\n"
		"  --reference               print every section and key with its default\n");
}

static int take_reference(void *options, const struct bp_cli_option *option, const char *value)
{
	struct options *o = options;

	(void)option;
	o->reference = value ? value : "ini";
	return 0;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct bp_cli_option rows[] = {
		{ "set", BP_CLI_SET, .at = offsetof(struct options, sets) },
		{ "json", BP_CLI_FLAG, .at = offsetof(struct options, is_json) },
		{ "against", BP_CLI_TEXT, .at = offsetof(struct options, against) },
		{ "offline", BP_CLI_FLAG, .at = offsetof(struct options, is_offline) },
		{ "reference", BP_CLI_TAKE_OPTIONAL, .take = take_reference },
		{ .name = NULL },
	};
	static const struct bp_cli_options options = { rows, print_usage };
	int code = bp_cli_parse(argc, argv, &options, o);

	if (!code && o->reference && optind != argc)
		code = bp_cli_complain("check --reference takes no file");
	return code || o->reference ? code : bp_cli_take_file(argc, argv, &options, &o->file);
}

static int print_reference(const char *what)
{
	static const struct {
		const char *name;
		void (*print)(FILE *out);
	} kinds[] = {
		{ "ini", bp_reference_print_ini },
		{ "tables", bp_reference_print_tables },
		{ "man", bp_reference_print_man },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, what))
			continue;
		kinds[i].print(stdout);
		return BP_EXIT_OK;
	}
	fprintf(stderr, "bypath: error: --reference: found '%s', allowed: ini | tables | man\n",
		what);
	return BP_EXIT_USAGE;
}

static void add_line(char *lines, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));
static void add_finding(struct findings *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void add_note(struct findings *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add_line(char *lines, const char *fmt, va_list args)
{
	size_t len = strlen(lines);

	vsnprintf(lines + len, ERRORS_BYTES - len, fmt, args);
}

static void add_finding(struct findings *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_line(f->errors, fmt, args);
	va_end(args);
}

static void add_note(struct findings *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_line(f->notes, fmt, args);
	va_end(args);
}

static void check_interface(struct bp_check *check, const char *name)
{
	struct bp_nearest nearest = { .word = name };
	struct bp_netifs all = { NULL, 0 };
	char hint[BP_HINT_BYTES], why[256];

	if (bp_netdev_index(-1, name) > 0) {
		if (bp_netdev_need_ethernet(name, why, sizeof(why)))
			check->complain(check, "device", "%s", why);
		return;
	}
	(void)bp_netifs_read_links(&all);
	for (size_t i = 0; i < all.n; i++)
		bp_nearest_try(&nearest, all.v[i].name);
	check->complain(
		check, "device",
		"found '%s', but this machine (network namespace) has no such interface: see "
		"ip link%s",
		name, bp_hint(hint, nearest.best));
	bp_netifs_free(&all);
}

/* What must be there before the start: not an interface that the driver makes. A PMD needs a PCI device bound
 * to vfio-pci, or to a driver that both can share. */
static void check_claim(struct bp_check *check, const struct bp_port_conf *port,
			const struct bp_claim *claim)
{
	char address[BP_PCI_ADDRESS_BYTES], why[512];

	if (claim->kind == BP_CLAIM_NETDEV && !claim->is_far_end)
		check_interface(check, claim->name);
	else if (claim->kind == BP_CLAIM_PCI && bp_pci_parse(claim->name, address) &&
		 bp_pci_ready(address, why, sizeof(why)))
		check->complain(check, "device", "found '%s', but %s", port->device, why);
}

struct here {
	struct bp_check check; /* first: complain() gets this */
	const char *file;
	struct findings *f;
};

static void complain(struct bp_check *check, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void complain(struct bp_check *check, const char *key, const char *fmt, ...)
{
	const struct here *here = (const struct here *)check;
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	add_finding(here->f, "%s: [%s] %s: %s\n", here->file, check->section, key, text);
}

static void check_port(const char *file, const struct bp_port_conf *port, struct findings *f)
{
	const struct bp_facts *facts = bp_facts_find(port->driver);
	char section[BP_NAME_BYTES + 8];
	struct here here = { { &f->conf, section, NULL, complain }, file, f };
	struct bp_claim claims[BP_CLAIMS_MAX];
	unsigned n = bp_claims_of(port, claims);

	snprintf(section, sizeof(section), "port.%s", port->name);
	for (unsigned i = 0; i < n; i++)
		check_claim(&here.check, port, &claims[i]);
	if (facts->check_here)
		facts->check_here(port, &here.check);
}

/* For the callbacks below. */
struct place {
	const char *file;
	struct findings *f;
};

static void add_fault(void *arg, unsigned port_id, const char *text)
{
	const struct place *p = arg;

	add_finding(p->f, "%s: [port.%s] device: %s\n", p->file, p->f->conf.ports[port_id].name,
		    text);
}

static void add_holder(void *arg, unsigned port_id, const char *text)
{
	const struct place *p = arg;

	add_note(p->f, "%s: [port.%s] %s: until it ends, bypath run is refused\n", p->file,
		 p->f->conf.ports[port_id].name, text);
}

static void check_machine(const struct options *o, struct findings *f)
{
	const char *file = o->file;
	struct place place = { file, f };
	int err;

	for (unsigned i = 0; i < f->conf.n_ports; i++) {
		const struct bp_port_conf *port = &f->conf.ports[i];
		const char *why = NULL;

		if (!bp_driver_find(port->driver, &why))
			add_finding(f,
				    "%s: [port.%s] driver: found '%s', which this build lacks: "
				    "%s; see bypath drivers\n",
				    file, port->name, port->driver, why);
		check_port(file, port, f);
	}
	bp_ports_find_faults(&f->conf, NULL, add_fault, &place);
	if (!o->against) /* that instance has them */
		bp_ports_find_held(&f->conf, add_holder, &place);
	bp_engine_warn_loops(&f->conf);
	err = bp_hook_look(f->conf.alarm.on_event);
	if (err)
		add_note(f, "%s: [alarm] on_event: %s cannot be run: %s: events are logged only\n",
			 file, f->conf.alarm.on_event, strerror(-err));
}

static void check_file(const struct options *o, struct findings *f)
{
	char why[BP_PLAN_WHY_BYTES] = "";

	if (bp_config_load(o->file, o->sets.v, o->sets.n, &f->conf, f->errors, sizeof(f->errors)))
		return;
	f->is_loaded = true;
	bp_plan_add_hops(&f->conf);
	if (bp_engine_check(&f->conf, why, sizeof(why)))
		add_finding(f, "%s: %s\n", o->file, why);
	if (!o->is_offline)
		check_machine(o, f);
}

static void print_text(const struct options *o, const struct findings *f)
{
	if (f->errors[0])
		fputs(f->errors, stderr);
	else
		printf("%s: ok: %u port%s, %u worker%s\n", o->file, f->conf.n_ports,
		       f->conf.n_ports == 1 ? "" : "s", f->conf.engine.n_workers,
		       f->conf.engine.n_workers == 1 ? "" : "s");
	fputs(f->notes, stdout);
	if (f->change)
		bp_print_change(f->change);
}

static void print_json(const struct options *o, const struct findings *f)
{
	json_t *root = json_object();

	json_object_set_new(root, "schema", json_string("bypath.check/1"));
	json_object_set_new(root, "file", bp_json_text(o->file));
	json_object_set_new(root, "ok", json_boolean(!f->errors[0]));
	if (f->is_loaded) {
		json_object_set_new(root, "n_ports", json_integer(f->conf.n_ports));
		json_object_set_new(root, "n_workers", json_integer(f->conf.engine.n_workers));
	}
	json_object_set_new(root, "errors", bp_json_lines(f->errors));
	json_object_set_new(root, "notes", bp_json_lines(f->notes));
	if (f->change)
		json_object_set(root, "change", f->change);
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
}

static int run_command(int argc, char **argv)
{
	struct options o = { 0 };
	struct findings *f;
	int exit_code = parse_options(argc, argv, &o);

	if (exit_code)
		return exit_code - 1;
	if (o.reference)
		return print_reference(o.reference);
	f = calloc(1, sizeof(*f));
	if (!f) {
		fprintf(stderr, "bypath: error: check %s: no memory\n", o.file);
		return BP_EXIT_FAILED;
	}
	check_file(&o, f);
	if (o.against && f->is_loaded)
		f->change = bp_check_against(o.against, &f->conf);
	if (o.against && f->is_loaded && !f->change) {
		free(f);
		return BP_EXIT_FAILED;
	}
	if (o.is_json)
		print_json(&o, f);
	else
		print_text(&o, f);
	exit_code = f->errors[0]                            ? BP_EXIT_USAGE
		    : json_object_get(f->change, "refused") ? BP_EXIT_FAILED
							    : BP_EXIT_OK;
	json_decref(f->change);
	free(f);
	return exit_code;
}

const struct bp_command bp_command_check = {
	.name = "check",
	.usage = "FILE.ini [--against NAME] [--set SECTION.KEY=VALUE] [--offline] [--json]",
	.help = "say whether FILE.ini is right",
	.run = run_command,
};
