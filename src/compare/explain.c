/* Takes a row's explanation out of the forwarder's report, or out of what is known of the kernel. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/explain.h"

#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *copies_of(json_int_t lo, json_int_t hi, const char *provenance)
{
	return json_pack("{s:I, s:I, s:s}", "lo", lo, "hi", hi, "provenance", provenance);
}

static json_int_t bound(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* ---- out of bypath's report ------------------------------------------------------------------ */

static void set_modes(const json_t *report, json_t *o)
{
	const json_t *ports = json_object_get(report, "ports");
	const json_t *in = json_array_get(ports, 0), *out = json_array_get(ports, 1);
	const char *a = bp_json_text_at(in, "mode");
	const char *b = bp_json_text_at(out, "mode");
	const char *note = bp_json_text_at(in, "note");
	bool is_of_out = !note || !*note;
	char text[80];

	if (is_of_out)
		note = bp_json_text_at(out, "note");
	snprintf(text, sizeof(text), b && a && strcmp(a, b) ? "%s → %s" : "%s", a ? a : "", b);
	json_object_set_new(o, "mode", bp_json_text_or_null(text));
	if (note && *note && is_of_out)
		json_object_set_new(o, "note", json_sprintf("out: %s", note));
	else
		json_object_set_new(o, "note", note && *note ? json_string(note) : json_null());
}

/* The hop's kernel copies, as an object that the caller may change. */
static json_t *kernel_copies(const json_t *hop)
{
	return bp_json_at(hop, "kernel_copies.value");
}

/* The longest frame of a row's rates, without FCS. */
static double longest_frame(const struct bp_cmp_row *row)
{
	return row->size->bytes ? row->size->bytes - 4.0 : 1514;
}

/*
 * Is the case that a hop leaves open the lower one, the upper one, or left open? The model cannot know who sends and
 * what: an XDP program on veth gets a copy of an sk_buff, and sees a frame that came as XDP frame as it lies.
 */
static const char *end_of(const struct bp_cmp_row *row, const json_t *hop)
{
	const char *decider = bp_json_text_at(hop, "decided_by");
	double short_bytes = bp_json_number_at(hop, "kernel_copies.lo_up_to_bytes");

	if (decider && !strcmp(decider, "sender") && row->path->lab == BP_CMP_VETH)
		return row->is_gen_live ? "lo" : "hi";
	if (short_bytes > 0 && !row->workload && longest_frame(row) <= short_bytes)
		return "lo";
	return NULL;
}

static void settle_hops(const struct bp_cmp_row *row, json_t *path)
{
	json_t *sum = bp_json_at(path, "modelled.kernel_copies"), *hop;
	size_t i;

	json_array_foreach(json_object_get(path, "hops"), i, hop) {
		const char *holds = end_of(row, hop), *other;
		json_t *value = kernel_copies(hop);
		json_int_t n = bound(value, "hi") - bound(value, "lo");

		if (!holds)
			continue;
		other = strcmp(holds, "lo") ? "lo" : "hi";
		json_object_set_new(sum, other,
				    json_integer(bound(sum, other) + (*other == 'h' ? -n : n)));
		json_object_set(value, other, json_object_get(value, holds));
		json_object_set_new(hop, "decided_by", json_null());
	}
}

/* Of paths, by the packets that each has let out: of one path, its own. null where one of them does not know. */
static json_t *mean(const json_t *paths, const char *key)
{
	double sum = 0, n_all = 0;
	const json_t *path;
	size_t i;

	json_array_foreach(paths, i, path) {
		double n = bp_json_number_at(path, "counted.packets_out");
		const json_t *value = bp_json_at(path, key);

		if (n > 0 && !json_is_number(value))
			return json_null();
		sum += n * json_number_value(value);
		n_all += n;
	}
	return bp_json_ratio(sum, n_all);
}

/* null where it is not known. */
static json_t *mean_copies(const json_t *paths, const char *of, const char *provenance)
{
	char lo[64], hi[64];
	json_t *least, *most;

	snprintf(lo, sizeof(lo), "modelled.%s.lo", of);
	snprintf(hi, sizeof(hi), "modelled.%s.hi", of);
	least = mean(paths, lo);
	most = mean(paths, hi);
	if (json_is_number(least) && json_is_number(most))
		return json_pack("{s:o, s:o, s:s}", "lo", least, "hi", most, "provenance",
				 provenance);
	json_decref(least);
	json_decref(most);
	return json_null();
}

static double sum_of(const json_t *copies, const char *end)
{
	const char *const parts[] = { "user", "library", "kernel" };
	double sum = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		sum += bp_json_number_at(json_object_get(copies, parts[i]), end);
	return sum;
}

static void set_copies(const json_t *paths, json_t *o)
{
	json_t *user = mean(paths, "counted.user_copies_per_packet");
	json_t *library = mean_copies(paths, "user_copies_in_libraries", "modelled");
	json_t *kernel = mean_copies(paths, "kernel_copies", "modelled");
	json_t *copies = json_object();
	bool is_known = json_is_number(user) && json_is_object(kernel) && json_is_object(library);

	json_object_set_new(copies, "user",
			    json_is_number(user) ? json_pack("{s:O, s:O, s:s}", "lo", user, "hi",
							     user, "provenance", "counted")
						 : json_null());
	json_object_set_new(copies, "library", library);
	json_object_set_new(copies, "kernel", kernel);
	json_object_set_new(copies, "total",
			    is_known ? json_pack("{s:f, s:f}", "lo", sum_of(copies, "lo"), "hi",
						 sum_of(copies, "hi"))
				     : json_null());
	json_decref(user);
	json_object_set_new(o, "copies", copies);
}

/* Does a library make system calls that nobody counts? Then 'no calls' is not a count. */
static bool has_hidden_calls(const json_t *hops, const json_t *crossings)
{
	const json_t *hop;
	size_t i;

	if (json_number_value(crossings) > 0)
		return false;
	json_array_foreach(hops, i, hop) {
		const char *per = bp_json_text_at(hop, "system_call.per");

		if (per && (!strcmp(per, "batch") || !strcmp(per, "packet")))
			return true;
	}
	return false;
}

static void set_time(const struct bp_cmp_row *row, const json_t *paths, bool has_hidden, json_t *o)
{
	static const char *const from[] = { "counted.ns_per_packet", "counted.ns_per_packet_user",
					    "counted.ns_per_packet_calls" };
	static const char *const to[] = { "ns_per_packet", "user_ns", "calls_ns" };
	json_t *time = json_object();

	for (unsigned i = 0; i < 3; i++)
		json_object_set_new(time, to[i],
				    has_hidden && i ? json_null() : mean(paths, from[i]));
	json_object_set_new(time, "softirq_ns",
			    row->softirq_ns < 0 ? json_null() : json_real(row->softirq_ns));
	json_object_set_new(time, "provenance", json_string("counted"));
	json_object_set_new(o, "time", time);
}

static bool is_whole(const json_t *path)
{
	const char *part = bp_json_text_at(path, "part");

	return !part || !strcmp(part, "whole");
}

/* A path of the report with these ports; NULL for out: with this in-port, an edge. */
static const json_t *find_path(const json_t *report, const json_t *in, const json_t *out)
{
	const json_t *path;
	size_t i;

	json_array_foreach(json_object_get(report, "paths"), i, path) {
		if (json_equal(json_object_get(path, "in"), in) &&
		    (out ? json_equal(json_object_get(path, "out"), out)
			 : json_is_string(json_object_get(path, "out"))))
			return path;
	}
	return NULL;
}

/* What packets of an in-port took that went to several ports: the whole of it, with the model of its first edge. */
static json_t *whole_of(const json_t *report, const json_t *fan_out)
{
	const json_t *edge = find_path(report, json_object_get(fan_out, "in"), NULL);
	const json_t *same = json_object_get(edge, "same_as"), *shown = edge;
	json_t *whole = json_deep_copy(json_object_get(fan_out, "whole"));

	if (json_is_object(same))
		shown = find_path(report, json_object_get(same, "in"),
				  json_object_get(same, "out"));
	json_object_set_new(whole, "modelled", json_deep_copy(json_object_get(edge, "modelled")));
	json_object_set_new(whole, "hops", json_deep_copy(json_object_get(shown, "hops")));
	return whole;
}

/* Those that the row's packets take, a workload's both ways: a copy. Of the ring's two the first. */
static json_t *paths_of(const struct bp_cmp_row *row)
{
	json_t *paths = json_array(), *path;
	size_t i;

	json_array_foreach(json_object_get(row->report, "paths"), i, path) {
		if (is_whole(path))
			json_array_append_new(paths, json_deep_copy(path));
	}
	json_array_foreach(json_object_get(row->report, "fan_outs"), i, path)
		json_array_append_new(paths, whole_of(row->report, path));
	while (!row->workload && json_array_size(paths) > 1)
		json_array_remove(paths, json_array_size(paths) - 1);
	return paths;
}

static json_t *softirq_note(const struct bp_cmp_row *row)
{
	return json_sprintf(
		"the kernel forwards in softirqs on %s: it takes that core's time, and none of the "
		"forwarder's",
		row->path->lab == BP_CMP_DEVICES ? "the core that the port interrupts"
						 : "the core that sends, the generator's");
}

static void explain_bypath(const struct bp_cmp_row *row, json_t *o)
{
	json_t *paths = paths_of(row), *path;
	json_t *crossings, *hops = bp_json_at(paths, "0.hops");
	bool has_hidden;
	size_t i;

	json_array_foreach(paths, i, path)
		settle_hops(row, path);
	crossings = mean(paths, "counted.crossings_per_packet");
	has_hidden = has_hidden_calls(hops, crossings);
	set_modes(row->report, o);
	if (bp_cmp_has(row->path, BP_CMP_BY_KERNEL))
		json_object_set_new(o, "note", softirq_note(row));
	set_copies(paths, o);
	json_object_set_new(
		o, "crossings",
		json_is_number(crossings) && !has_hidden
			? json_pack("{s:O, s:s}", "per_packet", crossings, "provenance", "counted")
			: json_null());
	set_time(row, paths, has_hidden, o);
	json_object_set_new(o, "hops", hops ? json_incref(hops) : json_array());
	json_decref(crossings);
	json_decref(paths);
}

/* ---- what is known of the others ------------------------------------------------------------- */

/* A bridge passes sk_buffs by reference (net/bridge/br_forward.c). */
static void explain_other(const struct bp_cmp_row *row, json_t *o)
{
	bool is_kernel = bp_cmp_has(row->path, BP_CMP_BY_KERNEL);
	json_t *copies = json_null();

	json_object_set_new(o, "mode", bp_json_text_or_null(row->mode));
	json_object_set_new(o, "note", is_kernel ? softirq_note(row) : json_null());
	if (is_kernel)
		copies = json_pack("{s:o, s:o, s:o, s:{s:i, s:I}}", "user",
				   copies_of(0, 0, "modelled"), "library",
				   copies_of(0, 0, "modelled"), "kernel",
				   copies_of(0, 0, "modelled"), "total", "lo", 0, "hi", 0);
	json_object_set_new(o, "copies", copies);
	json_object_set_new(
		o, "crossings",
		is_kernel ? json_pack("{s:i, s:s}", "per_packet", 0, "provenance", "modelled")
			  : json_null());
	json_object_set_new(o, "time", json_null());
	json_object_set_new(o, "hops", json_array());
}

void bp_cmp_explain(const struct bp_cmp_row *row, json_t *o)
{
	if (row->report)
		explain_bypath(row, o);
	else if (row->path->forwarder == BP_CMP_BYPATH) {
		static const char *const keys[] = { "mode", "note", "copies", "crossings", "time" };

		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			json_object_set_new(o, keys[i], json_null());
		json_object_set_new(o, "hops", json_array());
	} else
		explain_other(row, o);
}

/* ---- the sentence ----------------------------------------------------------------------------- */

static void say_range(FILE *s, const json_t *copies, const char *where, bool is_first)
{
	double lo = bp_json_number_at(copies, "lo");
	double hi = bp_json_number_at(copies, "hi");

	if (!copies || json_is_null(copies) || hi < 0.05)
		return;
	fprintf(s, "%s", is_first ? "copies each packet " : ", ");
	if (hi - lo > 0.05)
		fprintf(s, "%.0f–%.0f× %s", lo, hi, where);
	else
		fprintf(s, "%.*f× %s", hi - (double)(int)hi > 0.05 ? 1 : 0, hi, where);
}

/* Name the kernel functions that copy, and the reason where the device is to blame. */
static void say_places(FILE *s, const json_t *hops)
{
	const json_t *hop;
	const char *lacks = NULL;
	unsigned n = 0;
	size_t i;

	json_array_foreach(hops, i, hop) {
		const char *copier = bp_json_text_at(hop, "kernel_copies.functions.0");
		const char *why = bp_json_text_at(hop, "why");

		if (!copier || !bound(kernel_copies(hop), "hi"))
			continue;
		fprintf(s, "%s%s", n++ ? ", " : " (", copier);
		if (why && json_is_true(json_object_get(hop, "is_lack")) && !lacks)
			lacks = why;
	}
	if (lacks)
		fprintf(s, ": %.*s", (int)strcspn(lacks, ":"), lacks);
	if (n)
		fprintf(s, ")");
}

static void say_copies(FILE *s, const json_t *o)
{
	const json_t *copies = json_object_get(o, "copies");
	const json_t *kernel = json_object_get(copies, "kernel");
	long begin = ftell(s);
	double total = bp_json_number_at(copies, "total.hi");

	if (json_is_null(copies) || !copies) {
		fprintf(s, "tells nothing of its copies");
		return;
	}
	if (total < 0.05 && json_is_object(json_object_get(copies, "total"))) {
		fprintf(s, "copies nothing");
		return;
	}
	say_range(s, kernel, "in the kernel", true);
	if (bp_json_number_at(kernel, "hi") > 0.05)
		say_places(s, json_object_get(o, "hops"));
	say_range(s, json_object_get(copies, "library"), "in the library", ftell(s) == begin);
	say_range(s, json_object_get(copies, "user"), "in bypath", ftell(s) == begin);
}

static void say_time(FILE *s, const json_t *o)
{
	const json_t *time = json_object_get(o, "time"), *calls = json_object_get(time, "calls_ns");
	double total = bp_json_number_at(time, "ns_per_packet");
	const json_t *cross = bp_json_at(o, "crossings.per_packet");

	if (json_is_number(cross)) {
		double c = json_number_value(cross);

		if (c < 0.0005)
			fprintf(s, ", makes no system call");
		else if (c >= 0.5)
			fprintf(s, ", makes %.2f system calls per packet", c);
		else
			fprintf(s, ", makes one system call per %.0f packets", 1 / c);
	}
	if (total > 0 && json_number_value(calls) > 0)
		fprintf(s, ", spends %.0f ns on each, %.0f %% of it in system calls", total,
			100 * json_number_value(calls) / total);
	else if (total > 0)
		fprintf(s, ", spends %.0f ns on each", total);
}

/* The sign before a row's ratio. NULL: both rates are lower bounds, so the ratio says nothing. */
static const char *ratio_sign(const json_t *ratio)
{
	const char *bound = bp_json_text_at(ratio, "bound");

	return !bound                        ? ""
	       : strcmp(bound, "both") == 0  ? NULL
	       : strcmp(bound, "lower") == 0 ? "≥ "
	       : strcmp(bound, "upper") == 0 ? "≤ "
					     : "";
}

static void say_place(FILE *s, const json_t *o)
{
	const json_t *ratio = json_object_get(o, "ratio"), *gen = json_object_get(o, "generator");
	const json_t *interval = bp_json_at(ratio, "interval");
	const char *sign = ratio_sign(ratio);

	if (json_is_object(ratio) && sign && strcmp(bp_json_text_at(o, "path"), "bridge"))
		fprintf(s, ": %s%.2f× the baseline", sign, bp_json_number_at(ratio, "median"));
	if (json_is_object(interval))
		fprintf(s, " (≥ 95 %% interval %.2f–%.2f)", bp_json_number_at(interval, "lo"),
			bp_json_number_at(interval, "hi"));
	if (json_is_true(json_object_get(gen, "is_bound")))
		fprintf(s, "; the generator was the limit, it may do more");
	fprintf(s, ".");
}

void bp_cmp_sentence(json_t *o)
{
	const char *title = bp_json_text_at(o, "title");
	const char *reason = bp_json_text_at(o, "reason");
	char *text = NULL;
	size_t bytes;
	FILE *s = open_memstream(&text, &bytes);

	if (!s)
		return;
	if (json_is_object(json_object_get(o, "saturation"))) {
		fprintf(s, "%s ", title);
		say_copies(s, o);
		say_time(s, o);
		say_place(s, o);
	} else
		fprintf(s, "%s was not measured: %s.", title, reason ? reason : "no figure");
	fclose(s);
	json_object_set_new(o, "sentence", bp_json_text(text));
	free(text);
}
