/* What a run answers to who traces its packets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/control_trace.h"

#include "capture/filter.h"
#include "core/pcapng.h"
#include "core/utf8.h"
#include "engine/trace.h"
#include "ledger/document.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WHY_BYTES 512u

/* NULL, so that an answer can return it. */
static json_t *refuse(const char **code, char **message, const char *word, const char *why)
{
	*code = word;
	*message = strdup(why);
	if (*message)
		bp_utf8_clean(*message);
	return NULL;
}

/* ---- beginning --------------------------------------------------------------------------------- */

/* Into the control thread and back. */
struct begin_call {
	struct bp_engine *engine;
	struct bp_trace_ask ask;
	unsigned id;
	int err;
	char why[WHY_BYTES];
};

static void begin(void *ctx)
{
	struct begin_call *call = ctx;

	call->err =
		bp_trace_begin(call->engine, &call->ask, &call->id, call->why, sizeof(call->why));
}

static const char *word_of(int err)
{
	return err == -EBUSY       ? "busy"
	       : err == -ENOENT    ? "unknown-port"
	       : err == -ENOTSUP   ? "carried"
	       : err == -EPERM     ? "protected"
	       : err == -ESHUTDOWN ? "ending"
				   : "failed";
}

static void free_filter(void *filter)
{
	bp_capture_filter_close(filter);
}

/* What is asked for. False: why says what is wrong with it, *code names it. */
static bool read_ask(const json_t *request, struct bp_trace_ask *ask, const char **code,
		     char why[WHY_BYTES])
{
	const json_t *packets = json_object_get(request, "packets"),
		     *port = json_object_get(request, "port");
	struct bp_capture_filter *filter;
	uint32_t reach;
	json_int_t n = packets ? json_integer_value(packets) : 1;

	*code = "bad-request";
	if (n < 1 || n > BP_TRACE_PKTS_MAX) {
		snprintf(why, WHY_BYTES, "found \"packets\" %lld, allowed: 1..%u", (long long)n,
			 BP_TRACE_PKTS_MAX);
		return false;
	}
	if (port && !json_is_string(port)) {
		snprintf(why, WHY_BYTES, "\"port\" is a text, where it is given");
		return false;
	}
	*ask = (struct bp_trace_ask){ .n_pkts = (unsigned)n, .port = json_string_value(port) };
	*code = "bad-filter";
	if (bp_capture_filter_read(request, &filter, &ask->filter_text, why, WHY_BYTES))
		return false;
	if (!filter)
		return true;
	reach = bp_capture_filter_reach(filter);
	ask->filter = filter;
	ask->matches = bp_capture_filter_match;
	ask->match_bytes = reach < BP_PCAPNG_SNAP_MAX ? reach : BP_PCAPNG_SNAP_MAX;
	ask->free_filter = free_filter;
	return true;
}

json_t *bp_cli_trace_begin(struct bp_cli_control *control, const json_t *request, const char **code,
			   char **message)
{
	struct begin_call call = { .engine = control->engine,
				   .err = -ESHUTDOWN,
				   .why = "the run is about to end" };

	if (!read_ask(request, &call.ask, code, call.why))
		return refuse(code, message, *code, call.why);
	if (bp_calls_ask(&control->calls, begin, &call) && !call.err)
		return json_pack("{s:i, s:i}", "trace", (int)call.id, "packets",
				 (int)call.ask.n_pkts);
	bp_capture_filter_close(call.ask.filter);
	return refuse(code, message, word_of(call.err), call.why);
}

/* ---- looking ----------------------------------------------------------------------------------- */

struct look_call {
	struct bp_engine *engine;
	unsigned id;
	bool ends;
	int err;
	struct bp_trace_state state;
	struct bp_trace *trace; /* with ends: what it recorded */
};

static void look(void *ctx)
{
	struct look_call *call = ctx;

	call->err = bp_trace_look(call->engine, call->id, &call->state);
	if (!call->err && call->ends)
		call->trace = bp_trace_end(call->engine, call->id);
}

static json_t *tell(struct bp_cli_control *control, struct bp_trace *trace)
{
	json_t *document = bp_trace_document(trace);

	if (document) {
		bp_ledger_add_trace(document, bp_trace_conf(trace), bp_trace_infos(trace));
		json_object_set_new(document, "instance", json_string(control->instance.name));
		json_object_set_new(document, "version", json_string(BP_VERSION));
	}
	bp_trace_free(trace);
	return document;
}

json_t *bp_cli_trace_look(struct bp_cli_control *control, const json_t *request, const char **code,
			  char **message)
{
	json_int_t id = json_integer_value(json_object_get(request, "trace"));
	struct look_call call = { .engine = control->engine,
				  .id = id > 0 && id <= (json_int_t)UINT32_MAX ? (unsigned)id : 0,
				  .ends = json_is_true(json_object_get(request, "end")) };

	if (!bp_calls_ask(&control->calls, look, &call))
		return refuse(code, message, "ending", "the run is about to end");
	if (call.err)
		return refuse(
			code, message, "unknown-trace",
			"no trace of this number runs: it was told, or nobody asked for it for 5 s");
	if (call.ends && !call.trace)
		return refuse(
			code, message, "stalled",
			"a worker stands still, and may yet write into the trace, which is given up: bypath "
			"show alarms names the worker");
	if (call.ends)
		return tell(control, call.trace);
	return json_pack("{s:i, s:i, s:b}", "seen", (int)call.state.n_seen, "packets",
			 (int)call.state.n_wanted, "over", call.state.is_over);
}
