/* Observed copies beside modelled ones. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/probed.h"

#include "bypath/config.h"

#include "core/json.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * What of a figure may be of packets that were copied and not counted, or counted and not copied: those on their way when
 * the run began or ended, up to a ring of them.
 */
#define ROUGHLY      0.02
#define RING_PACKETS 4096.0

/* A VLAN tag that the driver puts back into a frame: its port counts these bytes, and nobody copied them. */
#define TAG_BYTES 4

static double number(const json_t *row, const char *key)
{
	return json_number_value(json_object_get(row, key));
}

static json_t *real_or_null(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

static bool is_word(const json_t *row, const char *key, const char *word)
{
	const char *own = json_string_value(json_object_get(row, key));

	return own && word && !strcmp(own, word);
}

/* ---- one direction of a port ----------------------------------------------------------------- */

/* What a port has counted of a direction, by the counter's key. */
static double counted(const json_t *document, const char *name, const char *direction,
		      const char *key)
{
	const char *list = *direction == 't' ? "tx_queues" : "rx_queues";
	const json_t *port, *queue;
	double sum = 0;
	size_t i, k;

	json_array_foreach(json_object_get(document, "ports"), i, port) {
		if (!is_word(port, "name", name))
			continue;
		json_array_foreach(json_object_get(port, list), k, queue) {
			sum += number(json_object_get(queue, "counted"), key);
		}
	}
	return sum;
}

/* The bytes that went through a port that way, as the kernel has them. */
static double port_bytes(const json_t *document, const char *name, const char *direction)
{
	double n_tags = *direction == 'r' ? counted(document, name, direction, "vlan_inserted") : 0;

	return counted(document, name, direction, "bytes") - TAG_BYTES * n_tags;
}

/* The bytes that the kernel copied of packets that went that way. */
static double copied_bytes(const json_t *document, const char *name, const char *direction)
{
	const json_t *row;
	double bytes = 0;
	size_t i;

	json_array_foreach(bp_json_at(document, "probe.copies"), i, row) {
		if (is_word(row, "port", name) && is_word(row, "direction", direction) &&
		    !json_is_true(json_object_get(row, "header_pull")) &&
		    !json_is_true(json_object_get(row, "dropped_then")))
			bytes += number(row, "bytes");
	}
	return bytes;
}

/* Copies of a whole packet, or NAN where no byte went that way, or nothing was observed. */
static double copies_of(const json_t *document, const char *name, const char *direction)
{
	double bytes = json_is_string(bp_json_at(document, "probe.by"))
			       ? port_bytes(document, name, direction)
			       : 0;

	return bytes > 0 ? copied_bytes(document, name, direction) / bytes : NAN;
}

/* What was seen of one port. */
struct seen {
	const char *name;
	double rx, tx; /* copies_of() */
	double n_rx_packets, n_tx_packets;
};

/* Of every port, once: a switch has thousands of paths. Returns how many. */
static size_t look_at_ports(const json_t *document, struct seen seen[BP_PORTS_MAX])
{
	const json_t *port;
	size_t i;

	json_array_foreach(json_object_get(document, "ports"), i, port) {
		const char *name = json_string_value(json_object_get(port, "name"));

		if (i == BP_PORTS_MAX)
			break;
		seen[i] = (struct seen){ .name = name,
					 .rx = copies_of(document, name, "rx"),
					 .tx = copies_of(document, name, "tx"),
					 .n_rx_packets = counted(document, name, "rx", "packets"),
					 .n_tx_packets = counted(document, name, "tx", "packets") };
	}
	return i;
}

/* Of a port that is not known, as where a path's packets go to several ports: nothing. */
static struct seen seen_of(const struct seen *seen, size_t n, const char *name)
{
	for (size_t i = 0; name && i < n; i++)
		if (seen[i].name && !strcmp(seen[i].name, name))
			return seen[i];
	return (struct seen){ .rx = NAN, .tx = NAN };
}

/* ---- a path ---------------------------------------------------------------------------------- */

/* NULL: every copy was seen; else the first reason why some may not have been. */
static const char *why_not_all(const json_t *document, char *text, size_t text_bytes)
{
	const json_t *probe = json_object_get(document, "probe"), *row;
	size_t i;

	if (!json_is_string(json_object_get(probe, "by")))
		return bp_json_text_at(probe, "unobserved.why");
	json_array_foreach(json_object_get(probe, "places"), i, row) {
		const char *name = json_string_value(json_object_get(row, "name"));

		if (!json_is_true(json_object_get(row, "needed")))
			continue;
		if (json_is_true(json_object_get(row, "observed")) && number(row, "misses") <= 0)
			continue;
		if (!json_is_true(json_object_get(row, "observed")))
			snprintf(text, text_bytes, "%s: %s", name,
				 json_string_value(json_object_get(row, "why")));
		else
			snprintf(text, text_bytes,
				 "%s: %.0f calls were not seen (recursion_misses)", name,
				 number(row, "misses"));
		return text;
	}
	return number(probe, "not_counted") > 0 ? "a table of the probe was full" : NULL;
}

static bool is_observed(const json_t *document, const char *function)
{
	const json_t *place;
	size_t i;

	json_array_foreach(bp_json_at(document, "probe.places"), i, place) {
		if (is_word(place, "name", function))
			return json_is_true(json_object_get(place, "observed"));
	}
	return false;
}

/* A function that the hop names and that is not observed, or NULL. */
static const char *unobserved_of(const json_t *document, const json_t *hop)
{
	const json_t *function;
	size_t i;

	json_array_foreach(bp_json_at(hop, "kernel_copies.functions"), i, function) {
		if (!is_observed(document, json_string_value(function)))
			return json_string_value(function);
	}
	return NULL;
}

/* The row of a list with the same ports, or NULL. */
static const json_t *same_path(const json_t *list, const json_t *path)
{
	const json_t *row;
	size_t i;

	json_array_foreach(list, i, row) {
		if (json_equal(json_object_get(row, "in"), json_object_get(path, "in")) &&
		    json_equal(json_object_get(row, "out"), json_object_get(path, "out")))
			return row;
	}
	return NULL;
}

/* A report's row, or that which shows the same hops. */
static const json_t *with_hops(const json_t *document, const json_t *row)
{
	const json_t *same = json_object_get(row, "same_as");

	return json_is_object(same) ? same_path(json_object_get(document, "paths"), same) : row;
}

/* Why copies of this path may be missed, or NULL. */
static const char *why_not_here(const json_t *document, const json_t *row, char *text,
				size_t text_bytes)
{
	const json_t *hop;
	size_t i;

	json_array_foreach(json_object_get(with_hops(document, row), "hops"), i, hop) {
		const char *name = unobserved_of(document, hop);

		if (!name)
			continue;
		snprintf(text, text_bytes, "%s, which the model names, is not observed", name);
		return text;
	}
	return NULL;
}

static void judge(const json_t *row, json_t *probed, double copies, double tolerance)
{
	const json_t *model = bp_json_at(row, "modelled.kernel_copies");
	double lo = number(model, "lo"), hi = number(model, "hi");
	char text[96];

	if (!model || isnan(copies) || (copies >= lo - tolerance && copies <= hi + tolerance))
		return;
	if (lo < hi)
		snprintf(text, sizeof(text), "the kernel copied %.2f times, the model says %g–%g",
			 copies, lo, hi);
	else
		snprintf(text, sizeof(text), "the kernel copied %.2f times, the model says %g",
			 copies, lo);
	json_object_set_new(probed, "finding", json_string(text));
}

static void add_to(json_t *document, json_t *row, const struct seen *in, const struct seen *out,
		   const char *why)
{
	double copies = in->rx + out->tx, n_packets = fmin(in->n_rx_packets, out->n_tx_packets);
	char text[160];
	json_t *probed;

	if (!why)
		why = why_not_here(document, row, text, sizeof(text));
	probed = json_pack("{s:o, s:o, s:o, s:b, s:s?, s:n}", "kernel_copies", real_or_null(copies),
			   "rx", real_or_null(in->rx), "tx", real_or_null(out->tx), "is_all", !why,
			   "why", why, "finding");
	if (!why)
		judge(row, probed, copies, ROUGHLY + RING_PACKETS / n_packets);
	json_object_set_new(row, "probed", probed);
}

/* ---- system calls ---------------------------------------------------------------------------- */

static const json_t *worker_of(const json_t *document, const json_t *call)
{
	const json_t *worker;
	size_t i;

	json_array_foreach(json_object_get(document, "workers"), i, worker) {
		if (json_equal(json_object_get(worker, "tid"), json_object_get(call, "tid")))
			return worker;
	}
	return NULL;
}

static void keep_workers_calls(json_t *document)
{
	json_t *calls = json_array(), *call;
	size_t i;

	json_array_foreach(bp_json_at(document, "probe.system_calls"), i, call) {
		const json_t *worker = worker_of(document, call);

		if (!worker)
			continue;
		json_object_set(call, "worker", json_object_get(worker, "worker"));
		json_object_set_new(call, "per_packet",
				    bp_json_ratio(number(call, "calls"),
						  bp_json_number_at(worker, "counted.packets")));
		json_array_append(calls, call);
	}
	json_object_set_new(json_object_get(document, "probe"), "system_calls", calls);
}

void bp_probed_add(json_t *document)
{
	static const char *const lists[] = { "paths", "path_sums" };
	char text[160];
	const char *why = why_not_all(document, text, sizeof(text));
	struct seen ports[BP_PORTS_MAX];
	size_t n_ports = look_at_ports(document, ports), i;
	json_t *row;

	for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++)
		json_array_foreach(json_object_get(document, lists[k]), i, row) {
			struct seen in = seen_of(ports, n_ports, bp_json_text_at(row, "in"));
			struct seen out = seen_of(ports, n_ports, bp_json_text_at(row, "out"));

			add_to(document, row, &in, &out, why);
		}
	keep_workers_calls(document);
}

/* ---- beside a prediction --------------------------------------------------------------------- */

/* What the model says of the kernel's copies, hop by hop. */
static bool is_same_model(const json_t *seen, const json_t *path)
{
	const json_t *hops = json_object_get(path, "hops"), *others = json_object_get(seen, "hops");
	size_t n = json_array_size(hops);
	bool is_same = n == json_array_size(others);

	for (size_t i = 0; i < n && is_same; i++)
		is_same = json_equal(json_object_get(json_array_get(hops, i), "kernel_copies"),
				     json_object_get(json_array_get(others, i), "kernel_copies"));
	return is_same;
}

/* What was seen of the path, a reference that the caller may keep; of another driver, mode or device it would stand
 * beside the wrong model: null. */
static json_t *take_of(const json_t *report, const json_t *path)
{
	const json_t *seen = same_path(json_object_get(report, "path_sums"), path);
	json_t *probed;

	if (!seen)
		seen = same_path(json_object_get(report, "paths"), path);
	probed = json_object_get(seen, "probed");
	return probed && is_same_model(with_hops(report, seen), path) ? json_incref(probed)
								      : json_null();
}

/* Of each out-port of a group: "out", and what was seen. */
static json_t *take_of_group(const json_t *report, const json_t *group)
{
	json_t *rows = json_array(), *path = json_copy((json_t *)(uintptr_t)group), *out;
	size_t i;

	json_array_foreach(json_object_get(group, "outs"), i, out) {
		json_t *row, *probed;

		json_object_set(path, "out", out);
		probed = take_of(report, path);
		row = json_copy(probed);
		if (json_is_object(row))
			json_object_set(row, "out", out);
		if (json_is_object(row))
			json_array_append(rows, row);
		json_decref(row);
		json_decref(probed);
	}
	json_decref(path);
	return rows;
}

int bp_probed_take(json_t *explained, const json_t *report)
{
	json_t *path;
	size_t i;

	if (!json_is_object(json_object_get(report, "probe")))
		return -ENOENT;
	json_array_foreach(json_object_get(explained, "paths"), i, path)
		json_object_set_new(path, "probed", take_of(report, path));
	json_array_foreach(json_object_get(explained, "path_groups"), i, path)
		json_object_set_new(path, "probed", take_of_group(report, path));
	return 0;
}
