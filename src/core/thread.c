/* Starts a worker's thread on its core, takes it in again. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/thread.h"

#include "bypath/log.h"

#include "core/cpu.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void bp_thread_init(struct bp_thread *t, uint16_t core)
{
	t->core = core;
	bp_off_thread_init(&bp_off_places, getpid(), 0, core, &t->off);
}

static int take_place(struct bp_thread *t)
{
	int err = bp_cpu_pin(t->core);

	if (!err)
		return t->enter(t->ctx);
	bp_log(BP_LOG_ERROR, "%s: cannot run on core %u: %s: see [engine] cores", t->who, t->core,
	       strerror(-err));
	return err;
}

static void *thread_main(void *arg)
{
	struct bp_thread *t = arg;
	int tid = (int)syscall(SYS_gettid), err;

	pthread_setname_np(pthread_self(), t->name);
	atomic_store_explicit(&t->tid, tid, memory_order_relaxed);
	t->off.tid = tid;
	err = take_place(t);
	bp_off_read(&bp_off_places, &t->off, &t->off_begin);
	atomic_store_explicit(&t->state, err ? BP_THREAD_FAILED : BP_THREAD_RUNNING,
			      memory_order_release);
	if (err)
		return NULL;
	t->work(t->ctx);
	bp_off_read(&bp_off_places, &t->off, &t->off_end);
	atomic_store_explicit(&t->state, BP_THREAD_ENDED, memory_order_release);
	return NULL;
}

int bp_thread_start(struct bp_thread *t)
{
	static const struct timespec nap = { .tv_nsec = 20000 };
	int err;

	atomic_store_explicit(&t->state, BP_THREAD_STARTING, memory_order_relaxed);
	err = pthread_create(&t->handle, NULL, thread_main, t);
	if (err) {
		bp_log(BP_LOG_ERROR, "%s: cannot create its thread: %s", t->who, strerror(err));
		return -err;
	}
	while (atomic_load_explicit(&t->state, memory_order_acquire) == BP_THREAD_STARTING)
		nanosleep(&nap, NULL);
	if (atomic_load_explicit(&t->state, memory_order_acquire) != BP_THREAD_FAILED)
		return 0;
	bp_thread_join(t);
	return -EIO;
}

void bp_thread_join(struct bp_thread *t)
{
	pthread_join(t->handle, NULL);
}
