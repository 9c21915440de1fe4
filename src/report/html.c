/* Writes a compare document as one HTML page. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html.h"

#include "bypath/log.h"

#include "report/file.h"
#include "report/html_cards.h"
#include "report/html_cells.h"
#include "report/html_chart.h"
#include "report/html_page.h"
#include "report/html_tables.h"
#include "report/html_text.h"

#include <errno.h>
#include <math.h>

static const char *host_of(const json_t *doc)
{
	return bp_html_str(json_object_get(doc, "machine"), "host", "unknown host");
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
	bp_html_put_cards(page);
	bp_html_put_faults(page);
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
		bp_html_open_page(out, "bypath compare: ", host_of(page.doc));
		bp_html_put_lead(&page);
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
