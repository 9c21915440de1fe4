/* Work that other threads want done by the control thread, between its ticks. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/calls.h"

int bp_calls_signal(void)
{
	return SIGRTMIN;
}

void bp_calls_begin(struct bp_calls *calls, sigset_t *waited)
{
	sigset_t own;

	*calls = (struct bp_calls){ .control = pthread_self() };
	pthread_mutex_init(&calls->lock, NULL);
	pthread_cond_init(&calls->changed, NULL);
	sigemptyset(&own);
	sigaddset(&own, bp_calls_signal());
	sigaddset(waited, bp_calls_signal());
	pthread_sigmask(SIG_BLOCK, &own, NULL);
}

void bp_calls_make(struct bp_calls *calls)
{
	struct bp_call *call, *next;

	/* Those that wait now: who asks again meanwhile has a signal of its own, behind SIGTERM and the tick. */
	pthread_mutex_lock(&calls->lock);
	call = calls->first;
	calls->first = NULL;
	pthread_mutex_unlock(&calls->lock);
	for (; call; call = next) {
		next = call->next; /* before it is gone */
		call->make(call->ctx);
		/* From here on it is gone: its owner returns. */
		pthread_mutex_lock(&calls->lock);
		call->is_made = true;
		pthread_cond_broadcast(&calls->changed);
		pthread_mutex_unlock(&calls->lock);
	}
}

void bp_calls_end(struct bp_calls *calls)
{
	pthread_mutex_lock(&calls->lock);
	calls->is_over = true;
	calls->first = NULL;
	pthread_cond_broadcast(&calls->changed);
	pthread_mutex_unlock(&calls->lock);
}

bool bp_calls_ask(struct bp_calls *calls, void (*make)(void *ctx), void *ctx)
{
	struct bp_call call = { .make = make, .ctx = ctx }, **last = &calls->first;

	pthread_mutex_lock(&calls->lock);
	if (!calls->is_over) {
		while (*last)
			last = &(*last)->next;
		*last = &call;
		pthread_kill(calls->control, bp_calls_signal());
	}
	while (!call.is_made && !calls->is_over)
		pthread_cond_wait(&calls->changed, &calls->lock);
	pthread_mutex_unlock(&calls->lock);
	return call.is_made;
}
