/* Checks the HTML report: complete, well-formed, unmoved by whatever the document says. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html.h"
#include "report/html_text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { TAGS_MAX = 64, TAG_BYTES = 24 };

static const char hostile[] = "</title></text><script>alert(1)</script>&amp;\"'><img src=x "
			      "onerror=alert(2)> \x01 \xe2\x80\xae ]]> --> <!--";

struct fixture {
	char folder[32], path[64];
	json_t *doc;
};

static int begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char sample[4096];

	strcpy(f->folder, "/tmp/bp-html-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/report.html", f->folder);
	snprintf(sample, sizeof(sample), "%s/test/data/compare-sample.json",
		 getenv("BYPATH_SOURCE_ROOT"));
	f->doc = json_load_file(sample, 0, NULL);
	*state = f;
	return f->doc ? 0 : -1;
}

static int end(void **state)
{
	struct fixture *f = *state;

	json_decref(f->doc);
	unlink(f->path);
	rmdir(f->folder); /* fails, and so is seen, if something else was left there */
	if (!access(f->folder, F_OK))
		return -1;
	free(f);
	return 0;
}

static char *read_all(const char *path)
{
	FILE *file = fopen(path, "r");
	struct stat st;
	char *text;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_int_equal(fread(text, 1, (size_t)st.st_size, file), st.st_size);
	fclose(file);
	return text;
}

static char *render(struct fixture *f, const json_t *doc)
{
	assert_int_equal(bp_report_html(doc, f->path), 0);
	return read_all(f->path);
}

/* Every element is closed where it should be, every attribute quoted, no character is bare. */
static void assert_well_formed(const char *text)
{
	char tags[TAGS_MAX][TAG_BYTES];
	unsigned depth = 0;

	for (text += strcspn(text, "\n"); (text = strchr(text, '<')); text++) {
		bool is_end = text[1] == '/', is_empty;
		size_t len, n_quotes = 0;
		const char *name = text + 1 + is_end, *stop = name;

		for (; *stop && (*stop != '>' || n_quotes % 2); stop++) {
			n_quotes += *stop == '"';
			assert_true(*stop != '<');
		}
		assert_true(*stop == '>' && isalpha((unsigned char)*name));
		is_empty = stop[-1] == '/';
		len = strcspn(name, " />\n");
		assert_true(len < TAG_BYTES);
		if (is_end) {
			assert_true(depth > 0);
			depth--;
			assert_int_equal(strncmp(tags[depth], name, len), 0);
			assert_int_equal(tags[depth][len], 0);
		} else if (!is_empty) {
			assert_true(depth < TAGS_MAX);
			snprintf(tags[depth++], TAG_BYTES, "%.*s", (int)len, name);
		}
		text = stop;
	}
	assert_int_equal(depth, 0);
}

static void assert_self_contained(const char *text)
{
	static const char *const forbidden[] = {
		"http:",   "https:",  "//",    " src=", " href=",
		"@import", "<script", "<link", "<img",  "<object"
	};

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		if (strstr(text, forbidden[i]))
			fail_msg("the page has %s", forbidden[i]);
	for (const char *at = text; (at = strstr(at, "url(")); at++)
		assert_int_equal(at[4], '#');
}

static char *escaped(const char *text)
{
	char *out = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&out, &len);

	bp_html_put(file, text);
	fclose(file);
	return out;
}

static void assert_has(const char *page, const char *text)
{
	char *wanted = escaped(text);

	if (!strstr(page, wanted))
		fail_msg("the page lacks «%s»", wanted);
	free(wanted);
}

static size_t n_of(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void every_row_appears(void **state)
{
	static const char *const keys[] = { "title", "reason", "fix", "mode", "sentence", "ini" };
	struct fixture *f = *state;
	char *page = render(f, f->doc), *table, *stop;
	const json_t *rows = json_object_get(f->doc, "rows"), *row;
	size_t i;

	assert_well_formed(page);
	assert_self_contained(page);
	json_array_foreach(rows, i,
			   row) for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]);
				     k++) if (json_is_string(json_object_get(row, keys[k])))
		assert_has(page, json_string_value(json_object_get(row, keys[k])));
	table = strstr(page, "aria-label=\"Throughput");
	assert_non_null(table);
	stop = strstr(table, "</table>");
	assert_non_null(stop);
	*stop = 0;
	assert_int_equal(n_of(table, "<th scope=\"row\">"), json_array_size(rows));
	free(page);
}

static void figures_are_the_documents(void **state)
{
	static const char *const expected[] = {
		">0.620<small>0.608 … 0.639</small>", /* Mpps of the bridge */
		">0.410<small>below 0.430</small>", /* its NDR */
		">2–3<small>modelled</small>", /* kernel copies of native AF_XDP */
		">48\xe2\x80\xafµs</td>",
		">812\xe2\x80\xaf"
		"345</td>",
		">4\xe2\x80\xaf"
		"700</td>",
		"bypath compare --sizes 64,1518 --rounds 3",
		">12\xe2\x80\xafµs<small>11.8\xe2\x80\xafµs … 12.9\xe2\x80\xafµs</small>", /* p50 */
		"no difference seen between bridge and af_xdp-native", /* the lead */
	};
	struct fixture *f = *state;
	char *page = render(f, f->doc);

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (!strstr(page, expected[i]))
			fail_msg("the page lacks «%s»", expected[i]);
	free(page);
}

/* All strings but those that decide what is shown become hostile. */
static void poison(json_t *value, const char *text)
{
	const char *key;
	json_t *child;
	size_t i;

	json_object_foreach(value, key, child)
	{
		if (json_is_string(child) && strcmp(key, "size"))
			json_string_set(child, text);
		poison(child, text);
	}
	json_array_foreach(value, i, child)
	{
		if (json_is_string(child))
			json_string_set(child, text);
		poison(child, text);
	}
}

static void hostile_strings_stay_text(void **state)
{
	struct fixture *f = *state;
	char *page, *wanted = escaped(hostile);

	poison(f->doc, hostile);
	page = render(f, f->doc);
	assert_well_formed(page);
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "<img"));
	assert_null(strstr(page, "<!--"));
	assert_null(strchr(page, '\x01'));
	assert_null(strstr(page, "\xe2\x80\xae"));
	assert_true(n_of(page, wanted) > 50);
	free(wanted);
	free(page);
}

static void hostile_sizes_stay_text(void **state)
{
	struct fixture *f = *state;
	json_t *row;
	char *page;
	size_t i;

	json_array_foreach(json_object_get(f->doc, "rows"), i, row)
		json_object_set_new(row, "size", json_string(hostile));
	page = render(f, f->doc);
	assert_well_formed(page);
	assert_null(strstr(page, "<script"));
	free(page);
}

/* Every value of the tree is in turn replaced by values of other types. */
static void warp(struct fixture *f, json_t *value)
{
	static const char *const others[] = { "null", "true",   "-1e308",
					      "0",    "1e-320", "\"<x>\"",
					      "[]",   "{}",     "[[1,{}],\"a\"]" };
	const char *key;
	json_t *child;
	size_t i;
	void *next;

	json_object_foreach_safe(value, next, key, child)
	{
		json_incref(child);
		for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
			char *page;

			json_object_set_new(value, key,
					    json_loads(others[i], JSON_DECODE_ANY, NULL));
			page = render(f, f->doc);
			assert_well_formed(page);
			assert_null(strstr(page, "nan%"));
			assert_null(strstr(page, "nan<"));
			assert_null(strstr(page, "inf%"));
			assert_null(strstr(page, "inf<"));
			free(page);
		}
		json_object_set_new(value, key, child);
		warp(f, child);
	}
	if (json_array_size(value) && json_is_object(json_array_get(value, 0)))
		warp(f, json_array_get(value, 0));
}

static void any_value_may_be_missing_or_odd(void **state)
{
	struct fixture *f = *state;
	json_t *rows = json_object_get(f->doc, "rows"), *few = json_array();

	/* One that ran, with hops and copies in doubt; one that could not. */
	json_array_append(few, json_array_get(rows, 1));
	json_array_append(few, json_array_get(rows, 3));
	json_object_set_new(f->doc, "rows", few);
	warp(f, f->doc);
}

static void empty_documents_say_so(void **state)
{
	static const char *const docs[] = { "{}", "{\"rows\": []}", "{\"rows\": 7}",
					    "{\"rows\": [1, null, \"x\", []]}" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(docs) / sizeof(docs[0]); i++) {
		json_t *doc = json_loads(docs[i], 0, NULL);
		char *page = render(f, doc);

		assert_well_formed(page);
		assert_has(page, "Nothing was measured");
		free(page);
		json_decref(doc);
	}
}

static void a_row_without_fields_is_not_measured(void **state)
{
	struct fixture *f = *state;
	json_t *doc = json_loads("{\"rows\": [{}]}", 0, NULL);
	char *page = render(f, doc);

	assert_well_formed(page);
	assert_has(page, "not measured");
	assert_has(page, "unnamed");
	free(page);
	json_decref(doc);
}

static void the_file_is_replaced_or_left(void **state)
{
	struct fixture *f = *state;
	FILE *file = fopen(f->path, "w");
	json_t *list = json_array();
	char *page;

	fputs("old", file);
	fclose(file);
	assert_int_equal(bp_report_html(list, f->path), -EINVAL);
	assert_int_equal(bp_report_html(NULL, f->path), -EINVAL);
	page = read_all(f->path);
	assert_string_equal(page, "old");
	free(page);
	page = render(f, f->doc);
	assert_int_equal(strncmp(page, "<!DOCTYPE html>", 15), 0);
	free(page);
	assert_int_equal(bp_report_html(f->doc, "/nonexistent/report.html"), -ENOENT);
	json_decref(list);
}

static void assert_text(void (*put)(FILE *out, double value), double value, const char *wanted)
{
	char text[64] = "";
	FILE *file = fmemopen(text, sizeof(text), "w");

	put(file, value);
	fclose(file);
	assert_string_equal(text, wanted);
}

static void figures_read_well(void **state)
{
	(void)state;
	assert_text(bp_html_sig, 0.62, "0.620");
	assert_text(bp_html_sig, 0.9996, "1.00");
	assert_text(bp_html_sig, 12.74, "12.7");
	assert_text(bp_html_sig, NAN, "–");
	assert_text(bp_html_count, 1234567,
		    "1\xe2\x80\xaf"
		    "234\xe2\x80\xaf"
		    "567");
	assert_text(bp_html_count, -17, "−17");
	assert_text(bp_html_ns, 999, "999\xe2\x80\xafns");
	assert_text(bp_html_ns, 1550, "1.55\xe2\x80\xafµs");
	assert_text(bp_html_ns, 999999, "1.00\xe2\x80\xafms");
	assert_text(bp_html_percent, 0.7616, "76.2\xe2\x80\xaf%");
	assert_text(bp_html_percent, 0.00005, "0.005\xe2\x80\xaf%");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_row_appears, begin, end),
		cmocka_unit_test_setup_teardown(figures_are_the_documents, begin, end),
		cmocka_unit_test_setup_teardown(hostile_strings_stay_text, begin, end),
		cmocka_unit_test_setup_teardown(hostile_sizes_stay_text, begin, end),
		cmocka_unit_test_setup_teardown(any_value_may_be_missing_or_odd, begin, end),
		cmocka_unit_test_setup_teardown(empty_documents_say_so, begin, end),
		cmocka_unit_test_setup_teardown(a_row_without_fields_is_not_measured, begin, end),
		cmocka_unit_test_setup_teardown(the_file_is_replaced_or_left, begin, end),
		cmocka_unit_test(figures_read_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
