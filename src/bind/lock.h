/* One `bypath bind` at a time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_BIND_LOCK_H
#define BYPATH_BIND_LOCK_H

#include <stdbool.h>
#include <stddef.h>

/* What `bypath bind` keeps until the next boot lies here; bp_bind_lock() makes the folder. */
#define BP_BIND_FOLDER "/run/bypath"

/*
 * Take the lock of this machine's bindings: two processes that bind would undo each other's work.
 * As root; any thread. is_patient: blocks until it is free; signals end the process meanwhile as
 * usual. Returns a descriptor for the caller to close(), which ends the lock; or -errno with the
 * reason in why: -EWOULDBLOCK: another process has it.
 */
int bp_bind_lock(bool is_patient, char *why, size_t why_bytes);

#endif
