/* Understands the options of `bypath explain --line-rate`. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/explain_line.h"
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/page.h"

#include "core/clock.h"
#include "core/json.h"
#include "ledger/line_rate.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Parse a number from min to max, with k, m, g or t behind it, then a unit or none. */
static bool parse_scaled(const char *text, const char *const *units, double min, double max,
			 double *value)
{
	static const char prefixes[] = "kmgt";
	size_t n = strspn(text, "0123456789.");
	const char *prefix;
	char digits[32], *end;
	double v;

	if (!n || n >= sizeof(digits))
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	v = strtod(digits, &end);
	text += n + (text[n] == ' ');
	prefix = *text ? strchr(prefixes, tolower((unsigned char)*text)) : NULL;
	text += prefix != NULL;
	for (; prefix && prefix >= prefixes; prefix--)
		v *= 1000;
	while (*units && strcasecmp(text, *units) != 0)
		units++;
	*value = v;
	return *units && !*end && v >= min && v <= max;
}

static bool parse_rate(const char *text, double *bits_per_s)
{
	static const char *const units[] = { "", "bps", "bit/s", "b/s", NULL };

	return parse_scaled(text, units, 1e6, 1.6e12, bits_per_s);
}

static bool parse_hz(const char *text, double *hz)
{
	static const char *const units[] = { "", "hz", NULL };

	return parse_scaled(text, units, 1e8, 1e11, hz);
}

static bool parse_cycles(const char *text, double *cycles)
{
	static const char *const units[] = { "", NULL };

	return parse_scaled(text, units, 1, 1e9, cycles);
}

int bp_line_check(const struct bp_line_options *o)
{
	double v;

	if (!o->rate)
		return o->cycles || o->hz || o->from
			       ? bp_cli_complain("--cycles, --hz and --from belong to --line-rate")
			       : 0;
	if (!parse_rate(o->rate, &v))
		return bp_cli_complain("--line-rate: found '%s', allowed: the bits per second of a "
				       "line, 1m to 1.6t, as 10gbps, 25G, 100gbps",
				       o->rate);
	if (o->cycles && o->from)
		return bp_cli_complain(
			"--cycles and --from both say what a packet costs: give one");
	if (o->hz && o->from)
		return bp_cli_complain(
			"--hz: the report of --from has the rate of its own counter");
	if (o->cycles && !parse_cycles(o->cycles, &v))
		return bp_cli_complain("--cycles: found '%s', allowed: cycles per packet, 1 to 1g",
				       o->cycles);
	if (o->hz && !parse_hz(o->hz, &v))
		return bp_cli_complain("--hz: found '%s', allowed: cycles per second of a core, "
				       "100m to 100g, as 3.6g",
				       o->hz);
	return 0;
}

/* The report, and the rate that its cycles have. */
static int read_report(const struct bp_line_options *o, struct bp_line_ask *ask, json_t **report)
{
	*report = bp_cli_read_document(o->from, "bypath.report/1", "report of bypath run");
	if (!*report)
		return BP_EXIT_USAGE + 1;
	ask->report = *report;
	ask->report_name = o->from;
	ask->hz = bp_json_number_at(*report, "machine.cycle_hz");
	ask->hz_source = "the report's machine";
	if (ask->hz > 0)
		return 0;
	json_decref(*report);
	return bp_cli_complain("%s: has no machine.cycle_hz: it is of an older bypath: run again",
			       o->from);
}

int bp_line_make(const struct bp_line_options *o, json_t *explained, json_t **document)
{
	struct bp_line_ask ask = { .hz_source = "--hz" };
	json_t *report = NULL;
	int code = 0;

	parse_rate(o->rate, &ask.bits_per_s);
	if (o->cycles)
		parse_cycles(o->cycles, &ask.cycles_per_packet);
	if (o->from) {
		code = read_report(o, &ask, &report);
	} else if (o->hz) {
		parse_hz(o->hz, &ask.hz);
	} else {
		ask.hz = (double)bp_clock_hz();
		ask.hz_source = "this machine's counter";
	}
	if (!code) {
		*document = explained ? bp_line_document(explained, &ask) : NULL;
		json_decref(report);
	}
	json_decref(explained);
	return code;
}
