/* Says why something is not done. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_REFUSE_H
#define BYPATH_CORE_REFUSE_H

#include <stddef.h>

/* Put a sentence into why, cut at why_bytes; no argument behind fmt lies there. Returns err, so that who refuses does it in one
 * line. Any thread. */
int bp_refuse(char *why, size_t why_bytes, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
