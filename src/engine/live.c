/* The figures of an interval of a run. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/document.h"

#include "bypath/log.h"

#include "core/columns.h"
#include "core/units.h"

#include <math.h>

#define FLOWS_PER_LINE 2u
#define FLOWS_MAX      8u /* of more the busiest are shown, the last place has the others' sum */
#define FLOW_COLUMNS   52u
#define TEXT_BYTES     160u

/* What one in-port received between the snapshots, and what became of it at all its out-ports; its workers added
 * up. Signed: where rows were cut (n_paths_cut), the later snapshot may lack what the earlier one has. */
struct flow {
	bool is_known, is_shown;
	uint16_t out_port; /* BP_PATH_NO_OUT: one of several */
	int64_t n_pkts, n_out, n_bytes, n_copies;
};

static void add_path(struct flow *flow, const struct bp_report_path *path, int64_t sign)
{
	if (path->part != BP_PATH_EDGE) {
		flow->n_pkts += sign * (int64_t)path->n_pkts;
		flow->n_bytes += sign * (int64_t)path->n_bytes;
	}
	if (path->part != BP_PATH_EDGE && path->worker_id != BP_REPORT_NO_WORKER) {
		flow->out_port = path->out_port;
		flow->is_known = true;
	}
	flow->n_out += sign * (int64_t)bp_report_path_out(path);
	flow->n_copies += sign * (int64_t)path->n_copies;
}

static void add_flow(struct flow *sum, const struct flow *flow)
{
	sum->n_pkts += flow->n_pkts;
	sum->n_out += flow->n_out;
	sum->n_bytes += flow->n_bytes;
	sum->n_copies += flow->n_copies;
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

/* What [forward] says last of the in-port: a port, or the function that picks one. */
static const char *goal_of(const struct bp_report *now, unsigned in_port, uint16_t out_port)
{
	const struct bp_port_conf *in = now->ports[in_port].conf;

	if (out_port != BP_PATH_NO_OUT)
		return now->ports[out_port].conf->name;
	if (in->forward_to != BP_NO_PORT)
		return now->ports[in->forward_to].conf->name;
	return in->n_chain ? now->conf->functions[in->chain[in->n_chain - 1]].name : "?";
}

struct entry {
	const char *from, *to; /* NULL: of several */
	char name[2 * BP_NAME_BYTES + 8];
	struct flow flow;
};

static double per_second(int64_t n, double seconds)
{
	return n > 0 ? (double)n / seconds : 0;
}

/* "wan→lan 1.234 Mpps 987.6 Mbit/s 1.00 copies/p" */
static void describe(const struct entry *entry, double seconds, char *text, size_t n)
{
	const struct flow *flow = &entry->flow;
	char pkts[BP_UNITS_BYTES], bits[BP_UNITS_BYTES], copies[16] = "-";

	if (flow->n_out > 0 && flow->n_copies >= 0)
		snprintf(copies, sizeof(copies), "%.2f",
			 (double)flow->n_copies / (double)flow->n_out);
	snprintf(text, n, "%s %s %s %s copies/p", entry->name,
		 bp_units(per_second(flow->n_pkts, seconds), "pps", pkts),
		 bp_units(8 * per_second(flow->n_bytes, seconds), "bit/s", bits), copies);
}

static void put_flow(FILE *out, const struct entry *entry, double seconds, bool is_last)
{
	char text[TEXT_BYTES];

	describe(entry, seconds, text, sizeof(text));
	if (is_last)
		fputs(text, out);
	else
		bp_put_left(out, text, FLOW_COLUMNS);
}

/* Choose those that are shown one by one, all or the busiest. */
static void choose(struct flow *flows, unsigned n_ports)
{
	unsigned n_left = 0;

	for (unsigned i = 0; i < n_ports; i++)
		n_left += flows[i].is_known;
	for (n_left = n_left > FLOWS_MAX ? FLOWS_MAX - 1 : n_left; n_left; n_left--) {
		struct flow *busiest = NULL;

		for (unsigned i = 0; i < n_ports; i++)
			if (flows[i].is_known && !flows[i].is_shown &&
			    (!busiest || flows[i].n_pkts > busiest->n_pkts))
				busiest = &flows[i];
		busiest->is_shown = true;
	}
}

/* Those that are shown, in the order of the ports; then the others. Returns how many. */
static unsigned list(const struct bp_report *now, const struct flow *flows,
		     struct entry entries[FLOWS_MAX])
{
	struct flow others = { .n_pkts = 0 };
	unsigned n = 0, n_others = 0;

	for (unsigned i = 0; i < now->n_ports; i++) {
		if (!flows[i].is_known)
			continue;
		if (!flows[i].is_shown) {
			add_flow(&others, &flows[i]);
			n_others++;
			continue;
		}
		entries[n].from = now->ports[i].conf->name;
		entries[n].to = goal_of(now, i, flows[i].out_port);
		snprintf(entries[n].name, sizeof(entries[n].name), "%s→%s", entries[n].from,
			 entries[n].to);
		entries[n++].flow = flows[i];
	}
	if (n_others) {
		entries[n].from = entries[n].to = NULL;
		snprintf(entries[n].name, sizeof(entries[n].name), "%u others", n_others);
		entries[n++].flow = others;
	}
	return n;
}

static void put_flows(FILE *out, const struct entry *entries, unsigned n, double seconds)
{
	for (unsigned i = 0; i < n; i++) {
		if (i && i % FLOWS_PER_LINE == 0)
			fputs("\n         ", out);
		put_flow(out, &entries[i], seconds,
			 i + 1 == n || i % FLOWS_PER_LINE == FLOWS_PER_LINE - 1);
	}
}

static void put_ports_away(FILE *out, const struct bp_report *now)
{
	for (unsigned i = 0; i < now->n_ports; i++)
		if (now->ports[i].link != BP_LINK_UP && !now->ports[i].is_removed)
			fprintf(out, "  %s %s", now->ports[i].conf->name,
				now->ports[i].link == BP_LINK_DOWN ? "DOWN" : "LOST");
}

/* What moved between two snapshots. */
struct interval {
	double seconds, dropped_pps, lost_pps; /* lost: outside */
	unsigned n_entries;
	struct entry entries[FLOWS_MAX];
};

static void compare(const struct bp_report *prev, const struct bp_report *now,
		    struct interval *interval)
{
	struct flow flows[BP_PORTS_MAX] = { 0 };
	double seconds = now->elapsed_s - prev->elapsed_s;

	interval->seconds = seconds = seconds > 0 ? seconds : 1;
	interval->dropped_pps = (double)(now->dropped - prev->dropped) / seconds;
	interval->lost_pps = per_second((int64_t)(lost_outside(now) - lost_outside(prev)), seconds);
	for (unsigned i = 0; i < now->n_paths; i++)
		add_path(&flows[now->paths[i].in_port], &now->paths[i], 1);
	for (unsigned i = 0; i < prev->n_paths; i++)
		add_path(&flows[prev->paths[i].in_port], &prev->paths[i], -1);
	choose(flows, now->n_ports);
	interval->n_entries = list(now, flows, interval->entries);
}

bool bp_engine_is_moving(const struct bp_report *prev, const struct bp_report *now)
{
	uint64_t n_before = prev->dropped + lost_outside(prev);
	uint64_t n_now = now->dropped + lost_outside(now);

	for (unsigned i = 0; i < prev->n_paths; i++)
		n_before += prev->paths[i].n_pkts;
	for (unsigned i = 0; i < now->n_paths; i++)
		n_now += now->paths[i].n_pkts;
	return n_before != n_now;
}

void bp_engine_print_live(FILE *out, const struct bp_report *prev, const struct bp_report *now)
{
	struct interval interval;
	char text[BP_UNITS_BYTES];

	compare(prev, now, &interval);
	fprintf(out, "%5.0f s  ", now->elapsed_s);
	put_flows(out, interval.entries, interval.n_entries, interval.seconds);
	fprintf(out, "  drops/s %s", bp_units(interval.dropped_pps, "", text));
	if (interval.lost_pps > 0)
		fprintf(out, "  lost outside/s %s", bp_units(interval.lost_pps, "", text));
	put_ports_away(out, now);
	fputc('\n', out);
	fflush(out);
}

static void log_flow(const struct entry *entry, double elapsed_s, double seconds)
{
	const struct flow *flow = &entry->flow;
	char text[TEXT_BYTES];
	const struct bp_log_field fields[] = {
		{ "event", "interval", 0 },
		{ "elapsed_s", NULL, elapsed_s },
		{ "pps", NULL, per_second(flow->n_pkts, seconds) },
		{ "bps", NULL, 8 * per_second(flow->n_bytes, seconds) },
		{ "copies_per_packet", NULL,
		  flow->n_out > 0 ? (double)flow->n_copies / (double)flow->n_out : NAN },
		{ entry->from ? "port" : NULL, entry->from, 0 },
		{ "to", entry->to, 0 },
		{ NULL, NULL, 0 },
	};

	describe(entry, seconds, text, sizeof(text));
	bp_log_figures(fields, "%s", text);
}

void bp_engine_log_live(const struct bp_report *prev, const struct bp_report *now)
{
	char dropped[BP_UNITS_BYTES], lost[BP_UNITS_BYTES];
	struct interval interval;

	compare(prev, now, &interval);
	for (unsigned i = 0; i < interval.n_entries; i++)
		log_flow(&interval.entries[i], now->elapsed_s, interval.seconds);
	if (interval.dropped_pps > 0 || interval.lost_pps > 0) {
		const struct bp_log_field fields[] = {
			{ "event", "interval", 0 },
			{ "elapsed_s", NULL, now->elapsed_s },
			{ "dropped_pps", NULL, interval.dropped_pps },
			{ "lost_outside_pps", NULL, interval.lost_pps },
			{ NULL, NULL, 0 },
		};

		bp_log_figures(fields, "drops/s %s, lost outside/s %s",
			       bp_units(interval.dropped_pps, "", dropped),
			       bp_units(interval.lost_pps, "", lost));
	}
}
