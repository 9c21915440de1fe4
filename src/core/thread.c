/* Starts a worker's thread on its core, takes it in again. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/thread.h"

#include "bypath/log.h"

#include "core/aside.h"
#include "core/clock.h"
#include "core/cpu.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PARK_MS 100u

/* Nobody else sends it. */
static int park_signal(void)
{
	return SIGRTMAX;
}

void bp_thread_init(struct bp_thread *t, uint16_t core)
{
	t->core = core;
	bp_off_thread_init(&bp_off_places, getpid(), 0, core, &t->off);
}

static void *wait_for_others(void *arg)
{
	pthread_rwlock_rdlock(arg);
	pthread_rwlock_unlock(arg);
	return NULL;
}

int bp_thread_try(unsigned n)
{
	pthread_rwlock_t all_are_there = PTHREAD_RWLOCK_INITIALIZER;
	pthread_t *threads = calloc(n, sizeof(*threads));
	unsigned n_there = 0;
	int err = threads ? 0 : -ENOMEM;

	pthread_rwlock_wrlock(&all_are_there);
	while (!err && n_there < n) {
		err = bp_aside_start(&threads[n_there], NULL, 0, wait_for_others, &all_are_there);
		n_there += !err;
	}
	pthread_rwlock_unlock(&all_are_there);
	while (n_there > 0)
		pthread_join(threads[--n_there], NULL);
	pthread_rwlock_destroy(&all_are_there);
	free(threads);
	return err;
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
	sigset_t park;

	sigemptyset(&park);
	sigaddset(&park, park_signal());
	pthread_sigmask(SIG_UNBLOCK, &park, NULL); /* whatever whoever started the process left */
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
	t->is_there = true;
	while (atomic_load_explicit(&t->state, memory_order_acquire) == BP_THREAD_STARTING)
		nanosleep(&nap, NULL);
	if (atomic_load_explicit(&t->state, memory_order_acquire) != BP_THREAD_FAILED)
		return 0;
	bp_thread_join(t);
	return -EIO;
}

bool bp_thread_has_ended(const struct bp_thread *t, unsigned limit_ms)
{
	static const struct timespec nap = { .tv_nsec = 20000 };
	uint64_t begin_ns = bp_clock_ns();

	while (atomic_load_explicit(&t->state, memory_order_acquire) == BP_THREAD_RUNNING) {
		if (bp_clock_ns() - begin_ns >= limit_ms * UINT64_C(1000000))
			return false;
		nanosleep(&nap, NULL);
	}
	return true;
}

void bp_thread_join(struct bp_thread *t)
{
	if (t->is_there)
		pthread_join(t->handle, NULL);
	t->is_there = false;
}

/* In the thread: for good. */
static void stay(int number, siginfo_t *info, void *context)
{
	_Atomic bool *is_parked = info->si_value.sival_ptr;

	(void)number;
	(void)context;
	atomic_store_explicit(is_parked, true, memory_order_release);
	for (;;)
		pause();
}

void bp_thread_park(struct bp_thread *t)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };
	struct sigaction action = { .sa_sigaction = stay, .sa_flags = SA_SIGINFO };
	uint64_t begin_ns = bp_clock_ns();

	sigfillset(&action.sa_mask);
	sigaction(park_signal(), &action, NULL);
	pthread_sigqueue(t->handle, park_signal(), (union sigval){ .sival_ptr = &t->is_parked });
	/* Who is not there by then does not run: the kernel delivers the signal before it lets it. */
	while (!atomic_load_explicit(&t->is_parked, memory_order_acquire) &&
	       bp_clock_ns() - begin_ns < PARK_MS * UINT64_C(1000000))
		nanosleep(&nap, NULL);
	pthread_detach(t->handle);
	t->is_there = false;
	bp_off_read(&bp_off_places, &t->off, &t->off_end);
	atomic_store_explicit(&t->state, BP_THREAD_PARKED, memory_order_relaxed);
}
