/* Runs iperf3 between the two hosts of the lab. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/tcp.h"

#include "compare/run.h"
#include "compare/workload.h"
#include "core/clock.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define IPERF         "/usr/bin/iperf3"
#define SERVER        "10.77.0.2" /* testbed.c gives the far host this address */
#define REACH_S       8.0 /* until the client reaches the server */
#define LATE_S        20.0
#define STEP_US       5000u
#define STALLED_BYTES 1048576.0 /* a transfer of less has stood still after its first windows */

static int start(struct bp_cmp_run *run, int netns, const char *name, const char *const argv[],
		 struct bp_child *child)
{
	const struct bp_child_conf conf = {
		.netns = netns, .folder = run->cmp->folder, .name = name, .argv = argv
	};

	return bp_child_start(&conf, child);
}

/* Wait at most so long until a process has printed a word (NULL: until it has ended). 0, -EINTR, -ETIMEDOUT; -EIO:
 * it ended with an error. */
static int await(struct bp_cmp_run *run, struct bp_child *child, const char *word, double seconds)
{
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(seconds * 1e9);

	while (!word || !bp_child_said(child, word)) {
		if (!bp_child_alive(child))
			return !word && !child->status ? 0 : -EIO;
		if (bp_cmp_is_stopped(run))
			return -EINTR;
		if (run->has_dut && !bp_child_alive(&run->dut)) {
			bp_cmp_end_by_log(run, BP_CMP_FAILED, "the forwarder ended under TCP");
			return -ENODEV;
		}
		if (bp_clock_ns() > end_ns)
			return -ETIMEDOUT;
		usleep(STEP_US);
	}
	return 0;
}

/* Run the client, again while it does not reach the server: a path takes a moment until it forwards. */
static int run_client(struct bp_cmp_run *run, double seconds, struct bp_child *client)
{
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(REACH_S * 1e9);
	char duration[16], streams[16];
	const char *const argv[] = { IPERF,   "-c",     SERVER,
				     "-t",    duration, "-P",
				     streams, "-J",     "--connect-timeout",
				     "1000",  NULL };
	int rc;

	snprintf(duration, sizeof(duration), "%.0f", seconds);
	snprintf(streams, sizeof(streams), "%u", run->row->workload->n_streams);
	do {
		rc = start(run, run->gen_ns, "client", argv, client);
		if (!rc)
			rc = await(run, client, NULL, seconds + LATE_S);
		bp_child_stop(client, SIGKILL, 1);
	} while (rc == -EIO && bp_clock_ns() < end_ns);
	return rc;
}

static double received_bps(const struct bp_child *client)
{
	json_t *report = json_load_file(client->log, 0, NULL);
	const json_t *sum = json_object_get(json_object_get(report, "end"), "sum_received");
	double bps = json_number_value(json_object_get(sum, "bits_per_second"));

	json_decref(report);
	return bps;
}

int bp_cmp_measure_tcp(struct bp_cmp_run *run, double *figure)
{
	static const char *const argv[] = { IPERF, "-s", "-1", "-B", SERVER, "--forceflush", NULL };
	double seconds = fmax(1, round(run->cmp->options.trial_s));
	struct bp_child server = { 0 }, client = { 0 };
	int rc;

	if (access(IPERF, X_OK)) {
		bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN, "install it: apt-get install iperf3",
			       "no iperf3 on this machine");
		return -ENOENT;
	}
	rc = bp_cmp_forwarder_start(run);
	if (!rc)
		rc = start(run, run->far_ns, "server", argv, &server);
	if (!rc)
		rc = await(run, &server, "Server listening", 5);
	if (!rc)
		rc = run_client(run, seconds, &client);
	*figure = rc ? 0 : received_bps(&client);
	bp_child_stop(&server, SIGKILL, 1);
	if ((rc && rc != -EINTR) || (!rc && !(*figure > 0))) {
		bp_cmp_row_end(run->row, BP_CMP_FAILED, "see client.log and server.log with --keep",
			       "no TCP connection comes through");
		return rc ? rc : -EIO;
	}
	if (!rc && *figure * seconds / 8 < STALLED_BYTES) {
		bp_cmp_row_end(run->row, BP_CMP_FAILED, "see client.log and server.log with --keep",
			       "the TCP streams stand still: %.0f bytes came through",
			       *figure * seconds / 8);
		return -EIO;
	}
	return rc;
}
