/* What iniparser would merge, cut or refuse without a line: each is refused with its line. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASE(case_name, text, ...)                          \
	{                                                   \
		.name = case_name, .ini = text, __VA_ARGS__ \
	}

static const struct config_case faults[] = {
	CASE("section_twice_names_both_lines", "[engine]\nmode = io\n" TWO_PORTS "[engine]\n",
	     .errors = "@:9: section [engine] is there already in line 1: join the two\n"),
	CASE("key_twice_names_both_lines",
	     "[port.a]\ndriver = null\ncount = 1\n\n; x\ncount = 2\n[forward]\na = a\n",
	     .errors = "@:6: [port.a] count: is there already in line 3: delete one of the two\n"),
	CASE("glued_semicolon_would_cut", "[dpdk]\nargs = --vdev=a;b\n" TWO_PORTS,
	     .errors = "@:2: [dpdk] args: found '--vdev=a;b': ';' begins a comment and would cut "
		       "the value: put the value in quotes, or a blank before the comment\n"),
	CASE("glued_hash_would_cut", "[dpdk]\nargs = a#1 b\n" TWO_PORTS,
	     .errors = "@:2: [dpdk] args: found 'a#1 b': '#' begins a comment and would cut "
		       "the value: put the value in quotes, or a blank before the comment\n"),
	CASE("quote_without_end", "[dpdk]\nargs = \"--a\n" TWO_PORTS,
	     .errors = "@:2: [dpdk] args: found '\"--a', a quote without its end: close it with "
		       "\"\n"),
	CASE("text_after_quote", "[dpdk]\nargs = '--a' --b\n" TWO_PORTS,
	     .errors = "@:2: [dpdk] args: found '--b' after the closing quote, where only a "
		       "comment is allowed\n"),
	CASE("zero_byte", "[engine]\nmode = io\0\n" TWO_PORTS,
	     .ini_bytes = sizeof("[engine]\nmode = io\0\n" TWO_PORTS) - 1,
	     .errors = "@:2: found a zero byte: this is not a text file\n"),
	CASE("line_without_equals", "[engine]\nmode io\n" TWO_PORTS,
	     .errors = "@:2: found 'mode io', allowed: [section], key = value, or ; comment\n"),
	CASE("equals_without_key", "[engine]\n = io\n" TWO_PORTS,
	     .errors = "@:2: found a '=' without a key before it\n"),
	CASE("key_without_value", "[engine]\nmode =\nidle = ; none\n" TWO_PORTS,
	     .errors = "@:2: [engine] mode: found no value: give one, or delete the line\n"
		       "@:3: [engine] idle: found no value: give one, or delete the line\n"),
	CASE("key_before_any_section", "mode = io\n" TWO_PORTS,
	     .errors = "@:1: key 'mode' comes before any section: put it below its [section]\n"),
	CASE("upper_case_section", "[Engine]\nmode = io\n" TWO_PORTS,
	     .errors = "@:1: found '[Engine]', allowed: lower case; did you mean '[engine]'?\n"),
	CASE("upper_case_key", "[engine]\nMode = io\n" TWO_PORTS,
	     .errors = "@:2: [engine] mode: found 'Mode', allowed: lower case; did you mean "
		       "'mode'?\n"),
	CASE("comment_behind_section", "[engine] ; how\nmode = io\n" TWO_PORTS,
	     .errors = "@:1: found ' ; how' after ']': put the comment on a line of its own\n"),
	CASE("section_without_end", "[engine\nmode = io\n" TWO_PORTS,
	     .errors = "@:1: found '[engine', a section without ']': close it\n"),
	CASE("empty_section", "[]\nmode = io\n" TWO_PORTS,
	     .errors = "@:1: found '[]', allowed in a section's name: a-z 0-9 . _ -\n"),
	CASE("colon_in_section", "[port:a]\n" TWO_PORTS,
	     .errors = "@:1: found '[port:a]', allowed in a section's name: a-z 0-9 . _ -\n"),
	CASE("blank_in_key", "[engine]\nidle mode = busy\n" TWO_PORTS,
	     .errors = "@:2: found 'idle mode', allowed in a key's name: a-z 0-9 . _ -\n"),
	CASE("backslash_in_comment_would_swallow", "[engine]\n; C:\\\nmode = io\n" TWO_PORTS,
	     .errors = "@:2: found '\\' at the end, which would swallow the next line: write all "
		       "on one line, or put the value in quotes\n"),
	CASE("control_character", "[engine]\nmode = \x1b[1mio\n" TWO_PORTS,
	     .errors = "@:2: found a control character: use blanks and line feeds only\n"),
	CASE("byte_order_mark", "\xef\xbb\xbf[engine]\n" TWO_PORTS,
	     .errors = "@:1: found a byte order mark: save the file as UTF-8 without one\n"),
	CASE("latin_1", "[dpdk]\nargs = \xe4\n" TWO_PORTS,
	     .errors = "@:2: [dpdk] args: found bytes that are not UTF-8: save the file as "
		       "UTF-8\n"),
	CASE("errors_come_by_line_and_all_of_them",
	     "[engine]\nmode io\nburst = 65\n[memroy]\n" TWO_PORTS "a = c\n",
	     .errors =
		     "@:2: found 'mode io', allowed: [section], key = value, or ; comment\n"
		     "@:3: [engine] burst: found '65', allowed: 1..64 views\n"
		     "@:4: [memroy]: unknown section, allowed: engine, memory, metrics, log, alarm, port.NAME, "
		     "forward, function.NAME, gen, stream.NAME, dpdk; did you mean 'memory'?\n"
		     "@:11: [forward] a: is there already in line 10: delete one of the two\n"),
	CASE("what_a_bad_line_may_have_held_is_not_missed",
	     "[port.a]\ndriver null\n[port.b]\ndriver = null\n[forward\na = b\n",
	     .errors = "@:2: found 'driver null', allowed: [section], key = value, or ; comment\n"
		       "@:5: found '[forward', a section without ']': close it\n"),
};

static const struct config_case rights[] = {
	CASE("comments",
	     "; a\n# b\n  ; c \\ d\n[engine]\nmode = io ; e;f#g\nidle = busy\t# h\n" TWO_PORTS,
	     .errors = NULL),
	CASE("carriage_returns", "[engine]\r\nmode = io\r\n\r\n; x\r\n" TWO_PORTS, .errors = NULL),
	CASE("tabs_and_no_blanks", "\t[engine]\t\n\tmode\t=\tio\t\nidle=busy\n" TWO_PORTS,
	     .errors = NULL),
	CASE("no_newline_at_the_end", "[port.a]\ndriver=null\n[forward]\na=a", .errors = NULL),
};

static void faults_of_form_are_refused_with_their_line(void **state)
{
	(void)state;
	run_cases(faults, sizeof(faults) / sizeof(faults[0]));
}

static void ordinary_forms_are_right(void **state)
{
	(void)state;
	run_cases(rights, sizeof(rights) / sizeof(rights[0]));
}

static void quoted_values_keep_everything(void **state)
{
	(void)state;
	struct bp_conf conf;

	load_right("[dpdk]\nargs = \" --a;b #c \" ; d\nfile_prefix='x\"y'\n" TWO_PORTS, NULL,
		   &conf);
	assert_string_equal(conf.eal.args, " --a;b #c ");
	assert_string_equal(conf.eal.file_prefix, "x\"y");
}

/* iniparser 4.1 reads 1022 bytes of a line. */
static void longest_line_is_taken_and_one_more_byte_refused(void **state)
{
	(void)state;
	static char errors[CASE_ERRORS_BYTES];
	struct bp_conf conf;
	char *text = malloc(4096);
	int len;

	assert_non_null(text);
	len = snprintf(text, 4096, "[engine]\nmode = io ;%*s\n" TWO_PORTS, 1022 - 11, "x");
	assert_int_equal(load_text(text, (size_t)len, NULL, &conf, errors), 0);
	len = snprintf(text, 4096, "[engine]\nmode = io ;%*s\n" TWO_PORTS, 1023 - 11, "x");
	assert_int_equal(load_text(text, (size_t)len, NULL, &conf, errors), -EINVAL);
	assert_string_equal(errors,
			    "@:2: found a line of 1023 bytes, allowed: up to 1022: shorten it\n");
	free(text);
}

static void file_without_end_is_refused(void **state)
{
	(void)state;
	char errors[512];
	struct bp_conf conf;

	assert_int_equal(bp_config_load("/dev/zero", NULL, 0, &conf, errors, sizeof(errors)),
			 -EFBIG);
	assert_string_equal(errors, "/dev/zero: cannot be read: File too large; 256 KiB are "
				    "allowed: is this an INI file?\n");
}

static void missing_file_says_what_to_do(void **state)
{
	(void)state;
	char errors[512];
	struct bp_conf conf;

	assert_int_equal(bp_config_load("/nowhere/x.ini", NULL, 0, &conf, errors, sizeof(errors)),
			 -ENOENT);
	assert_string_equal(errors,
			    "/nowhere/x.ini: cannot be read: No such file or directory; check the "
			    "path, or begin with a copy of config/reference.ini\n");
}

static void folder_in_place_of_a_file_is_refused(void **state)
{
	(void)state;
	char errors[512];
	struct bp_conf conf;

	assert_int_equal(bp_config_load("/", NULL, 0, &conf, errors, sizeof(errors)), -EISDIR);
	assert_string_equal(errors, "/: cannot be read: Is a directory; name a file inside it\n");
}

static void errors_are_cut_at_the_callers_room(void **state)
{
	(void)state;
	char errors[20];
	struct bp_conf conf;

	memset(errors, 'x', sizeof(errors));
	assert_int_equal(bp_config_load("/nowhere/x.ini", NULL, 0, &conf, errors, 16), -ENOENT);
	assert_string_equal(errors, "/nowhere/x.ini:");
	assert_int_equal(errors[16], 'x');
	assert_int_equal(bp_config_load("/nowhere/x.ini", NULL, 0, &conf, errors, 1), -ENOENT);
	assert_string_equal(errors, "");
}

static void ten_thousand_errors_end(void **state)
{
	(void)state;
	static char errors[CASE_ERRORS_BYTES];
	size_t n_bytes = 10000 * 2;
	char *text = malloc(n_bytes);
	struct bp_conf conf;

	assert_non_null(text);
	for (size_t i = 0; i < n_bytes; i += 2)
		memcpy(text + i, "x\n", 2);
	assert_int_equal(load_text(text, n_bytes, NULL, &conf, errors), -EINVAL);
	assert_non_null(strstr(errors, "@:1: found 'x'"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_of_form_are_refused_with_their_line),
		cmocka_unit_test(ordinary_forms_are_right),
		cmocka_unit_test(quoted_values_keep_everything),
		cmocka_unit_test(longest_line_is_taken_and_one_more_byte_refused),
		cmocka_unit_test(file_without_end_is_refused),
		cmocka_unit_test(missing_file_says_what_to_do),
		cmocka_unit_test(folder_in_place_of_a_file_is_refused),
		cmocka_unit_test(errors_are_cut_at_the_callers_room),
		cmocka_unit_test(ten_thousand_errors_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
