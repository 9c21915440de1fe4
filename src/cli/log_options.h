/* --log-level, --log-format, --interval: the keys of [log] as options. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_LOG_OPTIONS_H
#define BYPATH_CLI_LOG_OPTIONS_H

#include "cli/common.h"

#define BP_CLI_LOG_SETS      3u
#define BP_CLI_LOG_SET_BYTES 96u

/* What the options said, as settings "log.KEY=VALUE". Zeroed: nothing. */
struct bp_cli_log {
	size_t n;
	char sets[BP_CLI_LOG_SETS][BP_CLI_LOG_SET_BYTES];
};

/* The lines of a command's usage. */
extern const char bp_cli_log_usage[];

/* take() of such an option: `at` is the offset of a struct bp_cli_log. 0 or an exit code + 1. */
int bp_cli_take_log(void *o, const struct bp_cli_option *option, const char *value);

/* The rows of the options in a command's table; at_ as above. */
#define BP_CLI_LOG_ROWS(at_)                                                                    \
	{ "log-level", BP_CLI_TAKE, .at = (at_), .take = bp_cli_take_log, .key = "log.level" }, \
		{ "log-format", BP_CLI_TAKE, .at = (at_), .take = bp_cli_take_log,              \
		  .key = "log.format" },                                                        \
	{                                                                                       \
		"interval", BP_CLI_TAKE, .at = (at_), .take = bp_cli_take_log,                  \
					 .key = "log.interval"                                  \
	}

/* Before the configuration is loaded: its errors are in the form that --log-format names. */
void bp_cli_log_expect(const struct bp_cli_log *log);

/*
 * Open the log as the configuration says, before its thread starts. is_quiet: no figures. Returns the nanoseconds between two
 * lines of figures, 0 for none; they are messages of BP_LOG_INFO, which a level may silence and bring back.
 */
uint64_t bp_cli_log_begin(const struct bp_conf *conf, bool is_quiet);

#endif
