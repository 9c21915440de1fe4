/* `bypath drivers`: what this build has and, for each missing one, why. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"

#include "bypath/driver.h"

#include "core/json.h"
#include "report/json.h"
#include "report/view.h"

#include <stdio.h>

static void print_usage(FILE *out)
{
	fputs("usage: bypath drivers [--json]\n", out);
}

/* A module is loaded to know. */
static json_t *driver_row(const struct bp_driver_entry *entry)
{
	const struct bp_driver *driver = entry->driver;
	const char *state = "linked in", *why = entry->missing;

	if (entry->missing) {
		state = "left out";
	} else if (entry->module) {
		driver = bp_driver_find(entry->name, &why);
		state = driver ? "module loads" : "module fails";
		why = driver ? NULL : why ? why : "reason unknown";
	}
	return json_pack("{s:s, s:s, s:o, s:s}", "name", entry->name, "state", state, "reason",
			 bp_json_text(why), "summary", entry->facts->summary);
}

/* Schema `bypath.drivers/1`. */
static json_t *make_document(void)
{
	json_t *rows = json_array();
	int n_usable = 0;

	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++) {
		json_t *row = driver_row(entry);

		n_usable += json_is_null(json_object_get(row, "reason"));
		json_array_append_new(rows, row);
	}
	return json_pack("{s:s, s:o, s:i}", "schema", "bypath.drivers/1", "drivers", rows, "usable",
			 n_usable);
}

static int run_command(int argc, char **argv)
{
	/* The bool is_json is all that there is to set. */
	static const struct bp_cli_option options_rows[] = { { "json", BP_CLI_FLAG, .at = 0 },
							     { .name = NULL } };
	static const struct bp_cli_options options = { options_rows, print_usage };
	bool is_json = false;
	int code = bp_cli_parse(argc, argv, &options, &is_json);
	json_t *document;

	if (code)
		return code - 1;
	if (optind != argc) {
		code = bp_cli_complain("drivers takes no argument '%s'", argv[optind]);
		print_usage(stderr);
		return code - 1;
	}
	document = make_document();
	if (is_json || !document)
		return bp_json_print(stdout, document) ? BP_EXIT_FAILED : BP_EXIT_OK;
	bp_view_print(stdout, document);
	json_decref(document);
	return BP_EXIT_OK;
}

const struct bp_command bp_command_drivers = {
	.name = "drivers",
	.usage = "[--json]",
	.help = "list the drivers of this build and, for each missing one, why",
	.run = run_command,
};
