/* Files of filter rules: what is taken, and what is said of those that are wrong, to the column. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "function_bed.h"

#include "functions/filter_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct file_case {
	const char *text;
	size_t n_bytes; /* 0: up to the terminator */
	unsigned n_rules;
	/* What check() says; '@' stands for the key and the file's path. */
	const char *says;
};

static const struct file_case right[] = {
	{ "", 0, 0, "" },
	{ "\n\n   \n\t\n", 0, 0, "" },
	{ "#\n # pass\n\t#drop\n", 0, 0, "" },
	{ "pass", 0, 1, "" },
	{ "pass tcp\r\ndrop\r\n", 0, 2, "" },
	{ "# all\r\n\r\npass tcp # web\r\ndrop\r", 0, 2, "" },
	{ "\t drop\ttcp  or udp\t\n", 0, 1, "" },
	{ "mirror:mon ip6\nmirror:mon\n", 0, 2, "" },
	{ "drop tcp# web \xff\xfe \x01\n", 0, 1, "" },
	{ "# a\0b\ndrop", 10, 1, "" },
	{ "# no line end", 0, 0, "" },
	{ "drop ether[0] & 1 != 0 and not (ip or arp)\n", 0, 1, "" },
};

static const struct file_case wrong[] = {
	{ "pass\n\n allow tcp\n", 0, 0,
	  "@:3:2: found 'allow', allowed: pass, drop, mirror:PORT\n" },
	{ "PASS\n", 0, 0, "@:1:1: found 'PASS', allowed: pass, drop, mirror:PORT\n" },
	{ "passtcp\n", 0, 0, "@:1:1: found 'passtcp', allowed: pass, drop, mirror:PORT\n" },
	{ "mirror tcp\n", 0, 0, "@:1:1: found 'mirror', allowed: pass, drop, mirror:PORT\n" },
	{ "mirror: mon tcp\n", 0, 0, "@:1:1: found 'mirror:', allowed: pass, drop, mirror:PORT\n" },
	{ "drop\nmirror:mno tcp\n", 0, 0,
	  "@:2:8: found 'mno', which is no port; allowed: wan, lan, mon, tap\n" },
	{ "  mirror:wan\n", 0, 0,
	  "@:1:10: found 'wan', whose own packets come here: copies would go back to their sender; "
	  "name another port\n" },
	{ "mirror:lan tcp\n", 0, 0,
	  "@:1:8: found 'lan', where the chain of wan ends: each packet would be sent there twice; "
	  "name another port\n" },
	{ "drop ip and arp\n", 0, 0, "@:1:6: 'ip and arp': expression rejects all packets\n" },
	{ "pass  ip broadcast\n", 0, 0,
	  "@:1:7: 'ip broadcast': netmask not known, so 'ip broadcast' not supported\n" },
	{ "pass vlan 5000\n", 0, 0,
	  "@:1:6: 'vlan 5000': VLAN tag 5000 greater than maximum 4095\n" },
	{ "drop ip6 protochain 6\n", 0, 0,
	  "@:1:6: 'ip6 protochain 6': found protochain, which loops over a packet's headers for as "
	  "long as its sender likes; use proto\n" },
	{ "drop tcp or not inbound\n", 0, 0,
	  "@:1:6: 'tcp or not inbound': found a word that only a capturing socket can answer (inbound, "
	  "outbound, ifindex), allowed: those that ask the packet's bytes, or its length\n" },
	{ "drop ifindex 3\n", 0, 0,
	  "@:1:6: 'ifindex 3': found a word that only a capturing socket can answer (inbound, "
	  "outbound, ifindex), allowed: those that ask the packet's bytes, or its length\n" },
	{ "drop\n pa\0ss", 11, 0,
	  "@:2:4: found the byte 0x00, allowed: ASCII text; other bytes in comments only\n" },
	{ "\xef\xbb\xbfpass\n", 0, 0,
	  "@:1:1: found a byte order mark: save the file as UTF-8 without one\n" },
	{ "\xff\xfep\0a\0s\0s\0\n", 11, 0,
	  "@:1:1: found a byte order mark: save the file as UTF-8 without one\n" },
	{ "\xef", 0, 0,
	  "@:1:1: found the byte 0xef, allowed: ASCII text; other bytes in comments only\n" },
	{ "pass\n\xef\xbb\xbf", 0, 0,
	  "@:2:1: found the byte 0xef, allowed: ASCII text; other bytes in comments only\n" },
	{ "pass tcp\rdrop\r", 0, 0,
	  "@:1:9: found a carriage return within the line, allowed: at its end; save the file with "
	  "the line ends of Unix\n" },
	{ "pass\n# all\rdrop", 0, 0,
	  "@:2:6: found a carriage return within the line, allowed: at its end; save the file with "
	  "the line ends of Unix\n" },
	{ "foo\npass\nbar\n", 0, 0,
	  "@:1:1: found 'foo', allowed: pass, drop, mirror:PORT\n"
	  "@:3:1: found 'bar', allowed: pass, drop, mirror:PORT\n" },
	{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n", 0, 0,
	  "@:1:1: found '1', allowed: pass, drop, mirror:PORT\n"
	  "@:2:1: found '2', allowed: pass, drop, mirror:PORT\n"
	  "@:3:1: found '3', allowed: pass, drop, mirror:PORT\n"
	  "@:4:1: found '4', allowed: pass, drop, mirror:PORT\n"
	  "@:5:1: found '5', allowed: pass, drop, mirror:PORT\n"
	  "@:6:1: found '6', allowed: pass, drop, mirror:PORT\n"
	  "@:7:1: found '7', allowed: pass, drop, mirror:PORT\n"
	  "@:8:1: found '8', allowed: pass, drop, mirror:PORT\n"
	  "rules: there may be more: mend these first\n" },
};

static struct fn_bed *make_filter(const char *text, size_t n_bytes)
{
	struct fn_bed *bed = fn_make("filter");
	char path[FILE_PATH_BYTES];

	make_file(text, n_bytes, path);
	fn_key(bed, "rules", path);
	return bed;
}

static size_t bytes_of(const struct file_case *c)
{
	return c->n_bytes ? c->n_bytes : strlen(c->text);
}

/* says, with "rules: PATH" for each '@'. */
static void spell_out(const char *says, const char *path, char out[COMPLAINTS_BYTES])
{
	size_t len = 0;

	for (; *says; says++)
		len += (size_t)snprintf(out + len, COMPLAINTS_BYTES - len,
					*says == '@' ? "rules: %s" : "%.1s",
					*says == '@' ? path : says);
	out[len] = '\0';
}

static const char *path_of(const struct fn_bed *bed)
{
	return (const char *)bed->fn_conf + bp_key_find(bed->function->keys, "rules")->offset;
}

static void right_files_are_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		struct fn_bed *bed = make_filter(right[i].text, bytes_of(&right[i]));

		fn_start(bed);
		assert_int_equal(fn_count(bed, "rules"), right[i].n_rules);
		fn_end(bed);
	}
}

static void wrong_files_are_refused_by_line_and_column(void **state)
{
	char wanted[COMPLAINTS_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct fn_bed *bed = make_filter(wrong[i].text, bytes_of(&wrong[i]));

		spell_out(wrong[i].says, path_of(bed), wanted);
		assert_string_equal(fn_complaints(bed), wanted);
		assert_int_equal(bed->function->ops->open(bed->conf, bed->fn_conf, &bed->state),
				 -EINVAL);
		assert_null(bed->state);
		fn_end(bed);
	}
}

/* libpcap's words for it differ between versions; the place is ours. */
static void what_libpcap_says_follows_the_place(void **state)
{
	struct fn_bed *bed = make_filter("pass\n  drop   tcp prot 80 # web\n", 33);
	char place[128];

	(void)state;
	snprintf(place, sizeof(place), "rules: %s:2:10: 'tcp prot 80': ", path_of(bed));
	assert_int_equal(strncmp(fn_complaints(bed), place, strlen(place)), 0);
	assert_non_null(strstr(bed->complaints + strlen(place), "syntax error"));
	fn_end(bed);
}

static void a_line_may_be_so_long_and_no_longer(void **state)
{
	char text[BP_FILTER_LINE_BYTES + 3], wanted[256];
	struct fn_bed *bed;

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "drop", 4);
	memcpy(text + BP_FILTER_LINE_BYTES - 3, "tcp\n", 4);
	bed = make_filter(text, BP_FILTER_LINE_BYTES + 1);
	fn_start(bed);
	fn_end(bed);
	memcpy(text + BP_FILTER_LINE_BYTES - 2, "tcp\n", 4);
	bed = make_filter(text, BP_FILTER_LINE_BYTES + 2);
	snprintf(
		wanted, sizeof(wanted),
		"rules: %s:1:1025: found a longer line, allowed: 1024 bytes; make several rules of "
		"it\n",
		path_of(bed));
	assert_string_equal(fn_complaints(bed), wanted);
	fn_end(bed);
	/* A comment may have any length. */
	memcpy(text + 4, "#", 1);
	bed = make_filter(text, BP_FILTER_LINE_BYTES + 2);
	fn_start(bed);
	fn_end(bed);
}

/* The file is read on behind it. */
static void a_line_of_a_mebibyte_is_one_fault(void **state)
{
	const size_t n_line = 1u << 20;
	char *text = malloc(n_line + 5), wanted[256];
	struct fn_bed *bed;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', n_line);
	memcpy(text + n_line, "\nfoo\n", 5);
	bed = make_filter(text, n_line + 5);
	free(text);
	snprintf(
		wanted, sizeof(wanted),
		"rules: %s:1:1025: found a longer line, allowed: 1024 bytes; make several rules of it\n"
		"rules: %s:2:1: found 'foo', allowed: pass, drop, mirror:PORT\n",
		path_of(bed), path_of(bed));
	assert_string_equal(fn_complaints(bed), wanted);
	fn_end(bed);
}

/* One expression of as many words as a line holds. */
static void the_longest_expression_compiles(void **state)
{
	char text[BP_FILTER_LINE_BYTES + 1] = "drop tcp port 1";
	const struct fb_spec tcp = { .n_tags = 0 };
	struct fn_bed *bed;

	(void)state;
	for (unsigned i = 2; strlen(text) < BP_FILTER_LINE_BYTES - 40; i++)
		sprintf(text + strlen(text), " or %u", i);
	strcat(text, " or 5201");
	bed = make_filter(text, strlen(text));
	fn_start(bed);
	assert_int_equal(fn_out_of(bed, &tcp), 0);
	fn_end(bed);
}

static void what_is_no_file_is_refused(void **state)
{
	static const struct {
		const char *path, *says;
	} cases[] = {
		{ "/dev/zero", "rules: /dev/zero: cannot be read: it is no regular file\n" },
		{ "/", "rules: /: cannot be read: it is no regular file\n" },
		{ "/nonexistent",
		  "rules: /nonexistent: cannot be read: No such file or directory\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fn_bed *bed = fn_make("filter");

		fn_key(bed, "rules", cases[i].path);
		assert_string_equal(fn_complaints(bed), cases[i].says);
		fn_end(bed);
	}
}

/* Whoever opens a pipe without a writer waits for one. */
static void a_pipe_is_not_waited_for(void **state)
{
	char folder[] = "/tmp/bypath-rules-XXXXXX", path[64], wanted[160];
	struct fn_bed *bed = fn_make("filter");

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	fn_key(bed, "rules", path);
	snprintf(wanted, sizeof(wanted), "rules: %s: cannot be read: it is no regular file\n",
		 path);
	assert_string_equal(fn_complaints(bed), wanted);
	unlink(path);
	rmdir(folder);
	fn_end(bed);
}

static void there_is_a_limit_of_rules(void **state)
{
	const size_t n_bytes = (BP_FILTER_RULES_MAX + 1) * 5;
	char *text = malloc(n_bytes), wanted[160];
	struct fn_bed *bed;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < n_bytes; i += 5)
		memcpy(text + i, "pass\n", 5);
	bed = make_filter(text, n_bytes);
	free(text);
	snprintf(wanted, sizeof(wanted),
		 "rules: %s:262145:1: one rule too many, allowed: up to 262144\n", path_of(bed));
	assert_string_equal(fn_complaints(bed), wanted);
	assert_int_equal(bed->function->ops->open(bed->conf, bed->fn_conf, &bed->state), -E2BIG);
	assert_null(bed->state);
	fn_end(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_files_are_taken),
		cmocka_unit_test(wrong_files_are_refused_by_line_and_column),
		cmocka_unit_test(what_libpcap_says_follows_the_place),
		cmocka_unit_test(a_line_may_be_so_long_and_no_longer),
		cmocka_unit_test(a_line_of_a_mebibyte_is_one_fault),
		cmocka_unit_test(the_longest_expression_compiles),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(a_pipe_is_not_waited_for),
		cmocka_unit_test(there_is_a_limit_of_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
