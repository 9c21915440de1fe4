/* The end of a run that plays captures: told, and let through. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/engine.h"
#include "engine/internal.h"

#include "core/clock.h"

#define SETTLE_NS 500000000u

bool bp_engine_is_played(const struct bp_engine *e)
{
	bool is_played = false;

	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		const struct bp_port *port = e->env.ports[i];

		if (e->conf->ports[i].is_removed || !(port->info.caps & BP_CAP_FINITE))
			continue;
		for (unsigned q = 0; q < port->n_rxq; q++) {
			is_played = true;
			if (!atomic_load_explicit(&port->rxq[q].is_over, memory_order_acquire))
				return false;
		}
	}
	return is_played;
}

/* Packets that RX queues have brought so far, dropped ones too. */
static uint64_t count_received(const struct bp_engine *e)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		const struct bp_port *port = e->env.ports[i];

		for (unsigned q = 0; q < port->n_rxq; q++)
			n += bp_counter(&port->rxq[q].counters, BP_CNT_PKTS) +
			     bp_counters_drops(&port->rxq[q].counters);
	}
	return n;
}

/*
 * Twice: what a worker had in hand when the first rounds began is on the next ring when they are over, and
 * the second ones find it there. Other ports' traffic never ends; what is finite is through long before the
 * time is over, since each round takes a burst of what waits.
 */
void bp_engine_settle(struct bp_engine *e)
{
	uint64_t begin_ns = bp_clock_ns(), n = count_received(e);
	unsigned n_quiet = 0;

	while (n_quiet < 2 && bp_clock_ns() - begin_ns < SETTLE_NS) {
		uint64_t n_before = n;

		if (bp_workers_settle(e, BP_SETTLE_MS) >= 0)
			return;
		n = count_received(e);
		n_quiet = n == n_before ? n_quiet + 1 : 0;
	}
}
