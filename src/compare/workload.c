/* Forwarding rate at the far end, start-up time, memory, and the table of all: each measures one round of one path. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/workload.h"

#include "compare/function.h"
#include "compare/hosts.h"
#include "compare/lossless.h"
#include "compare/meter.h"
#include "compare/run.h"
#include "core/clock.h"
#include "core/netdev.h"
#include "lab/flood.h"
#include "lab/listen.h"
#include "lab/netns.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FCS_BYTES   4u
#define SMALL_BYTES 60u
#define FIRST_S     10.0
#define STEP_US     500
#define WARM_S      0.3
#define ETHERTYPE   0x88b5 /* IEEE 802: for local experiments */

/* ---- rate ------------------------------------------------------------------------------------- */

static int start_flood(struct bp_cmp_run *run, struct bp_flood *flood, struct bp_child *source)
{
	const struct bp_child_conf conf = { .netns = run->gen_ns,
					    .folder = run->cmp->folder,
					    .name = "source",
					    .main = bp_flood_main,
					    .ctx = flood };
	const struct bp_cmp_size *size = run->row->size;

	snprintf(run->row->gen_source, sizeof(run->row->gen_source), "xdp_live");
	run->row->is_gen_live = true;
	*flood = (struct bp_flood){ .ifname = "e0",
				    .frame_bytes =
					    size->bytes ? size->bytes - FCS_BYTES : SMALL_BYTES,
				    .core = run->cmp->gen_cores[0] };
	return bp_child_start(&conf, source);
}

/* Call next() while the source floods the forwarder. */
static int under_flood(struct bp_cmp_run *run, int (*next)(struct bp_cmp_run *, double *),
		       double *figure)
{
	char line[BP_CMP_TEXT_BYTES];
	struct bp_child source;
	struct bp_flood flood;
	int rc = bp_cmp_forwarder_start(run);

	if (rc)
		return rc;
	rc = start_flood(run, &flood, &source);
	if (!rc)
		rc = bp_cmp_meter_flow(run);
	if (!rc)
		rc = next(run, figure);
	if (source.pid && !bp_child_alive(&source)) {
		bp_child_last_line(&source, "", line, sizeof(line));
		bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN,
			       "needs Linux 5.18, CAP_BPF and CAP_NET_ADMIN",
			       "the source ended: %s", line);
		rc = -ENODEV;
	}
	bp_child_stop(&source, SIGKILL, 2);
	return rc;
}

static int count_rate(struct bp_cmp_run *run, double *figure)
{
	struct bp_cmp_rates rates;
	int rc = bp_cmp_meter_trial(run, &rates);

	if (rc)
		return rc;
	*figure = rates.forwarded;
	if (rates.forwarded < BP_CMP_BOUND_SHARE * rates.offered)
		return 0;
	run->row->is_gen_bound = true;
	snprintf(run->row->gen_why, sizeof(run->row->gen_why),
		 "the source sends %.3f Mpps, and that is forwarded: more may be",
		 rates.offered * 1e-6);
	return 0;
}

static int measure_rate(struct bp_cmp_run *run, double *figure)
{
	return under_flood(run, count_rate, figure);
}

/* ---- memory ----------------------------------------------------------------------------------- */

/* Bytes of a process's mappings that are in memory, hugepages included. */
static double resident_bytes(int pid)
{
	char path[48], line[256];
	double sum = 0, kib;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Rss: %lf kB", &kib) == 1 ||
		    sscanf(line, "Private_Hugetlb: %lf kB", &kib) == 1 ||
		    sscanf(line, "Shared_Hugetlb: %lf kB", &kib) == 1)
			sum += kib * 1024;
	if (file)
		fclose(file);
	return sum;
}

static int read_resident(struct bp_cmp_run *run, double *figure)
{
	usleep((useconds_t)(WARM_S * 1e6));
	*figure = resident_bytes(run->dut.pid);
	return *figure > 0 ? 0 : -ESRCH;
}

static int measure_memory(struct bp_cmp_run *run, double *figure)
{
	return under_flood(run, read_resident, figure);
}

/* ---- start ------------------------------------------------------------------------------------ */

static int open_end(const struct bp_cmp_run *run, const char *name)
{
	int rc = bp_netns_enter(run->gen_ns);

	if (!rc)
		rc = bp_netdev_index(-1, name);
	if (rc > 0)
		rc = bp_listen_open(rc, ETHERTYPE);
	(void)bp_netns_enter(run->home);
	return rc;
}

/* Send frames into the near end until one comes out of the far end. */
static int wait_first(struct bp_cmp_run *run, int near, int far, uint64_t begin_ns)
{
	static const uint8_t frame[SMALL_BYTES] = {
		2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 1, 1, 0x88, 0xb5
	};
	struct pollfd p = { .fd = far, .events = POLLIN };
	const struct timespec step = { .tv_nsec = STEP_US * 1000 };

	for (;;) {
		/* An interface may refuse frames while the forwarder opens it: send again. */
		(void)!send(near, frame, sizeof(frame), MSG_NOSIGNAL);
		if (ppoll(&p, 1, &step, NULL) > 0)
			return 0;
		if (bp_cmp_is_stopped(run))
			return -EINTR;
		if (run->has_dut && !bp_child_alive(&run->dut)) {
			bp_cmp_end_by_log(run, BP_CMP_CANNOT_RUN, "it does not start");
			return -EIO;
		}
		if ((double)(bp_clock_ns() - begin_ns) > FIRST_S * 1e9) {
			bp_cmp_end_by_log(run, BP_CMP_FAILED, "it forwards nothing within 10 s");
			return -ETIMEDOUT;
		}
	}
}

static int measure_start(struct bp_cmp_run *run, double *figure)
{
	int near = open_end(run, "e0"), far = open_end(run, "e1"), rc;
	uint64_t begin_ns;

	rc = near < 0 ? near : far < 0 ? far : 0;
	if (rc)
		bp_cmp_row_end(run->row, BP_CMP_FAILED, "see dmesg",
			       "packet sockets of the lab: %s", strerror(-rc));
	begin_ns = bp_clock_ns();
	if (!rc)
		rc = bp_cmp_forwarder_spawn(run);
	if (!rc)
		rc = wait_first(run, near, far, begin_ns);
	*figure = (double)(bp_clock_ns() - begin_ns) * 1e-9;
	if (!rc)
		rc = bp_cmp_forwarder_wait(run);
	if (near >= 0)
		close(near);
	if (far >= 0)
		close(far);
	return rc;
}

/* ---- the table -------------------------------------------------------------------------------- */

#define TCP(name_, n, text, ends_)                                                     \
	{                                                                              \
		.name = name_, .title = "TCP, " text, .unit = "Gbit/s", .scale = 1e-9, \
		.ends = ends_, .n_streams = n, .measure = bp_cmp_measure_tcp           \
	}

const struct bp_cmp_workload bp_cmp_workloads[] = {
	{ .name = "rate",
	  .title = "forwarding rate, counted at the far end",
	  .unit = "kpps",
	  .scale = 1e-3,
	  .has_size = true,
	  .measure = measure_rate },
	{ .name = "lossless",
	  .title = "highest rate with at most 0.1 % loss",
	  .unit = "kpps",
	  .scale = 1e-3,
	  .has_size = true,
	  .generator = BP_CMP_GEN_SENDS,
	  .measure = bp_cmp_measure_lossless },
	{ .name = "p99",
	  .title = "p99 latency at half the peer's lossless rate",
	  .unit = "µs",
	  .scale = 1e6,
	  .has_size = true,
	  .has_load = true,
	  .generator = BP_CMP_GEN_BOTH,
	  .measure = bp_cmp_measure_p99 },
	{ .name = "traffic",
	  .title = "TCP by one stream, pings, a file, default offloads",
	  .unit = "Gbit/s",
	  .scale = 1e-9,
	  .ends = BP_CMP_ENDS_HOSTS,
	  .n_streams = 1,
	  .measure = bp_cmp_measure_traffic },
	TCP("tcp-1", 1, "one stream, default offloads", BP_CMP_ENDS_HOSTS),
	TCP("tcp-4", 4, "four streams, default offloads", BP_CMP_ENDS_HOSTS),
	TCP("tcp-off-1", 1, "one stream, offloads off", BP_CMP_ENDS_HOSTS_PLAIN),
	TCP("tcp-off-4", 4, "four streams, offloads off", BP_CMP_ENDS_HOSTS_PLAIN),
	{ .name = "start",
	  .title = "start of the process to the first forwarded frame",
	  .unit = "ms",
	  .scale = 1e3,
	  .measure = measure_start },
	{ .name = "memory",
	  .title = "resident under load, beyond the packet arena",
	  .unit = "MiB",
	  .scale = 1.0 / (1 << 20),
	  .is_beyond_arena = true,
	  .measure = measure_memory },
};

const unsigned bp_cmp_n_workloads = sizeof(bp_cmp_workloads) / sizeof(bp_cmp_workloads[0]);

const struct bp_cmp_workload *bp_cmp_workload_find(const char *name)
{
	for (unsigned i = 0; i < bp_cmp_n_workloads; i++)
		if (strcmp(bp_cmp_workloads[i].name, name) == 0)
			return &bp_cmp_workloads[i];
	return NULL;
}

/* ---- one round --------------------------------------------------------------------------------- */

/* Can the source of `rate` make such frames? It repeats one frame. */
static bool can_flood(const struct bp_cmp_size *size)
{
	return size->bytes && size->bytes - FCS_BYTES <= BP_FLOOD_BYTES_MAX;
}

static bool is_possible(const struct bp_comparison *cmp, struct bp_cmp_row *row)
{
	if (!cmp->is_root)
		bp_cmp_row_end(row, BP_CMP_CANNOT_RUN, "run bypath compare as root (sudo)",
			       "not root: its lab needs namespaces and raw sockets");
	else if (row->path->lab != BP_CMP_VETH)
		bp_cmp_row_end(row, BP_CMP_CANNOT_RUN,
			       "choose paths of the group veth, or peers on veth",
			       "%s runs between two veth pairs, which this path does not have",
			       row->workload->name);
	else if (row->workload->is_beyond_arena && row->path->forwarder != BP_CMP_BYPATH)
		bp_cmp_row_end(row, BP_CMP_CANNOT_RUN, "choose a path that bypath forwards",
			       "there is no arena, and the kernel's memory is not counted");
	else if (row->workload->ends == BP_CMP_ENDS_HOSTS && row->path->needs_whole)
		bp_cmp_row_end(row, BP_CMP_CANNOT_RUN, "choose kernel-tc, or tcp-off-1",
			       "hosts with offloads send unfinished checksums, which XDP "
			       "passes on as they are");
	else if (row->workload->measure == measure_rate && !can_flood(row->size))
		bp_cmp_row_end(row, BP_CMP_CANNOT_RUN, "give --sizes 64 … 2052",
			       "its source repeats one frame of at most %u bytes with FCS",
			       BP_FLOOD_BYTES_MAX + FCS_BYTES);
	else if (row->workload->measure == measure_start &&
		 (row->path->forwarder == BP_CMP_BRIDGE || row->path->forwarder == BP_CMP_OVS))
		bp_cmp_row_end(row, BP_CMP_CANNOT_RUN,
			       "choose a path that bypath or dpdk-testpmd forwards",
			       "the kernel forwards here: no process starts");
	if (!bp_cmp_has_ended(row) && cmp->options.function)
		(void)bp_cmp_function_fits(cmp->options.function, row);
	return !bp_cmp_has_ended(row);
}

static double arena_bytes(const json_t *report)
{
	return json_number_value(json_object_get(json_object_get(report, "arena"), "bytes"));
}

void bp_cmp_work(struct bp_comparison *cmp, struct bp_cmp_row *row)
{
	const struct bp_cmp_workload *w = row->workload;
	struct bp_cmp_run *run;
	double figure = 0;
	int rc;

	if (!is_possible(cmp, row))
		return;
	run = calloc(1, sizeof(*run));
	if (!run)
		return;
	rc = bp_cmp_run_prepare(run, cmp, row);
	if (!rc)
		rc = w->measure(run, &figure);
	bp_cmp_run_end(run, true);
	free(run);
	if (rc || bp_cmp_has_ended(row))
		return;
	if (w->is_beyond_arena)
		figure -= arena_bytes(row->report);
	bp_cmp_values_add(&row->figure, figure);
	bp_cmp_judge_off(row, row->figure.n);
}
