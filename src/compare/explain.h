/* Why a row is where it is: copies, crossings, time, a sentence. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_EXPLAIN_H
#define BYPATH_COMPARE_EXPLAIN_H

#include "compare/comparison.h"

/* Set "mode", "note", "copies", "crossings", "time" and "hops" in the row's document. */
void bp_cmp_explain(const struct bp_cmp_row *row, json_t *object);

/* Set "sentence", made of the figures that the row's document has. */
void bp_cmp_sentence(json_t *object);

#endif
