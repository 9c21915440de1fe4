/* An ended trace as a document: bypath.trace/1 (docs/control.md). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/record.h"
#include "engine/trace.h"
#include "engine/trace_control.h"

#include "core/clock.h"
#include "core/headline.h"
#include "core/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct bp_conf *bp_trace_conf(const struct bp_trace *t)
{
	return t->control->conf;
}

const struct bp_port_info *bp_trace_infos(const struct bp_trace *t)
{
	return t->control->infos;
}

/* ---- words ------------------------------------------------------------------------------------- */

static const char *port_name(const struct bp_trace *t, unsigned port_id)
{
	return t->control->conf->ports[port_id].name;
}

/* NULL: nobody. */
static const char *function_name(const struct bp_trace *t, unsigned function_id)
{
	return function_id == BP_TRACE_NO_ID ? NULL : t->control->conf->functions[function_id].name;
}

static int64_t ns_between(uint64_t begin, uint64_t end)
{
	/* Two workers' counters may be some cycles apart. */
	return end > begin ? (int64_t)(bp_clock_cycles_to_ns(end - begin) + 0.5) : 0;
}

static json_t *hex_of(const uint8_t *bytes, unsigned n)
{
	char text[2 * BP_TRACE_EDIT_BYTES + 1] = "";

	for (unsigned i = 0; i < n && i < BP_TRACE_EDIT_BYTES; i++)
		snprintf(&text[2 * i], 3, "%02x", bytes[i]);
	return json_string(text);
}

/* What a step changed; null: nothing. */
static json_t *edit_of(const struct bp_trace_edit *edit)
{
	if (!edit->n_old && !edit->n_new)
		return json_null();
	return json_pack("{s:i, s:i, s:i, s:o, s:o}", "at", (int)edit->at, "removed",
			 (int)edit->n_old, "added", (int)edit->n_new, "old",
			 hex_of(edit->old_bytes, edit->n_old), "new",
			 hex_of(edit->new_bytes, edit->n_new));
}

/* Why a function dropped it. */
static json_t *refusal_of(const struct bp_trace *t, const struct bp_trace_step *s)
{
	const struct bp_function *f = t->control->functions[s->function_id];
	const struct bp_fn_reason *reason = bp_function_reason(f, s->why);

	if (!reason)
		return json_pack("{s:s, s:s?, s:s, s:i}", "by", function_name(t, s->function_id),
				 "reason", NULL, "meaning", "without a reason", "packets", 1);
	return json_pack("{s:s, s:s, s:s, s:i}", "by", function_name(t, s->function_id), "reason",
			 reason->name, "meaning", reason->meaning, "packets", 1);
}

static json_t *ports_of(const struct bp_trace *t, uint64_t out)
{
	json_t *ports = json_array();

	for (unsigned i = 0; i < t->control->conf->n_ports; i++)
		if (out & UINT64_C(1) << i)
			json_array_append_new(ports, json_string(port_name(t, i)));
	return ports;
}

/* ---- steps ------------------------------------------------------------------------------------- */

static void add_rx(json_t *row, const struct bp_trace *t, const struct bp_trace_step *s)
{
	json_object_set_new(row, "port", json_string(port_name(t, s->port_id)));
	json_object_set_new(row, "queue", json_integer(s->queue_id));
	json_object_set_new(row, "bytes", json_integer(s->n_bytes));
	json_object_set_new(row, "burst_packets", json_integer(s->n_burst));
	json_object_set_new(row, "burst_ns", json_integer(ns_between(s->begin, s->end)));
	json_object_set_new(row, "user_copies", json_integer(s->n_copies));
	json_object_set_new(row, "user_copy_bytes",
			    json_integer((json_int_t)s->n_copies * s->n_bytes));
	json_object_set_new(row, "is_hop",
			    json_boolean(t->control->conf->ports[s->port_id].is_hop));
}

static void add_function(json_t *row, const struct bp_trace *t, const struct bp_trace_step *s)
{
	const struct bp_conf *conf = t->control->conf;

	json_object_set_new(row, "function", json_string(function_name(t, s->function_id)));
	json_object_set_new(row, "type", json_string(conf->functions[s->function_id].type));
	json_object_set_new(row, "next", json_boolean(s->out & BP_OUT_NEXT));
	json_object_set_new(row, "ports", ports_of(t, s->out));
	json_object_set_new(row, "dropped", s->out ? json_null() : refusal_of(t, s));
	json_object_set_new(row, "edit", edit_of(&s->edit));
}

static void add_edit(json_t *row, const struct bp_trace *t, const struct bp_trace_step *s)
{
	const char *name = function_name(t, s->function_id);

	json_object_set_new(row, "function", json_string(name ? name : "[engine] mode"));
	json_object_set_new(row, "edit", edit_of(&s->edit));
}

static json_t *loss_of(const struct bp_trace *t, const struct bp_trace_step *s)
{
	const struct bp_counter_row *why = &bp_counter_rows[s->drop];

	if (s->is_dropped_leaving && s->function_id != BP_TRACE_NO_ID)
		return refusal_of(t, s);
	if (!s->n_dropped)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:o}", "by", port_name(t, s->queue_port_id), "reason",
			 why->name, "meaning", why->meaning, "packets", json_integer(s->n_dropped));
}

static void add_tx(json_t *row, const struct bp_trace *t, const struct bp_trace_step *s)
{
	bool is_hop = s->queue_port_id != s->port_id;

	json_object_set_new(row, "port", json_string(port_name(t, s->port_id)));
	json_object_set_new(row, "hop",
			    is_hop ? json_string(port_name(t, s->queue_port_id)) : json_null());
	json_object_set_new(row, "queue", json_integer(s->queue_id));
	json_object_set_new(row, "chosen_by", bp_json_text(function_name(t, s->function_id)));
	json_object_set_new(row, "is_copy", json_boolean(s->n_replicas));
	json_object_set_new(row, "bytes", json_integer(s->n_bytes));
	json_object_set_new(row, "packets", json_integer(s->n_sent));
	json_object_set_new(row, "segments", json_integer(s->n_supers ? s->n_segments : 0));
	json_object_set_new(row, "checksums", json_integer(s->n_csums));
	json_object_set_new(row, "user_copies", json_integer(s->n_copies));
	json_object_set_new(row, "user_copy_bytes", json_integer(s->n_copy_bytes));
	json_object_set_new(row, "calls", json_integer(s->n_calls));
	json_object_set_new(row, "call_ns", json_integer(ns_between(0, s->call_cycles)));
	json_object_set_new(row, "held", json_integer(s->n_held));
	json_object_set_new(row, "dropped", loss_of(t, s));
	json_object_set_new(row, "followed", json_boolean(s->is_followed));
	json_object_set_new(row, "edit", edit_of(&s->edit));
}

/* A step, with times since begin. */
static json_t *step_row(const struct bp_trace *t, const struct bp_trace_step *s, uint64_t begin)
{
	static const char *const words[] = { [BP_TRACE_RX] = "rx",
					     [BP_TRACE_EDIT] = "edit",
					     [BP_TRACE_FUNCTION] = "function",
					     [BP_TRACE_TX] = "tx" };
	static void (*const add[])(json_t *, const struct bp_trace *,
				   const struct bp_trace_step *) = {
		[BP_TRACE_RX] = add_rx,
		[BP_TRACE_EDIT] = add_edit,
		[BP_TRACE_FUNCTION] = add_function,
		[BP_TRACE_TX] = add_tx,
	};
	int64_t ns = ns_between(s->begin, s->end);
	json_t *row;

	if (s->kind == BP_TRACE_RX && s->n_burst)
		ns /= s->n_burst;
	row = json_pack("{s:s, s:s, s:i, s:o, s:o}", "step", words[s->kind], "in",
			port_name(t, s->in_port_id), "worker", (int)s->worker_id, "at_ns",
			json_integer(ns_between(begin, s->begin)), "ns", json_integer(ns));
	if (row)
		add[s->kind](row, t, s);
	return row;
}

/* ---- packets ----------------------------------------------------------------------------------- */

/* When it was the packet's turn: behind a hop a burst is asked for before the packet lies there. */
static uint64_t time_of(const struct bp_trace_step *s)
{
	return s->kind == BP_TRACE_RX ? s->end : s->begin;
}

/* A step's place in its packet's journey. */
static int by_time(const void *a, const void *b)
{
	const struct bp_trace_step *x = a, *y = b;

	if (x->journey != y->journey)
		return x->journey < y->journey ? -1 : 1;
	if (time_of(x) != time_of(y))
		return time_of(x) < time_of(y) ? -1 : 1;
	return x->kind < y->kind ? -1 : x->kind > y->kind;
}

/* What a super-frame, or one with a checksum left over, is to become. */
static json_t *meta_of(const struct bp_journey *j)
{
	if (!j->has_meta)
		return json_null();
	return json_pack("{s:b, s:i}", "partial_checksum",
			 (j->meta.flags & BP_VNET_F_NEEDS_CSUM) != 0, "segment_bytes",
			 j->meta.gso_type == BP_VNET_GSO_NONE ? 0 : (int)j->meta.gso_size);
}

static void append_end(json_t *ends, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void append_end(json_t *ends, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	json_array_append_new(ends, json_vsprintf(fmt, args));
	va_end(args);
}

/* Where it ended, in a few words for each way that it took. */
static json_t *ends_of(const json_t *steps, bool is_whole)
{
	json_t *ends = json_array();
	const json_t *step;
	size_t i;

	json_array_foreach(steps, i, step) {
		const json_t *dropped = json_object_get(step, "dropped");
		const char *reason = json_string_value(json_object_get(dropped, "reason"));

		if (json_is_object(dropped))
			append_end(ends, "dropped by %s: %s",
				   json_string_value(json_object_get(dropped, "by")),
				   reason ? reason : "?");
		if (json_integer_value(json_object_get(step, "packets")) &&
		    !json_is_true(json_object_get(step, "followed")))
			append_end(ends, "%s queue %d%s",
				   json_string_value(json_object_get(step, "port")),
				   (int)json_integer_value(json_object_get(step, "queue")),
				   json_is_string(json_object_get(step, "hop")) ? " of its hop"
										: "");
	}
	if (!is_whole)
		append_end(ends, "in a hop");
	return ends;
}

static json_t *time_of_day(uint64_t real_ns)
{
	time_t seconds = (time_t)(real_ns / 1000000000);
	char text[48];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return json_sprintf("%s.%06uZ", text, (unsigned)(real_ns % 1000000000 / 1000));
}

static json_t *packet_row(const struct bp_trace *t, unsigned number,
			  const struct bp_trace_step *steps, unsigned n)
{
	struct bp_journey *j = &t->journeys[number];
	char headers[BP_HEADLINE_BYTES];
	json_t *rows = json_array();
	bool is_whole = !atomic_load_explicit(&j->n_open, memory_order_relaxed);
	uint64_t begin = n ? steps[0].begin : t->control->end_cycles;
	uint64_t real_ns =
		t->control->end_real_ns - (uint64_t)ns_between(begin, t->control->end_cycles);

	bp_headline(j->head, j->n_head, headers);
	for (unsigned i = 0; i < n; i++)
		json_array_append_new(rows, step_row(t, &steps[i], begin));
	return json_pack("{s:i, s:I, s:o, s:I, s:i, s:o, s:o, s:I, s:b, s:o, s:o}", "number",
			 (int)number + 1, "time_ns", (json_int_t)real_ns, "time",
			 time_of_day(real_ns), "bytes", (json_int_t)j->n_bytes, "views",
			 (int)j->n_views, "headers", bp_json_text(headers), "meta", meta_of(j),
			 "lost_steps",
			 (json_int_t)atomic_load_explicit(&j->n_lost, memory_order_relaxed),
			 "is_whole", is_whole, "ends", ends_of(rows, is_whole), "steps", rows);
}

static json_t *packet_rows(const struct bp_trace *t, unsigned n_packets)
{
	unsigned n_steps = atomic_load_explicit(&((struct bp_trace *)(uintptr_t)t)->n_steps,
						memory_order_relaxed),
		 at = 0;
	json_t *rows = json_array();

	qsort(t->steps, n_steps, sizeof(*t->steps), by_time);
	for (unsigned i = 0; i < n_packets; i++) {
		unsigned n = 0;

		while (at + n < n_steps && t->steps[at + n].journey == i)
			n++;
		json_array_append_new(rows, packet_row(t, i, &t->steps[at], n));
		at += n;
	}
	return rows;
}

/* The ports whose packets it did not see. */
static json_t *carried_ports(const struct bp_trace *t)
{
	return ports_of(t, t->control->carried);
}

json_t *bp_trace_document(const struct bp_trace *t)
{
	unsigned n = atomic_load_explicit(&((struct bp_trace *)(uintptr_t)t)->n_taken,
					  memory_order_relaxed);

	if (!t->control->conf)
		return NULL;
	if (n > t->n_wanted)
		n = t->n_wanted;
	return json_pack("{s:s, s:i, s:i, s:b, s:o, s:o, s:o, s:o}", "schema", "bypath.trace/1",
			 "wanted", (int)t->n_wanted, "seen", (int)n, "aborted",
			 t->control->is_aborted, "filter", bp_json_text(t->control->filter_text),
			 "port", bp_json_text_or_null(t->control->port), "carried_ports",
			 carried_ports(t), "packets", packet_rows(t, n));
}
