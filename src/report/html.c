/* Writes a compare document as one HTML page. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html.h"

#include "bypath/log.h"

#include "report/file.h"
#include "report/html_chart.h"
#include "report/html_page.h"
#include "report/html_style.h"
#include "report/html_tables.h"
#include "report/html_text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static const char *host_of(const json_t *doc)
{
	return bp_html_str(json_object_get(doc, "machine"), "host", "unknown host");
}

static void put_head(const struct bp_html_page *page)
{
	FILE *out = page->out;

	/* The policy holds whatever gets past the escapes: no script, nothing from elsewhere. */
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	      "<title>bypath compare: ",
	      out);
	bp_html_put(out, host_of(page->doc));
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", bp_html_style);
}

/* --- what was run ------------------------------------------------------------------------------- */

static void put_fact(FILE *out, const char *name, const char *value, bool is_code)
{
	if (!value)
		return;
	fprintf(out, "<div%s><dt>%s</dt><dd>%s", is_code ? " class=\"code\"" : "", name,
		is_code ? "<code>" : "");
	bp_html_put(out, value);
	fprintf(out, "%s</dd></div>\n", is_code ? "</code>" : "");
}

static void put_figure_fact(FILE *out, const char *name, double value, const char *unit)
{
	if (!bp_html_known(value))
		return;
	fprintf(out, "<div><dt>%s</dt><dd>", name);
	bp_html_plain(out, value);
	fprintf(out, "%s</dd></div>\n", unit);
}

static void put_cores(FILE *out, const json_t *cores)
{
	if (!json_is_object(cores))
		return;
	fputs("<div><dt>Cores</dt><dd>forwarder ", out);
	bp_html_plain(out, bp_html_num(cores, "dut"));
	fputs(", generator ", out);
	bp_html_plain(out, bp_html_num(cores, "generator"));
	fputs("</dd></div>\n", out);
}

static void put_facts(const struct bp_html_page *page)
{
	const json_t *machine = json_object_get(page->doc, "machine");
	const json_t *run = json_object_get(page->doc, "run");
	FILE *out = page->out;

	fputs("<dl class=\"facts\">\n", out);
	put_fact(out, "Host", bp_html_str(machine, "host", NULL), false);
	put_fact(out, "Kernel", bp_html_str(machine, "kernel", NULL), false);
	put_fact(out, "CPU", bp_html_str(machine, "cpu", NULL), false);
	put_figure_fact(out, "CPUs online", bp_html_num(machine, "cores"), "");
	put_cores(out, json_object_get(run, "cores"));
	put_fact(out, "Begun", bp_html_str(run, "begun", NULL), false);
	put_figure_fact(out, "Took", round(10 * bp_html_num(run, "elapsed_s")) / 10, " s");
	put_figure_fact(out, "Rounds", bp_html_num(run, "rounds"), "");
	put_figure_fact(out, "Each trial", bp_html_num(run, "trial_s"), " s");
	put_fact(out, "bypath", bp_html_str(page->doc, "bypath", NULL), false);
	put_fact(out, "Command", bp_html_str(run, "command", NULL), true);
	fputs("</dl>\n", out);
}

static void put_notes(FILE *out, const json_t *run)
{
	const json_t *notes = json_object_get(run, "notes"), *note;
	size_t i;

	fputs("<ul class=\"notes\">\n", out);
	if (json_is_true(json_object_get(run, "interrupted")))
		fputs("<li><strong>The run was interrupted:</strong> here is what had been measured by "
		      "then.</li>\n",
		      out);
	if (json_is_true(json_object_get(json_object_get(run, "cores"), "shared")))
		fputs("<li><strong>Forwarder and generator shared a core:</strong> these figures are "
		      "worth little.</li>\n",
		      out);
	if (json_is_true(json_object_get(run, "quick")))
		fputs("<li>A quick run: short trials, wider spread.</li>\n", out);
	json_array_foreach(notes, i, note)
	{
		if (!json_is_string(note))
			continue;
		fputs("<li>", out);
		bp_html_put(out, json_string_value(note));
		fputs("</li>\n", out);
	}
	/* A list needs an item to be one. */
	fputs("<li>Whiskers and «least … most» are over the rounds; ratios within this run count for "
	      "more than absolute figures.</li>\n</ul>\n",
	      out);
}

/* --- at a glance -------------------------------------------------------------------------------- */

static double mpps_of(const json_t *row)
{
	return bp_html_stat(json_object_get(row, "saturation"), "mpps").median;
}

/* The fastest sound row of the group at the size of the document's first row. */
static const json_t *fastest(const struct bp_html_page *page, const char *group)
{
	const json_t *best = NULL;

	for (size_t p = 0; p < page->n_paths; p++) {
		const json_t *row = page->paths[p].rows[0];

		if (strcmp(page->paths[p].group, group) || !bp_html_is_ok(row) ||
		    strcmp(bp_html_row_size(row), bp_html_nth_size(page, 0)) ||
		    !bp_html_known(mpps_of(row)))
			continue;
		if (!best || mpps_of(row) > mpps_of(best))
			best = row;
	}
	return best;
}

static void put_fastest(const struct bp_html_page *page, const json_t *row, const char *group)
{
	double ratio = bp_html_stat(row, "ratio").median;
	const char *baseline = bp_html_str(json_object_get(page->doc, "run"), "baseline", NULL);
	FILE *out = page->out;

	fputs(" ", out);
	bp_html_put(out, bp_html_group_title(group));
	fputs(", the fastest at ", out);
	bp_html_size(out, bp_html_row_size(row));
	fputs(" is <strong>", out);
	bp_html_put(out, bp_html_str(row, "title", bp_html_str(row, "path", "unnamed")));
	fputs("</strong> with ", out);
	bp_html_throughput.label(out, row);
	fputs(" Mpps", out);
	if (bp_html_known(ratio) && baseline && strcmp(baseline, bp_html_str(row, "path", ""))) {
		fputs(", ", out);
		bp_html_sig(out, ratio);
		fputs(" × ", out);
		bp_html_put(out, baseline);
	}
	fputs(".", out);
}

static void put_lead(const struct bp_html_page *page)
{
	size_t n = 0, n_ok = 0;

	for (size_t p = 0; p < page->n_paths; p++)
		for (size_t r = 0; r < page->paths[p].n_rows; r++, n++)
			n_ok += bp_html_is_ok(page->paths[p].rows[r]);
	if (!n) {
		fputs("<p class=\"lead\">Nothing was measured: the document has no rows.</p>\n",
		      page->out);
		return;
	}
	fprintf(page->out, "<p class=\"lead\">%zu of %zu measurements are sound.", n_ok, n);
	for (size_t p = 0; p < page->n_paths; p++) {
		const char *group = page->paths[p].group;

		if (bp_html_begins_group(page, p) && fastest(page, group))
			put_fastest(page, fastest(page, group), group);
	}
	fputs("</p>\n", page->out);
}

static void put_card_figure(FILE *out, const json_t *row)
{
	double ratio = bp_html_stat(row, "ratio").median;

	fputs("<p class=\"big\">", out);
	bp_html_throughput.label(out, row);
	fputs(" <small>Mpps at ", out);
	bp_html_size(out, bp_html_row_size(row));
	if (bp_html_known(ratio)) {
		fputs(" · ", out);
		bp_html_sig(out, ratio);
		fputs(" × baseline", out);
	}
	fputs("</small></p>\n", out);
}

/* True if an earlier row of the path has the same sentence. */
static bool is_said(const struct bp_html_path *path, size_t row_id)
{
	for (size_t r = 0; r < row_id; r++)
		if (!strcmp(bp_html_str(path->rows[r], "sentence", ""),
			    bp_html_str(path->rows[row_id], "sentence", "")))
			return true;
	return false;
}

static void put_sentences(FILE *out, const struct bp_html_path *path)
{
	for (size_t r = 0; r < path->n_rows; r++) {
		const char *sentence = bp_html_str(path->rows[r], "sentence", NULL);

		if (!sentence || is_said(path, r))
			continue;
		fputs("<p>", out);
		if (r) {
			fputs("<small>", out);
			bp_html_size(out, bp_html_row_size(path->rows[r]));
			fputs(":</small> ", out);
		}
		bp_html_put(out, sentence);
		fputs("</p>\n", out);
	}
}

static void put_cards(const struct bp_html_page *page)
{
	FILE *out = page->out;
	double lo, hi;

	fputs("<h2>Each path in a sentence</h2>\n<ul class=\"cards\">\n", out);
	for (size_t p = 0; p < page->n_paths; p++) {
		const struct bp_html_path *path = &page->paths[p];
		const json_t *row = path->rows[0];
		bool is_ok = bp_html_is_ok(row);

		fprintf(out, "<li%s><h3>", is_ok ? "" : " class=\"bad\"");
		bp_html_put(out, path->title);
		fputs("</h3>", out);
		if (bp_html_throughput.range(row, &lo, &hi))
			put_card_figure(out, row);
		if (!is_ok) {
			fputs("<p><span class=\"state bad\">", out);
			bp_html_put(out, bp_html_status_words(row));
			fputs("</span></p>", out);
		}
		put_sentences(out, path);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

/* --- what did not run --------------------------------------------------------------------------- */

static bool same_fault(const json_t *a, const json_t *b)
{
	return !strcmp(bp_html_status(a), bp_html_status(b)) &&
	       !strcmp(bp_html_reason(a), bp_html_reason(b)) &&
	       !strcmp(bp_html_str(a, "fix", ""), bp_html_str(b, "fix", ""));
}

/* The first row of the path that has this fault, at or before row_id. */
static size_t first_fault(const struct bp_html_path *path, size_t row_id)
{
	size_t r = 0;

	while (!same_fault(path->rows[r], path->rows[row_id]))
		r++;
	return r;
}

static void put_fault(FILE *out, const struct bp_html_path *path, size_t row_id)
{
	const json_t *row = path->rows[row_id];

	fputs("<li class=\"bad\"><h3>", out);
	bp_html_put(out, path->title);
	fputs(" <span class=\"state bad\">", out);
	bp_html_put(out, bp_html_status_words(row));
	fputs("</span></h3><p><small>", out);
	for (size_t r = row_id; r < path->n_rows; r++) {
		if (first_fault(path, r) != row_id)
			continue;
		fputs(r > row_id ? ", " : "", out);
		bp_html_size(out, bp_html_row_size(path->rows[r]));
	}
	fputs("</small></p><p>", out);
	bp_html_put(out, bp_html_reason(row));
	fputs("</p>", out);
	if (bp_html_str(row, "fix", NULL)) {
		fputs("<p><strong>To do:</strong> ", out);
		bp_html_put(out, bp_html_str(row, "fix", ""));
		fputs("</p>", out);
	}
	fputs("</li>\n", out);
}

static void put_faults(const struct bp_html_page *page)
{
	FILE *out = page->out;
	size_t n = 0;

	for (size_t p = 0; p < page->n_paths; p++) {
		const struct bp_html_path *path = &page->paths[p];

		for (size_t r = 0; r < path->n_rows; r++) {
			if (bp_html_is_ok(path->rows[r]) || first_fault(path, r) != r)
				continue;
			if (!n++)
				fputs("<h2>What failed or did not run</h2>\n<ul class=\"cards\">\n",
				      out);
			put_fault(out, path, r);
		}
	}
	if (n)
		fputs("</ul>\n", out);
}

/* --- charts ------------------------------------------------------------------------------------- */

static void put_key(FILE *out, const char *class, const char *text)
{
	fprintf(out,
		"<li><svg aria-hidden=\"true\"><rect class=\"%s\" y=\"1\" width=\"34\" height=\"12\"/>"
		"</svg>%s</li>\n",
		class, text);
}

static void put_size_keys(const struct bp_html_page *page, bool is_line)
{
	const char *size;

	for (unsigned n = 0; n < BP_HTML_SIZES_MAX && (size = bp_html_nth_size(page, n)); n++) {
		fputs("<li><svg aria-hidden=\"true\">", page->out);
		if (is_line)
			fprintf(page->out,
				"<line class=\"l%u\" x1=\"0\" x2=\"34\" y1=\"7\" y2=\"7\"/>"
				"<circle class=\"s%u\" cx=\"17\" cy=\"7\" r=\"3\"/>",
				n, n);
		else
			fprintf(page->out,
				"<rect class=\"s%u\" y=\"1\" width=\"34\" height=\"12\"/>", n);
		fputs("</svg>", page->out);
		bp_html_size(page->out, size);
		fputs("</li>\n", page->out);
	}
}

static void put_throughput(const struct bp_html_page *page)
{
	fputs("<h2>Throughput by path and size</h2>\n<p class=\"how\">Received back at saturation: "
	      "median of the rounds, whiskers from least to most. Each group has its own scale. «≥»: "
	      "the generator was the limit.</p>\n<ul class=\"legend\">\n",
	      page->out);
	put_size_keys(page, false);
	fputs("</ul>\n", page->out);
	bp_html_panels(page, &bp_html_throughput);
	bp_html_table_rates(page);
}

static void put_cost(const struct bp_html_page *page)
{
	FILE *out = page->out;

	fputs("<h2>Where the nanoseconds go</h2>\n<p class=\"how\">Of the forwarder's core, per packet "
	      "at saturation. Softirq time is an estimate from CPU ticks: part of the bar, never added "
	      "to it.</p>\n<ul class=\"legend\">\n",
	      out);
	put_key(out, "user", "user code");
	put_key(out, "kernel", "in system calls");
	put_key(out, "whole", "both: they cannot be told apart");
	fputs("<li><svg aria-hidden=\"true\"><line class=\"softirq\" x1=\"1\" x2=\"33\" y1=\"9\" "
	      "y2=\"9\"/><line class=\"softirq\" x1=\"1\" x2=\"1\" y1=\"6\" y2=\"9\"/><line "
	      "class=\"softirq\" x1=\"33\" x2=\"33\" y1=\"6\" y2=\"9\"/></svg>of which softirq</li>\n"
	      "</ul>\n",
	      out);
	bp_html_panels(page, &bp_html_time);
	fputs("<h2>Copies per packet</h2>\n<p class=\"how\">How often the bytes of a packet are copied "
	      "from one side to the other. The pattern says how it is known.</p>\n"
	      "<ul class=\"legend\">\n",
	      out);
	put_key(out, "kernel", "in the kernel");
	put_key(out, "library", "in a library (PMD, libpcap)");
	put_key(out, "user", "in bypath");
	put_key(out, "whole", "plain: counted");
	put_key(out, "kernel-modelled", "hatched: modelled");
	put_key(out, "kernel-reported", "dotted: probed or reported");
	put_key(out, "maybe", "up to");
	fputs("</ul>\n", out);
	bp_html_panels(page, &bp_html_copies);
	bp_html_table_cost(page);
}

static void put_shape_key(FILE *out, const char *shape, const char *text)
{
	fprintf(out, "<li><svg aria-hidden=\"true\">%s</svg>%s</li>\n", shape, text);
}

static void put_latency(const struct bp_html_page *page)
{
	FILE *out = page->out;

	fputs("<h2>Latency</h2>\n<p class=\"how\">One way, at a share of what each path carries without "
	      "loss: the loads differ and are in the table. The line goes from least to most.</p>\n"
	      "<ul class=\"legend\">\n",
	      out);
	put_shape_key(out, "<circle class=\"mark\" cx=\"17\" cy=\"7\" r=\"5\"/>", "p50");
	put_shape_key(out, "<line class=\"mark\" x1=\"17\" x2=\"17\" y1=\"2\" y2=\"12\"/>", "p90");
	put_shape_key(out, "<path class=\"mark\" d=\"M11 7L17 1L23 7L17 13Z\"/>", "p99");
	put_shape_key(out, "<path class=\"mark hollow\" d=\"M13 3H21V11H13Z\"/>", "p99.9");
	put_shape_key(out, "<line class=\"range\" x1=\"0\" x2=\"34\" y1=\"7\" y2=\"7\"/>",
		      "least to most");
	fputs("</ul>\n", out);
	bp_html_panels(page, &bp_html_latency);
	bp_html_table_latency(page);
}

static void put_loss(const struct bp_html_page *page)
{
	FILE *out = page->out;

	fputs("<h2>Loss against offered load</h2>\n", out);
	if (!bp_html_has_trials(page)) {
		fputs("<p class=\"none\">Not measured: the document has no trials.</p>\n", out);
		return;
	}
	fputs("<p class=\"how\">Every trial: share of packets lost over millions of packets per second "
	      "offered. Each path has its own scale.</p>\n<ul class=\"legend\">\n",
	      out);
	put_size_keys(page, true);
	put_shape_key(out, "<path class=\"whole\" d=\"M17 2L22 11L12 11Z\"/>",
		      "throughput without loss (NDR)");
	fputs("</ul>\n", out);
	bp_html_loss(page);
	bp_html_table_trials(page);
}

/* --- the page ----------------------------------------------------------------------------------- */

static void put_rows(const struct bp_html_page *page)
{
	bp_html_patterns(page->out);
	put_cards(page);
	put_faults(page);
	put_throughput(page);
	put_cost(page);
	put_latency(page);
	put_loss(page);
	fputs("<h2>Where the packets went</h2>\n<p class=\"how\">An unaccounted packet fails its "
	      "row.</p>\n",
	      page->out);
	bp_html_table_accounts(page);
	fputs("<h2>Hop by hop, and the configurations</h2>\n", page->out);
	bp_html_hops(page);
}

static int write_page(FILE *out, const void *doc)
{
	struct bp_html_page page;
	int err = bp_html_page_init(&page, doc, out);

	if (!err) {
		put_head(&page);
		fputs("<header>\n<h1>bypath compare: ", out);
		bp_html_put(out, host_of(page.doc));
		fputs("</h1>\n", out);
		put_lead(&page);
		put_facts(&page);
		put_notes(out, json_object_get(page.doc, "run"));
		fputs("</header>\n<main>\n", out);
		if (page.n_paths)
			put_rows(&page);
		fputs("</main>\n<footer>«–»: not measured. Made by bypath compare; the same figures are in "
		      "its JSON (--json FILE).</footer>\n</body>\n</html>\n",
		      out);
	}
	bp_html_page_free(&page);
	return err;
}

int bp_report_html(const json_t *doc, const char *path)
{
	if (!json_is_object(doc)) {
		bp_log(BP_LOG_ERROR,
		       "report %s: not written: the document is no JSON object: give what `bypath "
		       "compare --json` wrote",
		       path);
		return -EINVAL;
	}
	return bp_file_replace(path, write_page, doc);
}
