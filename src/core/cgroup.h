/* Where the files of a process's cgroups lie. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_CGROUP_H
#define BYPATH_CORE_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct bp_cgroup {
	char folder[2 * PATH_MAX];
	size_t n_mount; /* bytes of folder that are the mount point: none of the cgroups above it is seen from here */
};

/*
 * The cgroup of this process: of version 1 with a controller ("memory"), or, NULL, of version 2. What is mounted where is read
 * from proc ("/proc", or a test's). Where the mount shows a part of the tree that the process is not in, as in a container, it is
 * the mount point. Any thread; reads two files. false: there is none, or it is not mounted.
 */
bool bp_cgroup_find(const char *proc, const char *controller, struct bp_cgroup *group);

/* From a cgroup to the one above it. false: it is the mount point. Pure. */
bool bp_cgroup_up(struct bp_cgroup *group);

/* Is the word among those of list, which commas separate? Pure. */
bool bp_cgroup_has(const char *list, const char *word);

#endif
