/* `bypath drivers`: what this build has and, for each missing one, why. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"

#include "bypath/driver.h"

#include "core/columns.h"
#include "core/json.h"
#include "report/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRIVERS_MAX 64u

static void print_usage(FILE *out)
{
	fputs("usage: bypath drivers [--json]\n", out);
}

/* A driver of this build. */
struct row {
	const char *name;
	const char *state; /* "linked in", "module loads", "module fails", "left out" */
	const char *reason; /* why it cannot be used, or NULL */
	const char *summary; /* or NULL where it is not known */
};

/* A module is loaded to know; its reason is copied, since the next look-up overwrites it. */
static void look(const struct bp_driver_entry *entry, struct row *row)
{
	const struct bp_driver *driver = entry->driver;
	const char *why = NULL;

	*row = (struct row){ .name = entry->name, .state = "linked in" };
	if (entry->missing) {
		row->state = "left out";
		row->reason = strdup(entry->missing);
		return;
	}
	if (entry->module) {
		driver = bp_driver_find(entry->name, &why);
		row->state = driver ? "module loads" : "module fails";
	}
	if (driver)
		row->summary = driver->summary;
	else
		row->reason = strdup(why ? why : "reason unknown");
}

static void print_text(const struct row *rows, size_t n_rows)
{
	size_t n_usable = 0;

	for (size_t i = 0; i < n_rows; i++) {
		fputs("  ", stdout);
		bp_put_left(stdout, rows[i].name, 12);
		bp_put_left(stdout, rows[i].state, 14);
		bp_put_wrapped(stdout, rows[i].reason ? rows[i].reason : rows[i].summary, 28, 28,
			       100);
		n_usable += rows[i].reason == NULL;
	}
	printf("%zu of %zu drivers can be used\n", n_usable, n_rows);
}

/* Schema `bypath.drivers/1`. */
static int print_json(const struct row *rows, size_t n_rows)
{
	json_t *drivers = json_array();

	for (size_t i = 0; i < n_rows; i++)
		json_array_append_new(drivers, json_pack("{s:s, s:s, s:o, s:o}", "name",
							 rows[i].name, "state", rows[i].state,
							 "reason", bp_json_text(rows[i].reason),
							 "summary", bp_json_text(rows[i].summary)));
	return bp_json_print(
		stdout, json_pack("{s:s, s:o}", "schema", "bypath.drivers/1", "drivers", drivers));
}

static int take_option(void *is_json, int c, const char *value)
{
	(void)c;
	(void)value;
	*(bool *)is_json = true;
	return 0;
}

int bp_cmd_drivers(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct bp_cli_options options = { longs, print_usage, take_option };
	struct row rows[DRIVERS_MAX];
	bool is_json = false;
	size_t n_rows = 0;
	int err = 0, code = bp_cli_parse(argc, argv, &options, &is_json);

	if (code)
		return code - 1;
	if (optind != argc) {
		code = bp_cli_complain("drivers takes no argument «%s»", argv[optind]);
		print_usage(stderr);
		return code - 1;
	}
	while (n_rows < DRIVERS_MAX && bp_driver_table[n_rows].name) {
		look(&bp_driver_table[n_rows], &rows[n_rows]);
		n_rows++;
	}
	if (is_json)
		err = print_json(rows, n_rows);
	else
		print_text(rows, n_rows);
	for (size_t i = 0; i < n_rows; i++)
		free((char *)(uintptr_t)rows[i].reason);
	return err ? BP_EXIT_FAILED : BP_EXIT_OK;
}
