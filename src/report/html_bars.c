/* The bars of an HTML report: throughput, time, copies. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html_chart.h"
#include "report/html_text.h"

#include <math.h>
#include <string.h>

/* Whose time, whose copies: parts of a stacked bar. */
static const char *const owners[] = { "kernel", "library", "user" };
#define N_OWNERS (sizeof(owners) / sizeof(owners[0]))

/* --- throughput --------------------------------------------------------------------------------- */

static struct bp_html_stat rate(const json_t *row)
{
	return bp_html_stat(json_object_get(row, "saturation"), "mpps");
}

static bool rate_range(const json_t *row, double *lo, double *hi)
{
	struct bp_html_stat stat = rate(row);

	*lo = stat.min;
	*hi = stat.max;
	return bp_html_known(stat.median);
}

static void draw_rate(const struct bp_html_page *page, const json_t *row,
		      const struct bp_html_axis *axis, int y)
{
	struct bp_html_stat stat = rate(row);
	double from = bp_html_at(axis, stat.min), to = bp_html_at(axis, stat.max);
	int middle = y + BP_HTML_BAR_AT_PX + BP_HTML_BAR_PX / 2;
	char class[16];

	snprintf(class, sizeof(class), "s%u", bp_html_size_id(page, row));
	bp_html_rect(page->out, class, 0, bp_html_at(axis, stat.median), y + BP_HTML_BAR_AT_PX,
		     BP_HTML_BAR_PX);
	if (stat.max <= stat.min)
		return;
	bp_html_horizontal(page->out, "whisker", from, to, middle);
	bp_html_vertical(page->out, "whisker", from, middle - 4, 8);
	bp_html_vertical(page->out, "whisker", to, middle - 4, 8);
}

static void put_rate(FILE *out, const json_t *row)
{
	if (json_is_true(json_object_get(json_object_get(row, "generator"), "is_bound")))
		fputs("≥ ", out);
	bp_html_sig(out, rate(row).median);
}

const struct bp_html_chart bp_html_throughput = {
	.id = "throughput",
	.title = "Throughput at saturation",
	.unit = "million packets per second",
	.range = rate_range,
	.draw = draw_rate,
	.label = put_rate,
	.tick = bp_html_plain,
};

/* --- time per packet ---------------------------------------------------------------------------- */

struct time {
	double whole, user, calls, softirq;
	bool is_split;
};

static struct time time_of(const json_t *row)
{
	const json_t *value = json_object_get(row, "time");
	struct time time = { bp_html_num(value, "ns_per_packet"), bp_html_num(value, "user_ns"),
			     bp_html_num(value, "calls_ns"), bp_html_num(value, "softirq_ns"),
			     false };

	time.is_split = bp_html_known(time.user) && bp_html_known(time.calls);
	if (time.is_split)
		time.whole = time.user + time.calls;
	return time;
}

static bool time_range(const json_t *row, double *lo, double *hi)
{
	struct time time = time_of(row);

	*lo = *hi = time.whole;
	return bp_html_known(time.whole);
}

/* A bracket below the end of the bar: part of what the bar shows, never on top of it. */
static void draw_softirq(FILE *out, const struct bp_html_axis *axis, const struct time *time, int y)
{
	double to = bp_html_at(axis, time->whole);
	double from = bp_html_at(axis, fmax(time->whole - time->softirq, 0));

	if (!(time->softirq > 0))
		return;
	y += BP_HTML_BAR_AT_PX + BP_HTML_BAR_PX + 3;
	bp_html_horizontal(out, "softirq", from, to, y);
	bp_html_vertical(out, "softirq", from, y - 2, 2);
	bp_html_vertical(out, "softirq", to, y - 2, 2);
}

static void draw_time(const struct bp_html_page *page, const json_t *row,
		      const struct bp_html_axis *axis, int y)
{
	struct time time = time_of(row);
	double user = bp_html_at(axis, time.user), whole = bp_html_at(axis, time.whole);

	if (time.is_split) {
		bp_html_rect(page->out, "user", 0, user, y + BP_HTML_BAR_AT_PX, BP_HTML_BAR_PX);
		bp_html_rect(page->out, "kernel", user, whole, y + BP_HTML_BAR_AT_PX,
			     BP_HTML_BAR_PX);
	} else {
		bp_html_rect(page->out, "whole", 0, whole, y + BP_HTML_BAR_AT_PX, BP_HTML_BAR_PX);
	}
	draw_softirq(page->out, axis, &time, y);
}

static void put_time(FILE *out, const json_t *row)
{
	bp_html_count(out, time_of(row).whole);
	fputs(" ns", out);
}

const struct bp_html_chart bp_html_time = {
	.id = "time",
	.title = "Where the nanoseconds go",
	.unit = "nanoseconds per packet",
	.range = time_range,
	.draw = draw_time,
	.label = put_time,
	.tick = bp_html_count,
};

/* --- copies per packet -------------------------------------------------------------------------- */

struct copies {
	double lo, hi;
	unsigned n_known;
};

static const json_t *copies_by(const json_t *row, unsigned owner)
{
	return json_object_get(json_object_get(row, "copies"), owners[owner]);
}

static struct copies all_copies(const json_t *row)
{
	struct copies all = { 0 };

	for (unsigned i = 0; i < N_OWNERS; i++) {
		double lo = bp_html_num(copies_by(row, i), "lo");
		double hi = bp_html_num(copies_by(row, i), "hi");

		if (!bp_html_known(lo))
			continue;
		all.lo += lo;
		all.hi += bp_html_known(hi) ? hi : lo;
		all.n_known++;
	}
	return all;
}

static bool copies_range(const json_t *row, double *lo, double *hi)
{
	struct copies all = all_copies(row);

	*lo = all.lo;
	*hi = all.hi;
	return all.n_known > 0;
}

static void draw_copies(const struct bp_html_page *page, const json_t *row,
			const struct bp_html_axis *axis, int y)
{
	struct copies all = all_copies(row);
	double done = 0;
	char class[32];

	for (unsigned i = 0; i < N_OWNERS; i++) {
		double lo = bp_html_num(copies_by(row, i), "lo");

		if (!(lo > 0))
			continue;
		snprintf(
			class, sizeof(class), "%s-%s", owners[i],
			bp_html_provenance_class(bp_html_str(copies_by(row, i), "provenance", "")));
		bp_html_rect(page->out, class, bp_html_at(axis, done), bp_html_at(axis, done + lo),
			     y + BP_HTML_BAR_AT_PX, BP_HTML_BAR_PX);
		done += lo;
	}
	if (all.hi > all.lo)
		bp_html_rect(page->out, "maybe", bp_html_at(axis, done), bp_html_at(axis, all.hi),
			     y + BP_HTML_BAR_AT_PX, BP_HTML_BAR_PX);
	if (all.hi <= 0)
		bp_html_vertical(page->out, "whisker", 0, y + BP_HTML_BAR_AT_PX, BP_HTML_BAR_PX);
}

static void put_copies(FILE *out, const json_t *row)
{
	struct copies all = all_copies(row);

	if (all.n_known < N_OWNERS)
		fputs("≥ ", out);
	bp_html_plain(out, round(all.lo * 100) / 100);
	if (all.hi > all.lo) {
		fputs("–", out);
		bp_html_plain(out, round(all.hi * 100) / 100);
	}
}

const struct bp_html_chart bp_html_copies = {
	.id = "copies",
	.title = "Copies per packet",
	.unit = "copies of each packet's bytes",
	.is_whole = true,
	.same_key = "copies",
	.range = copies_range,
	.draw = draw_copies,
	.label = put_copies,
	.tick = bp_html_plain,
};

const char *bp_html_provenance_class(const char *provenance)
{
	if (!strcmp(provenance, "counted") || !strcmp(provenance, "modelled"))
		return provenance;
	return "reported";
}

void bp_html_patterns(FILE *out)
{
	fputs("<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>\n", out);
	for (unsigned i = 0; i < N_OWNERS; i++)
		fprintf(out,
			"<pattern id=\"hatch-%s\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
			"patternTransform=\"rotate(45)\"><rect class=\"%s\" width=\"6\" height=\"6\" "
			"opacity=\"0.35\"/><rect class=\"%s\" width=\"3\" height=\"6\"/></pattern>\n"
			"<pattern id=\"dots-%s\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\">"
			"<rect class=\"%s\" width=\"5\" height=\"5\" opacity=\"0.35\"/>"
			"<circle class=\"%s\" cx=\"2.5\" cy=\"2.5\" r=\"1.6\"/></pattern>\n",
			owners[i], owners[i], owners[i], owners[i], owners[i], owners[i]);
	fputs("</defs></svg>\n", out);
}
