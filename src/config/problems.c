/* Collects the errors of one configuration. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/problems.h"

#include "config/spelling.h"
#include "core/utf8.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEMS_MAX 500u

void bp_problems_init(struct bp_problems *problems, const char *path)
{
	*problems = (struct bp_problems){ .path = path };
}

void bp_problems_free(struct bp_problems *problems)
{
	for (size_t i = 0; i < problems->n; i++)
		free(problems->v[i].text);
	free(problems->v);
	*problems = (struct bp_problems){ .path = problems->path };
}

static bool make_room(struct bp_problems *problems)
{
	size_t n_room = problems->n_room ? 2 * problems->n_room : 16;
	struct bp_problem *v;

	if (problems->n < problems->n_room)
		return true;
	if (problems->n >= PROBLEMS_MAX)
		return false;
	v = reallocarray(problems->v, n_room, sizeof(*v));
	if (!v)
		return false;
	problems->v = v;
	problems->n_room = n_room;
	return true;
}

/* Make "FILE:LINE: [section] key: ". */
static int print_place(const struct bp_problems *problems, struct bp_where where,
		       const char *section, const char *key, char **place)
{
	char file[32] = "";
	const char *head = where.set ? "--set " : problems->path;

	if (!where.set && where.line)
		snprintf(file, sizeof(file), ":%u", where.line);
	return asprintf(place, "%s%s: %s%s%s%s%s%s", head, where.set ? where.set : file,
			section ? "[" : "", section ? section : "", section ? "]" : "",
			key ? " " : "", key ? key : "", section || key ? ": " : "");
}

void bp_problem(struct bp_problems *problems, struct bp_where where, const char *section,
		const char *key, const char *fmt, ...)
{
	char *place = NULL, *sentence = NULL, *text = NULL;
	va_list args;
	int rc;

	if (!make_room(problems)) {
		problems->is_cut = true;
		return;
	}
	va_start(args, fmt);
	rc = vasprintf(&sentence, fmt, args);
	va_end(args);
	if (rc < 0 || print_place(problems, where, section, key, &place) < 0 ||
	    asprintf(&text, "%s%s", place, sentence) < 0)
		problems->is_cut = true;
	else
		problems->v[problems->n++] = (struct bp_problem){ where, text };
	if (rc >= 0) {
		free(sentence);
		free(place);
	}
}

/* Orders problems: lines, then the file as a whole, then overrides. */
static unsigned rank(const struct bp_problem *problem)
{
	if (problem->where.set)
		return UINT_MAX;
	return problem->where.line ? problem->where.line : UINT_MAX - 1;
}

/* By insertion, which is stable: problems of one place keep the order in which they were found. */
static void sort_problems(struct bp_problems *problems)
{
	for (size_t i = 1; i < problems->n; i++) {
		struct bp_problem moving = problems->v[i];
		size_t to = i;

		for (; to && rank(&problems->v[to - 1]) > rank(&moving); to--)
			problems->v[to] = problems->v[to - 1];
		problems->v[to] = moving;
	}
}

/* Append text, with '?' for what is not printable UTF-8. Returns the new length. */
static size_t append_clean(char *out, size_t out_bytes, size_t len, const char *text)
{
	while (*text) {
		size_t n = bp_utf8_bytes(text);
		bool is_clean = n && !(n == 1 && ((unsigned char)*text < ' ' || *text == 0x7f));

		if (!n)
			n = 1;
		if (len + n >= out_bytes)
			break;
		for (size_t i = 0; i < n; i++)
			out[len + i] = is_clean ? text[i] : '?';
		len += n;
		text += n;
	}
	out[len] = '\0';
	return len;
}

static size_t append_line(char *out, size_t out_bytes, size_t len, const char *text)
{
	len = append_clean(out, out_bytes, len, text);
	if (len + 1 < out_bytes) {
		out[len++] = '\n';
		out[len] = '\0';
	}
	return len;
}

void bp_problems_print(struct bp_problems *problems, char *out, size_t out_bytes)
{
	size_t len = 0;

	out[0] = '\0';
	sort_problems(problems);
	for (size_t i = 0; i < problems->n; i++)
		len = append_line(out, out_bytes, len, problems->v[i].text);
	if (problems->is_cut)
		append_line(out, out_bytes, len, "… and more errors that are not shown");
}
