/* An HTML report's tables: a line per row of the document. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html_tables.h"

#include "report/html_cells.h"

#include <string.h>

typedef void (*row_fn)(FILE *out, const json_t *row);

struct table {
	const char *caption;
	const char *const *heads; /* without path and size, ends with NULL */
	const char *key; /* what the row must have, NULL: nothing */
	row_fn put;
};

static void put_table_row(FILE *out, const struct table *table, const struct bp_html_path *path,
			  const json_t *row, unsigned n_heads)
{
	const char *status = bp_html_status(row);

	bp_html_open_row(out, path->title, bp_html_row_size(row));
	if (!table->key || json_is_object(json_object_get(row, table->key))) {
		table->put(out, row);
	} else {
		fprintf(out, "<td class=\"none\" colspan=\"%u\">not measured", n_heads);
		if (strcmp(status, "ok")) {
			fputs(": ", out);
			bp_html_put(out, bp_html_reason(row));
		}
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static void put_table(const struct bp_html_page *page, const struct table *table)
{
	unsigned n_heads = 0;

	while (table->heads[n_heads])
		n_heads++;
	bp_html_open_table(page->out, table->caption);
	fputs("<th scope=\"col\">Path</th><th scope=\"col\" class=\"num\">Size</th>", page->out);
	bp_html_put_heads(page->out, table->heads);
	for (size_t p = 0; p < page->n_paths; p++)
		for (size_t r = 0; r < page->paths[p].n_rows; r++)
			put_table_row(page->out, table, &page->paths[p], page->paths[p].rows[r],
				      n_heads);
	bp_html_close_table(page->out);
}

/* --- rates -------------------------------------------------------------------------------------- */

/* Of lower bounds it is a bound itself, and of two of them nothing. */
static void ratio_cell(FILE *out, const json_t *ratio)
{
	const char *bound = bp_html_str(ratio, "bound", "none");

	if (!strcmp(bound, "none")) {
		json_t *row = json_pack("{s:O?}", "ratio", ratio);

		bp_html_stat_cell(out, row, "ratio", bp_html_sig);
		json_decref(row);
		return;
	}
	fputs("<td class=\"num\">", out);
	if (strcmp(bound, "both")) {
		fputs(!strcmp(bound, "lower") ? "≥ " : "≤ ", out);
		bp_html_sig(out, bp_html_num(ratio, "median"));
	} else {
		fputs("–", out);
	}
	fputs("</td>", out);
}

static void ndr_cell(FILE *out, const json_t *ndr)
{
	struct bp_html_stat lower = bp_html_stat(ndr, "mpps"),
			    upper = bp_html_stat(ndr, "upper_mpps");

	if (!bp_html_known(lower.median)) {
		fputs("<td class=\"none\">", out);
		bp_html_put(out, bp_html_str(ndr, "outcome", "not measured"));
		if (bp_html_str(ndr, "why", NULL)) {
			fputs(": ", out);
			bp_html_put(out, bp_html_str(ndr, "why", ""));
		}
		fputs("</td>", out);
		return;
	}
	fputs("<td class=\"num\">", out);
	if (!strcmp(bp_html_str(ndr, "outcome", ""), "bounded"))
		fputs("≥ ", out);
	bp_html_sig(out, lower.median);
	if (bp_html_known(upper.median)) {
		fputs("<small>below ", out);
		bp_html_sig(out, upper.median);
		fputs("</small>", out);
	}
	fputs("</td>", out);
}

static void generator_cell(FILE *out, const json_t *generator)
{
	const char *why = bp_html_str(generator, "why", NULL);

	fputs("<td class=\"wide\">", out);
	bp_html_put(out, bp_html_str(generator, "source", "–"));
	if (json_is_true(json_object_get(generator, "is_bound")))
		fputs("<small>was the limit: the path may do more</small>", out);
	if (why) {
		fputs("<small>", out);
		bp_html_put(out, why);
		fputs("</small>", out);
	}
	fputs("</td>", out);
}

static void put_rates(FILE *out, const json_t *row)
{
	const json_t *saturation = json_object_get(row, "saturation");

	bp_html_text_cell(out, bp_html_status_words(row));
	fputs("<td class=\"wide\">", out);
	bp_html_put(out, bp_html_str(row, "mode", "–"));
	if (bp_html_str(row, "note", NULL)) {
		fputs("<small>", out);
		bp_html_put(out, bp_html_str(row, "note", ""));
		fputs("</small>", out);
	}
	fputs("</td>", out);
	bp_html_stat_cell(out, saturation, "mpps", bp_html_sig);
	bp_html_cell(out, bp_html_percent, bp_html_stat(saturation, "mpps").spread);
	bp_html_stat_cell(out, saturation, "gbps_l1", bp_html_sig);
	ratio_cell(out, json_object_get(row, "ratio"));
	ndr_cell(out, json_object_get(row, "ndr"));
	bp_html_stat_cell(out, saturation, "offered_mpps", bp_html_sig);
	bp_html_stat_cell(out, saturation, "loss_ratio", bp_html_percent);
	generator_cell(out, json_object_get(row, "generator"));
}

void bp_html_table_rates(const struct bp_html_page *page)
{
	static const char *const heads[] = { "Status",
					     "Mode",
					     ">Mpps",
					     ">Spread",
					     ">Gbit/s (L1)",
					     ">Ratio to baseline",
					     ">NDR, Mpps",
					     ">Offered, Mpps",
					     ">Loss",
					     "Generator",
					     NULL };

	put_table(page, &(struct table){ "Throughput, median of the rounds (least … most)", heads,
					 NULL, put_rates });
}

/* --- cost --------------------------------------------------------------------------------------- */

static void copies_cell(FILE *out, const json_t *copies, const char *key)
{
	const json_t *value = json_object_get(copies, key);

	bp_html_range_cell(out, bp_html_num(value, "lo"), bp_html_num(value, "hi"),
			   bp_html_str(value, "provenance", NULL));
}

static void crossings_cell(FILE *out, const json_t *crossings)
{
	fputs("<td class=\"num\">", out);
	bp_html_sig(out, bp_html_num(crossings, "per_packet"));
	fputs("<small>", out);
	bp_html_put(out, bp_html_str(crossings, "provenance", ""));
	fputs("</small></td>", out);
}

static void put_cost(FILE *out, const json_t *row)
{
	const json_t *copies = json_object_get(row, "copies"), *time = json_object_get(row, "time");

	copies_cell(out, copies, "kernel");
	copies_cell(out, copies, "library");
	copies_cell(out, copies, "user");
	copies_cell(out, copies, "total");
	crossings_cell(out, json_object_get(row, "crossings"));
	bp_html_cell(out, bp_html_count, bp_html_num(time, "ns_per_packet"));
	bp_html_cell(out, bp_html_count, bp_html_num(time, "user_ns"));
	bp_html_cell(out, bp_html_count, bp_html_num(time, "calls_ns"));
	bp_html_cell(out, bp_html_count, bp_html_num(time, "softirq_ns"));
	bp_html_text_cell(out, bp_html_str(time, "provenance", "–"));
}

void bp_html_table_cost(const struct bp_html_page *page)
{
	static const char *const heads[] = { ">Kernel copies",
					     ">Library copies",
					     ">User copies",
					     ">All copies",
					     ">Crossings",
					     ">ns per packet",
					     ">In user code",
					     ">In system calls",
					     ">Of which softirq",
					     "Time is",
					     NULL };

	put_table(page,
		  &(struct table){ "What a packet costs at saturation", heads, NULL, put_cost });
}

/* --- latency ------------------------------------------------------------------------------------ */

static void put_latency(FILE *out, const json_t *row)
{
	static const char *const keys[] = { "min_ns", "mean_ns", "p50_ns", "p90_ns",
					    "p99_ns", "p999_ns", "max_ns", "jitter_ns" };
	const json_t *latency = json_object_get(row, "latency");

	fputs("<td class=\"num\">", out);
	bp_html_sig(out, bp_html_num(latency, "load_mpps"));
	fputs("<small>", out);
	bp_html_percent(out, bp_html_num(latency, "share_of_ndr"));
	fputs(" of NDR</small></td>", out);
	bp_html_cell(out, bp_html_count, bp_html_num(latency, "packets"));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		bp_html_cell(out, bp_html_ns, bp_html_num(latency, keys[i]));
	bp_html_stat_cell(out, latency, "p50", bp_html_ns);
	bp_html_stat_cell(out, latency, "p99", bp_html_ns);
}

void bp_html_table_latency(const struct bp_html_page *page)
{
	static const char *const heads[] = { ">Load, Mpps",
					     ">Packets",
					     ">Min",
					     ">Mean",
					     ">p50",
					     ">p90",
					     ">p99",
					     ">p99.9",
					     ">Max",
					     ">Jitter",
					     ">p50 of the rounds",
					     ">p99 of the rounds",
					     NULL };

	put_table(page,
		  &(struct table){ "Latency, all rounds together", heads, "latency", put_latency });
}

/* --- accounts ----------------------------------------------------------------------------------- */

static void drops_cell(FILE *out, const json_t *drops)
{
	const json_t *drop;
	size_t i;

	fputs("<td>", out);
	json_array_foreach(drops, i, drop)
	{
		fputs("<span class=\"drop\">", out);
		bp_html_count(out, bp_html_num(drop, "packets"));
		fputs(" at ", out);
		bp_html_put(out, bp_html_str(drop, "where", "?"));
		fputs(": ", out);
		bp_html_put(out, bp_html_str(drop, "reason", "?"));
		fputs(" (", out);
		bp_html_put(out, bp_html_str(drop, "provenance", "?"));
		fputs(")</span>", out);
	}
	if (!json_array_size(drops))
		fputs("none", out);
	fputs("</td>", out);
}

static void yes_no(FILE *out, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	fputs(json_is_true(value) ? "on" : json_is_false(value) ? "off" : "–", out);
}

static void offloads_cell(FILE *out, const json_t *offloads)
{
	static const char *const names[][2] = { { "tx_checksum", "checksum" },
						{ "tso", "TSO" },
						{ "gso", "GSO" },
						{ "gro", "GRO" },
						{ "scatter_gather", "SG" } };

	fputs("<td>", out);
	for (size_t i = 0; json_is_object(offloads) && i < sizeof(names) / sizeof(names[0]); i++) {
		fprintf(out, "%s%s ", i ? ", " : "", names[i][1]);
		yes_no(out, offloads, names[i][0]);
	}
	fputs(json_is_object(offloads) ? "</td>" : "–</td>", out);
}

static void put_accounts(FILE *out, const json_t *row)
{
	static const char *const keys[] = { "trials", "sent", "received", "dropped", "duplicates" };
	const json_t *accounts = json_object_get(row, "accounting");
	double lost = bp_html_num(accounts, "unaccounted");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		bp_html_cell(out, bp_html_count, bp_html_num(accounts, keys[i]));
	fprintf(out, "<td class=\"num%s\">", lost < 0 || lost > 0 ? " bad" : "");
	bp_html_count(out, lost);
	fputs("</td>", out);
	drops_cell(out, json_object_get(row, "drops"));
	offloads_cell(out, json_object_get(row, "offloads"));
}

void bp_html_table_accounts(const struct bp_html_page *page)
{
	static const char *const heads[] = { ">Trials",         ">Sent",         ">Received",
					     ">Dropped",        ">Duplicates",   ">Unaccounted",
					     "Drops by reason", "Host offloads", NULL };

	put_table(page, &(struct table){
				"Where the packets of all trials went: sent = received + dropped + "
				"unaccounted",
				heads, "accounting", put_accounts });
}

/* --- trials ------------------------------------------------------------------------------------- */

static void put_trials(FILE *out, const struct bp_html_path *path, const json_t *row)
{
	const json_t *trial;
	size_t i;

	json_array_foreach(json_object_get(row, "loss_curve"), i, trial)
	{
		bp_html_open_row(out, path->title, bp_html_row_size(row));
		bp_html_cell(out, bp_html_sig, bp_html_num(trial, "offered_mpps"));
		bp_html_cell(out, bp_html_sig, bp_html_num(trial, "received_mpps"));
		bp_html_cell(out, bp_html_percent, bp_html_num(trial, "loss_ratio"));
		fputs("</tr>\n", out);
	}
}

void bp_html_table_trials(const struct bp_html_page *page)
{
	static const char *const heads[] = { "Path",  ">Size", ">Offered, Mpps", ">Received, Mpps",
					     ">Loss", NULL };

	fputs("<details><summary>Every trial</summary>\n", page->out);
	bp_html_open_table(page->out, "Trials: loss against offered load");
	bp_html_put_heads(page->out, heads);
	for (size_t p = 0; p < page->n_paths; p++)
		for (size_t r = 0; r < page->paths[p].n_rows; r++)
			put_trials(page->out, &page->paths[p], page->paths[p].rows[r]);
	bp_html_close_table(page->out);
	fputs("</details>\n", page->out);
}
