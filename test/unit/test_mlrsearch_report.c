/* Holds the report of searches to the words of RFC 9971: a test for each requirement on the Manager (docs/searches.md). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/json.h"
#include "gen/document.h"
#include "gen_streams.h"
#include "mlrsearch_bed.h"
#include "report/view.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define TEXT_BYTES (1u << 17)

/* With one blank for each run of blanks and newlines: where lines are broken does not matter. */
static char *text_of(const json_t *document)
{
	char *text = calloc(1, TEXT_BYTES), *end = text;
	FILE *out = fmemopen(text, TEXT_BYTES, "w");

	bp_view_print(out, document);
	fclose(out);
	for (const char *at = text; *at; at++)
		if (!isspace((unsigned char)*at))
			*end++ = *at;
		else if (end > text && end[-1] != ' ')
			*end++ = ' ';
	*end = '\0';
	return text;
}

/* "The Manager MUST be able of distinguishing"; irregular values "MUST be clearly marked". */
static void irregular_results_are_marked_in_document_and_text(void **state)
{
	struct sim_device d = device_of(0);
	struct bp_search_conf conf;
	struct bp_search_result r;

	(void)state;
	for (unsigned is_regular = 0; is_regular < 2; is_regular++) {
		json_t *document, *goal;
		char *text;

		configure(&d, &conf);
		conf.n_goals = 1;
		/* Max Load is carried: there is no upper bound. */
		conf.max_pps = is_regular ? 0 : floor(d.knee_pps / 2);
		assert_int_equal(bp_search_run(&conf, &r), 0);
		document = bp_search_document(&r, traffic_of(BP_PROTO_UDP4, 64), 0);
		goal = json_array_get(json_object_get(document, "bounds"), 0);
		text = text_of(document);
		assert_int_equal(json_is_true(json_object_get(goal, "regular")), is_regular);
		assert_int_equal(strstr(text, "irregular") == NULL, is_regular);
		assert_non_null(strstr(text, "regular"));
		free(text);
		json_decref(document);
		bp_search_result_free(&r);
	}
}

/* "it MUST report all applied attribute values even if not tweaked" */
static void the_report_has_every_attribute_of_every_goal(void **state)
{
	static const struct {
		const char *name, *heading;
	} attributes[] = { { "loss_ratio", "goal: loss" },     { "exceed_ratio", "exceed" },
			   { "final_trial_s", "final s" },     { "sum_s", "sum s" },
			   { "initial_trial_s", "initial s" }, { "width", "width" } };
	struct sim_device d = device_of(0);
	struct bp_search_result r;
	json_t *document;
	char *text;

	(void)state;
	search(&d, &r);
	document = bp_search_document(&r, traffic_of(BP_PROTO_UDP4, 64), 0);
	text = text_of(document);
	for (unsigned i = 0; i < 2; i++) {
		const json_t *row = json_array_get(json_object_get(document, "bounds"), i);

		for (unsigned j = 0; j < 6; j++) {
			assert_true(json_is_number(
				json_object_get(json_object_get(row, "goal"), attributes[j].name)));
			assert_non_null(strstr(text, attributes[j].heading));
		}
		/* "Test report MUST display the Relevant Lower Bound." */
		assert_true(json_number_value(json_object_get(json_object_get(row, "lower"),
							      "load_pps")) > 0);
	}
	assert_non_null(strstr(text, "lower Mpps"));
	free(text);
	json_decref(document);
	bp_search_result_free(&r);
}

/*
 * MUST be stated: which interface a load refers to and how even it is; what loss is a share of; which
 * quantity the width is; how trials deviate from RFC 2544's. REQUIRED: all units.
 */
static void the_report_says_what_the_rfc_leaves_open(void **state)
{
	static const char *const said[][2] = {
		{ "load", "of one interface" },
		{ "load", "constant" },
		{ "load", "frames per second" },
		{ "loss_ratio", "that this interface sent" },
		{ "width", "(upper - lower) / upper" },
		{ "load", "each frame has its turn" },
		{ "effective_duration", "the trial's own" },
	};
	struct sim_device d = device_of(0);
	struct bp_search_result r;
	json_t *document, *method;
	char *text;

	(void)state;
	search(&d, &r);
	document = bp_search_document(&r, traffic_of(BP_PROTO_UDP4, 64), 0);
	method = json_object_get(document, "method");
	text = text_of(document);
	for (unsigned i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		const char *words = json_string_value(json_object_get(method, said[i][0]));

		assert_non_null(words);
		assert_non_null(strstr(words, said[i][1]));
		assert_non_null(strstr(text, said[i][1]));
	}
	assert_true(json_array_size(json_object_get(method, "deviations")) > 2);
	assert_non_null(strstr(text, "learning frames"));
	assert_non_null(strstr(text, "for 0.25 s ([gen] settle)"));
	free(text);
	json_decref(document);
	bp_search_result_free(&r);
}

/*
 * "Test report MUST display the Relevant Lower Bound", which is a load: what was asked, also where the
 * generator sent a little less of it, and the trials count with that.
 */
static void the_lower_bound_is_shown_as_a_load(void **state)
{
	struct sim_device d = device_of(0);
	struct bp_search_result r;
	char shown[2][32], *text;
	json_t *document;

	(void)state;
	d.hiccup_share = 1;
	d.hiccup_depth = 0.02;
	search(&d, &r);
	assert_true(r.goals[0].lower_pps < 0.99 * r.goals[0].lower_asked_pps);
	document = bp_search_document(&r, traffic_of(BP_PROTO_UDP4, 64), 0);
	text = text_of(document);
	snprintf(shown[0], sizeof(shown[0]), " %.6f ", r.goals[0].lower_pps / 1e6);
	snprintf(shown[1], sizeof(shown[1]), " %.6f ", r.goals[0].lower_asked_pps / 1e6);
	for (unsigned i = 0; i < 2; i++)
		assert_non_null(strstr(text, shown[i]));
	free(text);
	json_decref(document);
	bp_search_result_free(&r);
}

/* ---- units: "it is REQUIRED for the test report to state all the units" ------------------------- */

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), n_end = strlen(end);

	return n >= n_end && !strcmp(text + n - n_end, end);
}

/* A key says its number's unit, or is a count of what it names, or stands in docs/searches.md with its unit. */
static void check_unit(const char *above, const char *key)
{
	static const char *const units[] = { "pps",     "_s",    "_ratio", "_ns",
					     "gbps_l1", "bytes", "frames" };
	static const char *const named[] = { "trials",
					     "lossy_trials",
					     "clean_trials",
					     "trials_made",
					     "contradictions",
					     "generator_bound_rows",
					     "sent",
					     "lost",
					     "corrupt",
					     "own_rx_dropped",
					     "disturbed_before",
					     "width",
					     "share",
					     "frame_size",
					     "ttl",
					     "dscp",
					     "vlan" };
	static const char *const shares[] = { "ip_versions" }, *const of_above[] = { "received_pps",
										     "loss_ratio",
										     "latency_ns" };
	bool is_known = false;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		is_known |= ends_with(key, units[i]);
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		is_known |= !strcmp(key, named[i]);
	is_known |= !strcmp(above, shares[0]);
	for (size_t i = 0; i < sizeof(of_above) / sizeof(of_above[0]); i++)
		is_known |= !strcmp(above, of_above[i]);
	if (!is_known)
		print_error("%s.%s has no unit\n", above, key);
	assert_true(is_known);
}

static void check_units(const char *above, const json_t *value)
{
	const json_t *element;
	const char *key;
	size_t i;

	json_array_foreach(value, i, element)
		check_units(above, element);
	json_object_foreach((json_t *)value, key, element) {
		if (json_is_number(element))
			check_unit(above, key);
		else
			check_units(key, element);
	}
}

static void every_figure_has_its_unit(void **state)
{
	/* What stands above the text's columns of figures. */
	static const char *const headings[] = { "lower Mpps", "load Mpps",       "upper Mpps",
						"Gb/s L1",    "final s",         "sum s",
						"initial s",  "cond. thr. Mpps", "at s",
						"sent Mpps",  "recv Mpps" };
	struct sim_device d = device_of(3);
	struct bp_search_conf conf;
	struct bp_search_result r;
	json_t *document;
	char *text;

	(void)state;
	configure(&d, &conf);
	conf.frame_size = 64;
	d.latency_ns = 1000;
	assert_int_equal(bp_search_run(&conf, &r), 0);
	document = bp_search_document(&r, traffic_of(BP_PROTO_UDP4, 64), 14880952);
	check_units("", document);
	text = text_of(document);
	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
		assert_non_null(strstr(text, headings[i]));
	free(text);
	json_decref(document);
	bp_search_result_free(&r);
}

/* ---- the traffic profile ----------------------------------------------------------------------- */

/* Two streams: IMIX of many flows by IPv4 with a tag, and IPv6 in VXLAN over IPv4. */
static struct bp_conf *mixed(void)
{
	static const uint8_t inner[16] = { 0x20, 1, 0, 2, [14] = 0xff, [15] = 0xfe };
	struct bp_conf *conf = traffic_of(BP_PROTO_TCP4, 64);
	struct bp_stream_conf *web = &conf->streams[0], *overlay = &conf->streams[1];

	conf->n_streams = 2;
	*overlay = stream_of(BP_PROTO_UDP6, 200);
	strcpy(web->name, "web");
	strcpy(overlay->name, "overlay");
	web->share = 3;
	web->vlan = 7;
	web->sizes = (struct bp_sizes){ 3, { { 128, 7 }, { 594, 4 }, { 1518, 1 } } };
	web->dst_mac = range_of("\x02\0\0\0\x02\xff", 6, 3);
	web->src = range_of("\xc6\x12\0\x01", 4, 1000);
	web->dport = range_of("\0\xff", 2, 2);
	overlay->src = range_of(inner, 16, 4);
	overlay->extensions = BP_EXT_HOP_BY_HOP | BP_EXT_FRAGMENT;
	overlay->encap = (struct bp_encaps){ 1, { { BP_ENCAP_VXLAN, true, 5000 } } };
	overlay->outer_src = range_of("\xc0\0\x02\x01", 4, 1);
	overlay->outer_dst = range_of("\xc0\0\x02\x02", 4, 255);
	overlay->inner_src_mac = range_of("\x02\0\0\0\x03\x01", 6, 1);
	overlay->inner_dst_mac = range_of("\x02\0\0\0\x04\x01", 6, 1);
	return conf;
}

static json_t *traffic_document(const struct bp_conf *conf, uint32_t frame_size, char **text)
{
	struct sim_device d = device_of(0);
	struct bp_search_conf search_conf;
	struct bp_search_result r;
	json_t *document;

	configure(&d, &search_conf);
	search_conf.frame_size = frame_size;
	assert_int_equal(bp_search_run(&search_conf, &r), 0);
	document = bp_search_document(&r, conf, 1e6);
	*text = text_of(document);
	bp_search_result_free(&r);
	return document;
}

/*
 * "Other traffic properties that … MUST be mentioned in Test Report if they apply": bidirectional and meshed traffic,
 * modifiers, a mix of IP versions.
 */
static void the_report_mentions_direction_modifiers_and_ip_versions(void **state)
{
	char *text;
	json_t *document = traffic_document(mixed(), 0, &text);
	const json_t *traffic = json_object_get(document, "traffic");

	(void)state;
	assert_non_null(strstr(bp_json_text_at(traffic, "direction"), "unidirectional"));
	assert_non_null(strstr(bp_json_text_at(traffic, "direction"), "not meshed"));
	assert_non_null(strstr(bp_json_text_at(traffic, "modifiers"), "no broadcast"));
	assert_string_equal(bp_json_text_at(traffic, "tx.device"), "veth0");
	assert_string_equal(bp_json_text_at(traffic, "rx.driver"), "af_xdp");
	assert_true(fabs(bp_json_number_at(traffic, "ip_versions.ipv4") - 0.75) < 1e-9);
	assert_true(fabs(bp_json_number_at(traffic, "ip_versions.ipv6") - 0.25) < 1e-9);
	assert_true(bp_json_number_at(traffic, "ip_versions.none") <= 0);
	assert_non_null(strstr(text, "unidirectional"));
	assert_non_null(strstr(text, "IPv4 75 % IPv6 25 %"));
	assert_non_null(strstr(text, "modifiers: none"));
	free(text);
	json_decref(document);
}

/* Frame sizes, formats and addresses: with them the profile makes the trial's frames, and no others. */
static void the_report_has_every_stream_with_its_ranges(void **state)
{
	static const char *const expected[][2] = {
		{ "0.name", "web" },
		{ "0.protocol", "tcp4" },
		{ "0.dst_mac", "02:00:00:00:02:ff-02:00:00:00:03:01" },
		{ "0.src", "198.18.0.1-198.18.3.232" },
		{ "0.dst", "198.19.0.1" },
		{ "0.dport", "255-256" },
		{ "1.encap", "vxlan:5000" },
		{ "1.extensions.1", "fragment" },
		{ "1.src", "2001:2::fffe-2001:2::1:1" },
		{ "1.outer_dst", "192.0.2.2-192.0.3.0" },
		{ "1.inner_src_mac", "02:00:00:00:03:01" },
	};
	char *text;
	json_t *document = traffic_document(mixed(), 0, &text);
	const json_t *streams = bp_json_at(document, "traffic.streams");

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_string_equal(bp_json_text_at(streams, expected[i][0]), expected[i][1]);
	assert_true(fabs(bp_json_number_at(streams, "0.sizes.1.share") - 4.0 / 12) < 1e-9);
	assert_true(fabs(bp_json_number_at(streams, "0.vlan") - 7) < 1e-9);
	assert_true(fabs(bp_json_number_at(streams, "0.share") - 0.75) < 1e-9);
	/* What the frames do not have is not said of them. */
	assert_null(bp_json_at(streams, "0.outer_src"));
	assert_null(bp_json_at(streams, "0.inner_src_mac"));
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_non_null(strstr(text, expected[i][1]));
	free(text);
	json_decref(document);
}

/*
 * RFC 2544, section 26.1, of a single value: it "MUST include" the rate, the frame's size, the theoretical limit of
 * the media for it, the protocol. "Reporting format" paragraphs are requirements here too.
 */
static void a_single_figure_has_size_limit_and_protocol_beside_it(void **state)
{
	char *text;
	json_t *document = traffic_document(traffic_of(BP_PROTO_ETH, 1518), 512, &text);

	(void)state;
	assert_true(fabs(bp_json_number_at(document, "frame_size") - 512) < 1e-9);
	assert_true(fabs(bp_json_number_at(document, "traffic.streams.0.sizes.0.bytes") - 512) <
		    1e-9);
	assert_true(fabs(bp_json_number_at(document, "traffic.line_pps") - 1e6) < 1e-3);
	assert_true(fabs(bp_json_number_at(document, "traffic.ip_versions.none") - 1) < 1e-9);
	assert_string_equal(bp_json_text_at(document, "traffic.streams.0.protocol"), "eth");
	assert_null(bp_json_at(document, "traffic.streams.0.sport"));
	assert_non_null(strstr(text, "frames of 512 bytes"));
	assert_non_null(strstr(text, "the line carries 1.000000 Mpps"));
	free(text);
	json_decref(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(irregular_results_are_marked_in_document_and_text),
		cmocka_unit_test(the_report_has_every_attribute_of_every_goal),
		cmocka_unit_test(the_report_says_what_the_rfc_leaves_open),
		cmocka_unit_test(the_lower_bound_is_shown_as_a_load),
		cmocka_unit_test(every_figure_has_its_unit),
		cmocka_unit_test(the_report_mentions_direction_modifiers_and_ip_versions),
		cmocka_unit_test(the_report_has_every_stream_with_its_ranges),
		cmocka_unit_test(a_single_figure_has_size_limit_and_protocol_beside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
