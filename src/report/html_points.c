/* The points and lines of an HTML report: latency, loss against offered load. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html_chart.h"
#include "report/html_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- latency ------------------------------------------------------------------------------------ */

static double latency(const json_t *row, const char *key)
{
	return bp_html_num(json_object_get(row, "latency"), key);
}

static bool latency_range(const json_t *row, double *lo, double *hi)
{
	static const char *const keys[] = { "min_ns", "p50_ns",  "p90_ns",
					    "p99_ns", "p999_ns", "max_ns" };

	*lo = INFINITY;
	*hi = 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		double value = latency(row, keys[i]);

		if (!(value > 0))
			continue;
		*lo = fmin(*lo, value);
		*hi = fmax(*hi, value);
	}
	return *hi > 0;
}

/* Shape and key of each mark, so that colour need not tell them apart. */
static void put_mark(FILE *out, const char *shape, double at, int y)
{
	if (!strcmp(shape, "dot"))
		fprintf(out, "<circle class=\"mark\" cx=\"%.2f%%\" cy=\"%d\" r=\"5\"/>", at, y);
	else if (!strcmp(shape, "diamond"))
		fprintf(out,
			"<svg class=\"free\" x=\"%.2f%%\" y=\"%d\" width=\"1\" height=\"1\">"
			"<path class=\"mark\" d=\"M-6 0L0 -6L6 0L0 6Z\"/></svg>",
			at, y);
	else if (!strcmp(shape, "square"))
		fprintf(out,
			"<svg class=\"free\" x=\"%.2f%%\" y=\"%d\" width=\"1\" height=\"1\">"
			"<path class=\"mark hollow\" d=\"M-4 -4H4V4H-4Z\"/></svg>",
			at, y);
	else
		bp_html_vertical(out, "mark", at, y - 5, 10);
}

static void draw_latency(const struct bp_html_page *page, const json_t *row,
			 const struct bp_html_axis *axis, int y)
{
	static const char *const marks[][2] = { { "p90_ns", "tick" },
						{ "p50_ns", "dot" },
						{ "p999_ns", "square" },
						{ "p99_ns", "diamond" } };
	double p50 = latency(row, "p50_ns"), p99 = latency(row, "p99_ns");
	double lo, hi;
	int middle = y + BP_HTML_BAR_AT_PX + BP_HTML_BAR_PX / 2;

	latency_range(row, &lo, &hi);
	bp_html_horizontal(page->out, "range", bp_html_at(axis, lo), bp_html_at(axis, hi), middle);
	if (bp_html_known(p50) && bp_html_known(p99))
		bp_html_rect(page->out, "body", bp_html_at(axis, p50), bp_html_at(axis, p99),
			     middle - 3, 6);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (latency(row, marks[i][0]) > 0)
			put_mark(page->out, marks[i][1],
				 bp_html_at(axis, latency(row, marks[i][0])), middle);
}

static void put_latency(FILE *out, const json_t *row)
{
	fputs("p99 ", out);
	bp_html_ns(out, latency(row, "p99_ns"));
}

const struct bp_html_chart bp_html_latency = {
	.id = "latency",
	.title = "Latency",
	.unit = "logarithmic scale",
	.is_log = true,
	.range = latency_range,
	.draw = draw_latency,
	.label = put_latency,
	.tick = bp_html_ns,
};

/* --- loss --------------------------------------------------------------------------------------- */

enum { LOSS_TOP_PX = 10, LOSS_PX = 110, LOSS_SCALE_PX = 40, N_MAX = 8 };

struct trial {
	double offered, loss;
};

static bool read_trial(const json_t *value, struct trial *trial)
{
	trial->offered = bp_html_num(value, "offered_mpps");
	trial->loss = bp_html_num(value, "loss_ratio");
	return trial->offered > 0 && bp_html_known(trial->loss);
}

static double most_offered(const json_t *row)
{
	const json_t *value;
	struct trial trial;
	double hi = 0;
	size_t i;

	json_array_foreach(json_object_get(row, "loss_curve"), i,
			   value) if (read_trial(value, &trial)) hi = fmax(hi, trial.offered);
	return hi;
}

static double path_most(const struct bp_html_path *path)
{
	double hi = 0;

	for (size_t r = 0; r < path->n_rows; r++)
		hi = fmax(hi, most_offered(path->rows[r]));
	return hi;
}

static int by_offered(const void *a, const void *b)
{
	const struct trial *x = a, *y = b;

	if (x->offered != y->offered)
		return x->offered < y->offered ? -1 : 1;
	return (x->loss > y->loss) - (x->loss < y->loss);
}

static int loss_y(double loss)
{
	return LOSS_TOP_PX + (int)lround(LOSS_PX * (1 - fmin(fmax(loss, 0), 1)));
}

static void put_curve(FILE *out, const struct trial *trials, size_t n,
		      const struct bp_html_axis *axis, unsigned size_id)
{
	for (size_t i = 1; i < n; i++)
		fprintf(out,
			"<line class=\"l%u\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>",
			size_id, bp_html_at(axis, trials[i - 1].offered),
			bp_html_at(axis, trials[i].offered), loss_y(trials[i - 1].loss),
			loss_y(trials[i].loss));
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "<circle class=\"s%u\" cx=\"%.2f%%\" cy=\"%d\" r=\"2.6\"><title>",
			size_id, bp_html_at(axis, trials[i].offered), loss_y(trials[i].loss));
		bp_html_sig(out, trials[i].offered);
		fputs(" Mpps offered, lost ", out);
		bp_html_percent(out, trials[i].loss);
		fputs("</title></circle>", out);
	}
	fputc('\n', out);
}

static void put_row_curve(const struct bp_html_page *page, const json_t *row,
			  const struct bp_html_axis *axis)
{
	const json_t *curve = json_object_get(row, "loss_curve"), *value;
	struct trial *trials = calloc(json_array_size(curve) + 1, sizeof(*trials));
	size_t n = 0, i;

	if (!trials)
		return;
	json_array_foreach(curve, i, value) n += read_trial(value, &trials[n]);
	qsort(trials, n, sizeof(*trials), by_offered);
	put_curve(page->out, trials, n, axis, bp_html_size_id(page, row));
	free(trials);
}

static void put_ndr(const struct bp_html_page *page, const json_t *row,
		    const struct bp_html_axis *axis)
{
	double ndr = bp_html_stat(json_object_get(row, "ndr"), "mpps").median;

	if (!bp_html_known(ndr))
		return;
	fprintf(page->out,
		"<svg class=\"free\" x=\"%.2f%%\" y=\"%d\" width=\"1\" height=\"1\">"
		"<path class=\"s%u\" d=\"M0 1L5 9L-5 9Z\"><title>NDR ",
		bp_html_at(axis, ndr), LOSS_TOP_PX + LOSS_PX, bp_html_size_id(page, row));
	bp_html_sig(page->out, ndr);
	fputs(" Mpps</title></path></svg>\n", page->out);
}

static void put_loss_grid(FILE *out, const struct bp_html_axis *axis)
{
	double ticks[N_MAX];
	unsigned n = bp_html_ticks(axis, ticks, N_MAX);

	for (unsigned percent = 0; percent <= 100; percent += 50) {
		bp_html_horizontal(out, "grid", 0, 100, loss_y(percent / 100.0));
		fprintf(out, "<text class=\"size\" x=\"-7\" y=\"%d\">%u %%</text>",
			loss_y(percent / 100.0) + 4, percent);
	}
	for (unsigned i = 0; i < n; i++) {
		bp_html_vertical(out, "grid", bp_html_at(axis, ticks[i]), LOSS_TOP_PX, LOSS_PX);
		fprintf(out, "<text class=\"tick\" x=\"%.2f%%\" y=\"%d\">",
			bp_html_at(axis, ticks[i]), LOSS_TOP_PX + LOSS_PX + 24);
		bp_html_plain(out, ticks[i]);
		fputs("</text>", out);
	}
}

static void put_loss_desc(const struct bp_html_page *page, const struct bp_html_path *path)
{
	for (size_t r = 0; r < path->n_rows; r++) {
		const json_t *value;
		struct trial trial;
		size_t i;

		bp_html_size(page->out, bp_html_row_size(path->rows[r]));
		fputs(":", page->out);
		json_array_foreach(json_object_get(path->rows[r], "loss_curve"), i, value)
		{
			if (!read_trial(value, &trial))
				continue;
			fputs(" at ", page->out);
			bp_html_sig(page->out, trial.offered);
			fputs(" Mpps ", page->out);
			bp_html_percent(page->out, trial.loss);
			fputc(',', page->out);
		}
		fputs(" end. ", page->out);
	}
}

static void put_loss_path(const struct bp_html_page *page, size_t path_id)
{
	const struct bp_html_path *path = &page->paths[path_id];
	struct bp_html_axis axis = bp_html_axis(0, path_most(path), false);
	FILE *out = page->out;

	fputs("<figure><figcaption>", out);
	bp_html_put(out, path->title);
	fprintf(out,
		"</figcaption><svg class=\"loss\" role=\"img\" aria-labelledby=\"loss-%zu-t loss-%zu-d\" "
		"height=\"%d\"><title id=\"loss-%zu-t\">Loss against offered load: ",
		path_id, path_id, LOSS_TOP_PX + LOSS_PX + LOSS_SCALE_PX, path_id);
	bp_html_put(out, path->title);
	fprintf(out, "</title><desc id=\"loss-%zu-d\">", path_id);
	put_loss_desc(page, path);
	fputs("</desc>\n", out);
	put_loss_grid(out, &axis);
	for (size_t r = 0; r < path->n_rows; r++) {
		put_ndr(page, path->rows[r], &axis);
		put_row_curve(page, path->rows[r], &axis);
	}
	fputs("</svg></figure>\n", out);
}

bool bp_html_has_trials(const struct bp_html_page *page)
{
	for (size_t p = 0; p < page->n_paths; p++)
		if (path_most(&page->paths[p]) > 0)
			return true;
	return false;
}

void bp_html_loss(const struct bp_html_page *page)
{
	fputs("<div class=\"small panels\">\n", page->out);
	for (size_t p = 0; p < page->n_paths; p++)
		if (path_most(&page->paths[p]) > 0)
			put_loss_path(page, p);
	fputs("</div>\n", page->out);
}
