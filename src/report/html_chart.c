/* Draws panels with a scale and a line per path and size. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html_chart.h"

#include "report/html_text.h"

#include <math.h>
#include <string.h>

enum {
	TITLE_PX = 24, /* a path's name above its lines */
	GAP_PX = 8, /* below a path */
	SCALE_PX = 26, /* below the last path */
	SIZE_PX = 54, /* for the size, left of the plot; the style sheet has the width */
	TICKS_MAX = 24,
};

double bp_html_at(const struct bp_html_axis *axis, double value)
{
	double share;

	if (!bp_html_known(value))
		return 0;
	if (axis->is_log)
		share = value > 0 ? log(value / axis->lo) / log(axis->hi / axis->lo) : 0;
	else
		share = (value - axis->lo) / (axis->hi - axis->lo);
	return 100 * fmin(fmax(share, 0), 1);
}

/* 1, 2 or 5 times a power of ten: about four steps to hi. */
static double step_of(double hi, bool is_whole)
{
	double rough = is_whole ? fmax(hi / 4, 1) : hi / 4, power = pow(10, floor(log10(rough)));
	double times = rough / power;

	return power * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

struct bp_html_axis bp_html_axis(double lo, double hi, bool is_log)
{
	struct bp_html_axis axis = { .hi = 1, .is_log = is_log };

	if (!is_log) {
		if (hi > 0)
			axis.hi = step_of(hi, false) * ceil(hi / step_of(hi, false) - 1e-9);
		return axis;
	}
	axis.lo = lo > 0 ? pow(10, floor(log10(lo) + 1e-9)) : 1;
	axis.hi = hi > 0 ? pow(10, ceil(log10(hi) - 1e-9)) : 10;
	if (axis.hi < 10 * axis.lo)
		axis.hi = 10 * axis.lo;
	return axis;
}

unsigned bp_html_ticks(const struct bp_html_axis *axis, double *ticks, unsigned max)
{
	double step = axis->is_log ? 0 : step_of(axis->hi, axis->is_whole);
	unsigned n = 0;

	for (double v = axis->lo; v <= axis->hi * (1 + 1e-9) && n < max;
	     v = axis->is_log ? v * 10 : step * n)
		ticks[n++] = v;
	return n;
}

void bp_html_rect(FILE *out, const char *class, double from, double to, int y, int height)
{
	fprintf(out, "<rect class=\"%s\" x=\"%.2f%%\" y=\"%d\" width=\"%.2f%%\" height=\"%d\"/>",
		class, from, y, fmax(to - from, 0), height);
}

void bp_html_vertical(FILE *out, const char *class, double at, int y, int height)
{
	fprintf(out, "<line class=\"%s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>", class,
		at, at, y, y + height);
}

void bp_html_horizontal(FILE *out, const char *class, double from, double to, int y)
{
	fprintf(out, "<line class=\"%s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>", class,
		from, to, y, y);
}

/* --- panels ------------------------------------------------------------------------------------- */

/* Lines that a path takes: one per size, or one for all. */
static size_t n_lines(const struct bp_html_chart *chart, const struct bp_html_path *path)
{
	if (!chart->same_key)
		return path->n_rows;
	for (size_t i = 1; i < path->n_rows; i++)
		if (!json_equal(json_object_get(path->rows[0], chart->same_key),
				json_object_get(path->rows[i], chart->same_key)))
			return path->n_rows;
	return 1;
}

static bool in_group(const struct bp_html_path *path, const char *group)
{
	return !strcmp(path->group, group);
}

/* The group's scale and its panel's height; false: nothing was measured. */
static bool measure(const struct bp_html_page *page, const struct bp_html_chart *chart,
		    const char *group, struct bp_html_axis *axis, int *height)
{
	double lo = INFINITY, hi = 0, row_lo, row_hi;

	*height = SCALE_PX;
	for (size_t p = 0; p < page->n_paths; p++) {
		const struct bp_html_path *path = &page->paths[p];

		if (!in_group(path, group))
			continue;
		*height += TITLE_PX + GAP_PX + (int)n_lines(chart, path) * BP_HTML_LINE_PX;
		for (size_t r = 0; r < path->n_rows; r++) {
			if (!chart->range(path->rows[r], &row_lo, &row_hi))
				continue;
			lo = fmin(lo, row_lo);
			hi = fmax(hi, row_hi);
		}
	}
	*axis = bp_html_axis(lo, hi, chart->is_log);
	if (chart->is_whole)
		*axis = (struct bp_html_axis){ .hi = fmax(ceil(hi), 1), .is_whole = true };
	return isfinite(lo);
}

static void put_line_label(FILE *out, const struct bp_html_chart *chart, const json_t *row)
{
	double lo, hi;

	if (chart->range(row, &lo, &hi)) {
		chart->label(out, row);
		if (!bp_html_is_ok(row)) {
			fputs(" (", out);
			bp_html_put(out, bp_html_status_words(row));
			fputc(')', out);
		}
	} else if (bp_html_is_ok(row)) {
		fputs("not measured", out);
	} else {
		fputs("not measured: ", out);
		bp_html_put(out, bp_html_reason(row));
	}
}

/* All figures as one sentence per line, for those who do not see the picture. */
static void put_desc(const struct bp_html_page *page, const struct bp_html_chart *chart,
		     const char *group)
{
	fprintf(page->out, "%s. ", chart->unit);
	for (size_t p = 0; p < page->n_paths; p++) {
		const struct bp_html_path *path = &page->paths[p];

		for (size_t r = 0; in_group(path, group) && r < n_lines(chart, path); r++) {
			bp_html_put(page->out, path->title);
			fputs(", ", page->out);
			bp_html_size(page->out, bp_html_row_size(path->rows[r]));
			fputs(": ", page->out);
			put_line_label(page->out, chart, path->rows[r]);
			fputs("; ", page->out);
		}
	}
}

static void put_scale(const struct bp_html_page *page, const struct bp_html_chart *chart,
		      const struct bp_html_axis *axis, int height)
{
	double ticks[TICKS_MAX];
	unsigned n = bp_html_ticks(axis, ticks, TICKS_MAX);

	for (unsigned i = 0; i < n; i++) {
		double at = bp_html_at(axis, ticks[i]);

		bp_html_vertical(page->out, "grid", at, 0, height - SCALE_PX + 4);
		fprintf(page->out, "<text class=\"tick\" x=\"%.2f%%\" y=\"%d\">", at, height - 6);
		chart->tick(page->out, ticks[i]);
		fputs("</text>", page->out);
	}
}

static void put_line(const struct bp_html_page *page, const struct bp_html_chart *chart,
		     const json_t *row, const struct bp_html_axis *axis, int y, bool all_sizes)
{
	FILE *out = page->out;
	double lo, hi;
	bool is_known = chart->range(row, &lo, &hi);

	fprintf(out, "<g%s><title>", is_known && !bp_html_is_ok(row) ? " class=\"failed\"" : "");
	bp_html_put(out, bp_html_str(row, "title", bp_html_str(row, "path", "")));
	fputs(": ", out);
	put_line_label(out, chart, row);
	fprintf(out, "</title><text class=\"size\" x=\"-8\" y=\"%d\">", y + 14);
	if (all_sizes)
		fputs("all", out);
	else
		bp_html_size(out, bp_html_row_size(row));
	fputs("</text>", out);
	if (is_known)
		chart->draw(page, row, axis, y);
	fprintf(out, "<text class=\"%s\" x=\"%.2f%%\" dx=\"7\" y=\"%d\">",
		is_known ? "value" : "none", is_known ? bp_html_at(axis, hi) : 0, y + 14);
	put_line_label(out, chart, row);
	fputs("</text></g>\n", out);
}

static void put_paths(const struct bp_html_page *page, const struct bp_html_chart *chart,
		      const char *group, const struct bp_html_axis *axis)
{
	int y = 0;

	for (size_t p = 0; p < page->n_paths; p++) {
		const struct bp_html_path *path = &page->paths[p];
		size_t n = n_lines(chart, path);

		if (!in_group(path, group))
			continue;
		fprintf(page->out, "<text class=\"name\" x=\"-%d\" y=\"%d\">", SIZE_PX, y + 18);
		bp_html_put(page->out, path->title);
		fputs("</text>\n", page->out);
		y += TITLE_PX;
		for (size_t r = 0; r < n; r++, y += BP_HTML_LINE_PX)
			put_line(page, chart, path->rows[r], axis, y, n < path->n_rows);
		y += GAP_PX;
	}
}

static void put_panel(const struct bp_html_page *page, const struct bp_html_chart *chart,
		      size_t path_id)
{
	const char *group = page->paths[path_id].group;
	FILE *out = page->out;
	struct bp_html_axis axis;
	int height;

	fputs("<figure><figcaption>", out);
	bp_html_put(out, bp_html_group_title(group));
	fprintf(out, " <small>%s</small></figcaption>", chart->unit);
	if (!measure(page, chart, group, &axis, &height)) {
		fputs("<p class=\"none\">Nothing measured here.</p></figure>\n", out);
		return;
	}
	fprintf(out,
		"<svg class=\"plot\" role=\"img\" aria-labelledby=\"%s-%zu-t %s-%zu-d\" "
		"height=\"%d\"><title id=\"%s-%zu-t\">%s: ",
		chart->id, path_id, chart->id, path_id, height, chart->id, path_id, chart->title);
	bp_html_put(out, bp_html_group_title(group));
	fprintf(out, "</title><desc id=\"%s-%zu-d\">", chart->id, path_id);
	put_desc(page, chart, group);
	fputs("</desc>\n", out);
	put_scale(page, chart, &axis, height);
	put_paths(page, chart, group, &axis);
	fputs("</svg></figure>\n", out);
}

void bp_html_panels(const struct bp_html_page *page, const struct bp_html_chart *chart)
{
	fputs("<div class=\"panels\">\n", page->out);
	for (size_t p = 0; p < page->n_paths; p++)
		if (bp_html_begins_group(page, p))
			put_panel(page, chart, p);
	fputs("</div>\n", page->out);
}
