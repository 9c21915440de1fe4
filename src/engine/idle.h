/* What a worker does in rounds that find no packet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_IDLE_H
#define BYPATH_ENGINE_IDLE_H

#include "bypath/port.h"

#include <poll.h>

/* One worker may poll every queue of every port. */
#define BP_IDLE_RXQS_MAX (BP_PORTS_MAX * BP_QUEUES_MAX)

/* One per worker. Set up by the control thread, then the worker's own. */
struct bp_idle {
	enum bp_idle_mode mode;
	int wake_fd; /* eventfd: the control thread interrupts a sleeping worker */
	uint64_t spin_cycles; /* poll at full speed for so long after the last packet */
	uint64_t pause_cycles; /* then with pauses for so long */
	uint64_t idle_since; /* cycles; 0: the last round moved packets */
	unsigned sleep_us; /* next back-off sleep where a queue has no descriptor */
	struct pollfd *fds; /* room for every RX queue of the worker, one more for wake_fd */
	_Atomic uint64_t n_waits, wait_cycles; /* worker writes, snapshots read: relaxed */
	_Atomic bool is_by_fd; /* last wait was on descriptors */
};

/* n_rxqs: RX queues that the worker polls. What it has counted before, all zeros at first, goes on. 0 or -errno (EMFILE logged).
 * Control thread. */
int bp_idle_init(struct bp_idle *idle, enum bp_idle_mode mode, unsigned n_rxqs);
/* Another mode, another number of queues. The worker does not run. 0, or -ENOMEM: as before. */
int bp_idle_change(struct bp_idle *idle, enum bp_idle_mode mode, unsigned n_rxqs);
void bp_idle_fini(struct bp_idle *idle);

/* The round moved packets. */
static inline void bp_idle_reset(struct bp_idle *idle)
{
	idle->idle_since = 0;
}

/*
 * The round found nothing: return at once (busy, or still spinning), pause, or wait for packets on
 * the RX queues' descriptors or wake_fd, at most 100 ms (1 ms while has_held: TX frames to reap).
 * The worker. Returns the cycles spent waiting asleep.
 */
uint64_t bp_idle_wait(struct bp_idle *idle, struct bp_rxq *const *rxqs, unsigned n_rxqs,
		      bool has_held, uint64_t now_cycles);

/* Wait for wake_fd alone, at most 100 ms, whatever the mode: there is nothing to poll. The worker. Returns as above. */
uint64_t bp_idle_rest(struct bp_idle *idle, uint64_t now_cycles);

/* Wake a worker that waits. Any thread. */
void bp_idle_wake(struct bp_idle *idle);

#endif
