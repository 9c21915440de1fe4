/* What a function said of itself, an object of any form, as rows for a table. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/rows.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ELEMENTS_MAX 16u /* of a list: the rest is counted */
#define DEPTH_MAX    4u
#define NAME_BYTES   96u

static void append_text(json_t *rows, const char *what, const char *text)
{
	json_array_append_new(rows, json_pack("{s:s, s:s}", "what", what, "text", text));
}

/* A text of what is neither a list nor an object. */
static const char *text_of(const json_t *value, char *text, size_t n_bytes)
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_integer(value))
		snprintf(text, n_bytes, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		snprintf(text, n_bytes, "%.6g", json_real_value(value));
	else
		snprintf(text, n_bytes, "%s",
			 json_is_true(value)    ? "yes"
			 : json_is_false(value) ? "no"
						: "-");
	return text;
}

/* On one line: "a, b", "line 3, hits 5". False: not what lies deeper than depth. */
static bool put_line(FILE *out, const json_t *value, unsigned depth)
{
	bool is_whole = true;
	unsigned n = 0;
	char number[32];
	const char *name;
	json_t *member;
	size_t i;

	if (!json_is_object(value) && !json_is_array(value)) {
		fputs(text_of(value, number, sizeof(number)), out);
		return true;
	}
	if (!depth)
		return false;
	json_array_foreach(value, i, member) {
		fputs(n++ ? ", " : "", out);
		is_whole &= put_line(out, member, depth - 1);
	}
	json_object_foreach((json_t *)(uintptr_t)value, name, member) {
		fprintf(out, "%s%s ", n++ ? ", " : "", name);
		is_whole &= put_line(out, member, depth - 1);
	}
	return is_whole;
}

static void append_line(json_t *rows, const char *what, const json_t *value)
{
	char *text = NULL;
	size_t n_bytes;
	FILE *out = open_memstream(&text, &n_bytes);

	if (!out)
		return;
	if (!put_line(out, value, DEPTH_MAX))
		fputs(" (more of it in the JSON document)", out);
	if (!fclose(out))
		append_text(rows, what, text);
	free(text);
}

static void append_list(json_t *rows, const char *what, const json_t *list)
{
	char name[NAME_BYTES], text[64];
	const json_t *element;
	size_t i;

	json_array_foreach(list, i, element) {
		if (i == ELEMENTS_MAX)
			break;
		snprintf(name, sizeof(name), "%.80s %zu", what, i + 1);
		append_line(rows, name, element);
	}
	if (json_array_size(list) <= ELEMENTS_MAX)
		return;
	snprintf(text, sizeof(text), "%zu more, in the JSON document",
		 json_array_size(list) - ELEMENTS_MAX);
	append_text(rows, what, text);
}

static bool has_parts(const json_t *list)
{
	const json_t *element;
	size_t i;

	json_array_foreach(list, i, element)
		if (json_is_object(element) || json_is_array(element))
			return true;
	return false;
}

static void append_all(json_t *rows, const char *prefix, const json_t *object, unsigned depth)
{
	char what[NAME_BYTES], text[32];
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		if (snprintf(what, sizeof(what), "%s%s%s", prefix, *prefix ? " " : "", name) >=
		    (int)sizeof(what))
			continue; /* the document has it: no key of ours is that long */
		if (json_is_object(value) && depth)
			append_all(rows, what, value, depth - 1);
		else if (has_parts(value) || json_array_size(value) > ELEMENTS_MAX)
			append_list(rows, what, value);
		else if (json_is_array(value) || json_is_object(value))
			append_line(rows, what, value);
		else if (json_is_integer(value))
			json_array_append_new(
				rows, json_pack("{s:s, s:O}", "what", what, "value", value));
		else if (!json_is_null(value))
			append_text(rows, what, text_of(value, text, sizeof(text)));
	}
}

json_t *bp_rows_function_state(const json_t *doc)
{
	json_t *rows = json_array();

	append_all(rows, "", doc, DEPTH_MAX);
	return rows;
}
