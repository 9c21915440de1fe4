/* What a reload changes beside the engine: where figures are served, the program of alarms. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_BESIDE_H
#define BYPATH_CLI_BESIDE_H

#include "bypath/config.h"

#include <stdbool.h>
#include <stddef.h>

struct bp_alarms;
struct bp_cli_control;
struct bp_hook;

/* Of a reload under way. */
struct bp_cli_beside {
	struct bp_cli_control *control;
	struct bp_alarms *alarms;
	bool has_listen, has_program; /* they are others */
	struct bp_hook *hook; /* the first one of the run, or NULL */
	char program[BP_PATH_BYTES];
};

/*
 * Make ready what next has and running has not: all that may fail. control, alarms: the run's. Control thread; waits for nobody.
 * 0; -errno with a sentence in why: nothing has changed. Then one of these:
 */
int bp_cli_beside_prepare(struct bp_cli_beside *beside, struct bp_cli_control *control,
			  struct bp_alarms *alarms, const struct bp_conf *running,
			  const struct bp_conf *next, char *why, size_t why_bytes);
/* The engine runs by next. */
void bp_cli_beside_take(struct bp_cli_beside *beside);
/* It does not. After a prepare() that failed as well. */
void bp_cli_beside_drop(struct bp_cli_beside *beside);

#endif
