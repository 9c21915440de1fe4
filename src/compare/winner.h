/* Which path of a comparison is ahead, where the figures carry it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_WINNER_H
#define BYPATH_COMPARE_WINNER_H

#include <jansson.h>

/*
 * Per size and group of rows, where two rows or more have a figure: {"size", "group", "verdict", "path",
 * "by", "text"}. The winner ("path") is ahead by "ndr": its lowest round is above every other's highest
 * bound; or, among rows whose NDR cannot be told apart, by "p99" in the same way; or, where no row has an NDR since
 * another box sends, by "rate". Else "path" and "by" are null, and "verdict" is "no difference seen"
 * (ranges overlap, a lower bound stands within, or a row that is not compared may be as good by the rate that
 * it forwarded), or "not known" (one round has no range). Only rows with status ok and a figure are compared;
 * the text names those with a rate that are not. An NDR that is "exploratory" is no lower bound: it never wins.
 * Ceilings, which have no network, are never among them. A new reference. Pure.
 */
json_t *bp_cmp_verdicts(const json_t *rows);

#endif
