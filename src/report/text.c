/* The final tables: machine, queues, drops, workers; those of ports and costs are others'. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/text.h"

#include "core/offcore.h"

#include "report/table.h"
#include "report/text_cost.h"
#include "report/text_ports.h"

#include <inttypes.h>
#include <string.h>

#define N_OF(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

static const char counted[] = "counted";

uint64_t bp_report_drops(const uint64_t v[BP_CNT_N])
{
	uint64_t sum = 0;

	for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++)
		sum += v[id];
	return sum;
}

uint64_t bp_report_path_out(const struct bp_report_path *path)
{
	uint64_t n = 0;

	for (unsigned k = 0; k <= BP_COPIES_MAX; k++)
		n += path->hist_copies[k];
	return n;
}

bool bp_report_path_has_split(const struct bp_report_path *path)
{
	return !path->n_calls || path->call_ns > 0;
}

const struct bp_model_path *bp_report_model(const struct bp_model_path *models, unsigned n_models,
					    uint16_t in_port, uint16_t out_port)
{
	for (unsigned i = 0; i < n_models; i++)
		if (models[i].in_port == in_port && models[i].out_port == out_port)
			return &models[i];
	return NULL;
}

/* «2 MiB», «4 KiB». */
static void size_text(uint64_t n_bytes, char *text, size_t text_bytes)
{
	if (n_bytes >= 1u << 20 && n_bytes % (1u << 20) == 0)
		snprintf(text, text_bytes, "%llu MiB", (unsigned long long)(n_bytes >> 20));
	else
		snprintf(text, text_bytes, "%llu KiB", (unsigned long long)(n_bytes >> 10));
}

static void put_head(FILE *out, const struct bp_report *r)
{
	char arena[32], page[32], frames[32], n_free[32];

	size_text(r->arena_bytes, arena, sizeof(arena));
	size_text(r->arena_page_bytes, page, sizeof(page));
	bp_table_commas(r->arena_frames, frames);
	bp_table_commas(r->arena_frames_free, n_free);
	fprintf(out, "\nbypath report · %.1f s · ", r->elapsed_s);
	if (r->is_final)
		fprintf(out, "final, drained in %.1f ms\n", r->drain_ms);
	else
		fputs("still running\n", out);
	fprintf(out, "  %s · Linux %s · %s\n", r->host, r->kernel, r->cpu);
	fprintf(out, "  arena %s, %s frames%s%s, pages of %s (read back)\n", arena, frames,
		r->is_final ? ", free " : "", r->is_final ? n_free : "", page);
}

static void queue_row(struct bp_table *table, const struct bp_report *r, const char *port,
		      const char *queue, const char *worker, const uint64_t v[BP_CNT_N])
{
	double n_pkts = (double)v[BP_CNT_PKTS], n_bytes = (double)v[BP_CNT_BYTES];

	bp_table_cell(table, "%s", port);
	bp_table_cell(table, "%s", queue);
	bp_table_cell(table, "%s", worker);
	bp_table_count(table, v[BP_CNT_PKTS]);
	bp_table_count(table, v[BP_CNT_BYTES]);
	bp_table_ratio(table, n_pkts / 1e6, r->elapsed_s, 3);
	bp_table_ratio(table, 8e-9 * (n_bytes + BP_WIRE_EXTRA_BYTES * n_pkts), r->elapsed_s, 3);
	bp_table_ratio(table, 8e-9 * n_bytes, r->elapsed_s, 3);
	bp_table_count(table, bp_report_drops(v));
	bp_table_ratio(table, n_pkts, (double)v[BP_CNT_BURSTS], 1);
	bp_table_ratio(table, (double)v[BP_CNT_COPIES], n_pkts, 3);
	bp_table_ratio(table, (double)v[BP_CNT_CALLS], n_pkts, 3);
}

/* A row per queue, and one for the port's sum where it has several. */
static void direction_rows(struct bp_table *table, const struct bp_report *r, const char *port,
			   const char *direction, const struct bp_report_queue *queues, unsigned n)
{
	uint64_t sum[BP_CNT_N] = { 0 };
	char queue[16], worker[16];

	for (unsigned q = 0; q < n; q++) {
		snprintf(queue, sizeof(queue), "%s %u", direction, queues[q].queue_id);
		snprintf(worker, sizeof(worker), "%u", queues[q].worker_id);
		queue_row(table, r, port, queue, worker, queues[q].v);
		for (unsigned id = 0; id < BP_CNT_N; id++)
			sum[id] += queues[q].v[id];
	}
	snprintf(queue, sizeof(queue), "%s sum", direction);
	if (n > 1)
		queue_row(table, r, port, queue, "all", sum);
}

static void put_queues(FILE *out, const struct bp_report *r)
{
	static const struct bp_table_column columns[] = {
		{ "port", NULL, 'l' },    { "queue", NULL, 'l' },   { "worker", NULL, 'r' },
		{ "packets", NULL, 'r' }, { "bytes", NULL, 'r' },   { "Mpps", NULL, 'r' },
		{ "Gb/s L1", NULL, 'r' }, { "Gb/s L2", NULL, 'r' }, { "drops", NULL, 'r' },
		{ "burst", NULL, 'r' },   { "copy/p", NULL, 'r' },  { "calls/p", NULL, 'r' },
	};
	struct bp_table table;

	fputs("\nQUEUES · every figure counted · L1 with preamble, FCS, gap · /p per packet, empty polls' "
	      "calls too\n",
	      out);
	bp_table_begin(&table, columns, N_OF(columns));
	for (unsigned i = 0; i < r->n_ports; i++) {
		const struct bp_report_port *port = &r->ports[i];

		direction_rows(&table, r, port->conf->name, "rx", port->rxq, port->n_rxq);
		direction_rows(&table, r, port->conf->name, "tx", port->txq, port->n_txq);
	}
	bp_table_end(&table, out);
}

static void counter_rows(struct bp_table *table, const char *port, const char *direction,
			 const struct bp_report_queue *queue, enum bp_counter_kind kind)
{
	for (unsigned id = 0; id < BP_CNT_N; id++) {
		const struct bp_counter_row *row = &bp_counter_rows[id];

		if (!queue->v[id] || row->kind != kind)
			continue;
		bp_table_cell(table, "%s", port);
		bp_table_cell(table, "%s %u", direction, queue->queue_id);
		bp_table_cell(table, "%s", row->name);
		bp_table_count(table, queue->v[id]);
		bp_table_cell(table, "%s", counted);
		bp_table_cell(table, "%s", row->meaning);
	}
}

static void queue_counter_rows(struct bp_table *table, const char *port, const char *direction,
			       const struct bp_report_queue *queues, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		counter_rows(table, port, direction, &queues[i], BP_KIND_DROP);
		counter_rows(table, port, direction, &queues[i], BP_KIND_EVENT);
	}
}

static const char *account_of(enum bp_counter_kind kind)
{
	return kind == BP_KIND_DROP       ? "lost outside bypath: "
	       : kind == BP_KIND_EXPLAINS ? "not added: "
					  : "";
}

static void port_counter_rows(struct bp_table *table, const struct bp_report_port *port)
{
	const char *name = port->conf->name;

	queue_counter_rows(table, name, "rx", port->rxq, port->n_rxq);
	queue_counter_rows(table, name, "tx", port->txq, port->n_txq);
	for (unsigned i = 0; i < port->n_reported; i++) {
		const struct bp_reported *reported = &port->reported[i];

		if (!reported->value)
			continue;
		bp_table_cell(table, "%s", name);
		bp_table_cell(table, "device");
		bp_table_cell(table, "%s", reported->row->name);
		bp_table_count(table, reported->value);
		bp_table_cell(table, "%s", bp_provenance_name(BP_PROV_REPORTED));
		bp_table_cell(table, "%s%s", account_of(reported->row->kind),
			      reported->row->meaning);
	}
}

static void put_events(FILE *out, const struct bp_report *r)
{
	static const struct bp_table_column columns[] = {
		{ "port", NULL, 'l' },    { "queue", NULL, 'l' },      { "reason", NULL, 'l' },
		{ "packets", NULL, 'r' }, { "provenance", NULL, 'l' }, { "meaning", NULL, 'l' },
	};
	struct bp_table table;

	fputs("\nDROPS AND OTHER EVENTS\n", out);
	bp_table_begin(&table, columns, N_OF(columns));
	for (unsigned i = 0; i < r->n_ports; i++)
		port_counter_rows(&table, &r->ports[i]);
	if (table.n_cells)
		bp_table_end(&table, out);
	else
		fputs("  none\n", out);
}

static uint64_t worker_pkts(const struct bp_report *r, uint16_t worker_id)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < r->n_paths; i++)
		if (r->paths[i].worker_id == worker_id)
			n += r->paths[i].n_pkts;
	return n;
}

/* A worker without its core makes figures that are not this program's: named where it is more than a trace. */
static void put_off(FILE *out, const struct bp_report_worker *w)
{
	if (w->off_share <= BP_OFF_LIMIT)
		return;
	fprintf(out, "  disturbed: worker %u was off core %u for %.1f %% of the time: %s",
		w->worker_id, w->core, 100 * w->off_share, w->off_text);
	if (w->n_gaps)
		fprintf(out, " (%" PRIu64 " rounds above 2 ms, the longest %.1f ms)", w->n_gaps,
			w->gap_max_ns * 1e-6);
	fputc('\n', out);
}

static void put_workers(FILE *out, const struct bp_report *r)
{
	static const struct bp_table_column columns[] = {
		{ "worker", NULL, 'r' },  { "core", NULL, 'r' },       { "tid", NULL, 'r' },
		{ "packets", NULL, 'r' }, { "Mpps", NULL, 'r' },       { "busy", NULL, 'r' },
		{ "idle", NULL, 'r' },    { "asleep", NULL, 'r' },     { "off core", NULL, 'r' },
		{ "rounds", NULL, 'r' },  { "idle calls", NULL, 'r' }, { "when idle", NULL, 'l' },
		{ "node", NULL, 'r' },
	};
	struct bp_table table;

	fputs("\nWORKERS · every figure counted\n", out);
	bp_table_begin(&table, columns, N_OF(columns) - !bp_report_has_nodes(r));
	for (unsigned i = 0; i < r->n_workers; i++) {
		const struct bp_report_worker *w = &r->workers[i];
		double whole_ns = w->busy_ns + w->idle_ns + w->wait_ns + w->off_ns;
		uint64_t n_pkts = worker_pkts(r, w->worker_id);

		bp_table_cell(&table, "%u", w->worker_id);
		bp_table_cell(&table, "%u", w->core);
		bp_table_cell(&table, "%d", w->tid);
		bp_table_count(&table, n_pkts);
		bp_table_ratio(&table, (double)n_pkts / 1e6, r->elapsed_s, 3);
		bp_table_share(&table, w->busy_ns, whole_ns);
		bp_table_share(&table, w->idle_ns, whole_ns);
		bp_table_share(&table, w->wait_ns, whole_ns);
		bp_table_share(&table, w->off_ns, whole_ns);
		bp_table_count(&table, w->n_loops);
		bp_table_count(&table, w->n_waits);
		bp_table_cell(&table, "%s",
			      r->conf->engine.idle == BP_IDLE_BUSY ? "spins"
			      : w->idle_by_fd                      ? "waits on descriptors"
								   : "backs off, up to 1 ms");
		bp_report_put_node(&table, r, w->numa_node);
	}
	bp_table_end(&table, out);
	for (unsigned i = 0; i < r->n_workers; i++)
		put_off(out, &r->workers[i]);
}

void bp_report_text(FILE *out, const struct bp_report *report, const struct bp_model_path *models,
		    unsigned n_models)
{
	put_head(out, report);
	bp_report_text_ports(out, report);
	put_queues(out, report);
	put_events(out, report);
	put_workers(out, report);
	bp_report_text_cost(out, report, models, n_models);
	fflush(out);
}
