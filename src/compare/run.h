/* One run of a forwarder, with its test bed and generator. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_RUN_H
#define BYPATH_COMPARE_RUN_H

#include "compare/comparison.h"
#include "compare/cpu.h"
#include "compare/generator.h"
#include "lab/child.h"
#include "lab/guard.h"

struct bp_cmp_run {
	struct bp_comparison *cmp;
	struct bp_cmp_row *row;
	/* The lab. */
	int home, dut_ns, gen_ns,
		far_ns; /* network namespaces, as descriptors; -1: none; far_ns has e1 */
	bool has_wires;
	struct bp_guard guard; /* deletes the bridge between named ports when this process ends */
	uint64_t n_in_dropped, n_out_dropped; /* by such ports before, where the kernel forwards */
	struct bp_cmp_names names;
	/* Processes. */
	struct bp_child dut;
	struct bp_child ovsdb; /* the database of Open vSwitch */
	bool has_dut; /* a process forwards, not the kernel */
	struct bp_generator generator;
	bool has_generator;
	char ini[BP_WORKDIR_BYTES + 40], gen_ini[BP_WORKDIR_BYTES + 40];
	char report[BP_WORKDIR_BYTES + 40];
	/* Sums over the trials of this run. */
	uint64_t n_sent, n_received, n_stale;
	uint64_t n_known; /* drops in the row that the in interface counts as well */
	/* What the generator's TX interface, or the out interface, counts as dropped has a name with who
	 * sends there: it explains, and is not added. */
	bool is_source_named, is_out_named;
	uint64_t n_forwarder_received; /* as the forwarder counts */
	uint64_t n_socket_drops; /* drops of net_af_packet's socket, as the kernel tells */
	bool has_socket_drops;
	bool has_huge; /* hugepages for EAL were free when this run began */
	bool is_for_latency; /* bp_cmp_run_for_latency() has changed the generator */
	bool is_uncounted; /* another source sends: there is no account of each packet */
	bool is_broken; /* a trial could not be counted, so no account can be drawn up */
	struct bp_off_thread
		dut_thread; /* the thread that forwards; tid 0: there is none, or it is not known */
	struct bp_generator_answer answer; /* of the last trial */
	struct bp_cmp_off off; /* of the last trial: the worse of forwarder and generator */
	struct bp_cmp_cpu cpu; /* of the last trial */
	bool is_busy_asked; /* the trials that come are to tell the workers' busy time */
	double lossless_pps,
		lossless_cores; /* the most that a trial of the search carried, and its CPU */
	unsigned n_searched,
		n_disturbed; /* trials of a lossless search; those that were disturbed */
};

/* Make names, configurations and the test bed. 0, or the row has ended. */
int bp_cmp_run_prepare(struct bp_cmp_run *run, struct bp_comparison *cmp, struct bp_cmp_row *row);

/* Start the generator and wait until its ports are open. 0, or the row has ended. */
int bp_cmp_run_start_generator(struct bp_cmp_run *run);

/* Make the test bed, start forwarder and generator, wait until packets pass. 0, or the row has ended. */
int bp_cmp_run_begin(struct bp_cmp_run *run, struct bp_comparison *cmp, struct bp_cmp_row *row);

/*
 * One trial; its answer is in run->answer, its losses are the row's. 0; -ENODEV: the forwarder or
 * the generator died (the row has failed); -EINTR: stopped (what was measured is in the answer).
 */
int bp_cmp_run_trial(struct bp_cmp_run *run, const struct bp_trial_request *request);

/*
 * The same, again while it is disturbed, BP_CMP_TRIES times at most: what is in run->answer and run->cpu is
 * the least disturbed one's, what is in run->off is the row's.
 */
#define BP_CMP_TRIES 3u
int bp_cmp_run_quiet_trial(struct bp_cmp_run *run, const struct bp_trial_request *request);

/*
 * The same of anything that sets run->off: of the tries the least disturbed one's result stays. kept: room for
 * another. 0, or what once() returned.
 */
struct bp_cmp_tries {
	int (*once)(struct bp_cmp_run *run, const void *ctx, void *result);
	const void *ctx;
	void *result, *kept;
	size_t bytes; /* of each */
};
int bp_cmp_quietest(struct bp_cmp_run *run, const struct bp_cmp_tries *tries);

/* A few packets, again and again by this trial until none is lost: links come up when they do. 0, or the row has ended. */
int bp_cmp_await_packets(struct bp_cmp_run *run, bp_trial_fn trial);

/*
 * Where the generator has one core, live frames need two threads on it, and the receiver sleeps
 * between two looks: latency would be that sleep. Change to a generator that sends and receives in
 * one thread that polls. 0, or an error: there is no generator any more.
 */
int bp_cmp_run_for_latency(struct bp_cmp_run *run);

/*
 * Stop the forwarder, read its report, draw up the account (not for `is_broken`), remove the lab.
 * keep_report: the report is the one that the row shows.
 */
void bp_cmp_run_end(struct bp_cmp_run *run, bool keep_report);

/*
 * Wait until a process of this run has said a word (NULL: has ended), at most so long. 0; -EINTR: stopped; -ETIMEDOUT;
 * -EIO: it ended, without the word or not well; -ENODEV: the forwarder ended (the row has failed).
 */
int bp_cmp_await(struct bp_cmp_run *run, struct bp_child *child, const char *word, double seconds);

/* Run a program from its start to its end, at most so long; what it said is in child->log. As bp_cmp_await(). */
int bp_cmp_complete(struct bp_cmp_run *run, int netns, const char *name, const char *const argv[],
		    double seconds, struct bp_child *child);

/* Was the comparison asked to end? */
static inline bool bp_cmp_is_stopped(const struct bp_cmp_run *run)
{
	return atomic_load_explicit(run->cmp->stop, memory_order_relaxed);
}

/*
 * Are the devices that the options name such as the row can use? false: the row has ended,
 * cannot-run, with what they are instead and what to do. Opens nothing.
 */
bool bp_cmp_devices_fit(const struct bp_cmp_options *options, struct bp_cmp_row *row);

/* Start the process of the row's path, if it has one, and wait until it forwards. 0 or the row has ended. */
int bp_cmp_forwarder_start(struct bp_cmp_run *run);

/* The same in two steps: start it; wait until it says that it forwards. */
int bp_cmp_forwarder_spawn(struct bp_cmp_run *run);
int bp_cmp_forwarder_wait(struct bp_cmp_run *run);

/* bypath run with the configuration of this run, for so long (0: until it is stopped). 0 or -errno. */
int bp_cmp_bypath_start(struct bp_cmp_run *run, double duration_s);

/* Add to row and run what the forwarder, whose process has ended, says of its packets. */
void bp_cmp_forwarder_account(struct bp_cmp_run *run, bool keep_report);

/* End the row with the reason that the forwarder's log has. */
void bp_cmp_end_by_log(struct bp_cmp_run *run, enum bp_cmp_status status, const char *what);

/* Does the generator send live XDP frames in this run? */
bool bp_cmp_is_live(const struct bp_cmp_run *run);

/* Write both configurations. 0 or the row has ended. */
int bp_cmp_write_inis(struct bp_cmp_run *run);

/* Does another box load this row? */
static inline bool bp_cmp_is_elsewhere(const struct bp_comparison *cmp,
				       const struct bp_cmp_row *row)
{
	return row->path->lab == BP_CMP_DEVICES && cmp->generator == BP_CMP_GENERATOR_ELSEWHERE;
}

/* Make namespaces, wires, bridge. 0, or the row has ended. */
int bp_cmp_testbed_make(struct bp_cmp_run *run);
/* Ask the kernel for the drops of sockets whose owner does not ask. The sockets must be open still. */
void bp_cmp_testbed_ask_sockets(struct bp_cmp_run *run);
/* Add what the wires and the sockets behind them dropped to the row. */
void bp_cmp_testbed_drops(struct bp_cmp_run *run);
void bp_cmp_testbed_remove(struct bp_cmp_run *run);

/*
 * Drops that the forwarder's report names, added to the row; *is_out_named: those of the out interface
 * are among them. Returns how many of them the in interface counts as well.
 */
uint64_t bp_cmp_report_drops(struct bp_cmp_row *row, const json_t *report, bool *is_out_named);

/* A row with n figures is ok, unless a packet thread had too little of its core for one of them. */
void bp_cmp_judge_off(struct bp_cmp_row *row, unsigned n);

/* Note how long the forwarder's workers were off their cores: without a test bed for whatever reason, else for
 * reasons that no trial sees. */
void bp_cmp_report_off(struct bp_cmp_row *row, const json_t *report);

/* The account of a forwarder that is its own source and sink. */
void bp_cmp_account_alone(struct bp_cmp_row *row, const json_t *report);

#endif
