/* The forwarder's process of one measurement: starts it, reads what it says of its packets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/run.h"

#include "compare/function.h"
#include "core/clock.h"
#include "core/json.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_S   15.0
#define ATTACH_S  120.0 /* and to attach a probe */
#define STEP_US   5000u
#define FOREVER_S 1e9 /* until it is asked to end */
/* Its first statistics say that testpmd is ready: it prints them once the machine has been up for so long. */
#define STATS_S "1"

int bp_cmp_bypath_start(struct bp_cmp_run *run, double duration_s)
{
	char duration[32];
	const char *const argv[] = {
		run->cmp->exe, "run",      run->ini,
		"--quiet",     "--report", run->report,
		"--duration",  duration,   run->cmp->is_probing ? "--probe" : NULL,
		NULL
	};
	const struct bp_child_conf conf = {
		.netns = run->dut_ns, .folder = run->cmp->folder, .name = "forwarder", .argv = argv
	};

	unlink(run->report);
	snprintf(duration, sizeof(duration), "%.3f", duration_s > 0 ? duration_s : FOREVER_S);
	return bp_child_start(&conf, &run->dut);
}

static int start_testpmd(struct bp_cmp_run *run)
{
	static const char *const places[] = { "/usr/bin/dpdk-testpmd",
					      "/usr/local/bin/dpdk-testpmd",
					      "/usr/sbin/dpdk-testpmd" };
	char in[192] = "--vdev=", out[192] = "--vdev=", lcores[64];
	const char *exe = NULL;
	const char *argv[] = { NULL,
			       lcores,
			       run->has_huge ? "--in-memory" : "--no-huge",
			       "--no-shconf",
			       "-m",
			       run->has_huge ? "48" : "256",
			       "--no-pci",
			       "--no-telemetry",
			       in,
			       out,
			       "--",
			       "--forward-mode=io",
			       "--total-num-mbufs=16384",
			       "--stats-period",
			       STATS_S,
			       "--auto-start",
			       NULL };
	const struct bp_child_conf conf = {
		.netns = run->dut_ns, .folder = run->cmp->folder, .name = "forwarder", .argv = argv
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !exe; i++)
		exe = access(places[i], X_OK) ? NULL : places[i];
	if (!exe) {
		bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN, "install it: apt-get install dpdk",
			       "no dpdk-testpmd on this machine");
		return -ENOENT;
	}
	argv[0] = exe;
	snprintf(lcores, sizeof(lcores), "--lcores=0@%u,1@%u", run->cmp->gen_cores[0],
		 run->cmp->dut_core);
	bp_cmp_fill(run->row->path->in, &run->names, in + 7, sizeof(in) - 7);
	bp_cmp_fill(run->row->path->out, &run->names, out + 7, sizeof(out) - 7);
	snprintf(run->row->mode, sizeof(run->row->mode), "pmd");
	return bp_child_start(&conf, &run->dut);
}

/* End the row with the last error of the forwarder's log. */
void bp_cmp_end_by_log(struct bp_cmp_run *run, enum bp_cmp_status status, const char *what)
{
	char line[BP_CMP_TEXT_BYTES] = "";

	bp_child_last_line(&run->dut, "error", line, sizeof(line));
	if (!*line)
		bp_child_last_line(&run->dut, "", line, sizeof(line));
	bp_cmp_row_end(
		run->row, status,
		bp_cmp_has(run->row->path, BP_CMP_WANTS_ZEROCOPY)
			? "name devices whose driver has zero-copy: --ports A,B"
			: "run the row's configuration with bypath check and bypath run (--keep)",
		"%s%s%s", what, *line ? ": " : "", line);
}

int bp_cmp_await(struct bp_cmp_run *run, struct bp_child *child, const char *word, double seconds)
{
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(seconds * 1e9);

	while (!word || !bp_child_said(child, word)) {
		if (!bp_child_alive(child))
			return (word ? bp_child_said(child, word) : !child->status) ? 0 : -EIO;
		if (bp_cmp_is_stopped(run))
			return -EINTR;
		if (child != &run->dut && run->has_dut && !bp_child_alive(&run->dut)) {
			bp_cmp_end_by_log(run, BP_CMP_FAILED, "the forwarder ended under way");
			return -ENODEV;
		}
		if (bp_clock_ns() > end_ns)
			return -ETIMEDOUT;
		usleep(STEP_US);
	}
	return 0;
}

int bp_cmp_complete(struct bp_cmp_run *run, int netns, const char *name, const char *const argv[],
		    double seconds, struct bp_child *child)
{
	const struct bp_child_conf conf = {
		.netns = netns, .folder = run->cmp->folder, .name = name, .argv = argv
	};
	int rc = bp_child_start(&conf, child);

	if (!rc)
		rc = bp_cmp_await(run, child, NULL, seconds);
	bp_child_stop(child, SIGKILL, 1);
	return rc;
}

static int wait_forwarding(struct bp_cmp_run *run)
{
	const char *word =
		run->row->path->forwarder == BP_CMP_TESTPMD ? "Port statistics" : "forwarding";
	int rc =
		bp_cmp_await(run, &run->dut, word, START_S + (run->cmp->is_probing ? ATTACH_S : 0));

	if (rc == -EIO)
		bp_cmp_end_by_log(run, BP_CMP_CANNOT_RUN, "it does not start");
	if (rc == -ETIMEDOUT)
		bp_cmp_end_by_log(run, BP_CMP_FAILED, "it does not forward after 15 s");
	return rc;
}

int bp_cmp_forwarder_spawn(struct bp_cmp_run *run)
{
	int rc;

	if (run->row->path->forwarder == BP_CMP_BRIDGE)
		return 0;
	rc = run->row->path->forwarder == BP_CMP_TESTPMD ? start_testpmd(run)
	     : run->row->path->forwarder == BP_CMP_OVS   ? bp_cmp_ovs_start(run)
							 : bp_cmp_bypath_start(run, 0);
	if (rc == -EINTR)
		return rc;
	if (rc) {
		bp_cmp_row_end(run->row, BP_CMP_FAILED, "see the system's limits (ulimit -u)",
			       "the forwarder cannot be started: %s", strerror(-rc));
		return rc;
	}
	run->has_dut = true;
	return 0;
}

int bp_cmp_forwarder_wait(struct bp_cmp_run *run)
{
	bool is_said = run->has_dut && run->row->path->forwarder != BP_CMP_OVS;
	int rc = is_said ? wait_forwarding(run) : 0;

	if (!rc && run->has_dut)
		bp_off_thread_init(
			&bp_off_places, run->dut.pid,
			bp_off_thread_on(&bp_off_places, run->dut.pid, run->cmp->dut_core),
			run->cmp->dut_core, &run->dut_thread);
	return rc;
}

int bp_cmp_forwarder_start(struct bp_cmp_run *run)
{
	int rc = bp_cmp_forwarder_spawn(run);

	return rc ? rc : bp_cmp_forwarder_wait(run);
}

/* Read the accumulated statistics that testpmd prints at its end. */
static void testpmd_drops(struct bp_cmp_run *run)
{
	unsigned long long n = 0, rx = 0, tx = 0, sum_rx = 0, sum_tx = 0;
	char line[256];
	FILE *file = fopen(run->dut.log, "re");
	bool is_sum = false;

	while (file && fgets(line, sizeof(line), file)) {
		is_sum |= strstr(line, "Accumulated forward statistics") != NULL;
		if (is_sum && sscanf(line, " RX-packets: %llu RX-dropped: %llu", &n, &rx) == 2) {
			run->n_forwarder_received = n;
			sum_rx = rx;
		}
		if (is_sum && sscanf(line, " TX-packets: %*u TX-dropped: %llu", &tx) == 1)
			sum_tx = tx;
	}
	if (file)
		fclose(file);
	if (bp_cmp_has(run->row->path, BP_CMP_DROPS_TWICE))
		run->n_known = sum_rx;
	bp_cmp_row_drop(run->row, "testpmd", "rx dropped", "reported", sum_rx);
	bp_cmp_row_drop(run->row, "testpmd", "tx dropped", "reported", sum_tx);
}

/* Note how long the worker's loop stood still without a reason that the kernel names: no trial can see that. */
static void read_gaps(struct bp_cmp_row *row, const json_t *off, double elapsed_ns)
{
	double gap_ns = json_number_value(json_object_get(json_object_get(off, "gaps"), "ns")) -
			json_number_value(json_object_get(off, "waiting_ns")) -
			json_number_value(json_object_get(off, "stolen_ns")) -
			json_number_value(json_object_get(off, "throttled_ns"));
	const struct bp_cmp_off stopped = { gap_ns / elapsed_ns, BP_OFF_STOPPED, "forwarder" };

	if (elapsed_ns > 0)
		bp_cmp_row_off(row, &stopped);
}

void bp_cmp_report_off(struct bp_cmp_row *row, const json_t *report)
{
	double elapsed_ns = 1e9 * json_number_value(json_object_get(report, "elapsed_s"));
	json_t *worker;
	size_t i;

	json_array_foreach(json_object_get(report, "workers"), i, worker) {
		const json_t *off = json_object_get(worker, "off_core");
		const struct bp_cmp_off whole = { json_number_value(json_object_get(off, "share")),
						  bp_off_by_name(json_string_value(
							  json_object_get(off, "cause"))),
						  "forwarder" };

		if (row->path->lab == BP_CMP_ALONE)
			bp_cmp_row_off(row, &whole);
		else
			read_gaps(row, off, elapsed_ns);
	}
}

/* At the in port alone: what the generator announces comes in at the other one. */
static uint64_t received_in(const json_t *report)
{
	uint64_t n = 0;
	json_t *queue;
	size_t i;

	json_array_foreach(bp_json_at(report, "ports.0.rx_queues"), i, queue)
		n += (uint64_t)bp_json_number_at(queue, "counted.packets");
	return n;
}

/* The cost of the report that the row shows. A function that saw nothing was not in the packets' way. */
static void read_function(struct bp_cmp_run *run, const json_t *report, bool keep)
{
	const json_t *counted = bp_json_at(report, "functions.0.counted");
	const json_t *ns = json_object_get(counted, "ns_per_packet");

	if (!json_integer_value(json_object_get(counted, "packets")) && run->row->n_trials)
		bp_cmp_row_end(run->row, BP_CMP_FAILED, "please report this",
			       "no packet came to the function");
	if (keep && json_is_number(ns))
		bp_cmp_values_add(&run->row->function_ns, json_number_value(ns));
}

static void read_report(struct bp_cmp_run *run, bool keep)
{
	json_error_t error;
	json_t *report = json_load_file(run->report, 0, &error);
	const json_t *law;

	if (!report) {
		/* A signal stopped the comparison while the forwarder was starting: it owes no report yet. */
		if (!bp_cmp_is_stopped(run) || bp_child_said(&run->dut, "forwarding"))
			bp_cmp_end_by_log(run, BP_CMP_FAILED, "the forwarder leaves no report");
		run->is_broken = true;
		return;
	}
	bp_cmp_report_off(run->row, report);
	run->n_known = bp_cmp_report_drops(run->row, report, &run->is_out_named);
	if (run->cmp->options.function)
		read_function(run, report, keep);
	law = json_object_get(json_object_get(report, "conservation"), "counted");
	run->n_forwarder_received =
		run->cmp->options.function
			? received_in(report)
			: (uint64_t)json_integer_value(json_object_get(law, "received"));
	if (json_integer_value(json_object_get(law, "unaccounted")))
		bp_cmp_row_end(run->row, BP_CMP_FAILED, "please report this",
			       "the forwarder does not account for all of its packets");
	if (!keep) {
		json_decref(report);
		return;
	}
	json_decref(run->row->report);
	run->row->report = report;
}

void bp_cmp_forwarder_account(struct bp_cmp_run *run, bool keep_report)
{
	if (run->row->path->forwarder == BP_CMP_BYPATH)
		read_report(run, keep_report);
	if (run->row->path->forwarder == BP_CMP_TESTPMD)
		testpmd_drops(run);
}
