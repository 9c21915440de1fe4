/* Checks what templates and tables make of documents. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/template.h"
#include "report/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
	json_t *document = json_loads(text, 0, NULL);

	assert_non_null(document);
	return document;
}

static const char row_text[] =
	"{'n': 1234567, 'zero': 0, 'minus': -1234567, 'x': 0.0625, 'big': 1e19, 'name': 'wan', "
	"'empty': '', 'none': null, 'yes': true, 'no': false, 'list': [10, 20], 'words': ['a', 'b'], "
	"'copies': {'lo': 1, 'hi': 2}, 'one': {'lo': 1.0, 'hi': 1.0}, 'half': {'lo': 0.5, 'hi': 0.5}, "
	"'ns': 1500, 'bytes': 2097152, 'odd': 'a\\u001b[2J\\nb\\u009bc\\u007fé', 'odds': ['\\u0007', 'd'], "
	"'huge': {'lo': 1e30, 'hi': 1e30}}";

/* The row, with its quotes made double. */
static json_t *make_row(void)
{
	char text[sizeof(row_text)];

	memcpy(text, row_text, sizeof(text));
	for (char *s = text; *s; s++)
		*s = *s == '\'' ? '"' : *s;
	return parse(text);
}

static void a_template_makes_text(void **state)
{
	static const struct {
		const char *template, *text; /* NULL: it does not hold */
	} cases[] = {
		{ "plain", "plain" },
		/* Whoever wrote it, a value moves no cursor. */
		{ "{odd}", "a?[2J b?c?é" },
		{ "{odds}", "?, d" },
		{ "{name}: {n}", "wan: 1234567" },
		{ "{n:,} {minus:,} {zero:,}", "1,234,567 -1,234,567 0" },
		{ "{big:,}", "10,000,000,000,000,000,000" },
		{ "{x:.3} {x:.1%} {x:g%} {x}", "0.062 6.2 % 6.25 % 0.0625" },
		{ "{n:+}", "1,234,567" },
		{ "{zero:+}", NULL },
		{ "{words}", "a, b" },
		{ "{n:.3M} {ns:.1k}", "1.235 1.5" },
		{ "{x:~} {n:~}", "0.062 1234567" },
		{ "{bytes:B} {ns:B}", "2 MiB 1 KiB" },
		{ "{copies:–} {one:–} {half:–}", "1–2 1 0.50" },
		{ "{huge:–}", "1000000000000000019884624838656" },
		{ "{list.1} {copies.hi} {list:#}", "20 2 2" },
		{ "{x:.0u}", "62500" },
		{ "{empty}", NULL },
		{ "{none}", NULL },
		{ "{absent.deeper}", NULL },
		{ "{name:–}", "wan" },
		{ "{n:–}", NULL },
		{ "{none}|{name}", "wan" },
		{ "{none}|{absent}|fallback", "fallback" },
		{ "a[ {none}]b[ {name}]", "ab wan" },
		{ "[{none}|{name}]!", "wan!" },
		{ "{?yes}{?n}on", "on" },
		{ "{?zero}on|{?no}on|{?empty}on|off", "off" },
		{ "{!zero}{!none}{!absent}off", "off" },
		{ "{name=wan}{name!lan}{n=1234567}x", "x" },
		{ "{name=lan}x", NULL },
		{ "{absent!lan}x", "x" },
		{ "section \\[memory\\]", "section [memory]" },
		{ "<list: {.}>", " 10 20" },
		{ "<list:{.=20}twenty>!", "twenty!" },
		{ "<list:{^name}{.=10}|other> <words:{.}>", "wanother ab" },
		{ "<none:{.}>none<absent:[a|b]>|never", "none" },
		{ "a\\<b\\>", "a<b>" },
		{ "{@}", "7" },
		{ "{^name} {/name}", "outer top" },
	};
	json_t *row = make_row(), *key = json_integer(7);
	json_t *outer = parse("{\"name\": \"outer\"}"), *top = parse("{\"name\": \"top\"}");
	struct bp_scope scope = { top, outer, row, key };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = bp_template_text(cases[i].template, &scope);

		if (!text != !cases[i].text || (text && strcmp(text, cases[i].text)))
			fail_msg("%s: %s", cases[i].template, text ? text : "does not hold");
		assert_int_equal(bp_template_holds(cases[i].template, &scope), text != NULL);
		free(text);
	}
	json_decref(row);
	json_decref(key);
	json_decref(outer);
	json_decref(top);
}

static void a_torn_template_ends(void **state)
{
	static const char *const torn[] = { "{", "{n",    "[",      "[{n}", "]",
					    "|", "\\",    "{}",     "{:}",  "{?}",
					    "<", "<list", "<list:", ">",    "<list:[" };
	json_t *row = make_row();
	struct bp_scope scope = { row, row, row, NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(torn) / sizeof(torn[0]); i++)
		free(bp_template_text(torn[i], &scope));
	json_decref(row);
}

static const struct bp_column columns[] = {
	{ .heading = "port", .cell = "{^name}", .align = 'l', .width = 6, .help = "its name" },
	{ .heading = "what", .cell = "{@}", .align = 'l' },
	{ .heading = "n", .cell = "{.:,}|{n:,}", .provenance = "counted" },
	{ .heading = "node", .cell = "x", .needs = "{/nodes}" },
};
static const struct bp_view view = {
	.name = "counters",
	.title = "COUNTERS of {box}",
	.rows = "ports",
	.nested = "rows,sum,drops.*",
	.needs = "{?.}",
	.columns = columns,
	.n_columns = 4,
};

static json_t *make_document(void)
{
	return parse(
		"{\"box\": \"b\", \"ports\": [{\"name\": \"µplink-zero\", \"rows\": [{\"n\": 1}, {\"n\": "
		"2}], \"sum\": {\"n\": 3}, \"drops\": {\"full\": 12345, \"gone\": 0}}, {\"name\": "
		"\"b\", \"rows\": [], \"sum\": null}]}");
}

static void nested_rows_stand_in_the_order_of_their_paths(void **state)
{
	static const char *const cells[][3] = {
		{ "µplin…", "1", "1" },
		{ "µplin…", "2", "2" },
		{ "µplin…", "sum", "3" },
		{ "µplin…", "full", "12,345" },
	};
	json_t *document = make_document(), *table = bp_view_json(&view, document);
	const json_t *rows = json_object_get(table, "rows");
	const char *title, *help, *heading;

	(void)state;
	assert_int_equal(json_unpack(table, "{s:s, s:[{s:s, s:s}]}", "title", &title, "columns",
				     "heading", &heading, "help", &help),
			 0);
	assert_string_equal(title, "COUNTERS of b");
	assert_string_equal(help, "its name");
	assert_int_equal(json_array_size(json_object_get(table, "columns")), 3); /* without node */
	assert_int_equal(json_array_size(rows), 4);
	for (size_t i = 0; i < 4; i++)
		for (size_t c = 0; c < 3; c++)
			assert_string_equal(
				json_string_value(json_array_get(json_array_get(rows, i), c)),
				cells[i][c]);
	json_decref(table);
	json_decref(document);
}

static char *printed(const json_t *document)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	bp_view_print(out, document);
	fclose(out);
	return text;
}

/* Blocks, their rows with numbers of the whole array, stops on both sides, lines broken at the text's width. */
static void a_path_is_drawn_hop_by_hop(void **state)
{
	json_t *hop =
		parse("{\"side\": \"rx\", \"modelled\": true, \"from\": \"device\", \"to\": "
		      "\"kernel\", \"mover\": \"DMA\", \"place\": \"page\", \"why\": \"it "
		      "writes\", \"source\": \"s.c\", \"kernel_copies\": {\"value\": {\"lo\": 0, "
		      "\"hi\": 1}}, \"system_call\": {\"name\": \"poll\", \"per\": \"idle\"}}");
	json_t *document = parse(
		"{\"schema\": \"bypath.explain/1\", \"file\": \"f\", \"engine\": "
		"{\"mode\": \"io\"}, \"ports\": [], \"path_groups\": [{\"in\": \"a\", "
		"\"outs\": [\"b\"], \"via\": [], \"modelled\": null, \"same_as\": null, \"hops\": "
		"[0, {\"side\": \"tx\", \"modelled\": false, \"why\": \"no row\"}]}]}");
	char *text;

	(void)state;
	json_array_set_new(
		json_object_get(json_array_get(json_object_get(document, "path_groups"), 0),
				"hops"),
		0, hop);
	text = printed(document);
	if (!strstr(text, "\n   device ─0–1K▸ kernel ┃bypath┃ ─?▸ ?\n") ||
	    !strstr(text,
		    "\n   1  device → kernel   DMA                                           "
		    "    0–1 K   0 (poll if idle)\n                        page · it writes · "
		    "s.c\n  ──  bypath, mode io: passes the view on, touches no byte\n   2  ?        "
		    "         not modelled                                          ?   ?\n            "
		    "            no row\n") ||
	    !strstr(text, "no sum is given\n"))
		fail_msg("%s", text);
	free(text);
	json_decref(document);
}

/* A document of every kind, with nothing in it but its schema. */
static void an_empty_document_prints_no_figure(void **state)
{
	(void)state;
	for (const struct bp_text *const *text = bp_texts; *text; text++) {
		json_t *document = json_pack("{s:s}", "schema", (*text)->schema);
		char *text_of_it = printed(document);

		assert_null(strpbrk(text_of_it, "{}0123456789"));
		free(text_of_it);
		json_decref(document);
	}
}

/* Brackets and braces of a template close. */
static void check_form(const char *template)
{
	int depth = 0;

	for (const char *s = template ? template : ""; *s; s++) {
		if (*s == '\\')
			s++;
		else if (*s == '{')
			s += strcspn(s, "}");
		else
			depth += (*s == '[' || *s == '<') - (*s == ']' || *s == '>');
		if (!*s || depth < 0 || depth > 3)
			fail_msg("%s", template);
	}
	assert_int_equal(depth, 0);
}

static void check_parts(const struct bp_part *parts, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct bp_view *v = parts[i].view;

		check_form(parts[i].line);
		check_form(parts[i].needs);
		check_form(v ? v->title : NULL);
		check_form(v ? v->needs : NULL);
		for (unsigned c = 0; v && c < v->n_columns; c++)
			check_form(v->columns[c].cell);
		check_parts(parts[i].parts, parts[i].n_parts);
	}
}

static void every_template_of_every_text_is_closed(void **state)
{
	(void)state;
	for (const struct bp_text *const *text = bp_texts; *text; text++)
		check_parts((*text)->parts, (*text)->n_parts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_makes_text),
		cmocka_unit_test(a_torn_template_ends),
		cmocka_unit_test(nested_rows_stand_in_the_order_of_their_paths),
		cmocka_unit_test(a_path_is_drawn_hop_by_hop),
		cmocka_unit_test(an_empty_document_prints_no_figure),
		cmocka_unit_test(every_template_of_every_text_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
