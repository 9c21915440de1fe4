/* Log lines on standard error. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LOG_H
#define BYPATH_LOG_H

#include <stdarg.h>

enum bp_log_level { BP_LOG_ERROR, BP_LOG_WARN, BP_LOG_INFO, BP_LOG_DEBUG };

/*
 * Print one line "bypath: LEVEL: TEXT" to standard error if level is enabled. Any thread; one
 * write per line. Never on the packet path. Log once, where cause and name are known:
 * object, action, reason, what to do.
 */
void bp_log(enum bp_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Print what a library says through its log callback, as one line without its line ends. args is
 * used up. Any thread; never on the packet path. Returns the bytes of the text.
 */
int bp_log_library(enum bp_log_level level, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Set the most detailed level that is printed (default BP_LOG_INFO). Before threads start. */
void bp_log_set_level(enum bp_log_level level);

#endif
