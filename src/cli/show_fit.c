/* Fits what happens in an instance to a screen of few lines. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/show_fit.h"

#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>

/* The tables of the text, in its order, and what makes a row of one busy. */
static const struct table {
	const char *name;
	const char *rates[2]; /* members that are added up; NULL: the first rows stay */
} tables[] = {
	{ "ports", { "rx_pps", "tx_pps" } },
	{ "workers", { "busy", "pps" } },
	{ "paths", { "pps" } },
	{ "drops", { "pps", "value" } },
	{ "functions", { "pps" } },
	{ "tables", { NULL } },
};
#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

static size_t n_rows_of(const json_t *rates, size_t t)
{
	return json_array_size(json_object_get(rates, tables[t].name));
}

static json_int_t n_cut_of(const json_t *rates, size_t t)
{
	return json_integer_value(json_object_get(json_object_get(rates, "cut"), tables[t].name));
}

/* Lines of the text: a first one; of each table its heading, its rows, one that says what is left out. */
static size_t count_lines(const json_t *rates)
{
	bool is_wide = json_is_true(json_object_get(rates, "is_wide"));
	size_t n = 1;

	for (size_t t = 0; t < N_TABLES; t++) {
		size_t n_rows = n_rows_of(rates, t);

		/* Without drops there is a line that says so. */
		if (n_rows || t < 4)
			n += 1 + n_rows + is_wide + (n_cut_of(rates, t) > 0);
	}
	return n;
}

static double busy(const json_t *row, size_t t)
{
	double sum = 0;

	for (unsigned i = 0; i < 2 && tables[t].rates[i]; i++)
		sum += bp_json_number_at(row, tables[t].rates[i]);
	return sum;
}

/* Leave out the row with the least to tell; of equals the last. */
static void cut_row(json_t *rates, size_t t)
{
	json_t *rows = json_object_get(rates, tables[t].name), *row;
	size_t i, least = 0;

	json_array_foreach(rows, i, row)
		if (busy(row, t) <= busy(json_array_get(rows, least), t))
			least = i;
	json_array_remove(rows, least);
	json_object_set_new(json_object_get(rates, "cut"), tables[t].name,
			    json_integer(n_cut_of(rates, t) + 1));
}

/* What functions say of themselves, a row each. */
static json_t *list_states(const json_t *rates)
{
	json_t *rows = json_array(), *function, *state;
	size_t i, k;

	json_array_foreach(json_object_get(rates, "functions"), i, function)
		json_array_foreach(json_object_get(function, "states"), k, state)
			json_array_append_new(rows,
					      json_pack("{s:O, s:O?, s:O?, s:O?}", "function",
							json_object_get(function, "name"), "what",
							json_object_get(state, "what"), "value",
							json_object_get(state, "value"), "text",
							json_object_get(state, "text")));
	return rows;
}

void bp_show_fit(json_t *rates, unsigned n_lines)
{
	json_object_set_new(rates, "tables", list_states(rates));
	json_object_set_new(rates, "cut", json_object());
	json_object_set_new(rates, "is_wide", json_true());
	if (n_lines && count_lines(rates) > n_lines)
		json_object_set_new(rates, "is_wide", json_false());
	while (n_lines && count_lines(rates) > n_lines) {
		size_t longest = 0;

		/* Of equals the later one: what stands above matters more. */
		for (size_t t = 0; t < N_TABLES; t++)
			if (n_rows_of(rates, t) >= n_rows_of(rates, longest))
				longest = t;
		if (n_rows_of(rates, longest) <= 1)
			return;
		cut_row(rates, longest);
	}
}
