/* Changes what runs: new ports are ready before the workers pause, what leaves does so after it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/cores.h"
#include "engine/engine.h"
#include "engine/reload.h"
#include "engine/trace.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/clock.h"
#include "core/cpu.h"
#include "core/frames.h"
#include "core/numa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STALL_MS      2000u
#define STALL_TEXT    "2 s"
#define LAST_TURNS    5u /* until a worker that has answered has ended */
#define POOLS_OF_PORT 2u /* its own, and the first one that ports share */

/* ---- before the pause: what is new ------------------------------------------------------------ */

static void log_fault(void *arg, unsigned port_id, const char *text)
{
	const struct bp_conf *conf = arg;

	bp_log(BP_LOG_ERROR, "reload: port %s: device: %s", conf->ports[port_id].name, text);
}

int bp_reload_refuse_stalled(const struct bp_engine *e, int worker_id, const char *since)
{
	char text[BP_STALL_BYTES];

	bp_stall_tell(e, (unsigned)worker_id, since, NULL, text);
	bp_log(BP_LOG_ERROR, "reload: %s", text);
	return -ETIMEDOUT;
}

static int check_here(struct reload *r, const struct bp_conf *loaded)
{
	struct bp_engine *e = r->e;
	/* One that stands still would hold the control thread: it is waited for before anything changes. */
	int worker_id = bp_workers_settle(e, STALL_MS);

	if (worker_id >= 0)
		return bp_reload_refuse_stalled(e, worker_id, STALL_TEXT);
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		(void)bp_port_go_on(e, e->env.ports[i]);
	if (loaded->engine.n_workers > e->conf->engine.n_workers) {
		int err = bp_thread_try(loaded->engine.n_workers - e->conf->engine.n_workers);

		if (err) {
			bp_log(BP_LOG_ERROR,
			       "reload: [engine] workers: %u → %u: there are no threads for them: %s: see 'ulimit -u', "
			       "pids.max of the cgroup",
			       e->conf->engine.n_workers, loaded->engine.n_workers, strerror(-err));
			return err;
		}
	}
	if (bp_captures_allow(e, loaded->engine.n_workers))
		return -EBUSY;
	if (bp_ports_find_faults(loaded, NULL, log_fault, (void *)(uintptr_t)loaded) ||
	    bp_follow_check(e, &r->change))
		return -EINVAL;
	return bp_ports_claim_next(&e->env, &r->change.conf, &r->locks);
}

static bool is_moved(const struct reload *r, unsigned worker_id)
{
	const struct bp_thread *thread = &r->e->workers[worker_id].thread;

	return thread->core != r->cores[worker_id] || !thread->off.pid;
}

static int find_cores(struct reload *r)
{
	const struct bp_conf *next = &r->change.conf;
	struct bp_engine *e = r->e;
	int err = 0;

	for (unsigned i = 0; i < next->n_ports; i++)
		if (bp_reload_is_new(r, i))
			e->port_nodes[i] = bp_port_node(&next->ports[i]);
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		r->cores[i] = e->workers[i].thread.core;
	if (r->change.has_new_cores)
		err = bp_cores_find(next, &r->change.plan, e->port_nodes, r->cores);
	for (unsigned i = 0; !err && i < next->engine.n_workers; i++)
		if (is_moved(r, i))
			bp_thread_init(&r->places[i], r->cores[i]);
	return err;
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

/* ---- the pause -------------------------------------------------------------------------------- */

/* Has it paused within limit_ms? */
static bool take_in(struct bp_worker *w, unsigned limit_ms)
{
	struct bp_off off;

	if (!bp_worker_join(w, limit_ms))
		return false;
	bp_off_between(&w->thread.off_begin, &w->thread.off_end, 0, &off);
	bp_off_add(&w->off_before, &off);
	return true;
}

/* Those from the first on have not paused yet: they go on, and so do those that have. -ETIMEDOUT; -ESHUTDOWN: not all do. */
static int take_pause_back(struct bp_engine *e, unsigned first)
{
	int err = bp_reload_refuse_stalled(e, (int)first, BP_TURN_TEXT);

	for (unsigned i = 0; i < e->n_running; i++) {
		struct bp_worker *w = &e->workers[i];
		bool is_in = i < first;

		if (!is_in && bp_worker_take_back(w))
			continue;
		/* It has answered: what is left of its thread ends by itself, unless somebody holds it there. */
		for (unsigned k = 0; !is_in && k < LAST_TURNS; k++)
			is_in = take_in(w, BP_TURN_MS);
		if (!is_in || bp_worker_start(w))
			err = -ESHUTDOWN;
	}
	return err;
}

/* 0; -ETIMEDOUT (logged): one stands still, all run as before; -ESHUTDOWN: as before, but for some that do not (logged). */
static int pause_workers(struct reload *r)
{
	struct bp_engine *e = r->e;
	uint64_t end_ns = bp_clock_ns() + BP_TURN_MS * UINT64_C(1000000);

	r->n_workers = e->n_running;
	for (unsigned i = 0; i < e->n_running; i++)
		bp_worker_ask_to_pause(&e->workers[i]);
	for (unsigned i = 0; i < e->n_running; i++) {
		uint64_t now_ns = bp_clock_ns();

		if (!take_in(&e->workers[i],
			     end_ns > now_ns ? (unsigned)((end_ns - now_ns) / 1000000) : 0))
			return take_pause_back(e, i);
	}
	e->n_running = 0;
	bp_cpu_roam(true); /* the sooner it is done */
	bp_trace_abort(e); /* it speaks of these ports and functions */
	bp_retired_free(e, true);
	return 0;
}

/* 0, or -errno (logged): one that does not start leaves its paths without a worker. */
static int start_workers(struct bp_engine *e, unsigned n)
{
	int err = 0;

	bp_cpu_roam(false);
	for (; !err && e->n_running < n; e->n_running += !err)
		err = bp_worker_start(&e->workers[e->n_running]);
	return err;
}

static void swap_conf(struct reload *r)
{
	struct bp_engine *e = r->e;
	struct bp_plan plan = e->plan;
	struct bp_engine_function *functions = e->functions;

	/* In its place: ports, functions, reports know it by its address. */
	r->third = *e->conf;
	*e->conf = r->change.conf;
	r->change.conf = r->third;
	e->plan = r->change.plan;
	r->change.plan = plan;
	e->functions = r->functions;
	r->functions = functions;
	e->env.conf = e->conf;
	e->env.n_workers = e->conf->engine.n_workers;
	e->env.tx_retries = e->conf->engine.tx_retries;
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
		if (r->before[i] && r->before[i]->is_set_down &&
		    !bp_reload_is_in(r->change.renamed, i))
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
		is->past = was->past;
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

	for (unsigned i = 0; !err && i < r->e->conf->n_ports; i++) {
		if (!r->made[i] || r->made[i]->is_started)
			continue;
		err = bp_port_start(r->made[i]);
		if (!err)
			bp_away_end(r, UINT64_C(1) << i);
	}
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

	for (unsigned i = 0; i < BP_WORKERS_MAX; i++)
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

	for (unsigned i = 0; r->has_taken_paths && i < BP_WORKERS_MAX; i++) {
		bp_paths_destroy(&e->workers[i]);
		bp_paths_put(&e->workers[i], &r->paths[i]);
	}
	for (unsigned i = 0; i < r->n_workers; i++)
		(void)bp_idle_change(&e->workers[i].idle, r->change.conf.engine.idle,
				     e->workers[i].n_paths);
	for (unsigned i = r->n_workers; i < BP_WORKERS_MAX; i++)
		bp_idle_fini(&e->workers[i].idle);
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
	if (!err)
		bp_away_end(r, r->away_places);
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
	bp_past_add(e, old, !bp_reload_is_in(r->change.renamed, place));
	bp_port_destroy(old);
}

/* The functions that were there before, and are, or are not: what they did until now. */
static void settle_functions(struct reload *r)
{
	struct bp_engine *e = r->e;
	uint32_t goes_on = 0;

	for (unsigned i = 0; i < e->conf->n_functions; i++)
		if (r->change.function_was[i] >= 0)
			goes_on |= UINT32_C(1) << r->change.function_was[i];
		else
			bp_past_take_function(e, &e->conf->functions[i], &e->functions[i].past);
	for (unsigned i = 0; i < r->change.conf.n_functions; i++)
		if (!(goes_on >> i & 1))
			bp_past_add_function(bp_past_function(e, &r->change.conf.functions[i]),
					     &r->functions[i].past);
}

/* Has the port that was there before told all that its device reported? Before it is seen off. */
static bool has_told(const struct reload *r, unsigned place)
{
	return bp_reload_is_in(r->halted, place) || r->change.conf.ports[place].is_removed ||
	       (r->before[place] && !r->before[place]->is_started);
}

/* One that has not tells the rest when it stops. */
static void settle_reported(struct reload *r, unsigned place, bool has_told)
{
	struct bp_engine *e = r->e;

	if (!r->made[place])
		return;
	if (r->before[place] && has_told && !bp_reload_is_in(r->change.renamed, place))
		bp_reported_add(&e->past_reported[place], &e->reported[place]);
	e->reported[place].n = 0;
}

static void settle_account(struct reload *r)
{
	struct bp_engine *e = r->e;

	settle_functions(r);
	for (unsigned i = 0; i < BP_WORKERS_MAX; i++) {
		bp_paths_hand_over(e, &r->paths[i], &e->workers[i], &r->change);
		bp_paths_free(&r->paths[i]);
	}
	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		bool has_told_all = has_told(r, i);

		if (r->change.ports[i] == BP_FATE_REMOVED && e->env.ports[i])
			bp_captures_follow(e->env.ports[i], NULL);
		else if (r->before[i])
			bp_captures_follow(r->before[i], e->env.ports[i]);
		if (r->change.ports[i] == BP_FATE_REMOVED || r->before[i])
			see_off(r, i);
		settle_reported(r, i, has_told_all);
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

/* Those that are no more: what they have had is others', what they have counted stays until they come back. */
static void end_workers(struct reload *r)
{
	struct bp_engine *e = r->e;

	for (unsigned i = e->conf->engine.n_workers; i < r->n_workers; i++) {
		bp_worker_end(&e->workers[i]);
		bp_frames_leave(e->env.frames, i);
	}
}

static void place_workers(struct reload *r)
{
	struct bp_engine *e = r->e;

	for (unsigned i = r->n_workers; i < e->conf->engine.n_workers; i++)
		bp_worker_begin(&e->workers[i]);
	if (r->change.has_new_cores)
		bp_env_set_cores(&e->env, r->cores);
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++) {
		struct bp_worker *w = &e->workers[i];

		if (!is_moved(r, i))
			continue;
		w->thread.core = r->places[i].core;
		w->thread.off = r->places[i].off;
		w->numa_node = bp_numa_of_core(r->cores[i]);
	}
	if (r->change.has_new_cores)
		bp_workers_claim_cores(e, e->conf->engine.n_workers);
}

/*
 * No worker runs, nothing is another yet: what a driver carries by itself it counts when it is asked, so that the paths that end
 * have all of it, and functions that get another name. The others say what their devices have to when they stop, which takes
 * some of them a while.
 */
static void hear_carriers(struct reload *r)
{
	struct bp_engine *e = r->e;

	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		struct bp_port *port = e->env.ports[i];

		if (port && port->is_started &&
		    bp_facts_find(port->conf->driver)->flags & BP_FACT_CARRIES)
			bp_snapshot_reported(port->driver, port, &e->reported[i]);
	}
}

/* ---- all of it -------------------------------------------------------------------------------- */

int bp_reload_free_pool_ids(struct reload *r)
{
	struct bp_engine *e = r->e;
	uint64_t begin_ns;
	int err;

	if (!e->env.old_pools || bp_env_pool_ids_left(&e->env) >= POOLS_OF_PORT)
		return 0;
	begin_ns = bp_clock_ns();
	err = pause_workers(r);
	if (err)
		return err;
	bp_env_bind_pools(&e->env);
	r->has_bound = true;
	err = start_workers(e, r->n_workers) ? -ESHUTDOWN : 0;
	e->reloads.last_pause_ms += (double)(bp_clock_ns() - begin_ns) / 1e6;
	return err;
}

/* Returns err, or -ESHUTDOWN (logged): not all workers run as before. */
static int undo(struct reload *r, int err)
{
	struct bp_engine *e = r->e;

	if (bp_reload_undo_ports(r))
		err = -ESHUTDOWN;
	if (r->closed ||
	    r->has_bound) { /* their pools have other ids now; views of unknown ones are copied */
		int late = pause_workers(r);

		if (!late) {
			bp_env_bind_pools(&e->env);
			late = start_workers(e, r->n_workers) ? -ESHUTDOWN : 0;
		}
		err = late == -ESHUTDOWN ? late : err;
	}
	for (unsigned i = 0; r->functions && i < r->change.conf.n_functions; i++)
		if (r->change.functions[i] != BP_FATE_KEPT && r->functions[i].is_open)
			bp_function_close(&r->functions[i]);
	/* Those that were entered for more workers. */
	for (unsigned i = 0; i < e->conf->n_functions; i++)
		bp_function_leave(&e->functions[i], e->conf->engine.n_workers);
	bp_locks_undo(r->locks);
	return err;
}

/* The functions that are no more; those that stay leave workers that are no more. */
static void close_functions(struct reload *r)
{
	struct bp_engine *e = r->e;
	uint32_t stays = 0;

	for (unsigned i = 0; i < e->conf->n_functions; i++) {
		if (r->change.functions[i] != BP_FATE_KEPT)
			continue;
		stays |= UINT32_C(1) << r->change.function_was[i];
		bp_function_leave(&e->functions[i], e->conf->engine.n_workers);
	}
	for (unsigned i = 0; i < r->change.conf.n_functions; i++)
		if (!(stays >> i & 1))
			bp_function_close(&r->functions[i]);
}

/* The ports that are removed or made anew. */
static uint64_t list_ending(const struct reload *r)
{
	uint64_t places = 0;

	for (unsigned i = 0; i < r->e->conf->n_ports; i++)
		if (bp_reload_ends(r, i))
			places |= UINT64_C(1) << i;
	return places;
}

/* The places of ports that were added or made anew. */
static uint64_t list_new(const struct reload *r)
{
	uint64_t places = 0;

	for (unsigned i = 0; i < r->e->conf->n_ports; i++)
		if (bp_reload_is_new(r, i))
			places |= UINT64_C(1) << i;
	return places;
}

static int carry_out(struct reload *r, const struct bp_conf *loaded)
{
	struct bp_engine *e = r->e;
	uint64_t begin_ns;
	int err = check_here(r, loaded), late;

	if (!err)
		err = bp_past_reserve(e, &r->change);
	if (!err)
		err = find_cores(r);
	if (!err)
		err = open_functions(r);
	if (!err)
		err = bp_reload_make_ports(r);
	if (!err)
		err = bp_follow_check_made(&r->change, r->made);
	if (err)
		return undo(r, err);
	bp_follow_let_go(e, list_ending(r));
	err = bp_reload_end_receiving(r);
	begin_ns = bp_clock_ns();
	if (!err)
		err = pause_workers(r);
	if (err)
		return undo(r, err);
	hear_carriers(r);
	err = swap(r);
	if (!err) {
		settle_account(r);
		end_workers(r);
		place_workers(r);
	}
	late = start_workers(e, err ? r->n_workers : e->conf->engine.n_workers);
	e->reloads.last_pause_ms += (double)(bp_clock_ns() - begin_ns) / 1e6;
	if (err)
		err = undo(r, err);
	else
		close_functions(r);
	if (!err && r->change.has_new_cores)
		bp_ports_warn_far(&e->env, r->cores);
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

void bp_engine_refuse(struct bp_engine *e, const char *why, bool only_tell, json_t **document)
{
	const json_t *line;
	size_t i;

	e->reloads.n_refused += !only_tell;
	*document = bp_change_refused(why);
	json_array_foreach(json_object_get(*document, "refused"), i, line)
		bp_log(BP_LOG_ERROR, "reload: %s", json_string_value(line));
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
		bp_log(BP_LOG_ERROR, "reload: not all workers run again: the run ends");
		json_object_set_new(document, "refused",
				    json_pack("[s]", "not all workers run again: the run ends"));
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

	e->reloads.last_pause_ms = e->reloads.last_away_ms = 0;
	e->reloads.last_away_pkts = 0;
	if (!r->change.is_empty) {
		bp_change_tell(document, log_line, NULL);
		err = try_it(r, loaded, document);
		bp_away_tell(r, document);
		if (err == -ESHUTDOWN)
			return err;
		if (err) { /* what was let go for it is held again */
			bp_engine_tick(e);
			return err;
		}
	}
	e->reloads.n_done++;
	e->reloads.last_s = (double)(begin_ns - e->start_ns) / 1e9;
	e->reloads.last_ms = (double)(bp_clock_ns() - begin_ns) / 1e6;
	json_object_set_new(document, "took_ms", json_real(e->reloads.last_ms));
	json_object_set_new(document, "pause_ms", json_real(e->reloads.last_pause_ms));
	bp_log(BP_LOG_INFO, "reload: %s in %.1f ms; the workers stood still for %.2f ms",
	       r->change.is_empty ? "nothing to change" : "done", e->reloads.last_ms,
	       e->reloads.last_pause_ms);
	bp_follow_renew(e, list_new(r));
	bp_engine_tick(e);
	return 0;
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
		bp_engine_refuse(e, r->why, only_tell, document);
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
