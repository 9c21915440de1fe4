/* One comparison: what was asked for, what each row has gathered. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_COMPARISON_H
#define BYPATH_COMPARE_COMPARISON_H

#include "compare/paths.h"
#include "core/offcore.h"
#include "gen/latency.h"
#include "lab/link.h"
#include "lab/workdir.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BP_CMP_ROUNDS_MAX 16u
#define BP_CMP_SIZES_MAX  8u
#define BP_CMP_DROPS_MAX  48u
#define BP_CMP_CURVE_MAX  256u
#define BP_CMP_TEXT_BYTES 240u
#define BP_CMP_GOALS_MAX  64u

struct bp_cmp_function;
struct bp_cmp_workload;
struct bp_search_bounds;

struct bp_cmp_size {
	char name[16]; /* "64", "imix" */
	uint32_t bytes; /* FCS included; 0: imix */
	double mean_bytes; /* FCS included */
};

struct bp_cmp_options {
	struct bp_cmp_size sizes[BP_CMP_SIZES_MAX];
	unsigned n_sizes, n_rounds;
	double trial_s; /* saturation and latency trials */
	double search_s; /* budget of one NDR search */
	bool is_quick, is_kept, is_verbose;
	bool is_probed; /* each row's forwarder once more, under the probe */
	const struct bp_cmp_function *function; /* in the chain of every port; NULL: none */
	const char *in, *out; /* --ports; NULL: none */
	const char *gen_tx, *gen_rx; /* --gen-ports */
};

/* Packets lost in one place for one reason, over all trials of a row. */
struct bp_cmp_drop {
	char where[16], reason[40];
	const char *provenance;
	uint64_t n;
};

/* DISTURBED: the row has its figures, but a packet thread was off its core for more than BP_OFF_LIMIT. */
enum bp_cmp_status {
	BP_CMP_WAITING,
	BP_CMP_OK,
	BP_CMP_DISTURBED,
	BP_CMP_FAILED,
	BP_CMP_CANNOT_RUN
};

/* One value for each round. */
struct bp_cmp_values {
	unsigned n;
	double v[BP_CMP_ROUNDS_MAX];
};

/* The share of a trial in which a packet thread wanted its core and did not have it. */
struct bp_cmp_off {
	double share;
	enum bp_off_cause cause;
	const char *who; /* "forwarder", "generator" */
};

struct bp_cmp_trial {
	double offered_pps, received_pps, loss_ratio;
};

/* What the forwarder takes of its cores at a share of the loss-free rate of the same round. */
struct bp_cmp_load {
	struct bp_cmp_values pps, cores,
		busy; /* as struct bp_cmp_cpu has them; what is not known is left out */
};

/* What a forwarder that is not bypath says of its function; -1: it was not asked, or has none. */
struct bp_cmp_served {
	int64_t n_addresses; /* in its table when the last trial was over */
	int64_t n_last_rule; /* packets that its last rule passed */
};

/* What two hosts saw beside a figure, in all rounds. */
#define BP_CMP_FILE_BYTES (32u << 20)
struct bp_cmp_traffic {
	unsigned n_pings, n_answers;
	unsigned n_files, n_intact; /* of BP_CMP_FILE_BYTES each */
};

struct bp_cmp_row {
	const struct bp_cmp_path *path;
	const struct bp_cmp_size *size;
	const struct bp_cmp_workload *workload; /* NULL: the row has rates, latency and costs */
	const struct bp_cmp_path *load_of; /* half of this path's lossless rate is the load */
	struct bp_cmp_values figure; /* the workload's figure */
	struct bp_cmp_traffic traffic; /* what the workload traffic found */
	enum bp_cmp_status status;
	char reason[BP_CMP_TEXT_BYTES], fix[BP_CMP_TEXT_BYTES];
	char gen_source[64], latency_source[64]; /* what sends; what sends in the latency trials */
	bool is_gen_live; /* XDP frames that the kernel makes are what is sent */
	bool is_gen_bound;
	char gen_why[BP_CMP_TEXT_BYTES];
	struct bp_cmp_values offered, forwarded, loss; /* saturation; packets/s */
	struct bp_cmp_values ndr, ndr_upper;
	char ndr_outcome[24], ndr_why[BP_CMP_TEXT_BYTES];
	bool is_ndr_exploratory; /* in a round, full trials had not decided it: no lower bound */
	struct bp_cmp_values function_ns; /* within the function, per packet, at saturation */
	struct bp_cmp_served served;
	struct bp_latency latency; /* of all rounds */
	struct bp_cmp_values p50, p99, latency_load;
	struct bp_cmp_load at_10, at_50; /* percent of the NDR; 50: the latency trial */
	struct bp_cmp_values forwarded_per_core,
		ndr_per_core; /* packets/s for each core that was used */
	struct bp_cmp_trial curve[BP_CMP_CURVE_MAX];
	unsigned n_curve;
	struct bp_cmp_drop drops[BP_CMP_DROPS_MAX];
	unsigned n_drops;
	uint64_t n_sent, n_received, n_duplicate, n_corrupt, n_trials;
	int64_t unaccounted;
	bool is_restless; /* the row was given up while late packets still came */
	struct bp_link_offloads offloads;
	bool has_offloads;
	struct bp_cmp_off off; /* the worst of the trials that a figure rests on */
	unsigned n_repeated; /* trials that were made again because they were disturbed */
	double softirq_ns; /* per packet at saturation, of the last round; below 0: not known */
	json_t *report; /* the forwarder's own, of the last saturation trial; or NULL */
	json_t *probed; /* what the probe saw; NULL: nothing */
	char mode[64]; /* the effective mode of a forwarder that is not bypath */
	char *ini; /* or NULL */
};

/* What a path must reach: a ratio to a peer's figure of the same rounds, or a value of its own figure. */
struct bp_cmp_goal {
	const struct bp_cmp_workload *workload;
	struct bp_cmp_size size; /* "-" where the workload has none */
	const struct bp_cmp_path *path,
		*peer; /* peer NULL: the bound is one of the figure itself, in the workload's unit */
	bool is_at_most; /* the figure must be at most the bound; else at least */
	double bound;
};

/* Who loads the ports that were named. */
enum bp_cmp_generator_place {
	BP_CMP_GENERATOR_NONE,
	BP_CMP_GENERATOR_HERE, /* our generator, on interfaces that were named too */
	BP_CMP_GENERATOR_ELSEWHERE, /* another box: the kernel counts at the ports; there is no loss-free rate and no latency */
};

struct bp_comparison {
	struct bp_cmp_options options;
	const atomic_bool *stop; /* set by a signal */
	char folder[BP_WORKDIR_BYTES];
	char exe[256]; /* of this program */
	bool is_root;
	enum bp_cmp_generator_place generator;
	unsigned
		line_mbps; /* of the slower one of the ports that were named; 0: there is none, or not known */
	char line_why[BP_CMP_TEXT_BYTES]; /* why there is none; "" without named ports */
	bool has_live; /* driver xdp_live, the faster source on veth, can be used and has not failed */
	char live_why[BP_CMP_TEXT_BYTES]; /* why xdp_live has failed, or "" */
	int n_huge_free; /* hugepages that are free for EAL; too few for two processes: EAL uses ordinary pages */
	unsigned dut_core, gen_cores[2], n_gen_cores;
	bool is_core_shared;
	bool is_probing; /* forwarders start with --probe */
	double elapsed_s;
	char begun[32], command[512];
	const char *version; /* of this program */
	char notes[6][BP_CMP_TEXT_BYTES];
	unsigned n_notes;
	unsigned n_rows;
	struct bp_cmp_row *rows;
	unsigned n_figures; /* rows that have a workload */
	struct bp_cmp_row *figures;
	unsigned n_goals;
	struct bp_cmp_goal goals[BP_CMP_GOALS_MAX];
};

/* Has it failed, or can it not run? Then nothing of it is tried again. */
static inline bool bp_cmp_has_ended(const struct bp_cmp_row *row)
{
	return row->status == BP_CMP_FAILED || row->status == BP_CMP_CANNOT_RUN;
}

/* A row fails, or cannot run, for a reason and with a fix; the first reason stays. */
void bp_cmp_row_end(struct bp_cmp_row *row, enum bp_cmp_status status, const char *fix,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Note how much a trial was disturbed on which a figure of the row rests. */
void bp_cmp_row_off(struct bp_cmp_row *row, const struct bp_cmp_off *off);

/* The same for a search. It repeats disturbed trials itself, but a bound may rest on one all the same. */
void bp_cmp_search_off(struct bp_cmp_row *row, const struct bp_search_bounds *bounds);

/* Add packets lost; n below 1 adds nothing. */
void bp_cmp_row_drop(struct bp_cmp_row *row, const char *where, const char *reason,
		     const char *provenance, uint64_t n);

/* "ok", "cannot-run", …; for JSON. */
const char *bp_cmp_status_name(const struct bp_cmp_row *row);

void bp_cmp_values_add(struct bp_cmp_values *values, double v);

/*
 * Measure one row once: its lab, its forwarder, saturation, then NDR and latency. All that this
 * started and made is gone afterwards. Blocks for a few seconds; ends early when *cmp->stop is set.
 * Failures are the row's.
 */
void bp_cmp_measure(struct bp_comparison *cmp, struct bp_cmp_row *row);

/* Its drops as an array, the most first. A new reference. */
json_t *bp_cmp_drops_document(const struct bp_cmp_row *row);

/* The document of bypath.compare/1. A new reference. */
json_t *bp_cmp_document(const struct bp_comparison *cmp);

#endif
