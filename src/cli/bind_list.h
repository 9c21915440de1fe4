/* `bypath bind --list`: network devices on PCI, and who uses them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_BIND_LIST_H
#define BYPATH_CLI_BIND_LIST_H

#include <stdbool.h>

/* Print all of them to standard output, as text or as JSON. One thread; blocks for a moment.
 * Returns an exit code, having said on standard error what failed. */
int bp_bind_list(bool is_json);

#endif
