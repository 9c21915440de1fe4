/* Finds out whether the journal is behind a descriptor. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/log_journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

bool bp_journal_is_behind(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;
	char end;

	return stream && sscanf(stream, "%llu:%llu%c", &dev, &ino, &end) == 2 && !fstat(fd, &st) &&
	       st.st_dev == dev && st.st_ino == ino;
}
