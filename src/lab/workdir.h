/* The folder of one run: sockets, configurations, logs, and what must be undone after a crash. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LAB_WORKDIR_H
#define BYPATH_LAB_WORKDIR_H

#include <stddef.h>

#define BP_WORKDIR_BYTES 80u

/*
 * First undo what runs that died have left (folders, hugepages), then make this run's folder:
 * below /run/bypath-compare for root, below the temporary folder otherwise. The path fits a Unix
 * socket's with a short name behind it. left is filled with a sentence about what was undone, or
 * "". 0 or -errno (logged).
 */
int bp_workdir_create(char path[BP_WORKDIR_BYTES], char *left, size_t left_bytes);

/* Give hugepages back, remove the folder and what is in it. */
void bp_workdir_remove(const char *path);

/* Give hugepages back, keep the folder: it counts as nobody's from then on. */
void bp_workdir_keep(const char *path, char kept[BP_WORKDIR_BYTES]);

/*
 * Reserve 2 MiB hugepages until that many are free, at most; noted in the folder first, so that
 * the next run gives them back if this one dies. Returns how many are free then, or -errno.
 */
int bp_hugepages_reserve(const char *path, unsigned n_pages);
/* How many of them are free now, with those of others. */
int bp_hugepages_free(void);
/* Take back what bp_hugepages_reserve() added. */
void bp_hugepages_return(const char *path);

#endif
