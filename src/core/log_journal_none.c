/* Without libsystemd: the journal gets lines with their priority in front. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/log_journal.h"

#include <errno.h>

bool bp_journal_is_native(void)
{
	return false;
}

ssize_t bp_journal_write(int fd, const char *text, size_t n)
{
	(void)fd;
	(void)text;
	(void)n;
	return -ENOTSUP;
}
