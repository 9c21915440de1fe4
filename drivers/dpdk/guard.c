/* Keeping workers out of net_memif's shared memory while EAL's interrupt thread changes it. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In DPDK 22.11 a memif peer's end is handled by memif_intr_handler() → memif_disconnect(), in
 * EAL's interrupt thread, which unmaps the rings that a worker may be polling. Nothing in ethdev's
 * API comes before that. But callbacks of rte_eal_alarm_set() run in the same thread, and it does
 * one thing at a time: while our alarm callback sits in hold(), no handler runs and every mapping
 * stays. So:
 *
 *   - while a memif port's bursts are open to workers, the interrupt thread is held;
 *   - the control thread sees on the ports' control sockets (without reading) that something
 *     waits, closes all memif ports, waits until the workers have left the PMD, lets the thread
 *     run for a moment (a 'window'), catches it again, and opens the ports that are connected;
 *   - dev_stop and dev_start run in that thread as well: elsewhere they race with its handlers.
 *
 * Other PMDs share the thread; if there are any, a window opens every second in any case.
 */
#include "dpdk.h"

#include "core/clock.h"

#include <rte_alarm.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WINDOW_US     1000u /* how long the interrupt thread runs free */
#define CATCH_MS      200u
#define JOB_MS        150u /* a connect() to a server that hangs blocks */
#define LEAVE_NS      20000000u /* a worker that lost its core inside the PMD */
#define LEAVE_STEP_US 20u
#define OTHERS_NS     1000000000u
#define HANDSHAKE_MAX 50u /* windows that start() grants the handshake */
#define RETRY_NS      300000000u /* a client that is not connected by then starts again */
#define FDS_MAX       64u

/* One interrupt thread per process. `lock` guards what both threads write; the rest belongs to the
 * control thread. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool want_held; /* control → interrupt thread */
	bool is_held; /* the interrupt thread sits in hold() */
	bool is_armed; /* an alarm for hold() is pending */
	int (*job)(struct dpdk_port *dp); /* to run in the interrupt thread, or NULL */
	bool job_runs;
	struct dpdk_port *job_port;
	int job_result;
	struct dpdk_port *ports;
	uint64_t last_window_ns;
} guard = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- in the interrupt thread ------------------------------------------------------------------ */

/* guard.lock is held. */
static void run_job(void)
{
	int (*job)(struct dpdk_port * dp) = guard.job;

	if (!job)
		return;
	guard.job_runs = true;
	pthread_mutex_unlock(&guard.lock);
	int result = job(guard.job_port);
	pthread_mutex_lock(&guard.lock);
	guard.job_runs = false;
	guard.job_result = result;
	guard.job = NULL;
	pthread_cond_broadcast(&guard.changed);
}

static void hold(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&guard.lock);
	guard.is_armed = false;
	guard.is_held = true;
	pthread_cond_broadcast(&guard.changed);
	while (guard.want_held) {
		run_job();
		if (guard.want_held && !guard.job)
			pthread_cond_wait(&guard.changed, &guard.lock);
	}
	run_job();
	guard.is_held = false;
	pthread_cond_broadcast(&guard.changed);
	pthread_mutex_unlock(&guard.lock);
}

static void job_alarm(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&guard.lock);
	run_job();
	pthread_mutex_unlock(&guard.lock);
}

/* --- catching it, letting it go --------------------------------------------------------------- */

/* guard.lock is held. False when the deadline passes without `changed`. */
static bool wait_changed(uint64_t deadline_ns)
{
	struct timespec ts = { .tv_sec = (time_t)(deadline_ns / 1000000000u),
			       .tv_nsec = (long)(deadline_ns % 1000000000u) };

	return pthread_cond_timedwait(&guard.changed, &guard.lock, &ts) != ETIMEDOUT;
}

/* Hold the interrupt thread, after it has run free for delay_us. */
static bool catch_thread(unsigned delay_us)
{
	uint64_t deadline = bp_clock_ns() + CATCH_MS * 1000000ull;
	bool is_held;

	pthread_mutex_lock(&guard.lock);
	guard.want_held = true;
	if (!guard.is_held && !guard.is_armed) {
		guard.is_armed = true;
		if (rte_eal_alarm_set(delay_us, hold, NULL))
			guard.is_armed = false;
	}
	while (!guard.is_held && wait_changed(deadline))
		;
	is_held = guard.is_held;
	pthread_mutex_unlock(&guard.lock);
	return is_held;
}

static void free_thread(void)
{
	uint64_t deadline = bp_clock_ns() + CATCH_MS * 1000000ull;

	pthread_mutex_lock(&guard.lock);
	guard.want_held = false;
	pthread_cond_broadcast(&guard.changed);
	while (guard.is_held && wait_changed(deadline))
		;
	pthread_mutex_unlock(&guard.lock);
}

static int run_in_thread(int (*job)(struct dpdk_port *dp), struct dpdk_port *dp)
{
	uint64_t deadline = bp_clock_ns() + JOB_MS * 1000000ull;
	int err = -EBUSY;

	pthread_mutex_lock(&guard.lock);
	while (guard.job && wait_changed(deadline)) /* an earlier one that still hangs */
		;
	if (!guard.job) {
		guard.job = job;
		guard.job_port = dp;
		pthread_cond_broadcast(&guard.changed);
		if (!guard.is_held)
			rte_eal_alarm_set(1, job_alarm, NULL);
		while (guard.job && wait_changed(deadline))
			;
		if (!guard.job)
			err = guard.job_result;
	}
	pthread_mutex_unlock(&guard.lock);
	return err;
}

/* --- the workers' side ------------------------------------------------------------------------ */

static bool queue_is_left(_Atomic bool *inside, uint64_t deadline_ns)
{
	while (atomic_load_explicit(inside, memory_order_seq_cst)) {
		if (bp_clock_ns() > deadline_ns)
			return false;
		usleep(LEAVE_STEP_US);
	}
	return true;
}

/* No worker is inside the PMD of this port, and none gets in. */
static bool close_port(struct dpdk_port *dp, uint64_t deadline_ns)
{
	bool is_left = true;

	atomic_store_explicit(&dp->open, false, memory_order_seq_cst);
	for (unsigned i = 0; i < dp->port->n_rxq; i++)
		is_left &= queue_is_left(&dp->rxq[i].inside, deadline_ns);
	for (unsigned i = 0; i < dp->port->n_txq; i++)
		is_left &= queue_is_left(&dp->txq[i].inside, deadline_ns);
	return is_left;
}

static bool is_up(const struct dpdk_port *dp)
{
	struct rte_eth_link link = { 0 };

	return dp->is_started && !rte_eth_link_get_nowait(dp->eth_id, &link) &&
	       link.link_status == RTE_ETH_LINK_UP;
}

static bool any_is_up(void)
{
	for (struct dpdk_port *dp = guard.ports; dp; dp = dp->next_guarded)
		if (is_up(dp))
			return true;
	return false;
}

/* The interrupt thread is held: what is connected now stays mapped. */
static void open_ports(void)
{
	for (struct dpdk_port *dp = guard.ports; dp; dp = dp->next_guarded)
		if (is_up(dp))
			atomic_store_explicit(&dp->open, true, memory_order_seq_cst);
}

/* Let the interrupt thread do what waits for it. False: try again later. */
static bool window(void)
{
	uint64_t deadline = bp_clock_ns() + LEAVE_NS;
	bool all_left = true;

	for (struct dpdk_port *dp = guard.ports; dp; dp = dp->next_guarded)
		all_left &= close_port(dp, deadline);
	if (!all_left) {
		/* Still held: nothing was unmapped. */
		open_ports();
		return false;
	}
	free_thread();
	guard.last_window_ns = bp_clock_ns();
	if (!any_is_up()) {
		/* No port is connected, so no mapping needs protection: the interrupt thread runs
		 * free until one is. */
		usleep(WINDOW_US);
		if (!any_is_up())
			return true;
	}
	if (catch_thread(WINDOW_US))
		open_ports();
	return true;
}

/* --- behind all that it has been left with ---------------------------------------------------- */

enum { TURN_OVER, TURN_WAITS, TURN_RUNS, TURN_STATES };

/* One at a time. Whoever changes `turn` from WAITS decides: the interrupt thread runs it, or the control thread takes it back. */
static struct {
	int (*job)(struct dpdk_port *dp); /* or NULL. Written by the control thread */
	struct dpdk_port *port;
	int result; /* written by the interrupt thread, read when the turn is over */
	_Atomic uintptr_t turn; /* its number × TURN_STATES, and its state */
} last_turn;

/* arg: its number, so that the alarm of a turn that was taken back runs no other. */
static void run_last(void *arg)
{
	uintptr_t number = (uintptr_t)arg, waits = number + TURN_WAITS;

	if (!atomic_compare_exchange_strong(&last_turn.turn, &waits, number + TURN_RUNS))
		return;
	last_turn.result = last_turn.job ? last_turn.job(last_turn.port) : 0;
	/* Release: pairs with dpdk_guard_run_last(). */
	atomic_store_explicit(&last_turn.turn, number + TURN_OVER, memory_order_release);
}

/*
 * Alarms run in the order of their times, and all that are due run before the thread looks for anything else. So run_last(),
 * due when this returns, comes behind the alarms that handlers have set before, and no handler comes between.
 */
static void set_last(void *arg)
{
	if (!rte_eal_alarm_set(1, run_last, arg))
		usleep(LEAVE_STEP_US);
}

static bool is_over(uintptr_t number)
{
	return atomic_load_explicit(&last_turn.turn, memory_order_acquire) == number + TURN_OVER;
}

int dpdk_guard_run_last(int (*job)(struct dpdk_port *dp), struct dpdk_port *dp)
{
	uint64_t deadline = bp_clock_ns() + DPDK_GUARD_LAST_MS * 1000000ull;
	uintptr_t number = atomic_load(&last_turn.turn), waits;

	if (number % TURN_STATES == TURN_RUNS)
		return -EBUSY; /* an earlier one gets no further */
	number += TURN_STATES - number % TURN_STATES;
	waits = number + TURN_WAITS;
	last_turn.job = job;
	last_turn.port = dp;
	atomic_store(&last_turn.turn, waits);
	if (rte_eal_alarm_set(1, set_last, (void *)number)) /* arg of an alarm */
		deadline = 0;
	while (!is_over(number) && bp_clock_ns() < deadline) {
		if (guard.want_held)
			window();
		else
			usleep(LEAVE_STEP_US);
	}
	/* Not by cancelling the alarms, which waits without a bound for one that runs. */
	if (atomic_compare_exchange_strong(&last_turn.turn, &waits, number + TURN_OVER))
		return -EBUSY;
	return is_over(number) ? last_turn.result : -EBUSY;
}

/* --- what waits for it ------------------------------------------------------------------------ */

/*
 * memif's control sockets are the unix sockets of type SEQPACKET. The PMD keeps them to itself, and
 * their names do not help: a server may have bound its own by another path than ours.
 */
static bool is_control_socket(int fd)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(int);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_UNIX &&
	       !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_SEQPACKET;
}

static bool something_waits(void)
{
	struct pollfd fds[FDS_MAX];
	nfds_t n = 0;
	DIR *dir = opendir("/proc/self/fd");

	if (!dir)
		return true;
	for (struct dirent *entry; (entry = readdir(dir)) && n < FDS_MAX;) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && is_control_socket(fd))
			fds[n++] = (struct pollfd){ .fd = fd, .events = POLLIN | POLLRDHUP };
	}
	closedir(dir);
	return n == FDS_MAX || (n && poll(fds, n, 0) > 0);
}

/* Ports of other PMDs need the interrupt thread now and then. */
static bool others_are_due(void)
{
	if (bp_clock_ns() - guard.last_window_ns < OTHERS_NS)
		return false;
	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (rte_eth_dev_is_valid_port(id) && !dpdk_guard_has(id))
			return true;
	}
	return false;
}

/* --- for dpdk.c ------------------------------------------------------------------------------- */

static int job_start(struct dpdk_port *dp)
{
	return rte_eth_dev_start(dp->eth_id);
}

static int job_stop(struct dpdk_port *dp)
{
	return rte_eth_dev_stop(dp->eth_id);
}

static int job_configure(struct dpdk_port *dp)
{
	/* A server kept from an earlier port goes on accepting clients, into queues that are about
	 * to be replaced: only a stop of a started device throws them out. */
	if (dp->is_server && !rte_eth_dev_start(dp->eth_id))
		rte_eth_dev_stop(dp->eth_id);
	return dpdk_queues_configure(dp, false);
}

int dpdk_guard_configure(struct dpdk_port *dp)
{
	int err = run_in_thread(job_configure, dp);

	dp->is_awake |= err == -EBUSY; /* it may run still: see dpdk_quiet_may_close() */
	return err;
}

bool dpdk_guard_has(uint16_t eth_id)
{
	for (const struct dpdk_port *dp = guard.ports; dp; dp = dp->next_guarded)
		if (dp->eth_id == eth_id)
			return true;
	return false;
}

int dpdk_guard_add(struct dpdk_port *dp)
{
	pthread_condattr_t attr;

	if (!guard.ports) {
		pthread_condattr_init(&attr);
		pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
		pthread_cond_init(&guard.changed, &attr);
		pthread_condattr_destroy(&attr);
	}
	dp->next_guarded = guard.ports;
	guard.ports = dp;
	return 0;
}

/* The port is stopped if that can be had, and none of its jobs begins from now on. */
static void end_jobs(struct dpdk_port *dp)
{
	uint64_t deadline = bp_clock_ns() + DPDK_GUARD_LAST_MS * 1000000ull;

	while (dp->is_awake && bp_clock_ns() < deadline)
		dp->is_awake = run_in_thread(job_stop, dp) == -EBUSY;
	pthread_mutex_lock(&guard.lock);
	if (guard.job_port == dp && !guard.job_runs)
		guard.job = NULL;
	pthread_mutex_unlock(&guard.lock);
}

void dpdk_guard_remove(struct dpdk_port *dp)
{
	struct dpdk_port **at = &guard.ports;

	end_jobs(dp);
	while (*at && *at != dp)
		at = &(*at)->next_guarded;
	if (*at)
		*at = dp->next_guarded;
	if (!any_is_up())
		free_thread();
}

int dpdk_guard_start(struct dpdk_port *dp)
{
	int err = run_in_thread(job_start, dp);

	dp->is_awake = err == -EBUSY;
	if (err)
		return err == -EBUSY ? err : -ENODEV;
	dp->is_started = true;
	dp->was_up = false;
	dp->down_since_ns = bp_clock_ns();
	/* Hello, regions, rings: a dozen messages, each a turn of the interrupt thread. */
	for (unsigned i = 0; i < HANDSHAKE_MAX && !dp->is_server && !is_up(dp); i++)
		window();
	dpdk_guard_check(dp);
	return 0;
}

void dpdk_guard_stop(struct dpdk_port *dp)
{
	/* The engine has already taken the workers out of the port; the deadline guards against a
	 * mistake there. */
	close_port(dp, bp_clock_ns() + LEAVE_NS);
	dp->is_started = false;
	dp->is_awake = run_in_thread(job_stop, dp) == -EBUSY;
	if (!any_is_up())
		free_thread();
}

enum bp_link dpdk_guard_check(struct dpdk_port *dp)
{
	uint64_t now = bp_clock_ns();

	if (!dp->is_started)
		return BP_LINK_LOST;
	for (unsigned i = 0; i < HANDSHAKE_MAX / 4 && guard.want_held && something_waits(); i++)
		window();
	if (guard.want_held && others_are_due())
		window();
	atomic_store_explicit(&dp->has_peer, is_up(dp), memory_order_relaxed);
	/* A handshake ended while the thread ran free. */
	if (is_up(dp) && !atomic_load_explicit(&dp->open, memory_order_relaxed))
		window();
	if (is_up(dp)) {
		dp->was_up = true;
		return BP_LINK_UP;
	}
	if (dp->is_server) /* waits for the next client by itself */
		return BP_LINK_DOWN;
	return dp->was_up || now - dp->down_since_ns > RETRY_NS ? BP_LINK_LOST : BP_LINK_DOWN;
}
