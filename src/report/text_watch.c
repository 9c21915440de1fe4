/* The text of `bypath show --watch`: what happens in a running instance, on few lines. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/texts.h"

/* A table's first heading is its title: a screen has few lines. What "cut" says was left out by bp_show_fit(). */

static const struct bp_column port_columns[] = {
	{ .heading = "PORTS", .cell = "{name}", .align = 'l', .width = 12 },
	{ .heading = "driver", .cell = "{driver}", .align = 'l', .width = 10 },
	{ .heading = "mode", .cell = "{mode}", .align = 'l', .width = 16 },
	{ .heading = "link", .cell = BP_CELL_LINK, .align = 'l', .width = 12 },
	{ .heading = "rx kpps", .cell = "{rx_pps:.1k}" },
	{ .heading = "tx kpps", .cell = "{tx_pps:.1k}" },
	{ .heading = "drops/s", .cell = "{drop_pps:.0}" },
};
static const struct bp_view ports = {
	.name = "port rates",
	.rows = "ports",
	BP_COLUMNS(port_columns),
};

static const struct bp_column worker_columns[] = {
	{ .heading = "WORKERS", .cell = "{worker}" },
	{ .heading = "core", .cell = "{core}" },
	{ .heading = "kpps", .cell = "{pps:.1k}" },
	{ .heading = "busy", .cell = "{busy:.1%}" },
	{ .heading = "in calls", .cell = "{calls:.1%}" },
	{ .heading = "idle", .cell = "{idle:.1%}" },
	{ .heading = "asleep", .cell = "{asleep:.1%}" },
	{ .heading = "off core", .cell = "{off_core:.1%}" },
};
static const struct bp_view workers = {
	.name = "worker rates",
	.rows = "workers",
	BP_COLUMNS(worker_columns),
};

static const struct bp_column path_columns[] = {
	{ .heading = "PATHS", .cell = BP_CELL_PATH, .align = 'l', .width = 24 },
	{ .heading = "kpps", .cell = "{pps:.1k}" },
	{ .heading = "ns/p", .cell = "{ns_per_packet:.0}" },
	{ .heading = "user/p",
	  .cell = "{user_copies_per_packet:.2}",
	  .help = "copies in user space, counted" },
	{ .heading = "kernel (model)",
	  .cell = "{kernel_copies:–}|?",
	  .help = "copies in the kernel, modelled" },
	{ .heading = "calls/p", .cell = "{crossings_per_packet:.3}" },
};
static const struct bp_view paths = {
	.name = "path rates",
	.rows = "paths",
	BP_COLUMNS(path_columns),
};

static const struct bp_column drop_columns[] = {
	{ .heading = "DROPS", .cell = "{where}", .align = 'l', .width = 20 },
	{ .heading = "reason", .cell = "{counter}", .align = 'l', .width = 28 },
	{ .heading = "per second", .cell = "{pps:.0}" },
	{ .heading = "since the start", .cell = "{value:,}" },
};
static const struct bp_view drops = {
	.name = "drop rates",
	.rows = "drops",
	BP_COLUMNS(drop_columns),
};

static const struct bp_column function_columns[] = {
	{ .heading = "FUNCTIONS", .cell = "{name}", .align = 'l', .width = 20 },
	{ .heading = "type", .cell = "{type}", .align = 'l' },
	{ .heading = "kpps", .cell = "{pps:.1k}" },
	{ .heading = "ns/p", .cell = "{ns_per_packet:.1}" },
	{ .heading = "drops/s", .cell = "{drop_pps:.0}" },
};
static const struct bp_view functions = {
	.name = "function rates",
	.rows = "functions",
	BP_COLUMNS(function_columns),
};

static const struct bp_column table_columns[] = {
	{ .heading = "TABLES", .cell = "{function}", .align = 'l', .width = 20 },
	{ .heading = "what", .cell = "{what}", .align = 'l', .width = 30 },
	{ .heading = "value", .cell = "{value:,}|{text}", .align = 'l', .width = 24 },
};
static const struct bp_view tables = {
	.name = "tables",
	.rows = "tables",
	BP_COLUMNS(table_columns),
};

#define GAP                                        \
	{                                          \
		.line = " ", .needs = "{?is_wide}" \
	}

static const struct bp_part function_parts[] = { GAP,
						 { .view = &functions },
						 { .line = "    … {cut.functions} more" } };
static const struct bp_part table_parts[] = {
	GAP, { .view = &tables }, { .line = "    … {cut.tables} more: bypath show tables" }
};

static const struct bp_part parts[] = {
	{ .line = "{instance} · up {elapsed_s:.0} s · figures of the last {interval_s:.1} s" },
	GAP,
	{ .view = &ports },
	{ .line = "    … {cut.ports} more, less busy ones" },
	GAP,
	{ .view = &workers },
	{ .line = "    … {cut.workers} more, less busy ones" },
	GAP,
	{ .view = &paths },
	{ .line = "    … {cut.paths} more, less busy ones" },
	GAP,
	{ .view = &drops },
	{ .line = "{!drops}  DROPS  none" },
	{ .line = "    … {cut.drops} more: bypath show drops" },
	{ .needs = "{?functions}", BP_PARTS(function_parts) },
	{ .needs = "{?tables}", BP_PARTS(table_parts) },
};
const struct bp_text bp_text_watch = { "bypath.watch/1", BP_PARTS(parts), .columns = 79 };
