/* Work that other threads want done by the control thread, between its ticks. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONTROL_CALLS_H
#define BYPATH_CONTROL_CALLS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/*
 * What ports, engine and reports offer is the control thread's. Who else needs it asks for a call: it waits
 * until the control thread, which a signal wakes from sigtimedwait(), has made it.
 */
struct bp_call {
	void (*make)(void *ctx);
	void *ctx;
	bool is_made;
	struct bp_call *next;
};

/* Fields are calls.c's. */
struct bp_calls {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t control;
	struct bp_call *first; /* those that wait, in their order */
	bool is_over;
};

/* The signal that wakes the control thread: it is blocked in every thread and waited for by that one. */
int bp_calls_signal(void);

/* Block the signal and add it to those that are waited for. Control thread, before other threads start. */
void bp_calls_begin(struct bp_calls *calls, sigset_t *waited);

/* Make the calls that wait. Control thread; after the signal, and at each tick. */
void bp_calls_make(struct bp_calls *calls);

/* No more calls: those that wait come back unmade. Control thread. */
void bp_calls_end(struct bp_calls *calls);

/* Have make(ctx) called in the control thread and wait for it. Any other thread. false: it was not made. */
bool bp_calls_ask(struct bp_calls *calls, void (*make)(void *ctx), void *ctx);

#endif
