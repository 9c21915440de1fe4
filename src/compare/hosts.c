/* Runs the programs of two hosts over the path between them: iperf3, ping, curl and an HTTP server. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/hosts.h"

#include "compare/run.h"
#include "compare/workload.h"
#include "core/clock.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define FAR           "10.77.0.2" /* testbed.c gives it */
#define HTTP_PORT     "8000"
#define REACH_S       8.0 /* until the client reaches the server */
#define LISTEN_S      10.0
#define LATE_S        20.0
#define FETCH_S       "30"
#define SHA256_DIGITS 64
/* A transfer that ends with less stood still after its first windows. */
#define STALLED_BYTES 1048576.0
#define SEE_LOGS      "see the logs with --keep"

/* ---- programs ---------------------------------------------------------------------------------- */

#define IPERF     "/usr/bin/iperf3"
#define PING      "/usr/bin/ping"
#define CURL      "/usr/bin/curl"
#define PYTHON    "/usr/bin/python3"
#define SHA256SUM "/usr/bin/sha256sum"

struct tool {
	const char *path, *package;
};

/* 0, or the row has ended. */
static int need_tools(struct bp_cmp_run *run, const struct tool *tools, size_t n)
{
	char fix[64];

	for (const struct tool *tool = tools; tool < tools + n; tool++) {
		if (!access(tool->path, X_OK))
			continue;
		snprintf(fix, sizeof(fix), "install it: apt-get install %s", tool->package);
		bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN, fix, "no %s on this machine",
			       tool->path);
		return -ENOENT;
	}
	return 0;
}

static int start(struct bp_cmp_run *run, int netns, const char *name, const char *const argv[],
		 struct bp_child *child)
{
	const struct bp_child_conf conf = {
		.netns = netns, .folder = run->cmp->folder, .name = name, .argv = argv
	};

	return bp_child_start(&conf, child);
}

/* ---- TCP --------------------------------------------------------------------------------------- */

/* The client, again while it does not reach the server: a path takes a moment to carry. */
static int run_client(struct bp_cmp_run *run, double seconds, struct bp_child *client)
{
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(REACH_S * 1e9);
	char duration[16], streams[16];
	const char *const argv[] = { IPERF,   "-c",     FAR,
				     "-t",    duration, "-P",
				     streams, "-J",     "--connect-timeout",
				     "1000",  NULL };
	int rc;

	snprintf(duration, sizeof(duration), "%.0f", seconds);
	snprintf(streams, sizeof(streams), "%u", run->row->workload->n_streams);
	do
		rc = bp_cmp_complete(run, run->gen_ns, "client", argv, seconds + LATE_S, client);
	while (rc == -EIO && bp_clock_ns() < end_ns);
	return rc;
}

/* The document in a log, behind what the tool warned of first; or NULL. */
static json_t *read_behind_words(const char *path)
{
	FILE *file = fopen(path, "re");
	json_t *report = NULL;
	int c = 0;

	while (file && c != EOF && c != '{')
		c = fgetc(file);
	if (c == '{' && ungetc(c, file) == c)
		report = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL);
	if (file)
		fclose(file);
	return report;
}

static double received_bps(const struct bp_child *client)
{
	json_t *report = read_behind_words(client->log);
	const json_t *sum = json_object_get(json_object_get(report, "end"), "sum_received");
	double bps = json_number_value(json_object_get(sum, "bits_per_second"));

	json_decref(report);
	return bps;
}

int bp_cmp_measure_tcp(struct bp_cmp_run *run, double *figure)
{
	const char *const argv[] = { IPERF, "-s", "-B", FAR, "--forceflush", NULL };
	double seconds = fmax(1, round(run->cmp->options.trial_s));
	struct bp_child server = { 0 }, client = { 0 };
	const struct tool iperf = { IPERF, "iperf3" };
	int rc = need_tools(run, &iperf, 1);

	if (!rc)
		rc = bp_cmp_forwarder_start(run);
	if (!rc)
		rc = start(run, run->far_ns, "server", argv, &server);
	if (!rc)
		rc = bp_cmp_await(run, &server, "Server listening", LISTEN_S);
	if (!rc)
		rc = run_client(run, seconds, &client);
	*figure = rc ? 0 : received_bps(&client);
	bp_child_stop(&server, SIGKILL, 1);
	if (rc == -EINTR)
		return rc;
	if (rc == -ETIMEDOUT)
		bp_cmp_row_end(run->row, BP_CMP_FAILED, SEE_LOGS,
			       "the TCP streams stand still: the client does not come to an end");
	else if (!(*figure > 0))
		bp_cmp_row_end(run->row, BP_CMP_FAILED, SEE_LOGS,
			       "no TCP connection comes through");
	else if (*figure * seconds / 8 < STALLED_BYTES)
		bp_cmp_row_end(run->row, BP_CMP_FAILED, SEE_LOGS,
			       "the TCP streams stand still: %.0f bytes came through",
			       *figure * seconds / 8);
	else
		return 0;
	return rc ? rc : -EIO;
}

/* ---- pings ------------------------------------------------------------------------------------- */

/* All at once, then patience: after its last packet ping waits for as long as one interval, and of the usual second
 * a busy machine needs more. */
static int ping(struct bp_cmp_run *run)
{
	const char *const argv[] = { PING, "-q", "-l", "20", "-c", "20",
				     "-i", "3",  "-W", "3",  FAR,  NULL };
	struct bp_cmp_traffic *t = &run->row->traffic;
	unsigned n_sent = 0, n_back = 0;
	char line[BP_CMP_TEXT_BYTES];
	struct bp_child child;
	int rc = bp_cmp_complete(run, run->gen_ns, "ping", argv, LATE_S, &child);

	if (rc == -EINTR)
		return rc;
	/* Its code says as well that nothing came back. */
	bp_child_last_line(&child, "packets transmitted", line, sizeof(line));
	if (sscanf(line, "%u packets transmitted, %u received", &n_sent, &n_back) != 2 || !n_sent) {
		bp_child_last_line(&child, "", line, sizeof(line));
		bp_cmp_row_end(run->row, BP_CMP_FAILED, SEE_LOGS, "ping does not end well: %s",
			       *line ? line : strerror(-rc));
		return -EIO;
	}
	t->n_pings += n_sent;
	t->n_answers += n_back;
	if (n_back >= n_sent)
		return 0;
	bp_cmp_row_end(run->row, BP_CMP_FAILED, SEE_LOGS,
		       "of %u pings on the idle path %u come back", n_sent, n_back);
	return -EIO;
}

/* ---- a file ------------------------------------------------------------------------------------ */

struct file {
	char path[BP_WORKDIR_BYTES + 16], digest[SHA256_DIGITS + 1];
};

/* By sha256sum. 0, or the row has ended. */
static int take_digest(struct bp_cmp_run *run, struct file *file)
{
	const char *const argv[] = { SHA256SUM, file->path, NULL };
	char line[BP_CMP_TEXT_BYTES] = "";
	struct bp_child child;
	int rc = bp_cmp_complete(run, -1, "digest", argv, LATE_S, &child);

	bp_child_last_line(&child, "", line, sizeof(line));
	if (!rc && strcspn(line, " ") == SHA256_DIGITS) {
		snprintf(file->digest, sizeof(file->digest), "%.*s", SHA256_DIGITS, line);
		return 0;
	}
	if (rc != -EINTR)
		bp_cmp_row_end(run->row, BP_CMP_FAILED, SEE_LOGS, "sha256sum: %s", line);
	return rc ? rc : -EIO;
}

static int write_random(const char *path)
{
	uint8_t piece[4096] = { 0 };
	FILE *out = fopen(path, "we");
	int rc = 0;

	if (!out)
		return -errno;
	for (size_t at = 0; !rc && at < BP_CMP_FILE_BYTES; at += sizeof(piece))
		/* Bytes that a signal left out are those of the piece before. */
		if (getrandom(piece, sizeof(piece), 0) < 0 && errno != EINTR)
			rc = -errno;
		else if (fwrite(piece, sizeof(piece), 1, out) != 1)
			rc = -errno;
	return fclose(out) && !rc ? -errno : rc;
}

static int make_file(struct bp_cmp_run *run, struct file *file)
{
	int rc;

	snprintf(file->path, sizeof(file->path), "%s/file", run->cmp->folder);
	rc = write_random(file->path);
	if (!rc)
		return take_digest(run, file);
	bp_cmp_row_end(run->row, BP_CMP_FAILED, "make room there", "%s: %s", file->path,
		       strerror(-rc));
	return rc;
}

/* What curl brings of what the far host serves, as *got. 0, or the row has ended. */
static int fetch(struct bp_cmp_run *run, struct file *got)
{
	/* -I, -q, --noproxy: nothing of the caller's folder, settings or environment has a say. */
	const char *const serve[] = { PYTHON,           "-I",      "-u", "-m",
				      "http.server",    "-b",      FAR,  "-d",
				      run->cmp->folder, HTTP_PORT, NULL };
	const char *const argv[] = {
		CURL, "-q",    "-sSf", "--noproxy", "*",
		"-m", FETCH_S, "-o",   got->path,   "http://" FAR ":" HTTP_PORT "/file",
		NULL
	};
	struct bp_child server = { 0 }, client = { 0 };
	char line[BP_CMP_TEXT_BYTES] = "";
	int rc = start(run, run->far_ns, "http", serve, &server);

	if (!rc)
		rc = bp_cmp_await(run, &server, "Serving HTTP", LISTEN_S);
	if (!rc)
		rc = bp_cmp_complete(run, run->gen_ns, "fetch", argv, 2 * LATE_S, &client);
	bp_child_stop(&server, SIGKILL, 1);
	if (!rc)
		return take_digest(run, got);
	bp_child_last_line(client.log[0] ? &client : &server, "", line, sizeof(line));
	if (rc != -EINTR)
		bp_cmp_row_end(run->row, BP_CMP_FAILED, SEE_LOGS, "a file does not arrive: %s",
			       *line ? line : strerror(-rc));
	return rc;
}

/* Its digest is known before it leaves. */
static int transfer(struct bp_cmp_run *run, const struct file *sent)
{
	struct file got = { 0 };
	int rc;

	snprintf(got.path, sizeof(got.path), "%s/fetched", run->cmp->folder);
	rc = fetch(run, &got);
	unlink(got.path);
	if (rc)
		return rc;
	run->row->traffic.n_files++;
	if (!strcmp(got.digest, sent->digest)) {
		run->row->traffic.n_intact++;
		return 0;
	}
	bp_cmp_row_end(run->row, BP_CMP_FAILED, SEE_LOGS,
		       "the file arrives altered: SHA-256 %.16s… was sent, %.16s… came",
		       sent->digest, got.digest);
	return -EBADMSG;
}

int bp_cmp_measure_traffic(struct bp_cmp_run *run, double *figure)
{
	static const struct tool tools[] = { { PING, "iputils-ping" },
					     { CURL, "curl" },
					     { PYTHON, "python3" },
					     { SHA256SUM, "coreutils" } };
	struct file file;
	int rc = need_tools(run, tools, sizeof(tools) / sizeof(tools[0]));

	if (rc)
		return rc;
	rc = make_file(run, &file);
	if (!rc)
		rc = bp_cmp_measure_tcp(run, figure);
	if (!rc)
		rc = ping(run);
	if (!rc)
		rc = transfer(run, &file);
	unlink(file.path);
	return rc;
}
