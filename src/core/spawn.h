/* Programs that bypath runs: with an end in sight. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_SPAWN_H
#define BYPATH_CORE_SPAWN_H

#include <stdbool.h>
#include <stddef.h>

#define BP_SPAWN_ENV_MAX 16u

struct bp_spawn {
	char *const *argv; /* ends with NULL; argv[0] is its path */
	char *const *
		env; /* "NAME=VALUE" beside PATH, at most BP_SPAWN_ENV_MAX, ends with NULL; NULL: none */
	int limit_ms; /* after which it is killed */
	/* Kill it at once when this becomes true, which another thread writes (relaxed); NULL: never. */
	_Atomic bool *is_over;
};

/*
 * Run a program with a small environment, no signal blocked, all as by default, in a process group of its own, with
 * no descriptors of ours. What it prints is put into words as one line, cut at words_bytes (≥ 1); *code becomes its exit code,
 * or the number of the signal that ended it + 128. Blocks until it has ended. Any thread, whose cores and priority it
 * has; where SIGCHLD is ignored, how it ended cannot be known. 0: it exited with 0; -EIO: with another code or by a
 * signal; -ETIMEDOUT: it was killed, or could not even be killed; -ECANCELED: killed as is_over asked; -ECHILD: nobody
 * knows; -errno: it did not start.
 */
int bp_spawn(const struct bp_spawn *program, char *words, size_t words_bytes, int *code);

#endif
