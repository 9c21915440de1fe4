/* A table of text whose columns are as wide as their widest cell. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_TABLE_H
#define BYPATH_REPORT_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define BP_TABLE_COLUMNS_MAX 16u

struct bp_table_column {
	const char *heading;
	const char *provenance; /* second line of the heading: "counted", …; NULL: none */
	char align; /* 'l' or 'r' */
};

struct bp_table {
	const struct bp_table_column *columns; /* the caller's, for the table's life */
	unsigned n_columns; /* ≤ BP_TABLE_COLUMNS_MAX */
	char **cells; /* row by row */
	unsigned n_cells, room;
};

/* Begin an empty table. One thread. */
void bp_table_begin(struct bp_table *table, const struct bp_table_column *columns,
		    unsigned n_columns);

/* Append the next cell. A cell for which memory lacks is left empty. */
void bp_table_cell(struct bp_table *table, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A whole number with commas. */
void bp_table_count(struct bp_table *table, uint64_t n);
/* numerator / denominator with so many decimals, «-» where the denominator is not above 0. */
void bp_table_ratio(struct bp_table *table, double numerator, double denominator, int decimals);
/* The same as a percentage. */
void bp_table_share(struct bp_table *table, double part, double whole);

/* Print the table behind two blanks, then free what it holds. */
void bp_table_end(struct bp_table *table, FILE *out);

/* A whole number with commas, into text of 32 bytes; returns text. Pure. */
char *bp_table_commas(uint64_t n, char *text);

#endif
