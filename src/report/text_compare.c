/* The text of a comparison, and of the difference of two. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/texts.h"

#define GOES_ON 5u /* where a sentence's further lines begin */

static const struct bp_column rate_columns[] = {
	{ .heading = "path", .cell = "{path}", .align = 'l' },
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "mode", .cell = "{mode}", .align = 'l', .width = 20 },
	{ .heading = "Mpps",
	  .cell = "[{?generator.is_bound}≥ ]{saturation.mpps.median:.3}",
	  .unit = "median",
	  .provenance = "counted",
	  .help = "received back, as fast as it goes" },
	{ .heading = "spread",
	  .cell = "{?saturation.mpps.values.1}{saturation.mpps.spread:.0%}",
	  .help = "of the rounds: (most - least) / median" },
	{ .heading = "ratio",
	  .cell = "[{ratio.bound=lower}≥ ][{ratio.bound=upper}≤ ]{ratio.bound!both}{ratio.median:.2}",
	  .help = "of Mpps to the baseline's" },
	{ .heading = "NDR",
	  .cell = "[{?ndr.exploratory}~ |{ndr.outcome=bounded}≥ ]{ndr.mpps.median:.3}|{?ndr}none",
	  .unit = "Mpps",
	  .provenance = "counted",
	  .help = "the highest rate without loss; '~': not confirmed by full trials" },
	{ .heading = "p50", .cell = "{latency.p50_ns:.1k}", .unit = "µs" },
	{ .heading = "p99", .cell = "{latency.p99_ns:.1k}", .unit = "µs" },
	{ .heading = "max", .cell = "{latency.max_ns:.1k}", .unit = "µs" },
	{ .heading = "status", .cell = "{status}", .align = 'l' },
};
static const struct bp_view rates = {
	.name = "rates",
	.title =
		"RATES · as fast as it goes; NDR: without loss; latency at half of it · '≥': a lower bound · '~': not "
		"confirmed",
	.rows = "rows",
	.needs = "{?saturation}",
	BP_COLUMNS(rate_columns),
};

static const struct bp_column cost_columns[] = {
	{ .heading = "path", .cell = "{path}", .align = 'l' },
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "kernel", .cell = "{copies.kernel:–}", .provenance = "modelled" },
	{ .heading = "in PMD", .cell = "{copies.library:–}", .provenance = "modelled" },
	{ .heading = "user", .cell = "{copies.user:–}", .provenance = "counted" },
	{ .heading = "calls/p", .cell = "{crossings.per_packet:.3}" },
	{ .heading = "ns/p", .cell = "{time.ns_per_packet:.0}", .provenance = "counted" },
	{ .heading = "user code", .cell = "{time.user_ns:.0}", .provenance = "counted" },
	{ .heading = "in calls", .cell = "{time.calls_ns:.0}", .provenance = "counted" },
	{ .heading = "softirq", .cell = "{time.softirq_ns:.0}", .provenance = "≈ of it" },
};
static const struct bp_view costs = {
	.name = "costs",
	.title =
		"COPIES, CROSSINGS, TIME · per packet, at saturation · softirq: an estimate from ticks of the "
		"core, not to be added",
	.rows = "rows",
	.needs = "{?saturation}",
	BP_COLUMNS(cost_columns),
};

static const struct bp_column probed_columns[] = {
	{ .heading = "path", .cell = "{path}", .align = 'l' },
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "rx", .cell = "{probed.rx:.3}", .provenance = "probed" },
	{ .heading = "tx", .cell = "{probed.tx:.3}", .provenance = "probed" },
	{ .heading = "kernel",
	  .cell = "[{!probed.is_all}≥ ]{probed.kernel_copies:.3}",
	  .provenance = "probed" },
	{ .heading = "kernel", .cell = "{copies.kernel:–}", .provenance = "modelled" },
	{ .heading = "Mpps", .cell = "{saturation.mpps.median:.3}", .unit = "without" },
	{ .heading = "Mpps", .cell = "{probed.mpps:.3}", .unit = "probed" },
	{ .heading = "",
	  .cell = "{probed.finding}|{!probed.is_all}not all was seen: {probed.why}",
	  .align = 'l' },
};
static const struct bp_view probed = {
	.name = "probed",
	.title =
		"KERNEL COPIES of a whole packet, observed, beside the model · Mpps: what observing costs",
	.rows = "rows",
	.needs = "{?probed}",
	BP_COLUMNS(probed_columns),
};

static const struct bp_column function_columns[] = {
	{ .heading = "path", .cell = "{path}", .align = 'l' },
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "ns/p",
	  .cell = "{function.ns_per_packet.median:.0}",
	  .unit = "in it",
	  .provenance = "counted",
	  .help = "the worker's time within the function, per packet that came to it; among ns/p of the path" },
	{ .heading = "packets", .cell = "{function.packets:,}" },
	{ .heading = "dropped", .cell = "{function.dropped:,}" },
	{ .heading = "addresses", .cell = "{function.addresses:,}", .unit = "known" },
	{ .heading = "floods", .cell = "{function.floods:,}" },
	{ .heading = "last rule", .cell = "{function.last_rule:,}", .unit = "packets" },
	{ .heading = "by", .cell = "{function.by}", .align = 'l' },
};
static const struct bp_view function = {
	.name = "function",
	.title = "FUNCTION · of the last run at saturation · in the chain of every port",
	.rows = "rows",
	.needs = "{?function}",
	BP_COLUMNS(function_columns),
};

static const struct bp_column economy_columns[] = {
	{ .heading = "path", .cell = "{path}", .align = 'l' },
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "at 10 %",
	  .cell = "{cpu.at_10.cores.median:.0%}",
	  .unit = "CPU",
	  .help = "of the process, at 10 % of its NDR; 100 %: a whole core" },
	{ .heading = "busy",
	  .cell = "{cpu.at_10.busy.median:.0%}",
	  .help = "of the time of sending, the workers' rounds that moved packets; the rest polled in vain, or slept" },
	{ .heading = "at 50 %",
	  .cell = "{cpu.at_50.cores.median:.0%}",
	  .unit = "CPU",
	  .help = "likewise, at half of its NDR" },
	{ .heading = "busy", .cell = "{cpu.at_50.busy.median:.0%}" },
	{ .heading = "NDR",
	  .cell = "[{?ndr.exploratory}~ |{ndr.outcome=bounded}≥ ]{per_core.ndr_mpps.median:.3}",
	  .unit = "per core",
	  .help = "Mpps for each core that the process took" },
	{ .heading = "rate",
	  .cell = "[{?generator.is_bound}≥ ]{per_core.mpps.median:.3}",
	  .unit = "per core" },
	{ .heading = "NDR",
	  .cell = "[{?ndr.exploratory}~ |{ndr.outcome=bounded}≥ ]{line.ndr_share.median:.1%}",
	  .unit = "of line",
	  .help = "share of the line's rate: the slower of the two named ports, as the kernel tells it" },
	{ .heading = "rate",
	  .cell = "[{?generator.is_bound}≥ ]{line.share.median:.1%}",
	  .unit = "of line" },
};
static const struct bp_view economy = {
	.name = "economy",
	.title =
		"CPU, LINE · of the forwarder's process, without the kernel's work on the sender's core · polling takes 100 %",
	.rows = "rows",
	.needs = "{?saturation}{?cpu}",
	BP_COLUMNS(economy_columns),
};

static const struct bp_column account_columns[] = {
	{ .heading = "path", .cell = "{path}", .align = 'l' },
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "sent", .cell = "{accounting.sent:,}" },
	{ .heading = "received", .cell = "{accounting.received:,}" },
	{ .heading = "dropped", .cell = "{accounting.dropped:,}" },
	{ .heading = "unaccounted", .cell = "{accounting.unaccounted}" },
	{ .heading = "trials", .cell = "{accounting.trials:,}" },
	{ .heading = "lost where",
	  .cell = "{drops.0.where}: {drops.0.reason}[{?drops.1} …]",
	  .align = 'l' },
};
static const struct bp_view accounts = {
	.name = "accounts",
	.title =
		"ACCOUNT · of all trials: sent = received + dropped by reason + unaccounted · the JSON has every "
		"reason",
	.rows = "rows",
	.needs = "{?saturation}{?accounting}",
	BP_COLUMNS(account_columns),
};

static const struct bp_column figure_columns[] = {
	{ .heading = "workload", .cell = "{workload}", .align = 'l' },
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "path", .cell = "{path}", .align = 'l' },
	{ .heading = "median", .cell = "[{?is_at_least}≥ ]{value.median:.2}" },
	{ .heading = "least", .cell = "{value.min:.2}" },
	{ .heading = "most", .cell = "{value.max:.2}" },
	{ .heading = "unit", .cell = "{unit}", .align = 'l' },
	{ .heading = "status", .cell = "{status}", .align = 'l' },
};
static const struct bp_view figures = {
	.name = "figures",
	.title = "WORKLOADS · of the rounds · '≥': a lower bound, the source was the limit",
	.rows = "figures",
	.needs = "{workload!traffic}",
	BP_COLUMNS(figure_columns),
};

static const struct bp_column traffic_columns[] = {
	{ .heading = "path", .cell = "{path}", .align = 'l' },
	{ .heading = "mode", .cell = "{mode}", .align = 'l', .width = 20 },
	{ .heading = "ping", .cell = "{traffic.ping_loss_ratio:.0%}", .unit = "lost" },
	{ .heading = "TCP", .cell = "{value.median:.2}", .unit = "Gbit/s" },
	{ .heading = "file",
	  .cell = "{?traffic.files}{!traffic.files_altered}intact|{?traffic.files}altered",
	  .align = 'l' },
	{ .heading = "copies",
	  .cell = "{?value}{copies.user:–}+{copies.library:–}+{copies.kernel:–}",
	  .unit = "user+lib+kernel",
	  .help = "whole packets copied by bypath (counted), in a library, in the kernel (modelled)" },
	{ .heading = "calls/p", .cell = "{?value}{crossings.per_packet:.2}" },
	{ .heading = "ns/p", .cell = "{time.ns_per_packet:.0}" },
	{ .heading = "drops",
	  .cell = "{status!ok}{status!disturbed}{status}|"
		  "{drops.0.reason} {drops.0.packets}[, {drops.1.reason} {drops.1.packets}]"
		  "[, {drops.2.reason} {drops.2.packets}][{?drops.3}, …]|none",
	  .align = 'l' },
};
static const struct bp_view traffic = {
	.name = "traffic",
	.title =
		"TRAFFIC · two hosts, default offloads, joined by the path only: 20 pings; TCP by iperf3; 32 MiB by "
		"HTTP,\nSHA-256 compared · copies, calls, ns per packet of all of it: user, calls, ns counted, lib and "
		"kernel modelled",
	.rows = "figures",
	.needs = "{workload=traffic}",
	BP_COLUMNS(traffic_columns),
};

static const struct bp_column goal_columns[] = {
	{ .heading = "workload", .cell = "{workload}", .align = 'l' },
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "path", .cell = "{path}", .align = 'l' },
	{ .heading = "peer", .cell = "{peer}", .align = 'l' },
	{ .heading = "figure",
	  .cell = "[{bound_of_figure=lower}≥ ][{bound_of_figure=upper}≤ ]{bound_of_figure!both}{figure:.2}" },
	{ .heading = "≥ 95 % interval", .cell = "{interval.lo:.2}–{interval.hi:.2}", .align = 'l' },
	{ .heading = "goal", .cell = "{sign} {bound:.2}" },
	{ .heading = "verdict", .cell = "{verdict}", .align = 'l' },
};
static const struct bp_view goals = {
	.name = "goals",
	.title =
		"GOALS · with a peer: the ratio to its figure, of paired rounds · '≥', '≤': one of the two is a lower bound",
	.rows = "goals",
	BP_COLUMNS(goal_columns),
};

static const struct bp_part parts[] = {
	{ .line = "bypath compare · {run.rounds} round[{run.rounds!1}s] · {run.elapsed_s:.1} s"
		  "[{?run.quick} · quick: figures of one short round]"
		  "[{?run.interrupted} · ended early by a signal]" },
	{ .line = "  {machine.host} · {machine.kernel} · {machine.cpu}" },
	{ .line = "  forwarder on core {run.cores.dut}, generator on core {run.cores.generator} · baseline: "
		  "[{run.baseline}|-]" },
	{ .line = "{?run.function}  function {run.function.name}: {run.function.title}",
	  .indent = GOES_ON },
	{ .line = "  note: {.}", .rows = "run.notes", .indent = GOES_ON },
	{ .view = &rates },
	{ .title = "AHEAD · by NDR, then by p99; only where the rounds do not overlap",
	  .line = "  {group}, {size}: {text}",
	  .rows = "verdicts",
	  .indent = GOES_ON },
	{ .view = &costs },
	{ .view = &function },
	{ .view = &probed },
	{ .view = &economy },
	{ .view = &accounts },
	{ .title = "NOTES", .line = "  {paths}: {text}", .rows = "notes", .indent = GOES_ON },
	{ .title = "WHY",
	  .line = "{?saturation}  {path}, {size}: {sentence}",
	  .rows = "rows",
	  .indent = GOES_ON },
	{ .title = "DISTURBED · other work of the machine may have changed these figures",
	  .line = "{status=disturbed}  {path}, {size}: {reason}",
	  .rows = "rows",
	  .indent = GOES_ON },
	{ .title = "WITHOUT A RESULT",
	  .line = "{status!ok}{status!disturbed}  {path}, {size}: {status}: {reason}",
	  .rows = "rows",
	  .indent = GOES_ON },
	{ .title = "TO DO", .line = "  {paths}: {text}", .rows = "fixes", .indent = GOES_ON },
	{ .view = &traffic },
	{ .view = &figures },
	{ .line = "{?reason}  {workload}, {path}: {reason}. To do: {fix}",
	  .rows = "figures",
	  .indent = GOES_ON },
	{ .view = &goals },
	{ .line = "{?why}  {workload} {size}, {path}: {verdict}: {why}",
	  .rows = "goals",
	  .indent = GOES_ON },
};

/* ---- what only the page has room for ------------------------------------------------------------ */

static const struct bp_column load_columns[] = {
	{ .heading = "path", .cell = "{path}", .align = 'l' },
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "offered", .cell = "{saturation.offered_mpps.median:.3}", .unit = "Mpps" },
	{ .heading = "received",
	  .cell = "[{?generator.is_bound}≥ ]{saturation.gbps_l1.median:.3}",
	  .unit = "Gb/s L1" },
	{ .heading = "lost", .cell = "{saturation.loss_ratio.median:.1%}" },
	{ .heading = "NDR",
	  .cell = "[{?ndr.exploratory}~ |{ndr.outcome=bounded}≥ ]{ndr.gbps_l1.median:.3}",
	  .unit = "Gb/s L1" },
	{ .heading = "from", .cell = "{ndr.mpps.min:.3}", .unit = "Mpps" },
	{ .heading = "to",
	  .cell = "{ndr.upper_mpps.max:.3}",
	  .unit = "Mpps",
	  .help = "the highest upper bound of all rounds" },
	{ .heading = "sent by", .cell = "{generator.source}", .align = 'l' },
	{ .heading = "NDR, why", .cell = "{ndr.why}", .align = 'l' },
};
static const struct bp_view loads = {
	.name = "loads",
	.title =
		"RATES OF THE LINE · L1: with preamble, FCS and gap · bypath forwards on one core: its rates are "
		"rates per core",
	.rows = "rows",
	.needs = "{?saturation}",
	BP_COLUMNS(load_columns),
};

static const struct bp_column latency_columns[] = {
	{ .heading = "path", .cell = "{path}", .align = 'l' },
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "load", .cell = "{latency.load_mpps:.3}", .unit = "Mpps" },
	{ .heading = "min", .cell = "{latency.min_ns:.1k}", .unit = "µs" },
	{ .heading = "p50", .cell = "{latency.p50_ns:.1k}", .unit = "µs" },
	{ .heading = "p90", .cell = "{latency.p90_ns:.1k}", .unit = "µs" },
	{ .heading = "p99", .cell = "{latency.p99_ns:.1k}", .unit = "µs" },
	{ .heading = "p99.9", .cell = "{latency.p999_ns:.1k}", .unit = "µs" },
	{ .heading = "max", .cell = "{latency.max_ns:.1k}", .unit = "µs" },
	{ .heading = "jitter", .cell = "{latency.jitter_ns:.1k}", .unit = "µs" },
	{ .heading = "frames", .cell = "{latency.packets:,}" },
	{ .heading = "sent by", .cell = "{latency.source}", .align = 'l' },
};
static const struct bp_view latencies = {
	.name = "latencies",
	.title = "LATENCY · at half of NDR · of all rounds together",
	.rows = "rows",
	.needs = "{?latency}",
	BP_COLUMNS(latency_columns),
};

static const struct bp_column drop_columns[] = {
	{ .heading = "path", .cell = "{^path}", .align = 'l' },
	{ .heading = "size", .cell = "{^size}" },
	{ .heading = "where", .cell = "{where}", .align = 'l' },
	{ .heading = "reason", .cell = "{reason}", .align = 'l' },
	{ .heading = "packets", .cell = "{packets:,}" },
	{ .heading = "known by", .cell = "{provenance}", .align = 'l' },
};
static const struct bp_view drops = {
	.name = "drops",
	.title = "DROPS · of all trials, by who dropped them",
	.rows = "rows",
	.nested = "drops",
	BP_COLUMNS(drop_columns),
};

static const struct bp_column hop_columns[] = {
	{ .heading = "path", .cell = "{^path}", .align = 'l' },
	{ .heading = "size", .cell = "{^size}" },
	{ .heading = "hop", .cell = "{side}[: {from} → {to}]", .align = 'l' },
	{ .heading = "place", .cell = "{place}", .align = 'l' },
	{ .heading = "moved by", .cell = "{mover}", .align = 'l' },
	{ .heading = "kernel", .cell = "{kernel_copies.value:–}", .unit = "copies" },
	{ .heading = "user", .cell = "{user_copies.value:–}", .unit = "copies" },
	{ .heading = "call", .cell = "{system_call.name}[ per {system_call.per}]", .align = 'l' },
	{ .heading = "why", .cell = "{why}[ ({source})]", .align = 'l' },
};
static const struct bp_view hops = {
	.name = "hops",
	.title = "HOPS · where a packet is copied, and by whom",
	.rows = "rows",
	.nested = "hops",
	BP_COLUMNS(hop_columns),
};

static const struct bp_view *const more[] = { &loads, &latencies, &drops, &hops, NULL };

const struct bp_text bp_text_compare = { "bypath.compare/1", BP_PARTS(parts), more };

/* ---- a difference ---------------------------------------------------------------------------- */

static const struct bp_column diff_columns[] = {
	{ .heading = "path", .cell = "{path}", .align = 'l' },
	{ .heading = "size", .cell = "{size}" },
	{ .heading = "what", .cell = "{what}", .align = 'l' },
	{ .heading = "before", .cell = "{before:~}" },
	{ .heading = "after", .cell = "{after:~}" },
	{ .heading = "ratio", .cell = "{ratio:~}" },
	{ .heading = "spread", .cell = "{spread:.0%}" },
	{ .heading = "verdict", .cell = "{verdict}", .align = 'l' },
};
static const struct bp_view diff = { .name = "diff", .rows = "diff", BP_COLUMNS(diff_columns) };

static const struct bp_part diff_parts[] = {
	{ .line = "bypath compare --diff · better, worse: the ranges of the rounds do not touch" },
	{ .line = "  note: {.}", .rows = "notes", .indent = GOES_ON },
	{ .view = &diff },
};

const struct bp_text bp_text_compare_diff = { "bypath.compare-diff/1", BP_PARTS(diff_parts) };
