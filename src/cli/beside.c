/* What a reload changes beside the engine: where figures are served, the program of alarms. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/beside.h"

#include "cli/control.h"
#include "control/alarms.h"
#include "control/hook.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A thread of events stays, with or without a program, until the run ends. */
static int prepare_program(struct bp_cli_beside *b, const char *instance, char *why,
			   size_t why_bytes)
{
	int err = b->program[0] && !bp_hook_is_allowed() ? -EPERM : 0;

	if (!err && b->program[0] && !b->alarms->events)
		err = bp_hook_open(b->program, instance, &b->hook);
	if (err)
		snprintf(
			why, why_bytes, "[alarm] on_event = %s: %s", b->program,
			err == -EPERM
				? "bypath has more rights than who started it, and would give them to that program: "
				  "delete the line, or start bypath by who has the rights"
				: strerror(-err));
	return err;
}

int bp_cli_beside_prepare(struct bp_cli_beside *b, struct bp_cli_control *control,
			  struct bp_alarms *alarms, const struct bp_conf *running,
			  const struct bp_conf *next, char *why, size_t why_bytes)
{
	const char *name =
		control->instance.name[0] ? control->instance.name : running->engine.name;
	int err = 0;

	*b = (struct bp_cli_beside){
		.control = control,
		.alarms = alarms,
		.has_listen = strcmp(running->metrics.listen, next->metrics.listen) != 0,
		.has_program = strcmp(running->alarm.on_event, next->alarm.on_event) != 0,
	};
	memcpy(b->program, next->alarm.on_event, sizeof(b->program));
	if (b->has_program)
		err = prepare_program(b, name, why, why_bytes);
	if (!err && b->has_listen)
		err = bp_cli_web_prepare(&control->web, next->metrics.listen, why, why_bytes);
	return err;
}

void bp_cli_beside_take(struct bp_cli_beside *b)
{
	if (b->has_listen)
		bp_cli_web_take(&b->control->web);
	if (b->hook)
		b->alarms->events = b->hook;
	else if (b->has_program && b->alarms->events)
		bp_hook_change(b->alarms->events, b->program);
	b->hook = NULL;
}

void bp_cli_beside_drop(struct bp_cli_beside *b)
{
	if (b->has_listen)
		bp_cli_web_drop(&b->control->web);
	bp_hook_close(b->hook);
	b->hook = NULL;
}
