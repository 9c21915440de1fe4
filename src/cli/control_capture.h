/* Captures of a run, as its socket gives them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_CONTROL_CAPTURE_H
#define BYPATH_CLI_CONTROL_CAPTURE_H

#include <jansson.h>

struct bp_cli_control;
struct bp_engine;

/* Before bp_cli_control_start(): captures of this engine can be asked for. Without memory they are refused. Control thread. */
void bp_cli_captures_open(struct bp_cli_control *control, struct bp_engine *engine,
			  unsigned n_workers);

/* A reload has made the workers others in number. Control thread. */
void bp_cli_captures_follow(struct bp_cli_control *control, unsigned n_workers);

/* Behind bp_cli_control_close() and the engine's stop: what was captured until then is sent; at most 10 s. Again does
 * nothing. Control thread. */
void bp_cli_captures_close(struct bp_cli_control *control);

/* The answer to "capture": see control/server.h. The server's thread. */
json_t *bp_cli_answer_capture(struct bp_cli_control *control, const json_t *request,
			      const char **code, char **message);

#endif
