/* What the generator and its searches found, as documents. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_DOCUMENT_H
#define BYPATH_GEN_DOCUMENT_H

#include "gen/gen.h"
#include "gen/rfc2889.h"
#include "gen/search.h"

#include <jansson.h>

/* All return a new reference, NULL when memory lacks. Pure. */

/* Schema `bypath.gen/1` (docs/gen.md). */
json_t *bp_gen_document(const struct bp_gen_report *report);

/*
 * Schema `bypath.search/1` (docs/searches.md), all trials in it. conf: what the trials were made of, with tx and rx.
 * line_pps: frames per second that the line behind tx carries of them; 0: not known.
 */
json_t *bp_search_document(const struct bp_search_result *result, const struct bp_conf *conf,
			   double line_pps);

/* Schema `bypath.learning/1`, of --search rfc2889; conf, which has a monitor, and line_pps as above. */
json_t *bp_learning_document(const struct bp_rfc2889_result *result, const struct bp_conf *conf,
			     uint32_t frame_size, double line_pps);

/* Its `traffic`: frames, streams, direction. frame_size replaces the streams' own sizes; 0: it does not. */
json_t *bp_traffic_document(const struct bp_conf *conf, uint32_t frame_size, double line_pps);

/* {"frames", "min", "mean", "p50", …}, in ns; null of an empty one. */
json_t *bp_latency_document(const struct bp_latency_summary *latency);

#endif
