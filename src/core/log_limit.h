/* How often one message site may repeat itself. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_LOG_LIMIT_H
#define BYPATH_CORE_LOG_LIMIT_H

#include "bypath/config.h"
#include "bypath/log.h"

#include <stdint.h>

/* Of a site about one subject, the first BP_LIMIT_MESSAGES of BP_LIMIT_NS pass; the others are counted. */
#define BP_LIMIT_MESSAGES   10u
#define BP_LIMIT_NS         5000000000u
#define BP_LIMIT_SITES      1024u /* 62 ports and 32 functions with ten messages each */
#define BP_LIMIT_TEXT_BYTES 256u

/* Who says something: the message's place, and what it is about ("" for nothing). */
struct bp_limit_site {
	struct bp_log_place place;
	enum bp_log_level level;
	const char *kind; /* static; "port" and the like; NULL: no subject */
	char subject[BP_NAME_BYTES];
};

/* A site in its time. */
struct bp_limit_row {
	struct bp_limit_site site;
	uint64_t begin_ns;
	unsigned n_passed;
	uint64_t n_left_out;
	char text[BP_LIMIT_TEXT_BYTES]; /* of the first that was left out */
	/* log_limit.c's: rows + 1, 0 ends a list. The next of its bucket; its neighbours in the order of use. */
	uint16_t next, older, newer;
};

/* Zeroed at the start. Belongs to whoever holds its owner's lock. */
struct bp_limits {
	struct bp_limit_row rows[BP_LIMIT_SITES];
	uint16_t buckets[2 * BP_LIMIT_SITES]; /* the first row of each + 1 */
	uint16_t oldest, newest, n_used; /* of rows: the last two + 1 */
};

/*
 * May a message be logged at now_ns (monotonic)? Before it, what *over tells of must be said, if its n_left_out is above 0: of
 * the same site's time before, or, where the table is full, of the site that has been silent for longest, which gives its row
 * up. A site without a row passes: a full table lets more through, never less. Pure but for limits.
 */
bool bp_limit_pass(struct bp_limits *limits, const struct bp_limit_site *site, const char *text,
		   uint64_t now_ns, struct bp_limit_row *over);

/* Take out a site that has left something out, and whose time is over at now_ns (UINT64_MAX: any). false: there is none. */
bool bp_limit_take(struct bp_limits *limits, uint64_t now_ns, struct bp_limit_row *over);

#endif
