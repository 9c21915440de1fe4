/* The command line: finds the command in one table. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"

#include "core/secure.h"

#include <stdio.h>
#include <string.h>

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
	const char *help;
};

static const struct command commands[] = {
	{ "run", bp_cmd_run,
	  "FILE.ini [--duration S] [--report FILE.json] [--set SECTION.KEY=VALUE]",
	  "forward between the ports of FILE.ini" },
	{ "gen", bp_cmd_gen,
	  "FILE.ini | --tx-port DRIVER:DEVICE --rx-port DRIVER:DEVICE [--rate R] [--size S] …",
	  "send traffic, receive it, say what became of it" },
	{ "compare", bp_cmd_compare,
	  "[--quick] [--paths LIST] [--sizes LIST] [--rounds N] [--ports A,B] [--json FILE]",
	  "run every I/O path of this machine side by side" },
	{ "check", bp_cmd_check, "FILE.ini [--set SECTION.KEY=VALUE] [--offline] [--json]",
	  "say whether FILE.ini is right" },
	{ "explain", bp_cmd_explain, "FILE.ini [--set SECTION.KEY=VALUE] [--json]",
	  "show where each packet's bytes would go, without opening a port" },
	{ "bind", bp_cmd_bind, "DEVICE… [vfio-pci|kernel] [--force] | --list [--json]",
	  "give NICs to DPDK (vfio-pci) or back to the kernel; list them and who uses them" },
	{ "drivers", bp_cmd_drivers, "[--json]",
	  "list the drivers of this build and, for each missing one, why" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
	fprintf(out, "bypath: forward packets, and say what each path costs\n\nusage:\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  bypath %s %s\n        %s\n", commands[i].name, commands[i].usage,
			commands[i].help);
	fprintf(out, "  bypath --help | --version\n\n"
		     "Exit codes: 0 done, 1 failed at run time, 2 bad usage or configuration.\n");
}

int main(int argc, char **argv)
{
	bp_cli_open_standard_files();
	if (bp_secure_opens_for_another()) {
		fputs("bypath: error: it opens the files that its caller names, and must not do so with "
		      "another's rights: no set-user-ID, no capability but those for networks (setcap "
		      "cap_net_raw,cap_net_admin+ep FILE)\n",
		      stderr);
		return BP_EXIT_USAGE;
	}
	if (argc < 2) {
		print_help(stderr);
		return BP_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return bp_cli_end(BP_EXIT_OK);
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("bypath %s\n", BP_VERSION);
		return bp_cli_end(BP_EXIT_OK);
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return bp_cli_end(commands[i].run(argc - 1, argv + 1));
	fprintf(stderr, "bypath: error: no command «%s»: see bypath --help\n", argv[1]);
	return BP_EXIT_USAGE;
}
