/* The commands of `bypath`, each in a file of its own. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_CMD_H
#define BYPATH_CLI_CMD_H

/* 0 done, 1 failed at run time, 2 bad usage or configuration. */
enum bp_exit { BP_EXIT_OK = 0, BP_EXIT_FAILED = 1, BP_EXIT_USAGE = 2 };

/* A command: bp_command_NAME of cmd_NAME.c. src/cli/meson.build lists the names. */
struct bp_command {
	const char *name;
	const char *usage; /* for `bypath --help`: what may stand behind the name */
	const char *help; /* one line */
	/* argv[0] is the command's name. Returns an exit code. */
	int (*run)(int argc, char **argv);
};

/* In the order of `bypath --help`; ends with NULL. */
extern const struct bp_command *const bp_commands[];

#endif
