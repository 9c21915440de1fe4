/* Starts threads that no signal comes to. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/aside.h"

#include <signal.h>

int bp_aside_start(pthread_t *thread, const char *name, size_t stack_bytes, void *(*run)(void *ctx),
		   void *ctx)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t own;
	int err;

	pthread_attr_init(&attr);
	if (!thread)
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (stack_bytes)
		pthread_attr_setstacksize(&attr, stack_bytes);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&own, &attr, run, ctx);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (!err && thread) {
		*thread = own;
		if (name)
			pthread_setname_np(own, name);
	}
	return -err;
}
