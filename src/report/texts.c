/* The table of all texts. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/texts.h"

const struct bp_text *const bp_texts[] = {
	&bp_text_bind,         &bp_text_compare,
	&bp_text_compare_diff, &bp_text_drivers,
	&bp_text_explain,      &bp_text_gen,
	&bp_text_learning,     &bp_text_line_rate,
	&bp_text_run,          &bp_text_search,
	&bp_text_show,         &bp_text_trace,
	&bp_text_watch,        NULL,
};
