/* Log lines on standard error, one write each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static enum bp_log_level max_level = BP_LOG_INFO; /* set before threads start */

void bp_log_set_level(enum bp_log_level level)
{
	max_level = level;
}

void bp_log(enum bp_log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char line[1024];
	va_list args;
	int len;

	if (level > max_level)
		return;
	len = snprintf(line, sizeof(line), "bypath: %s: ", names[level]);
	va_start(args, fmt);
	len += vsnprintf(line + len, sizeof(line) - (size_t)len, fmt, args);
	va_end(args);
	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return; /* nowhere left to say it */
}
