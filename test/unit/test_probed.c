/* Observed copies held against the model, on made-up documents. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/json.h"
#include "probe/probed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* a to b, 10 packets of 100 bytes: one copy in, tx_bytes out; the model says lo to hi, with these hops; a place that is
 * needed. */
static json_t *make_with(unsigned tx_bytes, unsigned lo, unsigned hi, const char *place,
			 const char *hops)
{
	char text[2048];

	snprintf(
		text, sizeof(text),
		"{'ports': [{'name': 'a', 'rx_queues': [{'counted': {'bytes': 1000}}], 'tx_queues': []},"
		" {'name': 'b', 'rx_queues': [], 'tx_queues': [{'counted': {'bytes': 400}},"
		"  {'counted': {'bytes': 600}}]}],"
		"'workers': [{'worker': 0, 'tid': 7, 'counted': {'packets': 10}}],"
		"'paths': [{'in': 'a', 'out': 'b', 'modelled': {'kernel_copies': {'lo': %u, 'hi': %u}}, 'hops': %s}],"
		"'path_sums': [], 'probe': {'not_counted': 0, 'places': [%s], 'system_calls':"
		" [{'tid': 7, 'name': 'sendmmsg', 'calls': 5}, {'tid': 8, 'name': 'read', 'calls': 3}],"
		"'copies': ["
		"{'port': 'a', 'direction': 'rx', 'bytes': 1000},"
		"{'port': 'a', 'direction': 'rx', 'bytes': 333, 'header_pull': true},"
		"{'port': 'a', 'direction': 'rx', 'bytes': 333, 'dropped_then': true},"
		"{'port': 'b', 'direction': 'tx', 'bytes': %u},"
		"{'port': 'b', 'direction': 'rx', 'bytes': 5000}]}}",
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
		cmocka_unit_test(test_not_all_seen),
		cmocka_unit_test(test_function_not_watched),
		cmocka_unit_test(test_not_needed),
		cmocka_unit_test(test_no_packet_no_figure),
		cmocka_unit_test(test_calls_of_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
