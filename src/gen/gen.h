/* The generator: two ports, a source, a sink, the workers that step them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_GEN_H
#define BYPATH_GEN_GEN_H

#include "core/layers.h"
#include "bypath/config.h"
#include "bypath/port.h"
#include "bypath/report.h"

#include "gen/trial.h"

struct bp_gen;

/*
 * Arena and ports of conf->gen (opened, started), no worker yet. conf must outlive the generator;
 * conf->gen.tx_port or rx_port is given. Workers: [engine] cores names one core (one thread sends
 * and receives) or two; without it one on machines with at most two cores, so that the device under
 * test has one of its own; of the ports' NUMA node where that has three or more. With conf->gen.monitor_port one: the
 * port that sends and the one that receives may then be swapped between trials. Control thread; blocks. 0 or -errno (logged).
 */
int bp_gen_create(const struct bp_conf *conf, struct bp_gen **gen);
void bp_gen_destroy(struct bp_gen *gen);

/*
 * Wait until all ports have their link, at most so long, and not once a SIGINT or SIGTERM is pending
 * (blocked). Control thread; blocks. Returns 0, or
 * -ETIMEDOUT with the port's name in why.
 */
int bp_gen_wait_links(struct bp_gen *gen, double seconds, char *why, size_t why_bytes);

/*
 * The rate that conf->gen.rate comes to for the streams as a request's frame_size makes them. 0: as
 * fast as it goes. Control thread. 0, or -EINVAL with a sentence in why (percent of an unknown
 * line, a size too small).
 */
int bp_gen_rate(struct bp_gen *gen, uint32_t frame_size, double *rate_pps, char *why,
		size_t why_bytes);

/* Mean frame of the streams for a frame_size (0: theirs), without FCS; 0 for a replay. */
double bp_gen_mean_bytes(const struct bp_gen *gen, uint32_t frame_size);

/* Such frames per second that the line behind the TX port carries (IEEE 802.3), by the speed that its
 * interface names; 0: not known. Control thread. */
double bp_gen_line_pps(const struct bp_gen *gen, uint32_t frame_size);

/*
 * One trial from begin to end: ctx is the struct bp_gen *. A bp_trial_fn, for searches. Can be
 * interrupted by bp_gen_interrupt(): then is_interrupted is set and the figures are those until
 * then.
 */
int bp_gen_trial(void *ctx, const struct bp_trial_request *request, struct bp_trial_result *result);

/* The same in steps, for whoever has something to do meanwhile: start, tick until over, finish. */
int bp_gen_start(struct bp_gen *gen, const struct bp_trial_request *request);
/* Health of the ports, end of the sender: call every 100 ms or so. false: the trial is over. */
bool bp_gen_tick(struct bp_gen *gen);
/* Stop sending, wait for stragglers, stop receiving. 0, or -errno as bp_gen_trial(). */
int bp_gen_finish(struct bp_gen *gen, struct bp_trial_result *result);

/* End the trial under way early, or the next one at once. Any thread, also a signal handler. */
void bp_gen_interrupt(struct bp_gen *gen);

/* Figures while a trial goes on. Control thread. */
struct bp_gen_live {
	double elapsed_s;
	uint64_t n_offered, offered_bytes; /* bytes without FCS */
	uint64_t n_dropped; /* of those, by the TX port */
	uint64_t n_received, received_bytes, n_once;
	uint64_t n_foreign, n_missed;
};
void bp_gen_live(const struct bp_gen *gen, struct bp_gen_live *live);

/* One stream of the last trial. */
struct bp_gen_stream_row {
	char name[BP_NAME_BYTES]; /* its number where only its frames are known */
	char encap
		[BP_ENCAP_BYTES]; /* as it is written in the configuration; "": none, or not known */
	uint64_t n_sent; /* by the TX port; 0 without one. See is_unsent_known */
	/* Handed to the TX port, but dropped there: not among the lost; no number is used up. */
	uint64_t n_unsent;
	uint64_t n_unchecked; /* see struct bp_sink_stream */
	uint64_t n_received, n_bytes, n_once, n_lost, n_duplicate, n_reordered, reorder_max;
	uint64_t n_too_old, n_corrupt, n_bad_time;
	struct bp_latency_summary latency;
};

enum bp_gen_role { BP_GEN_TX, BP_GEN_RX, BP_GEN_REPLAY, BP_GEN_MONITOR, BP_GEN_ROLES };

/* A port of the last trial; counters count since its begin. */
struct bp_gen_port_row {
	const struct bp_port_conf *conf;
	struct bp_port_info info;
	unsigned roles; /* a bit (1 << role) for each that it has */
	uint64_t tx[BP_CNT_N], rx[BP_CNT_N];
	uint32_t n_held;
	unsigned n_reported;
	struct bp_reported reported[BP_REPORTED_MAX];
};

static inline bool bp_gen_has_role(const struct bp_gen_port_row *row, enum bp_gen_role role)
{
	return row->roles & (1u << role);
}

/* In words: "tx", "rx", "tx, rx", "replay", "monitor". */
const char *bp_gen_roles_name(const struct bp_gen_port_row *row);

#define BP_GEN_PORTS_MAX 4u

/* Everything about the last trial. */
struct bp_gen_report {
	const struct bp_conf *conf;
	struct bp_trial_request request;
	struct bp_trial_result result;
	bool has_tx, has_rx, has_replay;
	double mean_frame_bytes; /* of what was sent, without FCS */
	uint64_t offered_bytes, received_bytes; /* without FCS */
	uint64_t n_missed_cpu, n_missed_full; /* turns missed: worker late, TX full */
	uint64_t n_no_frame;
	uint64_t n_tx_dropped; /* consumed by the TX port, not sent: by reason in its row */
	uint64_t n_broken, n_unknown, n_restarts;
	/* First sequence number: of the sender (loss is absolute), or the first one seen. */
	bool is_loss_absolute;
	/* False: the TX port lost frames of several streams after it had taken them for sent, it is not
	 * known whose: n_sent and n_lost of a stream contain them. */
	bool is_unsent_known;
	uint64_t n_preempted; /* times that other work took a worker's core away */
	unsigned n_workers, cores[2];
	uint64_t arena_page_bytes;
	uint32_t arena_frames, arena_frames_free; /* free: exact while no trial runs */
	unsigned n_ports;
	struct bp_gen_port_row ports[BP_GEN_PORTS_MAX];
	unsigned n_streams;
	struct bp_gen_stream_row streams[BP_STREAMS_MAX];
};

/* Control thread, while no trial runs. */
void bp_gen_report(const struct bp_gen *gen, struct bp_gen_report *report);

#endif
