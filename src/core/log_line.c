/* Makes lines of messages. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/log_line.h"

#include "core/json.h"
#include "core/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define JSON_FLAGS   (JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12))
#define NUMBER_BYTES 40u
#define EXACT        9007199254740992.0 /* 2^53: integers below are exact */

const char *bp_log_level_name(enum bp_log_level level)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	return names[level];
}

/* syslog(3): LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG. */
static unsigned priority_of(enum bp_log_level level)
{
	static const unsigned char priorities[] = { 3, 4, 6, 7 };

	return priorities[level];
}

const char *bp_log_stamp(const struct timespec *time, char stamp[BP_LOG_STAMP_BYTES])
{
	char date[24], zone[8];
	struct tm tm;
	size_t n;

	localtime_r(&time->tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	n = strftime(zone, sizeof(zone), "%z", &tm); /* +0100 */
	if (n < 5)
		zone[0] = '\0';
	snprintf(stamp, BP_LOG_STAMP_BYTES, "%s.%03u%.3s%s%.2s", date,
		 (unsigned)(time->tv_nsec / 1000000) % 1000u, zone, zone[0] ? ":" : "Z",
		 zone[0] ? zone + 3 : "");
	return stamp;
}

/* U+0080 … U+009F are control characters as well: terminals take U+009B for ESC [. */
static bool is_control(const unsigned char *s, size_t n)
{
	return n == 1 ? (*s < 0x20 && *s != '\t') || *s == 0x7f : s[0] == 0xc2 && s[1] < 0xa0;
}

void bp_log_clean(char *text)
{
	while (*text) {
		size_t n = bp_utf8_bytes(text);

		if (!n || is_control((unsigned char *)text, n)) {
			n = n ? n : 1;
			memset(text, *text == '\n' ? ' ' : '?', n);
		}
		text += n;
	}
}

/* ---- text ------------------------------------------------------------------------------------ */

size_t bp_log_text_line(const struct bp_log_record *record, enum bp_log_form form, char *line,
			size_t line_bytes)
{
	char head[BP_LOG_STAMP_BYTES + 2] = "", stamp[BP_LOG_STAMP_BYTES];
	int n;

	if (form == BP_LOG_STAMPED)
		snprintf(head, sizeof(head), "%s ", bp_log_stamp(&record->time, stamp));
	else if (form == BP_LOG_PRIORITY)
		snprintf(head, sizeof(head), "<%u>", priority_of(record->level));
	n = snprintf(line, line_bytes, "%sbypath: %s: %s", head, bp_log_level_name(record->level),
		     record->text);
	if (n > (int)line_bytes - 2)
		n = (int)line_bytes - 2;
	line[n] = '\n';
	return (size_t)n + 1;
}

static char *text_line(const struct bp_log_record *record, enum bp_log_form form, size_t *n)
{
	size_t line_bytes = strlen(record->text) + BP_LOG_STAMP_BYTES + 32;
	char *line = malloc(line_bytes);

	if (line) {
		*n = bp_log_text_line(record, form, line, line_bytes);
		line[*n] = '\0';
	}
	return line;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static bool is_integer(double v)
{
	return v == floor(v) && fabs(v) < EXACT;
}

static json_t *json_number(double v)
{
	if (!isfinite(v))
		return json_null();
	return is_integer(v) ? json_integer((json_int_t)v) : json_real(v);
}

/* "watch.c": what stands in front depends on where it was built. */
static const char *file_of(const struct bp_log_place *place)
{
	const char *slash = strrchr(place->file, '/');

	return slash ? slash + 1 : place->file;
}

static json_t *to_json(const struct bp_log_record *record)
{
	char stamp[BP_LOG_STAMP_BYTES], source[128];
	json_t *root = json_object();

	json_object_set_new(root, "time", json_string(bp_log_stamp(&record->time, stamp)));
	json_object_set_new(root, "level", json_string(bp_log_level_name(record->level)));
	json_object_set_new(root, "message", bp_json_text(record->text));
	for (unsigned i = 0; i < record->n_fields; i++) {
		const struct bp_log_field *field = &record->fields[i];

		json_object_set_new(root, field->name,
				    field->text ? bp_json_text(field->text)
						: json_number(field->number));
	}
	if (record->place) {
		snprintf(source, sizeof(source), "%s:%d", file_of(record->place),
			 record->place->line);
		json_object_set_new(root, "source", json_string(source));
	}
	return root;
}

static const char *number_text(double v, char text[NUMBER_BYTES])
{
	snprintf(text, NUMBER_BYTES, is_integer(v) ? "%.0f" : "%.12g", v);
	return text;
}

/* A field of ours: BYPATH_ and its name in capitals. */
static void add_own(json_t *root, const struct bp_log_field *field)
{
	char number[NUMBER_BYTES], name[64];

	snprintf(name, sizeof(name), "BYPATH_%s", field->name);
	for (char *c = name; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	json_object_set_new(
		root, name,
		bp_json_text(field->text ? field->text : number_text(field->number, number)));
}

/* The journal's fields: systemd.journal-fields(7); ours begin with BYPATH_. */
static json_t *to_journal(const struct bp_log_record *record)
{
	char text[NUMBER_BYTES];
	json_t *root = json_object();

	json_object_set_new(root, "MESSAGE", bp_json_text(record->text));
	snprintf(text, sizeof(text), "%u", priority_of(record->level));
	json_object_set_new(root, "PRIORITY", json_string(text));
	json_object_set_new(root, "SYSLOG_IDENTIFIER", json_string("bypath"));
	for (unsigned i = 0; i < record->n_fields; i++)
		add_own(root, &record->fields[i]);
	if (record->place) {
		json_object_set_new(root, "CODE_FILE", json_string(file_of(record->place)));
		snprintf(text, sizeof(text), "%d", record->place->line);
		json_object_set_new(root, "CODE_LINE", json_string(text));
		json_object_set_new(root, "CODE_FUNC", json_string(record->place->function));
	}
	return root;
}

/* The object as a line; it is given up. */
static char *json_line(json_t *root, size_t *n)
{
	char *line = bp_json_line(root, JSON_FLAGS, n);

	json_decref(root);
	return line;
}

/* ---- logfmt ---------------------------------------------------------------------------------- */

/* A word as it is; else in quotes, with Go's escapes, which its readers know. */
static void put_value(FILE *out, const char *text)
{
	static const char specials[] = " \"\\=\t\n";

	if (*text && !strpbrk(text, specials)) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '\t')
			fputs("\\t", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

/* As bp_log_clean(), but line ends stay: they are written as \n. */
static void put_clean(FILE *out, const char *text)
{
	char *copy = strdup(text), *rest = copy;

	while (rest) { /* line by line */
		char *end = strchr(rest, '\n');

		if (end)
			*end = '\0';
		bp_log_clean(rest);
		if (end)
			*end = '\n';
		rest = end ? end + 1 : NULL;
	}
	put_value(out, copy ? copy : "?");
	free(copy);
}

static char *logfmt_line(const struct bp_log_record *record, size_t *n)
{
	char stamp[BP_LOG_STAMP_BYTES], number[NUMBER_BYTES], *line = NULL;
	FILE *out = open_memstream(&line, n);

	if (!out)
		return NULL;
	fprintf(out, "time=%s level=%s message=", bp_log_stamp(&record->time, stamp),
		bp_log_level_name(record->level));
	put_clean(out, record->text);
	for (unsigned i = 0; i < record->n_fields; i++) {
		const struct bp_log_field *field = &record->fields[i];

		fprintf(out, " %s=", field->name);
		put_clean(out, field->text ? field->text : number_text(field->number, number));
	}
	if (record->place)
		fprintf(out, " source=%s:%d", file_of(record->place), record->place->line);
	fputc('\n', out);
	if (fclose(out)) {
		free(line);
		return NULL;
	}
	return line;
}

char *bp_log_line(const struct bp_log_record *record, enum bp_log_form form, size_t *n)
{
	switch (form) {
	case BP_LOG_AS_JSON:
		return json_line(to_json(record), n);
	case BP_LOG_JOURNAL:
		return json_line(to_journal(record), n);
	case BP_LOG_AS_LOGFMT:
		return logfmt_line(record, n);
	default:
		return text_line(record, form, n);
	}
}
