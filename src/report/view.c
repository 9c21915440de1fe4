/* Prints documents as tables and lines. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/view.h"

#include "core/columns.h"

#include "report/template.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS     118u /* of a text that does not say */
#define COLUMNS_MAX 16u
#define ROWS_FIRST  32u
#define LAST_MIN    20u /* columns: a narrower last one is not broken into lines */

/* ---- rows ------------------------------------------------------------------------------------ */

struct rows {
	struct bp_scope *v; /* each with a reference to its key */
	size_t n, room;
};

/* Takes over the reference to the scope's key. */
static void add_row(struct rows *rows, const struct bp_scope *scope)
{
	if (rows->n == rows->room) {
		size_t room = rows->room ? 2 * rows->room : ROWS_FIRST;
		struct bp_scope *grown = realloc(rows->v, room * sizeof(*grown));

		if (!grown) {
			json_decref(scope->key);
			return;
		}
		rows->v = grown;
		rows->room = room;
	}
	rows->v[rows->n++] = *scope;
}

static void add_members(struct rows *rows, struct bp_scope scope, const json_t *holder)
{
	const char *name;
	json_t *member;
	size_t i;

	json_array_foreach(holder, i, member) {
		scope.row = member;
		scope.key = json_integer((json_int_t)i + 1);
		add_row(rows, &scope);
	}
	json_object_foreach((json_t *)(uintptr_t)holder, name, member) {
		scope.row = member;
		scope.key = json_string(name);
		add_row(rows, &scope);
	}
}

/* The rows at the paths below scope's row. */
static void add_nested(struct rows *rows, const struct bp_scope *scope, const char *paths)
{
	struct bp_scope inner = { scope->document, scope->row, NULL, NULL };

	for (size_t n; *paths; paths += n + (paths[n] == ',')) {
		bool is_members;
		const json_t *found;

		n = strcspn(paths, ",");
		is_members = n > 2 && !strncmp(paths + n - 2, ".*", 2);
		found = bp_template_find(scope, paths, is_members ? n - 2 : n);
		if (is_members || json_is_array(found)) {
			add_members(rows, inner, found);
		} else if (found && !json_is_null(found)) {
			inner.row = found;
			inner.key = json_stringn(paths, n);
			add_row(rows, &inner);
		}
	}
}

static void free_rows(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		json_decref(rows->v[i].key);
	free(rows->v);
}

/* All rows of a view or a part that stands in `around`, which is one itself without a path; free_rows() them. */
static struct rows find_rows(const struct bp_scope *around, const char *path, const char *nested)
{
	const struct bp_scope below = { around->document, around->row, NULL, NULL };
	struct rows outer = { 0 }, inner = { 0 };

	if (path) {
		add_members(&outer, below, bp_template_find(around, path, strlen(path)));
	} else {
		json_incref(around->key);
		add_row(&outer, around);
	}
	for (size_t i = 0; nested && i < outer.n; i++)
		add_nested(&inner, &outer.v[i], nested);
	if (!nested)
		return outer;
	/* The inner rows hold references of their own. */
	free_rows(&outer);
	return inner;
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* A view's columns and cells for one document. */
struct table {
	const struct bp_column *columns[COLUMNS_MAX];
	unsigned n_columns;
	char **cells; /* row by row; NULL: memory lacked */
	size_t n_rows;
};

/* Cut a text to so many columns, the last of which is "…". */
static char *cut(char *text, unsigned width)
{
	char *end = text, *shorter;

	if (bp_columns(text) <= width)
		return text;
	for (unsigned n = 0; n + 1 < width; n++)
		while (((unsigned char)*++end & 0xc0) == 0x80)
			;
	*end = '\0';
	if (asprintf(&shorter, "%s…", text) < 0)
		return text;
	free(text);
	return shorter;
}

static char *make_cell(const struct bp_column *column, const struct bp_scope *row)
{
	char *text = bp_template_text(column->cell, row);

	if (!text)
		return strdup("-");
	return column->width ? cut(text, column->width) : text;
}

static void make_table(const struct bp_view *view, const json_t *document, struct table *table)
{
	const struct bp_scope top = { document, NULL, document, NULL };
	struct rows rows = find_rows(&top, view->rows, view->nested);

	*table = (struct table){ 0 };
	for (unsigned i = 0; i < view->n_columns && i < COLUMNS_MAX; i++)
		if (bp_template_holds(view->columns[i].needs, &top))
			table->columns[table->n_columns++] = &view->columns[i];
	table->cells = calloc(rows.n * table->n_columns + 1, sizeof(*table->cells));
	for (size_t i = 0; table->cells && i < rows.n; i++) {
		char **cells = &table->cells[table->n_rows * table->n_columns];

		if (!bp_template_holds(view->needs, &rows.v[i]))
			continue;
		for (unsigned c = 0; c < table->n_columns; c++)
			cells[c] = make_cell(table->columns[c], &rows.v[i]);
		table->n_rows++;
	}
	free_rows(&rows);
}

static void free_table(struct table *table)
{
	for (size_t i = 0; i < table->n_rows * table->n_columns; i++)
		free(table->cells[i]);
	free(table->cells);
}

/* What stands in a line of the table: 0 the heading, 1 what is below it, then the rows. */
static const char *text_at(const struct table *table, size_t line, unsigned c)
{
	const struct bp_column *column = table->columns[c];
	const char *text = line == 0      ? column->heading
			   : line > 1     ? table->cells[(line - 2) * table->n_columns + c]
			   : column->unit ? column->unit
					  : column->provenance;

	return text ? text : "";
}

/* A line of the table; text that does not fit into the last column goes on below itself. */
static void put_cells_of(FILE *out, unsigned room, const struct table *table,
			 const unsigned *widths, size_t line)
{
	unsigned n = table->n_columns, at = 0;

	for (unsigned c = 0; c < n; c++) {
		const char *text = text_at(table, line, c);
		unsigned n_text = bp_columns(text);
		bool is_last = c + 1 == n, is_left = table->columns[c]->align != 0;

		at += 2;
		fputs("  ", out);
		if (is_last && is_left && at + n_text > room && at + LAST_MIN < room) {
			bp_put_wrapped(out, text, at, at, room);
			return;
		}
		bp_put_n(out, " ", is_left ? 0 : widths[c] - n_text);
		fputs(text, out);
		bp_put_n(out, " ", is_left && !is_last ? widths[c] - n_text : 0);
		at += widths[c];
	}
	fputc('\n', out);
}

static void put_cells(FILE *out, unsigned room, const struct table *table)
{
	unsigned widths[COLUMNS_MAX] = { 0 };
	bool has_second = false;

	for (unsigned c = 0; c < table->n_columns; c++) {
		has_second |= *text_at(table, 1, c) != '\0';
		for (size_t line = 0; line < table->n_rows + 2; line++) {
			unsigned n = bp_columns(text_at(table, line, c));

			widths[c] = n > widths[c] ? n : widths[c];
		}
	}
	for (size_t line = 0; line < table->n_rows + 2; line++)
		if (line != 1 || has_second)
			put_cells_of(out, room, table, widths, line);
}

static void put_view(FILE *out, unsigned room, const json_t *document, const struct bp_view *view)
{
	const struct bp_scope top = { document, NULL, document, NULL };
	char *title = view->title ? bp_template_text(view->title, &top) : NULL;
	struct table table;

	make_table(view, document, &table);
	if (title && (table.n_rows || view->none))
		fprintf(out, "\n%s\n", title);
	if (table.n_rows)
		put_cells(out, room, &table);
	else if (view->none)
		fprintf(out, "  %s\n", view->none);
	free_table(&table);
	free(title);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The pieces between the text's tabs, where the stops have them; one that is late has a blank before it. */
static void put_at_stops(FILE *out, char *text, const char *stops)
{
	char *piece = strsep(&text, "\t"), *sign;
	unsigned at = bp_columns(piece);

	fputs(piece, out);
	while ((piece = strsep(&text, "\t"))) {
		unsigned long stop = strtoul(stops, &sign, 10);
		unsigned n = bp_columns(piece), begin = (unsigned)stop;
		char fill[8];

		if (*sign == '>') {
			begin = begin > n ? begin - n : 0;
			sign++;
		}
		stops = sign + strcspn(sign, " ");
		snprintf(fill, sizeof(fill), "%.*s", (int)(stops - sign), sign);
		bp_put_n(out, fill[0] ? fill : " ", begin > at ? begin - at : 1);
		fputs(piece, out);
		at = (begin > at ? begin : at + 1) + n;
	}
	fputc('\n', out);
}

static void put_wrapped(FILE *out, unsigned room, const char *text, unsigned indent)
{
	size_t n_blanks = strspn(text, " "), n_first = n_blanks + strcspn(text + n_blanks, " ");
	unsigned at = (unsigned)n_first;

	fwrite(text, 1, n_first, out);
	bp_put_wrapped(out, text + n_first + strspn(text + n_first, " "),
		       at > indent ? at : indent + 1, indent, room);
}

/* Returns whether the line was printed. */
static bool put_line(FILE *out, unsigned room, const struct bp_part *part, const char *title,
		     const struct bp_scope *scope)
{
	char *text = bp_template_text(part->line, scope);

	if (!text)
		return false;
	if (title)
		fprintf(out, "\n%s\n", title);
	if (part->stops)
		put_at_stops(out, text, part->stops);
	else if (part->indent)
		put_wrapped(out, room, text, part->indent);
	else
		fprintf(out, "%s\n", text);
	free(text);
	return true;
}

static void put_part(FILE *out, unsigned room, const struct bp_part *part,
		     const struct bp_scope *around)
{
	struct rows rows = find_rows(around, part->rows, NULL);
	const char *title = part->title;

	for (size_t i = 0; i < rows.n; i++) {
		if (!bp_template_holds(part->needs, &rows.v[i]))
			continue;
		if (part->view)
			put_view(out, room, around->document, part->view);
		else if (part->line && put_line(out, room, part, title, &rows.v[i]))
			title = NULL;
		for (unsigned k = 0; k < part->n_parts; k++)
			put_part(out, room, &part->parts[k], &rows.v[i]);
	}
	free_rows(&rows);
}

static const struct bp_text *text_of(const json_t *document)
{
	const char *schema = json_string_value(json_object_get(document, "schema"));
	const struct bp_text *const *text = bp_texts;

	while (*text && schema && strcmp((*text)->schema, schema))
		text++;
	return schema ? *text : NULL;
}

void bp_view_print(FILE *out, const json_t *document)
{
	const struct bp_scope top = { document, NULL, document, NULL };
	const struct bp_text *text = text_of(document);

	for (unsigned i = 0; text && i < text->n_parts; i++)
		put_part(out, text->columns ? text->columns : COLUMNS, &text->parts[i], &top);
	fflush(out);
}

/* ---- the description ------------------------------------------------------------------------- */

json_t *bp_view_json(const struct bp_view *view, const json_t *document)
{
	const struct bp_scope top = { document, NULL, document, NULL };
	char *title = view->title ? bp_template_text(view->title, &top) : NULL;
	json_t *columns = json_array(), *rows = json_array();
	struct table table;

	make_table(view, document, &table);
	for (unsigned c = 0; c < table.n_columns; c++) {
		const struct bp_column *column = table.columns[c];

		json_array_append_new(
			columns, json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?}", "heading",
					   column->heading, "cell", column->cell, "align",
					   column->align ? "l" : "r", "unit", column->unit,
					   "provenance", column->provenance, "help", column->help));
	}
	for (size_t i = 0; i < table.n_rows; i++) {
		json_t *row = json_array();

		for (unsigned c = 0; c < table.n_columns; c++)
			json_array_append_new(row, json_string(text_at(&table, i + 2, c)));
		json_array_append_new(rows, row);
	}
	free_table(&table);
	columns = json_pack("{s:s, s:s?, s:o, s:o}", "name", view->name, "title", title, "columns",
			    columns, "rows", rows);
	free(title);
	return columns;
}

json_t *bp_views_json(const json_t *document)
{
	const struct bp_text *text = text_of(document);
	json_t *views = json_object();

	for (unsigned i = 0; text && i < text->n_parts; i++)
		if (text->parts[i].view)
			json_object_set_new(views, text->parts[i].view->name,
					    bp_view_json(text->parts[i].view, document));
	for (const struct bp_view *const *view = text ? text->more : NULL; view && *view; view++)
		json_object_set_new(views, (*view)->name, bp_view_json(*view, document));
	return views;
}
