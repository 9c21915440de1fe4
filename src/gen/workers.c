/* The generator's threads, which step the source with the sink. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/internal.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/clock.h"
#include "core/cpu.h"
#include "core/numa.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define GUEST_NAP_NS 50000
#define CORES_MAX    1024u
#define ENOUGH_CORES 3u /* a sender, a receiver, and one for the device under test */

void bp_gen_nap_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static bool uses(const struct bp_gen_worker *w, const struct bp_port *port)
{
	return (port->n_txq && port->txq[0].worker_id == w->worker_id) ||
	       (port->n_rxq && port->rxq[0].worker_id == w->worker_id);
}

/* Into ports[]: their number. */
static unsigned list_ports(const struct bp_gen_worker *w, struct bp_port *ports[BP_GEN_ROLES])
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->gen->n_ports; i++)
		if (uses(w, w->gen->ports[i].port))
			ports[n++] = w->gen->ports[i].port;
	return n;
}

/*
 * Two threads that both spin on one core take turns of milliseconds, and the sender misses half of its
 * schedule. So the receiver sleeps when there is nothing, and is let in at once when it wakes.
 */
static void become_guest(void)
{
	(void)prctl(PR_SET_TIMERSLACK, 1ul);
	/* Of this thread alone. Without the privilege it comes a little later. */
	(void)setpriority(PRIO_PROCESS, 0, -NZERO);
}

static void rest(const struct bp_gen_worker *w)
{
	static const struct timespec nap = { .tv_nsec = GUEST_NAP_NS };

	if (w->is_guest)
		nanosleep(&nap, NULL);
	else
		bp_cpu_pause();
}

static void poll_until_end(struct bp_gen_worker *w)
{
	struct bp_gen *gen = w->gen;

	if (w->is_guest)
		become_guest();
	while (!atomic_load_explicit(&w->is_asked_to_end, memory_order_acquire)) {
		bool has_moved = false;

		if (w->does_tx)
			has_moved |= bp_source_step(&gen->source);
		if (w->does_rx)
			has_moved |= bp_sink_step(gen->sink);
		if (w->does_rx && gen->monitor)
			has_moved |= bp_sink_step(gen->monitor);
		if (!has_moved)
			rest(w);
	}
}

/* Times that the scheduler gave this thread's core to another: each trial has threads of its own. */
static uint64_t count_preempted(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) ? 0 : (uint64_t)usage.ru_nivcsw;
}

static int enter(void *ctx)
{
	struct bp_gen_worker *w = ctx;
	struct bp_port *ports[BP_GEN_ROLES];
	unsigned n = list_ports(w, ports);

	return bp_ports_enter(ports, n, w->worker_id);
}

bool bp_gen_is_asked_to_end(const struct bp_gen_worker *w)
{
	struct bp_gen_worker *worker = (struct bp_gen_worker *)(uintptr_t)w;

	return atomic_load_explicit(&worker->is_asked_to_end, memory_order_relaxed) ||
	       atomic_load_explicit(&worker->gen->source.is_asked_to_end, memory_order_relaxed);
}

/* Not before the trial's threads run: a signal is to end this as well. */
static void announce(struct bp_gen_worker *w)
{
	struct bp_gen *gen = w->gen;

	if (w->does_rx && !atomic_load_explicit(&gen->is_announced, memory_order_relaxed)) {
		int err = bp_gen_announce(w);

		if (err) {
			atomic_store_explicit(&gen->source_err, err, memory_order_relaxed);
			atomic_store_explicit(&gen->source.is_asked_to_end, true,
					      memory_order_relaxed);
		}
		/* Release: whoever sends finds what was noted. */
		atomic_store_explicit(&gen->is_announced, true, memory_order_release);
	}
	while (!atomic_load_explicit(&gen->is_announced, memory_order_acquire) &&
	       !bp_gen_is_asked_to_end(w))
		bp_gen_nap_ms(1);
}

static void work(void *ctx)
{
	struct bp_gen_worker *w = ctx;
	struct bp_gen *gen = w->gen;
	struct bp_port *ports[BP_GEN_ROLES];

	announce(w);
	if (w->does_tx && gen->kernel_source)
		atomic_store_explicit(&gen->source_err, bp_ks_run(&gen->source),
				      memory_order_relaxed);
	else
		poll_until_end(w);
	atomic_store_explicit(&w->n_preempted, count_preempted(), memory_order_relaxed);
	bp_ports_leave(ports, list_ports(w, ports), w->worker_id);
}

int bp_gen_start_worker(struct bp_gen_worker *w)
{
	atomic_store_explicit(&w->is_asked_to_end, false, memory_order_relaxed);
	atomic_store_explicit(&w->n_preempted, 0, memory_order_relaxed);
	return bp_thread_start(&w->thread);
}

bool bp_gen_has_source_ended(const struct bp_gen *gen)
{
	return atomic_load_explicit(&gen->source.state, memory_order_acquire) == BP_SOURCE_ENDED;
}

void bp_gen_end_source(struct bp_gen *gen)
{
	atomic_store_explicit(&gen->source.is_asked_to_end, true, memory_order_relaxed);
	while (!bp_gen_has_source_ended(gen)) {
		if (gen->kernel_source)
			bp_ks_poll(&gen->source);
		bp_gen_nap_ms(gen->kernel_source ? 1 : 0);
	}
	if (gen->kernel_source)
		bp_ks_poll(&gen->source); /* the last figures */
}

void bp_gen_stop_workers(struct bp_gen *gen)
{
	/* A kernel source does not look at its worker's flag: end it by its own call. */
	if (gen->kernel_source)
		for (unsigned i = 0; i < gen->n_workers; i++)
			if (gen->workers[i].does_tx && (gen->n_running & 1u << i))
				bp_gen_end_source(gen);
	for (unsigned i = 0; i < gen->n_workers; i++) {
		if (!(gen->n_running & 1u << i))
			continue;
		/* Release: what the control thread has read is read; the worker sees the flag. */
		atomic_store_explicit(&gen->workers[i].is_asked_to_end, true, memory_order_release);
		bp_thread_join(&gen->workers[i].thread);
	}
	gen->n_running = 0;
}

void bp_gen_read_off(const struct bp_gen *gen, double *share, enum bp_off_cause *cause)
{
	*share = 0;
	*cause = BP_OFF_NONE;
	for (unsigned i = 0; i < gen->n_workers; i++) {
		const struct bp_thread *t = &gen->workers[i].thread;
		const struct bp_thread *other = &gen->workers[!i].thread;
		uint64_t kin_ns = 0;
		struct bp_off off;

		/* Sender and receiver that share a core by intent are no other work to each other. */
		if (gen->n_workers == 2 && other->core == t->core &&
		    other->off_end.run_ns > other->off_begin.run_ns)
			kin_ns = other->off_end.run_ns - other->off_begin.run_ns;
		bp_off_between(&t->off_begin, &t->off_end, kin_ns, &off);
		if (bp_off_share(&off) > *share) {
			*share = bp_off_share(&off);
			*cause = bp_off_cause(&off);
		}
	}
}

static bool has_kernel_source(const struct bp_conf *conf)
{
	const struct bp_driver *driver = NULL;
	const char *why;

	if (conf->gen.tx_port != BP_NO_PORT)
		driver = bp_driver_find(conf->ports[conf->gen.tx_port].driver, &why);
	return driver && driver->kernel_source;
}

/* Where all ports are on one NUMA node that has cores enough, only its cores. Returns how many. */
static unsigned keep_near(const struct bp_conf *conf, unsigned *cores, unsigned n_cores)
{
	int nodes[BP_PORTS_MAX], node = BP_NO_NODE;
	unsigned near[CORES_MAX], n_near;

	bp_gen_port_nodes(conf, nodes);
	for (unsigned i = 0; i < conf->n_ports; i++) {
		if (nodes[i] == BP_NO_NODE)
			continue;
		if (node != BP_NO_NODE && nodes[i] != node)
			return n_cores;
		node = nodes[i];
	}
	n_near = node == BP_NO_NODE ? 0 : bp_cpu_allowed_on(node, near, CORES_MAX);
	if (n_near < ENOUGH_CORES)
		return n_cores;
	memcpy(cores, near, n_near * sizeof(*near));
	return n_near;
}

static void make_worker(struct bp_gen *gen, unsigned id, bool does_tx, bool does_rx)
{
	gen->workers[id] = (struct bp_gen_worker){
		.gen = gen,
		.worker_id = (uint16_t)id,
		.does_tx = does_tx,
		.does_rx = does_rx,
		.thread = { .who = "generator",
			    .enter = enter,
			    .work = work,
			    .ctx = &gen->workers[id] },
	};
	strcpy(gen->workers[id].thread.name, does_tx ? "bypath-gen-tx" : "bypath-gen-rx");
}

/* See bp_gen_create(): the last cores are left to the device under test. */
int bp_gen_choose_workers(struct bp_gen *gen)
{
	const struct bp_conf *conf = gen->conf;
	unsigned allowed[CORES_MAX], first = 0;
	unsigned n_allowed = keep_near(conf, allowed, bp_cpu_allowed(allowed, CORES_MAX));
	bool has_tx = conf->gen.tx_port != BP_NO_PORT, has_rx = conf->gen.rx_port != BP_NO_PORT;
	/* A worker that runs a kernel source cannot receive as well: use two threads, if need be on
	 * one core. */
	bool is_blocking = has_kernel_source(conf);
	unsigned n_cores = conf->engine.n_cores ? conf->engine.n_cores : n_allowed;
	unsigned n = has_tx && has_rx && conf->gen.monitor_port == BP_NO_PORT ? 2 : 1;

	if (!n_allowed)
		return -ENOTSUP;
	if (!is_blocking &&
	    (conf->engine.n_cores ? conf->engine.n_cores < 2 : n_allowed < ENOUGH_CORES))
		n = 1;
	if (n_allowed > ENOUGH_CORES)
		first = n_allowed - ENOUGH_CORES;
	gen->n_workers = n;
	if (n > n_cores)
		bp_log(BP_LOG_WARN,
		       "generator: sends and receives on core %u by two threads: give "
		       "it two with [engine] cores",
		       conf->engine.n_cores ? conf->engine.cores[0] : allowed[0]);
	for (unsigned i = 0; i < n; i++) {
		make_worker(gen, i, has_tx && i == 0, has_rx && i + 1 == n);
		bp_thread_init(&gen->workers[i].thread,
			       (uint16_t)(conf->engine.n_cores ? conf->engine.cores[i % n_cores]
							       : allowed[(first + i) % n_allowed]));
	}
	gen->workers[1].is_guest =
		is_blocking && n == 2 && gen->workers[0].thread.core == gen->workers[1].thread.core;
	return 0;
}
