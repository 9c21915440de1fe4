/* What a line's rate asks of each path, as a document: bypath.line-rate/1 (docs/line-rate.md). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/json.h"

#include "ledger/document.h"
#include "ledger/line_rate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FCS_BYTES        4u
#define DRAM_BYTES_PER_S 25.6e9 /* a channel of DDR4-3200: 64 bits, 3200 million times a second */
#define SAME_SIZE        0.5 /* bytes: means that differ by less are one size */

/* One path, with what its figures need. */
struct path {
	const json_t *explained, *row;
	const struct bp_line_ask *ask;
	json_t *cost;
	double all_passes; /* of all paths, see n_passes() */
};

static bool is_text(const json_t *row, const char *key, const char *text)
{
	const char *own = json_string_value(json_object_get(row, key));

	return own && text && !strcmp(own, text);
}

static const json_t *port_of(const json_t *document, const char *name)
{
	const json_t *port;
	size_t i;

	json_array_foreach(json_object_get(document, "ports"), i, port)
		if (is_text(port, "name", name))
			return port;
	return NULL;
}

/* ---- what a packet costs a core ---------------------------------------------------------------- */

/* The row of a path in a report: the sum over its workers where there are several. out NULL: the intake, of an in-port
 * whose packets go to several ports. */
static const json_t *measured_path(const json_t *report, const char *in, const char *out)
{
	static const char *const keys[] = { "path_sums", "paths" };
	const json_t *row;
	size_t i;

	for (unsigned k = 0; k < 2; k++)
		json_array_foreach(json_object_get(report, keys[k]), i, row)
			if (is_text(row, "in", in) &&
			    (out ? is_text(row, "out", out) : is_text(row, "part", "intake")))
				return row;
	return NULL;
}

/* What a packet of the row's path cost, in ns: of an edge, which has the sending alone, with what receiving it cost. 0:
 * not known. */
static double measured_ns(const json_t *report, const json_t *row, const char *in)
{
	double ns = bp_json_number_at(row, "counted.ns_per_packet"), intake;

	if (!is_text(row, "part", "edge") || !(ns > 0))
		return ns;
	intake = bp_json_number_at(measured_path(report, in, NULL), "counted.ns_per_packet");
	return intake > 0 ? intake + ns : 0;
}

/* Had the report's port another driver, or another mode? */
static bool differs(const struct path *p, const char *name)
{
	static const char *const keys[] = { "driver", "mode" };
	const json_t *mine = port_of(p->explained, name), *theirs = port_of(p->ask->report, name);

	for (unsigned k = 0; k < 2; k++)
		if (!json_equal(json_object_get(mine, keys[k]), json_object_get(theirs, keys[k])))
			return true;
	return false;
}

static bool is_disturbed(const json_t *report)
{
	const json_t *worker;
	size_t i;

	json_array_foreach(json_object_get(report, "workers"), i, worker)
		if (json_is_true(bp_json_at(worker, "off_core.disturbed")))
			return true;
	return false;
}

static json_t *measured_cost(const struct path *p)
{
	const char *in = bp_json_text_at(p->row, "in"), *out = bp_json_text_at(p->row, "out");
	const json_t *row = measured_path(p->ask->report, in, out);
	double packets = bp_json_number_at(row, "counted.packets");
	double ns = measured_ns(p->ask->report, row, in);
	const char *why = !row ? "the report has no such path"
			  : differs(p, in) || differs(p, out)
				  ? "it was run with another driver or mode"
			  : !(packets > 0) ? "no packet passed"
			  : !(ns > 0) ? "no worker touched its packets: the time is the kernel's"
				      : NULL;

	if (why)
		return json_pack("{s:n, s:n, s:n, s:s, s:s, s:b}", "cycles_per_packet",
				 "ns_per_packet", "frame_bytes", "source", p->ask->report_name,
				 "why", why, "disturbed", 0);
	return json_pack("{s:o, s:f, s:f, s:s, s:n, s:b}", "cycles_per_packet",
			 bp_json_known(ns * p->ask->hz / 1e9), "ns_per_packet", ns, "frame_bytes",
			 bp_json_number_at(row, "counted.bytes") / packets + FCS_BYTES, "source",
			 p->ask->report_name, "why", "disturbed", is_disturbed(p->ask->report));
}

static json_t *cost_of(const struct path *p)
{
	double cycles = p->ask->cycles_per_packet;

	if (p->ask->report)
		return measured_cost(p);
	if (cycles > 0)
		return json_pack("{s:f, s:f, s:n, s:s, s:n, s:b}", "cycles_per_packet", cycles,
				 "ns_per_packet", cycles / p->ask->hz * 1e9, "frame_bytes",
				 "source", "--cycles", "why", "disturbed", 0);
	return json_pack("{s:n, s:n, s:n, s:n, s:s, s:b}", "cycles_per_packet", "ns_per_packet",
			 "frame_bytes", "source", "why", "none given", "disturbed", 0);
}

/* ---- what bounds a path ------------------------------------------------------------------------ */

static bool has_path(const json_t *explained, const char *side, const char *port)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(explained, "paths"), i, row)
		if (is_text(row, side, port))
			return true;
	return false;
}

/* The bytes that a frame of the size puts on the busier direction of a port's slot. */
static double slot_bytes(const json_t *explained, const char *port, const struct bp_line_size *size)
{
	bool receives = has_path(explained, "in", port), sends = has_path(explained, "out", port);
	double up = 0, down = 0, weights = 0;

	for (unsigned i = 0; i < BP_LINE_PARTS_MAX && size->parts[i].weight; i++) {
		struct bp_line_load load =
			bp_line_load_of(size->parts[i].bytes - FCS_BYTES, receives, sends);

		up += load.up * size->parts[i].weight;
		down += load.down * size->parts[i].weight;
		weights += size->parts[i].weight;
	}
	return fmax(up, down) / weights;
}

static bool has_dma(const json_t *row, const char *side)
{
	return json_is_true(bp_json_at(row, side));
}

static double n_dma(const json_t *row)
{
	return (has_dma(row, "dma.in") ? 1 : 0) + (has_dma(row, "dma.out") ? 1 : 0);
}

/* Packets per second that the slots of both ports bear; 0: no bus is passed. */
static double pcie_pps(const struct path *p, const struct bp_line_size *size)
{
	const struct bp_line_slot *slot = bp_line_slot_for(p->ask->bits_per_s);
	double bytes = 0;

	if (has_dma(p->row, "dma.in"))
		bytes = slot_bytes(p->explained, bp_json_text_at(p->row, "in"), size);
	if (has_dma(p->row, "dma.out"))
		bytes = fmax(bytes, slot_bytes(p->explained, bp_json_text_at(p->row, "out"), size));
	return bytes > 0 ? bp_line_slot_bytes_per_s(slot) / bytes : 0;
}

static bool is_modelled(const json_t *row)
{
	return json_is_object(json_object_get(row, "modelled"));
}

static double n_copies(const json_t *row)
{
	return bp_json_number_at(row, "modelled.kernel_copies.hi") +
	       bp_json_number_at(row, "modelled.user_copies.hi");
}

/* How often a frame passes memory: once for each DMA, twice for each copy. NAN: not known. */
static double n_passes(const json_t *row)
{
	return is_modelled(row) ? n_dma(row) + 2 * n_copies(row) : NAN;
}

static double n_passes_of_all(const json_t *explained)
{
	const json_t *row;
	double all = 0;
	size_t i;

	json_array_foreach(json_object_get(explained, "paths"), i, row)
		all += n_passes(row);
	return all;
}

/* Packets per second of each path where all have the same rate: they share the channel, the two directions of a
 * pair of ports among them. 0: this path does not pass memory. NAN: one of the paths is not modelled. */
static double dram_pps(const struct path *p, double n_bytes)
{
	double own = n_passes(p->row);

	return own <= 0 ? 0 : DRAM_BYTES_PER_S / (n_bytes * p->all_passes);
}

/* How the cost that was measured at one size bounds the rate at another: a path that copies costs more with
 * more bytes. "": as it is; "≤", "≥": the rate is at most, at least, what it would make. */
static const char *core_sign(const struct path *p, double frame_bytes)
{
	double measured = bp_json_number_at(p->cost, "frame_bytes");
	bool copies = !is_modelled(p->row) || n_copies(p->row) > 0;

	if (!(measured > 0) || !copies || fabs(frame_bytes - measured) < SAME_SIZE)
		return "";
	return frame_bytes > measured ? "≤" : "≥";
}

static json_t *rate_range(const struct path *p, const char *key, double bytes_per_s)
{
	const json_t *copies = json_object_get(json_object_get(p->row, "modelled"), key);

	if (!copies)
		return json_null();
	return json_pack("{s:f, s:f}", "lo", bytes_per_s * bp_json_number_at(copies, "lo"), "hi",
			 bytes_per_s * bp_json_number_at(copies, "hi"));
}

enum { CORE, PCIE, DRAM, LINE };

/* Is the bound that ends first known, in spite of the sign of the core's rate? DRAM's is not: caches help. */
static bool is_certain(const char *sign, unsigned first)
{
	if (!*sign || first == DRAM)
		return first != DRAM;
	return strcmp(sign, "≤") == 0 ? first == CORE : first != CORE;
}

static void set_first(json_t *row, double core, const char *sign, double pcie, double dram,
		      double line)
{
	const struct {
		const char *name;
		double pps;
	} bounds[] = { [CORE] = { "core", core },
		       [PCIE] = { "PCIe", pcie },
		       [DRAM] = { "DRAM", dram },
		       [LINE] = { "line", line } };
	unsigned first = LINE;

	for (unsigned i = CORE; i < LINE; i++)
		if (bounds[i].pps > 0 && bounds[i].pps < bounds[first].pps)
			first = i;
	json_object_set_new(row, "ends_first", json_string(bounds[first].name));
	json_object_set_new(row, "is_certain",
			    json_boolean(core > 0 && !isnan(dram) && is_certain(sign, first)));
	json_object_set_new(row, "pps", json_real(bounds[first].pps));
}

static json_t *size_row(const struct path *p, const struct bp_line_size *size)
{
	double frame = bp_line_mean_bytes(size), n_bytes = frame - FCS_BYTES;
	double line = bp_line_fps(p->ask->bits_per_s, frame);
	double ns = bp_json_number_at(p->cost, "ns_per_packet"), core = ns > 0 ? 1e9 / ns : 0;
	double pcie = pcie_pps(p, size), dram = dram_pps(p, n_bytes);
	const char *sign = core_sign(p, frame);
	json_t *row = json_pack(
		"{s:s, s:{s:o, s:o}, s:o, s:f, s:o, s:s, s:o, s:o, s:o}", "size", size->name,
		"copied_bytes_per_s", "kernel", rate_range(p, "kernel_copies", line * n_bytes),
		"user", rate_range(p, "user_copies", line * n_bytes), "dma_bytes_per_s",
		is_modelled(p->row) ? json_real(line * n_bytes * n_dma(p->row)) : json_null(),
		"line_pps", line, "core_pps", bp_json_known(core), "core_sign", sign, "pcie_pps",
		bp_json_known(pcie), "dram_pps", bp_json_known(dram), "cores",
		core > 0 ? json_real(ceil(line / core)) : json_null());

	set_first(row, core, sign, pcie, dram, line);
	return row;
}

static json_t *path_row(const json_t *explained, const json_t *row, const struct bp_line_ask *ask,
			double all_passes)
{
	struct path p = {
		.explained = explained, .row = row, .ask = ask, .all_passes = all_passes
	};
	json_t *sizes = json_array();

	p.cost = cost_of(&p);
	for (const struct bp_line_size *size = bp_line_sizes; size->name; size++)
		json_array_append_new(sizes, size_row(&p, size));
	return json_pack("{s:O, s:O, s:O, s:O, s:o, s:o}", "in", json_object_get(row, "in"), "out",
			 json_object_get(row, "out"), "modelled", json_object_get(row, "modelled"),
			 "dma", json_object_get(row, "dma"), "cost", p.cost, "sizes", sizes);
}

/* ---- the whole --------------------------------------------------------------------------------- */

static json_t *frame_row(const struct bp_line_size *size, const struct bp_line_ask *ask)
{
	double frame = bp_line_mean_bytes(size), fps = bp_line_fps(ask->bits_per_s, frame);

	return json_pack("{s:s, s:f, s:f, s:f, s:f}", "size", size->name, "mean_bytes", frame,
			 "frames_per_s", fps, "budget_ns", 1e9 / fps, "budget_cycles",
			 ask->hz / fps);
}

json_t *bp_line_document(const json_t *explained, const struct bp_line_ask *ask)
{
	const struct bp_line_slot *slot = bp_line_slot_for(ask->bits_per_s);
	static const char *const keys[] = { "modelled", "cost", "sizes", NULL };
	static const char *const alike[] = { "dma", "modelled", "cost", "sizes", NULL };
	json_t *frames = json_array(), *paths = json_array(), *groups = json_array();
	double all_passes = n_passes_of_all(explained);
	const json_t *row;
	char rate[32];
	size_t i;

	snprintf(rate, sizeof(rate), "%g Gbit/s", ask->bits_per_s / 1e9);
	for (const struct bp_line_size *size = bp_line_sizes; size->name; size++)
		json_array_append_new(frames, frame_row(size, ask));
	json_array_foreach(json_object_get(explained, "paths"), i, row) {
		bp_ledger_add_path(paths, path_row(explained, row, ask, all_passes), keys);
		bp_ledger_add_to_groups(groups, json_array_get(paths, i), alike);
	}
	return json_pack("{s:s, s:O, s:{s:f, s:s}, s:{s:f, s:s}, s:{s:s, s:f}, s:{s:s, s:f}, s:O, "
			 "s:O?, s:o, s:o, s:o}",
			 "schema", "bypath.line-rate/1", "file", json_object_get(explained, "file"),
			 "line", "bits_per_s", ask->bits_per_s, "text", rate, "core", "hz", ask->hz,
			 "source", ask->hz_source, "slot", "name", slot->name, "bytes_per_s",
			 bp_line_slot_bytes_per_s(slot), "memory", "name", "DDR4-3200, one channel",
			 "bytes_per_s", DRAM_BYTES_PER_S, "ports",
			 json_object_get(explained, "ports"), "measured_on",
			 ask->report ? json_object_get(ask->report, "machine") : NULL, "frames",
			 frames, "paths", paths, "path_groups", groups);
}
