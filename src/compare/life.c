/* Starts, watches, stops what one measurement needs; draws up its account. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/life.h"

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
#define PROBE_PPS  20000.0
/* First patience with packets that are late; more each time that some are. */
#define SETTLE_S      0.05
#define SETTLE_MAX_S  6.4
#define LATE_SETTLE_S 0.3
#define LATE_TRIALS   6u /* 19 s in all */
#define STOPPED_LATE  3u /* 2 s, when the user waits for the end */
#define STEP_S        0.02
#define LATE_S        20.0 /* an answer that late never comes */
#define END_S         1.0 /* from the end of its pipe to its own */

/* ---- the generator's process ----------------------------------------------------------------- */

static int try_tester(struct bp_cmp_life *l, char *why, size_t why_bytes)
{
	const struct bp_tester_conf conf = { .ini = l->gen_ini,
					     .netns = l->gen_ns,
					     .folder = l->run->folder };
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(START_S * 1e9);
	int rc = bp_tester_start(&conf, &l->tester);

	while (!rc && (rc = bp_tester_ready(&l->tester, STEP_S, why, why_bytes)) == -EAGAIN) {
		rc = bp_cmp_is_stopped(l) ? -EINTR : bp_clock_ns() > end_ns ? -ETIMEDOUT : 0;
		if (!rc && l->has_dut && !bp_child_alive(&l->dut)) {
			bp_cmp_end_by_log(l, BP_CMP_FAILED,
					  "the forwarder ended while the generator started");
			rc = -ENODEV;
		}
	}
	/* Asked before its greeting is read, the greeting would be taken for the answer. */
	l->has_tester = !rc;
	return rc;
}

static int start_tester(struct bp_cmp_life *l)
{
	char why[BP_CMP_TEXT_BYTES] = "";
	int rc = try_tester(l, why, sizeof(why));

	if (rc && rc != -EINTR && rc != -ENODEV && bp_cmp_is_live(l)) {
		bp_tester_stop(&l->tester);
		l->run->has_live = false;
		snprintf(l->run->live_why, sizeof(l->run->live_why), "%s", why);
		rc = bp_cmp_write_inis(l);
		if (!rc)
			rc = try_tester(l, why, sizeof(why));
	}
	if (rc && rc != -EINTR)
		bp_cmp_row_end(l->row, BP_CMP_CANNOT_RUN, "the generator's port needs it",
			       "the generator does not start: %s", *why ? why : strerror(-rc));
	if (!rc)
		snprintf(l->row->gen_source, sizeof(l->row->gen_source), "%s", l->tester.tx_mode);
	return rc;
}

/* ---- trials ---------------------------------------------------------------------------------- */

static void take_answer(struct bp_cmp_life *l)
{
	const struct bp_trial_result *r = &l->answer.result;
	struct bp_cmp_row *row = l->row;

	l->n_sent += r->n_sent;
	l->n_received += r->n_received - r->n_duplicate;
	l->n_stale += r->n_stale;
	row->n_duplicate += r->n_duplicate;
	row->n_corrupt += r->n_corrupt;
	row->n_trials++;
	l->is_source_named |= l->answer.is_source_named;
	for (unsigned i = 0; i < l->answer.n_drops; i++) {
		const struct bp_tester_drop *d = &l->answer.drops[i];

		if (strcmp(d->role, "rx") == 0)
			bp_cmp_row_drop(row, "receiver", d->reason,
					d->is_counted ? "counted" : "reported", d->n);
	}
}

static int end_dead(struct bp_cmp_life *l, const char *when)
{
	bool is_dut = l->has_dut && !bp_child_alive(&l->dut);
	char how[96], line[BP_CMP_TEXT_BYTES] = "";
	const struct bp_child *child = is_dut ? &l->dut : &l->tester.child;

	l->is_broken = true;
	if (!is_dut && bp_child_lives_on(&l->tester.child, END_S))
		snprintf(how, sizeof(how), "gives no answer");
	else
		bp_child_describe(child, how, sizeof(how));
	bp_child_last_line(child, "error", line, sizeof(line));
	bp_cmp_row_end(l->row, BP_CMP_FAILED, "see its log with --keep; please report it",
		       "the %s %s %s%s%s", is_dut ? "forwarder" : "generator", how, when,
		       *line ? ": " : "", line);
	return -ENODEV;
}

/* What the kernel says of the forwarder's thread; nothing where the kernel forwards. */
static void read_dut(const struct bp_cmp_life *l, struct bp_off_at *at)
{
	*at = (struct bp_off_at){ 0 };
	if (l->dut_thread.tid)
		bp_off_read(&bp_off_places, &l->dut_thread, at);
}

/* The forwarder's share of the trial that has ended, unless the generator's own is worse. */
static void note_off(struct bp_cmp_life *l, const struct bp_off_at *before)
{
	struct bp_trial_result *r = &l->answer.result;
	struct bp_off_at after;
	struct bp_off off;

	l->off = (struct bp_cmp_off){ r->off_share, r->off_cause, "generator" };
	read_dut(l, &after);
	bp_off_between(before, &after, 0, &off);
	if (bp_off_share(&off) <= r->off_share)
		return;
	l->off = (struct bp_cmp_off){ bp_off_share(&off), bp_off_cause(&off), "forwarder" };
	r->off_share = l->off.share; /* a search repeats the trial for either */
	r->off_cause = l->off.cause;
}

int bp_cmp_life_trial(struct bp_cmp_life *l, const struct bp_trial_request *request)
{
	double limit_s = request->duration_s +
			 10 * (request->settle_s > 0 ? request->settle_s : 0.2) + LATE_S;
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(limit_s * 1e9);
	bool is_interrupted = false;
	struct bp_off_at before;
	int rc;

	read_dut(l, &before);
	rc = bp_tester_ask(&l->tester, request);

	while (!rc && (rc = bp_tester_poll(&l->tester, STEP_S, &l->answer)) == -EAGAIN) {
		bool is_dead = l->has_dut && !bp_child_alive(&l->dut);

		rc = bp_clock_ns() > end_ns ? -EPIPE : 0;
		if ((is_dead || (bp_cmp_is_stopped(l) && !request->is_after_stop)) &&
		    !is_interrupted) {
			bp_tester_interrupt(&l->tester);
			is_interrupted = true;
		}
	}
	if (rc || (l->has_dut && !bp_child_alive(&l->dut)))
		return end_dead(l, "in the middle of a trial");
	if (l->answer.rc) {
		char line[BP_CMP_TEXT_BYTES];

		bp_child_last_line(&l->tester.child, "", line, sizeof(line));
		l->is_broken = true;
		/* A frame that no port here carries is no failure of the path. */
		if (l->answer.rc == -EINVAL)
			bp_cmp_row_end(l->row, BP_CMP_CANNOT_RUN, "give smaller --sizes",
				       "the generator: %s", line);
		else
			bp_cmp_row_end(l->row, BP_CMP_FAILED, "see the generator's log with --keep",
				       "the generator: %s", *line ? line : strerror(-l->answer.rc));
		return -ENODEV;
	}
	note_off(l, &before);
	take_answer(l);
	return bp_cmp_is_stopped(l) ? -EINTR : 0;
}

int bp_cmp_life_quiet_trial(struct bp_cmp_life *l, const struct bp_trial_request *request)
{
	struct bp_tester_answer *best = malloc(sizeof(*best));
	struct bp_cmp_off off;
	int rc = best ? bp_cmp_life_trial(l, request) : -ENOMEM;

	if (!rc) {
		*best = l->answer;
		off = l->off;
	}
	for (unsigned i = 1; !rc && i < BP_CMP_TRIES && off.share > BP_OFF_LIMIT; i++) {
		l->row->n_repeated++;
		rc = bp_cmp_life_trial(l, request);
		if (!rc && l->off.share < off.share) {
			*best = l->answer;
			off = l->off;
		}
	}
	if (!rc) {
		l->answer = *best;
		l->off = off;
		bp_cmp_row_off(l->row, &off);
	}
	free(best);
	return rc;
}

/* A few packets, again and again until they pass: links come up when they do. Those of a forwarder that
 * gets its core now and then only come later, in the next trial unless this one is patient. */
static int probe(struct bp_cmp_life *l)
{
	struct bp_trial_request request = { .rate_pps = PROBE_PPS,
					    .n_pkts = PROBE_PKTS,
					    .duration_s = 1,
					    .settle_s = SETTLE_S,
					    .frame_size = l->row->size->bytes };
	uint64_t begin_ns = bp_clock_ns();

	for (;;) {
		double spent_s;
		int rc = bp_cmp_life_trial(l, &request);

		if (rc)
			return rc;
		if (l->answer.result.n_received && !l->answer.result.n_lost)
			return 0;
		spent_s = (double)(bp_clock_ns() - begin_ns) * 1e-9;
		if (spent_s > PROBE_S && request.settle_s >= SETTLE_MAX_S) {
			bp_cmp_row_end(l->row, BP_CMP_FAILED, "see the logs with --keep",
				       "of %u packets %llu come back after %.0f s", PROBE_PKTS,
				       (unsigned long long)l->answer.result.n_received, spent_s);
			return -ETIMEDOUT;
		}
		request.settle_s = fmin(4 * request.settle_s, SETTLE_MAX_S);
	}
}

static void name_files(struct bp_cmp_life *l)
{
	const char *folder = l->run->folder;
	const char *name = l->row->path->name, *size = l->row->size->name;

	snprintf(l->ini, sizeof(l->ini), "%s/%.20s-%.8s.ini", folder, name, size);
	snprintf(l->gen_ini, sizeof(l->gen_ini), "%s/gen-%.20s.ini", folder, name);
	snprintf(l->report, sizeof(l->report), "%s/report.json", folder);
	l->names = (struct bp_cmp_names){
		.in = l->run->options.in && l->row->path->lab == BP_CMP_DEVICES ? l->run->options.in
										: "w0",
		.out = l->run->options.out && l->row->path->lab == BP_CMP_DEVICES
			       ? l->run->options.out
			       : "w1",
		.folder = folder,
		.frame_bytes = l->row->size->bytes ? l->row->size->bytes - 4 : 0,
	};
}

static void name_all(struct bp_cmp_life *l, struct bp_cmp_run *run, struct bp_cmp_row *row)
{
	memset(l, 0, sizeof(*l));
	l->run = run;
	l->row = row;
	l->home = l->dut_ns = l->gen_ns = l->tester.fd = -1;
	l->redirect = (struct bp_redirect){ -1, -1, -1, -1, false };
	name_files(l);
}

int bp_cmp_life_alone(struct bp_cmp_life *l, struct bp_cmp_run *run, struct bp_cmp_row *row)
{
	name_all(l, run, row);
	return bp_cmp_write_inis(l);
}

int bp_cmp_life_alone_start(struct bp_cmp_life *l, double duration_s)
{
	unlink(l->report);
	return bp_cmp_bypath_start(l, duration_s);
}

int bp_cmp_life_begin(struct bp_cmp_life *l, struct bp_cmp_run *run, struct bp_cmp_row *row)
{
	enum bp_cmp_lab lab = row->path->lab;
	bool is_gen_first = lab == BP_CMP_MEMORY;
	int rc;

	name_all(l, run, row);
	rc = bp_cmp_write_inis(l);
	if (!rc)
		rc = bp_cmp_bed_make(l);
	if (!rc && is_gen_first)
		rc = start_tester(l);
	if (!rc)
		rc = bp_cmp_forwarder_start(l);
	if (!rc && !is_gen_first)
		rc = start_tester(l);
	return rc ? rc : probe(l);
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
static void collect_late(struct bp_cmp_life *l)
{
	struct bp_trial_request request = { .rate_pps = PROBE_PPS,
					    .n_pkts = 1,
					    .duration_s = 1,
					    .settle_s = LATE_SETTLE_S,
					    .is_after_stop = true,
					    .frame_size = l->row->size->bytes };
	const struct bp_trial_result *r = &l->answer.result;

	if (!l->has_tester || l->is_broken || !l->row->n_trials ||
	    l->n_sent == l->n_received + l->n_stale)
		return;
	for (unsigned i = 0; i < (bp_cmp_is_stopped(l) ? STOPPED_LATE : LATE_TRIALS); i++) {
		int rc = bp_cmp_life_trial(l, &request);

		if (rc == -ENODEV || (!r->n_lost && !r->n_stale && !r->is_interrupted))
			return;
		request.settle_s *= 2;
	}
	l->row->is_restless = true;
}

int bp_cmp_life_for_latency(struct bp_cmp_life *l)
{
	char why[BP_CMP_TEXT_BYTES] = "";
	int rc;

	if (!bp_cmp_is_live(l) || l->run->n_gen_cores > 1)
		return 0;
	collect_late(l);
	if (l->is_broken)
		return -ENODEV;
	bp_tester_stop(&l->tester);
	l->has_tester = false;
	l->is_for_latency = true;
	rc = bp_cmp_write_inis(l);
	if (!rc)
		rc = try_tester(l, why, sizeof(why));
	return rc ? rc : probe(l);
}

void bp_cmp_life_end(struct bp_cmp_life *l, bool keep_report)
{
	struct bp_cmp_row *row = l->row;
	bool is_bypath = row->path->forwarder == BP_CMP_BYPATH;
	bool was_alive = l->has_dut && bp_child_alive(&l->dut);
	int rc;

	collect_late(l);
	if (l->has_dut && !was_alive && !l->is_broken && !bp_cmp_is_stopped(l))
		(void)end_dead(l, "after a trial");
	bp_cmp_bed_ask_sockets(l);
	rc = bp_child_stop(&l->dut, is_bypath ? SIGTERM : SIGINT, STOP_S);
	if (was_alive && rc == -ETIMEDOUT)
		bp_cmp_row_end(row, BP_CMP_FAILED, "please report this",
			       "the forwarder does not end within %.0f s of being asked to",
			       STOP_S);
	if (was_alive && !l->is_broken)
		bp_cmp_forwarder_account(l, keep_report);
	if (!l->is_broken)
		bp_cmp_bed_drops(l);
	bp_tester_stop(&l->tester);
	bp_cmp_bed_remove(l);
	if (l->is_broken)
		return;
	row->n_sent += l->n_sent;
	row->n_received += l->n_received + l->n_stale;
	row->unaccounted = (int64_t)(row->n_sent - row->n_received - sum_drops(row));
}
