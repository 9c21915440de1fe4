/* The model of paths, in documents. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LEDGER_DOCUMENT_H
#define BYPATH_LEDGER_DOCUMENT_H

#include "bypath/config.h"
#include "bypath/ledger.h"
#include "bypath/port.h"

#include <jansson.h>

/* Pure, but for bp_ledger_add_trace(). */

/*
 * Give every path of a run's document what the model of its port pair says: "modelled", "hops"; null and none of a pair
 * that is not among the models, and where "out" is null. An edge whose model another row has shown already has no
 * hops but "same_as", that row's "in" and "out"; null of all others.
 */
void bp_ledger_add(json_t *document, const struct bp_model_path *models, size_t n_models);

/*
 * Give every step of a trace's document that moves bytes, "rx" and "tx", its "copies": a row for each, "by" "kernel",
 * "library" or "bypath", with "copies" (lo, hi), "bytes" (of each that is modelled; of all that are counted), "from", "to",
 * "place", "mover", "provenance"; what bypath did is counted and has a row also where that is 0. conf and infos are those of the
 * run. Blocks on the kernel only.
 */
void bp_ledger_add_trace(json_t *document, const struct bp_conf *conf,
			 const struct bp_port_info *infos);

/*
 * Append a path's row to rows, with "same_as": "in" and "out" of the first row that is equal under all these keys
 * (NULL last), often the way back's; null: none, or the path is not modelled. Takes over the reference; equal values
 * are shared.
 */
void bp_ledger_add_path(json_t *rows, json_t *row, const char *const *keys);

/*
 * Add a path's row to rows with what several out-ports of one in-port have in common: those equal under all these keys
 * (NULL last) have "outs" instead of "out". Rows of one in-port come one after the other; values are shared.
 */
void bp_ledger_add_to_groups(json_t *groups, const json_t *row, const char *const *keys);

/*
 * What bp_explain_predict() found, as schema `bypath.explain/1`. A new reference, NULL when memory
 * lacks.
 */
json_t *bp_ledger_document(const char *file, const struct bp_conf *conf,
			   const struct bp_port_info *infos, const struct bp_model_path *paths,
			   size_t n_paths);

#endif
