/* Rights that this program has and whoever started it has not. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_SECURE_H
#define BYPATH_CORE_SECURE_H

#include <stdbool.h>

/* Started with more rights than the caller's (AT_SECURE): capabilities of the file, or set-user-ID. What
 * the caller names must not become code in this process. Any thread. */
bool bp_secure_is_on(void);

/*
 * Are files opened with other rights than the caller's: set-user-ID, set-group-ID, or a capability
 * that passes over the rights of files? Configuration, captures and reports are named by the caller,
 * so such a process is a way to any file. Capabilities for networks alone are no such rights: the
 * kernel asks for the caller's own. Any thread.
 */
bool bp_secure_opens_for_another(void);

#endif
