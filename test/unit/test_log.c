/* Messages as lines, limits, units. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/log_limit.h"
#include "core/log_line.h"
#include "core/units.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)

static const struct bp_log_place place = { "../x/src/engine/watch.c", 77, "note_link", false };

/* What hostile names hold: escapes, quotes, line ends, C1 controls, a cut character. */
#define HOSTILE "w\x1b[31m\"\\\n\xc2\x9b\xff\xe2\x86"

static struct bp_log_record record_of(const char *text)
{
	return (struct bp_log_record){
		.place = &place,
		.level = BP_LOG_WARN,
		.time = { .tv_sec = 1796000000, .tv_nsec = 7999999 },
		.text = text,
		.n_fields = 4,
		.fields = { { "port", "wan", 0 },
			    { "device", HOSTILE, 0 },
			    { "pps", NULL, 1234567 },
			    { "ratio", NULL, NAN } },
	};
}

static char *line_of(const char *text, enum bp_log_form form)
{
	struct bp_log_record record = record_of(text);
	size_t n = 0;
	char *line = bp_log_line(&record, form, &n);

	assert_non_null(line);
	assert_int_equal(strlen(line), n);
	assert_int_equal(line[n - 1], '\n');
	assert_ptr_equal(strchr(line, '\n'), line + n - 1); /* one line */
	return line;
}

static void expect_line(const char *text, enum bp_log_form form, const char *expected)
{
	char *line = line_of(text, form);

	assert_string_equal(line, expected);
	free(line);
}

static void text_has_stamps_or_priorities_in_front(void **state)
{
	(void)state;
	expect_line("a is down", BP_LOG_PLAIN, "bypath: warning: a is down\n");
	expect_line("a is down", BP_LOG_STAMPED,
		    "2026-11-30T00:53:20.007+00:00 bypath: warning: a is down\n");
	expect_line("a is down", BP_LOG_PRIORITY, "<4>bypath: warning: a is down\n");
}

static void stamps_say_their_zone(void **state)
{
	static const struct {
		const char *zone, *stamp;
	} cases[] = {
		{ "UTC0", "2026-11-30T00:53:20.007+00:00" },
		{ "CET-1", "2026-11-30T01:53:20.007+01:00" },
		{ "NST3:30", "2026-11-29T21:23:20.007-03:30" },
	};
	const struct timespec time = { 1796000000, 7999999 };
	char stamp[BP_LOG_STAMP_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setenv("TZ", cases[i].zone, 1);
		tzset();
		assert_string_equal(bp_log_stamp(&time, stamp), cases[i].stamp);
	}
	setenv("TZ", "UTC0", 1);
	tzset();
}

static void no_byte_of_a_message_moves_a_terminal(void **state)
{
	char text[] = HOSTILE, tab[] = "a\tb→c";

	(void)state;
	bp_log_clean(text);
	assert_string_equal(text, "w?[31m\"\\ ?????");
	bp_log_clean(tab);
	assert_string_equal(tab, "a\tb→c");
}

static void a_line_without_room_is_cut_and_ends(void **state)
{
	struct bp_log_record record = record_of("0123456789");
	char line[24];
	size_t n = bp_log_text_line(&record, BP_LOG_PLAIN, line, sizeof(line));

	(void)state;
	assert_int_equal(n, sizeof(line) - 1);
	assert_memory_equal(line, "bypath: warning: 01234\n", n);
}

static void json_holds_any_bytes(void **state)
{
	char *line = line_of("two\nlines \"of\" \x1b text", BP_LOG_AS_JSON);
	json_t *root = json_loads(line, 0, NULL);

	(void)state;
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "message")),
			    "two\nlines \"of\" \x1b text");
	assert_string_equal(json_string_value(json_object_get(root, "level")), "warning");
	assert_string_equal(json_string_value(json_object_get(root, "time")),
			    "2026-11-30T00:53:20.007+00:00");
	assert_string_equal(json_string_value(json_object_get(root, "port")), "wan");
	assert_string_equal(json_string_value(json_object_get(root, "device")),
			    "w\x1b[31m\"\\\n\xc2\x9b???");
	assert_int_equal(json_integer_value(json_object_get(root, "pps")), 1234567);
	assert_true(json_is_null(json_object_get(root, "ratio")));
	assert_string_equal(json_string_value(json_object_get(root, "source")), "watch.c:77");
	json_decref(root);
	free(line);
}

static void logfmt_quotes_what_is_no_word(void **state)
{
	(void)state;
	expect_line("a is \"down\"\nnow", BP_LOG_AS_LOGFMT,
		    "time=2026-11-30T00:53:20.007+00:00 level=warning "
		    "message=\"a is \\\"down\\\"\\nnow\" port=wan "
		    "device=\"w?[31m\\\"\\\\\\n?????\" pps=1234567 ratio=nan source=watch.c:77\n");
	expect_line("", BP_LOG_AS_LOGFMT,
		    "time=2026-11-30T00:53:20.007+00:00 level=warning message=\"\" port=wan "
		    "device=\"w?[31m\\\"\\\\\\n?????\" pps=1234567 ratio=nan source=watch.c:77\n");
}

static void the_journal_gets_fields_of_its_own_names(void **state)
{
	char *line = line_of("a is down", BP_LOG_JOURNAL);
	json_t *root = json_loads(line, 0, NULL);
	static const char *const fields[][2] = {
		{ "MESSAGE", "a is down" },   { "PRIORITY", "4" },
		{ "BYPATH_PORT", "wan" },     { "BYPATH_PPS", "1234567" },
		{ "CODE_FILE", "watch.c" },   { "CODE_LINE", "77" },
		{ "CODE_FUNC", "note_link" }, { "SYSLOG_IDENTIFIER", "bypath" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		assert_string_equal(json_string_value(json_object_get(root, fields[i][0])),
				    fields[i][1]);
	json_decref(root);
	free(line);
}

/* ---- limits ---------------------------------------------------------------------------------- */

struct bed {
	struct bp_limits limits;
	struct bp_limit_row over;
};

static bool say(struct bed *bed, int line, const char *subject, uint64_t now_ns)
{
	struct bp_limit_site site = { .place = place, .kind = "port" };

	site.place.line = line;
	snprintf(site.subject, sizeof(site.subject), "%s", subject);
	return bp_limit_pass(&bed->limits, &site, subject, now_ns, &bed->over);
}

static unsigned say_often(struct bed *bed, int line, const char *subject, uint64_t now_ns,
			  unsigned n)
{
	unsigned n_passed = 0;

	while (n--)
		n_passed += say(bed, line, subject, now_ns);
	return n_passed;
}

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct bed));
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void a_flapping_port_hides_no_other(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(say_often(bed, 1, "wan", SECOND, 200), BP_LIMIT_MESSAGES);
	assert_true(say(bed, 1, "lan", SECOND)); /* another port */
	assert_true(say(bed, 2, "wan", SECOND)); /* another message */
}

static void what_was_left_out_is_said_with_the_next_one(void **state)
{
	struct bed *bed = *state;

	say_often(bed, 1, "wan", SECOND, 200);
	assert_false(say(bed, 1, "wan", SECOND + BP_LIMIT_NS - 1));
	assert_true(say(bed, 1, "wan", SECOND + BP_LIMIT_NS));
	assert_int_equal(bed->over.n_left_out, 200 - BP_LIMIT_MESSAGES + 1);
	assert_string_equal(bed->over.site.subject, "wan");
	assert_string_equal(bed->over.text, "wan");
	assert_true(say(bed, 1, "wan", SECOND + BP_LIMIT_NS));
	assert_int_equal(bed->over.n_left_out, 0); /* once */
}

static void what_was_left_out_is_said_without_a_next_one(void **state)
{
	struct bed *bed = *state;

	say_often(bed, 1, "wan", SECOND, 12);
	assert_false(bp_limit_take(&bed->limits, SECOND + BP_LIMIT_NS - 1, &bed->over));
	assert_true(bp_limit_take(&bed->limits, SECOND + BP_LIMIT_NS, &bed->over));
	assert_int_equal(bed->over.n_left_out, 2);
	assert_false(bp_limit_take(&bed->limits, UINT64_MAX, &bed->over));
}

/* More sites than rows: all is said, and what the oldest has left out is, too. */
static void a_full_table_loses_no_count(void **state)
{
	struct bed *bed = *state;
	uint64_t n_passed = 0, n_left_out = 0;

	for (unsigned i = 0; i < 3 * BP_LIMIT_SITES; i++)
		for (unsigned k = 0; k < 15; k++) {
			n_passed += say(bed, (int)i, "wan", SECOND + i);
			n_left_out += bed->over.n_left_out;
		}
	while (bp_limit_take(&bed->limits, UINT64_MAX, &bed->over))
		n_left_out += bed->over.n_left_out;
	assert_int_equal(n_passed, 3 * BP_LIMIT_SITES * BP_LIMIT_MESSAGES);
	assert_int_equal(n_passed + n_left_out, 3 * BP_LIMIT_SITES * 15);
}

/* As many ports as a file may have, each with ten messages, all of them in turn: none passes oftener than it may. */
static void many_flapping_ports_are_limited(void **state)
{
	struct bed *bed = *state;
	unsigned n_passed = 0;
	char port[BP_NAME_BYTES];

	for (unsigned round = 0; round < 50; round++)
		for (unsigned i = 0; i < BP_PORTS_MAX; i++)
			for (int line = 0; line < 10; line++) {
				snprintf(port, sizeof(port), "p%u", i);
				n_passed += say(bed, line, port, SECOND + round);
				assert_int_equal(bed->over.n_left_out, 0);
			}
	assert_int_equal(n_passed, BP_PORTS_MAX * 10 * BP_LIMIT_MESSAGES);
}

/* A site that goes on keeps its row, however many others come and go. */
static void who_is_silent_gives_its_row_up(void **state)
{
	struct bed *bed = *state;
	unsigned n_passed = 0;

	for (unsigned i = 0; i < 5 * BP_LIMIT_SITES; i++) {
		n_passed += say(bed, 0, "wan", SECOND);
		assert_true(say(bed, (int)i + 1, "lan", SECOND));
	}
	assert_int_equal(n_passed, BP_LIMIT_MESSAGES);
	assert_true(say(bed, 1, "lan", SECOND)); /* forgotten long ago: it passes again */
}

/* ---- units ----------------------------------------------------------------------------------- */

static void figures_have_four_digits(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0 pps" },
		{ 0.4, "0 pps" },
		{ 999.4, "999 pps" },
		{ 999.5, "1.000 kpps" },
		{ 9999.4, "9.999 kpps" },
		{ 9999.6, "10.00 kpps" },
		{ 123456, "123.5 kpps" },
		{ 999960, "1.000 Mpps" },
		{ 14880952, "14.88 Mpps" },
		{ 1.5e15, "1500.0 Tpps" },
	};
	char text[BP_UNITS_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(bp_units(cases[i].value, "pps", text), cases[i].text);
	assert_string_equal(bp_units(5, "", text), "5");
	assert_string_equal(bp_units(5000, "", text), "5.000 k");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_has_stamps_or_priorities_in_front),
		cmocka_unit_test(stamps_say_their_zone),
		cmocka_unit_test(no_byte_of_a_message_moves_a_terminal),
		cmocka_unit_test(a_line_without_room_is_cut_and_ends),
		cmocka_unit_test(json_holds_any_bytes),
		cmocka_unit_test(logfmt_quotes_what_is_no_word),
		cmocka_unit_test(the_journal_gets_fields_of_its_own_names),
		cmocka_unit_test_setup_teardown(a_flapping_port_hides_no_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_left_out_is_said_with_the_next_one, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_was_left_out_is_said_without_a_next_one,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_flapping_ports_are_limited, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_silent_gives_its_row_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_table_loses_no_count, set_up, tear_down),
		cmocka_unit_test(figures_have_four_digits),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
