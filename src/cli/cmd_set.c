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
	int code = bp_cli_parse(argc, argv, &options, NULL);

	if (!code && (argc - optind < 2 || argc - optind > 3 || strcmp(argv[optind], "log") != 0)) {
		code = bp_cli_complain("set takes: log LEVEL [NAME]");
		print_usage(stderr);
	}
	return code ? code - 1
		    : bp_ask_to(argv[optind + 2],
				json_pack("{s:s, s:s}", "command", "set", "log", argv[optind + 1]));
}

const struct bp_command bp_command_set = {
	.name = "set",
	.usage = "log LEVEL [NAME]",
	.help = "change what a running instance logs",
	.run = run_command,
};
