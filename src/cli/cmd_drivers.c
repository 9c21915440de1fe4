/* `bypath drivers`: what this build has and, for each missing one, why. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"

#include "bypath/driver.h"

#include "core/columns.h"
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

/* A module is loaded to know; its reason is copied, since the next look-up overwrites it. */
static void look(const struct bp_driver_entry *entry, struct bp_report_driver *row)
{
	const struct bp_driver *driver = entry->driver;
	const char *why = NULL;

	*row = (struct bp_report_driver){ .name = entry->name, .state = "linked in" };
	if (entry->missing) {
		row->state = "left out";
		row->reason = strdup(entry->missing);
		return;
	}
	if (entry->module) {
		driver = bp_driver_find(entry->name, &why);
		row->state = driver ? "module loads" : "module fails";
	}
	row->summary = entry->facts->summary;
	if (!driver)
		row->reason = strdup(why ? why : "reason unknown");
}

static void print_text(const struct bp_report_driver *rows, size_t n_rows)
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
	struct bp_report_driver rows[DRIVERS_MAX];
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
		err = bp_report_json_drivers(stdout, rows, n_rows);
	else
		print_text(rows, n_rows);
	for (size_t i = 0; i < n_rows; i++)
		free((char *)(uintptr_t)rows[i].reason);
	return err ? BP_EXIT_FAILED : BP_EXIT_OK;
}
