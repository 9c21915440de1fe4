/* The name of a running instance, and where its socket is. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONTROL_INSTANCE_H
#define BYPATH_CONTROL_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>

#define BP_INSTANCE_NAME_BYTES 48u
#define BP_INSTANCE_PATH_BYTES 108u /* sun_path */
#define BP_INSTANCES_MAX       256u

/*
 * Sockets lie in /run/bypath; of who may not make that, in $XDG_RUNTIME_DIR/bypath: NAME.sock, for its owner
 * and the group bypath where there is one, beside NAME.live, which the instance holds for as long as it lives
 * (fcntl(2), open file description locks), however it ends: a socket whose lock is free is left over, and the next
 * instance of that name replaces it. The lock's file is its owner's alone. Both are removed at an orderly end.
 */
struct bp_instance {
	char name[BP_INSTANCE_NAME_BYTES];
	char path[BP_INSTANCE_PATH_BYTES]; /* of the socket */
	int lock_fd, listen_fd; /* listen_fd does not block */
};

/* The name that a configuration file gives: its last part without ".ini", odd characters as '-'. */
void bp_instance_stem(const char *file, char name[BP_INSTANCE_NAME_BYTES]);

/*
 * Take a name and listen at its socket. A name that is taken: with is_fixed refused, else NAME-2, NAME-3, … is
 * tried. Control thread. 0; -EBUSY: it is taken; else -errno, no socket can be had here. why says it then.
 */
int bp_instance_open(struct bp_instance *instance, const char *name, bool is_fixed, char *why,
		     size_t why_bytes);

/* Remove the socket, give the name back. Does nothing to an instance that was not opened (fds -1). */
void bp_instance_close(struct bp_instance *instance);

/*
 * The names of those that run and whose socket lies where this process looks: both folders, each name once. Returns
 * how many, at most BP_INSTANCES_MAX. Any thread.
 */
size_t bp_instance_list(char names[][BP_INSTANCE_NAME_BYTES]);

/* Where the socket of a running instance of this name is; false: none runs. Any thread. */
bool bp_instance_find(const char *name, char path[BP_INSTANCE_PATH_BYTES]);

#endif
