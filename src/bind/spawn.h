/* Programs that bypath runs: with an end in sight. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_BIND_SPAWN_H
#define BYPATH_BIND_SPAWN_H

#include <stddef.h>

/*
 * Run a program, argv[0] its path, with a small environment, no signal blocked, SIGPIPE and SIGCHLD
 * as by default, in a process group of its own. What it prints is put into words as one line, cut
 * at words_bytes (≥ 1). Blocks until it has ended; after limit_ms it is killed. Any thread; where
 * SIGCHLD is ignored, how it ended cannot be known. 0: it exited with 0; -EIO: with another code or
 * by a signal; -ETIMEDOUT: it was killed, or could not even be killed; -ECHILD: nobody knows;
 * -errno: it did not start.
 */
int bp_spawn(char *const argv[], int limit_ms, char *words, size_t words_bytes);

#endif
