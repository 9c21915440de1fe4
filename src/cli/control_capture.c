/* Captures of a run, as its socket gives them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/control_capture.h"

#include "bypath/log.h"

#include "capture/session.h"
#include "cli/control.h"
#include "control/server.h"
#include "engine/engine.h"

#include <errno.h>
#include <string.h>

static bool ask(void *ctx, void (*make)(void *arg), void *arg)
{
	struct bp_cli_control *control = ctx;

	return bp_calls_ask(&control->calls, make, arg);
}

static int attach(void *ctx, struct bp_capture *capture, const char *const *names, unsigned n_names,
		  char *why, size_t why_bytes)
{
	struct bp_cli_control *control = ctx;

	return bp_engine_capture(control->engine, capture, names, n_names, why, why_bytes);
}

static void detach(void *ctx, struct bp_capture *capture)
{
	struct bp_cli_control *control = ctx;

	bp_engine_uncapture(control->engine, capture);
}

void bp_cli_captures_open(struct bp_cli_control *control, struct bp_engine *engine,
			  unsigned n_workers)
{
	static const struct bp_sessions_ops ops = { ask, attach, detach };

	control->engine = engine;
	control->sessions = bp_sessions_open(&ops, control, n_workers, "bypath " BP_VERSION);
}

void bp_cli_captures_follow(struct bp_cli_control *control, unsigned n_workers)
{
	if (control->sessions)
		bp_sessions_set_workers(control->sessions, n_workers);
}

void bp_cli_captures_close(struct bp_cli_control *control)
{
	bp_sessions_close(control->sessions);
	control->sessions = NULL;
}

json_t *bp_cli_answer_capture(struct bp_cli_control *control, const json_t *request,
			      const char **code, char **message)
{
	struct bp_session *session;
	char why[512] = "memory lacks";
	json_t *answer;
	int err = control->sessions ? bp_sessions_begin(control->sessions, request, &session, why,
							sizeof(why))
				    : -ENOMEM;

	if (err) {
		*code = err == -EINVAL      ? "bad-request"
			: err == -ENOENT    ? "unknown-port"
			: err == -EBUSY     ? "busy"
			: err == -ESHUTDOWN ? "ending"
					    : "failed";
		*message = strdup(why);
		return NULL;
	}
	answer = bp_session_answer(session);
	if (answer)
		bp_server_hand_over(control->server, bp_session_take, session);
	else
		bp_session_take(session, -1);
	return answer;
}
