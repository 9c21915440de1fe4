/* What a worker does in rounds that find no packet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/idle.h"

#include "bypath/log.h"

#include "core/clock.h"
#include "core/cpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define SPIN_US      50u
#define PAUSE_US     150u
#define SLEEP_MIN_US 50u
#define SLEEP_MAX_US 1000u
#define WAIT_MS      100
#define WAIT_HELD_MS 1

int bp_idle_init(struct bp_idle *idle, enum bp_idle_mode mode, unsigned n_rxqs)
{
	uint64_t cycles_per_us = bp_clock_hz() / 1000000u;
	uint64_t n_waits = atomic_load_explicit(&idle->n_waits, memory_order_relaxed);
	uint64_t wait_cycles = atomic_load_explicit(&idle->wait_cycles, memory_order_relaxed);

	*idle = (struct bp_idle){
		.mode = mode,
		.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
		.spin_cycles = SPIN_US * cycles_per_us,
		.pause_cycles = PAUSE_US * cycles_per_us,
		.sleep_us = SLEEP_MIN_US,
		.fds = calloc(n_rxqs + 1, sizeof(struct pollfd)),
		.n_waits = n_waits,
		.wait_cycles = wait_cycles,
	};
	if (idle->wake_fd < 0) {
		int err = errno;

		bp_log(BP_LOG_ERROR,
		       "a worker gets no descriptor to be woken by: %s: raise the limit (ulimit -n)",
		       strerror(err));
		return -err;
	}
	return idle->fds ? 0 : -ENOMEM;
}

int bp_idle_change(struct bp_idle *idle, enum bp_idle_mode mode, unsigned n_rxqs)
{
	struct pollfd *fds = calloc(n_rxqs + 1, sizeof(*fds));

	if (!fds)
		return -ENOMEM;
	free(idle->fds);
	idle->fds = fds;
	idle->mode = mode;
	idle->idle_since = 0;
	return 0;
}

void bp_idle_fini(struct bp_idle *idle)
{
	if (idle->fds && idle->wake_fd >= 0)
		close(idle->wake_fd);
	free(idle->fds);
	idle->fds = NULL;
}

void bp_idle_wake(struct bp_idle *idle)
{
	uint64_t one = 1;

	if (write(idle->wake_fd, &one, sizeof(one)) < 0)
		return; /* EAGAIN: it is woken already */
}

/* Descriptors to wait on; 0 when some queue that is up has none. */
static unsigned collect_fds(struct bp_idle *idle, struct bp_rxq *const *rxqs, unsigned n_rxqs)
{
	unsigned n = 0;

	idle->fds[n++] = (struct pollfd){ .fd = idle->wake_fd, .events = POLLIN };
	for (unsigned i = 0; i < n_rxqs; i++) {
		int fd = atomic_load_explicit(&rxqs[i]->fd, memory_order_relaxed);

		if (atomic_load_explicit(&rxqs[i]->burst, memory_order_acquire) == bp_rx_down)
			continue; /* away: the control thread wakes us when it is back */
		if (fd < 0)
			return 0;
		idle->fds[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	return n;
}

/* Returns the system calls it made. */
static unsigned wait_on_fds(struct bp_idle *idle, unsigned n_fds, bool has_held)
{
	unsigned n_calls = 1;
	uint64_t count;

	if (poll(idle->fds, n_fds, has_held ? WAIT_HELD_MS : WAIT_MS) <= 0)
		return n_calls;
	if (idle->fds[0].revents) {
		n_calls++;
		if (read(idle->wake_fd, &count, sizeof(count)) < 0)
			return n_calls;
	}
	for (unsigned i = 1; i < n_fds; i++) {
		/* A device that went down makes poll() return at once, for ever, until the control
		 * thread takes the port out: do not spin on it. */
		if (idle->fds[i].revents & (POLLERR | POLLHUP | POLLNVAL)) {
			usleep(SLEEP_MAX_US);
			return n_calls + 1;
		}
	}
	return n_calls;
}

static unsigned sleep_a_while(struct bp_idle *idle)
{
	struct timespec ts = { .tv_nsec = (long)idle->sleep_us * 1000 };

	nanosleep(&ts, NULL);
	idle->sleep_us *= 2;
	if (idle->sleep_us > SLEEP_MAX_US)
		idle->sleep_us = SLEEP_MAX_US;
	return 1;
}

static uint64_t note_wait(struct bp_idle *idle, bool is_by_fd, unsigned n_calls, uint64_t begin)
{
	uint64_t slept = bp_clock_cycles() - begin;

	atomic_store_explicit(&idle->is_by_fd, is_by_fd, memory_order_relaxed);
	atomic_fetch_add_explicit(&idle->n_waits, n_calls, memory_order_relaxed);
	atomic_fetch_add_explicit(&idle->wait_cycles, slept, memory_order_relaxed);
	return slept;
}

uint64_t bp_idle_wait(struct bp_idle *idle, struct bp_rxq *const *rxqs, unsigned n_rxqs,
		      bool has_held, uint64_t now_cycles)
{
	unsigned n_fds, n_calls;
	uint64_t idle_cycles;

	if (idle->mode == BP_IDLE_BUSY)
		return 0;
	if (!idle->idle_since) {
		idle->idle_since = now_cycles;
		idle->sleep_us = SLEEP_MIN_US;
		return 0;
	}
	idle_cycles = now_cycles - idle->idle_since;
	if (idle_cycles < idle->spin_cycles)
		return 0;
	if (idle_cycles < idle->spin_cycles + idle->pause_cycles) {
		for (unsigned i = 0; i < 16; i++)
			bp_cpu_pause();
		return 0;
	}
	n_fds = collect_fds(idle, rxqs, n_rxqs);
	n_calls = n_fds ? wait_on_fds(idle, n_fds, has_held) : sleep_a_while(idle);
	return note_wait(idle, n_fds != 0, n_calls, now_cycles);
}

uint64_t bp_idle_rest(struct bp_idle *idle, uint64_t now_cycles)
{
	idle->fds[0] = (struct pollfd){ .fd = idle->wake_fd, .events = POLLIN };
	return note_wait(idle, true, wait_on_fds(idle, 1, false), now_cycles);
}
