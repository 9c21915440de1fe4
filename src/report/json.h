/* Documents written as JSON. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_JSON_H
#define BYPATH_REPORT_JSON_H

#include <jansson.h>
#include <stdio.h>

/*
 * Write a document to a file, as bp_file_replace() does, then let go of it; NULL is -ENOMEM. Any thread;
 * blocks on the file. 0, or -errno (logged, with what to do).
 */
int bp_json_write(json_t *document, const char *path);

/* The same to a stream, which is flushed. 0, -ENOMEM or -EIO. */
int bp_json_print(FILE *out, json_t *document);

#endif
