/* What a run answers on its socket. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/control.h"

#include "cli/control_capture.h"
#include "cli/control_port.h"
#include "cli/control_trace.h"
#include "cli/driver_rows.h"
#include "cli/show.h"
#include "cli/wait.h"

#include "bypath/key.h"
#include "bypath/log.h"

#include "capture/session.h"
#include "config/schema.h"
#include "config/spelling.h"
#include "control/client.h"
#include "control/server.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/utf8.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what is wrong -------------------------------------------------------------------------------- */

/* NULL, so that an answer can return it. */
static json_t *refuse(const char **code, char **message, const char *word, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static json_t *refuse(const char **code, char **message, const char *word, const char *fmt, ...)
{
	va_list args;

	*code = word;
	va_start(args, fmt);
	if (vasprintf(message, fmt, args) < 0)
		*message = NULL;
	else
		bp_utf8_clean(*message); /* a precision may cut a character */
	va_end(args);
	return NULL;
}

/* ---- answers -------------------------------------------------------------------------------------- */

/* A command's answer: see bp_answer_fn. */
typedef json_t *(*answer_fn)(struct bp_cli_control *control, const json_t *request,
			     const char **code, char **message);

static json_t *answer_ping(struct bp_cli_control *control, const json_t *request, const char **code,
			   char **message)
{
	(void)request;
	(void)code;
	(void)message;
	return json_pack("{s:s, s:s, s:i, s:f}", "instance", control->instance.name, "version",
			 BP_VERSION, "pid", (int)getpid(), "up_s",
			 (double)(bp_clock_ns() - control->begin_ns) / 1e9);
}

struct report_call {
	struct bp_cli_control *control;
	bool wants_config;
	json_t *document;
};

static void make_report(void *ctx)
{
	struct report_call *call = ctx;

	call->document = call->control->report(call->control->ctx);
	if (call->wants_config && call->document)
		json_object_set_new(call->document, "config",
				    json_deep_copy(call->control->config));
}

/* The report, with what it lacks of who makes it; a new reference or NULL. Not the control thread. */
static json_t *ask_report(struct bp_cli_control *control, bool wants_config)
{
	struct report_call call = { .control = control, .wants_config = wants_config };

	if (!bp_calls_ask(&control->calls, make_report, &call) || !call.document)
		return NULL;
	json_object_set_new(call.document, "instance", json_string(control->instance.name));
	json_object_set_new(call.document, "version", json_string(BP_VERSION));
	/* A name may come back, and a number of a process: both together are one run's. */
	json_object_set_new(json_object_get(call.document, "run"), "pid", json_integer(getpid()));
	json_object_set_new(json_object_get(call.document, "run"), "begin_ns",
			    json_integer((json_int_t)control->begin_ns));
	if (control->sessions)
		json_object_set_new(call.document, "captures", bp_sessions_show(control->sessions));
	return call.document;
}

static json_t *answer_show(struct bp_cli_control *control, const json_t *request, const char **code,
			   char **message)
{
	const char *what = json_string_value(json_object_get(request, "what"));
	char allowed[256];
	json_t *report, *piece;

	if (!what || !bp_show_find(what)) {
		bp_show_list(allowed, sizeof(allowed));
		return refuse(code, message, "unknown-what", "found \"what\" '%.40s', allowed: %s",
			      what ? what : "", allowed);
	}
	report = ask_report(control, !strcmp(what, "config"));
	if (!report)
		return refuse(code, message, "ending", "the run is about to end");
	json_object_set_new(
		report, "build",
		json_pack("{s:s, s:o}", "version", BP_VERSION, "drivers", bp_driver_rows(false)));
	piece = bp_show_piece(report, bp_show_find(what));
	json_decref(report);
	return piece;
}

static json_t *answer_set(struct bp_cli_control *control, const json_t *request, const char **code,
			  char **message)
{
	const struct bp_key *level = bp_schema_find("log", "level");
	const char *log = json_string_value(json_object_get(request, "log"));
	const struct bp_word *word = log ? bp_key_word(level, log) : NULL;
	char allowed[64] = "";

	if (json_object_get(request, "port"))
		return bp_cli_set_port(&control->calls, control->engine, request, code, message);
	if (word) {
		bp_log_set_level((enum bp_log_level)word->value);
		return json_pack("{s:s}", "log", log);
	}
	for (word = level->words; word->word; word++)
		bp_list_add(allowed, sizeof(allowed), ", ", word->word);
	return refuse(code, message, "unknown-level", "found \"log\" '%.40s', allowed: %s",
		      log ? log : "", allowed);
}

static json_t *answer_drain(struct bp_cli_control *control, const json_t *request,
			    const char **code, char **message)
{
	(void)control;
	(void)request;
	(void)code;
	(void)message;
	/* As the signal does: receiving stops, what is held goes, the report is printed. */
	kill(getpid(), SIGTERM);
	return json_pack("{s:b}", "drains", 1);
}

struct reload_call {
	struct bp_cli_control *control;
	bool only_tell;
	json_t *document;
};

static void make_reload(void *ctx)
{
	struct reload_call *call = ctx;

	call->document = call->control->reload(call->control->ctx, call->only_tell);
}

/* Of the instance's own file: nobody's rights open another one. */
static json_t *answer_reload(struct bp_cli_control *control, const json_t *request,
			     const char **code, char **message)
{
	const json_t *check = json_object_get(request, "check");
	struct reload_call call = { .control = control, .only_tell = json_is_true(check) };
	char lines[BP_REFUSED_BYTES] = "";
	const json_t *refused, *line;
	size_t i;

	/* Whoever meant to ask must not have changed anything. */
	if (check && !json_is_boolean(check))
		return refuse(code, message, "bad-request",
			      "\"check\" is true or false, where it is given");
	if (!bp_calls_ask(&control->calls, make_reload, &call) || !call.document)
		return refuse(code, message, "ending", "the run is about to end");
	refused = json_object_get(call.document, "refused");
	if (!refused)
		return call.document;
	json_array_foreach(refused, i, line)
		bp_list_add(lines, sizeof(lines), "\n", json_string_value(line));
	json_decref(call.document);
	return refuse(code, message, "refused", "%s", lines);
}

static const struct {
	const char *name;
	answer_fn answer;
} commands[] = {
	{ "ping", answer_ping },         { "show", answer_show },
	{ "set", answer_set },           { "drain", answer_drain },
	{ "reload", answer_reload },     { "trace", bp_cli_trace_begin },
	{ "traced", bp_cli_trace_look }, { "capture", bp_cli_answer_capture },
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Any thread but the control thread: bp_answer_fn. */
static json_t *answer(void *ctx, const char *command, const json_t *request, const char **code,
		      char **message)
{
	char allowed[128] = "";

	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (!strcmp(commands[i].name, command)) {
			json_t *document = commands[i].answer(ctx, request, code, message);

			bp_cli_web_renew(&((struct bp_cli_control *)ctx)->web);
			return document;
		}
		bp_list_add(allowed, sizeof(allowed), ", ", commands[i].name);
	}
	return refuse(code, message, "unknown-command", "found \"command\" '%.40s', allowed: %s",
		      command, allowed);
}

/* bp_web_source.report. */
static json_t *report_for_web(void *ctx)
{
	return ask_report(ctx, false);
}

struct metrics_call {
	struct bp_cli_control *control;
	FILE *out;
	bool is_open, is_made;
	json_t *floors;
};

static void make_metrics(void *ctx)
{
	struct metrics_call *call = ctx;

	call->is_made =
		call->control->metrics(call->control->ctx, call->out, call->is_open, call->floors);
}

/* bp_web_source.metrics. */
static bool metrics_for_web(void *ctx, FILE *out, bool is_open, json_t *floors)
{
	struct metrics_call call = {
		.control = ctx, .out = out, .is_open = is_open, .floors = floors
	};

	return bp_calls_ask(&call.control->calls, make_metrics, &call) && call.is_made;
}

void bp_cli_control_set_config(struct bp_cli_control *control, json_t *settings)
{
	json_decref(control->config);
	control->config = json_incref(settings);
	bp_cli_web_renew(&control->web);
}

/* ---- its life ------------------------------------------------------------------------------------- */

int bp_cli_control_open(struct bp_cli_control *control, const struct bp_conf *conf,
			const char *file, sigset_t *signals)
{
	bool is_fixed = conf->engine.name[0];
	char stem[BP_INSTANCE_NAME_BYTES], why[256];
	unsigned tries = 0;
	int err;

	*control = (struct bp_cli_control){ .instance = { .lock_fd = -1, .listen_fd = -1 } };
	bp_calls_begin(&control->calls, signals);
	control->begin_ns = bp_clock_ns();
	err = bp_cli_web_open(&control->web, conf->metrics.listen);
	if (err)
		return err;
	bp_instance_stem(file, stem);
	if (!conf->engine.has_control)
		return 0;
	do
		err = bp_instance_open(&control->instance, is_fixed ? conf->engine.name : stem,
				       true, why, sizeof(why));
	while (err == -EBUSY && bp_cli_may_be_left(&tries));
	if (err == -EBUSY && !is_fixed) /* with a number behind it */
		err = bp_instance_open(&control->instance, stem, false, why, sizeof(why));
	if (err == -EBUSY && is_fixed) {
		bp_log(BP_LOG_ERROR, "[engine] name: %s: choose another, or end that one", why);
		return err;
	}
	if (err)
		bp_log(BP_LOG_INFO,
		       "no control socket, bypath show does not see this run: %s ([engine] control = no says so "
		       "without a line)",
		       why);
	return 0;
}

void bp_cli_control_start(struct bp_cli_control *control, json_t *(*report)(void *ctx),
			  json_t *(*reload)(void *ctx, bool only_tell), bp_cli_metrics_fn metrics,
			  void *ctx)
{
	const struct bp_web_source source = { report_for_web, metrics_for_web, control };
	int err;

	control->report = report;
	control->reload = reload;
	control->metrics = metrics;
	control->ctx = ctx;
	bp_cli_web_start(&control->web, &source);
	if (control->instance.listen_fd < 0)
		return;
	err = bp_server_start(&control->server, control->instance.listen_fd, answer, control);
	if (err) {
		bp_log(BP_LOG_WARN, "control socket: cannot be served: %s", strerror(-err));
		bp_instance_close(&control->instance);
		return;
	}
	bp_log(BP_LOG_DEBUG, "instance '%s' listens at %s", control->instance.name,
	       control->instance.path);
}

void bp_cli_control_close(struct bp_cli_control *control)
{
	bp_calls_end(&control->calls);
	bp_cli_control_set_config(control, NULL);
	bp_server_stop(control->server);
	control->server = NULL;
	bp_cli_web_close(&control->web);
	bp_instance_close(&control->instance);
}
