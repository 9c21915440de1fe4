/* The forwarding engine: ports, paths, workers of one configuration, from start to drain. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_ENGINE_H
#define BYPATH_ENGINE_ENGINE_H

#include "bypath/config.h"
#include "bypath/report.h"

struct bp_capture;
struct bp_engine;

/*
 * Which worker polls and sends what: the plan that conf implies. Checks what needs driver facts
 * (queues per worker) without touching the system. 0, or -EINVAL with a sentence in why.
 */
int bp_engine_check(const struct bp_conf *conf, char *why, size_t why_bytes);

/*
 * Warn of each path between two ports on a loopback interface, or back to the same one: the kernel hands what
 * is sent there to whoever receives there, so that frames circulate. Control thread; blocks for a moment.
 */
void bp_engine_warn_loops(const struct bp_conf *conf);

/*
 * Arena, ports (opened and started), workers (not yet running). conf is copied.
 * Control thread; blocks. 0 or -errno (logged).
 */
int bp_engine_create(const struct bp_conf *conf, struct bp_engine **engine);
/* Let the workers run. 0 or -errno (logged). */
int bp_engine_start(struct bp_engine *engine);
/* Health of the ports: call every 100 ms or so. Takes ports out and back in. Control thread. */
void bp_engine_tick(struct bp_engine *engine);
/*
 * Set the port of this name down, or up again (bp_port_set()), and see to all that depends on it. by: who, for the log and
 * reports. No packet is moved from or to a port that is set down, once this returns; where a worker stands still, once that
 * has gone on. Control thread; blocks for 100 ms at most. 0, also where it is so already; -ENOENT: there is no such port.
 */
int bp_engine_set_port(struct bp_engine *engine, const char *name, bool is_down, const char *by);
/* "wan, lan": cut at text_bytes. Control thread. */
void bp_engine_list_ports(const struct bp_engine *engine, char *text, size_t text_bytes);
/*
 * Have all ports that packets are received from, and that come to an end (BP_CAP_FINITE), done so? False where
 * there is none. Control thread.
 */
bool bp_engine_is_played(const struct bp_engine *engine);
/*
 * Let what has been received go through, also by rings from worker to worker: until two rounds of every
 * worker in a row received nothing, at most 500 ms. Workers are running. Control thread; blocks.
 */
void bp_engine_settle(struct bp_engine *engine);
/*
 * Stop receiving, let TX queues empty for at most 500 ms, join the workers, stop the ports. A worker that does not end within 5 s
 * is left where it stands (logged, with its last function): it never runs on, and the burst that it had in hand is lost.
 */
void bp_engine_stop(struct bp_engine *engine);
/* After the stop: was such a worker left, whose packets no account has? */
bool bp_engine_lacks_workers(const struct bp_engine *engine);
/* After the stop: that, or could a port not read or write all that it was to (bp_port.has_failed)? */
bool bp_engine_has_failed(const struct bp_engine *engine);
/* Snapshot of everything but what functions say of themselves, whose length has no bound. Control thread. */
void bp_engine_report(struct bp_engine *engine, struct bp_report *report);
/*
 * Ask each function what it knows (bp_function_ops.show) for a report that bp_engine_report() has filled, which is then to
 * be released by bp_report_release(). Also beside running workers. Control thread.
 */
void bp_engine_report_states(struct bp_engine *engine, struct bp_report *report);
/*
 * Let a capture (core/capture.h), which is open, look at the ports of these names; n_names 0: at all that packets pass
 * through, but for hops. Fills its interfaces, one for each. Workers may run. Control thread; does not block.
 * 0; -ENOENT: no such port, -ENOTSUP: others carry its packets, -EPERM: nothing here may read them, -EBUSY: the port has as
 * many captures as it can, -EAGAIN: there are more workers than it has rings: a sentence in why, nothing is captured.
 */
int bp_engine_capture(struct bp_engine *engine, struct bp_capture *capture,
		      const char *const *names, unsigned n_names, char *why, size_t why_bytes);
/*
 * Take it off all ports. Waits until no worker is in it, for 100 ms at most: where one stands still, capture->is_held is true
 * then, until bp_engine_tick() or bp_engine_stop() calls capture->let_go(). Also when the engine has stopped. Control thread.
 */
void bp_engine_uncapture(struct bp_engine *engine, struct bp_capture *capture);
void bp_engine_destroy(struct bp_engine *engine);

/* What runs, also after a reload: the places of ports stay, see struct bp_change. The engine's. Control thread. */
const struct bp_conf *bp_engine_conf(const struct bp_engine *engine);

/*
 * Change what runs to loaded (from bp_config_load() and bp_plan_add_hops()), while workers run. Ports that stay the same keep
 * their device, queues and packets: their workers stand still for a moment, in which the kernel's and the devices' rings
 * fill. New ports are opened and started before that, those that are removed send what they hold after it. Where a port
 * is made anew and both of its kind can have the device, the new one receives before the old one ends; else the port is
 * away meanwhile, its packets are dropped as port_down. What cannot be done changes nothing. only_tell: nothing is done.
 *
 * *document: a bypath.change/1 with "pause_ms", "took_ms", "away"; of a refusal "refused": lines that say why. A new
 * reference, or NULL when memory lacks. Control thread; blocks for as long as opening ports takes. 0, or -errno (logged).
 */
int bp_engine_reload(struct bp_engine *engine, const struct bp_conf *loaded, bool only_tell,
		     struct json_t **document);

/* Refuse a configuration for the lines of why, before it comes to bp_engine_reload(): logged, counted (unless only_tell), and
 * *document as there. Control thread. */
void bp_engine_refuse(struct bp_engine *engine, const char *why, bool only_tell,
		      struct json_t **document);

#endif
