/* systemd's journal as the place where messages go. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_LOG_JOURNAL_H
#define BYPATH_CORE_LOG_JOURNAL_H

#include <stdbool.h>
#include <sys/types.h>

/* Does fd lead into the journal: is it the stream that JOURNAL_STREAM (systemd.exec(5)) names? Any thread. */
bool bp_journal_is_behind(int fd);

/* Was this built with what sends to it? Where not, a line's priority is all that the journal gets. */
bool bp_journal_is_native(void);

/*
 * Send whole lines of BP_LOG_JOURNAL form, each a message with its fields; one that is longer than a piece may come in
 * several. What is none is a message of its own. One thread; blocks while the journal takes nothing. Returns n; -errno
 * of a message that it did not take.
 */
ssize_t bp_journal_write(int fd, const char *text, size_t n);

#endif
