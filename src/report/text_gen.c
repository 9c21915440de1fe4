/* The text of `bypath gen`: its document's tables and remarks. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/texts.h"

static const struct bp_column rate_columns[] = {
	{ .heading = "",
	  .cell = "{@=trial.asked}asked|{@=trial.offered}offered|{@=trial.sent}sent|received",
	  .align = 'l' },
	{ .heading = "frames", .cell = "{frames:,}" },
	{ .heading = "Mpps", .cell = "{pps:.6M}" },
	{ .heading = "Gb/s L1", .cell = "{gbps_l1:.3}" },
	{ .heading = "Gb/s L2", .cell = "{gbps_l2:.3}" },
	{ .heading = "",
	  .cell = "{@=trial.asked}by the schedule"
		  "|{@=trial.offered}handed to the TX port[{!^trial.asked}, as fast as it goes]"
		  "|{@=trial.sent}counted by the TX port|{?^trial.replay}whatever came|each frame once",
	  .align = 'l' },
};
static const struct bp_view rates = {
	.name = "rates",
	.title = "RATES · {trial.elapsed_s:.3} s · L1 with preamble, FCS, gap · L2 with FCS",
	.nested = "trial.asked,trial.offered,trial.sent,trial.received_once",
	BP_COLUMNS(rate_columns),
};

static const struct bp_column stream_columns[] = {
	{ .heading = "stream", .cell = "{name}", .align = 'l' },
	{ .heading = "sent", .cell = "{expected:,}" },
	{ .heading = "received", .cell = "{received:,}" },
	{ .heading = "lost", .cell = "{lost:,}" },
	{ .heading = "share", .cell = "{loss_ratio:.4%}" },
	{ .heading = "duplicate", .cell = "{duplicate:,}" },
	{ .heading = "reordered", .cell = "{reordered:,}" },
	{ .heading = "by up to", .cell = "{reorder_max:,}" },
	{ .heading = "corrupt", .cell = "{corrupt:,}" },
};
static const struct bp_view streams = {
	.name = "streams",
	.title =
		"STREAMS · received: duplicates included · lost: [{?trial.loss_is_absolute}of those "
		"sent|gaps since the first frame seen] · reordered: RFC 4737",
	.rows = "streams",
	.needs = "{received}",
	BP_COLUMNS(stream_columns),
};

static const struct bp_column latency_columns[] = {
	{ .heading = "stream", .cell = "{name}|all", .align = 'l' },
	{ .heading = "frames", .cell = "{latency_ns.frames:,}" },
	{ .heading = "min", .cell = "{latency_ns.min:.2k}" },
	{ .heading = "mean", .cell = "{latency_ns.mean:.2k}" },
	{ .heading = "p50", .cell = "{latency_ns.p50:.2k}" },
	{ .heading = "p90", .cell = "{latency_ns.p90:.2k}" },
	{ .heading = "p99", .cell = "{latency_ns.p99:.2k}" },
	{ .heading = "p99.9", .cell = "{latency_ns.p999:.2k}" },
	{ .heading = "max", .cell = "{latency_ns.max:.2k}" },
	{ .heading = "jitter", .cell = "{latency_ns.jitter:.2k}" },
};
static const struct bp_view latencies = {
	.name = "latencies",
	.title =
		"LATENCY · µs · from before the burst was sent to after it was received, bursts and all",
	.nested = "streams,trial",
	.needs = "{?/trial.latency_ns}{@!trial}|{?latency_ns}{?/streams.1}",
	BP_COLUMNS(latency_columns),
};

static const struct bp_column port_columns[] = {
	{ .heading = "port", .cell = "{^name}", .align = 'l' },
	{ .heading = "role", .cell = "{^role}", .align = 'l' },
	{ .heading = "driver", .cell = "{^driver}", .align = 'l' },
	{ .heading = "mode", .cell = "{^mode}", .align = 'l' },
	{ .heading = "counter",
	  .cell = "{@=tx.packets}tx packets|{@=rx.packets}rx packets|{@=held}tx held|{queue} {counter}",
	  .align = 'l' },
	{ .heading = "packets", .cell = "{.:,}|{value:,}" },
	{ .heading = "provenance",
	  .cell = "[{provenance}|counted][{provenance=reported}{kind=drop}, lost]"
		  "[{kind=explains}, not added]",
	  .align = 'l' },
};
static const struct bp_view ports = {
	.name = "ports",
	.title = "PORTS",
	.rows = "ports",
	.nested = "tx.packets,rx.packets,events,held",
	.needs =
		"{@=tx.packets}{^role!rx}{^role!replay}|{@=rx.packets}{^role!tx}|{@=held}{?.}|{counter}",
	BP_COLUMNS(port_columns),
};

static const struct bp_part parts[] = {
	{ .line = "\nbypath gen · {machine.host} · Linux {machine.kernel}[ · {machine.cpu}] · "
		  "[cores {cores.0} (tx), {cores.1} (rx)|core {cores.0}]" },
	{ .view = &rates },
	{ .view = &streams },
	{ .line = "  {name}: in {encap}", .rows = "streams" },
	{ .view = &latencies },
	{ .view = &ports },
	{ .line = "  {name}: {note}", .rows = "ports", .indent = 4 },
	{ .line = "\nREMARKS" },
	{ .line = "  the generator was the bottleneck: {?trial.generator_bound}{trial.why}",
	  .indent = 4 },
	{ .line = "{!trial.generator_bound}{!trial.interrupted}{?trial.offered}  "
		  "[{?trial.asked}the generator kept up|{?trial.own_pace}sent at the capture's own pace"
		  "|sent as fast as the generator goes]" },
	{ .line = "{?trial.interrupted}  ended early: {trial.why}" },
	{ .line = "  {trial.missed.worker_late:+} turns of the schedule missed: "
		  "the worker was late" },
	{ .line = "  {trial.missed.tx_full:+} turns of the schedule missed: the TX "
		  "port was full" },
	{ .line = "  {trial.tx_dropped:+} frames dropped by the generator's own TX port: "
		  "not sent[{?trial.dropped_by_stream}, not among the lost|; of some it is not known of "
		  "which stream, so STREAMS has those among the lost]",
	  .indent = 4 },
	{ .line = "  {trial.own_rx_dropped:+} frames dropped by the generator's own "
		  "RX port" },
	{ .line = "  {trial.payload_unchecked:+} frames that were sent without a pattern: "
		  "their payload was not checked" },
	{ .line = "{?trial.off_core.disturbed}  disturbed: a worker was off its core for "
		  "{trial.off_core.share:.1%} of the time: {trial.off_core.text}" },
	{ .line = "  {trial.no_frame:+} times no frame of the arena was free: raise "
		  "\\[memory\\] frames" },
	{ .line = "  {trial.foreign:+} foreign frames received: not counted" },
	{ .line = "  {trial.stale:+} frames of an earlier trial received: not counted" },
	{ .line = "  {trial.damaged_signature:+} frames with a damaged signature: "
		  "counted as corrupt" },
	{ .line = "  {trial.unknown_stream:+} frames of streams that are not ours: "
		  "not counted" },
	{ .line = "  {trial.restarts:+} times the sender began anew" },
	{ .line = "  {trial.too_old:+} frames came too late to be told from duplicates" },
	{ .line = "  {trial.bad_time:+} frames from the future: the two ends have different "
		  "clocks" },
};

const struct bp_text bp_text_gen = { "bypath.gen/1", BP_PARTS(parts) };
