/* Prints results of searches as text. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_report.h"

#include "gen/search_points.h"
#include "report/table.h"

#include <math.h>

#define N_OF(array)     ((unsigned)(sizeof(array) / sizeof((array)[0])))
#define L1_EXTRA_BYTES  20.0 /* preamble, SFD, gap; a frame's size includes its FCS */
#define RFC2544_TRIAL_S 60.0

const char *bp_search_title(enum bp_search_kind kind)
{
	static const char *const titles[BP_SEARCH_KIND_N] = {
		[BP_SEARCH_NDR] = "NDR, highest rate without loss",
		[BP_SEARCH_PDR] = "PDR, highest rate within a loss ratio",
		[BP_SEARCH_THROUGHPUT] = "RFC 2544 THROUGHPUT",
		[BP_SEARCH_LATENCY] = "RFC 2544 LATENCY",
		[BP_SEARCH_LOSS] = "RFC 2544 FRAME LOSS RATE",
		[BP_SEARCH_BACK_TO_BACK] = "RFC 2544 BACK-TO-BACK FRAMES",
		[BP_SEARCH_MLR] = "MULTIPLE LOSS RATIO SEARCH",
	};

	return (unsigned)kind < BP_SEARCH_KIND_N ? titles[kind] : "?";
}

const char *bp_search_outcome_name(enum bp_search_outcome outcome)
{
	switch (outcome) {
	case BP_SEARCH_MEASURED:
		return "measured";
	case BP_SEARCH_BOUNDED:
		return "bounded";
	case BP_SEARCH_NOT_MEASURABLE:
		break;
	}
	return "not measurable";
}

const char *bp_search_cause_name(enum bp_search_cause cause)
{
	static const char *const names[] = {
		[BP_SEARCH_CAUSE_NONE] = "",         [BP_SEARCH_CAUSE_GENERATOR] = "generator",
		[BP_SEARCH_CAUSE_NOISE] = "noise",   [BP_SEARCH_CAUSE_LOSSY] = "lossy",
		[BP_SEARCH_CAUSE_TIME] = "time",     [BP_SEARCH_CAUSE_INTERRUPTED] = "interrupted",
		[BP_SEARCH_CAUSE_FAILED] = "failed", [BP_SEARCH_CAUSE_DISTURBED] = "disturbed",
	};

	return (unsigned)cause < N_OF(names) ? names[cause] : "?";
}

/* ---- cells ---- */

/* Frames per second as Mpps, «-» where there are none. */
static void put_mpps(struct bp_table *t, double pps)
{
	bp_table_ratio(t, pps, pps > 0 ? 1e6 : 0, 6);
}

static void put_gbps(struct bp_table *t, double pps, uint32_t frame_size)
{
	bp_table_ratio(t, 8e-9 * pps * (frame_size + L1_EXTRA_BYTES), pps > 0 && frame_size ? 1 : 0,
		       3);
}

static void put_us(struct bp_table *t, double ns)
{
	bp_table_ratio(t, ns, ns > 0 ? 1e3 : 0, 1);
}

static void put_percent(struct bp_table *t, double ratio)
{
	bp_table_cell(t, "%.4g %%", 100 * ratio);
}

/* ---- parts ---- */

static void put_head(FILE *out, const struct bp_search_result *r)
{
	fprintf(out, "\n%s · ", bp_search_title(r->kind));
	if (r->frame_size)
		fprintf(out, "frames of %u bytes · ", r->frame_size);
	fprintf(out, "%s · %zu trials in %.1f s", bp_search_outcome_name(r->outcome), r->n_trials,
		r->elapsed_s);
	if (r->budget_s > 0)
		fprintf(out, " of %.0f s", r->budget_s);
	fputc('\n', out);
	/* Of bounds, each loss ratio says its own reason. */
	if (r->why[0] && (!r->n_goals || r->kind == BP_SEARCH_LATENCY))
		fprintf(out, "  %s\n", r->why);
	if (r->is_generator_max && r->max_pps > 0)
		fprintf(out, "  the generator holds %.6f Mpps here\n", r->max_pps / 1e6);
	if (r->kind >= BP_SEARCH_THROUGHPUT && r->kind <= BP_SEARCH_LOSS &&
	    r->trial_s < RFC2544_TRIAL_S)
		fprintf(out, "  trials of %g s: RFC 2544 asks for %g s\n", r->trial_s,
			RFC2544_TRIAL_S);
}

static void bounds_row(struct bp_table *t, const struct bp_search_bounds *b, uint32_t frame_size)
{
	char spread[48] = "-";

	bp_table_cell(t, "≤ %g %%", 100 * b->loss_ratio);
	bp_table_cell(t, "%s", bp_search_outcome_name(b->outcome));
	put_mpps(t, b->lower_pps);
	put_mpps(t, b->upper_pps);
	bp_table_ratio(t, 100 * b->width, b->width > 0 ? 1 : 0, 2);
	put_gbps(t, b->lower_pps, frame_size);
	if (b->n_lower_trials)
		snprintf(spread, sizeof(spread), "%.6f…%.6f", b->received_min_pps / 1e6,
			 b->received_max_pps / 1e6);
	bp_table_cell(t, "%s", spread);
	bp_table_cell(t, "%u of %u", b->n_lower_lossy, b->n_lower_trials);
	bp_table_cell(t, "%u of %u", b->n_upper_clean, b->n_upper_trials);
}

static void put_bounds(FILE *out, const struct bp_search_result *r)
{
	static const struct bp_table_column columns[] = {
		{ "loss", NULL, 'l' },
		{ "outcome", NULL, 'l' },
		{ "lower Mpps", NULL, 'r' },
		{ "upper Mpps", NULL, 'r' },
		{ "width %", NULL, 'r' },
		{ "Gb/s L1", NULL, 'r' },
		{ "received at lower", NULL, 'l' },
		{ "lossy", NULL, 'r' },
		{ "clean at upper", NULL, 'r' },
	};
	struct bp_table t;

	if (!r->n_goals)
		return;
	bp_table_begin(&t, columns, N_OF(columns));
	for (unsigned i = 0; i < r->n_goals; i++)
		bounds_row(&t, &r->goals[i], r->frame_size);
	bp_table_end(&t, out);
	for (unsigned i = 0; i < r->n_goals; i++) {
		const struct bp_search_bounds *b = &r->goals[i];

		if (b->why[0])
			fprintf(out, "  at %g %%: %s\n", 100 * b->loss_ratio, b->why);
		if (b->is_exploratory)
			fprintf(out, "  at %g %%: bounds of short trials, not confirmed\n",
				100 * b->loss_ratio);
		if (b->n_contradictions)
			fprintf(out, "  at %g %%: %u× a bound did not hold and was measured anew\n",
				100 * b->loss_ratio, b->n_contradictions);
	}
}

static void latency_cells(struct bp_table *t, const struct bp_search_row *row)
{
	const struct bp_latency_summary *l = &row->latency;

	put_us(t, l->min_ns);
	put_us(t, l->mean_ns);
	put_us(t, l->p50_ns);
	put_us(t, l->p90_ns);
	put_us(t, l->p99_ns);
	put_us(t, l->p999_ns);
	put_us(t, l->max_ns);
	if (row->n_trials > 1 && row->p50_max_ns > 0)
		bp_table_cell(t, "%.1f…%.1f", row->p50_min_ns / 1e3, row->p50_max_ns / 1e3);
	else
		bp_table_cell(t, "-");
}

static void put_rows(FILE *out, const struct bp_search_result *r)
{
	static const struct bp_table_column columns[] = {
		{ "share", NULL, 'r' }, { "asked Mpps", NULL, 'r' }, { "sent Mpps", NULL, 'r' },
		{ "loss", NULL, 'r' },  { "min µs", NULL, 'r' },     { "mean", NULL, 'r' },
		{ "p50", NULL, 'r' },   { "p90", NULL, 'r' },        { "p99", NULL, 'r' },
		{ "p99.9", NULL, 'r' }, { "max", NULL, 'r' },        { "p50, trials", NULL, 'l' },
	};
	bool has_latency = r->kind == BP_SEARCH_LATENCY;
	struct bp_table t;

	if (!r->n_rows)
		return;
	bp_table_begin(&t, columns, has_latency ? N_OF(columns) : 4);
	for (unsigned i = 0; i < r->n_rows; i++) {
		const struct bp_search_row *row = &r->rows[i];

		bp_table_cell(&t, "%s%.0f %%", row->is_generator_bound ? "!" : "",
			      100 * row->share);
		put_mpps(&t, row->load_pps);
		put_mpps(&t, row->sent_pps);
		put_percent(&t, row->loss_ratio);
		if (has_latency)
			latency_cells(&t, row);
	}
	bp_table_end(&t, out);
	for (unsigned i = 0; i < r->n_rows; i++)
		if (r->rows[i].is_generator_bound) {
			fputs("  «!»: the generator did not reach the rate: not a figure of the "
			      "device\n",
			      out);
			return;
		}
}

static void put_bursts(FILE *out, const struct bp_search_result *r)
{
	const struct bp_search_burst *b = &r->burst;
	char least[32], most[32], limit[32];

	if (!b->n_runs)
		return;
	fprintf(out,
		"  longest burst without loss: %.1f frames on average of %u searches, deviation %.1f, "
		"%s…%s\n",
		b->mean_pkts, b->n_runs, b->stddev_pkts, bp_table_commas(b->min_pkts, least),
		bp_table_commas(b->max_pkts, most));
	fprintf(out, "  within bursts %.6f Mpps; the longest burst tried has %s frames\n",
		b->rate_pps / 1e6, bp_table_commas(b->limit_pkts, limit));
	if (b->buffer_s > 0)
		fprintf(out, "  corrected buffer time (RFC 9004): %.1f µs\n", 1e6 * b->buffer_s);
}

static const char *note_of(const struct bp_search_trial *trial)
{
	if (trial->is_interrupted)
		return "interrupted, no vote";
	if (trial->n_rx_dropped)
		return "generator's receiver dropped, no vote";
	if (bp_trial_falls_short(trial) && !trial->asked_pkts)
		return "generator-bound, no vote";
	if (trial->is_superseded)
		return "contradicted, no vote";
	if (trial->off_share > BP_OFF_LIMIT)
		return trial->is_check ? "check, disturbed" : "disturbed";
	if (trial->is_generator_bound && !trial->asked_pkts)
		return trial->is_check ? "check, generator late" : "generator late";
	return trial->is_check ? "check" : "";
}

static void trial_row(struct bp_table *t, size_t number, const struct bp_search_trial *trial)
{
	bp_table_cell(t, "%zu", number);
	bp_table_cell(t, "%.2f", trial->begin_s);
	if (trial->asked_pkts)
		bp_table_cell(t, "%llu fr.", (unsigned long long)trial->asked_pkts);
	else
		bp_table_cell(t, "%.2f s", trial->duration_s);
	if (trial->asked_pps > 0)
		put_mpps(t, trial->asked_pps);
	else
		bp_table_cell(t, "fastest");
	put_mpps(t, trial->sent_pps);
	put_mpps(t, trial->received_pps);
	bp_table_count(t, trial->n_lost);
	put_percent(t, trial->loss_ratio);
	put_us(t, trial->p50_ns);
	bp_table_cell(t, "%s", note_of(trial));
}

static void put_trials(FILE *out, const struct bp_search_result *r)
{
	static const struct bp_table_column columns[] = {
		{ "trial", NULL, 'r' },      { "at s", NULL, 'r' },      { "length", NULL, 'r' },
		{ "asked Mpps", NULL, 'r' }, { "sent Mpps", NULL, 'r' }, { "recv Mpps", NULL, 'r' },
		{ "lost", NULL, 'r' },       { "loss", NULL, 'r' },      { "p50 µs", NULL, 'r' },
		{ "note", NULL, 'l' },
	};
	struct bp_table t;

	bp_table_begin(&t, columns, N_OF(columns));
	for (size_t i = 0; i < r->n_trials; i++)
		trial_row(&t, i + 1, &r->trials[i]);
	bp_table_end(&t, out);
}

void bp_search_print_text(FILE *out, const struct bp_search_result *result, bool with_trials)
{
	put_head(out, result);
	put_bounds(out, result);
	put_rows(out, result);
	put_bursts(out, result);
	if (with_trials)
		put_trials(out, result);
}

void bp_search_print_progress(FILE *out, const struct bp_search_progress *p)
{
	fprintf(out, "%s", bp_search_name(p->kind));
	if (p->frame_size)
		fprintf(out, " %u", p->frame_size);
	fprintf(out, " · %s · trial %zu: ", p->phase, p->n_trials + 1);
	if (p->next_pps > 0)
		fprintf(out, "%.4f Mpps", p->next_pps / 1e6);
	else
		fputs("fastest", out);
	fprintf(out, " for %.2g s", p->next_s);
	if (p->lower_pps > 0 || p->upper_pps > 0)
		fprintf(out, " · bounds %.4f…%.4f", p->lower_pps / 1e6,
			p->upper_pps > 0 ? p->upper_pps / 1e6 : INFINITY);
	fprintf(out, " · %.0f s left", ceil(p->remaining_s));
}
