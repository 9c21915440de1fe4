/* The filter that a request of the control socket has. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/filter.h"

#include "core/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Its text goes to terminals and into files: none of it may be more than a text. 0 or -EINVAL with why. */
static int read_text(const json_t *request, const char **out, char *why, size_t why_bytes)
{
	const json_t *given = json_object_get(request, "filter_text");
	const char *text = json_string_value(given);

	*out = text;
	if (!given)
		return 0;
	if (!text)
		snprintf(why, why_bytes, "\"filter_text\" is no text");
	else if (strlen(text) > BP_CAPTURE_FILTER_BYTES)
		snprintf(why, why_bytes, "\"filter_text\" has %zu bytes, allowed: up to %u",
			 strlen(text), BP_CAPTURE_FILTER_BYTES);
	else if (bp_utf8_has_control(text))
		snprintf(why, why_bytes,
			 "\"filter_text\" has control characters, allowed: what can be read");
	else
		return 0;
	return -EINVAL;
}

int bp_capture_filter_read(const json_t *request, struct bp_capture_filter **filter,
			   const char **text, char *why, size_t why_bytes)
{
	const json_t *program = json_object_get(request, "filter");

	*filter = NULL;
	*text = NULL;
	if (!program)
		return 0;
	if (read_text(request, text, why, why_bytes))
		return -EINVAL;
	return bp_capture_filter_open(program, filter, why, why_bytes);
}
