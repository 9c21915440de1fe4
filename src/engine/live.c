/* The line that a run prints each second. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/document.h"

#include "core/columns.h"

#define PATHS_PER_LINE 2u
#define PATH_COLUMNS   52u

/* What one port pair did between the snapshots, its workers added up. */
struct pair {
	uint16_t in_port, out_port;
	uint64_t n_pkts, n_out, n_bytes, n_copies;
};

static void add_path(struct pair *pairs, unsigned *n_pairs, const struct bp_report_path *path,
		     uint64_t sign)
{
	unsigned i = 0;

	while (i < *n_pairs &&
	       (pairs[i].in_port != path->in_port || pairs[i].out_port != path->out_port))
		i++;
	if (i == BP_PORTS_MAX)
		return;
	if (i == *n_pairs) {
		pairs[i] = (struct pair){ path->in_port, path->out_port, 0, 0, 0, 0 };
		++*n_pairs;
	}
	/* sign is 1, or 2⁶⁴-1 to subtract: unsigned arithmetic wraps back. */
	pairs[i].n_pkts += sign * path->n_pkts;
	pairs[i].n_out += sign * bp_report_path_out(path);
	pairs[i].n_bytes += sign * path->n_bytes;
	pairs[i].n_copies += sign * path->n_copies;
}

static uint64_t lost_outside(const struct bp_report *report)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < report->n_ports; i++)
		for (unsigned k = 0; k < report->ports[i].n_reported; k++)
			if (report->ports[i].reported[k].row->kind == BP_KIND_DROP)
				sum += report->ports[i].reported[k].value;
	return sum;
}

static void put_pair(FILE *out, const struct bp_report *now, const struct pair *pair,
		     double seconds, bool is_last)
{
	double pps = (double)pair->n_pkts / seconds;
	double bps = 8 * (double)pair->n_bytes / seconds;
	char text[160], copies[16] = "-";

	if (pair->n_out)
		snprintf(copies, sizeof(copies), "%.2f",
			 (double)pair->n_copies / (double)pair->n_out);
	snprintf(text, sizeof(text), "%s→%s %.3f Mpps %.2f Gbit/s %s copies/p",
		 now->ports[pair->in_port].conf->name, now->ports[pair->out_port].conf->name,
		 pps / 1e6, bps / 1e9, copies);
	if (is_last)
		fputs(text, out);
	else
		bp_put_left(out, text, PATH_COLUMNS);
}

static void put_ports_away(FILE *out, const struct bp_report *now)
{
	for (unsigned i = 0; i < now->n_ports; i++)
		if (now->ports[i].link != BP_LINK_UP)
			fprintf(out, "  %s %s", now->ports[i].conf->name,
				now->ports[i].link == BP_LINK_DOWN ? "DOWN" : "LOST");
}

void bp_engine_print_live(FILE *out, const struct bp_report *prev, const struct bp_report *now)
{
	struct pair pairs[BP_PORTS_MAX];
	unsigned n_pairs = 0;
	double seconds = now->elapsed_s - prev->elapsed_s;

	if (seconds <= 0)
		seconds = 1;
	for (unsigned i = 0; i < now->n_paths; i++)
		add_path(pairs, &n_pairs, &now->paths[i], 1);
	for (unsigned i = 0; i < prev->n_paths; i++)
		add_path(pairs, &n_pairs, &prev->paths[i], UINT64_MAX);
	fprintf(out, "%5.0f s  ", now->elapsed_s);
	for (unsigned i = 0; i < n_pairs; i++) {
		if (i && i % PATHS_PER_LINE == 0)
			fputs("\n         ", out);
		put_pair(out, now, &pairs[i], seconds,
			 i + 1 == n_pairs || i % PATHS_PER_LINE == PATHS_PER_LINE - 1);
	}
	fprintf(out, "  drops/s %.0f", (double)(now->dropped - prev->dropped) / seconds);
	if (lost_outside(now) > lost_outside(prev))
		fprintf(out, "  lost outside/s %.0f",
			(double)(lost_outside(now) - lost_outside(prev)) / seconds);
	put_ports_away(out, now);
	fputc('\n', out);
	fflush(out);
}
