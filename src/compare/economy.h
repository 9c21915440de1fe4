/* What a path takes of its cores and of its line, as documents. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_ECONOMY_H
#define BYPATH_COMPARE_ECONOMY_H

#include "compare/comparison.h"

/* Bits that a frame of the row takes on its line, with preamble, FCS and gap: the mean of a mix. */
double bp_cmp_bits_l1(const struct bp_cmp_row *row);

/* Put "cpu", "per_core" and "line" into the document of a row: null where it has no figures. */
void bp_cmp_economy(const struct bp_comparison *cmp, const struct bp_cmp_row *row, json_t *o);

#endif
