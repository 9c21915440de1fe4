/* Makes text out of a document by a template. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/template.h"

#include "core/json.h"
#include "core/utf8.h"

#include "report/view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES 64u
#define RANGE     "–"
#define SAME      0.005 /* ends of a range that print alike */

/* A text that grows. When memory lacks, the rest is left out. */
struct text {
	char *s;
	size_t n, room;
};

static void put_bytes(struct text *text, const char *s, size_t n)
{
	if (text->n + n + 1 > text->room) {
		size_t room = 2 * text->room + n + 64;
		char *grown = realloc(text->s, room);

		if (!grown)
			return;
		text->s = grown;
		text->room = room;
	}
	memcpy(text->s + text->n, s, n);
	text->n += n;
	text->s[text->n] = '\0';
}

static void put(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *fmt, ...)
{
	char number[352]; /* the longest double has 309 digits before its point */
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(number, sizeof(number), fmt, args);
	va_end(args);
	put_bytes(text, number, n > 0 ? (size_t)n : 0);
}

/* A value's text: what it says may come from anybody, and goes to a terminal. */
static void put_plain(struct text *text, const char *s)
{
	while (*s) {
		size_t n_control = bp_utf8_control_bytes(s);
		const char *begin = s;

		if (n_control) {
			put_bytes(text, *s == '\n' || *s == '\t' ? " " : "?", 1);
			s += n_control;
			continue;
		}
		while (*s && !bp_utf8_control_bytes(s))
			s++;
		put_bytes(text, begin, (size_t)(s - begin));
	}
}

/* ---- values ---------------------------------------------------------------------------------- */

const json_t *bp_template_find(const struct bp_scope *scope, const char *path, size_t n)
{
	const json_t *from = scope->row;

	if (n && strchr("^/@.", *path)) {
		from = *path == '^'   ? scope->outer
		       : *path == '/' ? scope->document
		       : *path == '@' ? scope->key
				      : scope->row;
		path++;
		n--;
	}
	return bp_json_at_n(from, path, n);
}

static bool is_true(const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_OBJECT:
		return json_object_size(value) > 0;
	case JSON_ARRAY:
		return json_array_size(value) > 0;
	case JSON_STRING:
		return *json_string_value(value) != '\0';
	case JSON_INTEGER:
		return json_integer_value(value) != 0;
	case JSON_REAL:
		return json_real_value(value) < 0 || json_real_value(value) > 0;
	default:
		return json_is_true(value);
	}
}

static bool is_word(const json_t *value, const char *word)
{
	if (json_is_string(value))
		return strcmp(json_string_value(value), word) == 0;
	return json_is_integer(value) && json_integer_value(value) == strtoll(word, NULL, 10);
}

static void put_commas(struct text *text, const json_t *value)
{
	char digits[352];
	int n = json_is_integer(value)
			? snprintf(digits, sizeof(digits), "%lld",
				   (long long)json_integer_value(value))
			: snprintf(digits, sizeof(digits), "%.0f", json_number_value(value));

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0 && digits[i - 1] != '-')
			put_bytes(text, ",", 1);
		put_bytes(text, &digits[i], 1);
	}
}

static bool is_whole(double number)
{
	return fabs(number - round(number)) <= SAME;
}

static bool put_range(struct text *text, const json_t *value)
{
	double lo = json_number_value(json_object_get(value, "lo"));
	double hi = json_number_value(json_object_get(value, "hi"));

	if (!json_is_object(value))
		return false;
	if (hi - lo > SAME)
		put(text, "%.*f" RANGE "%.*f", is_whole(lo) ? 0 : 1, lo, is_whole(hi) ? 0 : 1, hi);
	else
		put(text, "%.*f", is_whole(hi) ? 0 : 2, hi);
	return true;
}

/* ".3M" and the like: decimals, then a letter for what to divide by. */
static void put_scaled(struct text *text, double value, const char *format)
{
	int decimals = format[1] - '0';

	switch (format[2]) {
	case 'k':
		put(text, "%.*f", decimals, value / 1e3);
		break;
	case 'M':
		put(text, "%.*f", decimals, value / 1e6);
		break;
	case 'G':
		put(text, "%.*f", decimals, value / 1e9);
		break;
	case 'u':
		put(text, "%.*f", decimals, value * 1e6);
		break;
	case '%':
		put(text, "%.*f %%", decimals, 100 * value);
		break;
	default:
		put(text, "%.*f", decimals, value);
	}
}

/* "2 MiB", "4 KiB". */
static void put_size(struct text *text, double bytes)
{
	double mib = bytes / 1048576;
	bool is_mib = mib >= 1 && mib <= floor(mib);

	put(text, "%.0f %s", is_mib ? mib : floor(bytes / 1024), is_mib ? "MiB" : "KiB");
}

/* "a, b"; "a; b" as ";". */
static bool put_list(struct text *text, const json_t *list, const char *format)
{
	const json_t *element;
	size_t i;

	json_array_foreach(list, i, element) {
		if (!json_is_string(element))
			return false;
		put_bytes(text, *format == ';' ? "; " : ", ", i ? 2 : 0);
		put_plain(text, json_string_value(element));
	}
	return json_array_size(list) > 0;
}

static bool put_number(struct text *text, const json_t *value, const char *format)
{
	double number = json_number_value(value);

	if (strcmp(format, "+") == 0 && !is_true(value))
		return false;
	if (strcmp(format, ",") == 0 || strcmp(format, "+") == 0)
		put_commas(text, value);
	else if (strcmp(format, "g%") == 0)
		put(text, "%.4g %%", 100 * number);
	else if (strcmp(format, "~") == 0)
		put(text, "%.*f", number < 100 ? 3 : 0, number);
	else if (strcmp(format, "B") == 0)
		put_size(text, number);
	else if (*format == '.')
		put_scaled(text, number, format);
	else if (json_is_integer(value))
		put(text, "%lld", (long long)json_integer_value(value));
	else
		put(text, "%g", number);
	return true;
}

static bool put_value(struct text *text, const json_t *value, const char *format)
{
	if (json_is_string(value)) {
		put_plain(text, json_string_value(value));
		return json_string_length(value) > 0;
	}
	if (strcmp(format, RANGE) == 0)
		return put_range(text, value);
	if (strcmp(format, "#") == 0)
		put(text, "%zu", json_array_size(value));
	else if (json_is_array(value))
		return put_list(text, value, format);
	else
		return json_is_number(value) && put_number(text, value, format);
	return true;
}

/* ---- templates ------------------------------------------------------------------------------- */

/* Print what a field, the text between braces, stands for. */
static bool put_field(struct text *text, const char *field, size_t n, const struct bp_scope *scope)
{
	bool is_question = *field == '?' || *field == '!';
	const char *path = field + is_question, *end = field + n, *sign = path;
	const json_t *value;
	char word[KEY_BYTES];

	while (sign < end && !strchr(":=!", *sign))
		sign++;
	value = bp_template_find(scope, path, (size_t)(sign - path));
	if (is_question)
		return is_true(value) == (*field == '?');
	snprintf(word, sizeof(word), "%.*s", sign < end ? (int)(end - sign - 1) : 0, sign + 1);
	if (sign < end && *sign != ':')
		return is_word(value, word) == (*sign == '=');
	return put_value(text, value, word);
}

static bool put_alternatives(struct text *text, const char **at, const struct bp_scope *scope);

/* What stands in "<path:…>", for each element of the array. */
static void put_each(struct text *text, const char **at, const struct bp_scope *scope)
{
	size_t n = strcspn(*at, ":>"), i, kept;
	const json_t *list = bp_template_find(scope, *at, n), *element;
	struct bp_scope inner = { scope->document, scope->row, NULL, NULL };
	const char *body = *at + n + ((*at)[n] == ':');

	json_array_foreach(list, i, element) {
		inner.row = element;
		*at = body;
		put_alternatives(text, at, &inner);
	}
	/* Once more, of nothing: the way to the end of the body, also where the array is empty. */
	inner.row = NULL;
	*at = body;
	kept = text->n;
	put_alternatives(text, at, &inner);
	text->n = kept;
}

/* Up to the end of an alternative. */
static bool put_sequence(struct text *text, const char **at, const struct bp_scope *scope)
{
	bool holds = true;

	while (**at && !strchr("|]>", **at)) {
		size_t n = strcspn(*at, "{[<|]>\\");

		put_bytes(text, *at, n);
		*at += n;
		if (**at == '\\') {
			put_bytes(text, *at + 1, (*at)[1] != '\0');
			*at += 1 + ((*at)[1] != '\0');
		} else if (**at == '{') {
			n = strcspn(*at, "}");
			holds &= put_field(text, *at + 1, n - 1, scope);
			*at += n + ((*at)[n] == '}');
		} else if (**at == '[') {
			++*at;
			put_alternatives(text, at, scope);
			*at += **at == ']';
		} else if (**at == '<') {
			++*at;
			put_each(text, at, scope);
			*at += **at == '>';
		}
	}
	return holds;
}

/* Up to the end of a template or bracket; keeps the first alternative that holds. */
static bool put_alternatives(struct text *text, const char **at, const struct bp_scope *scope)
{
	size_t kept = text->n;
	bool is_found = false;

	for (;; ++*at) {
		if (put_sequence(text, at, scope) && !is_found) {
			is_found = true;
			kept = text->n;
		}
		text->n = kept;
		if (**at != '|')
			break;
	}
	if (text->s)
		text->s[text->n] = '\0';
	return is_found;
}

char *bp_template_text(const char *template, const struct bp_scope *scope)
{
	struct text text = { 0 };

	put_bytes(&text, "", 0);
	if (put_alternatives(&text, &template, scope))
		return text.s;
	free(text.s);
	return NULL;
}

bool bp_template_holds(const char *template, const struct bp_scope *scope)
{
	char *text = template ? bp_template_text(template, scope) : NULL;

	free(text);
	return !template || text;
}
