/* The filter that a command asks an instance for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/filter_ask.h"

#include "cli/common.h"

#include "capture/filter.h"
#include "core/json.h"

#include <ctype.h>
#include <stdio.h>

bool bp_cli_ask_filter(json_t *request, const char *text)
{
	char why[512], shown[BP_CAPTURE_FILTER_BYTES + 1];
	json_t *program;

	if (!text[0])
		return true;
	program = bp_capture_filter_compile(text, why, sizeof(why));
	if (!program) {
		(void)bp_cli_complain("FILTER '%.100s': %s", text, why);
		return false;
	}
	/* Lines and tabs, between its words alone: the instance takes none. */
	snprintf(shown, sizeof(shown), "%s", text);
	for (char *c = shown; *c; c++)
		if (isspace((unsigned char)*c))
			*c = ' ';
	json_object_set_new(request, "filter", program);
	json_object_set_new(request, "filter_text", bp_json_text(shown));
	return true;
}
