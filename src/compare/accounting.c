/* Adds reasons, drops and the rounds' values to a row. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/run.h"

#include "core/json.h"
#include "gen/search.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void bp_cmp_row_end(struct bp_cmp_row *row, enum bp_cmp_status status, const char *fix,
		    const char *fmt, ...)
{
	va_list args;

	if (bp_cmp_has_ended(row))
		return;
	row->status = status;
	snprintf(row->fix, sizeof(row->fix), "%s", fix);
	va_start(args, fmt);
	vsnprintf(row->reason, sizeof(row->reason), fmt, args);
	va_end(args);
}

void bp_cmp_row_off(struct bp_cmp_row *row, const struct bp_cmp_off *off)
{
	if (off->share > row->off.share)
		row->off = *off;
}

void bp_cmp_search_off(struct bp_cmp_row *row, const struct bp_search_bounds *b)
{
	const struct bp_cmp_off off = { b->off_share, b->off_cause, "forwarder or generator" };

	bp_cmp_row_off(row, &off);
}

void bp_cmp_row_drop(struct bp_cmp_row *row, const char *where, const char *reason,
		     const char *provenance, uint64_t n)
{
	struct bp_cmp_drop *d = NULL;

	if (!n)
		return;
	for (unsigned i = 0; i < row->n_drops && !d; i++)
		if (strcmp(row->drops[i].where, where) == 0 &&
		    strcmp(row->drops[i].reason, reason) == 0)
			d = &row->drops[i];
	if (!d && row->n_drops == BP_CMP_DROPS_MAX)
		return; /* the frames then show as unaccounted */
	if (!d) {
		d = &row->drops[row->n_drops++];
		snprintf(d->where, sizeof(d->where), "%s", where);
		snprintf(d->reason, sizeof(d->reason), "%s", reason);
		d->provenance = provenance;
	}
	d->n += n;
}

void bp_cmp_values_add(struct bp_cmp_values *values, double v)
{
	if (values->n < BP_CMP_ROUNDS_MAX)
		values->v[values->n++] = v;
}

static void add_queues(struct bp_cmp_row *row, const json_t *port, const char *key,
		       const char *side)
{
	const char *name = json_string_value(json_object_get(port, "name"));
	char where[16];
	const char *reason;
	json_t *queue, *value;
	size_t i;

	snprintf(where, sizeof(where), "%.10s %s", name ? name : "?", side);
	json_array_foreach(json_object_get(port, key), i, queue) {
		json_t *drops = json_object_get(json_object_get(queue, "counted"), "drops");

		json_object_foreach(drops, reason, value) {
			bp_cmp_row_drop(row, where, reason, "counted",
					(uint64_t)json_integer_value(value));
		}
	}
}

/* An interface's own counter that somebody else accounts for: on veth the lab, for every path alike; of a tap device the
 * sender, since AF_PACKET names what the device's queue did not take. */
static bool is_counted_elsewhere(const struct bp_cmp_row *row, const json_t *r)
{
	enum bp_cmp_lab lab = row->path->lab;
	const char *direction = json_string_value(json_object_get(r, "direction"));

	return json_is_true(json_object_get(r, "is_interface")) &&
	       (lab == BP_CMP_VETH ||
		(lab == BP_CMP_TAP && direction && strcmp(direction, "rx") == 0));
}

/* Of the other direction alone. */
static bool is_of_other(const json_t *r, const char *side)
{
	const char *direction = json_string_value(json_object_get(r, "direction"));

	return direction && strcmp(direction, side) &&
	       (!strcmp(direction, "rx") || !strcmp(direction, "tx"));
}

/* side: the one whose drops count, NULL: both. */
static uint64_t add_reported(struct bp_cmp_row *row, const json_t *port, const char *side)
{
	const char *port_name = json_string_value(json_object_get(port, "name"));
	uint64_t sum = 0;
	json_t *r;
	size_t i;

	json_array_foreach(json_object_get(port, "reported"), i, r) {
		const char *name = json_string_value(json_object_get(r, "name"));
		uint64_t n = (uint64_t)json_integer_value(json_object_get(r, "value"));

		if (!name || !json_is_true(json_object_get(r, "is_drop")) ||
		    is_counted_elsewhere(row, r) || (side && is_of_other(r, side)))
			continue;
		bp_cmp_row_drop(row, port_name ? port_name : "?", name, "reported", n);
		sum += n;
	}
	return sum;
}

/* Do the port's queues count what the interface drops, under a reason of their own? */
static bool names_tx_drops(const json_t *port)
{
	json_t *r;
	size_t i;

	json_array_foreach(json_object_get(port, "reported"), i, r) {
		if (json_is_true(json_object_get(r, "explains")))
			return true;
	}
	return false;
}

/* What functions dropped of the packets that came in at the port. */
static uint64_t function_drops_of(const json_t *report, const char *port)
{
	uint64_t n = 0;
	json_t *path;
	size_t i;

	json_array_foreach(json_object_get(report, "paths"), i, path) {
		const char *in = json_string_value(json_object_get(path, "in"));

		if (in && port && !strcmp(in, port))
			n += (uint64_t)bp_json_number_at(path, "counted.function_drops");
	}
	return n;
}

/* By reason; but where some came in at the other port, only how many did not: the reasons are those of both. */
static void add_function(struct bp_cmp_row *row, const json_t *function, uint64_t n_most)
{
	const char *name = json_string_value(json_object_get(function, "name"));
	const char *reason, *last = NULL;
	uint64_t n_all = (uint64_t)bp_json_number_at(function, "counted.dropped");
	unsigned n_reasons = 0;
	json_t *value, *drops = bp_json_at(function, "counted.drops");

	json_object_foreach(drops, reason, value) {
		if (n_all <= n_most)
			bp_cmp_row_drop(row, name ? name : "?", reason, "counted",
					(uint64_t)json_integer_value(value));
		if (!json_integer_value(value))
			continue;
		last = reason;
		n_reasons++;
	}
	if (n_all > n_most)
		bp_cmp_row_drop(row, name ? name : "?", n_reasons == 1 ? last : "several reasons",
				"counted", n_most);
}

/* is_oneway: what came in at the first port alone; a comparison has one function in its chains. */
static void add_functions(struct bp_cmp_row *row, const json_t *report, bool is_oneway)
{
	const char *in = bp_json_text_at(report, "ports.0.name");
	json_t *function;
	size_t i;

	json_array_foreach(json_object_get(report, "functions"), i, function)
		add_function(row, function, is_oneway ? function_drops_of(report, in) : UINT64_MAX);
}

uint64_t bp_cmp_report_drops(struct bp_cmp_row *row, const json_t *report, bool *is_out_named)
{
	bool is_oneway = json_array_size(json_object_get(report, "functions")) && !row->workload;
	uint64_t n_known = 0;
	json_t *port;
	size_t i;

	json_array_foreach(json_object_get(report, "ports"), i, port) {
		uint64_t n;

		/* What the generator announces goes the other way, and is none of a trial's packets. */
		if (!is_oneway || i == 0)
			add_queues(row, port, "rx_queues", "rx");
		if (!is_oneway || i > 0)
			add_queues(row, port, "tx_queues", "tx");
		n = add_reported(row, port, is_oneway ? (i ? "tx" : "rx") : NULL);
		if (i == 0)
			n_known = bp_cmp_has(row->path, BP_CMP_DROPS_TWICE) ? n : 0;
		*is_out_named = names_tx_drops(port); /* the last port is the out port */
	}
	add_functions(row, report, is_oneway);
	return n_known;
}

void bp_cmp_account_alone(struct bp_cmp_row *row, const json_t *report)
{
	const json_t *c = json_object_get(json_object_get(report, "conservation"), "counted");

	row->n_sent += (uint64_t)json_integer_value(json_object_get(c, "received"));
	row->n_received += (uint64_t)json_integer_value(json_object_get(c, "sent"));
	row->unaccounted += json_integer_value(json_object_get(c, "unaccounted"));
	row->n_trials++;
}
