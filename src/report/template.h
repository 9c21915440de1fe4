/* Templates that make text out of a document; report/view.h has their language. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_TEMPLATE_H
#define BYPATH_REPORT_TEMPLATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Where paths begin. All may be NULL. */
struct bp_scope {
	const json_t *document; /* "/" */
	const json_t *outer; /* "^" */
	const json_t *row;
	json_t *key; /* "@" */
};

/* What is at a path of so many bytes, or NULL. Pure. */
const json_t *bp_template_find(const struct bp_scope *scope, const char *path, size_t n);

/* The text, the caller's to free; NULL where no alternative of the template holds. */
char *bp_template_text(const char *template, const struct bp_scope *scope);

/* Does an alternative of the template hold? NULL holds always. */
bool bp_template_holds(const char *template, const struct bp_scope *scope);

#endif
