/* The pieces of a run's report that can be asked for, and what happens between two of them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/show.h"

#include "config/spelling.h"
#include "core/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const struct bp_show bp_shows[] = {
	{ "ports", "driver, effective mode, link, events of each port", "ports" },
	{ "queues", "counters of each queue", "ports" },
	{ "workers", "busy, idle, asleep, off core", "workers" },
	{ "paths", "traffic and time of each path",
	  "paths,path_sums,path_totals,fan_outs,former_paths,paths_cut" },
	{ "drops", "drops and other events by reason",
	  "ports,functions,kernel_drops,conservation" },
	{ "functions", "packets, drops, time of each function", "functions" },
	{ "tables", "what functions say of themselves", "functions" },
	{ "ledger", "copies and crossings of each path", "paths,path_sums" },
	{ "modes", "the mode that each port got, and why", "ports" },
	{ "alarms", "what is wrong now, and what was", "alarms" },
	{ "counters", "every counter by its name; --since FILE: since an earlier answer", "" },
	{ "captures", "who captures packets now, how many are lost to it", "captures" },
	{ "config", "what is set, and where; --all: with the defaults of the rest", "config" },
	{ "build", "version and drivers of the running program", "build" },
	{ "all", "the whole report, as on SIGUSR1", NULL },
	{ .what = NULL },
};

const struct bp_show *bp_show_find(const char *what)
{
	const struct bp_show *show = bp_shows;

	while (show->what && strcmp(show->what, what))
		show++;
	return show->what ? show : NULL;
}

void bp_show_list(char *text, size_t text_bytes)
{
	text[0] = '\0';
	for (const struct bp_show *show = bp_shows; show->what; show++)
		bp_list_add(text, text_bytes, ", ", show->what);
}

/* ---- pieces --------------------------------------------------------------------------------------- */

static void add_members(json_t *piece, const json_t *report, const char *members)
{
	while (*members) {
		size_t n = strcspn(members, ",");
		json_t *value = bp_json_at_n(report, members, n);

		if (value)
			json_object_setn(piece, members, n, value);
		members += n + (members[n] == ',');
	}
}

/* Every number of an object as "PREFIX.KEY". */
static void flatten(json_t *into, const char *prefix, json_t *object)
{
	const char *key;
	json_t *value;
	char name[192];

	json_object_foreach(object, key, value) {
		snprintf(name, sizeof(name), "%s.%s", prefix, key);
		if (json_is_object(value))
			flatten(into, name, value);
		else if (json_is_integer(value))
			json_object_set(into, name, value);
	}
}

static void flatten_queues(json_t *into, const json_t *port, const char *queues, const char *way)
{
	const char *name = bp_json_text_at(port, "name");
	json_t *queue;
	char prefix[128];
	size_t i;

	json_array_foreach(json_object_get(port, queues), i, queue) {
		snprintf(prefix, sizeof(prefix), "port.%s.%s.%zu", name ? name : "", way, i);
		flatten(into, prefix, json_object_get(queue, "counted"));
	}
}

static json_t *make_counters(const json_t *report)
{
	json_t *into = json_object(), *row;
	char prefix[128];
	size_t i;

	json_array_foreach(json_object_get(report, "ports"), i, row) {
		flatten_queues(into, row, "rx_queues", "rx");
		flatten_queues(into, row, "tx_queues", "tx");
	}
	json_array_foreach(json_object_get(report, "functions"), i, row) {
		const char *name = bp_json_text_at(row, "name");

		snprintf(prefix, sizeof(prefix), "function.%s", name ? name : "");
		flatten(into, prefix, json_object_get(row, "counted"));
	}
	flatten(into, "conservation", bp_json_at(report, "conservation.counted"));
	return into;
}

json_t *bp_show_piece(json_t *report, const struct bp_show *show)
{
	json_t *piece;

	if (!show->members)
		return json_incref(report);
	piece = json_pack("{s:s, s:s, s:O, s:O, s:O}", "schema", "bypath.show/1", "what",
			  show->what, "instance", json_object_get(report, "instance"), "machine",
			  json_object_get(report, "machine"), "run",
			  json_object_get(report, "run"));
	if (!piece)
		return NULL;
	add_members(piece, report, show->members);
	if (!strcmp(show->what, "counters"))
		json_object_set_new(piece, "counters", make_counters(report));
	return piece;
}

bool bp_show_since(json_t *counters, const json_t *before)
{
	double since_s = bp_json_number_at(counters, "run.elapsed_s") -
			 bp_json_number_at(before, "run.elapsed_s");
	const json_t *old = json_object_get(before, "counters");
	const char *was = bp_json_text_at(before, "instance"), *key;
	const char *is = bp_json_text_at(counters, "instance");
	json_t *value;

	if (!old || !was || !is || strcmp(was, is) != 0 || since_s < 0 ||
	    !json_equal(bp_json_at(counters, "run.begin_ns"), bp_json_at(before, "run.begin_ns")))
		return false;
	json_object_foreach(json_object_get(counters, "counters"), key, value)
		json_integer_set(value, json_integer_value(value) -
						json_integer_value(json_object_get(old, key)));
	json_object_set_new(counters, "since_s", json_real(since_s));
	return true;
}

void bp_show_given(json_t *piece)
{
	json_t *sections = json_object_get(json_object_get(piece, "config"), "sections");

	for (size_t i = json_array_size(sections); i--;) {
		json_t *rows = json_object_get(json_array_get(sections, i), "settings");

		for (size_t k = json_array_size(rows); k--;) {
			const char *kind = bp_json_text_at(json_array_get(rows, k), "kind");

			if (kind && !strcmp(kind, "default"))
				json_array_remove(rows, k);
		}
		if (!json_array_size(rows))
			json_array_remove(sections, i);
	}
}

/* ---- between two reports ------------------------------------------------------------------------- */

/* Do two rows have the same in each of these members (or neither has it)? */
static bool is_same(const json_t *row, const json_t *like, const char *const *names, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		const json_t *a = json_object_get(row, names[k]);
		const json_t *b = json_object_get(like, names[k]);

		if ((a || b) && !json_equal(a, b))
			return false;
	}
	return row;
}

static bool is_same_path(const json_t *row, const json_t *like)
{
	static const char *const names[] = { "in", "out", "part", "worker" };

	return is_same(row, like, names, sizeof(names) / sizeof(names[0]));
}

/* The row of an array with the same name: a reload may have shifted it. NULL: none, it is new. */
static const json_t *find_row(const json_t *rows, const json_t *like, const char *name, size_t hint)
{
	const json_t *row = json_array_get(rows, hint);
	size_t i;

	if (is_same(row, like, &name, 1))
		return row;
	json_array_foreach(rows, i, row)
		if (is_same(row, like, &name, 1))
			return row;
	return NULL;
}

/* The row of an array that is of the same way, NULL: none. Rows of edges come when their first packet does, so that it is
 * mostly, not always, where it was. */
static const json_t *find_path(const json_t *paths, const json_t *like, size_t hint)
{
	const json_t *row = json_array_get(paths, hint);
	size_t i;

	if (is_same_path(row, like))
		return row;
	json_array_foreach(paths, i, row)
		if (is_same_path(row, like))
			return row;
	return NULL;
}

/* A number of a row now without what it was before; where that was more, it began anew (a port that a reload made again). */
static double grown(const json_t *before, const json_t *now, const char *path)
{
	double is = bp_json_number_at(now, path),
	       was = before ? bp_json_number_at(before, path) : 0;

	return is < was ? is : is - was;
}

/* The same of all queues of a port. */
static double grown_of_queues(const json_t *before, const json_t *now, const char *queues,
			      const char *path)
{
	double sum = 0;
	json_t *queue;
	size_t i;

	json_array_foreach(json_object_get(now, queues), i, queue)
		sum += grown(json_array_get(json_object_get(before, queues), i), queue, path);
	return sum;
}

static json_t *rates_of_port(const json_t *before, const json_t *now, double s)
{
	double dropped = grown_of_queues(before, now, "rx_queues", "counted.dropped") +
			 grown_of_queues(before, now, "tx_queues", "counted.dropped");

	return json_pack(
		"{s:O, s:O, s:O, s:O, s:O?, s:O?, s:f, s:f, s:f, s:f, s:f}", "name",
		json_object_get(now, "name"), "driver", json_object_get(now, "driver"), "mode",
		json_object_get(now, "mode"), "link", json_object_get(now, "link"), "set_down_by",
		json_object_get(now, "set_down_by"), "held_for", json_object_get(now, "held_for"),
		"rx_pps", grown_of_queues(before, now, "rx_queues", "counted.packets") / s,
		"tx_pps", grown_of_queues(before, now, "tx_queues", "counted.packets") / s,
		"rx_bps", 8 * grown_of_queues(before, now, "rx_queues", "counted.bytes") / s,
		"tx_bps", 8 * grown_of_queues(before, now, "tx_queues", "counted.bytes") / s,
		"drop_pps", dropped / s);
}

/* What a row's costs are per: packets out; of an intake, and of a function, those that came to it. */
static const char *borne_by(const json_t *row)
{
	const char *part = bp_json_text_at(row, "part");

	return part && strcmp(part, "intake") != 0 ? "counted.packets_out" : "counted.packets";
}

/* A cost per packet as what it was in all. */
static double whole_cost(const json_t *row, const char *per_packet)
{
	return row ? bp_json_number_at(row, per_packet) * bp_json_number_at(row, borne_by(row)) : 0;
}

/* The same since an earlier look; a row that began anew since then has all of it. */
static double grown_cost(const json_t *before, const json_t *now, const char *per_packet)
{
	double is = whole_cost(now, per_packet), was = whole_cost(before, per_packet);

	if (before &&
	    bp_json_number_at(now, borne_by(now)) < bp_json_number_at(before, borne_by(before)))
		return is;
	return fmax(is - was, 0);
}

/*
 * A worker in a report. Times in it leave out what the worker was off its core, spread over the whole run: a part of them may be
 * less a moment later. on: the share that was left. A time by that share is as the worker counted it, and only grows.
 */
struct look {
	const json_t *row; /* NULL: not there yet */
	double off_ns, on;
};

static struct look look_at(const json_t *row)
{
	double share = row ? bp_json_number_at(row, "off_core.share") : 0;

	return (struct look){
		.row = row,
		.off_ns = row ? bp_json_number_at(row, "off_core.ns") : 0,
		.on = share < 1 ? 1 - share : 0,
	};
}

static double counted_ns(const struct look *look, const char *path)
{
	return look->row && look->on > 0 ? bp_json_number_at(look->row, path) / look->on : 0;
}

/* Shares of the time between two looks. */
static json_t *rates_of_worker(const struct look *before, const struct look *now, double s)
{
	double ns = s * 1e9, off = fmin(fmax(now->off_ns - before->off_ns, 0) / ns, 1);
	double per = (1 - off) / ns; /* of a time that the worker counted */
	static const char *const times[4] = { "counted.busy_ns", "counted.calls_ns",
					      "counted.idle_ns", "counted.asleep_ns" };
	double shares[4];

	for (unsigned i = 0; i < 4; i++)
		shares[i] = per * fmax(counted_ns(now, times[i]) - counted_ns(before, times[i]), 0);
	return json_pack("{s:O, s:O, s:f, s:f, s:f, s:f, s:f, s:f}", "worker",
			 json_object_get(now->row, "worker"), "core",
			 json_object_get(now->row, "core"), "pps",
			 grown(before->row, now->row, "counted.packets") / s, "busy", shares[0],
			 "calls", fmin(shares[1], shares[0]), "idle", shares[2], "asleep",
			 shares[3], "off_core", off);
}

/* A cost per packet of the interval; null without packets. */
static json_t *per_packet(const json_t *before, const json_t *now, const char *per)
{
	return bp_json_ratio(grown_cost(before, now, per), grown(before, now, borne_by(now)));
}

static json_t *rates_of_path(const json_t *before, const json_t *now, double s)
{
	double n_pkts = grown(before, now, "counted.packets");
	json_t *kernel = bp_json_at(now, "modelled.kernel_copies");
	json_t *out = json_object_get(now, "out");

	return json_pack("{s:O, s:O, s:O?, s:f, s:f, s:o, s:o, s:o, s:O?}", "in",
			 json_object_get(now, "in"), "via", json_object_get(now, "via"), "out",
			 json_is_null(out) ? NULL : out, "pps", n_pkts / s, "bps",
			 8 * grown(before, now, "counted.bytes") / s, "ns_per_packet",
			 per_packet(before, now, "counted.ns_per_packet"), "user_copies_per_packet",
			 bp_json_ratio(grown(before, now, "counted.user_copies"), n_pkts),
			 "crossings_per_packet",
			 bp_json_ratio(grown(before, now, "counted.crossings"), n_pkts),
			 "kernel_copies", kernel);
}

static json_t *rates_of_function(const json_t *before, const json_t *now, double s)
{
	double n_pkts = grown(before, now, "counted.packets");

	return json_pack("{s:O, s:O, s:f, s:o, s:f, s:O?}", "name", json_object_get(now, "name"),
			 "type", json_object_get(now, "type"), "pps", n_pkts / s, "ns_per_packet",
			 per_packet(before, now, "counted.ns_per_packet"), "drop_pps",
			 grown(before, now, "counted.dropped") / s, "states",
			 json_object_get(now, "state"));
}

/* A function's events are of no queue. */
static bool is_same_event(const json_t *a, const json_t *b)
{
	const json_t *queues[] = { json_object_get(a, "queue"), json_object_get(b, "queue") };

	return json_equal(json_object_get(a, "counter"), json_object_get(b, "counter")) &&
	       (queues[0] == queues[1] || json_equal(queues[0], queues[1]));
}

/* Drops and losses of a row (a port, a function) that are not 0. */
static void add_drops(json_t *drops, const json_t *before, const json_t *now, double s)
{
	json_t *event, *old;
	size_t i, k;

	json_array_foreach(json_object_get(now, "events"), i, event) {
		const char *kind = bp_json_text_at(event, "kind");
		double was = 0;

		if (kind && strcmp(kind, "drop") != 0)
			continue;
		json_array_foreach(json_object_get(before, "events"), k, old)
			if (is_same_event(old, event))
				was = bp_json_number_at(old, "value");
		json_array_append_new(drops,
				      json_pack("{s:O, s:O, s:O, s:f}", "where",
						json_object_get(now, "name"), "counter",
						json_object_get(event, "counter"), "value",
						json_object_get(event, "value"), "pps",
						(bp_json_number_at(event, "value") - was) / s));
	}
}

/* Of packets that the kernel dropped, which a probe has seen: the rows come as they are met. */
static void add_kernel_drops(json_t *drops, const json_t *before, const json_t *now, double s)
{
	static const char *const names[] = { "port",   "direction", "where",
					     "device", "reason",    "function" };
	json_t *row, *old;
	size_t i, k;

	json_array_foreach(bp_json_at(now, "kernel_drops.rows"), i, row) {
		double was = 0;

		json_array_foreach(bp_json_at(before, "kernel_drops.rows"), k, old)
			if (is_same(old, row, names, sizeof(names) / sizeof(names[0])))
				was = bp_json_number_at(old, "packets");
		json_array_append_new(drops,
				      json_pack("{s:O?, s:O?, s:O, s:f}", "where",
						json_object_get(row, "port"), "counter",
						json_object_get(row, "reason"), "value",
						json_object_get(row, "packets"), "pps",
						(bp_json_number_at(row, "packets") - was) / s));
	}
}

json_t *bp_show_rates(const json_t *before, const json_t *now)
{
	double s = grown(before, now, "run.elapsed_s");
	json_t *ports = json_array(), *workers = json_array(), *paths = json_array();
	json_t *functions = json_array(), *drops = json_array(), *row;
	size_t i;

	if (s <= 0)
		s = 1e-9;
	json_array_foreach(json_object_get(now, "ports"), i, row) {
		const json_t *old = find_row(json_object_get(before, "ports"), row, "name", i);

		json_array_append_new(ports, rates_of_port(old, row, s));
		add_drops(drops, old, row, s);
	}
	json_array_foreach(json_object_get(now, "workers"), i, row) {
		struct look was =
			look_at(find_row(json_object_get(before, "workers"), row, "worker", i));
		struct look is = look_at(row);

		json_array_append_new(workers, rates_of_worker(&was, &is, s));
	}
	json_array_foreach(json_object_get(now, "paths"), i, row)
		json_array_append_new(
			paths,
			rates_of_path(find_path(json_object_get(before, "paths"), row, i), row, s));
	add_kernel_drops(drops, before, now, s);
	json_array_foreach(json_object_get(now, "functions"), i, row) {
		const json_t *old = find_row(json_object_get(before, "functions"), row, "name", i);

		json_array_append_new(functions, rates_of_function(old, row, s));
		add_drops(drops, old, row, s);
	}
	return json_pack("{s:s, s:O, s:f, s:f, s:o, s:o, s:o, s:o, s:o}", "schema",
			 "bypath.watch/1", "instance", json_object_get(now, "instance"),
			 "elapsed_s", bp_json_number_at(now, "run.elapsed_s"), "interval_s", s,
			 "ports", ports, "workers", workers, "paths", paths, "drops", drops,
			 "functions", functions);
}
