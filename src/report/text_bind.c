/* The text of `bypath bind --list`. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/texts.h"

static const struct bp_column device_columns[] = {
	{ .heading = "address", .cell = "{address}", .align = 'l' },
	{ .heading = "vendor:dev", .cell = "{vendor}:{device}", .align = 'l' },
	{ .heading = "driver", .cell = "{driver}", .align = 'l' },
	{ .heading = "kernel's", .cell = "{kernel_driver}", .align = 'l' },
	{ .heading = "group", .cell = "{iommu_group}|none" },
	{ .heading = "node", .cell = "{numa_node!-1}{numa_node}" },
	{ .heading = "Mbit/s", .cell = "{speed_mbps}" },
	{ .heading = "interface", .cell = "{interfaces}", .align = 'l' },
	{ .heading = "used by", .cell = "{used_by:;}", .align = 'l' },
};
static const struct bp_view devices = {
	.name = "devices",
	.rows = "devices",
	.none = "this machine has no network device on PCI",
	BP_COLUMNS(device_columns),
};

static const struct bp_part parts[] = {
	{ .view = &devices },
	{ .line = "  {address}: also in IOMMU group {iommu_group}: {others:;}"
		  "|  {address}: also in IOMMU group {iommu_group}: cannot be read: {error}",
	  .rows = "shared_groups",
	  .indent = 4 },
	{ .line = "{!sees_all_processes}  not root: processes of other users that have a device open are not "
		  "shown" },
};

const struct bp_text bp_text_bind = { "bypath.bind/1", BP_PARTS(parts) };
