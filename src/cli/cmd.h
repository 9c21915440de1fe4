/* The commands: each gets its own argc/argv (argv[0] is the command's name), returns an exit code. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_CMD_H
#define BYPATH_CLI_CMD_H

/* 0 done, 1 failed at run time, 2 bad usage or configuration. */
enum bp_exit { BP_EXIT_OK = 0, BP_EXIT_FAILED = 1, BP_EXIT_USAGE = 2 };

int bp_cmd_run(int argc, char **argv);
int bp_cmd_gen(int argc, char **argv);
int bp_cmd_compare(int argc, char **argv);
int bp_cmd_check(int argc, char **argv);
int bp_cmd_explain(int argc, char **argv);
int bp_cmd_bind(int argc, char **argv);
int bp_cmd_drivers(int argc, char **argv);

#endif
