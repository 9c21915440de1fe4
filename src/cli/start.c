/* Signals during a start-up, waited for by a thread of their own. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/start.h"

#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GRACE_S 1
#define SAME_NS UINT64_C(300000000)
/* To the thread from bp_cli_start_end(); cancelling it would need a descriptor, for libgcc. */
#define OVER SIGUSR2

/* Is the start-up over within GRACE_S? */
static bool comes_back(struct bp_cli_start *start)
{
	struct timespec end;
	bool is_over;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += GRACE_S;
	pthread_mutex_lock(&start->lock);
	while (!start->is_over && err != ETIMEDOUT)
		err = pthread_cond_timedwait(&start->changed, &start->lock, &end);
	is_over = start->is_over;
	pthread_mutex_unlock(&start->lock);
	return is_over;
}

static void end_process(int number, const char *why)
{
	sigset_t set;

	bp_log(BP_LOG_ERROR, "SIG%s: %s", sigabbrev_np(number), why);
	bp_log_flush();
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	kill(getpid(), number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void *run(void *arg)
{
	struct bp_cli_start *start = arg;
	sigset_t ends;
	int number;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, OVER);
	if (sigwait(&ends, &number) || number == OVER)
		return NULL;
	if (comes_back(start))
		kill(getpid(), number);
	else
		end_process(
			number,
			"the start-up blocks and is broken off: a device, a file or another process "
			"that it waits for does not answer");
	return NULL;
}

void bp_cli_start_begin(struct bp_cli_start *start)
{
	pthread_condattr_t attr;
	sigset_t over, before;
	int err;

	*start = (struct bp_cli_start){ 0 };
	pthread_mutex_init(&start->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&start->changed, &attr);
	pthread_condattr_destroy(&attr);
	sigemptyset(&over);
	sigaddset(&over, OVER);
	pthread_sigmask(SIG_BLOCK, &over, &before);
	err = pthread_create(&start->thread, NULL, run, start);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	start->is_running = !err;
	if (err)
		bp_log(BP_LOG_WARN, "no thread for signals during the start-up: %s", strerror(err));
}

void bp_cli_start_end(struct bp_cli_start *start)
{
	pthread_mutex_lock(&start->lock);
	start->is_over = true;
	pthread_cond_signal(&start->changed);
	pthread_mutex_unlock(&start->lock);
	if (start->is_running) {
		pthread_kill(start->thread, OVER);
		pthread_join(start->thread, NULL);
	}
	pthread_cond_destroy(&start->changed);
	pthread_mutex_destroy(&start->lock);
}

static void *wait_for_another(void *arg)
{
	uint64_t begin_ns = bp_clock_ns();
	sigset_t ends;
	int number;

	(void)arg;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	while (!sigwait(&ends, &number))
		if (bp_clock_ns() - begin_ns > SAME_NS)
			end_process(number, "again: the drain is broken off, without a report");
	return NULL;
}

void bp_cli_end_begin(void)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, wait_for_another, NULL))
		pthread_detach(thread);
}
