/* Comparisons: choice of paths, medians, differences of two documents. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/explain.h"
#include "compare/function.h"
#include "compare/goals.h"
#include "compare/lossless.h"
#include "compare/paired.h"
#include "compare/paths.h"
#include "compare/run.h"
#include "compare/stat.h"
#include "compare/diff.h"
#include "compare/winner.h"
#include "compare/workload.h"
#include "core/json.h"
#include "gen/trial.h"
#include "report/view.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PATHS_MAX 64

static unsigned index_of(const char *name)
{
	for (unsigned i = 0; i < bp_cmp_n_paths; i++)
		if (!strcmp(bp_cmp_paths[i].name, name))
			return i;
	fail_msg("no path %s", name);
	return 0;
}

static bool says(const char *body, const char *text)
{
	return body && strstr(body, text);
}

/* bypath asks net_af_packet's sockets itself. */
static bool hides_socket(const struct bp_cmp_path *p)
{
	return (says(p->in, "net_af_packet") && p->forwarder != BP_CMP_BYPATH) ||
	       says(p->in, "type=system");
}

/* What is decided by is what the ports' texts say. */
static void traits_are_those_of_the_ports(void **state)
{
	(void)state;
	for (unsigned i = 0; i < bp_cmp_n_paths; i++) {
		const struct bp_cmp_path *p = &bp_cmp_paths[i];
		unsigned traits = (says(p->in, "driver = kernel") || p->forwarder == BP_CMP_BRIDGE
					   ? BP_CMP_BY_KERNEL
					   : 0) |
				  (says(p->in, "driver = dpdk") || p->forwarder == BP_CMP_TESTPMD
					   ? BP_CMP_BY_DPDK
					   : 0) |
				  (says(p->gen_tx, "driver = dpdk") ? BP_CMP_GEN_BY_DPDK : 0) |
				  (says(p->in, BP_CMP_CAPTURE) ? BP_CMP_PLAYS : 0) |
				  (says(p->in, "zerocopy") ? BP_CMP_WANTS_ZEROCOPY : 0) |
				  (hides_socket(p) ? BP_CMP_HIDES_SOCKET : 0) |
				  (says(p->in, "net_af_xdp") || says(p->in, "mode = copy")
					   ? BP_CMP_DROPS_TWICE
					   : 0);

		if (p->traits != traits)
			fail_msg("%s: traits %#x, its ports say %#x", p->name, p->traits, traits);
	}
}

static void choice_by_names_groups_and_exceptions(void **state)
{
	bool chosen[PATHS_MAX];
	char why[2048];

	(void)state;
	assert_true(bp_cmp_n_paths <= PATHS_MAX);
	assert_int_equal(bp_cmp_choose("bridge,memory", &(struct bp_cmp_choice){ 0 }, chosen, why,
				       sizeof(why)),
			 0);
	assert_true(chosen[index_of("bridge")] && chosen[index_of("dpdk-memif")]);
	assert_false(chosen[index_of("af_packet-mmap")]);
	assert_int_equal(
		bp_cmp_choose("-bridge", &(struct bp_cmp_choice){ 0 }, chosen, why, sizeof(why)),
		0);
	assert_false(chosen[index_of("bridge")]);
	assert_true(chosen[index_of("af_packet-mmap")]);
	assert_false(chosen[index_of("testpmd-memif")]);
	assert_int_equal(bp_cmp_choose(NULL, &(struct bp_cmp_choice){ .with_peers = true }, chosen,
				       why, sizeof(why)),
			 0);
	assert_true(chosen[index_of("testpmd-memif")]);
	assert_false(chosen[index_of("ports-dpdk")]);
	assert_false(chosen[index_of("ovs-af_packet")]);
	assert_int_equal(bp_cmp_choose(NULL, &(struct bp_cmp_choice){ .with_function = true },
				       chosen, why, sizeof(why)),
			 0);
	assert_true(chosen[index_of("ovs-af_packet")] && chosen[index_of("bridge")]);
	assert_false(chosen[index_of("null")] || chosen[index_of("kernel-tc")]);
	assert_int_equal(
		bp_cmp_choose("brigde", &(struct bp_cmp_choice){ 0 }, chosen, why, sizeof(why)),
		-EINVAL);
	assert_non_null(strstr(why, "brigde"));
	assert_non_null(strstr(why, "af_xdp-native"));
	assert_int_equal(bp_cmp_choose("null,-ceiling", &(struct bp_cmp_choice){ 0 }, chosen, why,
				       sizeof(why)),
			 -EINVAL);
}

static void templates_are_filled_and_cut(void **state)
{
	const struct bp_cmp_names names = { "w0", "w1", "/f", 60 };
	char text[64], small[6];

	(void)state;
	assert_string_equal(bp_cmp_fill("a @W b @L @D/m @S", &names, text, sizeof(text)),
			    "a w0 b w1 /f/m 60");
	assert_true(strlen(bp_cmp_fill("0123456789", &names, small, sizeof(small))) <= 5);
}

static void medians_and_spreads(void **state)
{
	struct bp_cmp_values v = { 0 };
	json_t *stat;

	(void)state;
	stat = bp_cmp_stat(&v, 1);
	assert_true(json_is_null(stat));
	bp_cmp_values_add(&v, 3);
	bp_cmp_values_add(&v, 1);
	assert_true(fabs(bp_cmp_median(&v) - 2) < 1e-9);
	bp_cmp_values_add(&v, 2.5);
	assert_true(fabs(bp_cmp_median(&v) - 2.5) < 1e-9);
	stat = bp_cmp_stat(&v, 10);
	assert_true(fabs(json_number_value(json_object_get(stat, "median")) - 25) < 1e-9);
	assert_true(fabs(json_number_value(json_object_get(stat, "min")) - 10) < 1e-9);
	assert_true(fabs(json_number_value(json_object_get(stat, "spread")) - 0.8) < 1e-9);
	assert_int_equal(json_array_size(json_object_get(stat, "values")), 3);
	json_decref(stat);
}

static json_t *values(double a, double b, double c)
{
	struct bp_cmp_values v = { 3, { a, b, c } };

	return bp_cmp_stat(&v, 1);
}

static json_t *row(const char *path, json_t *mpps, json_t *p50)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:o}, s:{s:o}}", "path", path, "size", "64",
			 "status", "ok", "mode", "mmap", "saturation", "mpps", mpps, "latency",
			 "p50", p50);
}

static json_t *document(json_t *a, json_t *b)
{
	return json_pack("{s:[o, o]}", "rows", a, b);
}

static const char *verdict(const json_t *diff, const char *path, const char *what)
{
	const json_t *d;
	size_t i;

	json_array_foreach(diff, i, d)
		if (!strcmp(json_string_value(json_object_get(d, "path")), path) &&
		    !strcmp(json_string_value(json_object_get(d, "what")), what))
			return json_string_value(json_object_get(d, "verdict"));
	return "none";
}

static void diff_tells_change_from_spread(void **state)
{
	json_t *before = document(row("bridge", values(1, 1.1, 1.05), values(10, 11, 12)),
				  row("gone", values(1, 1, 1), values(1, 1, 1)));
	json_t *after = document(row("bridge", values(1.2, 1.3, 1.25), values(12, 13, 14)),
				 row("new", values(1, 1, 1), values(1, 1, 1)));
	json_t *diff = bp_cmp_diff(before, after);

	(void)state;
	assert_string_equal(verdict(diff, "bridge", "Mpps"), "better");
	assert_string_equal(verdict(diff, "bridge", "p50 ns"), "within the spread");
	assert_string_equal(verdict(diff, "bridge", "mode"), "none");
	assert_string_equal(verdict(diff, "new", "row"), "appeared");
	assert_string_equal(verdict(diff, "gone", "row"), "gone");
	json_decref(diff);
	diff = bp_cmp_diff(after, before);
	assert_string_equal(verdict(diff, "bridge", "Mpps"), "worse");
	json_decref(diff);
	/* A figure that is a bound may be any above it. */
	json_object_set_new(json_array_get(json_object_get(after, "rows"), 0), "generator",
			    json_pack("{s:b}", "is_bound", 1));
	diff = bp_cmp_diff(before, after);
	assert_string_equal(verdict(diff, "bridge", "Mpps"), "a lower bound: not known");
	json_decref(diff);
	json_decref(before);
	json_decref(after);
}

/* ---- what packets cost ------------------------------------------------------------------------ */

static json_t *path_row(int n_out, double copies, double calls, const char *kernel_lo)
{
	return json_pack("{s:{s:i, s:f, s:f}, s:{s:{s:i, s:i}, s:{s:i, s:i}}, s:[]}", "counted",
			 "packets_out", n_out, "user_copies_per_packet", copies,
			 "crossings_per_packet", calls, "modelled", kernel_lo, "lo", 2, "hi", 3,
			 "user_copies_in_libraries", "lo", 0, "hi", 0, "hops");
}

static double cost(const struct bp_cmp_row *row, const char *path)
{
	json_t *o = json_object();
	double value;

	bp_cmp_explain(row, o);
	value = json_is_number(bp_json_at(o, path)) ? bp_json_number_at(o, path) : -1;
	json_decref(o);
	return value;
}

/* Of a workload both ways, by their packets; of a rate, which goes one way, the first path. */
static void costs_of_two_ways_are_weighted_by_their_packets(void **state)
{
	struct bp_cmp_row row = { .path = &bp_cmp_paths[index_of("af_packet-mmap")],
				  .workload = bp_cmp_workload_find("traffic"),
				  .softirq_ns = -1 };

	(void)state;
	row.report = json_pack("{s:[], s:[o, o]}", "ports", "paths",
			       path_row(100, 1, 0.5, "kernel_copies"),
			       path_row(300, 0, 0.1, "kernel_copies"));
	assert_true(fabs(cost(&row, "copies.user.lo") - 0.25) < 1e-9);
	assert_true(fabs(cost(&row, "copies.total.hi") - 3.25) < 1e-9);
	assert_true(fabs(cost(&row, "crossings.per_packet") - 0.2) < 1e-9);
	row.workload = NULL;
	assert_true(fabs(cost(&row, "copies.user.lo") - 1) < 1e-9);
	json_decref(row.report);
	/* A way that nothing took knows nothing, and is not asked; one that does not know spoils the sum. */
	row.workload = bp_cmp_workload_find("traffic");
	row.report = json_pack("{s:[], s:[o, o]}", "ports", "paths",
			       path_row(100, 1, 0.5, "kernel_copies"), path_row(0, 0, 0, "none"));
	assert_true(fabs(cost(&row, "copies.kernel.lo") - 2) < 1e-9);
	json_decref(row.report);
	row.report = json_pack("{s:[], s:[o, o]}", "ports", "paths",
			       path_row(100, 1, 0.5, "kernel_copies"), path_row(1, 0, 0, "none"));
	assert_true(cost(&row, "copies.kernel.lo") < 0 && cost(&row, "copies.total.lo") < 0);
	assert_true(fabs(cost(&row, "copies.user.lo") - 100.0 / 101) < 1e-9);
	json_decref(row.report);
}

/* Where packets go to several ports, no part of it is the path: all of it is, with an edge's model. */
static void parts_of_a_path_are_no_path(void **state)
{
	struct bp_cmp_row row = { .path = &bp_cmp_paths[index_of("af_packet-mmap")],
				  .softirq_ns = -1 };
	json_t *intake = path_row(0, 0, 0, "none"), *edge = path_row(100, 1, 0.5, "kernel_copies");
	json_t *whole = path_row(300, 0.25, 0.1, "none");

	(void)state;
	json_object_set_new(intake, "part", json_string("intake"));
	json_object_set_new(edge, "part", json_string("edge"));
	json_object_set_new(edge, "in", json_string("a"));
	json_object_set_new(edge, "out", json_string("b"));
	json_object_set_new(intake, "in", json_string("a"));
	json_object_set_new(edge, "hops", json_pack("[{s:s}]", "side", "rx"));
	row.report = json_pack("{s:[], s:[o, o], s:[{s:s, s:o}]}", "ports", "paths", intake, edge,
			       "fan_outs", "in", "a", "whole", whole);
	assert_true(fabs(cost(&row, "copies.user.lo") - 0.25) < 1e-9);
	assert_true(fabs(cost(&row, "copies.kernel.lo") - 2) < 1e-9);
	assert_true(fabs(cost(&row, "crossings.per_packet") - 0.1) < 1e-9);
	json_decref(row.report);
}

/* ---- who is ahead ------------------------------------------------------------------------------ */

struct entry {
	const char *path, *group, *status, *outcome;
	double lower[2], upper[2], p99[2]; /* of two rounds; the second below 0: of one */
	double rate[2]; /* at saturation; 0: none */
};

static json_t *two(const double v[2])
{
	struct bp_cmp_values values = { v[1] < 0 ? 1 : 2, { v[0], v[1] } };

	return bp_cmp_stat(&values, 1);
}

static json_t *entry_row(const struct entry *e)
{
	bool has_upper = strcmp(e->outcome, "measured") == 0;
	bool has_lower = strcmp(e->outcome, "not-measurable") != 0;
	bool is_short = strcmp(e->outcome, "exploratory") == 0;

	return json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:b, s:o, s:o}, s:{s:o}, s:{s:o}}", "path",
			 e->path, "group", e->group, "size", "64", "status", e->status, "ndr",
			 "outcome", is_short ? "bounded" : e->outcome, "exploratory", is_short,
			 "mpps", has_lower ? two(e->lower) : json_null(), "upper_mpps",
			 has_upper ? two(e->upper) : json_null(), "latency", "p99", two(e->p99),
			 "saturation", "mpps", e->rate[0] > 0 ? two(e->rate) : json_null());
}

static json_t *verdicts_of(const struct entry *entries, unsigned n)
{
	json_t *rows = json_array(), *verdicts;

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(rows, entry_row(&entries[i]));
	verdicts = bp_cmp_verdicts(rows);
	json_decref(rows);
	return verdicts;
}

static const char *verdict_of(const struct entry *entries, unsigned n, char text[64])
{
	json_t *verdicts = verdicts_of(entries, n), *v;

	v = json_array_get(verdicts, 0);
	snprintf(text, 64, "%s%s%s", json_array_size(verdicts) ? "" : "none",
		 json_is_string(json_object_get(v, "path"))
			 ? json_string_value(json_object_get(v, "path"))
		 : v ? json_string_value(json_object_get(v, "verdict"))
		     : "",
		 json_is_string(json_object_get(v, "by")) ? " by " : "");
	if (json_is_string(json_object_get(v, "by")))
		strcat(text, json_string_value(json_object_get(v, "by")));
	json_decref(verdicts);
	return text;
}

static void a_winner_is_ahead_in_every_round(void **state)
{
	const struct entry a = { "a",        "veth",       "ok",       "measured",
				 { 1, 1.1 }, { 1.1, 1.2 }, { 9, 9.5 }, { 0 } };
	struct entry pair[2] = { a, a };
	char text[64];

	(void)state;
	pair[1].path = "b";
	/* The same figures; then b's p99 is better, then its NDR, though its p99 is not. */
	assert_string_equal(verdict_of(pair, 2, text), "no difference seen");
	pair[1].p99[0] = 4, pair[1].p99[1] = 5;
	assert_string_equal(verdict_of(pair, 2, text), "b by p99");
	pair[1] = (struct entry){ "b",        "veth",       "ok",       "measured",
				  { 2, 2.1 }, { 2.2, 2.3 }, { 99, 99 }, { 0 } };
	assert_string_equal(verdict_of(pair, 2, text), "b by ndr");
	/* One round of b reaches into a's range. */
	pair[1].lower[0] = 1.15;
	assert_string_equal(verdict_of(pair, 2, text), "a by p99");
	/* Alone there is nothing to be ahead of. */
	assert_string_equal(verdict_of(pair, 1, text), "none");
}

static void a_lower_bound_is_not_beaten(void **state)
{
	struct entry pair[] = {
		{ "a", "veth", "ok", "bounded", { 1, 1.1 }, { 0 }, { 9, 9.5 }, { 0 } },
		{ "b", "veth", "ok", "measured", { 2, 2.1 }, { 2.2, 2.3 }, { 4, 5 }, { 0 } },
	};
	char text[64];

	(void)state;
	assert_string_equal(verdict_of(pair, 2, text), "no difference seen");
	/* But a lower bound above every other's upper one is ahead. */
	pair[0].lower[0] = 3, pair[0].lower[1] = 3.1;
	assert_string_equal(verdict_of(pair, 2, text), "a by ndr");
}

static void a_rate_of_short_trials_does_not_win(void **state)
{
	struct entry pair[] = {
		{ "a", "veth", "ok", "measured", { 1, 1.1 }, { 1.1, 1.2 }, { 9, 9.5 }, { 0 } },
		{ "b", "veth", "ok", "bounded", { 2, 2.1 }, { 0 }, { 4, 5 }, { 0 } },
	};
	char text[64];

	(void)state;
	assert_string_equal(verdict_of(pair, 2, text), "b by ndr");
	pair[1].outcome = "exploratory";
	assert_string_equal(verdict_of(pair, 2, text), "no difference seen");
	/* Nor does it lose: nobody knows what it would carry. */
	pair[0].lower[0] = 3, pair[0].lower[1] = 3.1, pair[0].upper[1] = 3.2;
	assert_string_equal(verdict_of(pair, 2, text), "no difference seen");
}

static void nobody_is_ahead_without_ranges_or_network(void **state)
{
	struct entry pair[] = {
		{ "a", "veth", "ok", "measured", { 1, -1 }, { 1.1, -1 }, { 9, -1 }, { 0 } },
		{ "b", "veth", "ok", "measured", { 2, -1 }, { 2.2, -1 }, { 4, -1 }, { 0 } },
	};
	char text[64];

	(void)state;
	assert_string_equal(verdict_of(pair, 2, text), "not known");
	pair[0].lower[1] = pair[0].upper[1] = pair[0].p99[1] = 1.1;
	pair[1].lower[1] = pair[1].upper[1] = pair[1].p99[1] = 2.2;
	assert_string_equal(verdict_of(pair, 2, text), "b by ndr");
	pair[1].status = "disturbed";
	assert_string_equal(verdict_of(pair, 2, text), "none");
	pair[1].status = "ok";
	pair[0].group = pair[1].group = "ceiling";
	assert_string_equal(verdict_of(pair, 2, text), "none");
}

static void assert_said(const struct entry *entries, unsigned n, const char *words)
{
	json_t *verdicts = verdicts_of(entries, n);

	assert_non_null(strstr(bp_json_text_at(verdicts, "0.text"), words));
	json_decref(verdicts);
}

/* c has a rate, and no figure that may be compared: disturbed, or without an NDR. */
static void a_row_left_out_may_have_won(void **state)
{
	struct entry three[] = {
		{ "a", "veth", "ok", "measured", { 1, 1.1 }, { 1.1, 1.2 }, { 9, 9.5 }, { 1, 1 } },
		{ "b", "veth", "ok", "measured", { 2, 2.1 }, { 2.2, 2.3 }, { 4, 5 }, { 3, 3 } },
		{ "c", "veth", "disturbed", "measured", { 1, 3 }, { 3, 3 }, { 1, 1 }, { 1, 2.5 } },
	};
	char text[64];

	(void)state;
	assert_string_equal(verdict_of(three, 3, text), "no difference seen");
	assert_said(
		three, 3,
		"c, which is not compared, forwarded up to 2.500 Mpps; not compared: c (disturbed)");
	three[2].status = "ok", three[2].outcome = "not-measurable";
	assert_string_equal(verdict_of(three, 3, text), "no difference seen");
	assert_said(three, 3, "not compared: c (no NDR)");
	/* What never forwarded as much cannot have won, and is named. */
	three[2].rate[1] = 1.2;
	assert_string_equal(verdict_of(three, 3, text), "b by ndr");
	assert_said(three, 3, "above every round of the 1 other; not compared: c (no NDR)");
	/* Nor may the lowest p99 of equals win over it. */
	three[0].lower[0] = 2, three[0].lower[1] = 2.1, three[0].upper[1] = 2.2;
	assert_string_equal(verdict_of(three, 3, text), "b by p99");
	three[2].rate[1] = 2;
	assert_string_equal(verdict_of(three, 3, text), "no difference seen");
}

/* A counter that went backwards has counted nothing: not 'nothing lost', as the difference would have it. */
static void a_counter_that_goes_backwards_is_no_count(void **state)
{
	struct bp_trial_result r = { .n_sent = 1000, .sent_pps = 1e6, .n_received = 7 };

	(void)state;
	assert_int_equal(bp_cmp_far_count(5000, 0, &r), -ERANGE);
	assert_int_equal(bp_cmp_far_count(5000, 4999, &r), -ERANGE);
	assert_int_equal(r.n_received, 7);
	assert_int_equal(r.n_lost, 0);
	assert_int_equal(bp_cmp_far_count(5000, 5750, &r), 0);
	assert_int_equal(r.n_received, 750);
	assert_int_equal(r.n_lost, 250);
	assert_true(fabs(r.received_pps - 0.75e6) < 1);
	/* What was on its way before the trial comes in it as well. */
	assert_int_equal(bp_cmp_far_count(5000, 6001, &r), 0);
	assert_int_equal(r.n_lost, 0);
}

static void diff_says_that_a_figure_has_gone_or_come(void **state)
{
	json_t *before = document(row("a", values(1, 1, 1), values(2, 2, 2)),
				  row("b", values(1, 1, 1), json_null()));
	json_t *after = document(row("a", values(1, 1, 1), json_null()),
				 row("b", values(1, 1, 1), values(2, 2, 2)));
	json_t *diff;

	(void)state;
	json_object_set_new(json_array_get(json_object_get(before, "rows"), 0), "ndr",
			    json_pack("{s:o}", "mpps", values(3, 3, 3)));
	diff = bp_cmp_diff(before, after);
	assert_string_equal(verdict(diff, "a", "NDR"), "gone");
	assert_string_equal(verdict(diff, "a", "p50 ns"), "gone");
	assert_string_equal(verdict(diff, "b", "p50 ns"), "appeared");
	assert_string_equal(verdict(diff, "b", "NDR"), "none");
	json_decref(diff);
	json_decref(before);
	json_decref(after);
}

static void diff_of_a_disturbed_row_claims_nothing(void **state)
{
	json_t *before = document(row("a", values(1, 1, 1), json_null()),
				  row("b", values(1, 1, 1), json_null()));
	json_t *after = document(row("a", values(9, 9, 9), json_null()),
				 row("b", values(9, 9, 9), json_null()));
	json_t *diff;

	(void)state;
	json_object_set_new(json_array_get(json_object_get(after, "rows"), 0), "status",
			    json_string("disturbed"));
	diff = bp_cmp_diff(before, after);
	assert_string_equal(verdict(diff, "a", "Mpps"), "disturbed: not known");
	assert_string_equal(verdict(diff, "b", "Mpps"), "better");
	json_decref(diff);
	json_decref(before);
	json_decref(after);
}

static void diff_of_single_rounds_claims_nothing(void **state)
{
	struct bp_cmp_values one = { 1, { 1 } }, two = { 1, { 2 } };
	json_t *before = document(row("a", bp_cmp_stat(&one, 1), json_null()),
				  row("b", json_null(), json_null()));
	json_t *after = document(row("a", bp_cmp_stat(&two, 1), json_null()),
				 row("b", json_null(), json_null()));
	json_t *diff = bp_cmp_diff(before, after);

	(void)state;
	assert_string_equal(verdict(diff, "a", "Mpps"), "one round: not known");
	assert_string_equal(verdict(diff, "b", "Mpps"), "none");
	json_decref(diff);
	json_decref(before);
	json_decref(after);
}

/* Columns of the longest line: UTF-8 bytes without continuations. */
static size_t widest(const char *text)
{
	size_t n = 0, most = 0;

	for (; *text; text++) {
		n = *text == '\n' ? 0 : n + (((unsigned char)*text & 0xc0) != 0x80);
		most = n > most ? n : most;
	}
	return most;
}

static struct bp_cmp_values ratios_of(unsigned n, double first, double step)
{
	struct bp_cmp_values v = { .n = n };

	for (unsigned i = 0; i < n; i++)
		v.v[n - 1 - i] = first * pow(step, i);
	return v;
}

/* Hollander, Wolfe, Chicken, table A.4: at n = 6 nothing is cut off, 0.969; at n = 10 eight at each end, 0.951. */
static void an_interval_of_pairs_is_the_signed_rank_test_s(void **state)
{
	struct bp_cmp_values v = ratios_of(6, 1.2, 1.01);
	struct bp_cmp_paired p;

	(void)state;
	bp_cmp_pair(&v, &p);
	assert_true(fabs(p.level - (1 - 2.0 / 64)) < 1e-12);
	assert_true(fabs(p.lo - 1.2) < 1e-9 && fabs(p.hi - 1.2 * pow(1.01, 5)) < 1e-9);
	assert_true(fabs(p.estimate - 1.2 * pow(1.01, 2.5)) < 1e-9);

	v = ratios_of(10, 0.9, 1.02);
	bp_cmp_pair(&v, &p);
	/* Pairs sum to 0 … 18 in steps of 0.01's logarithm; the ninth lowest sum of i ≤ j is 4. */
	assert_true(fabs(p.lo - 0.9 * pow(1.02, 2)) < 1e-9);
	assert_true(fabs(p.hi - 0.9 * pow(1.02, 7)) < 1e-9);
	assert_true(fabs(p.level - (1 - 2 * 25.0 / 1024)) < 1e-12);
}

static void few_rounds_have_no_interval(void **state)
{
	struct bp_cmp_paired p;

	(void)state;
	for (unsigned n = 1; n < BP_CMP_PAIRS_MIN; n++) {
		struct bp_cmp_values v = ratios_of(n, 1.5, 1.0);

		bp_cmp_pair(&v, &p);
		assert_true(p.level == 0 && fabs(p.estimate - 1.5) < 1e-9);
	}
	for (unsigned n = BP_CMP_PAIRS_MIN; n <= BP_CMP_ROUNDS_MAX; n++) {
		struct bp_cmp_values v = ratios_of(n, 1.5, 1.03);

		bp_cmp_pair(&v, &p);
		assert_true(p.level >= 0.95 && p.lo <= p.estimate && p.estimate <= p.hi);
	}
	bp_cmp_pair(&(struct bp_cmp_values){ .n = 6 }, &p); /* nothing was forwarded */
	assert_true(p.estimate == 0 && p.level == 0);
}

/* The repository's own: every name in it is one that there is. */
static void goals_of_the_bench_are_read(void **state)
{
	struct bp_comparison *cmp = calloc(1, sizeof(*cmp));
	const char *root = getenv("BYPATH_SOURCE_ROOT");
	char path[512], why[256] = "";

	(void)state;
	assert_non_null(cmp);
	snprintf(path, sizeof(path), "%s/test/bench/goals", root ? root : ".");
	if (bp_cmp_goals_read(path, cmp, why, sizeof(why)))
		fail_msg("%s", why);
	assert_true(cmp->n_goals > 10);
	assert_int_equal(bp_cmp_goals_rows(cmp), 0);
	assert_true(cmp->n_figures > cmp->n_goals && cmp->n_figures <= 3 * cmp->n_goals);
	free(cmp->figures);
	free(cmp);
}

static void text_of_the_sample_fits_120_columns(void **state)
{
	char path[512], *text = NULL;
	const char *root = getenv("BYPATH_SOURCE_ROOT");
	size_t bytes, i;
	json_t *sample, *a_row;
	FILE *out;

	(void)state;
	snprintf(path, sizeof(path), "%s/test/data/compare-sample.json", root ? root : ".");
	sample = json_load_file(path, 0, NULL);
	assert_non_null(sample);
	json_array_foreach(json_object_get(sample, "rows"), i, a_row) {
		json_object_set_new(a_row, "mode", json_string("mmap-v2v3+send → mmap-v2+send"));
		json_object_set_new(a_row, "path", json_string("ports-af_xdp-zerocopy"));
		json_object_set_new(json_object_get(a_row, "ndr"), "exploratory", json_true());
	}
	out = open_memstream(&text, &bytes);
	bp_view_print(out, sample);
	fclose(out);
	assert_true(bytes > 1000);
	assert_non_null(strstr(text, "mmap-v2v3+send → mm…"));
	assert_non_null(strstr(text, "17 packets are unaccounted for"));
	assert_non_null(strstr(text, " ~ "));
	assert_true(widest(text) <= 120);
	free(text);
	json_decref(sample);
}

/* What came in at lan is none of a trial's. */
static void function_drops_are_those_of_a_trial_s_way(void **state)
{
	static const struct {
		const char *drops;
		unsigned n_all, n_wan, n_rows;
		const char *reason; /* of the first row, with */
		unsigned n;
	} cases[] = {
		{ "{'storm': 5, 'runt': 2, 'untagged': 0}", 7, 7, 2, "storm", 5 },
		{ "{'storm': 5, 'runt': 2, 'untagged': 0}", 7, 3, 1, "several reasons", 3 },
		{ "{'storm': 5, 'runt': 0}", 5, 3, 1, "storm", 3 },
		{ "{'storm': 5, 'runt': 2}", 7, 0, 0, NULL, 0 },
	};
	bool is_out_named;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct bp_cmp_row row;
		char text[512];
		json_t *report;

		snprintf(text, sizeof(text),
			 "{'ports': [{'name': 'wan'}, {'name': 'lan'}], 'functions': [{'name': "
			 "'switch', 'counted': {'dropped': %u, 'drops': %s}}], 'paths': [{'in': "
			 "'wan', 'counted': {'function_drops': %u}}, {'in': 'lan', 'counted': "
			 "{'function_drops': %u}}]}",
			 cases[i].n_all, cases[i].drops, cases[i].n_wan,
			 cases[i].n_all - cases[i].n_wan);
		for (char *quote = text; (quote = strchr(quote, '\''));)
			*quote = '"';
		report = json_loads(text, 0, NULL);
		assert_non_null(report);
		memset(&row, 0, sizeof(row));
		row.path = &bp_cmp_paths[index_of("af_packet-mmap")];
		bp_cmp_report_drops(&row, report, &is_out_named);
		json_decref(report);
		assert_int_equal(row.n_drops, cases[i].n_rows);
		if (!row.n_drops)
			continue;
		assert_string_equal(row.drops[0].where, "switch");
		assert_string_equal(row.drops[0].reason, cases[i].reason);
		assert_int_equal(row.drops[0].n, cases[i].n);
	}
}

static void a_core_s_mask_has_as_many_digits_as_it_takes(void **state)
{
	char mask[BP_CMP_MASK_BYTES];

	(void)state;
	bp_cmp_ovs_mask(0, mask);
	assert_string_equal(mask, "0x1");
	bp_cmp_ovs_mask(3, mask);
	assert_string_equal(mask, "0x8");
	bp_cmp_ovs_mask(4, mask);
	assert_string_equal(mask, "0x10");
	bp_cmp_ovs_mask(65, mask);
	assert_string_equal(mask, "0x20000000000000000");
	bp_cmp_ovs_mask(1023, mask);
	assert_int_equal(strlen(mask), 2 + 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traits_are_those_of_the_ports),
		cmocka_unit_test(choice_by_names_groups_and_exceptions),
		cmocka_unit_test(templates_are_filled_and_cut),
		cmocka_unit_test(medians_and_spreads),
		cmocka_unit_test(costs_of_two_ways_are_weighted_by_their_packets),
		cmocka_unit_test(parts_of_a_path_are_no_path),
		cmocka_unit_test(diff_tells_change_from_spread),
		cmocka_unit_test(a_winner_is_ahead_in_every_round),
		cmocka_unit_test(a_lower_bound_is_not_beaten),
		cmocka_unit_test(a_rate_of_short_trials_does_not_win),
		cmocka_unit_test(nobody_is_ahead_without_ranges_or_network),
		cmocka_unit_test(a_row_left_out_may_have_won),
		cmocka_unit_test(a_counter_that_goes_backwards_is_no_count),
		cmocka_unit_test(diff_says_that_a_figure_has_gone_or_come),
		cmocka_unit_test(diff_of_a_disturbed_row_claims_nothing),
		cmocka_unit_test(diff_of_single_rounds_claims_nothing),
		cmocka_unit_test(an_interval_of_pairs_is_the_signed_rank_test_s),
		cmocka_unit_test(few_rounds_have_no_interval),
		cmocka_unit_test(goals_of_the_bench_are_read),
		cmocka_unit_test(text_of_the_sample_fits_120_columns),
		cmocka_unit_test(function_drops_are_those_of_a_trial_s_way),
		cmocka_unit_test(a_core_s_mask_has_as_many_digits_as_it_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
