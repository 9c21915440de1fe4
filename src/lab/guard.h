/* An interface that a test bed makes beside those of others: it goes when this process goes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LAB_GUARD_H
#define BYPATH_LAB_GUARD_H

#include <net/if.h>
#include <sys/types.h>

/*
 * A namespace of our own takes what was made in it along. What stands in the caller's, among interfaces that
 * were there before, needs somebody who outlives us: a process that waits for the end of a pipe, which
 * SIGKILL closes as well. Zeroed: none.
 */
struct bp_guard {
	char name[IF_NAMESIZE];
	int pipe;
	pid_t pid;
};

/*
 * From now on the interface `name` of the calling thread's network namespace is deleted when this process
 * ends, or at bp_guard_end(), whichever comes first. It must not be there yet: -EEXIST, for then it is somebody's. 0 or
 * another -errno.
 */
int bp_guard_start(const char *name, struct bp_guard *guard);

/* Delete it now, also where the guard has been killed; returns when it is gone. Nothing where there is no guard. */
void bp_guard_end(struct bp_guard *guard);

#endif
