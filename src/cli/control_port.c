/* Sets a port of a run down, or up again, for a client. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/control_port.h"

#include "bypath/config.h"

#include "core/utf8.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct set_call {
	struct bp_engine *engine;
	const char *port;
	bool is_down;
	char by[BP_NAME_BYTES];
	int err;
	char allowed[512]; /* if there is no such port: those there are */
};

/* In the control thread. */
static void set_port(void *ctx)
{
	struct set_call *call = ctx;

	call->err = bp_engine_set_port(call->engine, call->port, call->is_down, call->by);
	if (call->err == -ENOENT)
		bp_engine_list_ports(call->engine, call->allowed, sizeof(call->allowed));
}

/* NULL, so that an answer can return it; value may be any bytes, cut anywhere. */
static json_t *refuse(const char **code, char **message, const char *word, const char *member,
		      const char *value, const char *allowed)
{
	*code = word;
	if (asprintf(message, "found \"%s\" '%.40s', allowed: %s", member, value ? value : "",
		     allowed) < 0)
		*message = NULL;
	else
		bp_utf8_clean(*message);
	return NULL;
}

json_t *bp_cli_set_port(struct bp_calls *calls, struct bp_engine *engine, const json_t *request,
			const char **code, char **message)
{
	const char *state = json_string_value(json_object_get(request, "state"));
	struct set_call call = { .engine = engine };

	call.port = json_string_value(json_object_get(request, "port"));
	if (!state || (strcmp(state, "up") != 0 && strcmp(state, "down") != 0))
		return refuse(code, message, "unknown-state", "state", state, "up, down");
	call.is_down = !strcmp(state, "down");
	snprintf(call.by, sizeof(call.by), "uid %lld",
		 (long long)json_integer_value(json_object_get(request, "uid")));
	if (!call.port)
		call.port = "";
	if (!bp_calls_ask(calls, set_port, &call)) {
		*code = "ending";
		*message = strdup("the run is about to end");
		return NULL;
	}
	if (call.err)
		return refuse(code, message, "unknown-port", "port", call.port, call.allowed);
	return json_pack("{s:s, s:s}", "port", call.port, "state", state);
}
