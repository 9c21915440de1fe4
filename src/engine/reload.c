/* Changes what runs: new ports are ready before the workers pause, what leaves does so after it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/cores.h"
#include "engine/engine.h"
#include "engine/internal.h"
#include "engine/trace.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/claim.h"
#include "core/clock.h"
#include "core/devargs.h"
#include "core/numa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WHY_BYTES 4096u
#define DRY_MS    20u /* the longest to wait for what was received and not yet polled */
#define STALL_MS  2000u
#define HOME_MS   500u /* and for frames that others still send */

/* A reload under way. */
struct reload {
	struct bp_engine *e;
	struct bp_change change; /* its conf is the one of before, once swap() has been */
	struct bp_locks *locks;
	struct bp_engine_function
		*functions; /* those that are to be; after swap() those of before */
	struct bp_port *made[BP_PORTS_MAX]; /* by place: opened */
	struct bp_port *before[BP_PORTS_MAX]; /* what was in the place, since swap() */
	uint64_t halted; /* places of ports that were taken out for one that is made anew */
	uint64_t ended; /* of ports whose receiving was ended */
	uint16_t cores[BP_WORKERS_MAX];
	struct bp_paths paths[BP_WORKERS_MAX]; /* of before */
	bool has_taken_paths;
	unsigned n_workers; /* of before */
	char why[WHY_BYTES];
};

static bool is_new(const struct reload *r, unsigned place)
{
	return r->change.ports[place] == BP_FATE_ADDED ||
	       r->change.ports[place] == BP_FATE_REPLACED;
}

static bool is_in(uint64_t places, unsigned place)
{
	return places >> place & 1;
}

/* ---- may both be there at once? --------------------------------------------------------------- */

/* Of one interface: exactly one takes packets from those behind it, so that each packet comes to one of them. */
static bool may_share(const struct bp_claim *a, const struct bp_claim *b)
{
	return a->kind == BP_CLAIM_NETDEV && b->kind == BP_CLAIM_NETDEV &&
	       (a->take == BP_TAKE_NONE) != (b->take == BP_TAKE_NONE);
}

/* Two device strings of one library, which knows devices by the name that they begin with. */
static bool have_one_name(const struct bp_port_conf *a, const struct bp_port_conf *b)
{
	char name_a[BP_PATH_BYTES], name_b[BP_PATH_BYTES];

	if (strcmp(a->driver, b->driver) ||
	    !(bp_facts_find(a->driver)->flags & BP_FACT_DEVICE_STRING))
		return false;
	bp_devargs_name(a->device, name_a, sizeof(name_a));
	bp_devargs_name(b->device, name_b, sizeof(name_b));
	return !strcmp(name_a, name_b);
}

static bool may_overlap(const struct bp_port_conf *was, const struct bp_port_conf *is)
{
	struct bp_claim a[BP_CLAIMS_MAX], b[BP_CLAIMS_MAX];
	unsigned n_a = bp_claims_of(was, a), n_b = bp_claims_of(is, b);

	/* A tap hears what a program of tc has taken on. */
	bool carries = (bp_facts_find(was->driver)->flags | bp_facts_find(is->driver)->flags) &
		       BP_FACT_CARRIES;

	for (unsigned i = 0; i < n_a; i++)
		for (unsigned k = 0; k < n_b; k++)
			if (bp_claims_clash_here(&a[i], &b[k]) &&
			    (carries || !may_share(&a[i], &b[k])))
				return false;
	return !have_one_name(was, is);
}

/* Is there a device that the port before does not give back? */
static bool is_kept_for_life(const struct bp_port_conf *was, const struct bp_port_conf *is)
{
	struct bp_claim a[BP_CLAIMS_MAX], b[BP_CLAIMS_MAX];
	unsigned n_a = bp_claims_of(was, a), n_b = bp_claims_of(is, b);

	for (unsigned i = 0; i < n_a; i++)
		for (unsigned k = 0; k < n_b; k++)
			if (a[i].is_for_life && bp_claims_clash_here(&a[i], &b[k]) &&
			    !may_share(&a[i], &b[k]))
				return true;
	return false;
}

/* The ports, of those that end, that have to be out of the way before this one is made. */
static uint64_t list_in_the_way(const struct reload *r, unsigned place)
{
	const struct bp_conf *running = r->e->conf;
	uint64_t places = 0;

	for (unsigned i = 0; i < running->n_ports; i++)
		if ((r->change.ports[i] == BP_FATE_REMOVED ||
		     r->change.ports[i] == BP_FATE_REPLACED) &&
		    !may_overlap(&running->ports[i], &r->change.conf.ports[place]))
			places |= UINT64_C(1) << i;
	return places;
}

/* Knows the other ports of its kind, so that it starts when all are in their places. */
static bool starts_late(const struct bp_port_conf *conf)
{
	struct bp_claim claims[BP_CLAIMS_MAX];
	unsigned n = bp_claims_of(conf, claims);

	return bp_facts_find(conf->driver)->flags & BP_FACT_CARRIES ||
	       (n && claims[0].kind == BP_CLAIM_RING);
}

/* ---- before the pause: what is new ------------------------------------------------------------ */

static void log_fault(void *arg, unsigned port_id, const char *text)
{
	const struct bp_conf *conf = arg;

	bp_log(BP_LOG_ERROR, "reload: port %s: device: %s", conf->ports[port_id].name, text);
}

/* One that stands still would hold the control thread: it is waited for before anything changes. */
static int check_workers(struct bp_engine *e)
{
	static const struct timespec nap = { .tv_nsec = 200000 };
	uint64_t begin_ns = bp_clock_ns(), n_loops[BP_WORKERS_MAX];

	for (unsigned i = 0; i < e->n_running; i++)
		n_loops[i] = bp_worker_n_loops(&e->workers[i]);
	for (unsigned i = 0; i < e->n_running; i++)
		while (!bp_worker_is_past(&e->workers[i], n_loops[i])) {
			if (bp_clock_ns() - begin_ns > STALL_MS * UINT64_C(1000000)) {
				bp_log(BP_LOG_ERROR,
				       "reload: worker %u has made no round for %u ms: bypath show alarms",
				       i, STALL_MS);
				return -ETIMEDOUT;
			}
			bp_idle_wake(&e->workers[i].idle);
			nanosleep(&nap, NULL);
		}
	return 0;
}

static int check_here(struct reload *r, const struct bp_conf *loaded)
{
	struct bp_engine *e = r->e;
	int err = check_workers(e);

	if (err)
		return err;

	if (loaded->engine.n_workers > e->env.n_workers) {
		bp_log(BP_LOG_ERROR,
		       "reload: [engine] workers: %u → %u: more workers than at the start, which were %u, "
		       "need a restart",
		       e->conf->engine.n_workers, loaded->engine.n_workers, e->env.n_workers);
		return -EINVAL;
	}
	if (bp_ports_find_faults(loaded, NULL, log_fault, (void *)(uintptr_t)loaded))
		return -EINVAL;
	return bp_ports_claim_next(&e->env, &r->change.conf, &r->locks);
}

static int find_cores(struct reload *r)
{
	struct bp_engine *e = r->e;

	for (unsigned i = 0; i < r->change.conf.n_ports; i++)
		if (is_new(r, i))
			e->port_nodes[i] = bp_port_node(&r->change.conf.ports[i]);
	for (unsigned i = 0; i < e->env.n_workers; i++)
		r->cores[i] = e->workers[i].thread.core;
	return r->change.has_new_cores
		       ? bp_cores_find(&r->change.conf, &r->change.plan, e->port_nodes, r->cores)
		       : 0;
}

static int open_functions(struct reload *r)
{
	const struct bp_conf *next = &r->change.conf;
	int err = 0;

	r->functions = calloc(BP_FUNCTIONS_MAX, sizeof(*r->functions));
	if (!r->functions)
		return -ENOMEM;
	for (unsigned i = 0; !err && i < next->n_functions; i++)
		err = r->change.functions[i] == BP_FATE_KEPT
			      ? bp_function_enter(&r->e->functions[r->change.function_was[i]],
						  next->engine.n_workers)
			      : bp_function_open(next, i, &r->functions[i]);
	return err;
}

static int make_port(struct reload *r, unsigned place)
{
	const struct bp_plan_port *plan = &r->change.plan.ports[place];
	const struct bp_port_queues queues = { plan->n_rxq, plan->n_txq, plan->rxq_workers,
					       plan->txq_workers };
	const struct bp_port_conf *conf = &r->change.conf.ports[place];
	int err = bp_port_make(&r->e->env, (uint16_t)place, &queues, &r->made[place]);

	if (err || starts_late(conf))
		return err;
	err = bp_port_start(r->made[place]);
	if (err == -ENODEV || err == -ENETDOWN || err == -ENOENT)
		bp_log(BP_LOG_ERROR, "port %s: cannot start on %s: %s: bring the device up first",
		       conf->name, conf->device, strerror(-err));
	return err;
}

/* Frames of its pools, that other ports send, have to be back before its driver lets it go. Returns whether they are. */
static bool wait_for_frames(struct bp_engine *e, struct bp_port *port)
{
	static const struct timespec nap = { .tv_nsec = 200000 };
	uint64_t begin_ns = bp_clock_ns();
	struct bp_leaving l = { .port = port };

	bp_leaving_begin(e, &l);
	while (!bp_leaving_is_home(e, &l)) {
		if (bp_clock_ns() - begin_ns > HOME_MS * UINT64_C(1000000))
			return false;
		nanosleep(&nap, NULL);
	}
	return true;
}

/* These ports are away from here on; what comes for them is dropped as port_down. */
static void halt(struct reload *r, uint64_t places)
{
	for (places &= ~r->halted; places;) {
		unsigned place = bp_ports_take(&places);
		struct bp_port *port = r->e->env.ports[place];

		r->halted |= UINT64_C(1) << place;
		if (port->is_started) {
			bp_snapshot_reported(port->driver, port, &r->e->reported[place]);
			bp_port_halt(r->e, port);
		}
		if (wait_for_frames(r->e, port))
			bp_port_close(port);
	}
}

/* What takes long and needs no device: while the port before it still works. */
static int prepare(struct reload *r, unsigned place, uint64_t in_the_way)
{
	const struct bp_port_conf *conf = &r->change.conf.ports[place];
	const struct bp_driver *driver;
	const char *why = NULL;

	while (in_the_way) {
		const struct bp_port_conf *was = &r->e->conf->ports[bp_ports_take(&in_the_way)];

		if (!is_kept_for_life(was, conf))
			continue;
		bp_log(BP_LOG_ERROR,
		       "port %s: %s: its driver does not give the device of port %s back before the "
		       "process ends: restart for it",
		       conf->name, was->device, was->name);
		return -EBUSY;
	}
	driver = bp_driver_find(conf->driver, &why);
	if (!driver)
		bp_log(BP_LOG_ERROR, "port %s: driver %s: %s", conf->name, conf->driver, why);
	if (!driver)
		return -ENOTSUP;
	return driver->ops->prepare ? driver->ops->prepare(&r->e->env, conf) : 0;
}

/* A port that leaves may still have the device: for a moment, until what it holds has gone. */
static int wait_for_leaving(struct reload *r, unsigned place)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };
	const struct bp_port_conf *conf = &r->change.conf.ports[place];
	uint64_t begin_ns = bp_clock_ns();
	struct bp_leaving *l = r->e->leaving;

	while (l) {
		if (may_overlap(&l->conf, conf)) {
			l = l->next;
			continue;
		}
		if (bp_clock_ns() - begin_ns > 2 * HOME_MS * UINT64_C(1000000)) {
			bp_log(BP_LOG_ERROR,
			       "port %s: %s is still with port %s, which was removed: try again in a moment",
			       conf->name, conf->device, l->conf.name);
			return -EBUSY;
		}
		nanosleep(&nap, NULL);
		bp_leaving_tick(r->e, false);
		l = r->e->leaving;
	}
	return 0;
}

/* Those that can be there beside all others first: they may fail, and nothing has happened then. */
static int make_ports(struct reload *r)
{
	int err = 0;

	r->e->env.conf = &r->change.conf;
	for (unsigned step = 0; step < 2; step++)
		for (unsigned i = 0; !err && i < r->change.conf.n_ports; i++) {
			uint64_t in_the_way;

			if (!is_new(r, i) || r->made[i])
				continue;
			in_the_way = list_in_the_way(r, i);
			if (in_the_way && !step)
				continue;
			err = in_the_way ? prepare(r, i, in_the_way) : 0;
			if (!err)
				err = wait_for_leaving(r, i);
			if (err)
				break;
			halt(r, in_the_way);
			err = make_port(r, i);
		}
	r->e->env.conf = r->e->conf;
	return err;
}

/* ---- before the pause: what leaves ------------------------------------------------------------ */

static uint64_t count_received(const struct bp_port *port)
{
	uint64_t n = 0;

	for (unsigned q = 0; q < port->n_rxq; q++)
		n += bp_counter(&port->rxq[q].counters, BP_CNT_PKTS);
	return n;
}

/* Receiving has ended: until the workers have polled what was there. */
static void wait_until_dry(struct bp_engine *e, const struct bp_port *port)
{
	static const struct timespec nap = { .tv_nsec = 100000 };
	uint64_t begin_ns = bp_clock_ns(), n = count_received(port);

	for (unsigned n_same = 0;
	     n_same < 3 && bp_clock_ns() - begin_ns < DRY_MS * UINT64_C(1000000); n_same++) {
		uint64_t before = n;

		nanosleep(&nap, NULL);
		bp_workers_quiesce(e);
		n = count_received(port);
		if (n != before)
			n_same = 0;
	}
}

static void end_receiving(struct reload *r)
{
	for (unsigned i = 0; i < r->e->conf->n_ports; i++) {
		struct bp_port *port = r->e->env.ports[i];

		if ((r->change.ports[i] != BP_FATE_REMOVED &&
		     r->change.ports[i] != BP_FATE_REPLACED) ||
		    is_in(r->halted, i) || !port->is_started || !port->n_rxq)
			continue;
		r->ended |= UINT64_C(1) << i;
		if (port->driver->ops->rx_end)
			port->driver->ops->rx_end(port);
		wait_until_dry(r->e, port);
	}
}

/* ---- the pause -------------------------------------------------------------------------------- */

static void pause_workers(struct reload *r)
{
	struct bp_engine *e = r->e;

	r->n_workers = e->n_running;
	for (unsigned i = 0; i < e->n_running; i++)
		bp_worker_ask_to_pause(&e->workers[i]);
	for (unsigned i = 0; i < e->n_running; i++) {
		struct bp_thread *thread = &e->workers[i].thread;
		struct bp_off off;

		bp_worker_join(&e->workers[i]);
		bp_off_between(&thread->off_begin, &thread->off_end, 0, &off);
		bp_off_add(&e->workers[i].off_before, &off);
	}
	e->n_running = 0;
	bp_trace_abort(e); /* it speaks of these ports and functions */
	bp_retired_free(e, true);
}

/* 0, or -errno (logged): one that does not start leaves its paths without a worker. */
static int start_workers(struct bp_engine *e, unsigned n)
{
	int err = 0;

	for (; !err && e->n_running < n; e->n_running += !err)
		err = bp_worker_start(&e->workers[e->n_running]);
	return err;
}

static void swap_conf(struct reload *r)
{
	struct bp_engine *e = r->e;
	unsigned char *a = (unsigned char *)e->conf, *b = (unsigned char *)&r->change.conf;
	struct bp_plan plan = e->plan;
	struct bp_engine_function *functions = e->functions;

	for (size_t i = 0; i < sizeof(*e->conf); i++) {
		unsigned char byte = a[i];

		a[i] = b[i];
		b[i] = byte;
	}
	e->plan = r->change.plan;
	r->change.plan = plan;
	e->functions = r->functions;
	r->functions = functions;
	e->env.conf = e->conf;
}

static void swap_ports(struct reload *r)
{
	struct bp_env *env = &r->e->env;

	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		if (!r->made[i])
			continue;
		r->before[i] = env->ports[i];
		env->ports[i] = r->made[i];
		/* What an operator has set down stays so, whatever its driver. */
		if (r->before[i] && r->before[i]->is_set_down && !is_in(r->change.renamed, i))
			bp_port_set(r->made[i], true, r->before[i]->set_by);
		r->made[i]->conf = &r->e->conf->ports[i];
	}
}

/* The functions that stay go over into the array of those that are; what was counted goes with the name. */
static void move_functions(struct reload *r)
{
	struct bp_engine *e = r->e;

	for (unsigned i = 0; i < e->conf->n_functions; i++) {
		struct bp_engine_function *is = &e->functions[i];
		const struct bp_engine_function *was =
			r->change.function_was[i] < 0 ? NULL
						      : &r->functions[r->change.function_was[i]];

		if (was && r->change.functions[i] == BP_FATE_KEPT)
			*is = *was;
		is->conf = &e->conf->functions[i];
		if (!was)
			continue;
		is->past_pkts = was->past_pkts;
		is->past_busy_ns = was->past_busy_ns;
		memcpy(is->past_drops, was->past_drops, sizeof(is->past_drops));
	}
}

/* The queues of ports that stay may be other workers' now. */
static void assign_queues(struct bp_engine *e)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		struct bp_port *port = e->env.ports[i];
		const struct bp_plan_port *plan = &e->plan.ports[i];

		for (unsigned q = 0; q < port->n_rxq && q < plan->n_rxq; q++)
			port->rxq[q].worker_id = plan->rxq_workers[q];
		for (unsigned q = 0; q < port->n_txq && q < plan->n_txq; q++)
			port->txq[q].worker_id = plan->txq_workers[q];
	}
}

static int start_late_ports(struct reload *r)
{
	int err = 0;

	for (unsigned i = 0; !err && i < r->e->conf->n_ports; i++)
		if (r->made[i] && !r->made[i]->is_started)
			err = bp_port_start(r->made[i]);
	return err;
}

/* Those that write into frames of the port that their packets go to. */
static void renew_rx(struct bp_engine *e)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		struct bp_port *port = e->env.ports[i];

		if (!port->is_started || e->conf->ports[i].is_removed ||
		    !port->driver->ops->rx_renew)
			continue;
		port->driver->ops->rx_renew(port);
		bp_port_bind_captures(port);
	}
}

static int make_worker(struct bp_engine *e, struct bp_worker *w, uint16_t worker_id)
{
	int err = w->idle.fds ? bp_paths_make(e, w) : bp_worker_make(e, w, worker_id);

	return err ? err : bp_idle_change(&w->idle, e->conf->engine.idle, w->n_paths);
}

static int make_paths(struct reload *r)
{
	struct bp_engine *e = r->e;
	int err = 0;

	for (unsigned i = 0; i < e->env.n_workers; i++)
		bp_paths_take(&e->workers[i], &r->paths[i]);
	r->has_taken_paths = true;
	for (uint16_t i = 0; !err && i < e->conf->engine.n_workers; i++)
		err = make_worker(e, &e->workers[i], i);
	return err ? err : bp_paths_bind_offloads(e, NULL);
}

/* What has happened in the pause, undone. */
static void swap_back(struct reload *r)
{
	struct bp_engine *e = r->e;

	for (unsigned i = 0; r->has_taken_paths && i < e->env.n_workers; i++) {
		bp_paths_destroy(&e->workers[i]);
		bp_paths_put(&e->workers[i], &r->paths[i]);
	}
	for (unsigned i = 0; i < r->n_workers; i++)
		(void)bp_idle_change(&e->workers[i].idle, r->change.conf.engine.idle,
				     e->workers[i].n_paths);
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		if (r->made[i])
			e->env.ports[i] = r->before[i];
	swap_conf(r);
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		if (r->made[i])
			r->made[i]->conf = &r->change.conf.ports[i];
	assign_queues(e);
	renew_rx(e);
}

static int swap(struct reload *r)
{
	int err;

	swap_conf(r);
	swap_ports(r);
	move_functions(r);
	assign_queues(r->e);
	err = start_late_ports(r);
	renew_rx(r->e);
	if (!err)
		err = make_paths(r);
	if (err)
		swap_back(r);
	return err;
}

/* What stood in a place before: it leaves, or it has left long ago. change.conf is what ran before. */
static void see_off(struct reload *r, unsigned place)
{
	struct bp_engine *e = r->e;
	struct bp_port *old =
		r->change.ports[place] == BP_FATE_REMOVED ? e->env.ports[place] : r->before[place];
	bool stays = r->change.ports[place] == BP_FATE_REMOVED;

	if (!old)
		return;
	if (!r->change.conf.ports[place].is_removed) {
		if (bp_leaving_add(e, old, &r->change.conf.ports[place], stays))
			bp_log(BP_LOG_WARN,
			       "port %s: no memory to see it off: what it holds is lost",
			       old->conf->name);
		return;
	}
	bp_leaving_finish(e, old);
	bp_past_add(e, old, !is_in(r->change.renamed, place));
	bp_port_destroy(old);
}

static void settle_account(struct reload *r)
{
	struct bp_engine *e = r->e;

	for (unsigned i = 0; i < e->env.n_workers; i++) {
		bp_paths_hand_over(e, &r->paths[i], &e->workers[i], &r->change);
		bp_paths_free(&r->paths[i]);
	}
	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		/* One that was halted has told all; else it does so when it stops. */
		if (is_in(r->halted, i) && r->change.ports[i] != BP_FATE_REMOVED)
			bp_reported_add(&e->past_reported[i], &e->reported[i]);
		if (r->made[i])
			e->reported[i].n = 0;
		if (r->change.ports[i] == BP_FATE_REMOVED && e->env.ports[i])
			bp_captures_follow(e->env.ports[i], NULL);
		else if (r->before[i])
			bp_captures_follow(r->before[i], e->env.ports[i]);
		if (r->change.ports[i] == BP_FATE_REMOVED || r->before[i])
			see_off(r, i);
	}
	bp_env_bind_pools(&e->env);
	bp_paths_bind_directs(e, NULL);
	bp_ports_claimed(&e->env, r->locks);
	r->locks = NULL;
	/* Of a device that a port has made itself. */
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		if (r->made[i])
			(void)bp_port_renew_locks(r->made[i]);
}

static void place_workers(struct reload *r)
{
	struct bp_engine *e = r->e;

	for (unsigned i = 0; i < e->conf->engine.n_workers; i++) {
		struct bp_worker *w = &e->workers[i];

		if (w->thread.core == r->cores[i] && w->thread.off.pid)
			continue;
		bp_thread_init(&w->thread, r->cores[i]);
		w->numa_node = bp_numa_of_core(r->cores[i]);
	}
}

/* ---- all of it -------------------------------------------------------------------------------- */

/* A port that was taken out for one that does not come goes back to work. */
static void bring_back(struct reload *r, unsigned place)
{
	struct bp_port *port = r->e->env.ports[place];

	if (bp_port_is_closed(port) && bp_port_reopen(port)) {
		bp_log(BP_LOG_ERROR, "port %s: cannot be opened again", port->conf->name);
		return;
	}
	if (is_in(r->ended, place) && port->is_started)
		bp_port_halt(r->e, port);
	(void)bp_port_resume(r->e, port); /* or a tick does, later */
}

/* Those that were made, before those that were there: they may have one device. */
static void unmake_ports(struct reload *r)
{
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		if (r->made[i] && r->made[i]->is_started) {
			bp_port_unpublish(r->made[i]);
			bp_port_stop(r->made[i]);
		}
	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		uint64_t pools = r->made[i] ? r->made[i]->pools : 0;

		bp_port_destroy(r->made[i]);
		r->made[i] = NULL;
		r->e->env.old_pools &= ~pools; /* no queue that stays has seen them */
	}
}

static void undo(struct reload *r)
{
	struct bp_engine *e = r->e;

	unmake_ports(r);
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		if (is_in(r->halted | r->ended, i))
			bring_back(r, i);
	if (r->halted) { /* their pools have other ids now */
		pause_workers(r);
		bp_env_bind_pools(&e->env);
		(void)start_workers(e, r->n_workers);
	}
	for (unsigned i = 0; r->functions && i < r->change.conf.n_functions; i++)
		if (r->change.functions[i] != BP_FATE_KEPT && r->functions[i].is_open)
			bp_function_close(&r->functions[i]);
	bp_locks_undo(r->locks);
}

/* The functions that are no more; those that stay leave workers that are no more. */
static void close_functions(struct reload *r)
{
	struct bp_engine *e = r->e;
	uint32_t stays = 0, goes_on = 0;

	for (unsigned i = 0; i < e->conf->n_functions; i++) {
		if (r->change.function_was[i] >= 0)
			goes_on |= UINT32_C(1) << r->change.function_was[i];
		if (r->change.functions[i] != BP_FATE_KEPT)
			continue;
		stays |= UINT32_C(1) << r->change.function_was[i];
		bp_function_leave(&e->functions[i], e->conf->engine.n_workers);
	}
	for (unsigned i = 0; i < r->change.conf.n_functions; i++) {
		if (!(stays >> i & 1))
			bp_function_close(&r->functions[i]);
		for (unsigned k = 0; k < BP_FN_REASONS_MAX && !(goes_on >> i & 1); k++)
			e->past_fn_drops += r->functions[i].past_drops[k];
	}
}

/* The ports that are removed or made anew. */
static uint64_t list_ending(const struct reload *r)
{
	uint64_t places = 0;

	for (unsigned i = 0; i < r->e->conf->n_ports; i++)
		if (r->change.ports[i] == BP_FATE_REMOVED || r->change.ports[i] == BP_FATE_REPLACED)
			places |= UINT64_C(1) << i;
	return places;
}

static int carry_out(struct reload *r, const struct bp_conf *loaded)
{
	struct bp_engine *e = r->e;
	uint64_t begin_ns;
	int err = check_here(r, loaded), late;

	if (!err)
		err = find_cores(r);
	if (!err)
		err = open_functions(r);
	if (!err) {
		bp_follow_let_go(e, list_ending(r));
		err = make_ports(r);
	}
	if (err) {
		undo(r);
		return err;
	}
	end_receiving(r);
	begin_ns = bp_clock_ns();
	pause_workers(r);
	err = swap(r);
	if (!err) {
		settle_account(r);
		place_workers(r);
	}
	late = start_workers(e, err ? r->n_workers : e->conf->engine.n_workers);
	e->reloads.last_pause_ms = (double)(bp_clock_ns() - begin_ns) / 1e6;
	if (err)
		undo(r);
	else
		close_functions(r);
	return late ? -ESHUTDOWN : err;
}

/* Files that a function has read may be others now, under the same name. */
static void look_at_files(struct bp_engine *e, struct bp_change *change)
{
	for (unsigned i = 0; i < change->conf.n_functions; i++) {
		const struct bp_function_ops *ops =
			bp_function_find(change->conf.functions[i].type)->ops;

		if (change->functions[i] != BP_FATE_KEPT || !ops || !ops->is_stale ||
		    !ops->is_stale(e->functions[change->function_was[i]].fns[0].state))
			continue;
		change->functions[i] = BP_FATE_REPLACED;
		change->is_empty = false;
	}
}

static json_t *list_lines(const char *text)
{
	json_t *lines = json_array();

	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n)
			json_array_append_new(lines, json_stringn(text, n));
		text += n + (text[n] == '\n');
	}
	return lines;
}

static int refuse(struct bp_engine *e, const char *why, bool only_tell, json_t **document)
{
	json_t *lines = list_lines(why);
	const json_t *line;
	size_t i;

	json_array_foreach(lines, i, line)
		bp_log(BP_LOG_ERROR, "reload: %s", json_string_value(line));
	e->reloads.n_refused += !only_tell;
	*document = json_pack("{s:s, s:o}", "schema", "bypath.change/1", "refused", lines);
	return -EINVAL;
}

static void log_line(void *ctx, const char *line)
{
	(void)ctx;
	bp_log(BP_LOG_INFO, "reload: %s", line);
}

static void collect(void *ctx, const char *text)
{
	json_array_append_new(ctx, json_string(text));
}

/* Why it failed is what was logged meanwhile. */
static int try_it(struct reload *r, const struct bp_conf *loaded, json_t *document)
{
	json_t *errors = json_array();
	int err;

	bp_log_listen(collect, errors);
	err = carry_out(r, loaded);
	bp_log_listen(NULL, NULL);
	if (err == -ESHUTDOWN) {
		json_decref(errors);
		bp_log(BP_LOG_ERROR, "reload: done, but not all workers run again: the run ends");
		json_object_set_new(
			document, "refused",
			json_pack("[s]", "done, but not all workers run again: the run ends"));
		return err;
	}
	if (!err) {
		json_decref(errors);
		return 0;
	}
	if (!json_array_size(errors))
		json_array_append_new(errors, json_string(strerror(-err)));
	json_object_set_new(document, "refused", errors);
	r->e->reloads.n_refused++;
	bp_log(BP_LOG_ERROR, "reload: failed, and nothing has changed: %s", strerror(-err));
	return err;
}

static int reload(struct reload *r, const struct bp_conf *loaded, json_t *document)
{
	struct bp_engine *e = r->e;
	uint64_t begin_ns = bp_clock_ns();
	int err;

	e->reloads.last_pause_ms = 0;
	if (!r->change.is_empty) {
		bp_change_tell(document, log_line, NULL);
		err = try_it(r, loaded, document);
		if (err)
			return err;
	}
	e->reloads.n_done++;
	e->reloads.last_s = (double)(begin_ns - e->start_ns) / 1e9;
	e->reloads.last_ms = (double)(bp_clock_ns() - begin_ns) / 1e6;
	json_object_set_new(document, "took_ms", json_real(e->reloads.last_ms));
	json_object_set_new(document, "pause_ms", json_real(e->reloads.last_pause_ms));
	bp_log(BP_LOG_INFO, "reload: %s in %.1f ms; the workers stood still for %.2f ms",
	       r->change.is_empty ? "nothing to change" : "done", e->reloads.last_ms,
	       e->reloads.last_pause_ms);
	bp_follow_renew(e);
	bp_engine_tick(e);
	return 0;
}

void bp_engine_count_refused(struct bp_engine *e)
{
	e->reloads.n_refused++;
}

int bp_engine_reload(struct bp_engine *e, const struct bp_conf *loaded, bool only_tell,
		     json_t **document)
{
	struct reload *r = calloc(1, sizeof(*r));
	int err;

	*document = NULL;
	if (!r)
		return -ENOMEM;
	r->e = e;
	err = bp_change_find(e->conf, &e->plan, loaded, &r->change, r->why, sizeof(r->why));
	if (err) {
		err = refuse(e, r->why, only_tell, document);
	} else {
		look_at_files(e, &r->change);
		*document = bp_change_document(&r->change, e->conf);
		if (!only_tell)
			err = *document ? reload(r, loaded, *document) : -ENOMEM;
	}
	free(r->functions);
	free(r);
	return err;
}
