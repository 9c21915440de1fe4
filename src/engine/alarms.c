/* What of an engine an operator is to be told of: looked at now and then, said each time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/alarms.h"

#include "engine/chain.h"
#include "engine/internal.h"

#include "core/clock.h"
#include "core/offcore.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STALL_NS    1000000000u
#define STEP_NS_MAX 200000000u /* that a look counts: a process that was stopped has not watched */
#define RATES_NS    1000000000u
#define CALM_LOOKS  5u /* below the rate, one a second, before it counts as over */
#define ASKEW_LOOKS 3u
#define TEXT_BYTES  256u
#define UNDER_WAY_MAX \
	((uint64_t)BP_BURST_MAX * 64u) /* of a worker: a burst, cut or copied, half of it counted */

struct say {
	bp_alarm_fn fn;
	void *ctx;
};

/* ---- ports ---------------------------------------------------------------------------------------- */

static bool describe_port(const struct bp_engine *e, unsigned i, char text[TEXT_BYTES])
{
	const struct bp_port *port = e->env.ports[i];
	unsigned link = atomic_load_explicit(&port->link, memory_order_relaxed);

	if (port->is_set_down)
		snprintf(text, TEXT_BYTES, "port %s: set down by %s", port->conf->name,
			 port->set_by);
	else if (e->follows[i].carry.is_held)
		snprintf(text, TEXT_BYTES, "port %s: %.80s is taken down, as port %s has no link",
			 port->conf->name, port->conf->device,
			 e->conf->ports[e->follows[i].partner].name);
	else if (!port->is_started || link == BP_LINK_LOST)
		snprintf(text, TEXT_BYTES, "port %s: %.80s is gone", port->conf->name,
			 port->conf->device);
	else if (link != BP_LINK_UP)
		snprintf(text, TEXT_BYTES, "port %s: %.80s has no link", port->conf->name,
			 port->conf->device);
	else
		return false;
	return true;
}

/* Not of those that a reload has removed: what is no longer said is over. */
static bool is_watched(const struct bp_engine *e, unsigned i)
{
	return !e->conf->ports[i].is_hop && !e->conf->ports[i].is_removed && e->env.ports[i];
}

static void look_at_ports(const struct bp_engine *e, const struct say *say)
{
	char text[TEXT_BYTES];

	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		bool is_down = is_watched(e, i) && describe_port(e, i, text);

		if (is_watched(e, i))
			say->fn(say->ctx, BP_ALARM_PORT_DOWN, e->conf->ports[i].name, is_down,
				is_down ? text : "");
	}
}

/* ---- workers -------------------------------------------------------------------------------------- */

/* What keeps it, as far as the kernel tells: half a sentence. */
static const char *why_stalled(const struct bp_worker *w, const struct bp_stall *stall)
{
	const char *why = bp_stall_kernel_says(w);
	struct bp_off_at now;

	if (why)
		return why;
	bp_off_read(&bp_off_places, &w->thread.off, &now);
	if (now.run_ns - stall->run_ns > stall->still_ns / 2)
		return "it runs all the time";
	return "it waits for its core, where other work runs";
}

static void look_at_worker(struct bp_engine *e, unsigned i, uint64_t step_ns, const struct say *say)
{
	struct bp_stall *stall = &e->watch.stalls[i];
	const struct bp_worker *w = &e->workers[i];
	uint64_t n_loops = bp_worker_n_loops(w);
	char text[BP_STALL_BYTES] = "", subject[16];
	bool is_stalled;

	if (n_loops != stall->n_loops) {
		stall->n_loops = n_loops;
		stall->still_ns = 0;
	} else {
		struct bp_off_at now = { .is_known = false };

		if (!stall->still_ns)
			bp_off_read(&bp_off_places, &w->thread.off, &now);
		if (!stall->still_ns)
			stall->run_ns = now.run_ns;
		stall->still_ns += step_ns;
	}
	is_stalled = stall->still_ns > STALL_NS;
	snprintf(subject, sizeof(subject), "%u", i);
	if (is_stalled)
		bp_stall_tell(e, i, "more than 1 s", why_stalled(w, stall), text);
	say->fn(say->ctx, BP_ALARM_WORKER_STALLED, subject, is_stalled, text);
}

/* ---- drops ---------------------------------------------------------------------------------------- */

static uint64_t port_drops(const struct bp_port *port)
{
	uint64_t n = 0;

	for (unsigned q = 0; q < port->n_rxq; q++)
		n += bp_counters_drops(&port->rxq[q].counters);
	for (unsigned q = 0; q < port->n_txq; q++)
		n += bp_counters_drops(&port->txq[q].counters);
	return n;
}

static void look_at_drops(struct bp_engine *e, uint64_t elapsed_ns, const struct say *say)
{
	double limit = e->conf->alarm.drops.value;
	char text[TEXT_BYTES];

	if (e->conf->alarm.drops.unit != BP_RATE_PPS)
		return;
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		struct bp_drop_watch *watch = &e->watch.drops[i];
		uint64_t n = is_watched(e, i) ? port_drops(e->env.ports[i]) : 0;
		/* One that a reload has made anew counts from 0. */
		double pps = n < watch->n ? 0 : (double)(n - watch->n) * 1e9 / (double)elapsed_ns;

		watch->n = n;
		if (pps > limit)
			watch->n_over = CALM_LOOKS;
		else if (watch->n_over)
			watch->n_over--;
		snprintf(text, sizeof(text), "port %s drops %.0f packets/s, more than %.0f",
			 e->conf->ports[i].name, pps, limit);
		if (is_watched(e, i))
			say->fn(say->ctx, BP_ALARM_DROPS, e->conf->ports[i].name, watch->n_over,
				text);
	}
}

/* ---- conservation --------------------------------------------------------------------------------- */

/* As the report has it (snapshot.c): what came and was made, less what went. *moved: all of it, either way. */
static int64_t count_unaccounted(struct bp_engine *e, uint64_t *moved)
{
	struct bp_conserved sum = { 0 };

	bp_snapshot_conserved(e, &sum);
	*moved = sum.received + sum.made + sum.sent + sum.dropped + sum.held;
	return (int64_t)(sum.received + sum.made - sum.sent - sum.dropped - sum.held);
}

/*
 * Counters are read one after another while packets move, so that what moves in that time may seem to be missing. Reading
 * twice in a row tells how much that is; where nothing has moved since the look before, nothing is.
 */
static void look_at_conservation(struct bp_engine *e, const struct say *say)
{
	uint64_t before, after, skew;
	int64_t n;
	char text[TEXT_BYTES];

	(void)count_unaccounted(e, &before);
	n = count_unaccounted(e, &after);
	skew = after == e->watch.moved ? 0 : 4 * (after - before) + e->n_running * UNDER_WAY_MAX;
	e->watch.moved = after;
	if ((uint64_t)(n < 0 ? -n : n) > skew) {
		if (e->watch.n_askew < ASKEW_LOOKS)
			e->watch.n_askew++;
	} else {
		e->watch.n_askew = 0;
	}
	if (e->watch.n_askew && e->watch.n_askew < ASKEW_LOOKS)
		return;
	snprintf(text, sizeof(text), "%lld packets are unaccounted for: please report this",
		 (long long)n);
	say->fn(say->ctx, BP_ALARM_UNACCOUNTED, "", e->watch.n_askew != 0, text);
}

/* ---- functions ------------------------------------------------------------------------------------ */

static void look_at_tables(struct bp_engine *e, const struct say *say)
{
	char text[TEXT_BYTES];

	for (unsigned i = 0; i < e->conf->n_functions; i++) {
		const struct bp_engine_function *f = &e->functions[i];

		if (!f->is_open || !f->function->ops || !f->function->ops->is_full)
			continue;
		snprintf(text, sizeof(text),
			 "function %s: its table is full: what is new has no place", f->conf->name);
		say->fn(say->ctx, BP_ALARM_TABLE_FULL, f->conf->name,
			f->function->ops->is_full(f->fns[0].state), text);
	}
}

/* ---- all of it ------------------------------------------------------------------------------------ */

void bp_engine_alarms(struct bp_engine *e, bp_alarm_fn fn, void *ctx)
{
	uint64_t now_ns = bp_clock_ns(), step_ns = now_ns - e->watch.looked_ns;
	const struct say say = { fn, ctx };

	if (step_ns > STEP_NS_MAX)
		step_ns = STEP_NS_MAX;
	e->watch.looked_ns = now_ns;
	look_at_ports(e, &say);
	for (unsigned i = 0; i < e->n_running; i++)
		look_at_worker(e, i, step_ns, &say);
	if (!e->watch.rated_ns)
		e->watch.rated_ns = now_ns;
	if (now_ns - e->watch.rated_ns < RATES_NS)
		return;
	look_at_drops(e, now_ns - e->watch.rated_ns, &say);
	look_at_conservation(e, &say);
	look_at_tables(e, &say);
	e->watch.rated_ns = now_ns;
}
