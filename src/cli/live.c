/* What the live page draws. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/live.h"

#include "cli/show.h"

#include "core/json.h"

#include <string.h>

#define OLD_S 3.0 /* an average of longer ago is no news */

/* The members of a row that a page needs; what is not there is left out. */
static json_t *pick(const json_t *row, const char *const names[])
{
	json_t *picked = json_object();

	for (unsigned i = 0; names[i]; i++) {
		json_t *value = json_object_get(row, names[i]);

		if (value)
			json_object_set(picked, names[i], value);
	}
	return picked;
}

/* Packets, bytes, drops of all queues of one direction. */
static json_t *sum_queues(const json_t *port, const char *queues)
{
	json_int_t packets = 0, bytes = 0, dropped = 0;
	const json_t *queue;
	size_t i;

	json_array_foreach(json_object_get(port, queues), i, queue) {
		const json_t *counted = json_object_get(queue, "counted");

		packets += json_integer_value(json_object_get(counted, "packets"));
		bytes += json_integer_value(json_object_get(counted, "bytes"));
		dropped += json_integer_value(json_object_get(counted, "dropped"));
	}
	return json_pack("{s:I, s:I, s:I}", "packets", packets, "bytes", bytes, "dropped", dropped);
}

static json_t *pick_ports(const json_t *now)
{
	static const char *const names[] = { "name", "driver", "device", "mode",
					     "link", "losses", NULL };
	json_t *rows = json_array();
	const json_t *port;
	size_t i;

	json_array_foreach(json_object_get(now, "ports"), i, port) {
		json_t *row = pick(port, names);

		json_object_set_new(row, "rx", sum_queues(port, "rx_queues"));
		json_object_set_new(row, "tx", sum_queues(port, "tx_queues"));
		json_array_append_new(rows, row);
	}
	return rows;
}

/* Rows with some of their members, and some of what they counted. */
static json_t *pick_rows(const json_t *from, const char *const names[], const char *const counted[])
{
	json_t *rows = json_array();
	const json_t *row;
	size_t i;

	json_array_foreach(from, i, row) {
		json_t *picked = pick(row, names);

		json_object_set_new(picked, "counted",
				    pick(json_object_get(row, "counted"), counted));
		json_array_append_new(rows, picked);
	}
	return rows;
}

static json_t *pick_paths(const json_t *now)
{
	static const char *const names[] = { "in", "out", "part", "via", "worker", NULL };
	static const char *const counted[] = { "packets", "bytes", "user_copies", "crossings",
					       NULL };

	return pick_rows(json_object_get(now, "paths"), names, counted);
}

static json_t *pick_totals(const json_t *now)
{
	static const char *const names[] = { "in", "out", "renewed", "present", NULL };
	static const char *const counted[] = { "packets", "bytes", "user_copies", "crossings",
					       NULL };

	return pick_rows(json_object_get(now, "path_totals"), names, counted);
}

static json_t *pick_functions(const json_t *now)
{
	static const char *const names[] = { "name", "type", "state", NULL };
	static const char *const counted[] = { "packets", "dropped", NULL };

	return pick_rows(json_object_get(now, "functions"), names, counted);
}

static bool is_news(const json_t *before, const json_t *now)
{
	double s = bp_json_number_at(now, "run.elapsed_s") -
		   bp_json_number_at(before, "run.elapsed_s");

	return before && s > 0 && s < OLD_S;
}

json_t *bp_live_document(const json_t *before, const json_t *now)
{
	json_t *rates = is_news(before, now) ? bp_show_rates(before, now) : json_null();

	return json_pack("{s:s, s:O?, s:O?, s:O?, s:O?, s:O?, s:o, s:o, s:o, s:o, s:o}", "schema",
			 "bypath.live/1", "instance", json_object_get(now, "instance"), "version",
			 json_object_get(now, "version"), "run", json_object_get(now, "run"),
			 "reloads", json_object_get(now, "reloads"), "conservation",
			 json_object_get(now, "conservation"), "ports", pick_ports(now), "paths",
			 pick_paths(now), "path_totals", pick_totals(now), "functions",
			 pick_functions(now), "rates", rates);
}
