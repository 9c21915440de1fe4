/* The final tables that say what each path cost: copies, crossings, time, conservation. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/text_cost.h"

#include "report/table.h"
#include "report/text.h"

#include <inttypes.h>

#define N_OF(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

static const char counted[] = "counted";
static const char modelled[] = "modelled";

typedef void (*path_row_fn)(struct bp_table *table, const struct bp_report *r,
			    const struct bp_report_path *path, const struct bp_model_path *model);

/* Into worker_id of a row that adds up several workers. */
#define ALL_WORKERS UINT16_MAX

static bool same_pair(const struct bp_report_path *a, const struct bp_report_path *b)
{
	return a->in_port == b->in_port && a->out_port == b->out_port;
}

static void add_path(struct bp_report_path *sum, const struct bp_report_path *path)
{
	sum->n_pkts += path->n_pkts;
	sum->n_bytes += path->n_bytes;
	sum->n_bursts += path->n_bursts;
	sum->n_copies += path->n_copies;
	sum->n_copy_bytes += path->n_copy_bytes;
	sum->n_calls += path->n_calls;
	for (unsigned k = 0; k <= BP_COPIES_MAX; k++)
		sum->hist_copies[k] += path->hist_copies[k];
	sum->busy_ns += path->busy_ns;
	sum->call_ns += path->call_ns;
}

/* The rows of one port pair, its workers' in turn, then their sum where there are several. */
static void pair_rows(struct bp_table *table, const struct bp_report *r, unsigned first,
		      const struct bp_model_path *model, path_row_fn row)
{
	const struct bp_report_path *pair = &r->paths[first];
	struct bp_report_path sum = { .in_port = pair->in_port,
				      .out_port = pair->out_port,
				      .worker_id = ALL_WORKERS };
	unsigned n = 0;

	for (unsigned i = first; i < r->n_paths; i++) {
		if (!same_pair(pair, &r->paths[i]))
			continue;
		row(table, r, &r->paths[i], model);
		add_path(&sum, &r->paths[i]);
		n++;
	}
	if (n > 1)
		row(table, r, &sum, model);
}

static bool is_first_of_pair(const struct bp_report *r, unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (same_pair(&r->paths[i], &r->paths[index]))
			return false;
	return true;
}

static void all_rows(struct bp_table *table, const struct bp_report *r,
		     const struct bp_model_path *models, unsigned n_models, path_row_fn row)
{
	for (unsigned i = 0; i < r->n_paths; i++)
		if (is_first_of_pair(r, i))
			pair_rows(table, r, i,
				  bp_report_model(models, n_models, r->paths[i].in_port,
						  r->paths[i].out_port),
				  row);
}

static void path_cells(struct bp_table *table, const struct bp_report *r,
		       const struct bp_report_path *path)
{
	bp_table_cell(table, "%s → %s", r->ports[path->in_port].conf->name,
		      r->ports[path->out_port].conf->name);
	if (path->worker_id == ALL_WORKERS)
		bp_table_cell(table, "all");
	else
		bp_table_cell(table, "%u", path->worker_id);
}

static void traffic_row(struct bp_table *table, const struct bp_report *r,
			const struct bp_report_path *path, const struct bp_model_path *model)
{
	double n_pkts = (double)path->n_pkts, n_bytes = (double)path->n_bytes;
	double n_out = (double)bp_report_path_out(path);
	double n_split = bp_report_path_has_split(path) ? n_out : 0;

	(void)model;
	path_cells(table, r, path);
	bp_table_count(table, path->n_pkts);
	bp_table_count(table, path->n_bytes);
	bp_table_ratio(table, n_pkts / 1e6, r->elapsed_s, 3);
	bp_table_ratio(table, 8e-9 * (n_bytes + BP_WIRE_EXTRA_BYTES * n_pkts), r->elapsed_s, 3);
	bp_table_ratio(table, 8e-9 * n_bytes, r->elapsed_s, 3);
	bp_table_ratio(table, n_pkts, (double)path->n_bursts, 1);
	bp_table_count(table, bp_report_path_out(path));
	bp_table_ratio(table, path->busy_ns, n_out, 0);
	bp_table_ratio(table, path->busy_ns - path->call_ns, n_split, 0);
	bp_table_ratio(table, path->call_ns, n_split, 0);
}

static void put_paths(FILE *out, const struct bp_report *r)
{
	static const struct bp_table_column columns[] = {
		{ "path", NULL, 'l' },    { "worker", NULL, 'r' },    { "packets", NULL, 'r' },
		{ "bytes", NULL, 'r' },   { "Mpps", NULL, 'r' },      { "Gb/s L1", NULL, 'r' },
		{ "Gb/s L2", NULL, 'r' }, { "burst", NULL, 'r' },     { "packets out", NULL, 'r' },
		{ "ns/p", NULL, 'r' },    { "user code", NULL, 'r' }, { "in calls", NULL, 'r' },
	};
	struct bp_table table;
	bool is_split = true;

	fputs("\nPATHS, traffic and time · every figure counted · in calls: with the softirq work "
	      "that runs there\n",
	      out);
	bp_table_begin(&table, columns, N_OF(columns));
	all_rows(&table, r, NULL, 0, traffic_row);
	for (unsigned i = 0; i < r->n_paths; i++)
		is_split &= bp_report_path_has_split(&r->paths[i]);
	bp_table_end(&table, out);
	if (!is_split)
		fputs("  «-»: a PMD makes its system calls inside its burst, where their time cannot be "
		      "told apart\n",
		      out);
}

static void kernel_copies_cell(struct bp_table *table, const struct bp_model_path *model)
{
	if (!model || !model->is_modelled)
		bp_table_cell(table, "not modelled");
	else if (model->kernel.lo == model->kernel.hi)
		bp_table_cell(table, "%u", model->kernel.lo);
	else
		bp_table_cell(table, "%u–%u", model->kernel.lo, model->kernel.hi);
}

/* Copies inside PMDs and libraries, which nobody counts: those that the model knows. */
static void library_copies_cell(struct bp_table *table, const struct bp_model_path *model)
{
	unsigned lo = 0, hi = 0;

	for (unsigned i = 0; model && i < model->n_hops; i++) {
		if (model->hops[i].user_prov != BP_PROV_MODELLED)
			continue;
		lo += model->hops[i].user.lo;
		hi += model->hops[i].user.hi;
	}
	if (!model || !model->is_modelled)
		bp_table_cell(table, "not modelled");
	else if (lo == hi)
		bp_table_cell(table, "%u", lo);
	else
		bp_table_cell(table, "%u–%u", lo, hi);
}

static void copies_row(struct bp_table *table, const struct bp_report *r,
		       const struct bp_report_path *path, const struct bp_model_path *model)
{
	double n_out = (double)bp_report_path_out(path);

	path_cells(table, r, path);
	bp_table_ratio(table, (double)path->n_copies, n_out, 3);
	bp_table_ratio(table, (double)path->n_copy_bytes, n_out, 1);
	library_copies_cell(table, model);
	kernel_copies_cell(table, model);
	bp_table_ratio(table, (double)path->n_calls, n_out, 3);
	for (unsigned k = 0; k <= BP_COPIES_MAX; k++)
		bp_table_count(table, path->hist_copies[k]);
}

static void put_copies(FILE *out, const struct bp_report *r, const struct bp_model_path *models,
		       unsigned n_models)
{
	static const struct bp_table_column columns[] = {
		{ "path", NULL, 'l' },           { "worker", NULL, 'r' },
		{ "user/p", counted, 'r' },      { "bytes/p", counted, 'r' },
		{ "in PMD/p", modelled, 'r' },   { "kernel/p", modelled, 'r' },
		{ "crossings/p", counted, 'r' }, { "0 copies", counted, 'r' },
		{ "1 copy", counted, 'r' },      { "2 copies", counted, 'r' },
		{ "3 or more", counted, 'r' },
	};
	struct bp_table table;

	fputs("\nPATHS, copies and crossings · /p per packet out · on the right: packets out by user copies\n",
	      out);
	bp_table_begin(&table, columns, N_OF(columns));
	all_rows(&table, r, models, n_models, copies_row);
	bp_table_end(&table, out);
}

static void put_conservation(FILE *out, const struct bp_report *r)
{
	char received[32], made[32], sent[32], dropped[32], held[32];

	fprintf(out,
		"\nCONSERVATION · counted\n  received %s + made %s = sent %s + dropped %s + "
		"held %s, unaccounted %" PRId64 "\n",
		bp_table_commas(r->received, received), bp_table_commas(r->made, made),
		bp_table_commas(r->sent, sent), bp_table_commas(r->dropped, dropped),
		bp_table_commas(r->held, held), r->unaccounted);
	if (r->unaccounted)
		fprintf(out,
			"  FAILURE: %" PRId64
			" packets are neither sent, dropped nor held: a fault of "
			"bypath, please report it\n",
			r->unaccounted);
}

void bp_report_text_cost(FILE *out, const struct bp_report *report,
			 const struct bp_model_path *models, unsigned n_models)
{
	put_paths(out, report);
	put_copies(out, report, models, n_models);
	put_conservation(out, report);
}
