/* The function filter: rules of a file decide whether packets pass, are dropped or are copied. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/filter.h"

#define OWN(field) BP_KEY_OF_FN(struct bp_filter_conf, field)

static const struct bp_word rest_words[] = { { "pass", false }, { "drop", true }, { NULL, 0 } };

static const struct bp_key keys[] = {
	{ .name = "rules",
	  .type = BP_KEY_FILE,
	  .flags = BP_KEY_REQUIRED,
	  OWN(rules),
	  .example = "edge.rules",
	  .help = "file of rules, a line each: pass | drop | mirror:PORT, an expression of pcap-filter(7)" },
	BP_KEY_WORDS("default", rest_words, "pass", OWN(drops_rest),
		     "what packets get that no rule passes or drops"),
	{ .name = NULL },
};

static const struct bp_fn_reason reasons[] = {
	[BP_FILTER_BY_RULE] = { "filtered", "a rule of the filter drops it" },
	[BP_FILTER_BY_DEFAULT] = { "default",
				   "no rule passes it, and the filter has default = drop" },
	{ NULL, NULL },
};

const struct bp_function bp_function_filter = {
	.name = "filter",
	.summary = "passes, drops and copies packets by rules of a file, in pcap-filter's words",
	.flags = BP_FN_READS,
	.keys = keys,
	.reasons = reasons,
	.ops = &bp_filter_ops,
	.outs = bp_filter_outs,
	.check = bp_filter_check,
};
