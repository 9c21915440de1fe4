/* What follows from a snapshot: drops, packets, paths added up. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/report.h"

#include <stdlib.h>

uint64_t bp_report_drops(const uint64_t v[BP_CNT_N])
{
	uint64_t sum = 0;

	for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++)
		sum += v[id];
	return sum;
}

uint64_t bp_report_worker_pkts(const struct bp_report *r, const struct bp_report_worker *w)
{
	uint64_t n = w->n_past_pkts;

	for (unsigned i = 0; i < r->n_paths; i++)
		if (r->paths[i].worker_id == w->worker_id && r->paths[i].part != BP_PATH_EDGE)
			n += r->paths[i].n_pkts;
	return n;
}

uint64_t bp_report_path_out(const struct bp_report_path *path)
{
	uint64_t n = 0;

	for (unsigned k = 0; k <= BP_COPIES_MAX; k++)
		n += path->hist_copies[k];
	return n;
}

uint64_t bp_report_path_borne(const struct bp_report_path *path)
{
	return path->part == BP_PATH_INTAKE ? path->n_pkts : bp_report_path_out(path);
}

void bp_report_add_cost(struct bp_report_path *sum, const struct bp_report_path *path)
{
	sum->n_copies += path->n_copies;
	sum->n_copy_bytes += path->n_copy_bytes;
	sum->n_calls += path->n_calls;
	for (unsigned k = 0; k <= BP_COPIES_MAX; k++)
		sum->hist_copies[k] += path->hist_copies[k];
	sum->n_fn_drops += path->n_fn_drops;
	sum->n_out_drops += path->n_out_drops;
	sum->has_out_drops |= path->has_out_drops;
	sum->is_carried |= path->is_carried;
	sum->busy_ns += path->busy_ns;
	sum->call_ns += path->call_ns;
}

void bp_report_add_path(struct bp_report_path *sum, const struct bp_report_path *path)
{
	sum->n_pkts += path->n_pkts;
	sum->n_bytes += path->n_bytes;
	sum->n_bursts += path->n_bursts;
	for (unsigned k = 0; k < BP_BURST_CLASSES; k++)
		sum->hist_bursts[k] += path->hist_bursts[k];
	sum->n_replicas += path->n_replicas;
	bp_report_add_cost(sum, path);
}

struct bp_report_sum *bp_report_sum(struct bp_report_sum *sums, const struct bp_report *r,
				    unsigned in_port, unsigned out_port)
{
	return &sums[in_port * (r->n_ports + 1) +
		     (out_port == BP_PATH_NO_OUT ? r->n_ports : out_port)];
}

struct bp_report_sum *bp_report_sums(const struct bp_report *r, enum bp_report_span span)
{
	struct bp_report_sum *sums =
		calloc((size_t)r->n_ports * (r->n_ports + 1) + 1, sizeof(*sums));

	for (unsigned i = 0; sums && i < r->n_paths; i++) {
		const struct bp_report_path *path = &r->paths[i];
		struct bp_report_sum *sum = bp_report_sum(sums, r, path->in_port, path->out_port);
		bool is_past = path->worker_id == BP_REPORT_NO_WORKER;

		if (is_past && span == BP_SPAN_PRESENT)
			continue;
		if (!sum->n_rows++)
			sum->path = (struct bp_report_path){ .in_port = path->in_port,
							     .out_port = path->out_port,
							     .since_s = path->since_s };
		sum->path.part = path->part;
		sum->n_past += is_past;
		sum->n_received += path->part == BP_PATH_EDGE ? 0 : path->n_pkts;
		bp_report_add_path(&sum->path, path);
	}
	return sums;
}
