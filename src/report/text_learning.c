/* The text of a search by RFC 2889: what a switch holds, how fast it learns, every trial. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/texts.h"

static const struct bp_column trial_columns[] = {
	{ .heading = "trial", .cell = "{@}" },
	{ .heading = "test", .cell = "{test}", .align = 'l' },
	{ .heading = "at s", .cell = "{begin_s:.2}" },
	{ .heading = "waited s", .cell = "{?waited_s}{waited_s:.1}" },
	{ .heading = "addresses", .cell = "{addresses:,}" },
	{ .heading = "asked Mpps", .cell = "{asked_pps:.6M}|fastest" },
	{ .heading = "sent Mpps", .cell = "{learn_pps:.6M}" },
	{ .heading = "test frames", .cell = "{sent:,}" },
	{ .heading = "received", .cell = "{received:,}" },
	{ .heading = "flooded", .cell = "{flooded:,}" },
	{ .heading = "note",
	  .cell = "{?interrupted}interrupted, no vote|{?void}no vote: {why}"
		  "|{?disturbed}disturbed|{?late}generator late|",
	  .align = 'l' },
};
static const struct bp_view trials = {
	.name = "trials",
	.rows = "trials",
	BP_COLUMNS(trial_columns),
};

static const struct bp_part parts[] = {
	{ .line = "\n{title} · [frames of {frame_size} bytes · ]{trials:#} trials in {elapsed_s:.1} s"
		  "[ of {budget_s:.0} s]" },
	{ .line = "  learning port {traffic.rx.name} ({traffic.rx.driver} {traffic.rx.device}), test port "
		  "{traffic.tx.name} ({traffic.tx.driver} {traffic.tx.device}), monitoring port {monitor}; "
		  "the device forgets after {ageing_s} s, waited for {rest_s:.1} s",
	  .indent = 4 },
	{ .line = "  capacity: {capacity.outcome}: [{capacity.lower:,} addresses were all learnt][, "
		  "of {capacity.upper:,} some were not][; {capacity.why}]",
	  .indent = 4 },
	{ .line = "  and the test port's own address beside them, which the device holds as well",
	  .indent = 4 },
	{ .line = "  learning rate: {rate.outcome}: [of {rate_addresses:,} addresses all were learnt at "
		  "{rate.lower:.6M} Mpps][, not at {rate.upper:.6M}][; {rate.why}]",
	  .indent = 4 },
	{ .view = &trials },
};

const struct bp_text bp_text_learning = { "bypath.learning/1", BP_PARTS(parts) };
