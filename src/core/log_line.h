/* A message as a line: text, JSON, logfmt, or what the journal's thread reads. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_LOG_LINE_H
#define BYPATH_CORE_LOG_LINE_H

#include "bypath/log.h"

#include <stddef.h>
#include <time.h>

enum bp_log_form {
	BP_LOG_PLAIN, /* bypath: warning: TEXT */
	BP_LOG_STAMPED, /* 2026-11-29T06:40:01.123+00:00 bypath: warning: TEXT */
	BP_LOG_PRIORITY, /* <4>bypath: warning: TEXT, see sd-daemon(3) */
	BP_LOG_AS_JSON, /* {"time":…,"level":"warning","message":…,"port":"wan"} */
	BP_LOG_AS_LOGFMT, /* time=… level=warning message="…" port=wan */
	BP_LOG_JOURNAL, /* {"PRIORITY":"4","MESSAGE":…,"BYPATH_PORT":"wan"}, the journal's fields */
};

#define BP_LOG_STAMP_BYTES 40u
#define BP_LOG_FIELDS_MAX  16u

struct bp_log_record {
	const struct bp_log_place *place; /* NULL: none */
	enum bp_log_level level;
	struct timespec time; /* of CLOCK_REALTIME */
	const char *text;
	/* BP_LOG_FIELDS_MAX at most. */
	unsigned n_fields;
	struct bp_log_field fields[BP_LOG_FIELDS_MAX];
};

/* "error", "warning", "info", "debug". */
const char *bp_log_level_name(enum bp_log_level level);

/* The time as ISO 8601 in the zone of the process: 2026-11-29T06:40:01.123+00:00. Returns stamp. */
const char *bp_log_stamp(const struct timespec *time, char stamp[BP_LOG_STAMP_BYTES]);

/* Put '?' for control characters (but tabs; of line ends, blanks) and for what is no UTF-8. */
void bp_log_clean(char *text);

/* The line, with its end; *n: its bytes. The caller frees it; NULL: no memory. Any thread. */
char *bp_log_line(const struct bp_log_record *record, enum bp_log_form form, size_t *n);

/* A line of text (one of the first three forms) into a buffer, cut where it does not fit; text is clean. Returns its bytes.
 * Needs no memory. */
size_t bp_log_text_line(const struct bp_log_record *record, enum bp_log_form form, char *line,
			size_t line_bytes);

#endif
