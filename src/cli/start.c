/* Signals during a start-up, waited for by a thread of their own. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/start.h"

#include "bypath/log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GRACE_S 1

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

static void end_process(int number)
{
	sigset_t set;

	bp_log(BP_LOG_ERROR,
	       "SIG%s: the start-up blocks and is broken off: a device, a file or another process "
	       "that it waits for does not answer",
	       sigabbrev_np(number));
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
	int number, state;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	if (sigwait(&ends, &number)) /* cancelled here by bp_cli_start_end() */
		return NULL;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	if (comes_back(start))
		kill(getpid(), number);
	else
		end_process(number);
	return NULL;
}

void bp_cli_start_begin(struct bp_cli_start *start)
{
	pthread_condattr_t attr;
	int err;

	*start = (struct bp_cli_start){ 0 };
	pthread_mutex_init(&start->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&start->changed, &attr);
	pthread_condattr_destroy(&attr);
	err = pthread_create(&start->thread, NULL, run, start);
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
		pthread_cancel(start->thread);
		pthread_join(start->thread, NULL);
	}
	pthread_cond_destroy(&start->changed);
	pthread_mutex_destroy(&start->lock);
}
