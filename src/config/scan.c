/* Scans the lines of an INI file. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/scan.h"

#include "config/spelling.h"
#include "core/utf8.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_EXTRA "_-."

struct scan {
	struct bp_problems *problems;
	struct bp_ini *ini;
	struct bp_where where; /* the line in hand */
	char section[BP_INI_LINE_BYTES + 1]; /* empty: none yet */
	bool skip_keys; /* the last header was refused: the keys below it are left out */
};

static void complain(struct scan *scan, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void complain(struct scan *scan, const char *key, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	scan->ini->has_nonsense = true;
	bp_problem(scan->problems, scan->where, scan->section[0] && key ? scan->section : NULL, key,
		   "%s", text);
}

static char *skip_blanks(char *text)
{
	while (*text == ' ' || *text == '\t')
		text++;
	return text;
}

static void strip_tail(char *text)
{
	size_t len = strlen(text);

	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		text[--len] = '\0';
}

/* Lower the case, as iniparser would without a word. Returns whether anything changed. */
static bool lower_case(char *text)
{
	bool is_changed = false;

	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z') {
			*text = (char)(*text - 'A' + 'a');
			is_changed = true;
		}
	return is_changed;
}

/* Keep the setting, or say why it cannot be kept. */
static void keep_item(struct scan *scan, const char *key)
{
	if (!bp_ini_add(scan->ini, scan->section, key, NULL, scan->where))
		complain(scan, key, "too many settings (at most %u in one file): split the file",
			 BP_INI_ITEMS_MAX);
}

/* Each of the scan_ functions returns whether iniparser gets the line. */

static bool scan_header(struct scan *scan, char *line)
{
	char *end = strchr(line, ']'), *name = line + 1;
	const struct bp_ini_item *first;
	char found[64];

	scan->skip_keys = true;
	scan->section[0] = '\0';
	if (!end) {
		complain(scan, NULL, "found '%.60s', a section without ']': close it", line);
		return false;
	}
	if (end[1]) {
		complain(scan, NULL,
			 "found '%.60s' after ']': put the comment on a line of its own", end + 1);
		return false;
	}
	*end = '\0';
	snprintf(found, sizeof(found), "%.60s", name);
	if (lower_case(name))
		complain(scan, NULL, "found '[%s]', allowed: lower case; did you mean '[%.60s]'?",
			 found, name);
	if (!bp_is_name(name, NAME_EXTRA)) {
		complain(scan, NULL, "found '[%s]', allowed in a section's name: a-z 0-9 . _ -",
			 found);
		return false;
	}
	first = bp_ini_find(scan->ini, name, NULL);
	scan->skip_keys = false;
	snprintf(scan->section, sizeof(scan->section), "%s", name);
	if (first)
		complain(scan, NULL, "section [%.60s] is there already in line %u: join the two",
			 name, first->where.line);
	else
		keep_item(scan, NULL);
	return true;
}

/* A quote must end, and nothing but a comment may follow: iniparser would take the quotes for text. */
static bool check_quoted(struct scan *scan, const char *key, char *text)
{
	char *end = strchr(text + 1, *text);
	char *rest;

	if (!end) {
		complain(scan, key, "found '%.60s', a quote without its end: close it with %c",
			 text, *text);
		return false;
	}
	rest = skip_blanks(end + 1);
	if (!*rest || *rest == ';' || *rest == '#')
		return true;
	complain(scan, key,
		 "found '%.60s' after the closing quote, where only a comment is allowed", rest);
	return false;
}

/* iniparser would cut a value at ; or # without a word, also without a blank before it. */
static bool check_plain(struct scan *scan, const char *key, char *text)
{
	char *comment = strpbrk(text, ";#");

	if (!comment || comment == text || comment[-1] == ' ' || comment[-1] == '\t')
		return true;
	complain(scan, key,
		 "found '%.60s': '%c' begins a comment and would cut the value: put the "
		 "value in quotes, or a blank before the comment",
		 text, *comment);
	return false;
}

/* Check a key's name, and lower its case. */
static bool check_key(struct scan *scan, char *key)
{
	char found[64];

	snprintf(found, sizeof(found), "%.60s", key);
	if (!*key) {
		complain(scan, NULL, "found a '=' without a key before it");
		return false;
	}
	if (lower_case(key))
		complain(scan, key, "found '%s', allowed: lower case; did you mean '%.60s'?", found,
			 key);
	if (!bp_is_name(key, NAME_EXTRA)) {
		complain(scan, NULL, "found '%s', allowed in a key's name: a-z 0-9 . _ -", found);
		return false;
	}
	return true;
}

static bool scan_setting(struct scan *scan, char *line)
{
	char *equals = strchr(line, '='), *value;
	const struct bp_ini_item *first;

	if (!equals) {
		complain(scan, NULL, "found '%.60s', allowed: [section], key = value, or ; comment",
			 line);
		return false;
	}
	*equals = '\0';
	strip_tail(line);
	if (!check_key(scan, line) || scan->skip_keys)
		return false;
	if (!scan->section[0]) {
		complain(scan, NULL,
			 "key '%.60s' comes before any section: put it below its "
			 "[section]",
			 line);
		return false;
	}
	value = skip_blanks(equals + 1);
	if (!(*value == '"' || *value == '\'' ? check_quoted(scan, line, value)
					      : check_plain(scan, line, value)))
		return false;
	first = bp_ini_find(scan->ini, scan->section, line);
	if (first)
		complain(scan, line, "is there already in line %u: delete one of the two",
			 first->where.line);
	else
		keep_item(scan, line);
	return !first;
}

/* Refuse what iniparser cannot read even in a comment. */
static bool check_raw_line(struct scan *scan, const char *line, size_t len)
{
	if (len > BP_INI_LINE_BYTES)
		complain(scan, NULL, "found a line of %zu bytes, allowed: up to %u: shorten it",
			 len, BP_INI_LINE_BYTES);
	else if (memchr(line, '\0', len))
		complain(scan, NULL, "found a zero byte: this is not a text file");
	else if (len >= 3 && scan->where.line == 1 && !memcmp(line, "\xef\xbb\xbf", 3))
		complain(scan, NULL, "found a byte order mark: save the file as UTF-8 without one");
	else
		return true;
	return false;
}

static bool has_control(const char *line)
{
	for (; *line; line++)
		if (iscntrl((unsigned char)*line) && *line != '\t')
			return true;
	return false;
}

static bool scan_line(struct scan *scan, const char *raw, size_t len)
{
	char buffer[BP_INI_LINE_BYTES + 1];
	char *line;

	if (!check_raw_line(scan, raw, len))
		return false;
	memcpy(buffer, raw, len);
	buffer[len] = '\0';
	if (len && buffer[len - 1] == '\r')
		buffer[len - 1] = '\0';
	strip_tail(buffer);
	line = skip_blanks(buffer);
	if (*line && line[strlen(line) - 1] == '\\') {
		complain(scan, NULL,
			 "found '\\' at the end, which would swallow the next line: "
			 "write all on one line, or put the value in quotes");
		return false;
	}
	if (has_control(line)) {
		complain(scan, NULL, "found a control character: use blanks and line feeds only");
		return false;
	}
	if (*line == '[')
		return scan_header(scan, line);
	if (*line && *line != ';' && *line != '#')
		return scan_setting(scan, line);
	return true;
}

void bp_ini_scan(char *bytes, size_t n_bytes, struct bp_problems *problems, struct bp_ini *ini)
{
	struct scan scan = { .problems = problems, .ini = ini };

	while (n_bytes) {
		const char *end = memchr(bytes, '\n', n_bytes);
		size_t len = end ? (size_t)(end - bytes) : n_bytes;

		scan.where.line++;
		/* A line that is too long for iniparser would be so with blanks as well. */
		if (!scan_line(&scan, bytes, len))
			memset(bytes, len > BP_INI_LINE_BYTES ? '\n' : ' ', len);
		len += end != NULL;
		bytes += len;
		n_bytes -= len;
	}
}
