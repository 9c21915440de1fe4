/* Measures one row once: saturation in one run of the forwarder, NDR and latency in the next. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/function.h"
#include "compare/ports.h"
#include "compare/probed.h"

#include "gen/search.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LATENCY_SHARE 0.5 /* of the NDR */
#define LOW_SHARE     0.1
#define SETTLE_S      0.05
#define LATE_S        20

/* ---- saturation ---------------------------------------------------------------------------------- */

static void add_to_curve(struct bp_cmp_row *row, const struct bp_trial_result *r)
{
	if (r->is_interrupted || !r->n_sent || row->n_curve == BP_CMP_CURVE_MAX)
		return;
	row->curve[row->n_curve++] = (struct bp_cmp_trial){ .offered_pps = r->sent_pps,
							    .received_pps = r->received_pps,
							    .loss_ratio = r->loss_ratio };
}

static void note_generator(struct bp_cmp_row *row, const struct bp_trial_result *r)
{
	if (!r->is_generator_bound || row->is_gen_bound)
		return;
	row->is_gen_bound = true;
	snprintf(row->gen_why, sizeof(row->gen_why), "%s", r->why);
}

/* Ticks of the forwarder's core in softirqs, an estimate; below 0: not known. */
static double softirq_ns(const struct bp_cmp_run *run)
{
	return bp_off_core_ns(&bp_off_places, run->cmp->dut_core, BP_OFF_STATE_SOFTIRQ);
}

static int saturate(struct bp_cmp_run *run)
{
	const struct bp_trial_request request = { .duration_s = run->cmp->options.trial_s,
						  .settle_s = SETTLE_S,
						  .frame_size = run->row->size->bytes };
	const struct bp_trial_result *r = &run->answer.result;
	uint64_t n_before = run->n_received; /* frames received until now, in all attempts */
	double before_ns = softirq_ns(run), after_ns;
	int rc = bp_cmp_run_quiet_trial(run, &request);

	if (rc == -ENODEV || r->is_interrupted)
		return rc ? rc : -EINTR;
	after_ns = softirq_ns(run);
	add_to_curve(run->row, r);
	note_generator(run->row, r);
	bp_cmp_values_add(&run->row->offered, r->sent_pps);
	bp_cmp_values_add(&run->row->forwarded, r->received_pps);
	bp_cmp_values_add(&run->row->loss, r->loss_ratio);
	bp_cmp_add_per_core(&run->row->forwarded_per_core, r->received_pps, run->cpu.cores);
	run->row->softirq_ns =
		before_ns < 0 || run->n_received == n_before
			? -1
			: (after_ns - before_ns) / (double)(run->n_received - n_before);
	return rc;
}

/* ---- NDR, latency ------------------------------------------------------------------------------ */

static int search_trial(void *ctx, const struct bp_trial_request *request,
			struct bp_trial_result *result)
{
	struct bp_cmp_run *run = ctx;
	int rc = bp_cmp_run_trial(run, request);

	if (rc == -ENODEV)
		return rc;
	*result = run->answer.result;
	add_to_curve(run->row, result);
	if (!result->n_lost && result->sent_pps > run->lossless_pps) {
		run->lossless_pps = result->sent_pps;
		run->lossless_cores = run->cpu.cores;
	}
	return 0;
}

static void configure(const struct bp_cmp_run *run, struct bp_search_conf *conf)
{
	const struct bp_cmp_options *o = &run->cmp->options;

	bp_search_defaults(BP_SEARCH_NDR, conf);
	conf->trial = search_trial;
	conf->trial_ctx = (void *)(uintptr_t)run;
	conf->stop = run->cmp->stop;
	conf->frame_size = run->row->size->bytes;
	conf->settle_s = SETTLE_S;
	conf->budget_s = o->search_s;
	conf->width = o->is_quick ? 0.1 : 0.03;
	conf->trial_s = o->is_quick ? 0.15 : 0.5;
	conf->explore_s = o->is_quick ? 0.08 : 0.15;
	/* Two trials that agree; one where there is no time for more. */
	conf->sum_s = o->is_quick ? conf->trial_s : 3 * conf->trial_s;
}

/* Note how the search ended. A lower bound alone is a figure too ('at least'). The worst outcome of all rounds stays. */
static void note_outcome(struct bp_cmp_row *row, const struct bp_search_bounds *b, const char *why)
{
	bool is_first = !*row->ndr_outcome, has_lower = b->lower_pps > 0 || row->ndr.n;
	bool is_measured = b->lower_pps > 0 && b->outcome == BP_SEARCH_MEASURED;

	if (is_measured && !is_first && strcmp(row->ndr_outcome, "not-measurable") != 0)
		return;
	snprintf(row->ndr_outcome, sizeof(row->ndr_outcome), "%s",
		 is_measured && is_first ? "measured"
		 : has_lower             ? "bounded"
					 : "not-measurable");
	if (!is_measured)
		snprintf(row->ndr_why, sizeof(row->ndr_why), "%s", *b->why ? b->why : why);
}

/* Returns the NDR found, 0 where there is none; below 0: the forwarder died. */
static double search(struct bp_cmp_run *run)
{
	struct bp_search_result result = { 0 };
	struct bp_cmp_row *row = run->row;
	const struct bp_search_bounds *b;
	struct bp_search_conf conf;
	double ndr = 0;

	configure(run, &conf);
	if (bp_search_run(&conf, &result) == 0 && result.n_goals) {
		b = &result.goals[0];
		ndr = b->lower_pps;
		note_outcome(row, b, result.why);
		bp_cmp_search_off(row, b);
		if (ndr > 0) {
			row->is_ndr_exploratory |= b->is_lower_exploratory;
			bp_cmp_values_add(&row->ndr, ndr);
			bp_cmp_add_per_core(&row->ndr_per_core, ndr, run->lossless_cores);
		}
		if (ndr > 0 && b->upper_pps > 0)
			bp_cmp_values_add(&row->ndr_upper, b->upper_pps);
	}
	bp_search_result_free(&result);
	return run->is_broken ? -1 : ndr;
}

/* One trial below the NDR, with what it takes of the forwarder's cores. 0: its answer is in run->answer. */
static int load_partly(struct bp_cmp_run *run, double pps, double duration_s,
		       struct bp_cmp_load *load)
{
	const struct bp_trial_request request = { .rate_pps = pps,
						  .duration_s = duration_s,
						  .settle_s = SETTLE_S,
						  .frame_size = run->row->size->bytes };
	const struct bp_trial_result *r = &run->answer.result;
	int rc;

	run->is_busy_asked = true;
	rc = bp_cmp_run_quiet_trial(run, &request);
	run->is_busy_asked = false;
	if (rc || r->is_interrupted || !r->n_received)
		return rc ? rc : -ENODATA;
	if (run->cpu.cores >= 0) {
		bp_cmp_values_add(&load->pps, r->sent_pps);
		bp_cmp_values_add(&load->cores, run->cpu.cores);
	}
	if (run->cpu.busy >= 0)
		bp_cmp_values_add(&load->busy, run->cpu.busy);
	return 0;
}

/* Latency at half of the NDR; CPU there, and in a shorter trial at a tenth. */
static void measure_loads(struct bp_cmp_run *run, double ndr)
{
	const struct bp_trial_result *r = &run->answer.result;
	double trial_s = run->cmp->options.trial_s;
	struct bp_cmp_row *row = run->row;

	if (bp_cmp_run_for_latency(run) ||
	    load_partly(run, ndr * LATENCY_SHARE, trial_s, &row->at_50))
		return;
	snprintf(row->latency_source, sizeof(row->latency_source), "%s", run->generator.tx_mode);
	bp_latency_merge(&row->latency, &run->answer.latency);
	bp_cmp_values_add(&row->latency_load, r->sent_pps);
	bp_cmp_values_add(&row->p50, bp_latency_percentile(&run->answer.latency, 0.5));
	bp_cmp_values_add(&row->p99, bp_latency_percentile(&run->answer.latency, 0.99));
	if (run->has_dut) /* else there is no process that takes CPU time */
		(void)load_partly(run, ndr * LOW_SHARE, trial_s / 2, &row->at_10);
}

/* ---- without a generator ------------------------------------------------------------------------ */

/* Write a capture of 64 frames for the path pcap-file. */
static int write_capture(const struct bp_cmp_run *run)
{
	static const uint8_t head[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0,
					  0,    0,    0,    0,    0, 0, 4, 0, 1, 0, 0, 0 };
	uint32_t bytes = run->names.frame_bytes;
	uint32_t record[4] = { 0, 0, bytes, bytes };
	uint8_t frame[9100] = { 2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 1, 1, 0x88, 0xb5 };
	char path[BP_WORKDIR_BYTES + 16];
	FILE *out;

	snprintf(path, sizeof(path), "%s/" BP_CMP_CAPTURE, run->cmp->folder);
	out = fopen(path, "we");
	if (!out)
		return -errno;
	fwrite(head, sizeof(head), 1, out);
	for (unsigned i = 0; i < 64; i++) {
		fwrite(record, sizeof(record), 1, out);
		fwrite(frame, bytes, 1, out);
	}
	return fclose(out) ? -EIO : 0;
}

/* What was received on the last path; its edges have those packets once more. */
static double path_mpps(const json_t *report)
{
	const json_t *path, *last = NULL;
	size_t i;

	json_array_foreach(json_object_get(report, "paths"), i, path) {
		const char *part = json_string_value(json_object_get(path, "part"));

		if (!part || strcmp(part, "edge") != 0)
			last = path;
	}
	return json_number_value(json_object_get(json_object_get(last, "counted"), "mpps"));
}

static void measure_alone(struct bp_comparison *cmp, struct bp_cmp_row *row)
{
	struct bp_cmp_run *run = calloc(1, sizeof(*run));
	bool is_out_named;
	json_t *report;
	int rc;

	if (!run)
		return;
	if (!row->size->bytes) {
		bp_cmp_row_end(row, BP_CMP_CANNOT_RUN, "give --sizes with a number",
			       "its source makes frames of one size, not a mix");
		free(run);
		return;
	}
	rc = bp_cmp_run_prepare(run, cmp, row);
	if (!rc && bp_cmp_has(row->path, BP_CMP_PLAYS))
		rc = write_capture(run);
	if (!rc)
		rc = bp_cmp_bypath_start(run, cmp->options.trial_s);
	if (!rc)
		rc = bp_cmp_await(run, &run->dut, NULL, cmp->options.trial_s + LATE_S);
	report = rc ? NULL : json_load_file(run->report, 0, NULL);
	if (report) {
		bp_cmp_values_add(&row->forwarded, path_mpps(report) * 1e6);
		bp_cmp_values_add(&row->offered, path_mpps(report) * 1e6);
		bp_cmp_values_add(&row->loss, 0);
		bp_cmp_report_off(row, report);
		bp_cmp_report_drops(row, report, &is_out_named);
		bp_cmp_account_alone(row, report);
		json_decref(row->report);
		row->report = report;
	} else if (rc != -EINTR) {
		bp_cmp_end_by_log(run, BP_CMP_CANNOT_RUN, "it does not run");
	}
	bp_child_stop(&run->dut, SIGTERM, 2);
	free(run);
}

/* ---- one round ---------------------------------------------------------------------------------- */

/* Can the row be measured at all? If not, the row ends with the reason. */
static bool is_possible(const struct bp_comparison *cmp, struct bp_cmp_row *row)
{
	enum bp_cmp_lab lab = row->path->lab;

	if (!cmp->is_root && lab != BP_CMP_ALONE)
		bp_cmp_row_end(row, BP_CMP_CANNOT_RUN, "run bypath compare as root (sudo)",
			       "not root: its lab needs namespaces, raw sockets or shared memory");
	else if (lab == BP_CMP_DEVICES && !cmp->options.in)
		bp_cmp_row_end(row, BP_CMP_CANNOT_RUN, "--ports A,B --gen-ports C,D",
			       "no devices were named");
	else if (lab == BP_CMP_DEVICES && cmp->generator == BP_CMP_GENERATOR_NONE)
		bp_cmp_row_end(
			row, BP_CMP_CANNOT_RUN,
			"start bypath gen on another box first, or --gen-ports C,D: C is wired to A, "
			"D to B (docs/compare.md)",
			"nobody sends to %s", cmp->options.in);
	else if (lab == BP_CMP_DEVICES)
		(void)bp_cmp_devices_fit(&cmp->options, row);
	if (!bp_cmp_has_ended(row) && cmp->options.function)
		(void)bp_cmp_function_fits(cmp->options.function, row);
	return !bp_cmp_has_ended(row);
}

static void end_unaccounted(struct bp_cmp_row *row)
{
	if (row->unaccounted)
		bp_cmp_row_end(row, BP_CMP_FAILED, "see drops[] and the logs (--keep)",
			       "%lld packets are unaccounted for%s", (long long)row->unaccounted,
			       row->is_restless
				       ? ", and may be on their way still: the last of a trial "
					 "had not come back when the row was given up"
				       : "");
	if (row->n_corrupt)
		bp_cmp_row_end(row, BP_CMP_FAILED, "see the logs (--keep)",
			       "%llu packets came back damaged",
			       (unsigned long long)row->n_corrupt);
}

void bp_cmp_judge_off(struct bp_cmp_row *row, unsigned n)
{
	if (row->status == BP_CMP_WAITING && n)
		row->status = BP_CMP_OK;
	if (bp_cmp_has_ended(row) || !n || row->off.share <= BP_OFF_LIMIT)
		return;
	row->status = BP_CMP_DISTURBED;
	snprintf(row->reason, sizeof(row->reason),
		 "the %s wanted its core and did not have it for %.1f %% of a trial: %s",
		 row->off.who, 100 * row->off.share, bp_off_text(row->off.cause));
	snprintf(row->fix, sizeof(row->fix),
		 "end the other work, or give bypath cores of its own (isolcpus, a control group "
		 "without CPU limit), and compare again");
}

void bp_cmp_measure(struct bp_comparison *cmp, struct bp_cmp_row *row)
{
	struct bp_cmp_run *run;
	bool is_elsewhere;
	double ndr = 0;
	int rc;

	if (!is_possible(cmp, row))
		return;
	if (row->path->lab == BP_CMP_ALONE) {
		measure_alone(cmp, row);
		goto done;
	}
	run = calloc(1, sizeof(*run));
	if (!run)
		return;
	is_elsewhere = bp_cmp_is_elsewhere(cmp, row);
	rc = bp_cmp_run_begin(run, cmp, row);
	if (!rc)
		rc = is_elsewhere ? bp_cmp_ports_saturate(run) : saturate(run);
	bp_cmp_run_end(run, row->forwarded.n > 0);
	if (!rc && !is_elsewhere && cmp->options.search_s > 0) {
		rc = bp_cmp_run_begin(run, cmp, row);
		if (!rc)
			ndr = search(run);
		if (!rc && ndr > 0)
			measure_loads(run, ndr);
		bp_cmp_run_end(run, false);
	}
	if (!rc && !is_elsewhere && cmp->options.is_probed)
		bp_cmp_probe(run, cmp, row);
	free(run);
done:
	end_unaccounted(row);
	bp_cmp_judge_off(row, row->forwarded.n);
}
