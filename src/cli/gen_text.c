/* Prints the generator's report as tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/gen_print.h"

#include "core/columns.h"
#include "report/table.h"
#include "report/text.h"

#include <string.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define COLUMNS     120u
#define FCS_BYTES   4u

/* ---- rates ----------------------------------------------------------------------------------- */

/* l1: with preamble, FCS, gap; l2: with FCS, as RFC 2544 counts a frame's size. */
static void rate_row(struct bp_table *t, const char *what, uint64_t n, double pps,
		     double mean_bytes, const char *meaning)
{
	bp_table_cell(t, "%s", what);
	bp_table_count(t, n);
	bp_table_cell(t, "%.6f", pps / 1e6);
	if (mean_bytes > 0) {
		bp_table_cell(t, "%.3f", 8e-9 * pps * (mean_bytes + BP_WIRE_EXTRA_BYTES));
		bp_table_cell(t, "%.3f", 8e-9 * pps * (mean_bytes + FCS_BYTES));
	} else {
		bp_table_cell(t, "-");
		bp_table_cell(t, "-");
	}
	bp_table_cell(t, "%s", meaning);
}

static void put_rates(FILE *out, const struct bp_gen_report *r)
{
	static const struct bp_table_column columns[] = {
		{ "", NULL, 'l' },        { "frames", NULL, 'r' },  { "Mpps", NULL, 'r' },
		{ "Gb/s L1", NULL, 'r' }, { "Gb/s L2", NULL, 'r' }, { "", NULL, 'l' },
	};
	const struct bp_trial_result *v = &r->result;
	double mean = r->mean_frame_bytes;
	struct bp_table t;

	fprintf(out, "\nRATES · %.3f s · L1 with preamble, FCS, gap · L2 with FCS\n", v->elapsed_s);
	bp_table_begin(&t, columns, N_OF(columns));
	if (r->has_tx && v->asked_pps > 0)
		rate_row(&t, "asked", v->n_offered + v->n_missed, v->asked_pps, mean,
			 "by the schedule");
	if (r->has_tx)
		rate_row(&t, "offered", v->n_offered, v->offered_pps, mean,
			 v->asked_pps > 0 ? "handed to the TX port"
					  : "handed to the TX port, as fast as it goes");
	if (r->has_tx)
		rate_row(&t, "sent", v->n_sent, v->sent_pps, mean, "counted by the TX port");
	if (r->has_rx)
		rate_row(&t, "received", v->n_sent - v->n_lost, v->received_pps, mean,
			 r->has_replay ? "whatever came" : "each frame once");
	bp_table_end(&t, out);
}

/* ---- streams --------------------------------------------------------------------------------- */

static void put_streams(FILE *out, const struct bp_gen_report *r)
{
	static const struct bp_table_column columns[] = {
		{ "stream", NULL, 'l' },    { "sent", NULL, 'r' },     { "received", NULL, 'r' },
		{ "lost", NULL, 'r' },      { "lost %", NULL, 'r' },   { "duplicate", NULL, 'r' },
		{ "reordered", NULL, 'r' }, { "by up to", NULL, 'r' }, { "corrupt", NULL, 'r' },
	};
	struct bp_table t;

	if (!r->has_rx || !r->n_streams)
		return;
	fprintf(out, "\nSTREAMS · received: duplicates included · lost: %s · reordered: RFC 4737\n",
		r->is_loss_absolute ? "of those sent" : "gaps since the first frame seen");
	bp_table_begin(&t, columns, N_OF(columns));
	for (unsigned i = 0; i < r->n_streams; i++) {
		const struct bp_gen_stream_row *s = &r->streams[i];
		uint64_t n_all = r->has_tx ? s->n_sent : s->n_once + s->n_lost;

		bp_table_cell(&t, "%s", s->name);
		bp_table_count(&t, n_all);
		bp_table_count(&t, s->n_received);
		bp_table_count(&t, s->n_lost);
		bp_table_ratio(&t, 100 * (double)s->n_lost, (double)n_all, 4);
		bp_table_count(&t, s->n_duplicate);
		bp_table_count(&t, s->n_reordered);
		bp_table_count(&t, s->reorder_max);
		bp_table_count(&t, s->n_corrupt);
	}
	bp_table_end(&t, out);
	for (unsigned i = 0; i < r->n_streams; i++)
		if (r->streams[i].encap[0])
			fprintf(out, "  %s: in %s\n", r->streams[i].name, r->streams[i].encap);
}

static void latency_row(struct bp_table *t, const char *name, const struct bp_latency_summary *l)
{
	const double values[] = { l->min_ns, l->mean_ns, l->p50_ns, l->p90_ns,
				  l->p99_ns, l->p999_ns, l->max_ns, l->jitter_ns };

	bp_table_cell(t, "%s", name);
	bp_table_count(t, l->n);
	for (size_t i = 0; i < N_OF(values); i++)
		bp_table_cell(t, "%.2f", values[i] / 1e3);
}

static void put_latencies(FILE *out, const struct bp_gen_report *r)
{
	static const struct bp_table_column columns[] = {
		{ "stream", NULL, 'l' }, { "frames", NULL, 'r' }, { "min", NULL, 'r' },
		{ "mean", NULL, 'r' },   { "p50", NULL, 'r' },    { "p90", NULL, 'r' },
		{ "p99", NULL, 'r' },    { "p99.9", NULL, 'r' },  { "max", NULL, 'r' },
		{ "jitter", NULL, 'r' },
	};
	struct bp_table t;

	if (!r->has_rx || !r->result.latency.n)
		return;
	fputs("\nLATENCY · µs · from before the burst was sent to after it was received, bursts "
	      "and all\n",
	      out);
	bp_table_begin(&t, columns, N_OF(columns));
	for (unsigned i = 0; i < r->n_streams; i++)
		latency_row(&t, r->streams[i].name, &r->streams[i].latency);
	if (r->n_streams > 1)
		latency_row(&t, "all", &r->result.latency);
	bp_table_end(&t, out);
}

/* ---- ports ----------------------------------------------------------------------------------- */

static void counter_row(struct bp_table *t, const struct bp_gen_port_row *p, const char *side,
			const char *what, uint64_t n, const char *provenance)
{
	bp_table_cell(t, "%s", p->conf->name);
	bp_table_cell(t, "%s", bp_gen_roles_name(p));
	bp_table_cell(t, "%s", p->conf->driver);
	bp_table_cell(t, "%s", p->info.mode);
	bp_table_cell(t, "%s %s", side, what);
	bp_table_count(t, n);
	bp_table_cell(t, "%s", provenance);
}

static void port_rows(struct bp_table *t, const struct bp_gen_port_row *p)
{
	bool is_tx = bp_gen_has_role(p, BP_GEN_TX), is_rx = p->roles != 1u << BP_GEN_TX;

	if (is_tx)
		counter_row(t, p, "tx", "packets", p->tx[BP_CNT_PKTS], "counted");
	if (is_rx)
		counter_row(t, p, "rx", "packets", p->rx[BP_CNT_PKTS], "counted");
	for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++) {
		if (p->tx[id])
			counter_row(t, p, "tx", bp_counter_rows[id].name, p->tx[id], "counted");
		if (p->rx[id])
			counter_row(t, p, "rx", bp_counter_rows[id].name, p->rx[id], "counted");
	}
	if (p->n_held)
		counter_row(t, p, "tx", "held", p->n_held, "counted");
	for (unsigned i = 0; i < p->n_reported; i++) {
		const struct bp_counter_row *row = p->reported[i].row;

		if (p->reported[i].value)
			counter_row(t, p, "device", row->name, p->reported[i].value,
				    row->kind == BP_KIND_DROP       ? "reported, lost"
				    : row->kind == BP_KIND_EXPLAINS ? "reported, not added"
								    : "reported");
	}
}

static void put_ports(FILE *out, const struct bp_gen_report *r)
{
	static const struct bp_table_column columns[] = {
		{ "port", NULL, 'l' },       { "role", NULL, 'l' },    { "driver", NULL, 'l' },
		{ "mode", NULL, 'l' },       { "counter", NULL, 'l' }, { "packets", NULL, 'r' },
		{ "provenance", NULL, 'l' },
	};
	struct bp_table t;

	fputs("\nPORTS\n", out);
	bp_table_begin(&t, columns, N_OF(columns));
	for (unsigned i = 0; i < r->n_ports; i++)
		port_rows(&t, &r->ports[i]);
	bp_table_end(&t, out);
	for (unsigned i = 0; i < r->n_ports; i++)
		if (r->ports[i].info.note[0]) {
			fprintf(out, "  %s: ", r->ports[i].conf->name);
			bp_put_wrapped(out, r->ports[i].info.note,
				       (unsigned)strlen(r->ports[i].conf->name) + 4, 4, COLUMNS);
		}
}

/* ---- remarks --------------------------------------------------------------------------------- */

static void put_count(FILE *out, uint64_t n, const char *meaning)
{
	char text[32];

	if (n)
		fprintf(out, "  %s %s\n", bp_table_commas(n, text), meaning);
}

/* Above this share other work on the machine has changed the figures. */
static void put_disturbed(FILE *out, const struct bp_trial_result *v)
{
	if (!bp_trial_is_disturbed(v))
		return;
	fprintf(out, "  disturbed: a worker was off its core for %.1f %% of the time: %s\n",
		100 * v->off_share, bp_off_text(v->off_cause));
}

static void put_remarks(FILE *out, const struct bp_gen_report *r)
{
	const struct bp_trial_result *v = &r->result;
	uint64_t n_too_old = 0, n_bad_time = 0, n_unchecked = 0;

	for (unsigned i = 0; i < r->n_streams; i++) {
		n_too_old += r->streams[i].n_too_old;
		n_bad_time += r->streams[i].n_bad_time;
		n_unchecked += r->streams[i].n_unchecked;
	}
	fputs("\nREMARKS\n", out);
	if (v->is_generator_bound) {
		fputs("  the generator was the bottleneck:", out);
		bp_put_wrapped(out, v->why, 35, 4, COLUMNS);
	}
	if (r->has_tx && !v->is_generator_bound && !v->is_interrupted)
		fputs(v->asked_pps > 0 ? "  the generator kept up\n"
		      : v->is_own_pace ? "  sent at the capture's own pace\n"
				       : "  sent as fast as the generator goes\n",
		      out);
	if (v->is_interrupted)
		fprintf(out, "  ended early: %s\n", v->why);
	put_count(out, r->n_missed_cpu, "turns of the schedule missed: the worker was late");
	put_count(out, r->n_missed_full, "turns of the schedule missed: the TX port was full");
	put_count(
		out, r->n_tx_dropped,
		r->is_unsent_known
			? "frames dropped by the generator's own TX port: not sent, not among the lost"
			: "frames dropped by the generator's own TX port: not sent; of some it is not known of "
			  "which stream, so STREAMS has those among the lost");
	put_count(out, v->n_rx_dropped, "frames dropped by the generator's own RX port");
	put_count(out, n_unchecked,
		  "frames without a pattern (driver xdp_live): their payload was not checked");
	put_disturbed(out, v);
	put_count(out, r->n_no_frame,
		  "times no frame of the arena was free: raise [memory] frames");
	put_count(out, v->n_foreign, "foreign frames received: not counted");
	put_count(out, v->n_stale, "frames of an earlier trial received: not counted");
	put_count(out, r->n_broken, "frames with a damaged signature: counted as corrupt");
	put_count(out, r->n_unknown, "frames of streams that are not ours: not counted");
	put_count(out, r->n_restarts, "times the sender began anew");
	put_count(out, n_too_old, "frames came too late to be told from duplicates");
	put_count(out, n_bad_time, "frames from the future: the two ends have different clocks");
}

void bp_gen_print_text(FILE *out, const struct bp_gen_report *r)
{
	char cores[32] = "";

	if (r->n_workers == 2)
		snprintf(cores, sizeof(cores), "cores %u (tx), %u (rx)", r->cores[0], r->cores[1]);
	else
		snprintf(cores, sizeof(cores), "core %u", r->cores[0]);
	fprintf(out, "\nbypath gen · %s · Linux %s · %s · %s\n", r->host, r->kernel, r->cpu, cores);
	put_rates(out, r);
	put_streams(out, r);
	put_latencies(out, r);
	put_ports(out, r);
	put_remarks(out, r);
}

void bp_gen_print_live(FILE *out, const struct bp_gen_live *prev, const struct bp_gen_live *now)
{
	double s = now->elapsed_s - prev->elapsed_s;

	if (s <= 0)
		s = 1;
	fprintf(out, "%5.0f s ", now->elapsed_s);
	if (now->n_offered)
		fprintf(out, " offered %.3f Mpps",
			(double)(now->n_offered - prev->n_offered) / s / 1e6);
	if (now->n_received || !now->n_offered)
		fprintf(out, "  received %.3f Mpps",
			(double)(now->n_received - prev->n_received) / s / 1e6);
	if (now->n_offered && now->n_received)
		fprintf(out, "  missing %lld",
			(long long)(now->n_offered - now->n_dropped - now->n_once));
	if (now->n_dropped > prev->n_dropped)
		fprintf(out, "  own port dropped %llu",
			(unsigned long long)(now->n_dropped - prev->n_dropped));
	if (now->n_missed > prev->n_missed)
		fprintf(out, "  behind schedule %llu",
			(unsigned long long)(now->n_missed - prev->n_missed));
	if (now->n_foreign)
		fprintf(out, "  foreign %llu", (unsigned long long)now->n_foreign);
	fputc('\n', out);
	fflush(out);
}
