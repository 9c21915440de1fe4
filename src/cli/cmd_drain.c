/* `bypath drain`: end a running instance, as SIGTERM does. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/show_ask.h"

#include <stdio.h>

static void print_usage(FILE *out)
{
	fputs("usage: bypath drain [NAME]\n"
	      "  receives nothing more, sends what is held, prints its report, and ends\n",
	      out);
}

static int run_command(int argc, char **argv)
{
	static const struct bp_cli_option rows[] = { { .name = NULL } };
	static const struct bp_cli_options options = { rows, print_usage };
	int code = bp_cli_parse(argc, argv, &options, NULL);

	if (!code && argc - optind > 1) {
		code = bp_cli_complain("drain takes one NAME");
		print_usage(stderr);
	}
	return code ? code - 1 : bp_ask_to(argv[optind], json_pack("{s:s}", "command", "drain"));
}

const struct bp_command bp_command_drain = {
	.name = "drain",
	.usage = "[NAME]",
	.help = "end a running instance: send what is held, then report",
	.run = run_command,
};
