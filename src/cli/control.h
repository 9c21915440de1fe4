/* What a run answers on its socket. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_CONTROL_H
#define BYPATH_CLI_CONTROL_H

#include "bypath/config.h"

#include "cli/web.h"
#include "control/calls.h"
#include "control/instance.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct bp_engine;
struct bp_server;
struct bp_sessions;

/* Write a run's metrics as they stand, as bp_metrics_write() does. False: memory lacks. */
typedef bool (*bp_cli_metrics_fn)(void *ctx, FILE *out, bool is_open, json_t *floors);

/* The socket of a run. Fields are control.c's, but for calls and engine. */
struct bp_cli_control {
	struct bp_calls calls; /* for the loop of the control thread: see bp_calls_make() */
	struct bp_engine *engine; /* the run's, set before bp_cli_control_start() */
	struct bp_instance instance;
	struct bp_server *server;
	struct bp_sessions *sessions; /* control_capture.c's; NULL: no captures */
	struct bp_cli_web web;
	json_t *(*report)(
		void *ctx); /* the control thread's: a bypath.report/1, a new reference or NULL */
	json_t *(*reload)(void *ctx, bool only_tell); /* likewise, a bypath.change/1 */
	bp_cli_metrics_fn metrics; /* likewise */
	void *ctx;
	json_t *config; /* the control thread's: bp_cli_control_set_config(), or NULL */
	uint64_t begin_ns;
};

/*
 * Take the name that conf or the file gives, before anything is opened; signals are those that the control thread
 * waits for, and one is added. Where no socket can be had (logged) the run goes without. Control thread. 0, or
 * -errno (logged): conf's own name is taken, its metrics cannot be listened for.
 */
int bp_cli_control_open(struct bp_cli_control *control, const struct bp_conf *conf,
			const char *file, sigset_t *signals);

/*
 * What `bypath show config` says from now on: the settings of config/settings.h, of which a reference is added, or NULL. Control
 * thread; again when another configuration is taken up.
 */
void bp_cli_control_set_config(struct bp_cli_control *control, json_t *settings);

/* Answer from now on; report(ctx), reload(ctx, …) and metrics(ctx, …) are called by bp_calls_make(). Control thread. */
void bp_cli_control_start(struct bp_cli_control *control, json_t *(*report)(void *ctx),
			  json_t *(*reload)(void *ctx, bool only_tell), bp_cli_metrics_fn metrics,
			  void *ctx);

/* No more answers; the name is free again. Control thread; again does nothing. */
void bp_cli_control_close(struct bp_cli_control *control);

#endif
