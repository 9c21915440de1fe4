/* A text for standard output, printed when it is whole. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_PAGE_H
#define BYPATH_CLI_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct bp_conf;

struct bp_cli_page {
	FILE *file; /* to write to, between open and print */
	char *text;
	size_t n_bytes;
	bool is_for_log; /* standard output carries a capture */
};

/* Control thread; does not block. 0 or -ENOMEM. */
int bp_cli_page_open(struct bp_cli_page *page);

/* Where the pages of this command go, with a line if it is standard error, not standard output: there a
 * port of conf writes its capture. Control thread. */
bool bp_cli_page_is_for_log(const struct bp_conf *conf);

/*
 * Print the page behind what was logged until now, and free it. Control thread; waits for a reader that
 * takes nothing, but once SIGINT or SIGTERM is pending (blocked) no longer than 2 s. 0, or -errno
 * (logged) when it was not printed whole.
 */
int bp_cli_page_print(struct bp_cli_page *page);

/*
 * Read a document of an earlier run: schema is the one that it must have, what names its kind ("comparison").
 * Blocks on the file. A new reference, or NULL (logged, with what to do).
 */
json_t *bp_cli_read_document(const char *path, const char *schema, const char *what);

/*
 * Print a document as such a page, unless has_text is false, and write it to json_path, unless that is NULL;
 * the document's reference is taken over. Control thread; waits for readers as bp_cli_page_print(). An exit
 * code (what failed is logged).
 */
int bp_cli_report(json_t *document, bool has_text, bool is_for_log, const char *json_path);

#endif
