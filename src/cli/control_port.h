/* Sets a port of a run down, or up again, for a client. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_CONTROL_PORT_H
#define BYPATH_CLI_CONTROL_PORT_H

#include "control/calls.h"

#include <jansson.h>

struct bp_engine;

/*
 * {"command": "set", "port": NAME, "state": "up" | "down", "uid": …}, which the server has given its client's uid: done by the
 * control thread, one call of calls. Any other thread. As bp_answer_fn (control/server.h).
 */
json_t *bp_cli_set_port(struct bp_calls *calls, struct bp_engine *engine, const json_t *request,
			const char **code, char **message);

#endif
