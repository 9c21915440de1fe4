/* Log lines on standard error. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LOG_H
#define BYPATH_LOG_H

#include <stdarg.h>
#include <stdio.h>

enum bp_log_level { BP_LOG_ERROR, BP_LOG_WARN, BP_LOG_INFO, BP_LOG_DEBUG };

/*
 * Print one line "bypath: LEVEL: TEXT" to standard error if level is enabled. Any thread; one
 * write per line, which blocks on the reader before bp_log_start_thread(). Never on the packet path.
 * Log once, where cause and name are known: object, action, reason, what to do.
 */
void bp_log(enum bp_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Print what a library says through its log callback, as one line without its line ends. args is
 * used up. Any thread; never on the packet path. Returns the bytes of the text.
 */
int bp_log_library(enum bp_log_level level, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

/*
 * From now on a thread writes what is logged, so that a reader of standard error that stops reading
 * stops nobody else: lines that find its buffer full are lost, and a line in their place says how
 * many. What is buffered is written before exit(), unless the reader takes nothing for 2 s. A forked
 * child logs directly again. Control thread, before others start; does not block; 0 or -errno, 0
 * without effect when it runs already.
 */
int bp_log_start_thread(void);

/*
 * Standard error for whole texts, by the same thread: write one, then fflush(). Control thread only. Without
 * bp_log_start_thread() it is stderr. The stream stays the log's.
 */
FILE *bp_log_stream(void);

/* Wait until what was logged is written, or its reader has taken nothing for 2 s. Control thread. */
void bp_log_flush(void);

/* Set the most detailed level that is printed (default BP_LOG_INFO). Before threads start. */
void bp_log_set_level(enum bp_log_level level);

#endif
