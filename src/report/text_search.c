/* The text of a search: bounds, rows, bursts and every trial. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/texts.h"

static const struct bp_column bound_columns[] = {
	{ .heading = "loss", .cell = "≤ {loss_ratio:g%}", .align = 'l' },
	{ .heading = "RFC 9971", .cell = "{?regular}regular|irregular", .align = 'l' },
	{ .heading = "outcome", .cell = "{outcome}", .align = 'l' },
	{ .heading = "lower Mpps", .cell = "{lower.pps:.6M}" },
	{ .heading = "load Mpps", .cell = "{lower.load_pps:.6M}" },
	{ .heading = "upper Mpps", .cell = "{upper.pps:.6M}" },
	{ .heading = "width", .cell = "{width:.2%}" },
	{ .heading = "Gb/s L1", .cell = "{lower.gbps_l1:.3}" },
	{ .heading = "received at lower",
	  .cell = "{?lower.trials}{lower.received_pps.min:.6M}…{lower.received_pps.max:.6M}",
	  .align = 'l' },
};
static const struct bp_view bounds = {
	.name = "bounds",
	.rows = "bounds",
	BP_COLUMNS(bound_columns),
};

static const struct bp_column goal_columns[] = {
	{ .heading = "goal: loss", .cell = "≤ {loss_ratio:g%}", .align = 'l' },
	{ .heading = "exceed", .cell = "{goal.exceed_ratio:g%}" },
	{ .heading = "final s", .cell = "{goal.final_trial_s}" },
	{ .heading = "sum s", .cell = "{goal.sum_s}" },
	{ .heading = "initial s", .cell = "{goal.initial_trial_s}" },
	{ .heading = "width", .cell = "{goal.width:g%}" },
	{ .heading = "cond. thr. Mpps", .cell = "{conditional_throughput_pps:.6M}" },
	{ .heading = "lossy", .cell = "{lower.lossy_trials} of {lower.trials}" },
	{ .heading = "clean at upper", .cell = "{upper.clean_trials} of {upper.trials}" },
	{ .heading = "trials", .cell = "{trials_made}" },
	{ .heading = "s", .cell = "{spent_s:.1}" },
};
static const struct bp_view goals = {
	.name = "goals",
	.rows = "bounds",
	BP_COLUMNS(goal_columns),
};

#define LATENCY "{/search=latency}"

static const struct bp_column load_columns[] = {
	{ .heading = "share", .cell = "[{?generator_bound}!]{share:.0%}" },
	{ .heading = "asked Mpps", .cell = "{?asked_pps}{asked_pps:.6M}" },
	{ .heading = "sent Mpps", .cell = "{?sent_pps}{sent_pps:.6M}" },
	{ .heading = "loss", .cell = "{loss_ratio:g%}" },
	{ .heading = "min µs", .cell = "{latency_ns.min:.1k}", .needs = LATENCY },
	{ .heading = "mean", .cell = "{latency_ns.mean:.1k}", .needs = LATENCY },
	{ .heading = "p50", .cell = "{latency_ns.p50:.1k}", .needs = LATENCY },
	{ .heading = "p90", .cell = "{latency_ns.p90:.1k}", .needs = LATENCY },
	{ .heading = "p99", .cell = "{latency_ns.p99:.1k}", .needs = LATENCY },
	{ .heading = "p99.9", .cell = "{latency_ns.p999:.1k}", .needs = LATENCY },
	{ .heading = "max", .cell = "{latency_ns.max:.1k}", .needs = LATENCY },
	{ .heading = "p50, trials",
	  .cell = "{trials!1}{?latency_ns.p50_highest_trial}{latency_ns.p50_lowest_trial:.1k}…"
		  "{latency_ns.p50_highest_trial:.1k}",
	  .align = 'l',
	  .needs = LATENCY },
};
static const struct bp_view loads = {
	.name = "loads",
	.rows = "rows",
	BP_COLUMNS(load_columns),
};

static const struct bp_column trial_columns[] = {
	{ .heading = "trial", .cell = "{@}" },
	{ .heading = "at s", .cell = "{begin_s:.2}" },
	{ .heading = "length", .cell = "{burst_frames} fr.|{duration_s:.2} s" },
	{ .heading = "asked Mpps", .cell = "{asked_pps:.6M}|fastest" },
	{ .heading = "sent Mpps", .cell = "{?sent_pps}{sent_pps:.6M}" },
	{ .heading = "recv Mpps", .cell = "{?received_pps}{received_pps:.6M}" },
	{ .heading = "lost", .cell = "{lost:,}" },
	{ .heading = "loss", .cell = "{loss_ratio:g%}" },
	{ .heading = "p50 µs", .cell = "{latency_ns.p50:.1k}" },
	{ .heading = "note",
	  .cell = "{?interrupted}interrupted, no vote"
		  "|{?own_rx_dropped}generator's receiver dropped, no vote"
		  "|{?falls_short}{!burst_frames}generator-bound, no vote"
		  "|{?off_core.disturbed}disturbed"
		  "|{?generator_bound}{!burst_frames}generator late|",
	  .align = 'l' },
};
static const struct bp_view trials = {
	.name = "trials",
	.rows = "trials",
	BP_COLUMNS(trial_columns),
};

static const struct bp_part parts[] = {
	{ .line = "\n{title} · [frames of {frame_size} bytes · ]{outcome} · {trials:#} trials in "
		  "{elapsed_s:.1} s[ of {budget_s:.0} s]" },
	/* Of bounds, each loss ratio says its own reason. */
	{ .line = "{!bounds}  {why}|{search=latency}  {why}" },
	{ .line = "{?max_is_generator}  the generator holds {max_pps:.6M} Mpps here" },
	{ .line = "  trials of {trial_s} s: RFC 2544 asks for {rfc2544_trial_s} s" },
	{ .line = "  traffic: {traffic.direction}; of {traffic.tx.driver} {traffic.tx.device}, by "
		  "{traffic.rx.driver} {traffic.rx.device}[; the line carries {traffic.line_pps:.6M} Mpps of it]",
	  .indent = 4 },
	{ .line = "  IP versions:[{?traffic.ip_versions.ipv4} IPv4 {traffic.ip_versions.ipv4:g%}]"
		  "[{?traffic.ip_versions.ipv6} IPv6 {traffic.ip_versions.ipv6:g%}]"
		  "[{?traffic.ip_versions.none} none {traffic.ip_versions.none:g%}]; modifiers: {traffic.modifiers}",
	  .indent = 4 },
	{ .line = "  stream {name}: {share:g%} of the frames; bytes<sizes: {bytes} ({share:g%})>; {protocol}"
		  "[, vlan {vlan}][ in {encap}][ with {extensions}]; "
		  "MAC {src_mac} → {dst_mac}[; {src} → {dst}, ttl {ttl}, dscp {dscp}][; ports {sport} → {dport}]"
		  "[; outer {outer_src} → {outer_dst}][; inner MAC {inner_src_mac} → {inner_dst_mac}]",
	  .rows = "traffic.streams",
	  .indent = 4 },
	{ .view = &bounds },
	{ .view = &goals },
	{ .line = "  load: {method.load}", .indent = 8 },
	{ .line = "  loss: {method.loss_ratio}", .indent = 8 },
	{ .line = "  width: {method.width}; effective duration: {method.effective_duration}" },
	{ .line = "  other than RFC 2544's trials: {method.deviations:;}", .indent = 4 },
	{ .line = "  at {loss_ratio:g%}: {why}", .rows = "bounds" },
	{ .line = "{?exploratory}  at {loss_ratio:g%}: bounds of short trials, not confirmed",
	  .rows = "bounds" },
	{ .line = "  at {loss_ratio:g%}: {contradictions:+} loads were left undecided: trials contradict each other there",
	  .rows = "bounds" },
	{ .view = &loads },
	{ .line = "{?generator_bound_rows}  '!': the generator did not reach the rate: not a figure of the "
		  "device" },
	{ .line = "{?back_to_back.runs}  longest burst without loss: {back_to_back.mean:.1} frames on average "
		  "of {back_to_back.runs:#} searches, deviation {back_to_back.stddev:.1}, "
		  "{back_to_back.min:,}…{back_to_back.max:,}" },
	{ .line = "{?back_to_back.runs}  within bursts [{back_to_back.rate_pps:.6M} Mpps|-]; the longest burst "
		  "tried has {back_to_back.longest_tried:,} frames" },
	{ .line = "  corrected buffer time (RFC 9004): {back_to_back.corrected_buffer_s:.1u} µs" },
	{ .view = &trials },
};

const struct bp_text bp_text_search = { "bypath.search/1", BP_PARTS(parts) };
