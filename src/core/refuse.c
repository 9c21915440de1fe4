/* Says why something is not done. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/refuse.h"

#include <stdarg.h>
#include <stdio.h>

int bp_refuse(char *why, size_t why_bytes, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, why_bytes, fmt, args);
	va_end(args);
	return err;
}
