/* The text of `bypath explain --line-rate`: frames, costs, bounds, what they rest on. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/texts.h"

static const struct bp_column frame_columns[] = {
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "frames/s", .cell = "{frames_per_s:,}" },
	{ .heading = "ns", .cell = "{budget_ns:.1}", .unit = "per frame" },
	{ .heading = "cycles", .cell = "{budget_cycles:.1}", .unit = "per frame" },
};
static const struct bp_view frames = {
	.name = "frames",
	.title =
		"THE LINE · sizes with FCS · on the wire 20 bytes more · what one core has for a frame",
	.rows = "frames",
	BP_COLUMNS(frame_columns),
};

static const struct bp_column cost_columns[] = {
	{ .heading = "path", .cell = "{in} → " BP_FEW_OUTS, .align = 'l' },
	{ .heading = "kernel", .cell = "{modelled.kernel_copies:–}|?", .unit = "copies" },
	{ .heading = "user", .cell = "{modelled.user_copies:–}|?", .unit = "copies" },
	{ .heading = "DMA",
	  .cell = "[{?dma.in}{?dma.out}in, out|{?dma.in}in|{?dma.out}out|none]",
	  .align = 'l' },
	{ .heading = "ns/p", .cell = "{cost.ns_per_packet:.1}" },
	{ .heading = "cycles/p", .cell = "{cost.cycles_per_packet:.0}" },
	{ .heading = "frames of", .cell = "{cost.frame_bytes:.0}", .unit = "bytes" },
	{ .heading = "cost from",
	  .cell = "{?cost.disturbed}{cost.source}, disturbed|{?cost.ns_per_packet}{cost.source}|"
		  "[{cost.source}: ]{cost.why}",
	  .align = 'l' },
};
static const struct bp_view costs = {
	.name = "costs",
	.title = "PATHS · copies and DMA modelled · the cost of a packet to its worker's core",
	.rows = "path_groups",
	BP_COLUMNS(cost_columns),
};

static const struct bp_column bound_columns[] = {
	{ .heading = "path", .cell = "{^in} → [{!^outs.4}{^outs}|{^outs:#} ports]", .align = 'l' },
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "by kernel", .cell = "{copied_bytes_per_s.kernel.hi:.2G}", .unit = "GB/s" },
	{ .heading = "by user", .cell = "{copied_bytes_per_s.user.hi:.2G}", .unit = "GB/s" },
	{ .heading = "by DMA", .cell = "{dma_bytes_per_s:.2G}", .unit = "GB/s" },
	{ .heading = "line", .cell = "{line_pps:.3M}", .unit = "Mpps" },
	{ .heading = "core", .cell = "[{core_sign} ]{core_pps:.3M}", .unit = "Mpps" },
	{ .heading = "PCIe", .cell = "{pcie_pps:.3M}", .unit = "Mpps" },
	{ .heading = "DRAM", .cell = "{dram_pps:.3M}", .unit = "Mpps" },
	{ .heading = "ends first", .cell = "{ends_first}[{!is_certain}?]", .align = 'l' },
	{ .heading = "cores",
	  .cell = "[{core_sign=≤}≥ |{core_sign=≥}≤ ]{cores}",
	  .help = "of which each carries the core's rate, for the whole line" },
};
static const struct bp_view bounds = {
	.name = "bounds",
	.title =
		"BOUNDS · bytes moved per second at the line's rate, at most · what one core, slot and channel bear",
	.rows = "path_groups",
	.nested = "sizes",
	.needs = "{!^same_as}",
	BP_COLUMNS(bound_columns),
};

static const struct bp_part parts[] = {
	{ .line = "{file} at {line.text}: what the line asks of each path\n"
		  "On paper, from the ledger's model: nothing was opened, sent or measured for it." },
	{ .view = &frames },
	{ .line = "  cycles of {core.hz:.3G} GHz: {core.source}[, {measured_on.cpu}]" },
	{ .view = &costs },
	{ .line = "{!measured_on}{!paths.0.cost.ns_per_packet}  No cost, no figure of a core: give one by --cycles N, or "
		  "measure: bypath run FILE --report r.json, then --from r.json" },
	{ .view = &bounds },
	{ .line = "  {in} → " BP_FEW_OUTS ": the same as {same_as.in} → {same_as.out}",
	  .rows = "path_groups" },
	{ .line = "  '?': not certain: the core's rate is not known at this size, a path has no model, or only a cache would "
		  "help. '≤', '≥': a "
		  "path that copies costs more with more bytes",
	  .indent = 4 },
	{ .line = "\nASSUMED · docs/line-rate.md has the sources" },
	{ .line = "  core: the cost is the same at the line's rate, and on that machine; work of the kernel outside the "
		  "worker (softirq on other cores) is not in it",
	  .indent = 4 },
	{ .line = "  PCIe: each port alone in a slot {slot.name}, {slot.bytes_per_s:.2G} GB/s for packets of 256 bytes' "
		  "payload in each direction; descriptors of 16 bytes, four at a time",
	  .indent = 4 },
	{ .line = "  DRAM: {memory.name}, {memory.bytes_per_s:.1G} GB/s; no cache helps: each DMA moves the frame once, each "
		  "copy reads and writes it; all paths share it, at equal rates",
	  .indent = 4 },
};

const struct bp_text bp_text_line_rate = { "bypath.line-rate/1", BP_PARTS(parts) };
