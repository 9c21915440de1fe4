/* `bypath drivers`: what this build has and, for each missing one, why. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/driver_rows.h"

#include "report/json.h"
#include "report/view.h"

#include <stdio.h>

static void print_usage(FILE *out)
{
	fputs("usage: bypath drivers [--json]\n", out);
}

/* Schema `bypath.drivers/1`. */
static json_t *make_document(void)
{
	json_t *rows = bp_driver_rows(true), *row;
	int n_usable = 0;
	size_t i;

	json_array_foreach(rows, i, row)
		n_usable += json_is_null(json_object_get(row, "reason"));
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
