/* The comparison as a JSON document, bypath.compare/1 (docs/compare.md). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/comparison.h"

#include "compare/economy.h"
#include "compare/explain.h"
#include "compare/function.h"
#include "compare/goals.h"
#include "compare/paired.h"
#include "compare/stat.h"
#include "compare/winner.h"
#include "compare/workload.h"
#include "core/cpu.h"
#include "core/json.h"

#include <stdlib.h>
#include <string.h>

static void set_text(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, bp_json_text_or_null(text));
}

/* ---- pieces of a row ------------------------------------------------------------------------- */

static json_t *saturation(const struct bp_cmp_row *row)
{
	json_t *o;

	if (!row->forwarded.n)
		return json_null();
	o = json_object();
	json_object_set_new(o, "offered_mpps", bp_cmp_stat(&row->offered, 1e-6));
	json_object_set_new(o, "mpps", bp_cmp_stat(&row->forwarded, 1e-6));
	json_object_set_new(o, "gbps_l1", bp_cmp_stat(&row->forwarded, bp_cmp_bits_l1(row) * 1e-9));
	json_object_set_new(o, "loss_ratio", bp_cmp_stat(&row->loss, 1));
	return o;
}

static json_t *ndr(const struct bp_cmp_row *row)
{
	json_t *o;

	if (!*row->ndr_outcome)
		return json_null();
	o = json_object();
	json_object_set_new(o, "outcome", json_string(row->ndr_outcome));
	json_object_set_new(o, "exploratory", json_boolean(row->is_ndr_exploratory));
	json_object_set_new(o, "why", bp_json_text(row->ndr_why));
	json_object_set_new(o, "mpps", bp_cmp_stat(&row->ndr, 1e-6));
	json_object_set_new(o, "gbps_l1", bp_cmp_stat(&row->ndr, bp_cmp_bits_l1(row) * 1e-9));
	json_object_set_new(o, "upper_mpps", bp_cmp_stat(&row->ndr_upper, 1e-6));
	return o;
}

static json_t *latency(const struct bp_cmp_row *row)
{
	struct bp_latency_summary s;
	json_t *o;

	if (!row->latency.n)
		return json_null();
	bp_latency_summarise(&row->latency, &s);
	o = json_pack("{s:f, s:f, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "share_of_ndr",
		      0.5, "load_mpps", bp_cmp_median(&row->latency_load) * 1e-6, "packets",
		      (json_int_t)s.n, "min_ns", s.min_ns, "mean_ns", s.mean_ns, "p50_ns", s.p50_ns,
		      "p90_ns", s.p90_ns, "p99_ns", s.p99_ns, "p999_ns", s.p999_ns, "max_ns",
		      s.max_ns, "jitter_ns", s.jitter_ns);
	json_object_set_new(o, "source", bp_json_text(row->latency_source));
	json_object_set_new(o, "p50", bp_cmp_stat(&row->p50, 1));
	json_object_set_new(o, "p99", bp_cmp_stat(&row->p99, 1));
	return o;
}

static int by_load(const void *a, const void *b)
{
	double x = ((const struct bp_cmp_trial *)a)->offered_pps;
	double y = ((const struct bp_cmp_trial *)b)->offered_pps;

	return (x > y) - (x < y);
}

static json_t *curve(const struct bp_cmp_row *row)
{
	struct bp_cmp_trial sorted[BP_CMP_CURVE_MAX];
	json_t *a = json_array();

	memcpy(sorted, row->curve, row->n_curve * sizeof(sorted[0]));
	qsort(sorted, row->n_curve, sizeof(sorted[0]), by_load);
	for (unsigned i = 0; i < row->n_curve; i++)
		json_array_append_new(a, json_pack("{s:f, s:f, s:f}", "offered_mpps",
						   sorted[i].offered_pps * 1e-6, "received_mpps",
						   sorted[i].received_pps * 1e-6, "loss_ratio",
						   sorted[i].loss_ratio));
	return a;
}

static int by_packets(const void *a, const void *b)
{
	uint64_t x = ((const struct bp_cmp_drop *)a)->n, y = ((const struct bp_cmp_drop *)b)->n;

	return (x < y) - (x > y);
}

/* The reason with the most packets comes first. */
json_t *bp_cmp_drops_document(const struct bp_cmp_row *row)
{
	struct bp_cmp_drop sorted[BP_CMP_DROPS_MAX];
	json_t *a = json_array();

	memcpy(sorted, row->drops, row->n_drops * sizeof(sorted[0]));
	qsort(sorted, row->n_drops, sizeof(sorted[0]), by_packets);
	for (unsigned i = 0; i < row->n_drops; i++) {
		const struct bp_cmp_drop *d = &sorted[i];

		json_array_append_new(a, json_pack("{s:s, s:s, s:I, s:s}", "where", d->where,
						   "reason", d->reason, "packets", (json_int_t)d->n,
						   "provenance", d->provenance));
	}
	return a;
}

static json_t *accounting(const struct bp_cmp_row *row)
{
	uint64_t dropped = 0;

	if (!row->n_sent) /* another box sends, and does not tell how much */
		return json_null();
	for (unsigned i = 0; i < row->n_drops; i++)
		dropped += row->drops[i].n;
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "sent", (json_int_t)row->n_sent,
			 "received", (json_int_t)row->n_received, "dropped", (json_int_t)dropped,
			 "duplicates", (json_int_t)row->n_duplicate, "unaccounted",
			 (json_int_t)row->unaccounted, "trials", (json_int_t)row->n_trials);
}

static json_t *offloads(const struct bp_cmp_row *row)
{
	const struct bp_link_offloads *f = &row->offloads;

	if (!row->has_offloads)
		return json_null();
	return json_pack("{s:b, s:b, s:b, s:b, s:b}", "tx_checksum", f->tx_checksum, "tso", f->tso,
			 "gso", f->gso, "gro", f->gro, "scatter_gather", f->scatter_gather);
}

static json_t *generator(const struct bp_cmp_row *row)
{
	const char *source = row->path->lab == BP_CMP_ALONE ? "none" : row->gen_source;

	if (!*source)
		return json_null();
	return json_pack("{s:o, s:b, s:o}", "source", bp_json_text(source), "is_bound",
			 row->is_gen_bound, "why", bp_json_text(row->gen_why));
}

static json_t *off_core(const struct bp_cmp_row *row)
{
	json_t *o;

	if (!row->n_trials)
		return json_null();
	o = bp_json_off(row->off.share, row->off.cause);
	set_text(o, "who", row->off.who);
	json_object_set_new(o, "repeated_trials", json_integer(row->n_repeated));
	return o;
}

/* ---- rows ------------------------------------------------------------------------------------ */

const char *bp_cmp_status_name(const struct bp_cmp_row *row)
{
	return row->status == BP_CMP_OK           ? "ok"
	       : row->status == BP_CMP_DISTURBED  ? "disturbed"
	       : row->status == BP_CMP_FAILED     ? "failed"
	       : row->status == BP_CMP_CANNOT_RUN ? "cannot-run"
						  : "not-measured";
}

static json_t *row_document(const struct bp_comparison *run, const struct bp_cmp_row *row)
{
	static const char *const forwarders[] = { [BP_CMP_BYPATH] = "bypath",
						  [BP_CMP_BRIDGE] = "kernel",
						  [BP_CMP_TESTPMD] = "testpmd",
						  [BP_CMP_OVS] = "ovs" };
	bool is_waiting = row->status == BP_CMP_WAITING;
	json_t *o = json_object();

	set_text(o, "path", row->path->name);
	set_text(o, "title", row->path->title);
	set_text(o, "group", row->path->group);
	set_text(o, "forwarder", forwarders[row->path->forwarder]);
	set_text(o, "size", row->size->name);
	set_text(o, "status", bp_cmp_status_name(row));
	set_text(o, "reason", is_waiting ? "the run ended before" : row->reason);
	set_text(o, "fix", is_waiting ? "let it end by itself" : row->fix);
	json_object_set_new(o, "generator", generator(row));
	json_object_set_new(o, "off_core", off_core(row));
	json_object_set_new(o, "saturation", saturation(row));
	json_object_set_new(o, "ndr", ndr(row));
	json_object_set_new(o, "latency", latency(row));
	bp_cmp_economy(run, row, o); /* cpu, per_core, line */
	json_object_set_new(o, "loss_curve", curve(row));
	bp_cmp_explain(row, o); /* mode, note, copies, crossings, time, hops */
	json_object_set(o, "probed", row->probed ? row->probed : json_null());
	json_object_set_new(o, "function", bp_cmp_function_row(run->options.function, row));
	json_object_set_new(o, "drops", bp_cmp_drops_document(row));
	json_object_set_new(o, "accounting", accounting(row));
	json_object_set_new(o, "offloads", offloads(row));
	json_object_set_new(o, "ratio", json_null());
	set_text(o, "ini", row->ini);
	return o;
}

/* The baseline of a size: its bridge, else the first row of a network path that has a figure. */
static const struct bp_cmp_row *baseline(const struct bp_comparison *run,
					 const struct bp_cmp_size *size)
{
	const struct bp_cmp_row *first = NULL;

	for (unsigned i = 0; i < run->n_rows; i++) {
		const struct bp_cmp_row *r = &run->rows[i];

		if (r->size != size || !r->forwarded.n || r->status == BP_CMP_FAILED)
			continue;
		if (strcmp(r->path->name, "bridge") == 0)
			return r;
		if (!first && r->path->lab != BP_CMP_ALONE)
			first = r;
	}
	return first;
}

/* The row's rate to the baseline's. A ceiling, which has no network, has none; the ratio of lower bounds is a bound. */
static json_t *ratio(const struct bp_cmp_row *row, const struct bp_cmp_row *base)
{
	bool is_other = row != base, is_bound;
	struct bp_cmp_values rounds;
	struct bp_cmp_paired p;
	const char *bound;
	json_t *o;

	if (!base || row->path->lab == BP_CMP_ALONE)
		return json_null();
	bp_cmp_ratios(&row->forwarded, &base->forwarded, &rounds);
	o = bp_cmp_stat(&rounds, 1);
	if (!json_is_object(o))
		return o;
	bound = bp_cmp_bound(is_other && row->is_gen_bound, is_other && base->is_gen_bound);
	is_bound = strcmp(bound, "none") != 0;
	bp_cmp_pair(&rounds, &p);
	set_text(o, "bound", bound);
	json_object_set_new(o, "estimate", bp_json_known(p.estimate));
	json_object_set_new(o, "interval", bp_cmp_interval(&p, bound));
	set_text(o, "interval_why",
		 is_bound      ? "one of the two rates is a lower bound"
		 : p.level > 0 ? NULL
			       : "fewer than 6 rounds carry no interval of 95 %");
	return o;
}

static json_t *rows_document(const struct bp_comparison *run, const char **baseline_name)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < run->n_rows; i++) {
		const struct bp_cmp_row *base = baseline(run, run->rows[i].size);
		json_t *row = row_document(run, &run->rows[i]);

		if (base && !*baseline_name)
			*baseline_name = base->path->name;
		json_object_set_new(row, "ratio", ratio(&run->rows[i], base));
		bp_cmp_sentence(row);
		json_array_append_new(rows, row);
	}
	return rows;
}

static bool holds(const json_t *list, const json_t *value)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (json_equal(v, value))
			return true;
	return false;
}

/* The rows' texts of a key, each once, with the paths that it holds for, each once. */
static json_t *grouped(const json_t *rows, const char *key)
{
	json_t *groups = json_array(), *row, *group;
	size_t i, k;

	json_array_foreach(rows, i, row) {
		json_t *text = json_object_get(row, key), *path = json_object_get(row, "path");
		json_t *paths = NULL;

		if (!json_is_string(text))
			continue;
		json_array_foreach(groups, k, group)
			if (json_equal(json_object_get(group, "text"), text))
				paths = json_object_get(group, "paths");
		if (!paths)
			json_array_append_new(
				groups, json_pack("{s:[O], s:O}", "paths", path, "text", text));
		else if (!holds(paths, path))
			json_array_append(paths, path);
	}
	return groups;
}

/* ---- the head -------------------------------------------------------------------------------- */

static json_t *machine(void)
{
	json_t *o = bp_json_machine();
	unsigned cores[1024];

	json_object_set_new(o, "kernel", json_sprintf("Linux %s", bp_json_text_at(o, "kernel")));
	json_object_set_new(o, "cores", json_integer(bp_cpu_allowed(cores, 1024)));
	return o;
}

/* The sizes that were asked for; with --goals those that the goals name, each once. */
static json_t *sizes_document(const struct bp_comparison *run)
{
	json_t *sizes = json_array();

	for (unsigned i = 0; !run->n_goals && i < run->options.n_sizes; i++)
		json_array_append_new(sizes, json_string(run->options.sizes[i].name));
	for (unsigned i = 0; run->n_goals && i < run->n_figures; i++) {
		json_t *size = json_string(run->figures[i].size->name);

		if (run->figures[i].workload->has_size && !holds(sizes, size))
			json_array_append(sizes, size);
		json_decref(size);
	}
	return sizes;
}

static json_t *run_document(const struct bp_comparison *run, const char *baseline_name)
{
	static const char *const places[] = { "none", "this machine", "another box" };
	const struct bp_cmp_options *o = &run->options;
	json_t *notes = json_array(), *r;

	for (unsigned i = 0; i < run->n_notes; i++)
		json_array_append_new(notes, bp_json_text(run->notes[i]));
	r = json_pack("{s:o, s:s, s:f, s:b, s:b, s:i, s:f, s:o, s:{s:i, s:i, s:b}, s:o}", "command",
		      bp_json_text(run->command), "begun", run->begun, "elapsed_s", run->elapsed_s,
		      "interrupted", atomic_load(run->stop), "quick", o->is_quick, "rounds",
		      (int)o->n_rounds, "trial_s", o->trial_s, "sizes", sizes_document(run),
		      "cores", "dut", (int)run->dut_core, "generator", (int)run->gen_cores[0],
		      "shared", run->is_core_shared, "notes", notes);
	json_object_set_new(r, "function", bp_cmp_function_document(o->function));
	set_text(r, "baseline", baseline_name);
	set_text(r, "generator", o->in ? places[run->generator] : NULL);
	set_text(r, "tester", o->in ? places[run->generator] : NULL); /* its older name */
	return r;
}

json_t *bp_cmp_document(const struct bp_comparison *run)
{
	const char *baseline_name = NULL;
	json_t *rows = rows_document(run, &baseline_name);

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "schema",
			 "bypath.compare/1", "bypath", run->version, "machine", machine(), "run",
			 run_document(run, baseline_name), "rows", rows, "verdicts",
			 bp_cmp_verdicts(rows), "notes", grouped(rows, "note"), "fixes",
			 grouped(rows, "fix"), "figures", bp_cmp_figures_document(run), "goals",
			 bp_cmp_goals_document(run));
}
