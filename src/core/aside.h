/* Threads beside the control thread and the workers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_ASIDE_H
#define BYPATH_CORE_ASIDE_H

#include <pthread.h>
#include <stddef.h>

/*
 * Create a thread with every signal blocked: they are for the control thread. It runs where its creator may: not on the workers'
 * cores (bp_cpu_keep_off()).
 *
 * thread       to be joined by the caller; NULL: it is detached
 * name         what ps shows of it, at most 15 characters; NULL: the caller's
 * stack_bytes  0: the usual size
 *
 * Any thread. 0 or -errno (not logged).
 */
int bp_aside_start(pthread_t *thread, const char *name, size_t stack_bytes, void *(*run)(void *ctx),
		   void *ctx);

#endif
