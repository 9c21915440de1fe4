/* Checks the file that a document's page is: whole, and unmoved by whatever the document says. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char hostile[] = "</script></title><script>alert(1)</script>&amp;\"'><img src=x "
			      "onerror=alert(2)> \x01 \xe2\x80\xae ]]> --> <!-- @DOCUMENT@";

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

/* What stands in the page's element of that id, up to the next tag of any kind. */
static json_t *embedded(const char *page, const char *id)
{
	char tag[64];
	const char *at;

	snprintf(tag, sizeof(tag), "<script type=\"application/json\" id=\"%s\">", id);
	at = strstr(page, tag);
	assert_non_null(at);
	at += strlen(tag);
	return json_loadb(at, strcspn(at, "<"), 0, NULL);
}

static size_t n_of(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* Both as the program writes them: numbers have 12 digits. */
static void assert_same(const json_t *a, const json_t *b)
{
	char *text_a = json_dumps(a, JSON_SORT_KEYS | JSON_REAL_PRECISION(12));
	char *text_b = json_dumps(b, JSON_SORT_KEYS | JSON_REAL_PRECISION(12));

	assert_string_equal(text_a, text_b);
	free(text_a);
	free(text_b);
}

static void assert_holds(const struct fixture *f)
{
	char *page = read_all(f->path);
	json_t *doc = embedded(page, "document"), *views = embedded(page, "views");

	assert_int_equal(strncmp(page, "<!DOCTYPE html>", 15), 0);
	assert_same(doc, f->doc);
	assert_true(json_is_object(views));
	assert_int_equal(n_of(page, "<script"), 3);
	assert_int_equal(n_of(page, "</script"), 3);
	assert_null(strstr(page, "<!--"));
	assert_null(strstr(page, "<img"));
	assert_string_equal(page + strlen(page) - 8, "</html>\n");
	json_decref(doc);
	json_decref(views);
	free(page);
}

static void the_document_stands_in_the_page_as_it_is(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(bp_report_html(f->doc, f->path), 0);
	assert_holds(f);
}

/* All strings and a key of each object become hostile. */
static void poison(json_t *value)
{
	const char *key;
	json_t *child;
	size_t i;

	json_object_foreach(value, key, child) {
		if (json_is_string(child))
			json_string_set(child, hostile);
		poison(child);
	}
	json_array_foreach(value, i, child) {
		if (json_is_string(child))
			json_string_set(child, hostile);
		poison(child);
	}
	if (json_is_object(value))
		json_object_set_new(value, hostile, json_true());
}

static void hostile_strings_end_no_element(void **state)
{
	struct fixture *f = *state;

	poison(f->doc);
	assert_int_equal(bp_report_html(f->doc, f->path), 0);
	assert_holds(f);
}

static void empty_documents_make_a_page(void **state)
{
	struct fixture *f = *state;

	json_object_clear(f->doc);
	assert_int_equal(bp_report_html(f->doc, f->path), 0);
	assert_holds(f);
}

static void the_file_is_replaced_or_left(void **state)
{
	struct fixture *f = *state;
	FILE *file = fopen(f->path, "w");
	char *page;

	fputs("old", file);
	fclose(file);
	assert_int_equal(bp_report_html(json_object_get(f->doc, "rows"), f->path), -EINVAL);
	assert_int_equal(bp_report_html(NULL, f->path), -EINVAL);
	page = read_all(f->path);
	assert_string_equal(page, "old");
	free(page);
	assert_int_equal(bp_report_html(f->doc, f->path), 0);
	assert_holds(f);
	assert_int_equal(bp_report_html(f->doc, "/nonexistent/report.html"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_document_stands_in_the_page_as_it_is, begin,
						end),
		cmocka_unit_test_setup_teardown(hostile_strings_end_no_element, begin, end),
		cmocka_unit_test_setup_teardown(empty_documents_make_a_page, begin, end),
		cmocka_unit_test_setup_teardown(the_file_is_replaced_or_left, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
