/* A file of filter rules, line by line: each rule's action, with the text of its expression. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FUNCTIONS_FILTER_LINES_H
#define BYPATH_FUNCTIONS_FILTER_LINES_H

#include <stdint.h>
#include <stdio.h>

/* libpcap takes time by the cube of an expression's length: 0.04 s for one of so many bytes, 1.7 s for four times that. */
#define BP_FILTER_LINE_BYTES  1024u
#define BP_FILTER_FAULT_BYTES 384u

enum bp_filter_action { BP_FILTER_PASS, BP_FILTER_DROP, BP_FILTER_MIRROR };

/* Texts lie in the reader, up to the next line. Columns count bytes from 1. */
struct bp_filter_line {
	enum bp_filter_action action;
	const char *port; /* MIRROR: its name, not empty, which ends after n_port_chars */
	size_t n_port_chars;
	unsigned port_column;
	const char *expression; /* without blanks and comment around it; may be empty */
	unsigned column; /* where it begins, or would */
	const char *text; /* the whole rule, likewise */
};

/* What is wrong with a line. */
struct bp_filter_fault {
	unsigned column;
	char text[BP_FILTER_FAULT_BYTES];
};

struct bp_filter_reader {
	FILE *file;
	unsigned line; /* number of the line that was read last, from 1 */
	char text[BP_FILTER_LINE_BYTES + 1]; /* of it, its comment taken away */
};

/* Open a file, which must be a regular one. 0; or -errno with the reason in fault->text, reader untouched. */
int bp_filter_reader_open(struct bp_filter_reader *reader, const char *path,
			  struct bp_filter_fault *fault);
void bp_filter_reader_close(struct bp_filter_reader *reader);

/*
 * Go to the next line that has a rule. Returns 1 with the rule in *line; 0 at the end; -EINVAL with *fault: the line
 * is no rule, and the next call goes on behind it; another -errno with *fault: the file cannot be read on. What is
 * not told stays untouched. Blocks on the file.
 */
int bp_filter_reader_next(struct bp_filter_reader *reader, struct bp_filter_line *line,
			  struct bp_filter_fault *fault);

#endif
