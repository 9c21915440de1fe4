/* Text in columns: widths of UTF-8 strings, which printf's %-20s counts in bytes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_COLUMNS_H
#define BYPATH_CORE_COLUMNS_H

#include <stdio.h>
#include <string.h>

/* Columns that a UTF-8 string of narrow characters takes: one per character. */
static inline unsigned bp_columns(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static inline void bp_put_n(FILE *out, const char *s, unsigned n)
{
	while (n--)
		fputs(s, out);
}

/* Print s, then blanks up to `columns`. A longer string is printed whole, with one blank. */
static inline void bp_put_left(FILE *out, const char *s, unsigned columns)
{
	unsigned n = bp_columns(s);

	fputs(s, out);
	bp_put_n(out, " ", n < columns ? columns - n : 1);
}

/* Print blanks, then s, so that it ends at `columns`. */
static inline void bp_put_right(FILE *out, const char *s, unsigned columns)
{
	unsigned n = bp_columns(s);

	bp_put_n(out, " ", n < columns ? columns - n : 0);
	fputs(s, out);
}

/*
 * Print text from column `at` on, broken at blanks so that no line passes `columns`; later lines
 * start at `indent`. Ends with a newline.
 */
static inline void bp_put_wrapped(FILE *out, const char *text, unsigned at, unsigned indent,
				  unsigned columns)
{
	while (*text) {
		size_t len = strcspn(text, " ");
		unsigned width = 0;

		for (size_t i = 0; i < len; i++)
			width += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (at > indent && at + 1 + width > columns) {
			fputc('\n', out);
			bp_put_n(out, " ", indent);
			at = indent;
		} else if (at > indent) {
			fputc(' ', out);
			at++;
		}
		fwrite(text, 1, len, out);
		at += width;
		text += len + strspn(text + len, " ");
	}
	fputc('\n', out);
}

#endif
