/* A file of filter rules, line by line: each rule's action, with the text of its expression. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/filter_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLANKS    " \t\r"
#define MIRROR_TO "mirror:"
#define ALLOWED   "allowed: pass, drop, mirror:PORT"

static int refuse(struct bp_filter_fault *fault, size_t column, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct bp_filter_fault *fault, size_t column, const char *fmt, ...)
{
	va_list args;

	fault->column = (unsigned)column;
	va_start(args, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, args);
	va_end(args);
	return -EINVAL;
}

int bp_filter_reader_open(struct bp_filter_reader *reader, const char *path,
			  struct bp_filter_fault *fault)
{
	/* A pipe without a writer would block for good. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	struct stat st;
	FILE *file;

	if (fd < 0 || fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	file = err ? NULL : fdopen(fd, "r");
	if (file) {
		reader->file = file;
		reader->line = 0;
		return 0;
	}
	if (!err)
		err = -errno;
	if (fd >= 0)
		close(fd);
	refuse(fault, 0, "cannot be read: %s",
	       err == -EINVAL ? "it is no regular file" : strerror(-err));
	return err;
}

void bp_filter_reader_close(struct bp_filter_reader *reader)
{
	fclose(reader->file);
}

static bool is_text(int c)
{
	return c == '\t' || c == '\r' || (c >= ' ' && c <= '~');
}

/* c and the byte behind it begin the file: of UTF-8, UTF-16. */
static bool is_mark(struct bp_filter_reader *reader, int c)
{
	int next = getc_unlocked(reader->file);

	ungetc(next, reader->file);
	return (c == 0xef && next == 0xbb) || (c == 0xff && next == 0xfe) ||
	       (c == 0xfe && next == 0xff);
}

static int refuse_byte(struct bp_filter_reader *reader, struct bp_filter_fault *fault,
		       size_t column, int c)
{
	if (!reader->line && column == 1 && is_mark(reader, c))
		return refuse(fault, column,
			      "found a byte order mark: save the file as UTF-8 without one");
	return refuse(fault, column,
		      "found the byte 0x%02x, allowed: ASCII text; other bytes in comments only",
		      (unsigned)c);
}

/*
 * Read one line to its end, keep what stands before its comment. 1; 0 at the end of the file; -EINVAL with *fault,
 * where bytes are no text.
 */
static int read_line(struct bp_filter_reader *reader, struct bp_filter_fault *fault)
{
	bool is_comment = false, has_return = false;
	size_t len = 0, column = 0;
	int c, status = 1;

	while ((c = getc_unlocked(reader->file)) != EOF && c != '\n') {
		column++;
		if (status < 0)
			continue;
		/* As all line ends of a file of old: its comment would take every rule. */
		if (has_return)
			status = refuse(fault, column - 1,
					"found a carriage return within the line, allowed: at its "
					"end; save the file with the line ends of Unix");
		has_return = c == '\r';
		is_comment |= c == '#';
		if (is_comment || status < 0)
			continue;
		if (!is_text(c))
			status = refuse_byte(reader, fault, len + 1, c);
		else if (len == BP_FILTER_LINE_BYTES)
			status =
				refuse(fault, len + 1,
				       "found a longer line, allowed: %u bytes; make several rules "
				       "of it",
				       BP_FILTER_LINE_BYTES);
		else
			reader->text[len++] = (char)c;
	}
	reader->text[len] = '\0';
	if (c == EOF && !len && status > 0 && !is_comment)
		return 0;
	reader->line++;
	return status;
}

static int parse_action(struct bp_filter_line *line, const char *word, size_t n_chars,
			size_t column, struct bp_filter_fault *fault)
{
	const size_t prefix = strlen(MIRROR_TO);

	if (n_chars == 4 && !strncmp(word, "pass", n_chars)) {
		line->action = BP_FILTER_PASS;
		return 0;
	}
	if (n_chars == 4 && !strncmp(word, "drop", n_chars)) {
		line->action = BP_FILTER_DROP;
		return 0;
	}
	if (n_chars <= prefix || strncmp(word, MIRROR_TO, prefix))
		return refuse(fault, column, "found '%.*s', " ALLOWED,
			      n_chars < 80 ? (int)n_chars : 80, word);
	line->action = BP_FILTER_MIRROR;
	line->port = word + prefix;
	line->n_port_chars = n_chars - prefix;
	line->port_column = (unsigned)(column + prefix);
	return 0;
}

/* The rule of reader->text, which begins at *rule. */
static int parse_line(struct bp_filter_reader *reader, char *rule, struct bp_filter_line *line,
		      struct bp_filter_fault *fault)
{
	size_t n_word = strcspn(rule, BLANKS), len = strlen(rule);
	char *expression = rule + n_word;
	struct bp_filter_line found = { .text = rule };
	int err = parse_action(&found, rule, n_word, (size_t)(rule - reader->text) + 1, fault);

	if (err)
		return err;
	while (len > n_word && strchr(BLANKS, rule[len - 1]))
		rule[--len] = '\0';
	expression += strspn(expression, BLANKS);
	found.expression = expression;
	found.column = (unsigned)(expression - reader->text) + 1;
	*line = found;
	return 1;
}

int bp_filter_reader_next(struct bp_filter_reader *reader, struct bp_filter_line *line,
			  struct bp_filter_fault *fault)
{
	for (;;) {
		int got = read_line(reader, fault), err = errno;
		char *rule = reader->text + strspn(reader->text, BLANKS);

		if (ferror(reader->file)) {
			refuse(fault, 0, "cannot be read on: %s", strerror(err));
			return err > 0 && err != EINVAL ? -err : -EIO;
		}
		if (got <= 0)
			return got;
		if (*rule)
			return parse_line(reader, rule, line, fault);
	}
}
