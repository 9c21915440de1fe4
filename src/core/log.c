/* Log lines on standard error, one write each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/log.h"

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

int bp_log_library(enum bp_log_level level, const char *fmt, va_list args)
{
	char text[512] = "";
	int len = vsnprintf(text, sizeof(text), fmt, args);

	if (len >= (int)sizeof(text))
		len = (int)sizeof(text) - 1;
	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	bp_log(level, "%s", text);
	return len;
}
