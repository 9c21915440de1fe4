/* Report files that are replaced as a whole or not at all. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_FILE_H
#define BYPATH_REPORT_FILE_H

#include <stdio.h>

/* Writes the contents. 0, or -errno; what stdio itself failed to write is noticed by the caller. */
typedef int (*bp_file_fn)(FILE *out, const void *arg);

/*
 * Call write with a new file beside path, then rename that over it: readers see the old file or the
 * whole new one. A symbolic link stays: the file that it leads to is replaced. The very file that
 * standard output or error goes to (/dev/stdout) is written to directly. So is what is no regular file
 * (a terminal, a pipe), at the speed of its reader: one that is not there within 2 s, or that takes
 * nothing for 2 s while SIGINT or SIGTERM is pending (blocked), fails it with -ENXIO or -ETIMEDOUT.
 *
 * Any thread; blocks on the file. Returns 0, or -errno (logged, with what to do).
 */
int bp_file_replace(const char *path, bp_file_fn write, const void *arg);

#endif
