/* Log lines on standard error. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LOG_H
#define BYPATH_LOG_H

enum bp_log_level { BP_LOG_ERROR, BP_LOG_WARN, BP_LOG_INFO, BP_LOG_DEBUG };

/*
 * Print one line "bypath: LEVEL: TEXT" to standard error if level is enabled. Any thread; one
 * write per line. Never on the packet path. Log once, where cause and name are known:
 * object, action, reason, what to do.
 */
void bp_log(enum bp_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Set the most detailed level that is printed (default BP_LOG_INFO). Before threads start. */
void bp_log_set_level(enum bp_log_level level);

#endif
