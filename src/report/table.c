/* Renders tables of text. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/table.h"

#include "core/columns.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#define CELLS_FIRST 128u

void bp_table_begin(struct bp_table *table, const struct bp_table_column *columns,
		    unsigned n_columns)
{
	*table = (struct bp_table){ .columns = columns, .n_columns = n_columns };
}

static void add(struct bp_table *table, char *cell)
{
	if (table->n_cells == table->room) {
		unsigned room = table->room ? 2 * table->room : CELLS_FIRST;
		char **cells = realloc(table->cells, room * sizeof(*cells));

		if (!cells) {
			free(cell);
			return;
		}
		table->cells = cells;
		table->room = room;
	}
	table->cells[table->n_cells++] = cell;
}

void bp_table_cell(struct bp_table *table, const char *fmt, ...)
{
	char *cell = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&cell, fmt, args) < 0)
		cell = NULL;
	va_end(args);
	add(table, cell);
}

char *bp_table_commas(uint64_t n, char *text)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	char *to = text;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return text;
}

void bp_table_count(struct bp_table *table, uint64_t n)
{
	char text[32];

	bp_table_cell(table, "%s", bp_table_commas(n, text));
}

void bp_table_ratio(struct bp_table *table, double numerator, double denominator, int decimals)
{
	if (denominator > 0)
		bp_table_cell(table, "%.*f", decimals, numerator / denominator);
	else
		bp_table_cell(table, "-");
}

void bp_table_share(struct bp_table *table, double part, double whole)
{
	if (whole > 0)
		bp_table_cell(table, "%.1f %%", 100 * part / whole);
	else
		bp_table_cell(table, "-");
}

static unsigned width_of(const struct bp_table *table, unsigned column)
{
	unsigned width = bp_columns(table->columns[column].heading);
	const char *provenance = table->columns[column].provenance;

	if (provenance && bp_columns(provenance) > width)
		width = bp_columns(provenance);
	for (unsigned i = column; i < table->n_cells; i += table->n_columns) {
		unsigned n = table->cells[i] ? bp_columns(table->cells[i]) : 0;

		width = n > width ? n : width;
	}
	return width;
}

static void put_cell(FILE *out, const struct bp_table_column *column, const char *text,
		     unsigned width, bool is_last)
{
	fputs("  ", out);
	if (column->align == 'r')
		bp_put_right(out, text, width);
	else
		fputs(text, out);
	if (column->align != 'r' && !is_last)
		bp_put_n(out, " ", width - bp_columns(text));
}

void bp_table_end(struct bp_table *table, FILE *out)
{
	unsigned widths[BP_TABLE_COLUMNS_MAX], n = table->n_columns;
	bool has_provenance = false;

	for (unsigned c = 0; c < n; c++) {
		widths[c] = width_of(table, c);
		put_cell(out, &table->columns[c], table->columns[c].heading, widths[c], c + 1 == n);
		has_provenance |= table->columns[c].provenance != NULL;
	}
	fputc('\n', out);
	for (unsigned c = 0; has_provenance && c < n; c++) {
		const char *text = table->columns[c].provenance;

		put_cell(out, &table->columns[c], text ? text : "", widths[c], c + 1 == n);
	}
	if (has_provenance)
		fputc('\n', out);
	for (unsigned i = 0; i < table->n_cells; i++) {
		const char *text = table->cells[i] ? table->cells[i] : "";

		put_cell(out, &table->columns[i % n], text, widths[i % n], i % n + 1 == n);
		if (i % n + 1 == n)
			fputc('\n', out);
		free(table->cells[i]);
	}
	free(table->cells);
	*table = (struct bp_table){ .columns = table->columns, .n_columns = n };
}
