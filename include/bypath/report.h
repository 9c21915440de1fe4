/* What a run says of itself: plain values that the engine fills and the reports print. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_H
#define BYPATH_REPORT_H

#include "bypath/function.h"
#include "bypath/ledger.h"
#include "bypath/port.h"

#define BP_REPORTED_MAX 32u
/* Rows: of what runs, and of what reloads have ended, of which there are 7812 at most. */
#define BP_PATHS_MAX 16384u
/* Bursts by their packets, one class for each power of two: 1, 2, 3–4, 5–8, … 33–64. */
#define BP_BURST_CLASSES 7u
static_assert(BP_BURST_MAX == 1u << (BP_BURST_CLASSES - 1),
	      "the last class ends with the longest burst");

/* No worker: the queue is gone since a reload, or the path's row is what paths did that reloads have ended. */
#define BP_REPORT_NO_WORKER UINT16_MAX

struct bp_report_queue {
	uint16_t queue_id;
	uint16_t worker_id; /* or BP_REPORT_NO_WORKER */
	uint32_t n_held; /* TX: packets the other side still holds */
	uint64_t v[BP_CNT_N]; /* counted */
};

struct bp_report_port {
	const struct bp_port_conf *conf;
	struct bp_port_info info;
	enum bp_link link;
	const char *set_down_by; /* the port's, while the engine is: who; NULL: it is not */
	int held_for; /* port_id of the port whose lost link is carried on to this one; BP_NO_PORT: none */
	uint32_t n_losses;
	int numa_node; /* of the device; -1: none known, or the machine has one only */
	bool is_removed; /* by a reload: its queues are those of then */
	uint16_t n_rxq, n_txq;
	struct bp_report_queue rxq[BP_QUEUES_MAX];
	struct bp_report_queue txq[BP_QUEUES_MAX];
	unsigned n_reported;
	struct bp_reported reported[BP_REPORTED_MAX];
};

struct bp_report_worker {
	uint16_t worker_id;
	uint16_t core;
	int numa_node; /* of the core, likewise */
	int tid;
	uint64_t n_past_pkts; /* received on paths that a reload has ended */
	uint64_t n_loops;
	uint64_t n_waits; /* system calls to wait or sleep while idle */
	/* busy_ns and idle_ns leave out the time in which the worker wanted its core and did not
	 * have it. */
	double busy_ns; /* rounds that moved packets, system calls included */
	double call_ns; /* of busy_ns: in system calls, where their time is known */
	double idle_ns; /* rounds that found none */
	double wait_ns; /* asleep in adaptive idling, not part of idle_ns */
	double off_ns,
		off_share; /* wanted its core and did not have it; of the time that it was there */
	double off_waiting_ns, off_stolen_ns, off_throttled_ns;
	bool is_off_known; /* the kernel keeps account of off_waiting_ns */
	const char *off_cause, *off_text; /* "none", "others", …; a sentence */
	uint64_t n_gaps; /* rounds above 2 ms, which no work explains */
	double gap_ns, gap_max_ns; /* of all, of the longest */
	bool idle_by_fd; /* adaptive: every RX queue has a descriptor to wait on */
};

enum bp_path_part {
	BP_PATH_WHOLE, /* in-port → its one out-port: receiving, functions, sending */
	/* Where packets of one in-port may go to several ports, its rows add up to the whole: */
	BP_PATH_INTAKE, /* receiving and functions; out_port is BP_PATH_NO_OUT */
	BP_PATH_EDGE, /* sending to one of them: n_pkts were handed to it. Only edges that had packets */
};
#define BP_PATH_NO_OUT UINT16_MAX

/*
 * One path per worker: in-port and its queues that the worker polls → out-port. Before them, with BP_REPORT_NO_WORKER, one row
 * for each of the same ports and part: all that paths between them did that reloads have ended, whoever's they were. With it a
 * sum never falls.
 */
struct bp_report_path {
	enum bp_path_part part;
	uint16_t in_port, out_port; /* indices of ports[] */
	uint16_t worker_id; /* or BP_REPORT_NO_WORKER */
	uint64_t n_pkts,
		n_bytes; /* received on the path; EDGE: handed to it, after functions and copies */
	uint64_t n_bursts;
	/* Of them, by their packets. EDGE, and what a driver carries by itself: zeros. */
	uint64_t hist_bursts[BP_BURST_CLASSES];
	uint64_t n_copies, n_copy_bytes; /* user space, counted: RX and TX queue together */
	uint64_t n_calls; /* crossings, counted */
	/* Packets that TX consumed, by the user copies of their whole way: 0, 1, 2, 3+. INTAKE: zeros. */
	uint64_t hist_copies[BP_COPIES_MAX + 1];
	/* Function drops on this path; they are among report.dropped. Copies that functions asked for. EDGE: n_replicas
	 * were made for this edge. */
	uint64_t n_fn_drops, n_replicas;
	/* What the out-port dropped of what came to it on this path. Counted where a chain leads to it; else the queue alone
	 * knows, of all its paths. */
	uint64_t n_out_drops;
	bool has_out_drops;
	bool is_carried; /* by the driver itself: what is counted it reports, and no worker had a part in it */
	double since_s; /* 0, or when a reload began it: rates are of the time since then */
	double busy_ns; /* in rounds that moved packets, system calls included */
	double call_ns; /* 'of which' in system calls (includes softirq work inside them) */
};

/* One function, all its workers and in-ports added up. */
struct bp_report_function {
	const struct bp_function_conf *conf;
	const struct bp_function *function;
	uint64_t n_pkts; /* that came to it */
	uint64_t drops[BP_FN_REASONS_MAX]; /* by function->reasons */
	double busy_ns; /* within process() */
	bool is_disturbed; /* a worker that ran it was off its core for long: busy_ns is a guess */
	struct json_t *doc; /* what show() said, or NULL; the report's: bp_report_release() */
};

/* What a path did until a reload gave it another end, or another port behind a name. */
struct bp_report_former {
	char in[BP_NAME_BYTES], out[BP_NAME_BYTES]; /* out "": of an intake */
	char in_driver[BP_NAME_BYTES], out_driver[BP_NAME_BYTES];
	char in_mode[BP_NAME_BYTES], out_mode[BP_NAME_BYTES];
	double from_s, until_s; /* since the workers started */
	struct bp_report_path path; /* in_port, out_port mean nothing here */
};
#define BP_FORMER_MAX 16u /* of more the oldest are forgotten */

/* Of the configuration, since the workers started. */
struct bp_reloads {
	uint64_t n_done, n_refused;
	double last_s; /* when the last one that was done began */
	double last_ms, last_pause_ms; /* how long it took; how long the workers stood still */
	double last_away_ms; /* the longest that a device was without a port; 0: none was */
	int64_t last_away_pkts; /* that arrived at such meanwhile; -1: not known of all */
};

struct bp_report {
	const struct bp_conf *conf;
	unsigned n_numa_nodes; /* of the machine */
	double elapsed_s; /* since the workers started */
	bool is_final; /* after the drain */
	struct bp_reloads reloads;
	double drain_ms;
	uint64_t arena_bytes, arena_page_bytes;
	uint32_t arena_frames, arena_frames_free; /* free: exact when is_final */
	unsigned n_ports, n_workers, n_paths, n_functions;
	uint64_t n_paths_cut; /* rows beyond BP_PATHS_MAX, left out */
	struct bp_report_port ports[BP_PORTS_MAX];
	struct bp_report_worker workers[BP_WORKERS_MAX];
	struct bp_report_path paths[BP_PATHS_MAX];
	struct bp_report_function functions[BP_FUNCTIONS_MAX];
	unsigned n_former, n_former_cut;
	struct bp_report_former former[BP_FORMER_MAX];
	/* Conservation law: received + made = sent + dropped + held + unaccounted. */
	uint64_t received, made /* by segmentation and as copies */, sent, dropped, held;
	int64_t unaccounted;
};

/* ---- what follows from it: pure, any thread ------------------------------------------------------- */

/* All drops of a queue. */
uint64_t bp_report_drops(const uint64_t v[BP_CNT_N]);

/* Packets that a worker of it received, on paths that a reload has ended, too: edges have them once more. */
uint64_t bp_report_worker_pkts(const struct bp_report *report,
			       const struct bp_report_worker *worker);

/*
 * Packets that a path offered to its out-port: those received, super-frames as the packets that
 * were made of them.
 */
uint64_t bp_report_path_out(const struct bp_report_path *path);

/* What a path's costs are divided by: packets out; of an intake, which lets none out, those received. */
uint64_t bp_report_path_borne(const struct bp_report_path *path);

/* The rows from an in-port to an out-port, of all workers. */
struct bp_report_sum {
	struct bp_report_path path; /* its worker_id means nothing; part: of the last row */
	unsigned n_rows; /* 0: there is no such path */
	unsigned n_past; /* of them, of paths that reloads have ended */
	uint64_t n_received; /* of path.n_pkts: not what edges were handed */
};

/* What moving packets took, and what became of them: intake and edges of an in-port add up to the whole. */
void bp_report_add_cost(struct bp_report_path *sum, const struct bp_report_path *path);

/* The packets of two rows of the same part, and their cost. */
void bp_report_add_path(struct bp_report_path *sum, const struct bp_report_path *path);

/* What the sums are of. */
enum bp_report_span {
	BP_SPAN_PRESENT, /* paths as they are: since a reload, where one has changed them */
	BP_SPAN_RUN, /* since the start, through all reloads */
};

/*
 * All sums of a report, n_ports × (n_ports + 1): by in-port; of each, by out-port, its intake last. The caller frees them; NULL
 * when memory lacks.
 */
struct bp_report_sum *bp_report_sums(const struct bp_report *report, enum bp_report_span span);

/* The one of these ports; out_port may be BP_PATH_NO_OUT. */
struct bp_report_sum *bp_report_sum(struct bp_report_sum *sums, const struct bp_report *report,
				    unsigned in_port, unsigned out_port);

#endif
