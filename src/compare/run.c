/* Starts, watches and stops forwarder and generator of one measurement; draws up its account. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/run.h"

#include "compare/function.h"
#include "core/clock.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_S    15.0
#define STOP_S     5.0
#define PROBE_S    8.0
#define PROBE_PKTS 32u
#define KNOWN_PKTS (2 * BP_CMP_ADDRESSES_EACH) /* after so many each address has been seen */
#define PROBE_PPS  20000.0
/* How long a trial waits for late packets: at first, and at most after some were late. */
#define SETTLE_S      0.05
#define SETTLE_MAX_S  6.4
#define LATE_SETTLE_S 0.3
#define LATE_TRIALS   6u /* 19 s in all */
#define STOPPED_LATE  3u /* 2 s, when the user waits for the end */
#define STEP_S        0.02
#define LATE_S        20.0 /* a generator that answers later than this is taken for dead */
#define END_S         1.0 /* from the end of a process's pipe to the end of the process */

/* ---- the generator's process ----------------------------------------------------------------- */

static int try_generator(struct bp_cmp_run *run, char *why, size_t why_bytes)
{
	const struct bp_generator_conf conf = { .ini = run->gen_ini,
						.netns = run->gen_ns,
						.folder = run->cmp->folder };
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(START_S * 1e9);
	int rc = bp_generator_start(&conf, &run->generator);

	while (!rc &&
	       (rc = bp_generator_ready(&run->generator, STEP_S, why, why_bytes)) == -EAGAIN) {
		rc = bp_cmp_is_stopped(run) ? -EINTR : bp_clock_ns() > end_ns ? -ETIMEDOUT : 0;
		if (!rc && run->has_dut && !bp_child_alive(&run->dut)) {
			bp_cmp_end_by_log(run, BP_CMP_FAILED,
					  "the forwarder ended while the generator started");
			rc = -ENODEV;
		}
	}
	/* Asked before its greeting is read, the greeting would be taken for the answer. */
	run->has_generator = !rc;
	return rc;
}

int bp_cmp_run_start_generator(struct bp_cmp_run *run)
{
	char why[BP_CMP_TEXT_BYTES] = "";
	int rc = try_generator(run, why, sizeof(why));

	if (rc && rc != -EINTR && rc != -ENODEV && bp_cmp_is_live(run)) {
		bp_generator_stop(&run->generator);
		run->cmp->has_live = false;
		snprintf(run->cmp->live_why, sizeof(run->cmp->live_why), "%s", why);
		rc = bp_cmp_write_inis(run);
		if (!rc)
			rc = try_generator(run, why, sizeof(why));
	}
	if (rc && rc != -EINTR)
		bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN, "the generator's port needs it",
			       "the generator does not start: %s", *why ? why : strerror(-rc));
	if (rc)
		return rc;
	snprintf(run->row->gen_source, sizeof(run->row->gen_source), "%s", run->generator.tx_mode);
	run->row->is_gen_live = bp_cmp_is_live(run);
	return 0;
}

/* ---- trials ---------------------------------------------------------------------------------- */

static void take_answer(struct bp_cmp_run *run)
{
	const struct bp_trial_result *r = &run->answer.result;
	struct bp_cmp_row *row = run->row;

	run->n_sent += r->n_sent;
	run->n_received += r->n_received - r->n_duplicate;
	run->n_stale += r->n_stale;
	row->n_duplicate += r->n_duplicate;
	row->n_corrupt += r->n_corrupt;
	row->n_trials++;
	run->is_source_named |= run->answer.is_source_named;
	for (unsigned i = 0; i < run->answer.n_drops; i++) {
		const struct bp_generator_drop *d = &run->answer.drops[i];

		if (strcmp(d->role, "rx") == 0)
			bp_cmp_row_drop(row, "receiver", d->reason,
					d->is_counted ? "counted" : "reported", d->n);
	}
}

static int end_dead(struct bp_cmp_run *run, const char *when)
{
	bool is_dut = run->has_dut && !bp_child_alive(&run->dut);
	char how[96], line[BP_CMP_TEXT_BYTES] = "";
	const struct bp_child *child = is_dut ? &run->dut : &run->generator.child;

	run->is_broken = true;
	if (!is_dut && bp_child_lives_on(&run->generator.child, END_S))
		snprintf(how, sizeof(how), "gives no answer");
	else
		bp_child_describe(child, how, sizeof(how));
	bp_child_last_line(child, "error", line, sizeof(line));
	bp_cmp_row_end(run->row, BP_CMP_FAILED, "see its log with --keep; please report it",
		       "the %s %s %s%s%s", is_dut ? "forwarder" : "generator", how, when,
		       *line ? ": " : "", line);
	return -ENODEV;
}

/* Read the times of the thread that forwards; all are 0 where the kernel forwards. */
static void read_dut(const struct bp_cmp_run *run, struct bp_off_at *at)
{
	*at = (struct bp_off_at){ 0 };
	if (run->dut_thread.tid)
		bp_off_read(&bp_off_places, &run->dut_thread, at);
}

/* Note how long the forwarder was off its core in the trial, unless the generator was for longer. */
static void note_off(struct bp_cmp_run *run, const struct bp_off_at *before)
{
	struct bp_trial_result *r = &run->answer.result;
	struct bp_off_at after;
	struct bp_off off;

	run->off = (struct bp_cmp_off){ r->off_share, r->off_cause, "generator" };
	read_dut(run, &after);
	bp_off_between(before, &after, 0, &off);
	if (bp_off_share(&off) <= r->off_share)
		return;
	run->off = (struct bp_cmp_off){ bp_off_share(&off), bp_off_cause(&off), "forwarder" };
	r->off_share = run->off.share; /* a search repeats the trial for the worse of the two */
	r->off_cause = run->off.cause;
}

int bp_cmp_run_trial(struct bp_cmp_run *run, const struct bp_trial_request *request)
{
	double limit_s = request->duration_s +
			 10 * (request->settle_s > 0 ? request->settle_s : 0.2) + LATE_S;
	bool is_interrupted = false;
	struct bp_cmp_cpu_span cpu;
	struct bp_off_at before;
	uint64_t end_ns;
	int rc;

	bp_cmp_cpu_begin(run, request->duration_s, &cpu);
	end_ns = bp_clock_ns() + (uint64_t)(limit_s * 1e9);
	read_dut(run, &before);
	rc = bp_generator_ask(&run->generator, request);
	while (!rc && (rc = bp_generator_poll(&run->generator, STEP_S, &run->answer)) == -EAGAIN) {
		bool is_dead = run->has_dut && !bp_child_alive(&run->dut);

		bp_cmp_cpu_look(run, &cpu);
		rc = bp_clock_ns() > end_ns ? -EPIPE : 0;
		if ((is_dead || (bp_cmp_is_stopped(run) && !request->is_after_stop)) &&
		    !is_interrupted) {
			bp_generator_interrupt(&run->generator);
			is_interrupted = true;
		}
	}
	if (rc || (run->has_dut && !bp_child_alive(&run->dut)))
		return end_dead(run, "in the middle of a trial");
	if (run->answer.rc) {
		char line[BP_CMP_TEXT_BYTES];

		bp_child_last_line(&run->generator.child, "", line, sizeof(line));
		run->is_broken = true;
		/* The generator's ports do not carry frames of this size: that is no failure of the path. */
		if (run->answer.rc == -EINVAL)
			bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN, "give smaller --sizes",
				       "the generator: %s", line);
		else
			bp_cmp_row_end(run->row, BP_CMP_FAILED,
				       "see the generator's log with --keep", "the generator: %s",
				       *line ? line : strerror(-run->answer.rc));
		return -ENODEV;
	}
	note_off(run, &before);
	bp_cmp_cpu_end(run, run->answer.result.elapsed_s, &cpu, &run->cpu);
	take_answer(run);
	return bp_cmp_is_stopped(run) ? -EINTR : 0;
}

int bp_cmp_quietest(struct bp_cmp_run *run, const struct bp_cmp_tries *tries)
{
	struct bp_cmp_off off = { 0 };
	struct bp_cmp_cpu cpu = { 0 };

	for (unsigned i = 0; i < BP_CMP_TRIES && (!i || off.share > BP_OFF_LIMIT); i++) {
		int rc = tries->once(run, tries->ctx, tries->result);

		run->row->n_repeated += i > 0;
		if (rc)
			return rc;
		if (i && run->off.share >= off.share)
			continue;
		off = run->off;
		cpu = run->cpu;
		memcpy(tries->kept, tries->result, tries->bytes);
	}
	memcpy(tries->result, tries->kept, tries->bytes);
	run->off = off;
	run->cpu = cpu;
	bp_cmp_row_off(run->row, &off);
	return 0;
}

static int try_trial(struct bp_cmp_run *run, const void *request, void *answer)
{
	(void)answer; /* run->answer */
	return bp_cmp_run_trial(run, request);
}

int bp_cmp_run_quiet_trial(struct bp_cmp_run *run, const struct bp_trial_request *request)
{
	const struct bp_cmp_tries tries = { try_trial, request, &run->answer,
					    malloc(sizeof(run->answer)), sizeof(run->answer) };
	int rc = tries.kept ? bp_cmp_quietest(run, &tries) : -ENOMEM;

	free(tries.kept);
	return rc;
}

static int count_back(void *ctx, const struct bp_trial_request *request,
		      struct bp_trial_result *result)
{
	struct bp_cmp_run *run = ctx;
	int rc = bp_cmp_run_trial(run, request);

	*result = run->answer.result;
	return rc;
}

/* Those of a forwarder that gets its core now and then only come later, in the next trial unless this one is patient. */
int bp_cmp_await_packets(struct bp_cmp_run *run, bp_trial_fn trial)
{
	struct bp_trial_request request = { .rate_pps = PROBE_PPS,
					    .n_pkts = run->cmp->options.function &&
								      !run->row->workload
							      ? KNOWN_PKTS
							      : PROBE_PKTS,
					    .duration_s = 1,
					    .settle_s = SETTLE_S,
					    .frame_size = run->row->size->bytes };
	uint64_t begin_ns = bp_clock_ns();

	for (;;) {
		struct bp_trial_result r;
		double spent_s;
		int rc = trial(run, &request, &r);

		if (!rc && bp_cmp_is_stopped(run))
			rc = -EINTR;
		if (rc || (r.n_received && !r.n_lost))
			return rc;
		spent_s = (double)(bp_clock_ns() - begin_ns) * 1e-9;
		if (spent_s > PROBE_S && request.settle_s >= SETTLE_MAX_S) {
			bp_cmp_row_end(run->row, BP_CMP_FAILED, "see the logs with --keep",
				       "of %llu packets %llu come through after %.0f s",
				       (unsigned long long)request.n_pkts,
				       (unsigned long long)r.n_received, spent_s);
			return -ETIMEDOUT;
		}
		request.n_pkts = PROBE_PKTS; /* a slow path may never carry more at that rate */
		request.settle_s = fmin(4 * request.settle_s, SETTLE_MAX_S);
	}
}

static void name_files(struct bp_cmp_run *run)
{
	const char *folder = run->cmp->folder;
	const char *name = run->row->path->name, *size = run->row->size->name;

	snprintf(run->ini, sizeof(run->ini), "%s/%.20s-%.8s.ini", folder, name, size);
	snprintf(run->gen_ini, sizeof(run->gen_ini), "%s/gen-%.20s.ini", folder, name);
	snprintf(run->report, sizeof(run->report), "%s/report.json", folder);
	run->names = (struct bp_cmp_names){
		.in = run->cmp->options.in && run->row->path->lab == BP_CMP_DEVICES
			      ? run->cmp->options.in
			      : "w0",
		.out = run->cmp->options.out && run->row->path->lab == BP_CMP_DEVICES
			       ? run->cmp->options.out
			       : "w1",
		.folder = folder,
		.frame_bytes = run->row->size->bytes ? run->row->size->bytes - 4 : 0,
	};
}

static void name_all(struct bp_cmp_run *run, struct bp_comparison *cmp, struct bp_cmp_row *row)
{
	memset(run, 0, sizeof(*run));
	run->cmp = cmp;
	run->row = row;
	run->home = run->dut_ns = run->gen_ns = run->far_ns = run->generator.fd = -1;
	run->is_uncounted = row->workload || bp_cmp_is_elsewhere(cmp, row);
	name_files(run);
}

int bp_cmp_run_prepare(struct bp_cmp_run *run, struct bp_comparison *cmp, struct bp_cmp_row *row)
{
	int rc;

	name_all(run, cmp, row);
	rc = bp_cmp_write_inis(run);
	return rc ? rc : bp_cmp_testbed_make(run);
}

int bp_cmp_run_begin(struct bp_cmp_run *run, struct bp_comparison *cmp, struct bp_cmp_row *row)
{
	enum bp_cmp_lab lab = row->path->lab;
	bool is_gen_first = lab == BP_CMP_MEMORY;
	int rc;

	rc = bp_cmp_run_prepare(run, cmp, row);
	if (!rc && is_gen_first)
		rc = bp_cmp_run_start_generator(run);
	if (!rc)
		rc = bp_cmp_forwarder_start(run);
	if (rc || run->is_uncounted)
		return rc;
	if (!is_gen_first)
		rc = bp_cmp_run_start_generator(run);
	return rc ? rc : bp_cmp_await_packets(run, count_back);
}

/* ---- the end ---------------------------------------------------------------------------------- */

static uint64_t sum_drops(const struct bp_cmp_row *row)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < row->n_drops; i++)
		n += row->drops[i].n;
	return n;
}

/*
 * What a trial gave up waiting for and comes after all is counted as stale by the next one: single
 * packets are sent until one comes back with nothing old before it. After a stop as well: its row has
 * an account, too.
 */
static void collect_late(struct bp_cmp_run *run)
{
	struct bp_trial_request request = { .rate_pps = PROBE_PPS,
					    .n_pkts = 1,
					    .duration_s = 1,
					    .settle_s = LATE_SETTLE_S,
					    .is_after_stop = true,
					    .frame_size = run->row->size->bytes };
	const struct bp_trial_result *r = &run->answer.result;

	if (!run->has_generator || run->is_broken || !run->row->n_trials ||
	    run->n_sent == run->n_received + run->n_stale)
		return;
	for (unsigned i = 0; i < (bp_cmp_is_stopped(run) ? STOPPED_LATE : LATE_TRIALS); i++) {
		int rc = bp_cmp_run_trial(run, &request);

		if (rc == -ENODEV || (!r->n_lost && !r->n_stale && !r->is_interrupted))
			return;
		request.settle_s *= 2;
	}
	run->row->is_restless = true;
}

int bp_cmp_run_for_latency(struct bp_cmp_run *run)
{
	char why[BP_CMP_TEXT_BYTES] = "";
	int rc;

	if (!bp_cmp_is_live(run) || run->cmp->n_gen_cores > 1)
		return 0;
	collect_late(run);
	if (run->is_broken)
		return -ENODEV;
	bp_generator_stop(&run->generator);
	run->has_generator = false;
	run->is_for_latency = true;
	rc = bp_cmp_write_inis(run);
	if (!rc)
		rc = try_generator(run, why, sizeof(why));
	return rc ? rc : bp_cmp_await_packets(run, count_back);
}

void bp_cmp_run_end(struct bp_cmp_run *run, bool keep_report)
{
	struct bp_cmp_row *row = run->row;
	bool is_bypath = row->path->forwarder == BP_CMP_BYPATH;
	bool was_alive = run->has_dut && bp_child_alive(&run->dut);
	int rc;

	collect_late(run);
	if (run->has_dut && !was_alive && !run->is_broken && !bp_cmp_is_stopped(run))
		(void)end_dead(run, "after a trial");
	bp_cmp_testbed_ask_sockets(run);
	bp_cmp_function_ask(run);
	rc = bp_child_stop(&run->dut, is_bypath ? SIGTERM : SIGINT, STOP_S);
	bp_cmp_ovs_end(run);
	if (was_alive && rc == -ETIMEDOUT)
		bp_cmp_row_end(row, BP_CMP_FAILED, "please report this",
			       "the forwarder does not end within %.0f s of being asked to",
			       STOP_S);
	if (was_alive && !run->is_broken)
		bp_cmp_forwarder_account(run, keep_report);
	if (!run->is_broken)
		bp_cmp_testbed_drops(run);
	bp_generator_stop(&run->generator);
	bp_cmp_testbed_remove(run);
	if (run->is_broken || run->is_uncounted)
		return;
	row->n_sent += run->n_sent;
	row->n_received += run->n_received + run->n_stale;
	row->unaccounted = (int64_t)(row->n_sent - row->n_received - sum_drops(row));
}
