/* Fits what happens in an instance to a screen of few lines. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_SHOW_FIT_H
#define BYPATH_CLI_SHOW_FIT_H

#include <jansson.h>

/*
 * Make a bypath.watch/1 what its text shows on so many lines (0: any number): "tables" with what functions say of
 * themselves; "is_wide": there is room for lines between the tables. Of tables that are too long, the longest first, the least
 * busy rows go, whose number is in "cut". A screen that is too low for a row of each table gets more lines than it has. Pure.
 */
void bp_show_fit(json_t *rates, unsigned n_lines);

#endif
