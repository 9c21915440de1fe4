/* What a run answers to who traces its packets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_CONTROL_TRACE_H
#define BYPATH_CLI_CONTROL_TRACE_H

#include "cli/control.h"

/* Answers of the control socket, as bp_answer_fn: the server's thread. Neither waits for a packet. */

/* "trace": begin one. */
json_t *bp_cli_trace_begin(struct bp_cli_control *control, const json_t *request, const char **code,
			   char **message);

/* "traced": how far it is; with "end" what it has seen. Who does not ask for BP_TRACE_PATIENCE_MS has none any more. */
json_t *bp_cli_trace_look(struct bp_cli_control *control, const json_t *request, const char **code,
			  char **message);

#endif
