/* The life of a worker's thread: pinned to its core, with an account of how long it was off it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_THREAD_H
#define BYPATH_CORE_THREAD_H

#include "core/offcore.h"

#include <pthread.h>
#include <stdint.h>

enum bp_thread_state {
	BP_THREAD_STARTING,
	BP_THREAD_RUNNING,
	BP_THREAD_ENDED,
	BP_THREAD_FAILED, /* it has no such core, or enter() refused */
	BP_THREAD_PARKED, /* it did not end, and never runs on: bp_thread_park() */
};

struct bp_thread {
	/* Fixed while it runs. */
	uint16_t core;
	char name[16];
	char who[24]; /* in what is logged: "worker 0" */
	int (*enter)(void *ctx); /* in the thread, before start returns. 0 or -errno (logged) */
	void (*work)(void *ctx); /* in the thread, until it is to end */
	void *ctx;
	pthread_t handle;
	struct bp_off_thread off;
	/* By the thread, before state says that it runs, that it has ended (release). */
	struct bp_off_at off_begin, off_end;
	_Atomic int tid;
	_Atomic bool is_parked; /* by the thread itself */
	bool is_there; /* to be joined; the control thread's */
	_Atomic unsigned state; /* enum bp_thread_state; acquire */
};

/* Find out what the account of a core needs: once for each core, reads all of /proc. Control thread. */
void bp_thread_init(struct bp_thread *thread, uint16_t core);

/* Could n more threads be created now? They are, and end at once. Control thread. 0, or -errno (not logged). */
int bp_thread_try(unsigned n);

/*
 * Create the thread, wait until it works. May be called again after bp_thread_join(). Control thread.
 * 0, or -errno (logged); then there is none to join.
 */
int bp_thread_start(struct bp_thread *thread);

/* Has work(), whose end its owner has asked for, returned within limit_ms? Then bp_thread_join() does not wait. Control
 * thread. */
bool bp_thread_has_ended(const struct bp_thread *thread, unsigned limit_ms);

/* Wait until work() has returned; does nothing where there is no thread. Control thread. */
void bp_thread_join(struct bp_thread *thread);

/*
 * Of a thread that did not end: see to it that it never runs on, so that what it uses can be taken away. By a signal, so that
 * it is wherever it stood, with whatever it holds; one that the kernel or a debugger has does not come back from there. There is
 * none to join then, it ends with the process. Control thread; waits for 100 ms at most.
 */
void bp_thread_park(struct bp_thread *thread);

#endif
