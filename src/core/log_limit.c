/* Counts what message sites repeat. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/log_limit.h"

#include <stdio.h>
#include <string.h>

static bool is_over(const struct bp_limit_row *row, uint64_t now_ns)
{
	return now_ns >= row->begin_ns && now_ns - row->begin_ns >= BP_LIMIT_NS;
}

/* Two messages that differ in their level only are of two sites: neither hides the other. */
static bool is_same(const struct bp_limit_site *a, const struct bp_limit_site *b)
{
	return a->place.line == b->place.line && a->level == b->level &&
	       a->place.file == b->place.file && !strcmp(a->subject, b->subject);
}

/* The site's row, or the one to use for it: a free one, else one that is over, else the oldest. */
static struct bp_limit_row *find_row(struct bp_limits *limits, const struct bp_limit_site *site,
				     bool *is_known)
{
	struct bp_limit_row *oldest = NULL;

	for (unsigned i = 0; i < BP_LIMIT_SITES; i++) {
		struct bp_limit_row *row = &limits->rows[i];

		*is_known = row->n_passed && is_same(&row->site, site);
		if (*is_known)
			return row;
		if (!oldest || !row->n_passed ||
		    (oldest->n_passed && row->begin_ns < oldest->begin_ns))
			oldest = row;
	}
	return oldest;
}

bool bp_limit_pass(struct bp_limits *limits, const struct bp_limit_site *site, const char *text,
		   uint64_t now_ns, struct bp_limit_row *over)
{
	bool is_known;
	struct bp_limit_row *row = find_row(limits, site, &is_known);

	over->n_left_out = 0;
	if (!is_known || is_over(row, now_ns)) {
		*over = *row;
		*row = (struct bp_limit_row){ .site = *site, .begin_ns = now_ns };
	}
	if (row->n_passed < BP_LIMIT_MESSAGES) {
		row->n_passed++;
		return true;
	}
	if (!row->n_left_out++)
		snprintf(row->text, sizeof(row->text), "%s", text);
	return false;
}

bool bp_limit_take(struct bp_limits *limits, uint64_t now_ns, struct bp_limit_row *over)
{
	for (unsigned i = 0; i < BP_LIMIT_SITES; i++) {
		struct bp_limit_row *row = &limits->rows[i];

		if (!row->n_left_out || !is_over(row, now_ns))
			continue;
		*over = *row;
		*row = (struct bp_limit_row){ .n_passed = 0 };
		return true;
	}
	return false;
}
