/* Observed copies held against the model, on made-up documents. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/json.h"
#include "probe/probed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* a to b, a million packets of 100 bytes, with a tag more at a's port: one copy in, so many tenths of MB out; the model
 * says lo to hi, with these hops; a place that is needed. */
static json_t *make_with(unsigned tx_bytes, unsigned lo, unsigned hi, const char *place,
			 const char *hops)
{
	char text[2048];

	snprintf(
		text, sizeof(text),
		"{'ports': [{'name': 'a', 'rx_queues': [{'counted': {'packets': 1000000,"
		" 'bytes': 104000000, 'vlan_inserted': 1000000}}], 'tx_queues': []},"
		" {'name': 'b', 'rx_queues': [], 'tx_queues': [{'counted': {'packets': 400000, 'bytes': 40000000}},"
		"  {'counted': {'packets': 600000, 'bytes': 60000000}}]}],"
		"'workers': [{'worker': 0, 'tid': 7, 'counted': {'packets': 10}}],"
		"'paths': [{'in': 'a', 'out': 'b', 'modelled': {'kernel_copies': {'lo': %u, 'hi': %u}}, 'hops': %s}],"
		"'path_sums': [], 'probe': {'by': 'functions', 'not_counted': 0, 'places': [%s], 'system_calls':"
		" [{'tid': 7, 'name': 'sendmmsg', 'calls': 5}, {'tid': 8, 'name': 'read', 'calls': 3}],"
		"'copies': ["
		"{'port': 'a', 'direction': 'rx', 'bytes': 100000000},"
		"{'port': 'a', 'direction': 'rx', 'bytes': 33300000, 'header_pull': true},"
		"{'port': 'a', 'direction': 'rx', 'bytes': 33300000, 'dropped_then': true},"
		"{'port': 'b', 'direction': 'tx', 'bytes': %ue5},"
		"{'port': 'b', 'direction': 'rx', 'bytes': 500000000}]}}",
		lo, hi, hops, place, tx_bytes);
	for (char *quote = text; (quote = strchr(quote, '\''));)
		*quote = '"';
	return json_loads(text, 0, NULL);
}

static json_t *make(unsigned tx_bytes, unsigned lo, unsigned hi, const char *place)
{
	return make_with(tx_bytes, lo, hi, place, "[]");
}

static json_t *probed(json_t *document)
{
	assert_non_null(document);
	bp_probed_add(document);
	return bp_json_at(document, "paths.0.probed");
}

#define SEEN "{'name': 'skb_copy_bits', 'needed': true, 'observed': true, 'why': null, 'misses': 0}"

static void test_agrees(void **state)
{
	json_t *document = make(1000, 2, 2, SEEN), *p = probed(document);

	(void)state;
	assert_true(bp_json_number_at(p, "rx") == 1);
	assert_true(bp_json_number_at(p, "tx") == 1);
	assert_true(bp_json_number_at(p, "kernel_copies") == 2);
	assert_true(json_is_true(json_object_get(p, "is_all")));
	assert_null(bp_json_text_at(p, "finding"));
	json_decref(document);
}

static void test_difference_is_a_finding(void **state)
{
	json_t *document = make(2000, 2, 2, SEEN), *p = probed(document);

	(void)state;
	assert_string_equal(bp_json_text_at(p, "finding"),
			    "the kernel copied 3.00 times, the model says 2");
	json_decref(document);
}

static void test_within_a_range(void **state)
{
	json_t *document = make(1000, 1, 2, SEEN), *p = probed(document);

	(void)state;
	assert_null(bp_json_text_at(p, "finding"));
	json_decref(document);
}

/* A ring of packets that were copied and never read is no copy more. */
static void test_few_packets_are_no_finding(void **state)
{
	json_t *document = make(2000, 2, 2, SEEN), *p;

	(void)state;
	json_object_set_new(bp_json_at(document, "ports.0.rx_queues.0.counted"), "packets",
			    json_integer(4000));
	p = probed(document);
	assert_true(bp_json_number_at(p, "kernel_copies") == 3);
	assert_null(bp_json_text_at(p, "finding"));
	json_decref(document);
}

static void test_nothing_observed_is_not_nothing_copied(void **state)
{
	json_t *document = make(0, 2, 2, SEEN), *probe = json_object_get(document, "probe"), *p;

	(void)state;
	json_object_set_new(probe, "by", json_null());
	json_object_set_new(probe, "unobserved", json_pack("{s:s}", "why", "no BTF"));
	p = probed(document);
	assert_true(json_is_null(json_object_get(p, "kernel_copies")));
	assert_string_equal(bp_json_text_at(p, "why"), "no BTF");
	json_decref(document);
}

/* Beside a prediction stands what was seen of the same model only. */
static void test_taken_of_the_same_model(void **state)
{
	static const char hops[] =
		"[{'kernel_copies': {'functions': ['skb_copy_bits'], 'value': 1}}]";
	json_t *report = make_with(1000, 2, 2, SEEN, hops), *same = make_with(0, 2, 2, SEEN, hops);
	json_t *other = make(0, 2, 2, SEEN);

	(void)state;
	bp_probed_add(report);
	assert_int_equal(bp_probed_take(same, report), 0);
	assert_true(bp_json_number_at(same, "paths.0.probed.kernel_copies") == 2);
	assert_int_equal(bp_probed_take(other, report), 0);
	assert_true(json_is_null(bp_json_at(other, "paths.0.probed")));
	json_object_del(report, "probe");
	assert_int_equal(bp_probed_take(same, report), -ENOENT);
	json_decref(report);
	json_decref(same);
	json_decref(other);
}

/* What was not all seen is a lower bound, and no ground for a finding. */
static void check_not_all(const char *place, const char *why)
{
	json_t *document = make(0, 2, 2, place), *p = probed(document);

	assert_true(json_is_false(json_object_get(p, "is_all")));
	assert_string_equal(bp_json_text_at(p, "why"), why);
	assert_null(bp_json_text_at(p, "finding"));
	json_decref(document);
}

static void test_not_all_seen(void **state)
{
	(void)state;
	check_not_all(
		"{'name': 'f', 'needed': true, 'observed': false, 'why': 'gone', 'misses': 0}",
		"f: gone");
	check_not_all("{'name': 'f', 'needed': true, 'observed': true, 'why': null, 'misses': 3}",
		      "f: 3 calls were not seen (recursion_misses)");
}

/* A copy by a function that nobody watches is missed where the model names it: no finding. */
static void test_function_not_watched(void **state)
{
	json_t *document = make_with(0, 2, 2, SEEN,
				     "[{'kernel_copies': {'functions': ['skb_copy_bits']}},"
				     " {'kernel_copies': {'functions': ['copy_page_from_iter']}}]"),
	       *p = probed(document);

	(void)state;
	assert_true(json_is_false(json_object_get(p, "is_all")));
	assert_string_equal(bp_json_text_at(p, "why"),
			    "copy_page_from_iter, which the model names, is not observed");
	assert_null(bp_json_text_at(p, "finding"));
	json_decref(document);
}

/* A place that no copy depends on may miss. */
static void test_not_needed(void **state)
{
	json_t *document = make(1000, 2, 2,
				"{'name': 'f', 'needed': false, 'observed': false, 'why': 'gone', "
				"'misses': 9}"),
	       *p = probed(document);

	(void)state;
	assert_true(json_is_true(json_object_get(p, "is_all")));
	json_decref(document);
}

static void test_no_packet_no_figure(void **state)
{
	json_t *document = make(0, 2, 2, SEEN);
	json_t *queue = bp_json_at(document, "ports.0.rx_queues.0.counted"), *p;

	(void)state;
	json_object_set_new(queue, "bytes", json_integer(0));
	p = probed(document);
	assert_true(json_is_null(json_object_get(p, "rx")));
	assert_true(json_is_null(json_object_get(p, "kernel_copies")));
	assert_null(bp_json_text_at(p, "finding"));
	json_decref(document);
}

static json_t *parse(const char *quoted)
{
	char text[1024];
	json_t *value;

	snprintf(text, sizeof(text), "%s", quoted);
	for (char *quote = text; (quote = strchr(quote, '\''));)
		*quote = '"';
	value = json_loads(text, 0, NULL);
	assert_non_null(value);
	return value;
}

/* An in-port whose packets go to several ports: the intake has what came in, each edge what its port sent. */
static void test_parts_of_a_path(void **state)
{
	json_t *document = make_with(2000, 2, 2, SEEN, "[]");

	(void)state;
	json_object_set_new(
		document, "paths",
		parse("[{'in': 'a', 'out': null, 'part': 'intake', 'modelled': null, 'hops': []},"
		      " {'in': 'a', 'out': 'b', 'part': 'edge', 'modelled': {'kernel_copies': {'lo': 2, 'hi': 2}},"
		      "  'hops': []}]"));
	bp_probed_add(document);
	assert_true(bp_json_number_at(document, "paths.0.probed.rx") == 1);
	assert_true(json_is_null(bp_json_at(document, "paths.0.probed.tx")));
	assert_true(json_is_null(bp_json_at(document, "paths.0.probed.kernel_copies")));
	assert_true(json_is_null(bp_json_at(document, "paths.0.probed.finding")));
	assert_true(bp_json_number_at(document, "paths.1.probed.kernel_copies") == 3);
	assert_string_equal(bp_json_text_at(document, "paths.1.probed.finding"),
			    "the kernel copied 3.00 times, the model says 2");
	json_decref(document);
}

/* An edge whose hops another shows: what they name and nobody watches is missed here as well. */
static void test_hops_shown_elsewhere(void **state)
{
	static const char paths[] =
		"[{'in': 'a', 'out': 'a', 'part': 'edge', 'modelled': {'kernel_copies': {'lo': 2, 'hi': 2}},"
		"  'hops': [{'kernel_copies': {'functions': ['unwatched']}}], 'same_as': null},"
		" {'in': 'a', 'out': 'b', 'part': 'edge', 'modelled': {'kernel_copies': {'lo': 2, 'hi': 2}},"
		"  'hops': [], 'same_as': {'in': 'a', 'out': 'a'}}]";
	json_t *report = make_with(2000, 2, 2, SEEN, "[]"), *explained;

	(void)state;
	json_object_set_new(report, "paths", parse(paths));
	bp_probed_add(report);
	assert_true(json_is_false(bp_json_at(report, "paths.1.probed.is_all")));
	assert_string_equal(bp_json_text_at(report, "paths.1.probed.why"),
			    "unwatched, which the model names, is not observed");
	explained = parse("{'paths': [{'in': 'a', 'out': 'b',"
			  " 'hops': [{'kernel_copies': {'functions': ['unwatched']}}]}],"
			  " 'path_groups': [{'in': 'a', 'outs': ['c', 'b'],"
			  " 'hops': [{'kernel_copies': {'functions': ['unwatched']}}]}]}");
	assert_int_equal(bp_probed_take(explained, report), 0);
	assert_true(bp_json_number_at(explained, "paths.0.probed.kernel_copies") == 3);
	/* What was not seen of a group's port is not there. */
	assert_int_equal(json_array_size(bp_json_at(explained, "path_groups.0.probed")), 1);
	assert_string_equal(bp_json_text_at(explained, "path_groups.0.probed.0.out"), "b");
	assert_true(bp_json_number_at(explained, "path_groups.0.probed.0.kernel_copies") == 3);
	json_decref(explained);
	json_decref(report);
}

static void test_calls_of_workers(void **state)
{
	json_t *document = make(1000, 2, 2, SEEN), *calls;

	(void)state;
	bp_probed_add(document);
	calls = bp_json_at(document, "probe.system_calls");
	assert_int_equal(json_array_size(calls), 1);
	assert_string_equal(bp_json_text_at(calls, "0.name"), "sendmmsg");
	assert_true(bp_json_number_at(calls, "0.per_packet") == 0.5);
	json_decref(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees),
		cmocka_unit_test(test_difference_is_a_finding),
		cmocka_unit_test(test_within_a_range),
		cmocka_unit_test(test_few_packets_are_no_finding),
		cmocka_unit_test(test_nothing_observed_is_not_nothing_copied),
		cmocka_unit_test(test_taken_of_the_same_model),
		cmocka_unit_test(test_not_all_seen),
		cmocka_unit_test(test_function_not_watched),
		cmocka_unit_test(test_not_needed),
		cmocka_unit_test(test_no_packet_no_figure),
		cmocka_unit_test(test_parts_of_a_path),
		cmocka_unit_test(test_hops_shown_elsewhere),
		cmocka_unit_test(test_calls_of_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
