/* The command line: finds the command in one table. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/complete.h"

#include "core/secure.h"

#include <stdio.h>
#include <string.h>

static void print_help(FILE *out)
{
	fprintf(out, "bypath: forward packets, and say what each path costs\n\nusage:\n");
	for (const struct bp_command *const *c = bp_commands; *c; c++)
		fprintf(out, "  bypath %s %s\n        %s\n", (*c)->name, (*c)->usage, (*c)->help);
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
	if (strcmp(argv[1], BP_COMPLETE) == 0)
		return bp_cli_end(bp_complete(argc - 2, argv + 2));
	for (const struct bp_command *const *c = bp_commands; *c; c++)
		if (strcmp(argv[1], (*c)->name) == 0)
			return bp_cli_end((*c)->run(argc - 1, argv + 1));
	fprintf(stderr, "bypath: error: no command '%s': see bypath --help\n", argv[1]);
	return BP_EXIT_USAGE;
}
