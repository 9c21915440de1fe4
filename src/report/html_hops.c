/* Where each path's packets are copied, hop by hop, in an HTML report. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html_cells.h"
#include "report/html_tables.h"

static void copies_cell(FILE *out, const json_t *copies)
{
	const json_t *value = json_object_get(copies, "value");
	double lo = json_is_number(value) ? json_number_value(value) : bp_html_num(value, "lo");

	bp_html_range_cell(out, lo, bp_html_num(value, "hi"),
			   bp_html_str(copies, "provenance", ""));
}

static void put_hop(FILE *out, const json_t *hop)
{
	const json_t *call = json_object_get(hop, "system_call");

	fputs("<tr><th scope=\"row\">", out);
	bp_html_put(out, bp_html_str(hop, "side", "?"));
	fputs("</th><td>", out);
	bp_html_put(out, bp_html_str(hop, "from", "?"));
	fputs(" → ", out);
	bp_html_put(out, bp_html_str(hop, "to", "?"));
	fputs("</td>", out);
	bp_html_text_cell(out, bp_html_str(hop, "place", "–"));
	bp_html_text_cell(out, bp_html_str(hop, "mover", "–"));
	copies_cell(out, json_object_get(hop, "kernel_copies"));
	copies_cell(out, json_object_get(hop, "user_copies"));
	fputs("<td>", out);
	bp_html_put(out, bp_html_str(call, "name", "none"));
	if (bp_html_str(call, "per", NULL)) {
		fputs(" per ", out);
		bp_html_put(out, bp_html_str(call, "per", ""));
	}
	fputs("</td><td>", out);
	bp_html_put(out, bp_html_str(hop, "why", "–"));
	fputs("<small>", out);
	bp_html_put(out, bp_html_str(hop, "source", ""));
	fputs("</small></td></tr>\n", out);
}

static void put_path_hops(FILE *out, const json_t *hops)
{
	static const char *const heads[] = {
		"Side",         "From → to", "Place", "Moved by", ">Kernel copies",
		">User copies", "Call",      "Why",   NULL
	};
	const json_t *hop;
	size_t i;

	if (!json_array_size(hops))
		return;
	bp_html_open_table(out, "Hop by hop");
	bp_html_put_heads(out, heads);
	json_array_foreach(hops, i, hop) put_hop(out, hop);
	bp_html_close_table(out);
}

void bp_html_hops(const struct bp_html_page *page)
{
	FILE *out = page->out;

	for (size_t p = 0; p < page->n_paths; p++) {
		const json_t *row = page->paths[p].rows[0], *hops = json_object_get(row, "hops");
		const char *ini = bp_html_str(row, "ini", NULL);

		if (!ini && !json_array_size(hops))
			continue;
		fputs("<details><summary>", out);
		bp_html_put(out, page->paths[p].title);
		fputs("</summary>\n", out);
		put_path_hops(out, hops);
		if (ini) {
			fputs("<p>Configuration that it ran with:</p><pre>", out);
			bp_html_put(out, ini);
			fputs("</pre>", out);
		}
		fputs("</details>\n", out);
	}
}
