/* The function filter: which rule decides on which frame, what is counted, what it opens. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "function_bed.h"

#include <errno.h>

/* Frames of frame_build.h: 10.77.0.1:40000 → 10.77.0.2:5201, and in IPv6 fded:… */
static const struct fb_spec tcp = { .n_tags = 0 };
static const struct fb_spec udp = { .is_udp = true, .payload_bytes = 20 };
static const struct fb_spec tcp6 = { .is_v6 = true };
static const struct fb_spec udp6 = { .is_v6 = true, .is_udp = true, .payload_bytes = 20 };
static const struct fb_spec tagged = { .n_tags = 1 };
static const struct fb_spec twice_tagged = { .n_tags = 2 };

#define PASSED BP_OUT_NEXT

static struct fn_bed *make_filter(const char *rules)
{
	struct fn_bed *bed = fn_make("filter");
	char path[FILE_PATH_BYTES];

	make_file(rules, strlen(rules), path);
	fn_key(bed, "rules", path);
	return bed;
}

static struct fn_bed *start_filter(const char *rules)
{
	struct fn_bed *bed = make_filter(rules);

	fn_start(bed);
	return bed;
}

static const char *reason(const struct fn_bed *bed, unsigned i)
{
	return bed->function->reasons[bed->why[i]].name;
}

/* What a file of these rules makes of one frame. */
static uint64_t judge(const char *rules, const struct fb_spec *spec)
{
	struct fn_bed *bed = start_filter(rules);
	uint64_t out = fn_out_of(bed, spec);

	fn_end(bed);
	return out;
}

/* ---- which rule decides ---------------------------------------------------------------------- */

static void the_first_rule_that_matches_decides(void **state)
{
	static const char rules[] = "drop tcp dst port 5201\n"
				    "pass ip\n"
				    "drop\n";

	(void)state;
	assert_int_equal(judge(rules, &tcp), 0);
	assert_int_equal(judge(rules, &udp), PASSED);
	assert_int_equal(judge(rules, &udp6), 0);
	assert_int_equal(judge("pass tcp\ndrop tcp\n", &tcp), PASSED);
}

static void a_packet_that_no_rule_matches_gets_the_default(void **state)
{
	struct fn_bed *bed = make_filter("pass udp\n");

	(void)state;
	assert_int_equal(judge("drop udp\n", &tcp), PASSED);
	fn_key(bed, "default", "drop");
	fn_start(bed);
	assert_int_equal(fn_out_of(bed, &tcp), 0);
	assert_string_equal(reason(bed, 0), "default");
	assert_int_equal(fn_out_of(bed, &udp), PASSED);
	assert_int_equal(fn_count(bed, "unmatched"), 1);
	fn_end(bed);
}

static void a_drop_by_a_rule_says_so(void **state)
{
	struct fn_bed *bed = make_filter("drop tcp\n");

	(void)state;
	fn_key(bed, "default", "drop");
	fn_start(bed);
	assert_int_equal(fn_out_of(bed, &tcp), 0);
	assert_string_equal(reason(bed, 0), "filtered");
	fn_end(bed);
}

static void a_rule_without_an_expression_matches_all(void **state)
{
	(void)state;
	assert_int_equal(judge("drop\n", &tcp6), 0);
	assert_int_equal(judge("  pass  # all\ndrop\n", &tagged), PASSED);
}

static void a_file_without_rules_leaves_the_default(void **state)
{
	struct fn_bed *bed = make_filter("# nothing yet\n\n");

	(void)state;
	assert_int_equal(judge("", &tcp), PASSED);
	fn_key(bed, "default", "drop");
	fn_start(bed);
	assert_int_equal(fn_out_of(bed, &tcp), 0);
	assert_int_equal(fn_count(bed, "rules"), 0);
	fn_end(bed);
}

static void mirror_copies_and_goes_on(void **state)
{
	(void)state;
	assert_int_equal(judge("mirror:mon tcp\n", &tcp), PASSED | BIT(MON));
	assert_int_equal(judge("mirror:mon tcp\n", &udp), PASSED);
	assert_int_equal(judge("mirror:mon\nmirror:tap tcp\n", &tcp), PASSED | BIT(MON) | BIT(TAP));
	assert_int_equal(judge("mirror:mon\nmirror:mon tcp\n", &tcp), PASSED | BIT(MON));
	assert_int_equal(judge("pass tcp\nmirror:mon\n", &tcp), PASSED);
}

/* Copied, then dropped: it goes to the mirror's port alone. */
static void a_copied_packet_may_be_dropped_behind_it(void **state)
{
	struct fn_bed *bed = make_filter("mirror:mon tcp\n");

	(void)state;
	assert_int_equal(judge("mirror:mon tcp\ndrop\n", &tcp), BIT(MON));
	assert_int_equal(judge("mirror:mon tcp\ndrop\n", &udp), 0);
	fn_key(bed, "default", "drop");
	fn_start(bed);
	assert_int_equal(fn_out_of(bed, &tcp), BIT(MON));
	fn_end(bed);
}

static void the_last_of_64_rules_decides(void **state)
{
	char rules[64 * 40] = "";
	struct fn_bed *bed;

	(void)state;
	for (unsigned i = 0; i < 63; i++)
		sprintf(rules + strlen(rules), "pass tcp dst port %u\n", 6000 + i);
	strcat(rules, "drop tcp dst port 5201\n");
	bed = start_filter(rules);
	for (unsigned i = 0; i < BP_BURST_MAX; i++)
		fn_add_frame(bed, i % 2 ? &tcp : &udp);
	fn_process(bed, 0);
	for (unsigned i = 0; i < BP_BURST_MAX; i++)
		assert_int_equal(bed->out[i], i % 2 ? 0 : PASSED);
	assert_int_equal(fn_count(bed, "rules"), 64);
	assert_int_equal(fn_count(bed, "rules_hit"), 1);
	assert_int_equal(fn_count(bed, "unmatched"), BP_BURST_MAX / 2);
	fn_end(bed);
}

/* ---- frames of all kinds --------------------------------------------------------------------- */

static void ipv6_is_matched_like_ipv4(void **state)
{
	static const struct fb_spec with_options = { .is_v6 = true, .ext_bytes = 8 };

	(void)state;
	assert_int_equal(judge("drop tcp dst port 5201\n", &tcp6), 0);
	assert_int_equal(judge("drop ip\n", &tcp6), PASSED);
	assert_int_equal(judge("drop ip6 and udp\n", &udp6), 0);
	assert_int_equal(judge("drop net fdfc::/16\n", &tcp6), 0);
	/* Not the header behind IPv6's own: pcap-filter's words do not look beyond. */
	assert_int_equal(judge("drop tcp port 5201\n", &with_options), PASSED);
	assert_int_equal(judge("drop ip6\n", &with_options), 0);
}

/* "tcp" asks for the EtherType behind the addresses; behind "vlan" all words move by a tag. */
static void tags_are_what_the_word_vlan_is_for(void **state)
{
	(void)state;
	assert_int_equal(judge("drop tcp\n", &tagged), PASSED);
	assert_int_equal(judge("drop vlan and tcp\n", &tagged), 0);
	assert_int_equal(judge("drop vlan 100\n", &tagged), 0);
	assert_int_equal(judge("drop vlan 101\n", &tagged), PASSED);
	assert_int_equal(judge("drop vlan and tcp\n", &tcp), PASSED);
	assert_int_equal(judge("drop vlan 101 and vlan 100 and tcp\n", &twice_tagged), 0);
	assert_int_equal(judge("drop tcp or (vlan and tcp)\n", &tcp), 0);
	assert_int_equal(judge("drop tcp or (vlan and tcp)\n", &tagged), 0);
	assert_int_equal(judge("drop udp and not vlan\n", &udp), 0);
	assert_int_equal(judge("drop not vlan and udp\n", &udp), PASSED);
}

/* Neither an expression nor its opposite matches what is not there. */
static void a_frame_that_ends_before_what_is_read_does_not_match(void **state)
{
	static struct fb_frame frame;
	struct fn_bed *bed = start_filter("drop tcp dst port 5201\ndrop not tcp dst port 5201\n");

	(void)state;
	fb_build(&frame, &tcp);
	for (uint32_t len = 0; len <= 54; len++) {
		fn_empty(bed);
		fn_add_view(bed, frame.bytes, len, false);
		fn_process(bed, 0);
		assert_int_equal(bed->out[0], len < 38 ? PASSED : 0);
	}
	fn_end(bed);
	bed = start_filter("drop\n");
	fn_add_view(bed, frame.bytes, 0, false);
	fn_add_view(bed, frame.bytes, 14, false);
	fn_process(bed, 0);
	assert_int_equal(bed->out[0] | bed->out[1], 0);
	fn_end(bed);
}

static void a_packet_of_several_views_has_its_whole_length(void **state)
{
	struct fn_bed *bed = start_filter("drop len == 1254 and tcp\nmirror:mon udp[100] == 7\n");
	static struct fb_frame frame;
	const struct fb_spec spec = { .payload_bytes = 1200 };

	(void)state;
	fb_build(&frame, &spec);
	assert_int_equal(frame.len, 1254);
	fn_add_view(bed, frame.bytes, 128, true);
	fn_add_view(bed, frame.bytes + 128, 1000, true);
	fn_add_view(bed, frame.bytes + 1128, 126, false);
	fn_add_view(bed, frame.bytes, 128, false);
	fn_process(bed, 0);
	assert_int_equal(bed->out[0], 0);
	/* Of later views nothing is told. */
	assert_int_equal(bed->out[1], BP_OUT_NEXT);
	assert_int_equal(bed->out[2], BP_OUT_NEXT);
	assert_int_equal(bed->out[3], PASSED);
	assert_int_equal(fn_count(bed, "unmatched"), 1);
	fn_end(bed);
}

/* What lies behind the first view is not there for an expression. */
static void only_the_first_view_is_looked_at(void **state)
{
	const struct fb_spec spec = { .is_udp = true, .payload_bytes = 200 };
	static struct fb_frame frame;
	struct fn_bed *bed;
	char rules[64];

	(void)state;
	fb_build(&frame, &spec);
	sprintf(rules, "drop udp[108] == %u\n", frame.bytes[34 + 108]);
	bed = start_filter(rules);
	fn_add_view(bed, frame.bytes, 128, true);
	fn_add_view(bed, frame.bytes + 128, frame.len - 128, false);
	fn_add_view(bed, frame.bytes, frame.len, false);
	fn_process(bed, 0);
	assert_int_equal(bed->out[0], PASSED);
	assert_int_equal(bed->out[2], 0);
	fn_end(bed);
}

static void a_mixed_burst_is_told_apart(void **state)
{
	struct fn_bed *bed = start_filter("drop udp\nmirror:mon tcp\npass ip\ndrop ip6\n");
	const struct fb_spec *const specs[] = { &udp, &tcp, &tcp6, &tagged, &udp6 };
	const uint64_t wants[] = { 0, PASSED | BIT(MON), BIT(MON), PASSED, 0 };

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		fn_add_frame(bed, specs[i % 5]);
	fn_process(bed, 0);
	for (unsigned i = 0; i < 60; i++)
		assert_int_equal(bed->out[i], wants[i % 5]);
	fn_end(bed);
}

/* ---- what is counted ------------------------------------------------------------------------- */

static void assert_row(const json_t *rows, size_t i, int line, const char *rule, int hits)
{
	const json_t *row = json_array_get(rows, i);

	assert_int_equal(json_integer_value(json_object_get(row, "line")), line);
	assert_string_equal(json_string_value(json_object_get(row, "rule")), rule);
	assert_int_equal(json_integer_value(json_object_get(row, "hits")), hits);
}

static void hits_are_summed_over_workers(void **state)
{
	struct fn_bed *bed = start_filter("# line 1\n\ndrop  udp # no UDP\nmirror:mon tcp\n"
					  "pass arp\npass tcp dst port 5201\n");
	json_t *doc, *rows;

	(void)state;
	fn_add_frame(bed, &tcp);
	fn_add_frame(bed, &udp);
	fn_add_frame(bed, &udp6);
	fn_add_frame(bed, &tagged);
	fn_process(bed, 0);
	fn_process(bed, 1);
	fn_process(bed, 1);
	doc = bed->function->ops->show(bed->state);
	rows = json_object_get(doc, "hits");
	assert_int_equal(json_array_size(rows), 3);
	assert_row(rows, 0, 3, "drop  udp", 6);
	assert_row(rows, 1, 4, "mirror:mon tcp", 3);
	assert_row(rows, 2, 6, "pass tcp dst port 5201", 3);
	assert_string_equal(json_string_value(json_object_get(doc, "default")), "pass");
	assert_int_equal(json_integer_value(json_object_get(doc, "rules")), 4);
	assert_int_equal(json_integer_value(json_object_get(doc, "rules_hit")), 3);
	assert_int_equal(json_integer_value(json_object_get(doc, "unmatched")), 3);
	json_decref(doc);
	fn_end(bed);
}

static void the_first_rules_with_hits_are_shown(void **state)
{
	char rules[100 * 20] = "";
	json_t *doc, *rows;
	struct fn_bed *bed;

	(void)state;
	for (unsigned i = 0; i < 70; i++)
		strcat(rules, "mirror:mon tcp\n");
	bed = start_filter(rules);
	fn_out_of(bed, &tcp);
	doc = bed->function->ops->show(bed->state);
	rows = json_object_get(doc, "hits");
	assert_int_equal(json_array_size(rows), 64);
	assert_row(rows, 63, 64, "mirror:mon tcp", 1);
	assert_int_equal(json_integer_value(json_object_get(doc, "rules_hit")), 70);
	json_decref(doc);
	fn_end(bed);
}

/* ---- the file -------------------------------------------------------------------------------- */

static void outs_are_the_mirror_rules_ports(void **state)
{
	struct fn_bed *bed =
		make_filter("mirror:mon tcp\nnonsense\npass\nmirror:nowhere\nmirror:tap\n");

	(void)state;
	assert_int_equal(bed->function->outs(bed->conf, bed->fn_conf, WAN), BIT(MON) | BIT(TAP));
	fn_key(bed, "rules", "/nonexistent/rules");
	assert_int_equal(bed->function->outs(bed->conf, bed->fn_conf, WAN), 0);
	fn_end(bed);
}

/* The edges were made for the ports that the file named when the configuration was read. */
static void a_file_that_changed_since_is_not_opened(void **state)
{
	struct fn_bed *bed = make_filter("mirror:mon tcp\n");

	(void)state;
	bed->conf->ports[WAN].out_ports = BIT(LAN);
	assert_int_equal(bed->function->ops->open(bed->conf, bed->fn_conf, &bed->state), -EAGAIN);
	assert_null(bed->state);
	bed->conf->ports[WAN].out_ports = BIT(LAN) | BIT(MON);
	assert_int_equal(bed->function->ops->open(bed->conf, bed->fn_conf, &bed->state), 0);
	fn_end(bed);
}

static void a_file_that_is_gone_is_not_opened(void **state)
{
	struct fn_bed *bed = fn_make("filter");

	(void)state;
	fn_key(bed, "rules", "nonexistent.rules");
	assert_string_equal(
		fn_complaints(bed),
		"rules: nonexistent.rules: cannot be read: No such file or directory\n");
	assert_int_equal(bed->function->ops->open(bed->conf, bed->fn_conf, &bed->state), -ENOENT);
	assert_null(bed->state);
	fn_end(bed);
}

static void a_hundred_thousand_rules_work(void **state)
{
	enum { N = 100000, ROOM = 64 };
	char *rules = malloc((size_t)N * ROOM);
	struct fn_bed *bed;
	size_t len = 0;

	(void)state;
	assert_non_null(rules);
	for (unsigned i = 0; i < N - 1; i++)
		len += (size_t)sprintf(rules + len, "pass src host 10.%u.%u.%u and tcp\n",
				       100 + (i >> 16), i >> 8 & 255, i & 255);
	strcpy(rules + len, "drop tcp dst port 5201\n");
	bed = start_filter(rules);
	free(rules);
	assert_int_equal(fn_count(bed, "rules"), N);
	for (unsigned i = 0; i < 4; i++)
		fn_add_frame(bed, i % 2 ? &tcp : &udp);
	fn_process(bed, 1);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(bed->out[i], i % 2 ? 0 : PASSED);
	assert_int_equal(fn_count(bed, "rules_hit"), 1);
	fn_end(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_rule_that_matches_decides),
		cmocka_unit_test(a_packet_that_no_rule_matches_gets_the_default),
		cmocka_unit_test(a_drop_by_a_rule_says_so),
		cmocka_unit_test(a_rule_without_an_expression_matches_all),
		cmocka_unit_test(a_file_without_rules_leaves_the_default),
		cmocka_unit_test(mirror_copies_and_goes_on),
		cmocka_unit_test(a_copied_packet_may_be_dropped_behind_it),
		cmocka_unit_test(the_last_of_64_rules_decides),
		cmocka_unit_test(ipv6_is_matched_like_ipv4),
		cmocka_unit_test(tags_are_what_the_word_vlan_is_for),
		cmocka_unit_test(a_frame_that_ends_before_what_is_read_does_not_match),
		cmocka_unit_test(a_packet_of_several_views_has_its_whole_length),
		cmocka_unit_test(only_the_first_view_is_looked_at),
		cmocka_unit_test(a_mixed_burst_is_told_apart),
		cmocka_unit_test(hits_are_summed_over_workers),
		cmocka_unit_test(the_first_rules_with_hits_are_shown),
		cmocka_unit_test(outs_are_the_mirror_rules_ports),
		cmocka_unit_test(a_file_that_changed_since_is_not_opened),
		cmocka_unit_test(a_file_that_is_gone_is_not_opened),
		cmocka_unit_test(a_hundred_thousand_rules_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
