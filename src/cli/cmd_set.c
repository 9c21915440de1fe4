/* `bypath set`: change a running instance. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/show_ask.h"

#include <stdio.h>
#include <string.h>

static void print_usage(FILE *out)
{
	fputs("usage: bypath set log LEVEL [NAME]\n"
	      "  LEVEL   error, warning, info, debug: the most detailed messages that it logs from now on\n"
	      "  NAME    of the instance; needed where several run\n",
	      out);
}

static int run_command(int argc, char **argv)
{
	static const struct bp_cli_option rows[] = { { .name = NULL } };
	static const struct bp_cli_options options = { rows, print_usage };
	char name[BP_INSTANCE_NAME_BYTES];
	int code = bp_cli_parse(argc, argv, &options, NULL);
	json_t *result;

	if (!code && (argc - optind < 2 || argc - optind > 3 || strcmp(argv[optind], "log") != 0)) {
		code = bp_cli_complain("set takes: log LEVEL [NAME]");
		print_usage(stderr);
	}
	if (!code)
		code = bp_ask_find(argv[optind + 2], name);
	if (code)
		return code - 1;
	result = bp_ask(name, json_pack("{s:s, s:s}", "command", "set", "log", argv[optind + 1]));
	code = result ? BP_EXIT_OK : BP_EXIT_FAILED;
	json_decref(result);
	return code;
}

const struct bp_command bp_command_set = {
	.name = "set",
	.usage = "log LEVEL [NAME]",
	.help = "change what a running instance logs",
	.run = run_command,
};
