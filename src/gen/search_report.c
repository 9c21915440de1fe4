/* What searches are called, and the line while one goes on. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/search_report.h"

#include <math.h>

#define N_OF(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

const char *bp_search_title(enum bp_search_kind kind)
{
	static const char *const titles[BP_SEARCH_KIND_N] = {
		[BP_SEARCH_NDR] = "NDR, highest rate without loss",
		[BP_SEARCH_PDR] = "PDR, highest rate within a loss ratio",
		[BP_SEARCH_THROUGHPUT] = "RFC 2544 THROUGHPUT",
		[BP_SEARCH_LATENCY] = "RFC 2544 LATENCY",
		[BP_SEARCH_LOSS] = "RFC 2544 FRAME LOSS RATE",
		[BP_SEARCH_BACK_TO_BACK] = "RFC 2544 BACK-TO-BACK FRAMES",
		[BP_SEARCH_MLR] = "MULTIPLE LOSS RATIO SEARCH",
	};

	return (unsigned)kind < BP_SEARCH_KIND_N ? titles[kind] : "?";
}

const char *bp_search_outcome_name(enum bp_search_outcome outcome)
{
	switch (outcome) {
	case BP_SEARCH_MEASURED:
		return "measured";
	case BP_SEARCH_BOUNDED:
		return "bounded";
	case BP_SEARCH_NOT_MEASURABLE:
		break;
	}
	return "not measurable";
}

const char *bp_search_cause_name(enum bp_search_cause cause)
{
	static const char *const names[] = {
		[BP_SEARCH_CAUSE_NONE] = "",         [BP_SEARCH_CAUSE_GENERATOR] = "generator",
		[BP_SEARCH_CAUSE_NOISE] = "noise",   [BP_SEARCH_CAUSE_LOSSY] = "lossy",
		[BP_SEARCH_CAUSE_TIME] = "time",     [BP_SEARCH_CAUSE_INTERRUPTED] = "interrupted",
		[BP_SEARCH_CAUSE_FAILED] = "failed", [BP_SEARCH_CAUSE_DISTURBED] = "disturbed",
	};

	return (unsigned)cause < N_OF(names) ? names[cause] : "?";
}

void bp_search_print_progress(FILE *out, const struct bp_search_progress *p)
{
	fprintf(out, "%s", bp_search_name(p->kind));
	if (p->frame_size)
		fprintf(out, " %u", p->frame_size);
	fprintf(out, " · %s · trial %zu: ", p->phase, p->n_trials + 1);
	if (p->next_pps > 0)
		fprintf(out, "%.4f Mpps", p->next_pps / 1e6);
	else
		fputs("fastest", out);
	fprintf(out, " for %.2g s", p->next_s);
	if (p->lower_pps > 0 || p->upper_pps > 0)
		fprintf(out, " · bounds %.4f…%.4f", p->lower_pps / 1e6,
			p->upper_pps > 0 ? p->upper_pps / 1e6 : INFINITY);
	fprintf(out, " · %.0f s left", ceil(p->remaining_s));
}
