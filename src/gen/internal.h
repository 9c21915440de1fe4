/* The generator's own state, shared by the files of this folder only. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_INTERNAL_H
#define BYPATH_GEN_INTERNAL_H

#include "core/arena.h"
#include "core/frames.h"
#include "core/thread.h"
#include "gen/gen.h"
#include "gen/kernel_source.h"
#include "gen/sink.h"
#include "gen/source.h"

/* A port in use. TX and RX may be the same one: then it stands once, with both queues. */
struct bp_gen_port {
	struct bp_port *port;
	/* Readings at the trial's begin, for differences. */
	uint64_t tx_before[BP_CNT_N], rx_before[BP_CNT_N];
	uint32_t held_before;
	unsigned n_reported_before;
	struct bp_reported reported_before[BP_REPORTED_MAX];
	bool had_no_link; /* at some look in the trial */
};

/* A thread that steps the source, the sink, or both. */
struct bp_gen_worker {
	struct bp_gen *gen;
	uint16_t worker_id;
	bool does_tx, does_rx;
	bool is_guest; /* receives on the core of a source that never sleeps: naps, comes first */
	struct bp_thread thread; /* another one in each trial */
	_Atomic bool is_asked_to_end; /* by the control thread */
	_Atomic uint64_t n_preempted; /* in the last trial; by the worker, when it ends */
};

/* The control thread's, but for what source, sink and workers say of themselves. */
struct bp_gen {
	const struct bp_conf *conf;
	struct bp_env env;
	unsigned n_ports;
	struct bp_gen_port ports[BP_GEN_ROLES];
	struct bp_gen_port *by_role[BP_GEN_ROLES]; /* NULL: not given */
	unsigned n_workers, n_running;
	struct bp_gen_worker workers[2];
	struct bp_stream streams[BP_STREAMS_MAX];
	struct bp_source source;
	struct bp_sink *sink; /* NULL without an RX port */
	struct bp_sink *monitor; /* NULL without a monitor */
	uint8_t run; /* of the last trial; never 0 */
	struct bp_trial_request request;
	struct bp_trial_result result;
	uint64_t begin_ns, end_ns; /* of the trial; end: UINT64_MAX: until asked */
	uint64_t checked_ns; /* when the ports' links were last looked at */
	bool is_port_lost;
	char lost_name[BP_NAME_BYTES];
	/* NULL, or the TX port's own source: then `source` is its schedule and its account. */
	const struct bp_ks_ops *kernel_source;
	_Atomic int source_err; /* why it sent nothing; by its worker, or the one that announces */
	_Atomic bool
		is_announced; /* switches have heard of the destinations; by the receiving worker */
	_Atomic bool is_interrupted;
};

/* Which worker does what, on which core: see bp_gen_create(). 0 or -errno (logged). */
int bp_gen_choose_workers(struct bp_gen *gen);

/* Returns when the thread runs, its ports entered. 0 or -errno (logged). */
int bp_gen_start_worker(struct bp_gen_worker *worker);
void bp_gen_stop_workers(struct bp_gen *gen);

/* How long the workers of the trial that has ended were off their cores: the worst of them. */
void bp_gen_read_off(const struct bp_gen *gen, double *share, enum bp_off_cause *cause);

/*
 * One frame from each destination address of the streams, out of the RX port, which has a TX queue for them; again what it
 * drops. Its worker; blocks for as long as that takes, or until the trial is to end. 0, also where a few did not leave
 * (logged), or -errno (logged).
 */
int bp_gen_announce(const struct bp_gen_worker *worker);

/* Has the trial, or the worker, been asked to end? Any thread. */
bool bp_gen_is_asked_to_end(const struct bp_gen_worker *worker);

/* End the sender and wait until it has. */
void bp_gen_end_source(struct bp_gen *gen);
bool bp_gen_has_source_ended(const struct bp_gen *gen);

/* The streams as a trial's frame_size makes them; 0: theirs. 0, or -EINVAL with a sentence. */
int bp_gen_make_streams(struct bp_gen *gen, uint32_t frame_size, char *why, size_t why_bytes);

/* Can the TX port carry every stream's longest frame? 0, or -EINVAL with a sentence. */
int bp_gen_check_sizes(const struct bp_gen *gen, char *why, size_t why_bytes);

/*
 * See which ports have their link; one that has none drops by name what it is to send. Notes in the ports
 * and in gen what a trial's verdict needs to know. Control thread; blocks for a moment.
 */
void bp_gen_look_at_links(struct bp_gen *gen);

/* Has a port failed for good (bp_port.has_failed) until now? Control thread; blocks for a moment. */
bool bp_gen_has_failed_port(const struct bp_gen *gen);

/* 0: give the processor away. */
void bp_gen_nap_ms(long ms);

/* bp_port_node() of each port in use, BP_NO_NODE of the others, into nodes[conf->n_ports]. */
void bp_gen_port_nodes(const struct bp_conf *conf, int nodes[BP_PORTS_MAX]);

/* Arena, ports: opened and started. 0 or -errno (logged). */
int bp_gen_open_ports(struct bp_gen *gen);
void bp_gen_close_ports(struct bp_gen *gen);

/* Remember the ports' counters, for the differences of a trial. */
void bp_gen_mark_ports(struct bp_gen *gen);

/* What a port counted since the mark. */
void bp_gen_read_port(const struct bp_gen_port *port, struct bp_gen_port_row *row);

/* What the TX port has dropped since the mark, by its own count. */
uint64_t bp_gen_tx_dropped(const struct bp_gen *gen);

/* What the port, which receives, dropped since the mark: as it counts, or as the device reports. */
uint64_t bp_gen_rx_dropped(const struct bp_gen_port *port);

/* Bits per second of the network interface behind the TX port; 0: not known. */
double bp_gen_line_bps(const struct bp_gen *gen);

#endif
