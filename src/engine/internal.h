/* The engine's own state, shared by the files of this folder only. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_INTERNAL_H
#define BYPATH_ENGINE_INTERNAL_H

#include "bypath/function.h"

#include "bypath/report.h"

#include "engine/alarms.h"
#include "engine/change.h"
#include "engine/follow.h"
#include "engine/worker.h"

/* Last reading of a port's reported counters: kept beyond its stop. */
struct bp_reported_set {
	unsigned n;
	struct bp_reported v[BP_REPORTED_MAX];
};

/* What a function did in steps that are no more, since a reload. */
struct bp_function_past {
	uint64_t n_pkts, drops[BP_FN_REASONS_MAX];
	double busy_ns;
};

/* One function with what its workers have of it. */
struct bp_engine_function {
	const struct bp_function *function;
	const struct bp_function_conf *conf;
	bool is_open;
	unsigned n_entered; /* of fns[], by worker_id */
	struct bp_function_past past;
	struct bp_fn fns[BP_WORKERS_MAX]; /* each the worker's own, once it runs */
};

/* One that a reload took out: if it comes back it goes on. */
struct bp_former_function {
	char name[BP_NAME_BYTES], type[BP_NAME_BYTES];
	struct bp_function_past past;
};
#define BP_FORMER_FUNCTIONS_MAX \
	(2 *                    \
	 BP_FUNCTIONS_MAX) /* of more the oldest are forgotten, never those of the last reload */

/* Of a port's name: what ports that had it before have counted, by the numbers of their queues. */
struct bp_past_port {
	uint64_t rx[BP_QUEUES_MAX][BP_CNT_N], tx[BP_QUEUES_MAX][BP_CNT_N];
	uint32_t n_losses;
};

/* Of queues whose ports' names have no place any more. Their sum, whichever queue it was. */
struct bp_past_queues {
	uint64_t rx[BP_CNT_N], tx[BP_CNT_N];
};

/* A port that a reload has taken off every path: it sends what it holds, stops, and when nobody has a frame of its pools
 * any more its driver lets it go. */
struct bp_leaving {
	struct bp_leaving *next;
	struct bp_port *port;
	bool stays; /* in its place, as a port that was removed; else it is freed */
	struct bp_port_conf conf; /* that it was opened with */
	uint64_t since_ns;
	struct bp_reported_set reported; /* until now */
	uint64_t n_sent[BP_PORTS_MAX]
		       [BP_QUEUES_MAX]; /* that the TX queues had taken when it left */
};

/* A port that waits, out of the workers' hands, until none is in the bursts that it had before. */
enum bp_turn_kind { BP_TURN_NONE, BP_TURN_STOPS, BP_TURN_STARTS };
struct bp_turn {
	enum bp_turn_kind kind;
	uint64_t n_loops[BP_WORKERS_MAX]; /* of each worker, when it was taken out of their hands */
};

/* Everything here is the control thread's; workers reach only their own struct bp_worker. */
struct bp_engine {
	struct bp_conf *conf; /* what runs: its own copy, which a reload changes in place */
	struct bp_plan plan;
	struct bp_env env;
	int port_nodes[BP_PORTS_MAX]; /* bp_port_node() of each, before anything was opened */
	struct bp_reported_set reported[BP_PORTS_MAX];
	struct bp_engine_function *functions; /* [BP_FUNCTIONS_MAX], as conf->functions */
	struct bp_retired *retired; /* newest first */
	/* ---- of reloads ---- */
	struct bp_leaving *leaving;
	struct bp_past_port *past[BP_PORTS_MAX]; /* by place; NULL: nothing yet */
	struct bp_reported_set past_reported[BP_PORTS_MAX]; /* by those ports, when they stopped */
	struct bp_past_queues past_others;
	struct bp_report_path *past_paths; /* bp_past_add_path(); NULL: nothing yet */
	struct bp_report *ended; /* room for the rows of a path that ends */
	unsigned n_former_functions;
	struct bp_former_function former_functions[BP_FORMER_FUNCTIONS_MAX]; /* the oldest first */
	uint64_t past_fn_drops; /* of those that are forgotten */
	unsigned n_former, n_former_cut;
	struct bp_report_former former[BP_FORMER_MAX];
	struct bp_reloads reloads;
	struct bp_handover *handovers; /* under way (handover/handover.h) */
	bool has_failed; /* a port that was let go */
	unsigned n_ticks;
	struct bp_trace *trace; /* engine/trace.h; NULL: none */
	unsigned n_traces; /* until now */
	struct bp_alarm_watch watch;
	struct bp_follow follows[BP_PORTS_MAX]; /* by port_id: [forward] link = follow */
	struct bp_turn turns[BP_PORTS_MAX]; /* by port_id */
	struct bp_worker workers[BP_WORKERS_MAX];
	unsigned n_running;
	unsigned end_limit_ms; /* for the workers to end */
	unsigned n_parked; /* that did not */
	bool is_stopped;
	uint64_t start_ns, end_ns, drain_ns;
	uint64_t start_cycles, end_cycles;
};

/* A worker with its paths by e's plan; does not run. 0 or -errno (logged). */
int bp_worker_make(struct bp_engine *e, struct bp_worker *worker, uint16_t worker_id);

/* Read a started port's reported counters; what it has told before, which is in *set, and does not tell any more stays. */
void bp_snapshot_reported(const struct bp_driver *driver, struct bp_port *port,
			  struct bp_reported_set *set);

/* The sides of the conservation law: received + made = sent + dropped + held + unaccounted. */
struct bp_conserved {
	uint64_t received, made, sent, dropped, held;
};

/* Add up what the queues and functions have counted until now. */
void bp_snapshot_conserved(const struct bp_engine *e, struct bp_conserved *sum);

/* ---- paths.c --------------------------------------------------------------------------------- */

/* The paths of worker->worker_id, with the TX queues and ports that they use. 0 or -ENOMEM. */
int bp_paths_make(struct bp_engine *e, struct bp_worker *worker);
/* Its worker has ended. */
void bp_paths_destroy(struct bp_worker *worker);

/*
 * Decide what packets need on the paths from and to port (NULL: on all) between the ports as they are
 * now; workers may run. 0 or -ENOMEM: some have what they had before.
 */
int bp_paths_bind_offloads(struct bp_engine *e, const struct bp_port *port);

/*
 * Choose direct bursts for the paths from and to port; NULL: for all. Only between ports that are started
 * and have a link: others' packets go by their queues' bursts, which are swapped one port at a time.
 */
void bp_paths_bind_directs(struct bp_engine *e, const struct bp_port *port);

/* A worker's paths with all that hangs on them, out of it. */
struct bp_paths {
	struct bp_path *paths;
	unsigned n_paths, n_plain, n_txqs, n_shared, n_ports;
	bool has_more;
	struct bp_txq *txqs[BP_PORTS_MAX];
	struct bp_shared_txq shared[BP_PORTS_MAX];
	struct bp_port *ports[BP_PORTS_MAX];
};

/* Take them out of a worker that does not run, which has none then; put them back into one that has none. */
void bp_paths_take(struct bp_worker *worker, struct bp_paths *paths);
void bp_paths_put(struct bp_worker *worker, const struct bp_paths *paths);
/* What its system calls have taken. Relaxed; any thread. */
uint64_t bp_path_call_cycles(struct bp_path *path);

/* Hand what the paths of before have counted over to those of the worker that are the same (queues, functions), and the
 * rest to functions and `former`. e has the new configuration, change->conf the one of before. No worker runs. */
void bp_paths_hand_over(struct bp_engine *e, struct bp_paths *before, struct bp_worker *worker,
			const struct bp_change *change);
/* Free paths that were taken out. */
void bp_paths_free(struct bp_paths *paths);

/* ---- captures.c ------------------------------------------------------------------------------ */

/* 0; -EBUSY (logged): one that runs has no buffers for so many workers. */
int bp_captures_allow(const struct bp_engine *e, unsigned n_workers);
/* What looks at a port's packets looks at those of the port that has its place now, NULL: it was removed. No worker runs. */
void bp_captures_follow(struct bp_port *from, struct bp_port *to);

/* ---- functions.c ----------------------------------------------------------------------------- */

/* Open every function for every worker; the ports are started. 0 or -errno (logged); bp_functions_close() undoes it. */
int bp_functions_open(struct bp_engine *e);
/* The workers have ended. */
void bp_functions_close(struct bp_engine *e);
/* Open one of a configuration that is not e's yet, for its workers. 0 or -errno (logged; nothing to undo). */
int bp_function_open(const struct bp_conf *conf, unsigned function_id,
		     struct bp_engine_function *f);
/* Enter one for workers that it is not entered for yet, leave it for those beyond n_workers. */
int bp_function_enter(struct bp_engine_function *f, unsigned n_workers);
void bp_function_leave(struct bp_engine_function *f, unsigned n_workers);
void bp_function_close(struct bp_engine_function *f);
/* Every 100 ms. */
void bp_functions_tick(struct bp_engine *e);

/* ---- retire.c -------------------------------------------------------------------------------- */

/*
 * Free what workers no longer find, when each has begun a new round or does not run. Never blocks, but where there is
 * no memory to remember it by: then for BP_SETTLE_MS, and what a worker that stands still may use is never freed.
 */
void bp_retire(struct bp_engine *e, void *old, void (*free_old)(void *old));
/* Free what may be freed by now. With all: the workers have ended. */
void bp_retired_free(struct bp_engine *e, bool all);

/* ---- engine.c -------------------------------------------------------------------------------- */

/* Keep all other threads off the cores of the first n workers, none of which runs: bp_cpu_keep_off(). */
void bp_workers_claim_cores(const struct bp_engine *e, unsigned n);

/* ---- watch.c --------------------------------------------------------------------------------- */

/* As long as who asks waits for a worker that stands still. */
#define BP_SETTLE_MS 100u

/*
 * Wait until every running worker has begun a new round, for limit_ms at most. -1: none uses what it found before; else the id
 * of one that may, so that what it may be looking at goes to bp_retire().
 */
int bp_workers_settle(struct bp_engine *e, unsigned limit_ms);

/* As long as a port, or a reload, waits for one: as long as it takes to be called stalled. */
#define BP_TURN_MS   1000u
#define BP_TURN_TEXT "1 s"

/*
 * The workers let a port alone from here on: its bursts are those of one that is away, its link is lost. Workers may run. False
 * (logged): a worker that stands still may be in its driver, which stops when that has gone on: bp_port_go_on(). Blocks for
 * BP_TURN_MS at most; not at all, where another port waits so.
 */
bool bp_port_take_out(struct bp_engine *e, struct bp_port *port);
/* The same, and its driver is stopped; false as above. */
bool bp_port_halt(struct bp_engine *e, struct bp_port *port);
/* Start it again. False: not yet, since its device is not there, or (logged) since a worker stands still, as above. */
bool bp_port_resume(struct bp_engine *e, struct bp_port *port);
/* Go on with either. False: it still waits for a worker. Does not block. */
bool bp_port_go_on(struct bp_engine *e, struct bp_port *port);

/* ---- stall.c --------------------------------------------------------------------------------- */

#define BP_STALL_BYTES 256u

/* What the kernel says of a worker that is not running: half a sentence, static; NULL: it runs, or could. */
const char *bp_stall_kernel_says(const struct bp_worker *w);
/* Which worker has made no round for how long ("1 s"), and where it stands. why: what keeps it; NULL: as the kernel says. */
void bp_stall_tell(const struct bp_engine *e, unsigned worker_id, const char *since,
		   const char *why, char text[BP_STALL_BYTES]);

/* ---- leaving.c ------------------------------------------------------------------------------- */

/* A port is on no path any more, no worker runs at this moment; conf is what it was opened with. 0; -ENOMEM: nothing was
 * done. */
int bp_leaving_add(struct bp_engine *e, struct bp_port *port, const struct bp_port_conf *conf,
		   bool stays);
/* Note which frames are with others now: *l has its port. Are they all back? */
void bp_leaving_begin(struct bp_engine *e, struct bp_leaving *l);
bool bp_leaving_is_home(const struct bp_engine *e, const struct bp_leaving *l);
/* Stop those that leave, whatever they hold: the workers have ended. bp_leaving_tick() with all lets them go, when every
 * other port has stopped as well. */
void bp_leaving_stop(struct bp_engine *e);
/* A port that is leaving, or not any more: it is gone, whatever it holds. No worker runs. */
void bp_leaving_finish(struct bp_engine *e, const struct bp_port *port);
/* Go on with those that leave. all: the workers have ended, nothing is waited for. */
void bp_leaving_tick(struct bp_engine *e, bool all);
/* ---- past.c: control thread ------------------------------------------------------------------- */

/* Room for all that a reload may end, before it changes anything. 0 or -ENOMEM. */
int bp_past_reserve(struct bp_engine *e, const struct bp_change *change);
void bp_past_free(struct bp_engine *e);

/*
 * A port is freed: what it counted stays with its name, the place's (keeps_name). Else the place is another name's: nothing is
 * known of the former one any more but that its packets were there. It has left.
 */
void bp_past_add(struct bp_engine *e, const struct bp_port *port, bool keeps_name);
/* Has the place's name had other queues than those that it has now? */
bool bp_past_has(const struct bp_engine *e, unsigned place);
/* Add what such queues of this number have counted until now, those of ports that leave and are freed then among them. */
void bp_past_read(const struct bp_engine *e, unsigned place, enum bp_side side, unsigned queue_id,
		  uint64_t sum[BP_CNT_N]);
uint32_t bp_past_losses(const struct bp_engine *e, unsigned place);

/* Add what a port reports, which stops now and leaves its place to another one, to what was reported there. */
void bp_past_report(struct bp_engine *e, struct bp_leaving *leaving);
/* Add what other ports of the place's name have reported. */
void bp_past_reported(const struct bp_engine *e, unsigned place, struct bp_reported_set *sum);
/* Add the rows of one set to another's: those of the same meaning add up. */
void bp_reported_add(struct bp_reported_set *sum, const struct bp_reported_set *set);

/* A row of a path that ends: what it did stays with its ports. bp_past_reserve() has been. */
void bp_past_add_path(struct bp_engine *e, const struct bp_report_path *row);
/* All of that, as the first rows of the report. */
void bp_past_read_paths(const struct bp_engine *e, struct bp_report *report);

void bp_past_add_function(struct bp_function_past *sum, const struct bp_function_past *past);
/* Where a function that is taken out has what it did. */
struct bp_function_past *bp_past_function(struct bp_engine *e, const struct bp_function_conf *conf);
/* One is there again: all of that is its own, added to past. */
void bp_past_take_function(struct bp_engine *e, const struct bp_function_conf *conf,
			   struct bp_function_past *past);
/* What functions dropped that are no more. */
uint64_t bp_past_fn_drops(const struct bp_engine *e);

/* ---- carried.c ------------------------------------------------------------------------------- */

/* bp_env.count_act of the engine's env. */
void bp_carried_count(struct bp_rxq *rxq, unsigned step, const struct bp_act_count *count);

/* ---- snapshot.c ------------------------------------------------------------------------------ */

/* What a path that ends here has done, as rows of the report's `former`; it stays with its ports. before: the configuration
 * that it was of. */
void bp_snapshot_former(struct bp_engine *e, struct bp_path *path, uint16_t worker_id,
			const struct bp_conf *before);

#endif
