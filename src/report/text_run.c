/* The text of `bypath run`: its document's tables and notes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/texts.h"

#define NODES "{/machine.numa_nodes!0}{/machine.numa_nodes!1}"
#define NODE  "{numa_node!-1}{numa_node}"
static const struct bp_column port_columns[] = {
	{ .heading = "port", .cell = "{name}", .align = 'l' },
	{ .heading = "driver", .cell = "{driver}", .align = 'l' },
	{ .heading = "effective mode", .cell = "{mode}", .align = 'l' },
	{ .heading = "device", .cell = "{device}", .align = 'l', .width = 41 },
	{ .heading = "behind", .cell = "{device_driver}", .align = 'l' },
	{ .heading = "MTU", .cell = "{?mtu}{mtu}" },
	{ .heading = "link", .cell = BP_CELL_LINK, .align = 'l' },
	{ .heading = "lost", .cell = "{losses}×" },
	{ .heading = "node", .cell = NODE, .needs = NODES },
};
static const struct bp_view ports = {
	.name = "ports",
	.title = "PORTS",
	.rows = "ports",
	BP_COLUMNS(port_columns),
};

static const struct bp_column queue_columns[] = {
	{ .heading = "port", .cell = "{^name}", .align = 'l' },
	{ .heading = "queue", .cell = "{direction} [{queue}|sum]", .align = 'l' },
	{ .heading = "worker", .cell = "{worker}|all" },
	{ .heading = "packets", .cell = "{counted.packets:,}" },
	{ .heading = "bytes", .cell = "{counted.bytes:,}" },
	{ .heading = "Mpps", .cell = "{counted.mpps:.3}" },
	{ .heading = "Gb/s L1", .cell = "{counted.gbps_l1:.3}" },
	{ .heading = "Gb/s L2", .cell = "{counted.gbps_l2:.3}" },
	{ .heading = "drops", .cell = "{counted.dropped:,}" },
	{ .heading = "burst", .cell = "{counted.mean_burst:.1}" },
	{ .heading = "copy/p", .cell = "{counted.user_copies_per_packet:.3}" },
	{ .heading = "calls/p", .cell = "{counted.crossings_per_packet:.3}" },
};
static const struct bp_view queues = {
	.name = "queues",
	.title =
		"QUEUES · every figure counted · L1 with preamble, FCS, gap · /p per packet, empty polls' "
		"calls too",
	.rows = "ports",
	.nested = "rx_queues,rx_sum,tx_queues,tx_sum",
	BP_COLUMNS(queue_columns),
};

static const struct bp_column event_columns[] = {
	{ .heading = "port", .cell = "{^name}", .align = 'l' },
	{ .heading = "queue", .cell = "{queue}", .align = 'l' },
	{ .heading = "reason", .cell = "{counter}", .align = 'l' },
	{ .heading = "packets", .cell = "{value:,}" },
	{ .heading = "provenance", .cell = "{provenance}", .align = 'l' },
	{ .heading = "meaning",
	  .cell = "[{provenance=reported}{kind=drop}lost outside bypath: ][{kind=explains}not added: ]"
		  "{meaning}",
	  .align = 'l' },
};
static const struct bp_view events = {
	.name = "events",
	.title = "DROPS AND OTHER EVENTS",
	.rows = "ports",
	.nested = "events",
	.none = "none",
	BP_COLUMNS(event_columns),
};

static const struct bp_column worker_columns[] = {
	{ .heading = "worker", .cell = "{worker}" },
	{ .heading = "core", .cell = "{core}" },
	{ .heading = "tid", .cell = "{tid}" },
	{ .heading = "packets", .cell = "{counted.packets:,}" },
	{ .heading = "Mpps", .cell = "{counted.mpps:.3}" },
	{ .heading = "busy", .cell = "{counted.busy_share:.1%}" },
	{ .heading = "idle", .cell = "{counted.idle_share:.1%}" },
	{ .heading = "asleep", .cell = "{counted.asleep_share:.1%}" },
	{ .heading = "off core", .cell = "{counted.off_core_share:.1%}" },
	{ .heading = "rounds", .cell = "{counted.rounds:,}" },
	{ .heading = "idle calls", .cell = "{counted.idle_calls:,}" },
	{ .heading = "when idle",
	  .cell = "{/run.idle=busy}spins|{?idle_by_fd}waits on descriptors|backs off, up to 1 ms",
	  .align = 'l' },
	{ .heading = "node", .cell = NODE, .needs = NODES },
};
static const struct bp_view workers = {
	.name = "workers",
	.title = "WORKERS · every figure counted",
	.rows = "workers",
	BP_COLUMNS(worker_columns),
};

#define PATH   BP_CELL_PATH
#define WORKER "{worker}|all"

static const struct bp_column traffic_columns[] = {
	{ .heading = "path", .cell = PATH, .align = 'l' },
	{ .heading = "worker", .cell = WORKER },
	{ .heading = "packets", .cell = "{counted.packets:,}" },
	{ .heading = "bytes", .cell = "{counted.bytes:,}" },
	{ .heading = "Mpps", .cell = "{counted.mpps:.3}" },
	{ .heading = "Gb/s L1", .cell = "{counted.gbps_l1:.3}" },
	{ .heading = "Gb/s L2", .cell = "{counted.gbps_l2:.3}" },
	{ .heading = "burst", .cell = "{counted.mean_burst:.1}" },
	{ .heading = "packets out", .cell = "{part!intake}{counted.packets_out:,}" },
	{ .heading = "ns/p", .cell = "{counted.ns_per_packet:.0}" },
	{ .heading = "user code", .cell = "{counted.ns_per_packet_user:.0}" },
	{ .heading = "in calls", .cell = "{counted.ns_per_packet_calls:.0}" },
};
static const struct bp_view traffic = {
	.name = "traffic",
	.title =
		"PATHS, traffic and time · every figure counted · in calls: with the softirq work that "
		"runs there",
	.nested = "paths,path_sums",
	.needs = "{part!edge}",
	BP_COLUMNS(traffic_columns),
};

static const struct bp_column copy_columns[] = {
	{ .heading = "path", .cell = PATH, .align = 'l' },
	{ .heading = "worker", .cell = WORKER },
	{ .heading = "user/p",
	  .cell = "{counted.user_copies_per_packet:.3}",
	  .provenance = "counted" },
	{ .heading = "bytes/p",
	  .cell = "{counted.user_copy_bytes_per_packet:.1}",
	  .provenance = "counted" },
	{ .heading = "in PMD/p",
	  .cell = "{modelled.user_copies_in_libraries:–}|not modelled",
	  .provenance = "modelled" },
	{ .heading = "kernel/p",
	  .cell = "{modelled.kernel_copies:–}|not modelled",
	  .provenance = "modelled" },
	{ .heading = "crossings/p",
	  .cell = "{counted.crossings_per_packet:.3}",
	  .provenance = "counted" },
	{ .heading = "0 copies",
	  .cell = "{counted.packets_by_user_copies.0:,}",
	  .provenance = "counted" },
	{ .heading = "1 copy",
	  .cell = "{counted.packets_by_user_copies.1:,}",
	  .provenance = "counted" },
	{ .heading = "2 copies",
	  .cell = "{counted.packets_by_user_copies.2:,}",
	  .provenance = "counted" },
	{ .heading = "3 or more",
	  .cell = "{counted.packets_by_user_copies.3:,}",
	  .provenance = "counted" },
};
static const struct bp_view copies = {
	.name = "copies",
	.title =
		"PATHS, copies and crossings · /p per packet out · on the right: packets out by user copies",
	.nested = "paths,path_sums",
	.needs = "{?out}{part!edge}",
	BP_COLUMNS(copy_columns),
};

/* ---- of functions ---------------------------------------------------------------------------- */

static const struct bp_column fan_out_columns[] = {
	{ .heading = "in-port", .cell = "{^in}", .align = 'l' },
	{ .heading = "way",
	  .cell = "{@=intake}in[, {^via}]|{@=whole}all|→ [{out}|{ports} others]",
	  .align = 'l' },
	{ .heading = "packets", .cell = "{counted.packets:,}" },
	{ .heading = "Mpps", .cell = "{counted.mpps:.3}" },
	{ .heading = "copies",
	  .cell = "{@!intake}{counted.replicas:,}",
	  .help = "made for that port of packets that went elsewhere too" },
	{ .heading = "packets out", .cell = "{@!intake}{counted.packets_out:,}" },
	{ .heading = "dropped",
	  .cell = "{counted.dropped:,}",
	  .help = "by functions (in), by the out-port (→)" },
	{ .heading = "ns/p", .cell = "{counted.ns_per_packet:.0}" },
	{ .heading = "in calls", .cell = "{counted.ns_per_packet_calls:.0}" },
	{ .heading = "user/p", .cell = "{counted.user_copies_per_packet:.3}" },
	{ .heading = "calls/p", .cell = "{counted.crossings_per_packet:.3}" },
};
static const struct bp_view fan_outs = {
	.name = "fan-outs",
	.title =
		"FAN-OUT · where packets go to several ports · all workers · counted · /p per packet received "
		"(in), sent (→, all)",
	.rows = "fan_outs",
	.nested = "intake,edges,others,whole",
	BP_COLUMNS(fan_out_columns),
};

static const struct bp_column former_columns[] = {
	{ .heading = "from → to",
	  .cell = "{in} ({in_driver}) → {out} ({out_driver})|{in} ({in_driver})",
	  .align = 'l' },
	{ .heading = "until", .cell = "{until_s:.3}", .unit = "s" },
	{ .heading = "packets", .cell = "{counted.packets:,}" },
	{ .heading = "ns/p", .cell = "{counted.ns_per_packet:.0}" },
	{ .heading = "in calls", .cell = "{counted.ns_per_packet_calls:.0}" },
	{ .heading = "user/p", .cell = "{counted.user_copies_per_packet:.3}" },
	{ .heading = "calls/p", .cell = "{counted.crossings_per_packet:.3}" },
};
static const struct bp_view former_paths = {
	.name = "former-paths",
	.title = "FORMER PATHS · until a reload · counted · /p per packet sent",
	.rows = "former_paths",
	BP_COLUMNS(former_columns),
};

static const struct bp_column total_columns[] = {
	{ .heading = "path", .cell = "{in} → {out}|{in}", .align = 'l' },
	{ .heading = "now", .cell = "{?present}yes|no", .align = 'l' },
	{ .heading = "packets", .cell = "{counted.packets:,}" },
	{ .heading = "bytes", .cell = "{counted.bytes:,}" },
	{ .heading = "packets out", .cell = "{?out}{counted.packets_out:,}" },
	{ .heading = "user copies", .cell = "{counted.user_copies:,}" },
	{ .heading = "system calls", .cell = "{counted.crossings:,}" },
};
static const struct bp_view path_totals = {
	.name = "path-totals",
	.title = "PATHS THROUGH RELOADS · since the start · all workers · counted",
	.rows = "path_totals",
	.needs = "{?renewed}",
	BP_COLUMNS(total_columns),
};

static const struct bp_column function_columns[] = {
	{ .heading = "function", .cell = "{name}", .align = 'l' },
	{ .heading = "type", .cell = "{type}", .align = 'l' },
	{ .heading = "packets", .cell = "{counted.packets:,}" },
	{ .heading = "dropped", .cell = "{counted.dropped:,}" },
	{ .heading = "ns/p",
	  .cell = "{?disturbed}disturbed|{counted.ns_per_packet:.1}",
	  .help = "disturbed: a worker was off its core for more than 2 % of the time, and no figure is to be believed" },
	{ .heading = "packets of", .cell = "{ports}", .align = 'l' },
};
static const struct bp_view functions = {
	.name = "functions",
	.title =
		"FUNCTIONS · every figure counted · ns/p: within the function, per packet that came to it",
	.rows = "functions",
	BP_COLUMNS(function_columns),
};

static const struct bp_column function_drop_columns[] = {
	{ .heading = "function", .cell = "{^name}", .align = 'l' },
	{ .heading = "reason", .cell = "{counter}", .align = 'l' },
	{ .heading = "packets", .cell = "{value:,}" },
	{ .heading = "meaning", .cell = "{meaning}", .align = 'l' },
};
static const struct bp_view function_drops = {
	.name = "function drops",
	.title = "DROPS BY FUNCTIONS · counted",
	.rows = "functions",
	.nested = "events",
	BP_COLUMNS(function_drop_columns),
};

static const struct bp_column function_state_columns[] = {
	{ .heading = "function", .cell = "{^name}", .align = 'l' },
	{ .heading = "what", .cell = "{what}", .align = 'l' },
	{ .heading = "value", .cell = "{value:,}|{text}", .align = 'l' },
};
static const struct bp_view function_states = {
	.name = "function states",
	.title = "WHAT FUNCTIONS SAY OF THEMSELVES",
	.rows = "functions",
	.nested = "state",
	BP_COLUMNS(function_state_columns),
};

/* ---- alarms ---------------------------------------------------------------------------------------- */

static const struct bp_column alarm_columns[] = {
	{ .heading = "alarm", .cell = "{alarm}", .align = 'l' },
	{ .heading = "of", .cell = "{subject}|the run", .align = 'l' },
	{ .heading = "now", .cell = "{?raised}RAISED|over", .align = 'l' },
	{ .heading = "raised", .cell = "{times}×" },
	{ .heading = "since", .cell = "{changed}", .align = 'l' },
	{ .heading = "what", .cell = "{text}", .align = 'l' },
};
static const struct bp_view alarms = {
	.name = "alarms",
	.title = "ALARMS",
	.rows = "alarms",
	.needs = "{?times}",
	BP_COLUMNS(alarm_columns),
};
static const struct bp_view alarms_asked_for = {
	.name = "alarms",
	.title = "ALARMS",
	.rows = "alarms",
	.needs = "{?times}",
	.none = "none since the start",
	BP_COLUMNS(alarm_columns),
};

/* ---- of a probe ------------------------------------------------------------------------------ */

static const struct bp_column probed_columns[] = {
	{ .heading = "path", .cell = PATH, .align = 'l' },
	{ .heading = "worker", .cell = WORKER },
	{ .heading = "rx/p", .cell = "{probed.rx:.3}" },
	{ .heading = "tx/p", .cell = "{probed.tx:.3}" },
	{ .heading = "kernel/p", .cell = "[{!probed.is_all}≥ ]{probed.kernel_copies:.3}" },
	{ .heading = "modelled", .cell = "{modelled.kernel_copies:–}|not modelled" },
	{ .heading = "finding",
	  .cell = "{probed.finding}|{!probed.is_all}{!/probe.unobserved}{probed.why}",
	  .align = 'l' },
};
static const struct bp_view probed = {
	.name = "probed",
	.title = "PATHS, kernel copies of a whole packet · probed, beside the model",
	.nested = "paths,path_sums",
	/* Of edges whose hops are the same, one, and those that differ from the model. */
	.needs = "{?probed}{?out}{!same_as}|{?probed.finding}",
	BP_COLUMNS(probed_columns),
};

static const struct bp_column copy_function_columns[] = {
	{ .heading = "port", .cell = "{port}", .align = 'l' },
	{ .heading = "device", .cell = "{device}", .align = 'l' },
	{ .heading = "way", .cell = "{direction}", .align = 'l' },
	{ .heading = "kernel function", .cell = "{function}[ for {for}]", .align = 'l' },
	{ .heading = "calls", .cell = "{calls:,}" },
	{ .heading = "bytes", .cell = "{bytes:,}" },
	{ .heading = "",
	  .cell = "{?header_pull}not added: parts of packets, by the host's own stack|{?dropped_then}not added: "
		  "the packet was dropped then",
	  .align = 'l' },
};
static const struct bp_view copy_functions = {
	.name = "copy functions",
	.title = "KERNEL COPIES BY FUNCTION · probed",
	.rows = "probe.copies",
	BP_COLUMNS(copy_function_columns),
};

static const struct bp_column call_columns[] = {
	{ .heading = "worker", .cell = "{worker}" },
	{ .heading = "system call", .cell = "{name}", .align = 'l' },
	{ .heading = "calls", .cell = "{calls:,}" },
	{ .heading = "per packet", .cell = "{per_packet:.3}" },
};
static const struct bp_view calls = {
	.name = "system calls",
	.title = "SYSTEM CALLS of the workers · probed",
	.rows = "probe.system_calls",
	BP_COLUMNS(call_columns),
};

static const struct bp_column kernel_drop_columns[] = {
	{ .heading = "port", .cell = "{port}", .align = 'l' },
	{ .heading = "way", .cell = "{direction}", .align = 'l' },
	{ .heading = "where", .cell = "{where}", .align = 'l' },
	{ .heading = "device", .cell = "{device}", .align = 'l' },
	{ .heading = "packets", .cell = "{packets:,}" },
	{ .heading = "reason", .cell = "{reason}[ in {function}]", .align = 'l' },
	{ .heading = "meaning",
	  .cell = "[{!lost}perhaps not lost, a capture or a mirror may have them: ]{meaning}[: {remedy}]"
		  "[ ({?perhaps_others}{perhaps_others:,} may be others')]",
	  .align = 'l' },
};
static const struct bp_view kernel_drops = {
	.name = "kernel drops",
	.title =
		"[{?kernel_drops.observed}DROPS BY THE KERNEL · probed · they explain, and are not added]",
	.rows = "kernel_drops.rows",
	BP_COLUMNS(kernel_drop_columns),
};

static const struct bp_part parts[] = {
	{ .line = "\nbypath report · {run.elapsed_s:.1} s · [{?run.final}final, drained in "
		  "{run.drain_ms:.1} ms|still running]" },
	{ .line = "  {machine.host} · Linux {machine.kernel}[ · {machine.cpu}]" },
	{ .line = "  arena {arena.bytes:B}, {arena.frames:,} frames[, free {arena.frames_free:,}], pages of "
		  "{arena.page_bytes:B} (read back)" },
	{ .view = &ports },
	{ .line = "  note on {name}: it is on NUMA node {numa_node}, worker {far_worker.worker} on node "
		  "{far_worker.numa_node}: its packets cross between the nodes",
	  .rows = "ports" },
	{ .line = "  note on {name}: {note}", .rows = "ports" },
	{ .view = &queues },
	{ .view = &events },
	{ .view = &kernel_drops },
	{ .line = "  {!kernel_drops.observed}the kernel's drops stay unobserved: {kernel_drops.why}" },
	{ .line = "  {?kernel_drops.not_counted}{kernel_drops.not_counted:,} more drops without a row: too many "
		  "reasons and places" },
	{ .line = "  {?kernel_drops.of_other_senders}{kernel_drops.of_other_senders:,} packets of other senders were "
		  "dropped on the ports' interfaces: not among these" },
	{ .view = &workers },
	{ .line = "{?off_core.disturbed}  disturbed: worker {worker} was off core {core} for "
		  "{off_core.share:.1%} of the time: {off_core.text}[{?off_core.gaps.n} "
		  "({off_core.gaps.n} rounds above 2 ms, the longest {off_core.gaps.longest_ns:.1M} ms)]",
	  .rows = "workers" },
	{ .view = &alarms },
	{ .view = &traffic },
	{ .line = "{!run.calls_timed}  '-': a PMD makes its system calls inside its burst, where their time "
		  "cannot be told apart" },
	{ .line = "{?fan_outs}  '-' packets out: receiving and functions only, per packet received; what was sent is in FAN-OUT",
	  .indent = 4 },
	{ .view = &copies },
	{ .view = &fan_outs },
	{ .view = &former_paths },
	{ .view = &path_totals },
	{ .line = "{?reloads.done}  reloaded {reloads.done} times, last at {reloads.last_s:.1} s: the workers stood still for "
		  "{reloads.last_pause_ms:.2} ms[{?reloads.last_away_ms}, a device was away for {reloads.last_away_ms:.1} ms]" },
	{ .line = "{?paths_cut}  {paths_cut:,} rows of paths were too many and are left out, also of these sums: the ports', "
		  "workers' and functions' figures are whole",
	  .indent = 4 },
	{ .view = &functions },
	{ .view = &function_drops },
	{ .view = &function_states },
	{ .view = &probed },
	{ .line = "  not all was seen: [{probe.unobserved.names}: ]{probe.unobserved.why}",
	  .indent = 4 },
	{ .view = &copy_functions },
	{ .view = &calls },
	{ .line = "  core {core}: {ns:.1M} ms in softirqs that move packets, whoever's",
	  .rows = "probe.softirqs" },
	{ .line = "{?probe}  {probe.context_switches.voluntary:,} voluntary context switches, "
		  "{probe.context_switches.involuntary:,} involuntary[; {?probe.skb_allocations}"
		  "{probe.skb_allocations:,} skbs allocated while a thread of ours ran, {probe.skb_clones:,} "
		  "cloned on our devices]" },
	{ .line = "  {in} → {out}: {modelled.undecided:;}",
	  .rows = "paths",
	  .needs = "{!same_as}",
	  .indent = 4 },
	{ .line = "{counted_by=reported}  " PATH
		  ": carried by the driver itself, whose program counts: its figures "
		  "are reported, and no worker's time is in them[; of what a packet costs, {program_ns_per_packet:.1} ns are "
		  "that program's own]",
	  .rows = "paths",
	  .indent = 4 },
	{ .line = "\nCONSERVATION · counted\n  received {conservation.counted.received:,} + made "
		  "{conservation.counted.made:,} = sent {conservation.counted.sent:,} + dropped "
		  "{conservation.counted.dropped:,} + held {conservation.counted.held:,}, unaccounted "
		  "{conservation.counted.unaccounted}" },
	{ .line = "{?functions}  of these: made as copies {conservation.counted.made_as_copies:,}, dropped by functions "
		  "{conservation.counted.dropped_by_functions:,}" },
	{ .line = "{!run.final}{?conservation.counted.unaccounted}  the counters of a run that goes on are read one after "
		  "another: packets under way between them are among the unaccounted",
	  .indent = 4 },
	{ .line = "{?run.final}{?conservation.counted.unaccounted}  FAILURE: {conservation.counted.unaccounted} packets "
		  "are neither sent, dropped nor held: a fault of bypath, please report it" },
};

const struct bp_text bp_text_run = { "bypath.report/1", BP_PARTS(parts) };

/* ---- of a running instance, piece by piece ------------------------------------------------------- */

static const struct bp_column mode_columns[] = {
	{ .heading = "port", .cell = "{name}", .align = 'l' },
	{ .heading = "driver", .cell = "{driver}", .align = 'l' },
	{ .heading = "effective mode", .cell = "{mode}", .align = 'l' },
	{ .heading = "behind", .cell = "{device_driver}", .align = 'l' },
	{ .heading = "note", .cell = "{note}", .align = 'l' },
};
static const struct bp_view modes = {
	.name = "modes",
	.title = "MODES",
	.rows = "ports",
	BP_COLUMNS(mode_columns),
};

static const struct bp_column counter_columns[] = {
	{ .heading = "counter", .cell = "{@}", .align = 'l' },
	{ .heading = "value", .cell = "{.:,}" },
};
static const struct bp_view counters = {
	.name = "counters",
	.title = "COUNTERS[ · of {since_s:.1} s] · counted · those that are not 0",
	.rows = "counters",
	.needs = "{.!0}",
	.none = "none",
	BP_COLUMNS(counter_columns),
};

static const struct bp_column capture_columns[] = {
	{ .heading = "ports", .cell = "{ports}", .align = 'l' },
	{ .heading = "what", .cell = "{kinds}[{sample!1}, 1 of {sample:,}]", .align = 'l' },
	{ .heading = "seen", .cell = "{seen:,}" },
	{ .heading = "matched", .cell = "{matched:,}" },
	{ .heading = "written", .cell = "{written:,}" },
	{ .heading = "lost", .cell = "{lost:,}", .help = "its buffer was full" },
	{ .heading = "filter", .cell = "{filter}", .align = 'l' },
};
static const struct bp_view captures = {
	.name = "captures",
	.title = "CAPTURES · packets, counted by each capture since it began",
	.rows = "captures",
	.none = "none",
	BP_COLUMNS(capture_columns),
};

static const struct bp_part show_ports[] = { { .view = &ports }, { .view = &events } };
static const struct bp_part show_drops[] = { { .view = &events },
					     { .view = &kernel_drops },
					     { .view = &function_drops } };
static const struct bp_part show_paths[] = { { .view = &traffic },
					     { .view = &fan_outs },
					     { .view = &former_paths },
					     { .view = &path_totals } };
static const struct bp_part show_functions[] = { { .view = &functions },
						 { .view = &function_drops } };
/* A text that is an INI file again. */
static const struct bp_part show_settings[] = {
	{ .line = "\n\\[{section}\\]" },
	{ .line = "{key} = {text}\t; {from}", .rows = "settings", .stops = "40" }
};
static const struct bp_part show_config[] = { { .line = "; {instance}, as it runs: {config.file}" },
					      { .rows = "config.sections",
						BP_PARTS(show_settings) } };
static const struct bp_part show_parts[] = {
	{ .line = "\n{instance} · {run.elapsed_s:.1} s", .needs = "{what!config}" },
	{ .needs = "{what=config}", BP_PARTS(show_config) },
	{ .needs = "{what=ports}", BP_PARTS(show_ports) },
	{ .needs = "{what=queues}", .view = &queues },
	{ .needs = "{what=workers}", .view = &workers },
	{ .needs = "{what=paths}", BP_PARTS(show_paths) },
	{ .needs = "{what=drops}", BP_PARTS(show_drops) },
	{ .needs = "{what=functions}", BP_PARTS(show_functions) },
	{ .needs = "{what=tables}", .view = &function_states },
	{ .needs = "{what=ledger}", .view = &copies },
	{ .needs = "{what=modes}", .view = &modes },
	{ .needs = "{what=counters}", .view = &counters },
	{ .needs = "{what=captures}", .view = &captures },
	{ .needs = "{what=alarms}", .view = &alarms_asked_for },
	{ .needs = "{what=build}", .view = &bp_view_build },
};
const struct bp_text bp_text_show = { "bypath.show/1", BP_PARTS(show_parts) };
