/* Documents as tables and lines of text, by one description: for a terminal and for the page. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_VIEW_H
#define BYPATH_REPORT_VIEW_H

#include <jansson.h>
#include <stdio.h>

/*
 * A template makes a cell or a line out of a row of a document:
 *
 *   {path}         the value: text, texts with commas, a number with as many digits as it needs
 *   {path:,}       a number with commas; {path:+}: likewise, but 0 is missing
 *   {path:.3}      with three decimals; {path:~}: with three below 100, else with none
 *   {path:.3M}     divided by 10⁶; "k": by 1000; "G": by 10⁹; "u": times 10⁶
 *   {path:.1%}     a share: times 100, " %" behind it; {path:g%}: with four digits at most
 *   {path:B}       bytes as MiB or KiB
 *   {path:–}       an object's lo–hi, or one number where they are alike
 *   {path:#}       how many elements an array has; {path:;}: texts with semicolons between them
 *   {?path}        prints nothing, asks that the value is true: not 0, false or empty
 *   {!path}        prints nothing, asks the opposite
 *   {path=word}    prints nothing, asks that the value is this word or number
 *   {path!word}    prints nothing, asks that it is not
 *   [ … ]          left out where something in it is missing or an answer is no
 *   A|B            B where something in A is missing or an answer is no
 *   <path:A>       A for each element of an array, one behind the other; behind "^" is what holds the array
 *   \[             the character itself
 *
 * A path is keys and indices with dots between them: "counted.mpps", "values.0"; "." is the row itself,
 * "@" its key or its number (from 1). It begins at the row; behind "^" at the element that holds the
 * row (see nested), behind "/" at the document. Missing: not there, null, or empty text. A cell of
 * which nothing holds is "-"; a line is not printed.
 */

struct bp_column {
	const char *heading;
	const char *cell; /* a template */
	char align; /* 'l': text; 0: a number, to the right */
	unsigned width; /* longer cells end there, with "…"; 0: no limit */
	const char *unit; /* "µs"; NULL: none, or the heading says it */
	const char *provenance; /* "counted", "modelled", …; NULL: none, or the title says it */
	const char *needs; /* a template: the column is there only if it holds of the document */
	const char *help; /* a sentence that says what the column means; NULL: the heading does */
};

/* A table of a document. The text shows the unit or else the provenance below the heading. */
struct bp_view {
	const char *name; /* "rates": how the page asks for it */
	const char *title; /* a template on the document: the line above; NULL: none */
	const char *
		rows; /* path of an array, or of an object whose members count; NULL: the document */
	const char *
		nested; /* paths in each of those, with commas: an array of rows, one row, or, as in
			     * "drops.*", an object's members; NULL: those themselves are the rows */
	const char *needs; /* a template: rows of which it does not hold are left out; NULL: none */
	const char *none; /* the line below the title without rows; NULL: then no title either */
	const struct bp_column *columns;
	unsigned n_columns;
};

/* A piece of a text: a table, a line, or a block of such parts. */
struct bp_part {
	const struct bp_view *view; /* of the document, also within a block */
	const char *line; /* a template; without a newline at its end */
	const char *title; /* above the first line that is printed; NULL: none */
	/* The line, or the block, stands there for each of these; NULL: once, of the document, or of the row
	 * of the block around it. */
	const char *rows;
	const char *needs; /* a template: rows of which it does not hold are left out; NULL: none */
	/* Columns for what stands behind the line's tabs: "6 79> 99-": from 6 on, ending at 79, from 99 on with
	 * dashes before it instead of blanks. NULL: the line has no tabs. */
	const char *stops;
	unsigned indent; /* above 0: broken at the text's columns, further lines this far in */
	const struct bp_part *parts; /* the block's */
	unsigned n_parts;
};

/* The text of a kind of document. */
struct bp_text {
	const char *schema; /* "bypath.gen/1" */
	const struct bp_part *parts;
	unsigned n_parts;
	const struct bp_view *const *more; /* only the page's, NULL last; NULL: none */
	unsigned columns; /* that no line passes where it can be broken; 0: 118 */
};

/* Those of this build, the last one NULL. */
extern const struct bp_text *const bp_texts[];

/*
 * Print a document by its schema; nothing where that has no text. The document stays the caller's; what is
 * missing in it is left out or "-". Any thread; blocks on out only.
 */
void bp_view_print(FILE *out, const json_t *document);

/*
 * The view with the document's rows: {"name", "title", "columns": [{"heading", "cell", "align" ("l", "r"),
 * "unit", "provenance", "help"}], "rows": [["…", …], …]}, each cell the text that bp_view_print() shows, so that
 * a page prints tables without formats of its own. Columns that are not there are left out; unit,
 * provenance, help may be null. A new reference, NULL when memory lacks. Pure.
 */
json_t *bp_view_json(const struct bp_view *view, const json_t *document);

/* The same of every table of the document's text, then of those that only the page has, by name: {"rates": {…}, …}. */
json_t *bp_views_json(const json_t *document);

#endif
