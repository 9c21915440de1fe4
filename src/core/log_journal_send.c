/* Sends messages to the journal by libsystemd. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/log_journal.h"

#include "core/log_line.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define FIELDS_MAX (BP_LOG_FIELDS_MAX + 8u)
#define LINE_BYTES 262144u /* as much as the log's buffer holds */

bool bp_journal_is_native(void)
{
	return true;
}

/* "NAME=value" as a vector, whose memory is the caller's. false: no memory. */
static bool add_field(struct iovec *field, const char *name, const char *value)
{
	char *text = NULL;
	int n = asprintf(&text, "%s=%s", name, value);

	*field = (struct iovec){ text, n < 0 ? 0 : (size_t)n };
	return n >= 0;
}

static int send_object(json_t *root)
{
	struct iovec fields[FIELDS_MAX];
	const char *name;
	json_t *value;
	int n = 0, rc;

	json_object_foreach(root, name, value)
		if (n < (int)FIELDS_MAX && json_is_string(value) &&
		    add_field(&fields[n], name, json_string_value(value)))
			n++;
	rc = sd_journal_sendv(fields, n);
	while (n)
		free(fields[--n].iov_base);
	return rc;
}

/* What the journal's socket does not take goes where the messages of other programs go: standard error, which is a stream of
 * the journal. 0, or -errno. */
static int write_plainly(int fd, const json_t *root)
{
	const char *priority = json_string_value(json_object_get(root, "PRIORITY"));

	return dprintf(fd, "<%s>bypath: %s\n", priority ? priority : "4",
		       json_string_value(json_object_get(root, "MESSAGE"))) < 0
		       ? -errno
		       : 0;
}

/* 0, or -errno. */
static int send_line(int fd, const char *line, size_t n)
{
	json_t *root = json_loadb(line, n, 0, NULL);
	int rc;

	if (!json_is_object(root)) {
		json_decref(root);
		root = json_pack("{s:s, s:s%}", "SYSLOG_IDENTIFIER", "bypath", "MESSAGE", line, n);
	}
	rc = root ? send_object(root) : -ENOMEM;
	if (root && rc < 0)
		rc = write_plainly(fd, root);
	json_decref(root);
	return rc;
}

ssize_t bp_journal_write(int fd, const char *text, size_t n)
{
	static char line[LINE_BYTES]; /* the thread's: a line that came in pieces, up to here */
	static size_t n_line;
	int err = 0;

	for (const char *rest = text; rest < text + n;) {
		const char *end = memchr(rest, '\n', (size_t)(text + n - rest));
		size_t n_rest = (size_t)((end ? end : text + n) - rest);
		size_t n_taken = n_rest < LINE_BYTES - n_line ? n_rest : LINE_BYTES - n_line;

		memcpy(line + n_line, rest, n_taken);
		n_line += n_taken;
		rest += n_rest + (end != NULL);
		if (!end)
			continue;
		if (n_line) {
			int rc = send_line(fd, line, n_line);

			err = rc < 0 ? rc : err;
		}
		n_line = 0;
	}
	return err ? err : (ssize_t)n;
}
