/* The text of `bypath drivers`, and of `bypath show build`. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/texts.h"

static const struct bp_column driver_columns[] = {
	{ .heading = "driver", .cell = "{name}", .align = 'l' },
	{ .heading = "state", .cell = "{state}", .align = 'l' },
	{ .heading = "what it is, or why it cannot be used",
	  .cell = "{reason}|{summary}",
	  .align = 'l' },
};
static const struct bp_view drivers = {
	.name = "drivers",
	.rows = "drivers",
	BP_COLUMNS(driver_columns),
};
/* Of a running instance. */
const struct bp_view bp_view_build = {
	.name = "drivers of the build",
	.title = "BUILD · bypath {build.version}",
	.rows = "build.drivers",
	BP_COLUMNS(driver_columns),
};

static const struct bp_part parts[] = {
	{ .view = &drivers },
	{ .line = "{usable} of {drivers:#} drivers can be used" },
};

const struct bp_text bp_text_drivers = { "bypath.drivers/1", BP_PARTS(parts) };
